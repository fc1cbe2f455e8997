"""The queue: in line, one at a time, fenced, counted."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
import sqlalchemy as sa
from oslo_db import exception as db_exception

from senlin_container.domain import errors, model
from senlin_container.domain.model import ActionKind, ActionStatus
from senlin_container.store import queue, rows, session
from tests import databases, values

LEASE = 30.0


def claim(database: session.Database, now: float = 100.0, **given: Any) -> list[model.Action]:
    """Claim actions on nodes for engine e1."""
    settings: dict[str, Any] = {"engine": "e1", "of_cluster": False, "limit": 10, "full_lanes": (), "lease": LEASE}
    return database.write(queue.claim, now=now, **(settings | given))


def settle(database: session.Database, ids: list[str], **given: Any) -> None:
    """End actions."""
    settings: dict[str, Any] = {"status": ActionStatus.SUCCEEDED, "reason": "done"}
    found = [queue.Settlement(id=id_, **(settings | given)) for id_ in ids]
    database.write(queue.settle, found, 200.0)


def column(database: session.Database, id_: str, name: str) -> Any:
    """Read one column of an action."""
    table = rows.ACTIONS
    return database.read(lambda tx: tx.execute(sa.select(table.c[name]).where(table.c.id == id_)).scalar_one())


def write(database: session.Database, id_: str, **columns: Any) -> None:
    """Write columns of an action."""
    table = rows.ACTIONS
    database.write(lambda tx: tx.execute(sa.update(table).where(table.c.id == id_).values(columns)))


def ids(actions: list[model.Action]) -> list[str]:
    """Return the ids of actions."""
    return [action.id for action in actions]


def test_a_claim_takes_over(database: session.Database) -> None:
    databases.fill(database, actions=[values.action("a", timeout=60)])
    (found,) = claim(database)
    assert (found.status, found.engine, found.attempt, found.start_time) == (ActionStatus.RUNNING, "e1", 1, 100.0)
    assert column(database, "a", "lease_until") == 100.0 + LEASE
    assert column(database, "a", "holds") == "n1"
    assert column(database, "a", "deadline") == 160.0
    assert claim(database, engine="e2") == []


def test_the_oldest_first_and_no_more_than_wanted(database: session.Database) -> None:
    actions = [values.action(f"a{i}", target=f"n{i}", created_at=10.0 - i) for i in range(5)]
    databases.fill(database, actions=actions)
    assert ids(claim(database, limit=2)) == ["a4", "a3"]
    assert ids(claim(database, limit=2)) == ["a2", "a1"]
    assert ids(claim(database, limit=2)) == ["a0"]


def test_one_action_at_a_time_of_a_target_the_oldest_first(database: session.Database) -> None:
    databases.fill(database, actions=[values.action(id_, created_at=at) for id_, at in (("b", 2), ("c", 3), ("a", 1))])
    for expected in ("a", "b", "c"):
        assert ids(claim(database)) == [expected]
        assert claim(database) == []
        settle(database, [expected])
    assert claim(database) == []


def test_of_one_age_the_lower_id_goes_first(database: session.Database) -> None:
    databases.fill(database, actions=[values.action("b"), values.action("a")])
    assert ids(claim(database)) == ["a"]


@pytest.mark.parametrize("status", [ActionStatus.RUNNING, ActionStatus.WAITING, ActionStatus.READY, ActionStatus.INIT])
def test_nobody_overtakes_what_is_not_finished(database: session.Database, status: ActionStatus) -> None:
    first = values.action("a", status=status, created_at=1.0)
    databases.fill(database, actions=[first, values.action("b", created_at=2.0)])
    write(database, "a", due_at=1000.0)
    assert claim(database) == []


@pytest.mark.parametrize("status", [ActionStatus.SUCCEEDED, ActionStatus.FAILED, ActionStatus.CANCELLED])
def test_what_is_over_holds_nobody_up(database: session.Database, status: ActionStatus) -> None:
    databases.fill(database, actions=[values.action("a", status=status), values.action("b", created_at=2.0)])
    assert ids(claim(database)) == ["b"]


def test_the_database_itself_lets_one_action_hold_a_target(database: session.Database) -> None:
    databases.fill(database, actions=[values.action("a"), values.action("b", created_at=2.0)])
    claim(database)
    with pytest.raises(db_exception.DBDuplicateEntry):
        write(database, "b", holds="n1")


def test_an_action_that_seems_older_than_the_one_at_work_waits_too(database: session.Database) -> None:
    databases.fill(database, actions=[values.action("a", created_at=10.0)])
    claim(database)
    databases.fill(database, actions=[values.action("b", created_at=5.0), values.action("c", target="n2")])
    assert ids(claim(database)) == ["c"]


def test_what_is_at_work_goes_on_before_what_seems_older(database: session.Database) -> None:
    databases.fill(database, actions=[values.action("a", created_at=10.0)])
    claim(database)
    databases.fill(database, actions=[values.action("b", created_at=5.0)])
    settle(database, ["a"], status=ActionStatus.READY)  # it is to be tried again
    assert ids(claim(database, 207.0)) == ["a"]
    settle(database, ["a"])
    assert ids(claim(database, 207.0)) == ["b"]


def test_clusters_and_nodes_are_claimed_apart(database: session.Database) -> None:
    of_cluster = values.action("c", kind=ActionKind.CLUSTER_CHECK, target="c1")
    databases.fill(database, actions=[of_cluster, values.action("n")])
    assert ids(claim(database)) == ["n"]
    assert ids(claim(database, of_cluster=True)) == ["c"]


def test_work_for_hosts_that_have_enough_is_left(database: session.Database) -> None:
    actions = [values.action(f"a{i}", target=f"n{i}") for i in range(3)]
    databases.fill(database, actions=actions, lanes={"n0": "h0", "n1": "h1", "n2": None})
    assert ids(claim(database, full_lanes=["h0"])) == ["a1", "a2"]
    assert ids(claim(database)) == ["a0"]


def test_what_is_put_off_waits_for_its_time(database: session.Database) -> None:
    databases.fill(database, actions=[values.action("a")])
    claim(database)
    settle(database, ["a"], status=ActionStatus.READY, reason="again", after=7.0)
    found = databases.action(database, "a")
    assert (found.status, found.failures, found.status_reason, found.end_time) == (
        ActionStatus.READY,
        1,
        "again",
        None,
    )
    assert column(database, "a", "holds") == "n1"
    assert claim(database, 206.9) == []
    (again,) = claim(database, 207.0)
    assert (again.attempt, again.start_time) == (2, 100.0)
    assert column(database, "a", "deadline") == 160.0


def test_how_an_action_ends(database: session.Database) -> None:
    databases.fill(database, actions=[values.action(f"a{i}", target=f"n{i}") for i in range(4)])
    claim(database)
    settlements = [
        queue.Settlement(id="a0", status=ActionStatus.SUCCEEDED, reason="done"),
        queue.Settlement(id="a1", status=ActionStatus.SUCCEEDED, reason="done"),
        queue.Settlement(id="a2", status=ActionStatus.SUCCEEDED, reason="done", outputs={"x": 1}),
        queue.Settlement(id="a3", status=ActionStatus.FAILED, reason="no"),
    ]
    with session.counted(database) as counts:
        database.write(queue.settle, settlements, 200.0)
    assert counts == {"statements": 3, "transactions": 1, "commits": 1}  # alike ones in one statement
    assert databases.statuses(database) == {"a0": "SUCCEEDED", "a1": "SUCCEEDED", "a2": "SUCCEEDED", "a3": "FAILED"}
    assert databases.action(database, "a2").outputs == {"x": 1}
    for id_ in ("a0", "a3"):
        found = databases.action(database, id_)
        assert (found.engine, found.end_time, found.plan) == (None, 200.0, None)
        assert column(database, id_, "holds") is None
        assert column(database, id_, "lease_until") is None


def test_an_engine_that_lost_its_lease_owns_nothing(database: session.Database) -> None:
    databases.fill(database, actions=[values.action("a")])
    (mine,) = claim(database)
    assert list(database.write(queue.own, {"a": 1}, "e1")) == ["a"]
    assert database.write(queue.own, {"a": 1}, "e2") == {}
    assert database.write(queue.own, {"a": 2}, "e1") == {}
    assert database.write(queue.release, now=100.0 + LEASE) == 0
    assert database.write(queue.release, now=100.1 + LEASE) == 1
    assert database.write(queue.own, {"a": 1}, "e1") == {}
    (again,) = claim(database, 200.0)
    assert again.attempt == 2
    # the same engine, but its earlier attempt: what that one writes late is refused
    assert database.write(queue.own, {"a": 1}, "e1") == {}
    for late in (queue.note, queue.park):
        given = (
            {"plan": {}, "pending": 1, "data": {}, "reason": "", "now": 1.0} if late is queue.park else {"data": {}}
        )
        with pytest.raises(session.Stale):
            database.decide(late, mine, **given)
    database.write(queue.note, again, data={"x": 1})
    assert databases.action(database, "a").data == {"x": 1}


def test_leases_are_renewed_and_released_by_engine(database: session.Database) -> None:
    databases.fill(database, actions=[values.action(f"a{i}", target=f"n{i}") for i in range(3)])
    claim(database, limit=2)
    claim(database, engine="e2")
    database.write(queue.renew, "e1", ["a0", "a1", "a2", "nothing"], 999.0)
    assert database.write(queue.release, now=500.0) == 1
    assert databases.statuses(database) == {"a0": "RUNNING", "a1": "RUNNING", "a2": "READY"}
    assert database.write(queue.release, now=500.0, engine="e1") == 2
    claim(database, 500.0)
    assert database.write(queue.release, now=500.0, everybody=True) == 3


def test_what_an_engine_has_lost_sight_of_is_not_renewed(database: session.Database) -> None:
    databases.fill(database, actions=[values.action(f"a{i}", target=f"n{i}") for i in range(3)])
    claim(database)
    settle(database, ["a2"])
    database.write(queue.renew, "e1", ["a0", "a2"], 999.0)
    assert database.write(queue.release, now=500.0) == 1
    assert databases.statuses(database) == {"a0": "RUNNING", "a1": "READY", "a2": "SUCCEEDED"}


def family(database: session.Database, count: int) -> model.Action:
    """Write a parent that waits for so many children; returns it."""
    parent = values.action("p", kind=ActionKind.CLUSTER_CHECK, target="c1", created_at=0.5)
    children = [values.action(f"a{i}", target=f"n{i}", parent_id="p") for i in range(count)]
    databases.fill(database, actions=[parent, *children])
    (claimed,) = claim(database, of_cluster=True)
    database.write(queue.park, claimed, plan={"waves": []}, pending=count, data={"d": 1}, reason="", now=101.0)
    return databases.action(database, "p")


def test_the_last_child_readies_its_parent_once(database: session.Database) -> None:
    parent = family(database, 3)
    assert (parent.status, parent.pending, parent.engine, parent.plan) == (
        ActionStatus.WAITING,
        3,
        None,
        {"waves": []},
    )
    assert parent.data == {"d": 1}
    assert column(database, "p", "holds") == "c1"  # nothing else begins on the cluster meanwhile
    database.write(queue.count_down, {"p": 2}, 102.0)
    assert databases.action(database, "p").status == ActionStatus.WAITING
    assert claim(database, of_cluster=True) == []
    database.write(queue.count_down, {"p": 1}, 103.0)
    assert databases.action(database, "p").status == ActionStatus.READY
    (again,) = claim(database, 103.0, of_cluster=True)
    assert again.attempt == 2
    database.write(queue.count_down, {"p": 1}, 104.0)  # one too many wakes nobody
    assert databases.action(database, "p").status == ActionStatus.RUNNING


def test_a_parent_that_is_over_stays_so(database: session.Database) -> None:
    family(database, 1)
    settle(database, ["p"], status=ActionStatus.FAILED)
    database.write(queue.count_down, {"p": 1}, 103.0)
    assert databases.action(database, "p").status == ActionStatus.FAILED


def test_how_children_fare(database: session.Database) -> None:
    family(database, 6)
    claim(database)
    settle(database, ["a0", "a1"])
    none_failed = database.read(queue.children, "p")
    assert none_failed.counts == {ActionStatus.SUCCEEDED: 2, ActionStatus.RUNNING: 4}
    assert none_failed.failures == ()
    settle(database, ["a2"], status=ActionStatus.CANCELLED, reason="stopped")
    settle(database, ["a3", "a4", "a5"], status=ActionStatus.FAILED, reason="broken")
    found = database.read(queue.children, "p")
    assert found.counts == {ActionStatus.SUCCEEDED: 2, ActionStatus.CANCELLED: 1, ActionStatus.FAILED: 3}
    assert [reason for _, reason in found.failures] == ["broken"] * 3
    assert {target for target, _ in found.failures} == {"n3", "n4", "n5"}


def test_what_is_overdue(database: session.Database) -> None:
    databases.fill(database, actions=[values.action(f"a{i}", target=f"n{i}", timeout=10 * i) for i in (3, 1, 2)])
    claim(database, 100.0)
    databases.fill(database, actions=[values.action("a9", target="n9", timeout=1)])  # never begun: never late
    settle(database, ["a3"])
    assert ids(database.write(queue.overdue, 110.0, 10)) == []
    assert ids(database.write(queue.overdue, 110.1, 10)) == ["a1"]
    assert ids(database.write(queue.overdue, 999.0, 10)) == ["a1", "a2"]
    assert ids(database.write(queue.overdue, 999.0, 1)) == ["a1"]


def test_what_is_unfinished(database: session.Database) -> None:
    family(database, 2)
    other = values.action("x", target="c1", kind=ActionKind.CLUSTER_CHECK, status=ActionStatus.FAILED, created_at=9.0)
    member = values.action("m", target="n7", cluster_id="c1", created_at=9.0)
    databases.fill(database, actions=[other, member])
    unfinished = queue.unfinished
    assert ids(database.write(unfinished, target="c1")) == ["p"]
    assert ids(database.write(unfinished, parent="p")) == ["a0", "a1"]
    assert ids(database.write(unfinished, cluster="c1")) == ["p", "m"]
    assert ids(database.read(unfinished, node_ids=["n0", "n7", "n8"], lock=False)) == ["a0", "m"]


def test_an_action_waits_for_its_unfinished_children(database: session.Database) -> None:
    parent = family(database, 3)
    assert database.read(queue.dependencies, [parent]) == {"p": ["a0", "a1", "a2"]}
    settle(database, ["a1"])
    assert database.read(queue.dependencies, [parent]) == {"p": ["a0", "a2"]}
    assert database.read(queue.dependencies, [dataclasses.replace(parent, status=ActionStatus.RUNNING)]) == {}


def test_a_request_to_end_early_is_noted(database: session.Database) -> None:
    databases.fill(database, actions=[values.action("a"), values.action("b", target="n2")])
    database.write(queue.request_cancel, ["a"], 5.0)
    assert databases.action(database, "a").cancelling
    assert not databases.action(database, "b").cancelling
    assert claim(database)[0].cancelling


def test_more_ids_than_one_statement_takes(database: session.Database) -> None:
    actions = [values.action(f"a{i:04}", target=f"n{i}") for i in range(1201)]
    database.write(queue.enqueue, actions, lanes={}, now=1.0)
    found = claim(database, limit=5000)
    assert len(found) == 1201
    assert len(database.write(queue.own, {action.id: 1 for action in found}, "e1")) == 1201
    settle(database, ids(found))
    assert set(databases.statuses(database).values()) == {"SUCCEEDED"}


def test_an_action_is_found_by_name_too(database: session.Database) -> None:
    databases.fill(database, actions=[values.action("a")])
    assert database.read(queue.find, "project-1", "action_a").id == "a"
    with pytest.raises(errors.NotFound, match="action 'action_a'"):
        database.read(queue.find, "project-2", "action_a")
