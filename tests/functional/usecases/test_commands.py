"""What the commands accept, what they write, and in which words they refuse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from senlin_container.domain import errors, requests
from senlin_container.domain.model import ActionKind, ActionStatus, ClusterStatus, NodeStatus
from senlin_container.store import hosts, nodes, queue, session
from senlin_container.usecases import reading, records, settling
from tests import databases, values


def refusal(kind: type[errors.Error], function: Callable[..., Any], *args: Any, **kwargs: Any) -> str:
    """Return the message of the refusal of a command."""
    with pytest.raises(kind) as caught:
        function(*args, **kwargs)
    assert type(caught.value) is kind
    return caught.value.message


def test_a_new_cluster_and_its_action(service: Any) -> None:
    with session.counted(service.database) as counts:
        view, action_id = service.create_cluster(metadata={"k": 1}, config={"health.recovery": "RECREATE"})
    assert counts["transactions"] == 1
    assert service.nudges == 1
    cluster = service.cluster(view.cluster.id)
    assert cluster == view.cluster
    assert (cluster.status, cluster.desired_capacity, cluster.next_index) == (ClusterStatus.INIT, 2, 1)
    assert (cluster.timeout, cluster.metadata) == (3600, {"k": 1})
    action = service.action(action_id)
    assert (action.kind, action.target, action.status) == (ActionKind.CLUSTER_CREATE, cluster.id, ActionStatus.READY)
    assert (action.cause, action.owner, action.timeout) == (records.REQUESTED, values.OWNER, 3600)
    assert action.name == f"cluster_create_{cluster.id[:8]}"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"desired_capacity": 3, "max_size": 2},
            "The target capacity (3) is greater than the specified max_size (2).",
        ),
        ({"desired_capacity": 1, "min_size": 3}, "The target capacity (1) is less than the specified min_size (3)."),
        (
            {"desired_capacity": 21},
            "The target capacity (21) is greater than the maximum number of nodes allowed per cluster (20).",
        ),
        ({"profile": "nothing"}, "The specified profile 'nothing' could not be found."),
        (
            {"config": {"health.recovery": "PRAY"}},
            "config 'health.recovery' is 'PRAY': one of RECREATE, REBOOT, REBUILD, NONE is expected.",
        ),
        *(
            (
                {"config": {"node.name.format": pattern}},
                f"config 'node.name.format' is {pattern!r}: a text like 'web-$3I' is expected ($I: index, $R: letters "
                "by chance).",
            )
            for pattern in ("", 5, True, ["web-$I"], {"a": 1}, "a\nb", "a\x00b", "\x1b[1m")
        ),
    ],
)
def test_clusters_that_are_refused(service: Any, given: dict[str, Any], message: str) -> None:
    assert refusal(errors.Invalid, service.create_cluster, **given) == message
    assert service.nudges == 0
    assert [view.cluster.name for view in service.queries.clusters(service.context, page(), filters={})] == [
        "web",
        "hosts",
    ]


def page() -> Any:
    """Return the whole list."""
    return reading.Page(sort=(("name", True),))


@pytest.mark.parametrize("given", [{"max_size": -2, "desired_capacity": -3}, {"min_size": -1, "desired_capacity": 0}])
def test_senseless_bounds_are_refused(service: Any, given: dict[str, Any]) -> None:
    assert refusal(errors.Invalid, service.create_cluster, **given)


def test_a_project_has_so_many_clusters(service: Any) -> None:
    service.create_cluster()
    assert "maximum number of clusters allowed (3)" in refusal(errors.Invalid, service.create_cluster)


def test_hosts_come_one_by_one(service: Any) -> None:
    assert "create it empty" in refusal(errors.Invalid, service.create_cluster, profile="host")
    service.create_cluster(profile="host", desired_capacity=1)


def profile_with(service: Any, **properties: Any) -> str:
    """Write a container profile with a name of its own; returns the name."""
    spec = {"type": "container.dockerinc.docker", "version": "1.1", "properties": {"image": "x", **properties}}
    databases.fill(service.database, profiles=[values.profile("p-x", name="x", spec=spec)])
    return "x"


@pytest.mark.parametrize(
    ("properties", "words"),
    [
        ({"host_node": "nothing"}, "The host_node 'nothing' of the profile could not be found."),
        ({"host_cluster": "nothing"}, "The host_cluster 'nothing' of the profile could not be found."),
        ({"host_node": "theirs"}, "The host_node 'theirs' of the profile could not be found."),
        ({"host_node": "n1"}, "The host_node 'n1' is of type container.dockerinc.docker-1.1: one of type"),
        ({"host_cluster": "web"}, "The host_cluster 'web' is of type container.dockerinc.docker-1.1: one of type"),
        (
            {"host_node": "h3", "host_cluster": "hosts"},
            "The host_node 'h3' is not a member of the host_cluster 'hosts': give one of its members, or "
            "one of the two "
            "keys only.",
        ),
    ],
)
def test_hosts_that_a_profile_cannot_name(service: Any, properties: dict[str, Any], words: str) -> None:
    name = profile_with(service, **properties)
    assert words in refusal(errors.Invalid, service.create_cluster, profile=name)
    create = service.commands.create_node
    given = {"name": "n", "profile": name, "cluster": None, "role": "", "metadata": {}}
    assert words in refusal(errors.Invalid, create, service.context, **given)


def test_a_host_node_in_its_host_cluster_is_fine(service: Any) -> None:
    service.create_cluster(profile=profile_with(service, host_node="h2", host_cluster="hosts"))


def test_a_profile_may_be_made_before_its_hosts(service: Any) -> None:
    def create(**properties: Any) -> Any:
        spec = {"type": "container.dockerinc.docker", "version": "1.1", "properties": {"image": "x", **properties}}
        return service.commands.create_profile(service.context, name="p", spec=spec, metadata={})

    with session.counted(service.database) as counts:
        create(host_node="later")
    assert counts["transactions"] == 1
    assert "is of type" in refusal(errors.Invalid, create, host_node="n1")
    assert refusal(errors.InvalidSpec, create).startswith("Failed in creating profile p: Either 'host_node' or")


def test_secrets_of_a_profile_are_neither_shown_nor_stored_in_the_clear(service: Any) -> None:
    pem = "-----BEGIN X-----\n{}\n-----END X-----"
    tls = {"ca_cert": pem.format("ca"), "client_cert": pem.format("cert"), "client_key": pem.format("hunter2")}
    spec = {
        "type": "container.host.endpoint",
        "version": "1.0",
        "properties": {"endpoint": "tcp://10.0.0.1:2376", "tls": tls},
    }
    created = service.commands.create_profile(service.context, name="secret", spec=spec, metadata={})
    shown = [
        created,
        service.commands.validate_profile(service.context, spec=spec),
        service.queries.profile(service.context, "secret"),
        *service.queries.profiles(service.context, page(), filters={}),
        service.commands.update_profile(service.context, "secret", name="other", metadata=None),
    ]
    assert "hunter2" not in repr(shown)
    assert shown[2].spec["properties"]["tls"]["client_key"] == "******"
    with service.database.engine.connect() as connection:
        assert "hunter2" not in repr(connection.exec_driver_sql("SELECT * FROM profiles").all())
    raw = service.database.engine.url.database
    if service.database.engine.dialect.name == "sqlite":
        with open(raw, "rb") as file, open(f"{raw}-wal", "rb") as log:
            assert b"hunter2" not in file.read() + log.read()


def test_a_profile_in_use_is_not_deleted(service: Any) -> None:
    delete = service.commands.delete_profile
    assert "still referenced by some clusters and/or nodes." in refusal(
        errors.InUse, delete, service.context, "container"
    )
    delete(service.context, "bigger")
    assert refusal(errors.NotFound, delete, service.context, "bigger") == "The profile 'bigger' could not be found."
    assert refusal(errors.NotFound, delete, service.stranger, "elsewhere")


def test_nothing_to_change(service: Any) -> None:
    commands, context = service.commands, service.context
    for refused in (
        lambda: commands.update_profile(context, "container", name=None, metadata=None),
        lambda: commands.update_cluster(context, "c1"),
        lambda: commands.update_node(context, "n1"),
    ):
        assert refusal(errors.Invalid, refused) == "No property needs an update."


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"adjustment_type": "EXACT_CAPACITY", "number": 20},
            "The target capacity (20) is greater than the cluster's max_size (8).",
        ),
        (
            {"adjustment_type": "EXACT_CAPACITY", "number": 21, "max_size": -1},
            "The target capacity (21) is greater than the maximum number of nodes allowed per cluster (20).",
        ),
        (
            {"adjustment_type": "CHANGE_IN_CAPACITY", "number": -2},
            "The target capacity (0) is less than the cluster's min_size (1).",
        ),
        ({"adjustment_type": "EXACT_CAPACITY"}, "Missing number value for size adjustment."),
        ({"number": 1}, "Missing adjustment_type value for size adjustment."),
        (
            {"adjustment_type": "CHANGE_IN_CAPACITY", "number": 1.5},
            "The 'number' must be integer for adjustment type 'CHANGE_IN_CAPACITY', not 1.5.",
        ),
        (
            {"adjustment_type": "EXACT_CAPACITY", "number": -1},
            "The 'number' must be 0 or more for adjustment type 'EXACT_CAPACITY', not -1.",
        ),
        (
            {"adjustment_type": "CHANGE_IN_CAPACITY", "number": 0},
            "The 'number' cannot be 0 for adjustment type 'CHANGE_IN_CAPACITY'.",
        ),
        ({}, "Nothing to resize: give a number with its adjustment_type, min_size or max_size."),
    ],
)
def test_resizes_that_are_refused(service: Any, given: dict[str, Any], message: str) -> None:
    assert refusal(errors.Invalid, service.resize, **given) == message


def test_a_resize_says_in_its_inputs_what_was_asked(service: Any) -> None:
    with session.counted(service.database) as counts:
        action_id = service.resize(adjustment_type="CHANGE_IN_PERCENTAGE", number=50, min_step=2, strict=False)
    assert counts["transactions"] == 1
    action = service.action(action_id)
    assert requests.load(action.kind, action.inputs) == requests.Resize(
        adjustment=requests.Adjustment.PERCENTAGE, number=50, min_step=2, strict=False
    )
    assert (action.timeout, action.cluster_id) == (77, "c1")
    assert service.cluster().desired_capacity == 2  # changes when the action runs


@pytest.mark.parametrize(
    ("out", "count", "message"),
    [
        (True, 0, "Count for scale-out request cannot be 0."),
        (False, 0, "Count for scale-in request cannot be 0."),
        (False, -1, "Count for scale-in request is -1: more than 0 is expected."),
        (
            True,
            19,
            "The target capacity (21) is greater than the maximum number of nodes allowed per cluster (20).",
        ),
    ],
)
def test_scalings_that_are_refused(service: Any, out: bool, count: int, message: str) -> None:
    assert (
        refusal(errors.Invalid, service.commands.scale_cluster, service.context, "c1", out=out, count=count) == message
    )


def test_a_scaling_without_a_count_is_by_one(service: Any) -> None:
    action = service.action(service.commands.scale_cluster(service.context, "c1", out=False, count=None))
    assert (action.kind, action.inputs) == (ActionKind.CLUSTER_SCALE_IN, {"count": 1})


def add(service: Any, *names: str) -> Any:
    """Add members to c1."""
    return service.commands.add_nodes(service.context, "c1", nodes=list(names))


def remove(service: Any, *names: str, destroy: bool = False, cluster: str = "c1") -> Any:
    """Take members out."""
    return service.commands.del_nodes(service.context, cluster, nodes=list(names), destroy=destroy)


def replace(service: Any, pairs: dict[str, str]) -> Any:
    """Replace members of c1."""
    return service.commands.replace_nodes(service.context, "c1", nodes=pairs)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["n1"], "Nodes ['n1'] already owned by some cluster."),
        (["nothing", "lone", "theirs"], "Nodes not found: ['nothing', 'theirs']."),
        (["sick"], "Nodes are not ACTIVE: ['sick']."),
        (["h3"], "Profile type of nodes ['h3'] does not match that of the cluster."),
    ],
)
def test_who_cannot_be_added(service: Any, names: list[str], message: str) -> None:
    assert refusal(errors.Invalid, add, service, *names) == message


def test_who_is_added_counts_once(service: Any) -> None:
    action = service.action(add(service, "lone", "lone"))
    assert (action.kind, action.inputs) == (ActionKind.CLUSTER_ADD_NODES, {"nodes": ["lone"]})


def test_a_full_cluster_takes_nobody(service: Any) -> None:
    databases.fill(service.database, nodes_=[values.node(f"x{i}", profile_id="p-container") for i in range(7)])
    add(service, *[f"x{i}" for i in range(6)])
    assert refusal(errors.Invalid, add, service, *[f"x{i}" for i in range(7)]) == (
        "The target capacity (9) is greater than the cluster's max_size (8)."
    )


def test_who_cannot_be_taken_out(service: Any) -> None:
    assert refusal(errors.Invalid, remove, service, "lone") == "Nodes not members of specified cluster: ['lone']."
    assert refusal(errors.Invalid, remove, service, "nothing", "n1", "lone") == "Nodes not found: ['nothing']."
    assert refusal(errors.Invalid, remove, service, "n1", "n2") == (
        "The target capacity (0) is less than the cluster's min_size (1)."
    )
    assert refusal(errors.InUse, remove, service, "h1", "h2", destroy=True, cluster="hosts").startswith(
        "Hosts in use cannot be deleted: 'h1' (2 containers)."
    )


def test_who_is_taken_out(service: Any) -> None:
    action = service.action(remove(service, "n1", destroy=True))
    assert action.inputs == {"candidates": ["n1"], "count": 1, "destroy_after_deletion": True}
    remove(service, "h1", cluster="hosts")  # out of the cluster, but not destroyed


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        ({"lone": "n2"}, "The specified nodes ['lone'] to be replaced are not members of the cluster."),
        ({"nothing": "lone"}, "Original nodes not found: ['nothing']."),
        ({"n1": "nothing"}, "Replacement nodes not found: ['nothing']."),
        ({"n1": "theirs"}, "Replacement nodes not found: ['theirs']."),
        ({"n1": "n2"}, "Nodes ['n2'] already member of a cluster."),
        ({"n1": "lone", "n2": "lone"}, "A node is named twice: each replaced node needs a replacement of its own."),
    ],
)
def test_who_cannot_be_replaced(service: Any, pairs: dict[str, str], message: str) -> None:
    assert refusal(errors.Invalid, replace, service, pairs) == message


def test_who_is_replaced(service: Any) -> None:
    databases.fill(service.database, nodes_=[values.node("spare", profile_id="p-container")])
    action = service.action(replace(service, {"n2": "spare", "n1": "lone"}))
    assert dict(action.inputs["candidates"]) == {"n2": "spare", "n1": "lone"}


def test_an_update_to_another_kind_is_refused(service: Any) -> None:
    def update(profile: str) -> Any:
        return service.commands.update_cluster(service.context, "c1", profile=profile)

    told = "Cannot update a cluster to a different profile type, operation aborted."
    assert refusal(errors.Invalid, update, "host") == told
    assert "another host_node (h1, not None)" in refusal(errors.Invalid, update, "elsewhere")
    assert refusal(errors.Invalid, update, "nothing") == "The specified profile 'nothing' could not be found."
    view, action_id = update("bigger")
    assert view.node_ids == ("n1", "n2")
    assert service.action(action_id).inputs == {"new_profile_id": "p-bigger"}


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({}, {}),
        ({"operation": "recreate"}, {"operation": "RECREATE"}),
        ({"operation": ["REBOOT"]}, {"operation": "REBOOT"}),
        ({"operation": [{"name": "REBUILD"}]}, {"operation": "REBUILD"}),
        ({"check": True}, {"check": True}),
        ({"check_capacity": False}, {}),
        ({"check": False, "operation_params": {"a": 1}}, {"operation_params": {"a": 1}}),
    ],
)
def test_recoveries(service: Any, params: dict[str, Any], expected: dict[str, Any]) -> None:
    for recover, target in ((service.commands.recover_cluster, "c1"), (service.commands.recover_node, "n1")):
        assert service.action(recover(service.context, target, params=params)).inputs == expected


def test_a_recovery_that_also_makes_what_is_missing(service: Any) -> None:
    given = {"check_capacity": True, "operation": "REBOOT"}
    assert service.action(service.commands.recover_cluster(service.context, "c1", params=given)).inputs == given


@pytest.mark.parametrize("operation", ["PRAY", ["REBOOT", "REBUILD"], [], 7])
def test_recoveries_that_are_refused(service: Any, operation: Any) -> None:
    for recover, target in ((service.commands.recover_cluster, "c1"), (service.commands.recover_node, "n1")):
        told = refusal(errors.Invalid, recover, service.context, target, params={"operation": operation})
        assert "is not supported: RECREATE, REBOOT, REBUILD are." in told


def test_operations(service: Any) -> None:
    commands, context = service.commands, service.context
    given = {"operation": "stop", "params": {"wait_time": "3"}}
    action = service.action(commands.operate_cluster(context, "c1", **given, filters={"role": "x"}))
    assert action.inputs == {"operation": "stop", "params": {"wait_time": 3}, "filters": {"role": "x"}}
    assert service.action(commands.operate_node(context, "n1", **given)).inputs["params"] == {"wait_time": 3}
    bogus = {"operation": "bogus", "params": {}}
    for refused in (
        lambda: commands.operate_node(context, "n1", **bogus),
        lambda: commands.operate_cluster(context, "c1", **bogus, filters={}),
    ):
        told = refusal(errors.Invalid, refused)
        assert told.startswith(
            "The requested operation 'bogus' is not supported by the profile type 'container.dockerinc.docker-1.1'"
        )
    told = refusal(errors.Invalid, commands.operate_cluster, context, "c1", **given, filters={"id": "x"})
    assert told == "Filter key 'id' is unsupported: name, role, status are known."


def test_a_busy_cluster_is_not_deleted_unless_by_force(service: Any) -> None:
    first = service.resize(max_size=9)
    delete = service.commands.delete_cluster
    assert "an action is at work on it" in refusal(errors.Busy, delete, service.context, "c1", force=False)
    forced = delete(service.context, "c1", force=True)
    assert service.action(first).status == ActionStatus.CANCELLED
    assert (service.action(forced).status, service.action(forced).inputs) == (ActionStatus.READY, {"force": True})


def test_a_cluster_of_hosts_in_use_is_not_deleted_unless_by_force(service: Any) -> None:
    delete = service.commands.delete_cluster
    told = refusal(errors.InUse, delete, service.context, "hosts", force=False)
    assert told == (
        "The cluster 'hosts' cannot be deleted: 1 of its hosts still run 2 containers. Delete these "
        "first, or delete by "
        "force."
    )
    delete(service.context, "hosts", force=True)


def test_a_busy_node_is_not_deleted_unless_by_force(service: Any) -> None:
    first = service.commands.check_node(service.context, "n1")
    delete = service.commands.delete_node
    told = refusal(errors.Busy, delete, service.context, "n1", force=False)
    assert told == (
        f"The node 'n1' is in status ACTIVE: action {first[:8]} (NODE_CHECK) is at work on it. Wait for "
        f"its end, or delete "
        "by force."
    )
    forced = delete(service.context, "n1", force=True)
    assert service.action(first).status == ActionStatus.CANCELLED
    assert service.action(forced).inputs == {"force": True}
    assert service.cluster().desired_capacity == 2  # until the node has gone


def test_a_host_in_use_is_not_deleted_unless_by_force(service: Any) -> None:
    delete = service.commands.delete_node
    told = refusal(errors.InUse, delete, service.context, "h1", force=False)
    assert told == (
        "The node 'h1' cannot be deleted: it is the host of 'n1', 'n2'. Delete these first, or delete by force."
    )
    delete(service.context, "h2", force=False)
    delete(service.context, "h1", force=True)


def test_a_member_that_goes_makes_the_cluster_smaller_but_not_too_small(service: Any) -> None:
    delete = service.commands.delete_node
    delete(service.context, "n1", force=False)
    assert service.cluster().desired_capacity == 2  # until the node has gone
    assert "min_size (1)" in refusal(errors.Invalid, delete, service.context, "n2", force=False)
    end_deletes(service)
    assert service.cluster().desired_capacity == 1
    assert refusal(errors.Invalid, delete, service.context, "n2", force=False) == (
        "The target capacity (0) is less than the cluster's min_size (1)."
    )
    delete(service.context, "n2", force=True)
    end_deletes(service)
    assert service.database.read(nodes.count, "c1") == 0
    assert service.cluster().desired_capacity == 1


def end_deletes(service: Any) -> None:
    """Carry out what is queued for nodes, deletions all of it."""
    claimed = service.database.write(
        queue.claim, engine="e", of_cluster=False, limit=9, full_lanes=(), now=service.now, lease=9.0
    )
    outcomes = [
        settling.Outcome(action=action, status=ActionStatus.SUCCEEDED, reason=settling.DONE, deleted=True)
        for action in claimed
    ]
    service.database.write(settling.settle, outcomes, engine="e", new_id=service.new_id, now=service.now)


def create_node(service: Any, **given: Any) -> Any:
    """Ask for a node."""
    settings = {"name": "n", "profile": "container", "cluster": None, "role": "r", "metadata": {"k": 1}}
    return service.commands.create_node(service.context, **(settings | given))


def test_a_new_node_of_its_own(service: Any) -> None:
    with session.counted(service.database) as counts:
        view, action_id = create_node(service, profile="bigger")
    assert counts["transactions"] == 1
    node = service.node(view.node.id)
    assert (node.name, node.index, node.cluster_id, node.role, node.memory) == ("n", -1, None, "r", 64)
    assert (node.status, node.host_id) == (NodeStatus.INIT, None)
    assert service.action(action_id).kind == ActionKind.NODE_CREATE


def test_a_new_node_in_a_cluster_is_named_and_counted_by_it(service: Any) -> None:
    view, _ = create_node(service, cluster="c1")
    assert (view.node.index, view.node.cluster_id) == (3, "c1")
    assert view.node.name.startswith("node-")
    assert (service.cluster().next_index, service.cluster().desired_capacity) == (4, 3)
    assert refusal(errors.Invalid, create_node, service, cluster="nothing") == (
        "The specified cluster 'nothing' could not be found."
    )
    assert "different profile type" in refusal(errors.Invalid, create_node, service, cluster="hosts")
    assert refusal(errors.Invalid, create_node, service, profile="nothing") == (
        "The specified profile 'nothing' could not be found."
    )
    for _ in range(5):
        create_node(service, cluster="c1")
    assert "max_size (8)" in refusal(errors.Invalid, create_node, service, cluster="c1")


def test_a_node_changes(service: Any) -> None:
    view, action_id = service.commands.update_node(service.context, "n1", name="x", tainted=False, profile="bigger")
    assert view.node.name == "n1"
    assert service.action(action_id).inputs == {"name": "x", "tainted": False, "new_profile_id": "p-bigger"}
    update = service.commands.update_node
    assert "Cannot update a node to a different profile type" in refusal(
        errors.Invalid, update, service.context, "n1", profile="host"
    )


def test_strangers_see_nothing(service: Any) -> None:
    commands, stranger = service.commands, service.stranger
    for refused in (
        lambda: commands.delete_cluster(stranger, "c1", force=True),
        lambda: commands.delete_node(stranger, "n1", force=True),
        lambda: commands.check_cluster(stranger, "c1"),
        lambda: commands.update_profile(stranger, "container", name="x", metadata=None),
        lambda: commands.cancel_action(stranger, service.resize(max_size=9), force=False),
    ):
        with pytest.raises(errors.NotFound):
            refused()


def test_every_command_is_one_transaction(service: Any) -> None:
    commands, context = service.commands, service.context
    spec = {"type": "container.host.endpoint", "version": "1.0", "properties": {"endpoint": "sim://x"}}
    runs: list[Callable[[], Any]] = [
        lambda: commands.create_profile(context, name="p", spec=spec, metadata={}),
        lambda: commands.update_profile(context, "p", name="q", metadata={}),
        lambda: commands.delete_profile(context, "q"),
        service.create_cluster,
        lambda: commands.update_cluster(context, "c1", profile="bigger", metadata={}),
        lambda: service.resize(max_size=9),
        lambda: commands.scale_cluster(context, "c1", out=True, count=2),
        lambda: add(service, "lone"),
        lambda: remove(service, "n1"),
        lambda: replace(service, {"n1": "lone"}),
        lambda: commands.check_cluster(context, "c1"),
        lambda: commands.recover_cluster(context, "c1", params={}),
        lambda: commands.operate_cluster(context, "c1", operation="start", params={}, filters={}),
        lambda: create_node(service, cluster="c1"),
        lambda: commands.update_node(context, "n1", profile="bigger"),
        lambda: commands.check_node(context, "n1"),
        lambda: commands.recover_node(context, "n1", params={}),
        lambda: commands.operate_node(context, "n1", operation="start", params={}),
        lambda: commands.delete_node(context, "n1", force=True),
        lambda: commands.delete_cluster(context, "c1", force=True),
    ]
    for run in runs:
        with session.counted(service.database) as counts:
            run()
        assert counts["transactions"] == counts["commits"] == 1
    assert service.nudges == len(runs) - 3  # a profile gives the engines nothing to do
    with session.counted(service.database) as counts:
        commands.validate_profile(context, spec=spec)
    assert counts["transactions"] == 0
    assert service.database.read(hosts.loads, "hosts") == {"h1": 2}
