"""The reads: two statements at the most, and what they show."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from senlin_container.domain import errors, model
from senlin_container.domain.model import ActionKind, ActionStatus
from senlin_container.store import history, session
from senlin_container.usecases import reading
from tests import databases, values

EVENT = "e0000000-0000-4000-8000-000000000000"
PAGE = reading.Page()
READS: dict[str, Callable[[Any, Any], Any]] = {
    "profiles": lambda q, ctx: q.profiles(
        ctx, PAGE, filters={"type": ("container.host.endpoint",), "name": ("host",)}
    ),
    "profile": lambda q, ctx: q.profile(ctx, "container"),
    "clusters": lambda q, ctx: q.clusters(ctx, PAGE, filters={"status": ("ACTIVE",)}),
    "clusters after a marker": lambda q, ctx: q.clusters(ctx, reading.Page(marker="c1"), filters={}),
    "cluster": lambda q, ctx: q.cluster(ctx, "web"),
    "nodes": lambda q, ctx: q.nodes(ctx, PAGE, filters={"status": ("ACTIVE",)}),
    "nodes of a cluster": lambda q, ctx: q.nodes(ctx, PAGE, filters={"cluster_id": ("web",)}),
    "nodes after a marker": lambda q, ctx: q.nodes(ctx, reading.Page(marker="n1"), filters={}),
    "node": lambda q, ctx: q.node(ctx, "n1"),
    "actions": lambda q, ctx: q.actions(ctx, PAGE, filters={"cluster_id": ("c1",)}),
    "action": lambda q, ctx: q.action(ctx, "p"),
    "events": lambda q, ctx: q.events(ctx, PAGE, filters={"level": ("INFO",)}),
    "event": lambda q, ctx: q.event(ctx, EVENT),
    "members": lambda q, ctx: q.members(ctx, "web"),
    "empty": lambda q, ctx: q.clusters(ctx, PAGE, filters={"name": ("nothing",)}),
}


@pytest.fixture(autouse=True)
def rows(service: Any) -> None:
    """An action that waits for two others, one of which is over, and an event."""
    parent = values.action(
        "p", kind=ActionKind.CLUSTER_CHECK, target="c1", cluster_id="c1", status=ActionStatus.WAITING
    )
    child = values.action("a", target="n1", parent_id="p", cluster_id="c1")
    over = values.action("b", target="n2", parent_id="p", cluster_id="c1", status=ActionStatus.SUCCEEDED)
    databases.fill(service.database, actions=[parent, child, over])
    service.database.write(
        history.record, [values.event(EVENT, cluster_id="c1"), values.event("e2", cluster_id="gone")]
    )


@pytest.mark.parametrize("name", list(READS))
def test_a_read_is_two_statements_at_the_most(service: Any, name: str) -> None:
    with session.counted(service.database) as counts:
        READS[name](service.queries, service.context)
    assert 1 <= counts["statements"] <= 2
    assert counts["transactions"] == 1
    assert counts["commits"] == 0


def test_the_last_page_of_the_nodes_of_a_cluster_is_two_statements_too(service: Any) -> None:
    with session.counted(service.database) as counts:
        found = service.queries.nodes(service.context, reading.Page(marker="n2"), filters={"cluster_id": ("web",)})
    assert (found, counts["statements"]) == ([], 2)


def test_a_marker_that_is_not_there_is_told_where_it_costs_no_third_statement(service: Any) -> None:
    with pytest.raises(errors.Invalid):
        service.queries.nodes(service.context, reading.Page(marker="nothing"), filters={})


def test_services_are_for_admins_in_one_statement(service: Any) -> None:
    for id_, at in (("live", 950.0), ("dead", 939.9)):
        started = model.Service(
            id=id_,
            host="m",
            binary="b",
            topic="t",
            disabled=False,
            disabled_reason=None,
            created_at=1.0,
            updated_at=at,
        )
        service.database.write(history.start_service, started)
    with pytest.raises(errors.Forbidden):
        service.queries.services(service.context)
    with session.counted(service.database) as counts:
        found = service.queries.services(service.admin)
    assert counts["statements"] == 1
    assert {one.id: live for one, live in found} == {"live": True, "dead": False}


def test_a_cluster_with_its_nodes(service: Any) -> None:
    view = service.queries.cluster(service.context, "web")
    assert (view.cluster.id, view.profile_name, view.node_ids, view.policy_ids) == (
        "c1",
        "container",
        ("n1", "n2"),
        (),
    )
    both = service.queries.clusters(service.context, reading.Page(sort=(("name", False),)), filters={})
    assert [(one.cluster.name, one.node_ids) for one in both] == [("hosts", ("h1", "h2")), ("web", ("n1", "n2"))]


def test_what_an_action_waits_for(service: Any) -> None:
    parent, child, over = (service.queries.action(service.context, id_) for id_ in ("p", "a", "b"))
    assert (parent.depends_on, parent.depended_by) == (("a",), ())
    assert (child.depends_on, child.depended_by) == ((), ("p",))
    assert (over.depends_on, over.depended_by) == ((), ())


def test_events_with_the_clusters_that_still_exist(service: Any) -> None:
    found = service.queries.events(service.context, PAGE, filters={})
    assert {one.event.id: one.cluster and one.cluster.id for one in found} == {EVENT: "c1", "e2": None}
    view = service.queries.event(service.context, EVENT)
    assert view.cluster is not None
    assert view.cluster.id == "c1"


def test_the_nodes_of_a_cluster_that_is_not_there(service: Any) -> None:
    with pytest.raises(errors.Invalid) as caught:
        service.queries.nodes(service.context, PAGE, filters={"cluster_id": ("nothing",)})
    assert caught.value.message == "Cannot find the given cluster: nothing."


def test_the_members_of_a_cluster_in_their_order(service: Any) -> None:
    found = service.queries.members(service.context, "web")
    assert [(view.node.id, view.profile_name) for view in found] == [("n1", "container"), ("n2", "container")]
    with pytest.raises(errors.NotFound):
        service.queries.members(service.stranger, "web")


def test_everybodys_are_for_admins(service: Any) -> None:
    everybody = reading.Page(global_project=True)
    with pytest.raises(errors.Forbidden):
        service.queries.nodes(service.context, everybody, filters={})
    assert len(service.queries.nodes(service.admin, everybody, filters={})) == 8
    assert [line.id for line in service.queries.nodes(service.stranger, PAGE, filters={})] == ["theirs"]


def test_a_page_is_no_longer_than_the_operator_allows(service: Any) -> None:
    assert len(service.queries.nodes(service.context, reading.Page(limit=2), filters={})) == 2
    assert len(service.queries.nodes(service.context, reading.Page(limit=10**9), filters={})) == 7
