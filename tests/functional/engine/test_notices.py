"""What others are told of the life of clusters, and when."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from senlin_container.domain import model
from senlin_container.drivers import notifier
from senlin_container.store import history, session
from senlin_container.usecases import notices, reading, records
from tests import values
from tests.installation import CONTEXT, Installation

Install = Callable[..., Installation]


class Told:
    """Whoever listens, and what the database held of events when told."""

    def __init__(self, one: Installation, *, events: bool = False, keep_events: bool = True) -> None:
        self.notices: list[notifier.Notice] = []
        one.database.listen(notices.listener(self.notices.extend, events=events), keep_events=keep_events)

    def kinds(self, prefix: str = "") -> list[str]:
        """Return the kinds of what was told, in order."""
        return [one.kind for one in self.notices if one.kind.startswith(prefix)]

    def about(self, kind: str) -> dict[str, Any]:
        """Return the first notice of a kind as it goes over the wire."""
        payload: dict[str, Any] = json.loads(json.dumps(next(n.payload for n in self.notices if n.kind == kind)))
        return payload


def started(install: Install, **given: Any) -> tuple[Installation, Told]:
    one = install()
    told = Told(one, **given)
    one.engine()
    one.hosts("h1", "h2")
    told.notices.clear()
    return one, told


def test_the_life_of_a_cluster_is_told_in_order(install: Install) -> None:
    one, told = started(install)
    cluster = one.cluster(one.containers(host_cluster="hosts"), 2)
    kinds = told.kinds()
    assert kinds[0] == "cluster.create.start"
    assert kinds[-1] == "cluster.create.end"
    assert sorted(kinds[1:-1]) == ["node.create.end"] * 2 + ["node.create.start"] * 2
    assert kinds.index("node.create.start") < kinds.index("node.create.end")

    told.notices.clear()
    one.done(one.commands.scale_cluster(CONTEXT, cluster, out=True, count=1))
    assert told.kinds() == [
        "cluster.scale_out.start",
        "node.create.start",
        "node.create.end",
        "cluster.scale_out.end",
    ]

    told.notices.clear()
    one.done(one.commands.delete_cluster(CONTEXT, cluster, force=False))
    assert told.kinds("cluster") == ["cluster.delete.start", "cluster.delete.end"]
    assert len(told.kinds("node.delete.end")) == 3


def test_what_is_told_names_the_action_and_no_secret(install: Install) -> None:
    one, told = started(install)
    profile = one.containers(host_cluster="hosts", environment={"PASSWORD": "hunter2"})
    action_id = one.begin(profile, 1)
    one.done(action_id)
    action = one.queries.action(CONTEXT, action_id).action
    assert told.about("cluster.create.end") | {"timestamp": ""} == {
        "action": "CLUSTER_CREATE",
        "action_id": action_id,
        "cause": "RPC Request",
        "cluster_id": action.target,
        "domain": None,
        "name": action.name,
        "parent_id": None,
        "project": "p",
        "status": "SUCCEEDED",
        "status_reason": action.status_reason,
        "target": action.target,
        "timestamp": "",
        "user": "u",
    }
    assert told.about("node.create.start")["parent_id"] == action_id
    assert told.about("node.create.start")["status"] == "RUNNING"
    assert "hunter2" not in repr(told.notices)


def test_an_action_that_fails_is_an_error(install: Install) -> None:
    one, told = started(install)
    cluster = one.cluster(one.containers(host_cluster="hosts"), 1, max_size=1)
    told.notices.clear()
    one.ended(one.commands.scale_cluster(CONTEXT, cluster, out=True, count=1))
    assert told.kinds() == ["cluster.scale_out.start", "cluster.scale_out.error"]
    assert [one.priority for one in told.notices] == ["info", "error"]
    assert told.about("cluster.scale_out.error")["status"] == "FAILED"


def test_an_action_that_never_began_is_told_to_be_cancelled(install: Install) -> None:
    one = install()
    told = Told(one)
    one.begin(_host_profile(one), 0)
    (view,) = one.queries.actions(CONTEXT, reading.Page(), filters={})
    one.commands.cancel_action(CONTEXT, view.action.id, force=False)
    assert told.kinds() == ["cluster.create.error"]
    assert told.notices[0].priority == "warn"
    assert told.notices[0].payload["status"] == "CANCELLED"


def _host_profile(one: Installation) -> str:
    spec = {"type": "container.host.endpoint", "version": "1.0", "properties": {"endpoint": "sim://h"}}
    return one.commands.create_profile(CONTEXT, name="host", spec=spec, metadata={}).id


def test_what_health_checks_find_is_told(install: Install) -> None:
    one, told = started(install)
    cluster = one.cluster(one.containers(host_cluster="hosts"), 1)
    (node,) = one.nodes(cluster)
    told.notices.clear()
    assert node.physical_id is not None
    host = "h1" if node.physical_id in one.running("h1") else "h2"
    one.engine_of(host).remove(node.physical_id)
    one.eventually(lambda: "node.check.error" in told.kinds(), what="the death is told")
    assert told.about("node.check.error")["oid"] == node.id


def test_events_are_sent_when_they_are_dispatched_as_messages(install: Install) -> None:
    one, told = started(install, events=True)
    one.cluster(one.containers(host_cluster="hosts"), 1)
    assert told.kinds("event.") == [
        "event.cluster.create.start",
        "event.node.create.end",
        "event.cluster.create.end",
    ]
    found = one.queries.events(CONTEXT, reading.Page(), filters={"action": ("CLUSTER_CREATE",)})
    payload = told.about("event.cluster.create.end")
    assert payload["event_id"] in {view.event.id for view in found}
    assert (payload["otype"], payload["oname"], payload["level"]) == ("CLUSTER", "c", "INFO")


def test_events_need_not_be_kept(install: Install) -> None:
    one, told = started(install, events=True, keep_events=False)
    one.cluster(one.containers(host_cluster="hosts"), 1)
    assert len(told.kinds("event.")) == 3
    assert one.queries.events(CONTEXT, reading.Page(), filters={}) == []


def test_what_is_rolled_back_is_told_to_nobody_and_a_second_try_once(install: Install) -> None:
    one = install()
    told = Told(one, events=True)
    tries = []

    def write(tx: session.Transaction, error: Exception | None) -> None:
        tries.append(error)
        event = values.event(f"e{len(tries)}")
        history.record(tx, [event])
        session.note(tx, [records.Finding(event=event)])
        assert told.notices == []  # nobody is told before the commit
        if error is not None and len(tries) == 1:
            raise error

    with pytest.raises(RuntimeError):
        one.database.write(write, RuntimeError())
    assert told.notices == []
    one.database.read(lambda tx: None)
    assert told.notices == []
    tries.clear()
    one.database.write(write, session.Stale())
    assert [notice.payload["event_id"] for notice in told.notices] == ["e2", "e2"]


def test_where_nobody_listens_nothing_is_gathered(install: Install) -> None:
    one = install()

    def write(tx: session.Transaction) -> dict[Any, Any]:
        session.note(tx, [model.ActionKind.NODE_CHECK])
        return dict(tx.info)

    assert not [key for key in one.database.write(write) if "notes" in str(key)]
