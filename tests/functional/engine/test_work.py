"""Actions end as they should: on the simulated backend, with faults that cannot be had from a real one on order."""

from __future__ import annotations

import itertools
import pathlib
import threading
import time
from collections import Counter
from collections.abc import Callable

import pytest

from senlin_container.domain import errors, model
from senlin_container.domain.model import ActionStatus, ClusterStatus, NodeStatus
from senlin_container.drivers import fake
from senlin_container.store import nodes, queue
from senlin_container.usecases import reading, settling
from tests.installation import CONTEXT, Installation

Install = Callable[..., Installation]


def _ids(one: Installation, cluster: str = "c") -> set[str | None]:
    return {node.physical_id for node in one.nodes(cluster)}


def test_a_cluster_grows_and_shrinks_and_goes(running: Installation) -> None:
    one = running
    cluster = one.cluster(one.containers(host_cluster="hosts", memory=64), 5)
    assert Counter(node.host_id for node in one.nodes(cluster)).most_common()[0][1] == 3
    assert set(one.running("h1", "h2")) == _ids(one)
    one.done(one.resize(cluster, 9))
    one.done(one.resize(cluster, 2))
    assert Counter(node.host_id for node in one.nodes(cluster)).most_common()[0][1] == 1
    assert set(one.running("h1", "h2")) == _ids(one)
    assert one.status(cluster) == ClusterStatus.ACTIVE
    one.done(one.commands.delete_cluster(CONTEXT, cluster, force=False))
    assert not one.running("h1", "h2")
    with pytest.raises(errors.NotFound):
        one.queries.cluster(CONTEXT, cluster)


def test_indexes_and_names_are_never_used_twice(running: Installation) -> None:
    config = {"node.name.format": "w-$3I"}
    cluster = running.cluster(running.containers(host_cluster="hosts"), 2, config=config)
    running.done(running.resize(cluster, 1))
    running.done(running.resize(cluster, 3))
    found = running.nodes(cluster)
    assert [node.name for node in found] == [f"w-{node.index:03}" for node in found]
    assert {node.index for node in found} == {found[0].index, 3, 4}


def test_no_room_is_refused_whole(running: Installation) -> None:
    profile = running.containers(host_cluster="hosts", memory=400_000)
    cluster = running.cluster(profile, 3)
    action = running.ended(running.resize(cluster, 6))
    assert action.status == ActionStatus.FAILED
    assert "room for 1" in action.status_reason
    assert "2 too little memory" in action.status_reason
    view = running.queries.cluster(CONTEXT, cluster)
    assert (view.cluster.desired_capacity, len(view.node_ids), view.cluster.status) == (3, 3, ClusterStatus.ACTIVE)


def test_a_missing_image_fails_with_its_name_and_leaves_nothing(running: Installation) -> None:
    profile = running.containers(image="missing/thing:1", host_cluster="hosts")
    action_id = running.begin(profile, 2)
    action = running.ended(action_id)
    assert action.status == ActionStatus.FAILED
    assert "missing/thing:1" in action.status_reason
    assert {node.status for node in running.nodes("c")} == {NodeStatus.ERROR}
    assert running.status("c") == ClusterStatus.WARNING
    assert not running.running("h1", "h2")
    running.done(running.commands.delete_cluster(CONTEXT, "c", force=False))


def test_passing_failures_are_tried_again(install: Install) -> None:
    one = install(simulated={"failure_rate": 0.2, "seed": 7}, settings={"retries": 12, "retry_delay": 0.01})
    one.engine()
    one.hosts("h1", "h2")
    cluster = one.cluster(one.containers(host_cluster="hosts"), 40)
    assert set(one.running("h1", "h2")) == _ids(one)
    one.done(one.resize(cluster, 3))
    assert set(one.running("h1", "h2")) == _ids(one)


def test_a_hung_host_costs_its_own_work_only(install: Install, tmp_path: pathlib.Path) -> None:
    one = install(simulated={"call_timeout": 3.0}, settings={"health_watchers": 0, "retries": 1, "stop_timeout": 1.0})
    one.engine()
    hung, well = one.host("h1"), one.host("h2")
    (tmp_path / "simulated" / "h1.hang").touch()
    one.containers("on-hung", host_node=hung)
    one.containers("on-well", host_node=well)
    stuck = one.begin("on-hung", 300, name="stuck")
    one.eventually(lambda: one.queries.action(CONTEXT, stuck).action.status == ActionStatus.WAITING)
    time.sleep(0.3)  # let the hung host take all that it is given
    started = time.monotonic()
    one.cluster("on-well", 100, name="quick")
    assert time.monotonic() - started < 3.0
    assert not settling.is_over(one.queries.action(CONTEXT, stuck).action)
    one.commands.cancel_action(CONTEXT, stuck, force=True)
    assert one.ended(stuck).status == ActionStatus.CANCELLED


def test_an_action_in_line_waits_for_the_one_before(running: Installation) -> None:
    cluster = running.cluster(running.containers(host_cluster="hosts"), 1)
    ids = [running.resize(cluster, size) for size in (5, 2, 7, 3)]
    actions = [running.done(action_id) for action_id in ids]
    for before, after in itertools.pairwise(actions):
        assert before.end_time is not None
        assert after.start_time is not None
        assert before.end_time <= after.start_time
    assert len(running.nodes(cluster)) == 3


def test_two_engines_share_the_work_and_do_nothing_twice(install: Install) -> None:
    one = install(simulated={"latency": 0.005}, settings={"claim_limit": 16})
    engines = [one.engine(alone=False), one.engine(alone=False)]
    one.hosts("h1", "h2", "h3")
    profile = one.containers(host_cluster="hosts")
    starts = [one.begin(profile, 60, name=f"c{i}") for i in range(4)]
    for action_id in starts:
        one.done(action_id)
    listed = {physical for i in range(4) for physical in _ids(one, f"c{i}")}
    assert len(listed) == 240
    assert set(one.running("h1", "h2", "h3")) == listed
    attempts = Counter(
        view.action.attempt
        for view in one.queries.actions(CONTEXT, reading.Page(limit=1000), filters={"action": ("NODE_CREATE",)})
    )
    assert set(attempts) == {1}
    assert len(engines) == 2


def test_what_a_dead_engine_had_claimed_is_taken_over_once(install: Install) -> None:
    one = install(simulated={"latency": 0.2}, settings={"lease": 1.0, "stop_timeout": 1.0})
    dead = one.engine(alone=False)
    one.hosts("h1", "h2")
    profile = one.containers(host_cluster="hosts")
    action_id = one.begin(profile, 20)
    one.eventually(lambda: len(one.running("h1", "h2")) >= 2)
    # The engine loses its voice: what it does from now on comes too late, as after a stall.
    stalled = threading.Event()
    dead._stop.set()
    dead._worker._stopping = True
    dead._worker._settler._write = lambda batch: stalled.wait(30.0)  # type: ignore[method-assign]
    one.engine(alone=False)
    one.done(action_id)
    stalled.set()
    assert set(one.running("h1", "h2")) == _ids(one)
    assert len(_ids(one)) == 20


def test_a_late_outcome_of_a_lost_lease_is_dropped(install: Install) -> None:
    one = install()
    one.host("h1", wait=False)
    claim = {"of_cluster": False, "limit": 1, "full_lanes": (), "lease": 1.0}
    first = one.database.write(queue.claim, engine="a", now=time.time(), **claim)[0]
    one.database.write(queue.release, now=time.time() + 2)
    second = one.database.write(queue.claim, engine="b", now=time.time() + 2, **claim)[0]
    assert (first.id, first.attempt, second.attempt) == (second.id, 1, 2)

    def settle(action: model.Action, engine: str) -> int:
        outcome = settling.Outcome(
            action=action, status=ActionStatus.SUCCEEDED, reason="", node=nodes.Change(status_reason=engine)
        )
        return one.database.write(
            settling.settle, [outcome], engine=engine, new_id=one.parts.new_id, now=time.time()
        ).counted

    assert settle(first, "a") == 0
    assert one.database.read(nodes.by_id, [first.target])[first.target].status_reason != "a"
    assert settle(second, "b") == 1
    assert settle(second, "b") == 0


def test_cancel_ends_what_has_not_begun(install: Install) -> None:
    one = install(simulated={"latency": 0.1}, settings={"host_parallelism": 1, "host_parallelism_max": 1})
    one.engine()
    one.hosts("h1")
    profile = one.containers(host_cluster="hosts")
    action_id = one.begin(profile, 400)
    one.eventually(lambda: len(one.running("h1")) >= 2)
    one.commands.cancel_action(CONTEXT, action_id, force=False)
    action = one.ended(action_id)
    assert action.status == ActionStatus.CANCELLED
    ended = Counter(
        view.action.status
        for view in one.queries.actions(CONTEXT, reading.Page(limit=1000), filters={"action": ("NODE_CREATE",)})
    )
    assert ended[ActionStatus.CANCELLED] > 100
    assert sum(ended[status] for status in (ActionStatus.RUNNING, ActionStatus.READY, ActionStatus.WAITING)) == 0
    made = {node.physical_id for node in one.nodes("c") if node.physical_id}
    assert made == set(one.running("h1"))
    with pytest.raises(errors.Ended):
        one.commands.cancel_action(CONTEXT, action_id, force=False)


def test_an_overdue_action_fails_with_its_children(install: Install, tmp_path: pathlib.Path) -> None:
    one = install(settings={"lease": 1.0, "health_watchers": 0, "stop_timeout": 1.0}, simulated={"call_timeout": 5.0})
    one.engine()
    host = one.host("h1")
    (tmp_path / "simulated" / "h1.hang").touch()
    profile = one.containers(host_node=host)
    one.cluster(profile, 0, timeout=1)
    action = one.ended(one.resize("c", 3), within=20)
    assert action.status == ActionStatus.FAILED
    assert "Timed out after 1 seconds" in action.status_reason
    assert {node.status for node in one.nodes("c")} == {NodeStatus.ERROR}
    assert one.status("c") == ClusterStatus.WARNING


def test_members_come_and_go(running: Installation) -> None:
    profile = running.containers(host_cluster="hosts")
    cluster = running.cluster(profile, 2)
    made = []
    for name in ("a", "b"):
        view, action_id = running.commands.create_node(
            CONTEXT, name=name, profile=profile, cluster=None, role="", metadata={}
        )
        running.done(action_id)
        made.append(view.node.id)
    running.done(running.commands.add_nodes(CONTEXT, cluster, nodes=["a"]))
    assert len(running.nodes(cluster)) == 3
    running.done(running.commands.replace_nodes(CONTEXT, cluster, nodes={"a": "b"}))
    members = {node.id for node in running.nodes(cluster)}
    assert made[1] in members
    assert made[0] not in members
    assert running.queries.node(CONTEXT, "a").node.cluster_id is None
    running.done(running.commands.del_nodes(CONTEXT, cluster, nodes=["b"], destroy=True))
    with pytest.raises(errors.NotFound):
        running.queries.node(CONTEXT, "b")
    assert running.status(cluster) == ClusterStatus.ACTIVE


def test_a_new_profile_goes_to_the_nodes_in_batches(running: Installation) -> None:
    cluster = running.cluster(running.containers("old", host_cluster="hosts", memory=64), 4, min_size=2)
    before = running.running("h1", "h2")
    new = running.containers("new", host_cluster="hosts", memory=128)
    _, action_id = running.commands.update_cluster(CONTEXT, cluster, profile="new")
    running.done(action_id)
    found = running.nodes(cluster)
    assert {node.profile_id for node in found} == {new}
    assert {node.memory for node in found} == {128}
    assert set(running.running("h1", "h2")) == set(before), "memory changes in place"
    running.containers("other", image="other", host_cluster="hosts", memory=128)
    _, action_id = running.commands.update_cluster(CONTEXT, cluster, profile="other")
    running.done(action_id)
    after = running.running("h1", "h2")
    assert len(after) == 4
    assert not set(after) & set(before), "another image replaces the container"
    assert set(after) == _ids(running)


def test_an_operation_changes_the_container(running: Installation) -> None:
    cluster = running.cluster(running.containers(host_cluster="hosts"), 2)
    running.done(running.commands.operate_cluster(CONTEXT, cluster, operation="pause", params={}, filters={}))
    assert {node.details["status"] for node in running.nodes(cluster)} == {"paused"}
    node = running.nodes(cluster)[0]
    running.done(running.commands.operate_node(CONTEXT, node.id, operation="unpause", params={}))
    running.done(running.commands.operate_node(CONTEXT, node.id, operation="stop", params={}))
    assert running.queries.node(CONTEXT, node.id).node.status == NodeStatus.WARNING
    running.done(running.commands.operate_node(CONTEXT, node.id, operation="start", params={}))
    assert running.queries.node(CONTEXT, node.id).node.status == NodeStatus.ACTIVE
    assert running.status(cluster) == ClusterStatus.ACTIVE


def test_promises_are_given_back(running: Installation) -> None:
    from senlin_container.store import hosts

    cluster = running.cluster(running.containers(host_cluster="hosts", memory=100, cpu=0.5), 6)
    used = running.database.read(hosts.all_of)
    assert sorted((host.used_cpus, host.used_memory, host.used_containers) for host in used) == [(1.5, 300, 3)] * 2
    running.done(running.commands.delete_cluster(CONTEXT, cluster, force=False))
    used = running.database.read(hosts.all_of)
    assert [(host.used_cpus, host.used_memory, host.used_containers) for host in used] == [(0.0, 0, 0)] * 2


def test_a_host_in_use_is_not_deleted_unless_forced(running: Installation) -> None:
    running.cluster(running.containers(host_cluster="hosts"), 2)
    with pytest.raises(errors.InUse, match="it is the host of"):
        running.commands.delete_node(CONTEXT, "h1", force=False)
    with pytest.raises(errors.InUse):
        running.commands.delete_cluster(CONTEXT, "hosts", force=False)
    running.done(running.commands.delete_node(CONTEXT, "h1", force=True))


def test_force_delete_does_not_wait_for_what_hangs(install: Install, tmp_path: pathlib.Path) -> None:
    one = install(
        simulated={"call_timeout": 20.0},
        settings={"health_watchers": 0, "health_interval": 1.0, "retries": 1, "stop_timeout": 0.1},
    )
    one.engine()
    host = one.host("h1")
    profile = one.containers(host_node=host)
    one.cluster(profile, 1)
    (tmp_path / "simulated" / "h1.hang").touch()
    stuck = one.resize("c", 3)
    one.eventually(lambda: one.queries.action(CONTEXT, stuck).action.status == ActionStatus.WAITING)
    with pytest.raises(errors.Busy):
        one.commands.delete_cluster(CONTEXT, "c", force=False)
    gone = one.commands.delete_cluster(CONTEXT, "c", force=True)
    assert one.ended(stuck, within=5).status == ActionStatus.CANCELLED
    (tmp_path / "simulated" / "h1.hang").unlink()
    one.done(gone, within=40)
    one.eventually(lambda: not one.running("h1"), within=40, what="strays are removed")


def test_containers_of_nobody_are_removed_and_those_of_others_left(install: Install) -> None:
    one = install(settings={"health_interval": 1.0})
    host = one.engine_of("h1")
    stray = host.create(_request("11111111-0000-0000-0000-000000000000"), resuming=False)
    other = fake.SimulatedHost(one.pool_endpoint("h1"), service="another installation", options=one.simulated).create(
        _request("22222222-0000-0000-0000-000000000000"), resuming=False
    )
    one.engine()
    one.hosts("h1")
    one.eventually(lambda: host.inspect(stray.id) is None, what="a stray is removed")
    assert host.inspect(other.id) is not None


def _request(node_id: str) -> object:
    from senlin_container.drivers import ports

    return ports.ContainerRequest(
        node_id=node_id, cluster_id=None, project_id="p", name=f"n-{node_id[:8]}", image="busybox"
    )
