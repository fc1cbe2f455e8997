"""How work ends: settled, cancelled, overdue, or seen dead."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from senlin_container.domain import errors, model
from senlin_container.domain.model import ActionKind, ActionStatus, ClusterStatus, HostState, NodeStatus
from senlin_container.store import clusters, hosts, nodes, queue
from senlin_container.usecases import health, reading, records, settling
from tests import databases, values


def enqueue(service: Any, *actions: model.Action) -> None:
    """Write actions."""
    databases.fill(service.database, actions=actions)


def claim(service: Any, *, of_cluster: bool = False, limit: int = 10) -> list[model.Action]:
    """Claim what is ready."""
    found: list[model.Action] = service.database.write(
        queue.claim, engine="e1", of_cluster=of_cluster, limit=limit, full_lanes=(), now=service.now, lease=30.0
    )
    return found


def settle(service: Any, *outcomes: settling.Outcome, engine: str = "e1") -> settling.Settled:
    """Settle outcomes."""
    found: settling.Settled = service.database.write(
        settling.settle, outcomes, engine=engine, new_id=service.new_id, now=service.now
    )
    return found


def expire(service: Any) -> int:
    """Fail what is overdue."""
    return int(service.database.write(settling.expire, new_id=service.new_id, now=service.now))


def outcome(action: model.Action, **given: Any) -> settling.Outcome:
    """Return an outcome, a success unless told otherwise."""
    return settling.Outcome(action=action, **({"status": ActionStatus.SUCCEEDED, "reason": settling.DONE} | given))


def events(service: Any) -> list[tuple[str, str, str, str]]:
    """Return all events: about whom, action, status and level."""
    found = service.queries.events(service.context, reading.Page(), filters={})
    return [(one.event.oid, one.event.action, one.event.status, one.event.level) for one in found]


def host(service: Any, id_: str) -> model.Host:
    """Read a host."""
    (found,) = service.database.read(hosts.all_of, ids=[id_])
    return found


def waiting_family(service: Any, *, timeout: int = 100) -> list[model.Action]:
    """Write a check of c1 that waits for its two nodes; returns parent and children."""
    parent = values.action(
        "p", kind=ActionKind.CLUSTER_CHECK, target="c1", cluster_id="c1", timeout=timeout, created_at=0.5
    )
    children = [
        values.action(f"a-{node}", target=node, parent_id="p", cluster_id="c1", timeout=timeout)
        for node in ("n1", "n2")
    ]
    enqueue(service, parent, *children)
    (claimed,) = claim(service, of_cluster=True)
    service.database.write(queue.park, claimed, plan={"waves": []}, pending=2, data={}, reason="", now=service.now)
    return [service.action(id_) for id_ in ("p", "a-n1", "a-n2")]


def test_a_success_changes_the_node_its_host_and_its_cluster(service: Any) -> None:
    enqueue(service, values.action("a", target="n1"), values.action("b", target="n2", kind=ActionKind.NODE_DELETE))
    first, second = claim(service)
    settled = settle(
        service,
        outcome(first, node=nodes.Change(cpus=1.5, memory=100, physical_id="new"), outputs={"o": 1}),
        outcome(second, deleted=True),
    )
    assert (settled.counted, settled.readied) == (2, 0)
    node = service.node("n1")
    assert (node.cpus, node.memory, node.physical_id) == (1.5, 100, "new")
    after = host(service, "h1")
    assert (after.used_cpus, after.used_memory, after.used_containers) == (1.0, 100, 1)
    assert service.database.read(nodes.by_id, ["n2"]) == {}
    assert service.action("a").outputs == {"o": 1}
    assert service.cluster().desired_capacity == 1  # one of two is left, and wanted
    assert service.cluster().status == ClusterStatus.ACTIVE
    assert events(service) == [("n1", "NODE_CHECK", "end", "INFO"), ("n2", "NODE_DELETE", "end", "INFO")]


def test_a_host_that_answered_is_written(service: Any) -> None:
    enqueue(service, values.action("a", target="h3"), values.action("b", target="h1"))
    for action in claim(service):
        told = values.host(action.target, memory=77)
        settle(service, outcome(action, host=told))
    assert (host(service, "h3").memory, host(service, "h1").used_containers) == (77, 2)


def test_the_last_child_readies_the_parent(service: Any) -> None:
    waiting_family(service)
    first, second = claim(service)
    assert settle(service, outcome(first)) == settling.Settled(counted=1, readied=0)
    assert service.action("p").status == ActionStatus.WAITING
    assert settle(service, outcome(second)) == settling.Settled(counted=1, readied=1)
    assert service.action("p").status == ActionStatus.READY


def test_what_is_late_counts_for_nothing(service: Any) -> None:
    enqueue(service, values.action("a", target="n1", timeout=10**6))
    (mine,) = claim(service)
    service.now += 31
    service.database.write(queue.release, now=service.now)
    late = outcome(mine, status=ActionStatus.FAILED, reason="x", node=nodes.Change(status=NodeStatus.ERROR))
    assert settle(service, late).counted == 0
    (again,) = claim(service)
    assert settle(service, late).counted == 0
    assert settle(service, outcome(again), engine="e2").counted == 0
    assert service.node("n1").status == NodeStatus.ACTIVE
    assert settle(service, outcome(again)).counted == 1
    assert settle(service, outcome(again)).counted == 0
    assert len(events(service)) == 1


def test_a_try_that_failed_in_passing_is_no_end(service: Any) -> None:
    waiting_family(service)
    first, _ = claim(service)
    again = outcome(first, status=ActionStatus.READY, reason="busy", after=5.0)
    assert settle(service, again) == settling.Settled(counted=1, readied=0)
    action = service.action(first.id)
    assert (action.status, action.failures) == (ActionStatus.READY, 1)
    assert service.action("p").pending == 2
    assert events(service) == []


def test_a_cancelled_action_is_not_tried_again(service: Any) -> None:
    enqueue(service, values.action("a", target="n1"))
    (mine,) = claim(service)
    service.commands.cancel_action(service.context, "a", force=False)
    assert service.action("a").status == ActionStatus.RUNNING  # it goes on to the end of its step
    settle(service, outcome(mine, status=ActionStatus.READY, reason="busy", after=5.0))
    action = service.action("a")
    assert (action.status, action.status_reason) == (
        ActionStatus.CANCELLED,
        "Cancelled after a failed attempt: busy",
    )
    assert service.node("n1").status == NodeStatus.ERROR


def test_what_a_cancelled_action_has_done_is_done(service: Any) -> None:
    enqueue(service, values.action("a", target="n1"))
    (mine,) = claim(service)
    service.commands.cancel_action(service.context, "a", force=False)
    settle(service, outcome(mine))
    assert service.action("a").status == ActionStatus.SUCCEEDED


def test_a_waiting_cluster_action_is_cancelled_with_its_children(service: Any) -> None:
    waiting_family(service)
    (running,) = claim(service, limit=1)
    service.commands.cancel_action(service.context, "p", force=False)
    statuses = databases.statuses(service.database)
    assert statuses == {"p": "WAITING", "a-n1": "RUNNING", "a-n2": "CANCELLED"}
    assert service.action("a-n2").status_reason == "Cancelled together with action p."
    assert service.action("a-n1").cancelling
    assert service.action("p").cancelling
    settle(service, outcome(running))
    assert service.action("p").status == ActionStatus.READY  # whoever claims it ends it as cancelled
    assert (service.node("n1").status, service.node("n2").status) == (NodeStatus.ACTIVE, NodeStatus.ACTIVE)


def test_a_waiting_cluster_action_whose_children_have_not_begun_is_ready_at_once(service: Any) -> None:
    waiting_family(service)
    service.commands.cancel_action(service.context, "p", force=False)
    parent = service.action("p")
    assert (parent.status, parent.cancelling, parent.pending) == (ActionStatus.READY, True, 0)


def test_a_cluster_action_that_has_not_begun_is_cancelled_at_once(service: Any) -> None:
    action_id = service.resize(max_size=9)
    service.commands.cancel_action(service.context, action_id, force=False)
    action = service.action(action_id)
    assert (action.status, action.status_reason) == (ActionStatus.CANCELLED, "Cancelled on request.")
    assert service.cluster().status == ClusterStatus.ACTIVE
    assert events(service) == []  # it says nothing of the cluster


def test_force_waits_for_nothing(service: Any) -> None:
    waiting_family(service)
    (running,) = claim(service, limit=1)
    service.commands.cancel_action(service.context, "p", force=True)
    assert set(databases.statuses(service.database).values()) == {"CANCELLED"}
    assert settle(service, outcome(running)).counted == 0
    assert service.node("n1").status == NodeStatus.ERROR  # nobody knows what became of it
    assert service.node("n2").status == NodeStatus.ACTIVE


@pytest.mark.parametrize("status", [ActionStatus.SUCCEEDED, ActionStatus.FAILED, ActionStatus.CANCELLED])
def test_what_is_over_is_not_cancelled(service: Any, status: ActionStatus) -> None:
    enqueue(service, values.action("a1b2c3d4-x", target="n1", status=status))
    with pytest.raises(errors.Ended) as caught:
        service.commands.cancel_action(service.context, "a1b2c3d4-x", force=False)
    assert caught.value.message.startswith(
        f"Action (a1b2c3d4) is in status ({status}) while expected status must be one of (["
    )


def test_a_node_that_was_never_made_is_in_error_when_its_creation_is_cancelled(service: Any) -> None:
    enqueue(service, values.action("a", target="lone", kind=ActionKind.NODE_CREATE))
    service.commands.cancel_action(service.context, "a", force=False)
    node = service.node("lone")
    assert (node.status, node.status_reason) == (NodeStatus.ERROR, "Cancelled on request.")


def test_an_overdue_cluster_action_fails_with_its_children(service: Any) -> None:
    waiting_family(service, timeout=50)
    (running,) = claim(service, limit=1)
    service.now += 50.0
    assert expire(service) == 0
    service.now += 0.1
    assert expire(service) == 2  # the parent, and the child that had begun
    assert set(databases.statuses(service.database).values()) == {"FAILED"}
    assert service.action("p").status_reason == "Timed out after 50 seconds."
    told = "Its cluster action p timed out after 50 seconds."
    assert service.action("a-n2").status_reason == told
    assert service.node("n1").status == NodeStatus.ERROR
    assert service.node("n2").status == NodeStatus.ACTIVE  # nothing was done to it
    assert service.cluster().status == ClusterStatus.WARNING
    assert expire(service) == 0
    assert settle(service, outcome(running)).counted == 0


def test_children_that_began_later_fail_with_their_parent(service: Any) -> None:
    waiting_family(service, timeout=50)
    service.now += 10.0
    claim(service)
    service.now += 45.0  # the parent's time is over first
    assert expire(service) == 1
    assert set(databases.statuses(service.database).values()) == {"FAILED"}


def test_an_overdue_action_on_a_node_fails_and_what_it_waits_for_too(service: Any) -> None:
    enqueue(service, values.action("a", target="n1", timeout=5), values.action("b", target="n2", timeout=5))
    first, _ = claim(service)
    settle(service, outcome(first, status=ActionStatus.READY, reason="busy", after=100.0))
    service.now += 6.0
    assert expire(service) == 2
    for node_id in ("n1", "n2"):
        node = service.node(node_id)
        assert (node.status, node.status_reason) == (NodeStatus.ERROR, "Timed out after 5 seconds.")
    assert service.cluster().status == ClusterStatus.ERROR


def recovering(service: Any, operation: str) -> None:
    """Let c1 bring back its nodes by itself."""
    cluster = service.cluster()
    service.database.write(clusters.change, cluster, config={"health.recovery": operation})


def dead(service: Any, node_id: str = "n1", container: str = "x1") -> health.Report:
    """Report a container dead."""
    found: health.Report = service.database.write(
        health.report_dead, service.parts, node_id, container, "it exited with 137"
    )
    return found


def recover_again(service: Any, host_id: str = "h1") -> health.Report:
    """Queue what recoveries of the nodes of a host are due."""
    found: health.Report = service.database.write(health.recover_again, service.parts, host_id)
    return found


def unfinished(service: Any, node_id: str = "n1") -> list[model.Action]:
    """Return the actions that a node waits for."""
    found: list[model.Action] = service.database.write(queue.unfinished, target=node_id)
    return found


@pytest.mark.parametrize(("node_id", "container"), [("nothing", "x1"), ("n1", "other"), ("lone", "x1")])
def test_a_death_that_is_no_news(service: Any, node_id: str, container: str) -> None:
    assert dead(service, node_id, container) == health.Report(came=health.Came.NO_NEWS)
    assert events(service) == []


def test_a_death_while_an_action_is_at_work_is_looked_at_later(service: Any) -> None:
    action_id = service.commands.check_node(service.context, "n1")
    assert dead(service) == health.Report(came=health.Came.BUSY)
    (mine,) = claim(service)
    settle(service, outcome(mine))
    assert service.action(action_id).status == ActionStatus.SUCCEEDED
    assert dead(service) == health.Report(came=health.Came.NOTED)


def test_a_death_is_noted_once(service: Any) -> None:
    assert dead(service) == health.Report(came=health.Came.NOTED)
    node = service.node("n1")
    assert (node.status, node.status_reason) == (NodeStatus.ERROR, "it exited with 137")
    assert service.cluster().status == ClusterStatus.WARNING
    assert events(service) == [("n1", "NODE_CHECK", "error", "ERROR")]
    assert dead(service) == health.Report(came=health.Came.NO_NEWS)
    assert unfinished(service) == []


def test_an_attached_recovery_comes_later_and_later(service: Any) -> None:
    recovering(service, "RECREATE")
    waits = []
    for _ in range(4):
        report = dead(service)
        assert report.came == health.Came.NOTED
        assert (report.queued, report.again is None) == (len(unfinished(service)), report.queued == 1)
        if report.again is not None:  # nothing stands in the node's way until then
            service.now += report.again - 0.1
            assert recover_again(service).queued == 0
            assert unfinished(service) == []
            service.now += 0.2
            assert recover_again(service).queued == 1
        waits.append(report.again or 0.0)
        (action,) = claim(service)
        assert (action.kind, action.inputs, action.cause) == (
            ActionKind.NODE_RECOVER,
            {"operation": "RECREATE"},
            records.HEALTH,
        )
        settle(service, outcome(action, node=nodes.Change(status=NodeStatus.ACTIVE)))
    assert waits == [0.0, 2.0, 4.0, 8.0]
    service.now += 10_000.0
    assert dead(service).queued == 1  # it was calm for long: at once again
    assert len(claim(service)) == 1


def test_a_recovery_that_failed_is_tried_again(service: Any) -> None:
    recovering(service, "REBOOT")
    dead(service)
    assert recover_again(service) == health.Report()  # it is on its way
    (mine,) = claim(service)
    settle(service, outcome(mine, status=ActionStatus.FAILED, reason="no", node=nodes.Change(status=NodeStatus.ERROR)))
    assert recover_again(service) == health.Report(queued=0, again=2.0)
    assert claim(service) == []
    service.now += 2.0
    assert recover_again(service) == health.Report(queued=1)
    assert [action.target for action in claim(service)] == ["n1"]


def test_a_recovery_that_is_put_off_stands_in_nobodys_way(service: Any) -> None:
    recovering(service, "RECREATE")
    dead(service)
    (mine,) = claim(service)
    settle(service, outcome(mine, status=ActionStatus.FAILED, reason="no", node=nodes.Change(status=NodeStatus.ERROR)))
    assert recover_again(service).again == 2.0
    delete = service.commands.delete_node(service.context, "n1", force=False)
    service.commands.cancel_action(service.context, delete, force=False)
    service.commands.delete_cluster(service.context, "c1", force=False)


@pytest.mark.parametrize("operation", ["NONE", None])
def test_no_recovery_where_none_is_attached(service: Any, operation: str | None) -> None:
    if operation:
        recovering(service, operation)
    dead(service)
    assert unfinished(service) == []
    assert recover_again(service) == health.Report()


def test_a_host_that_does_not_answer_and_comes_back(service: Any) -> None:
    write, parts = service.database.write, service.parts
    write(health.host_answers, parts, "h1")  # no news
    write(health.host_silent, parts, "h1", "no route")
    write(health.host_silent, parts, "h1", "no route")
    assert (host(service, "h1").state, service.node("h1").status) == (HostState.DOWN, NodeStatus.ERROR)
    assert service.cluster("hosts").status == ClusterStatus.WARNING
    write(health.host_answers, parts, "h1")
    assert (host(service, "h1").state, service.node("h1").status) == (HostState.UP, NodeStatus.ACTIVE)
    assert service.cluster("hosts").status == ClusterStatus.ACTIVE
    assert [event[2:] for event in events(service)] == [("error", "ERROR"), ("end", "INFO")]


def test_the_containers_of_a_lost_host_are_lost_but_for_those_that_are_worked_on(service: Any) -> None:
    recovering(service, "RECREATE")
    check = service.commands.check_node(service.context, "n2")

    def lost() -> health.Report:
        found: health.Report = service.database.write(health.host_lost, service.parts, "h1", "silent")
        return found

    assert lost() == health.Report(lost=1, queued=1)
    assert (service.node("n1").status, service.node("n2").status) == (NodeStatus.ERROR, NodeStatus.ACTIVE)
    assert [action.kind for action in unfinished(service)] == [ActionKind.NODE_RECOVER]
    assert lost() == health.Report(lost=0, queued=0)
    service.commands.cancel_action(service.context, check, force=True)
    assert lost() == health.Report(lost=1, queued=1)  # the next round takes who was worked on
    assert [action.kind for action in unfinished(service, "n2")] == [ActionKind.NODE_RECOVER]


@pytest.mark.parametrize(
    ("status", "condition", "lost", "recovered"),
    [
        (NodeStatus.ACTIVE, "running", 1, 1),
        (NodeStatus.WARNING, "running", 1, 1),
        (NodeStatus.WARNING, "paused", 1, 1),
        (NodeStatus.WARNING, "exited", 0, 0),  # its owner has stopped it
        (NodeStatus.ERROR, "exited", 0, 1),
        (NodeStatus.ERROR, None, 0, 1),  # it was never made
    ],
)
def test_who_is_lost_with_a_host(
    service: Any, status: NodeStatus, condition: str | None, lost: int, recovered: int
) -> None:
    recovering(service, "RECREATE")
    details = {"status": condition} if condition else {}
    change = nodes.Change(status=status, details=details)
    service.database.write(nodes.change_each, {"n1": change})
    service.database.write(nodes.delete, ["n2"])
    report = service.database.write(health.host_lost, service.parts, "h1", "silent")
    assert report == health.Report(lost=lost, queued=recovered)
    assert service.node("n1").status == (NodeStatus.ERROR if lost else status)


def test_who_rises_again_is_well_unless_somebody_is_at_work_on_it(service: Any) -> None:
    dead(service)
    dead(service, "n2", "x2")
    service.commands.check_node(service.context, "n2")
    found = [service.node("n1"), service.node("n2"), dataclasses.replace(service.node("n1"), id="gone")]
    service.database.write(health.report_risen, service.parts, found, "seen running")
    assert (service.node("n1").status, service.node("n2").status) == (NodeStatus.ACTIVE, NodeStatus.ERROR)
    assert service.cluster().status == ClusterStatus.WARNING
