"""Nodes that are servers and stacks, on the simulated cloud: what is in it and what the nodes say agree in the end."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from senlin_container.domain import errors, model
from senlin_container.domain.model import ActionStatus, ClusterStatus, NodeStatus
from senlin_container.drivers import cloud as clouds
from senlin_container.drivers import fake
from senlin_container.drivers.cloud import ServerStatus
from senlin_container.drivers.fake import estate
from senlin_container.specs import registry
from tests.installation import CONTEXT, Installation

Install = Callable[..., Installation]

TEMPLATE = {
    "heat_template_version": "2021-04-16",
    "resources": {"random": {"type": "OS::Heat::RandomString"}},
    "outputs": {"text": {"description": "by chance", "value": {"get_attr": ["random", "value"]}}},
}


@pytest.fixture
def one(install: Install) -> Installation:
    """An installation with an engine, whose cloud takes no time."""
    made = install()
    made.engine()
    return made


@pytest.fixture
def slow(install: Install) -> Installation:
    """An installation with an engine, whose cloud takes a while for everything."""
    made = install(simulated={"build_time": 0.4})
    made.engine()
    return made


def servers(one: Installation) -> dict[str, clouds.ServerState]:
    return {state.id: state for state in one.cloud().compute.list()}


def stacks(one: Installation) -> dict[str, clouds.StackState]:
    return {state.id: state for state in one.cloud().orchestration.list()}


def agree(one: Installation, cluster: str = "c") -> None:
    """The nodes of the cluster are the servers of the cloud, one for one, and all are well."""
    found = one.nodes(cluster)
    assert {node.physical_id for node in found} == set(servers(one))
    assert {state.node_id for state in servers(one).values()} == {node.id for node in found}
    assert all(state.status == ServerStatus.ACTIVE for state in servers(one).values())
    assert {node.status for node in found} <= {NodeStatus.ACTIVE}


def stack_profile(one: Installation, name: str = "stack", **properties: Any) -> str:
    spec = {"type": "os.heat.stack", "version": "1.0", "properties": {"template": TEMPLATE, **properties}}
    return one.commands.create_profile(CONTEXT, name=name, spec=spec, metadata={}).id


def node_of(one: Installation, profile: str, name: str = "n") -> model.Node:
    """Make a node of its own."""
    view, action_id = one.commands.create_node(CONTEXT, name=name, profile=profile, cluster=None, role="", metadata={})
    one.done(action_id)
    return one.queries.node(CONTEXT, view.node.id).node


def now(one: Installation, node: model.Node) -> model.Node:
    return one.queries.node(CONTEXT, node.id).node


def operate(one: Installation, node: model.Node, operation: str, **params: Any) -> model.Action:
    return one.ended(one.commands.operate_node(CONTEXT, node.id, operation=operation, params=params))


class TestClustersOfServers:
    def test_one_grows_and_shrinks_and_goes(self, one: Installation) -> None:
        cluster = one.cluster(one.servers(name="web"), 4)
        agree(one)
        one.done(one.resize(cluster, 7))
        agree(one)
        one.done(one.resize(cluster, 2))
        agree(one)
        assert one.status(cluster) == ClusterStatus.ACTIVE
        one.done(one.commands.delete_cluster(CONTEXT, cluster, force=False))
        assert not servers(one)

    def test_one_that_takes_time_waits_in_the_database(self, slow: Installation) -> None:
        action_id = slow.begin(slow.servers(), 12)
        slow.eventually(lambda: any(s.status == ServerStatus.BUILD for s in servers(slow).values()), what="BUILD")
        slow.eventually(lambda: slow.nodes("c") and all(n.physical_id for n in slow.nodes("c")), what="their ids")
        assert {node.status for node in slow.nodes("c")} <= {NodeStatus.CREATING, NodeStatus.ACTIVE}
        slow.done(action_id)
        agree(slow)
        assert len(servers(slow)) == 12
        slow.done(slow.commands.delete_cluster(CONTEXT, "c", force=False))
        assert not servers(slow)

    def test_waiting_is_no_failure(self, install: Install) -> None:
        one = install(simulated={"build_time": 1.5}, settings={"retries": 1})
        one.engine()
        node_of(one, one.servers())

    def test_looks_are_due_without_a_nudge_or_a_sweep(self, install: Install) -> None:
        one = install(simulated={"build_time": 0.3}, settings={"sweep_interval": 600.0})
        one.engine()
        cluster = one.cluster(one.servers(), 30)
        agree(one)
        one.done(one.commands.delete_cluster(CONTEXT, cluster, force=False))
        assert not servers(one)

    def test_only_the_timeout_ends_the_wait(self, install: Install) -> None:
        one = install(simulated={"build_time": 60.0}, settings={"lease": 0.6})
        one.engine()
        action = one.ended(one.begin(one.servers(), 2, timeout=2))
        assert (action.status, action.status_reason) == (ActionStatus.FAILED, "Timed out after 2 seconds.")
        assert {node.status for node in one.nodes("c")} == {NodeStatus.ERROR}
        assert {node.physical_id for node in one.nodes("c")} == set(servers(one))

    def test_what_is_under_way_can_be_cancelled_and_deleted(self, install: Install) -> None:
        one = install(simulated={"build_time": 2.0})
        one.engine()
        view, action_id = one.commands.create_node(
            CONTEXT, name="n", profile=one.servers(), cluster=None, role="", metadata={}
        )
        one.eventually(lambda: now(one, view.node).physical_id is not None, what="its id")
        one.commands.cancel_action(CONTEXT, action_id, force=False)
        assert one.ended(action_id).status == ActionStatus.CANCELLED
        assert now(one, view.node).status == NodeStatus.ERROR
        one.done(one.commands.delete_node(CONTEXT, view.node.id, force=False))
        assert not servers(one)

    def test_a_profile_that_cannot_be_made_leaves_nothing(self, one: Installation) -> None:
        for image in ("missing/image", "broken/image"):
            action = one.ended(one.begin(one.servers(name=image, image=image), 2, name=image))
            assert action.status == ActionStatus.FAILED
            assert f"image '{image}'" in action.status_reason
            assert {node.status for node in one.nodes(image)} == {NodeStatus.ERROR}
            assert not servers(one)
            one.done(one.commands.delete_cluster(CONTEXT, image, force=False))

    def test_all_is_right_in_the_end_though_answers_get_lost(self, install: Install) -> None:
        one = install(simulated={"failure_rate": 0.2, "seed": 7}, settings={"retries": 30, "retry_delay": 0.002})
        one.engine()
        cluster = one.cluster(one.servers(), 20)
        agree(one)
        one.done(one.commands.update_cluster(CONTEXT, cluster, profile=one.servers("new", key_name="other"))[1])
        agree(one)
        assert {state.key_name for state in servers(one).values()} == {"other"}
        one.done(one.resize(cluster, 5))
        agree(one)
        one.done(one.commands.delete_cluster(CONTEXT, cluster, force=False))
        assert not servers(one)

    def test_a_cloud_that_is_down_fails_the_action_with_the_reason(self, install: Install) -> None:
        one = install(settings={"retries": 2})
        one.engine()
        fake.set_control(one.simulated.directory, estate.NAME, down=True)
        action = one.ended(one.begin(one.servers(), 2))
        assert action.status == ActionStatus.FAILED
        assert "the simulated cloud does not answer" in action.status_reason
        fake.set_control(one.simulated.directory, estate.NAME)
        one.done(one.commands.recover_cluster(CONTEXT, "c", params={}))
        agree(one)

    def test_what_an_earlier_attempt_made_and_did_not_tell_of_is_adopted(self, install: Install) -> None:
        one = install()
        profile = one.queries.profile(CONTEXT, one.servers())
        view, action_id = one.commands.create_node(
            CONTEXT, name="n", profile=profile.id, cluster=None, role="", metadata={}
        )
        request = clouds.ServerRequest(
            node_id=view.node.id, cluster_id=None, name="n", spec=registry.server_spec(profile)
        )
        made = one.cloud().compute.create(request, resuming=False)
        one.engine()
        one.done(action_id)
        assert set(servers(one)) == {made.id} == {now(one, view.node).physical_id}


class TestUpdate:
    @pytest.mark.parametrize("build_time", [0.0, 0.4])
    def test_what_can_change_in_place_does(self, install: Install, build_time: float) -> None:
        one = install(simulated={"build_time": build_time})
        one.engine()
        node = node_of(one, one.servers(name="one", metadata={"tier": "a"}))
        new = one.servers(
            "new",
            name="two",
            metadata={"tier": "b"},
            flavor="m1.large",
            image="debian",
            networks=[{"network": "public", "fixed_ip": "10.1.2.3"}],
        )
        one.done(one.commands.update_node(CONTEXT, node.id, profile=new)[1])
        (state,) = servers(one).values()
        assert state.id == node.physical_id
        assert (state.name, state.flavor, state.image, state.metadata) == ("two", "m1.large", "debian", {"tier": "b"})
        assert [address.addr for address in state.addresses["public"]] == ["10.1.2.3"]
        assert now(one, node).details["flavor"] == "m1.large"
        assert now(one, node).profile_id == new

    def test_anything_else_replaces_the_server(self, slow: Installation) -> None:
        node = node_of(slow, slow.servers())
        slow.done(slow.commands.update_node(CONTEXT, node.id, profile=slow.servers("new", key_name="mine"))[1])
        (state,) = servers(slow).values()
        assert state.id != node.physical_id
        assert (state.key_name, state.node_id) == ("mine", node.id)
        assert now(slow, node).physical_id == state.id

    def test_a_cluster_is_updated_in_batches(self, one: Installation) -> None:
        cluster = one.cluster(one.servers(), 4, min_size=3)
        action = one.done(one.commands.update_cluster(CONTEXT, cluster, profile=one.servers("new", flavor="big"))[1])
        assert "batches" in action.data["reason"]
        agree(one)
        assert {state.flavor for state in servers(one).values()} == {"big"}


class TestRecover:
    @pytest.mark.parametrize(
        ("operation", "stays"), [(None, False), ("RECREATE", False), ("REBOOT", True), ("REBUILD", True)]
    )
    def test_a_server_that_broke(self, slow: Installation, operation: str | None, stays: bool) -> None:
        node = node_of(slow, slow.servers())
        slow.cloud().compute.damage(node.physical_id or "", "the disk is full")
        slow.done(slow.commands.check_node(CONTEXT, node.id))
        assert now(slow, node).status == NodeStatus.ERROR
        assert "the disk is full" in now(slow, node).status_reason
        slow.done(slow.commands.recover_node(CONTEXT, node.id, params={"operation": operation}))
        (state,) = servers(slow).values()
        assert state.status == ServerStatus.ACTIVE
        assert (state.id == node.physical_id) is stays
        assert (now(slow, node).status, now(slow, node).physical_id) == (NodeStatus.ACTIVE, state.id)

    def test_one_that_is_gone_is_made_anew_whatever_was_asked(self, one: Installation) -> None:
        cluster = one.cluster(one.servers(), 3)
        lost = one.nodes(cluster)[0]
        one.cloud().compute.vanish(lost.physical_id or "")
        one.done(one.commands.check_cluster(CONTEXT, cluster))
        assert one.status(cluster) == ClusterStatus.WARNING
        assert now(one, lost).status_reason == "The server is gone from the cloud."
        one.done(one.commands.recover_cluster(CONTEXT, cluster, params={"operation": "REBOOT"}))
        agree(one)
        assert one.status(cluster) == ClusterStatus.ACTIVE

    def test_with_check_what_is_well_is_left_alone(self, one: Installation) -> None:
        node = node_of(one, one.servers())
        one.done(one.commands.recover_node(CONTEXT, node.id, params={"check": True}))
        assert set(servers(one)) == {node.physical_id}


class TestOperations:
    def test_one_that_stops_the_server_leaves_a_warning(self, one: Installation) -> None:
        node = node_of(one, one.servers())
        operate(one, node, "stop")
        assert now(one, node).status == NodeStatus.WARNING
        assert now(one, node).details["status"] == "SHUTOFF"
        operate(one, node, "start")
        assert now(one, node).status == NodeStatus.ACTIVE

    @pytest.mark.parametrize(
        "operations",
        [
            ("pause", "unpause"),
            ("suspend", "resume"),
            ("rescue", "unrescue"),
            ("lock", "unlock"),
            ("reboot",),
            ("rebuild",),
            ("evacuate",),
        ],
    )
    def test_all_that_are_published_work(self, slow: Installation, operations: tuple[str, ...]) -> None:
        node = node_of(slow, slow.servers())
        for operation in operations:
            action = operate(slow, node, operation)
            assert action.status == ActionStatus.SUCCEEDED, action.status_reason
        (state,) = servers(slow).values()
        assert (state.id, state.status, state.locked) == (node.physical_id, ServerStatus.ACTIVE, False)
        assert now(slow, node).status == NodeStatus.ACTIVE

    def test_a_cluster_is_rebooted_once(self, slow: Installation) -> None:
        cluster = slow.cluster(slow.servers(), 3)
        before = {state.id for state in servers(slow).values()}
        slow.done(slow.commands.operate_cluster(CONTEXT, cluster, operation="reboot", params={}, filters={}))
        assert set(servers(slow)) == before
        agree(slow)

    def test_what_does_not_fit_the_state_fails_with_the_reason(self, one: Installation) -> None:
        node = node_of(one, one.servers())
        operate(one, node, "stop")
        action = operate(one, node, "pause")
        assert action.status == ActionStatus.FAILED
        assert "while it is SHUTOFF: ACTIVE is expected" in action.status_reason

    def test_a_password_is_neither_shown_nor_kept_in_clear(self, one: Installation) -> None:
        node = node_of(one, one.servers())
        action = operate(one, node, "change_password", admin_pass="correct horse")
        assert action.status == ActionStatus.SUCCEEDED, action.status_reason
        assert action.inputs["params"] == {"admin_pass": "******"}
        with one.database.engine.connect() as connection:
            kept = connection.exec_driver_sql("select * from actions").all()
        assert "correct horse" not in repr(kept)

    def test_a_password_by_chance_is_refused(self, one: Installation) -> None:
        node = node_of(one, one.servers())
        assert "needs 'admin_pass'" in operate(one, node, "change_password").status_reason

    def test_an_unknown_one_is_refused_at_once(self, one: Installation) -> None:
        node = node_of(one, one.servers())
        with pytest.raises(errors.Invalid, match=r"'kill' is not supported by the profile type 'os.nova.server-1.0'"):
            operate(one, node, "kill")


class TestDetails:
    def test_a_server_shows_what_senlin_shows(self, one: Installation) -> None:
        node = node_of(
            one,
            one.servers(
                name="web",
                key_name="oskey",
                metadata={"a": "b"},
                networks=[{"network": "private"}, {"port": "p1", "floating_network": "public"}],
                security_groups=["web", "db"],
            ),
        )
        shown = dict(node.details)
        addresses = shown.pop("addresses")
        assert set(addresses) == {"private", "port-p1"}
        assert addresses["private"] == [{"addr": addresses["private"][0]["addr"], "version": 4}]
        assert [address.get("OS-EXT-IPS:type") for address in addresses["port-p1"]] == [None, "floating"]
        assert shown == {
            "attached_volumes": [],
            "OS-EXT-AZ:availability_zone": "nova",
            "flavor": "m1.small",
            "id": node.physical_id,
            "image": "cirros",
            "key_name": "oskey",
            "locked": False,
            "metadata": {"a": "b"},
            "name": "web",
            "progress": 0,
            "security_groups": "web,db",
            "status": "ACTIVE",
        }

    def test_a_server_without_a_name_has_that_of_its_node(self, one: Installation) -> None:
        node = node_of(one, one.servers(), name="höst 1")
        assert node.details["name"] == "höst 1"


class TestStacks:
    def test_one_lives_and_goes(self, slow: Installation) -> None:
        node = node_of(slow, stack_profile(slow))
        (state,) = stacks(slow).values()
        assert (state.id, state.node_id, state.status) == (node.physical_id, node.id, "CREATE_COMPLETE")
        assert node.details["outputs"][0]["output_key"] == "text"
        slow.done(slow.commands.update_node(CONTEXT, node.id, profile=stack_profile(slow, "new", timeout=5))[1])
        (state,) = stacks(slow).values()
        assert (state.id, state.status, state.timeout) == (node.physical_id, "UPDATE_COMPLETE", 5)
        slow.done(slow.commands.delete_node(CONTEXT, node.id, force=False))
        assert not stacks(slow)

    def test_one_that_is_gone_is_made_anew(self, one: Installation) -> None:
        node = node_of(one, stack_profile(one))
        one.cloud().orchestration.vanish(node.physical_id or "")
        one.done(one.commands.check_node(CONTEXT, node.id))
        assert now(one, node).status == NodeStatus.ERROR
        one.done(one.commands.recover_node(CONTEXT, node.id, params={"operation": "RECREATE"}))
        assert set(stacks(one)) == {now(one, node).physical_id}

    def test_one_that_cannot_be_made_leaves_nothing(self, one: Installation) -> None:
        profile = stack_profile(one, template={**TEMPLATE, "description": "broken/by design"})
        _, action_id = one.commands.create_node(CONTEXT, name="n", profile=profile, cluster=None, role="", metadata={})
        action = one.ended(action_id)
        assert action.status == ActionStatus.FAILED
        assert "CREATE_FAILED: a resource could not be made" in action.status_reason
        assert not stacks(one)

    def test_it_is_recreated_and_nothing_else(self, one: Installation) -> None:
        node = node_of(one, stack_profile(one))
        action = one.ended(one.commands.recover_node(CONTEXT, node.id, params={"operation": "REBOOT"}))
        assert "RECREATE is the only way" in action.status_reason

    def test_an_abandoned_one_is_given_back_as_a_document(self, one: Installation) -> None:
        node = node_of(one, stack_profile(one))
        action = operate(one, node, "abandon")
        assert action.outputs["abandoned"]["template"] == TEMPLATE
        assert not stacks(one)
        assert now(one, node).status == NodeStatus.WARNING

    def test_a_cluster_of_stacks(self, slow: Installation) -> None:
        cluster = slow.cluster(stack_profile(slow), 3)
        assert len({state.name for state in stacks(slow).values()}) == 3
        slow.done(slow.commands.delete_cluster(CONTEXT, cluster, force=False))
        assert not stacks(slow)


class TestPlaces:
    def test_projects_do_not_see_each_other(self, one: Installation) -> None:
        node = node_of(one, one.servers())
        other = one.cloud(model.Owner(user="x", project="other")).compute
        assert other.get(node.physical_id or "") is None
        assert other.list() == ()

    def test_a_server_is_no_host_of_containers_yet(self, one: Installation) -> None:
        node = node_of(one, one.servers())
        with pytest.raises(
            errors.Invalid, match=r"is of type os.nova.server-1.0: one of type container.host.endpoint"
        ):
            one.containers(host_node=node.id)

    def test_servers_and_containers_live_side_by_side(self, one: Installation) -> None:
        one.hosts("h1")
        one.cluster(one.containers(host_cluster="hosts"), 2, name="cc")
        one.cluster(one.servers(), 2)
        agree(one)
        assert len(one.running("h1")) == 2

    def test_without_a_cloud_the_reason_is_told_and_nothing_sticks(self, install: Install) -> None:
        one = install()
        one.parts = dataclasses.replace(one.parts, clouds=clouds.NoClouds())
        one.engine()
        action = one.ended(one.begin(one.servers(), 1))
        assert action.status == ActionStatus.FAILED
        assert "set [DEFAULT] cloud_backend = simulated" in action.status_reason
        one.done(one.commands.delete_cluster(CONTEXT, "c", force=False))
