"""Finding one object, and listing many page by page."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
import sqlalchemy as sa

from senlin_container.domain import errors, model
from senlin_container.store import catalog, clusters, history, listing, nodes, queue, session
from tests import databases, values

IDS = [f"{i:08x}-0000-4000-8000-000000000000" for i in (5, 1, 7, 3, 9, 2, 8, 4, 6)]


def several(make: Callable[..., Any], **varied: Sequence[Any]) -> list[Any]:
    """Make an object for each id, with columns that repeat."""
    return [make(id_, **{key: found[i % len(found)] for key, found in varied.items()}) for i, id_ in enumerate(IDS)]


@pytest.fixture(autouse=True)
def rows(database: session.Database) -> None:
    """Nine of everything, with equal values and NULLs in the columns that lists are sorted by."""
    names, times, some = ["b", "a", "b"], [3.0, 1.0, 2.0, 3.0], [None, 2.0, 1.0, None, 2.0]
    databases.fill(
        database,
        profiles=several(values.profile, name=names, created_at=times, updated_at=some, type=["x", "y"]),
        clusters_=several(
            lambda id_, **given: values.cluster(id=id_, **given),
            name=names,
            init_at=times,
            created_at=some,
            updated_at=some,
            status=[model.ClusterStatus.ACTIVE, model.ClusterStatus.ERROR],
        ),
        nodes_=several(
            values.node,
            name=names,
            init_at=times,
            created_at=some,
            updated_at=some,
            index=[-1],
            status=[model.NodeStatus.ACTIVE, model.NodeStatus.ERROR],
        ),
        actions=several(
            values.action,
            name=names,
            target=["n1", "n2"],
            created_at=times,
            kind=[model.ActionKind.NODE_CHECK, model.ActionKind.NODE_CREATE],
            status=[model.ActionStatus.SUCCEEDED, model.ActionStatus.FAILED],
        ),
    )
    events = several(
        values.event,
        timestamp=times,
        oname=names,
        level=["INFO", "ERROR"],
        cluster_id=[None, "c1", "c2"],
        oid=["n1", "n2"],
    )
    database.write(history.record, events)


LISTS: dict[str, tuple[Callable[..., Sequence[Any]], Mapping[str, Any], Callable[[Any], str]]] = {
    "profiles": (catalog.list_profiles, catalog.PROFILE_KEYS, lambda one: one.id),
    "clusters": (clusters.page, clusters.CLUSTER_KEYS, lambda one: one.cluster.id),
    "nodes": (nodes.page, nodes.NODE_KEYS, lambda one: one.id),
    "actions": (queue.page, queue.ACTION_KEYS, lambda one: one.id),
    "events": (history.list_events, history.EVENT_KEYS, lambda one: one.id),
}
CASES = [
    (what, ((key, down), *more))
    for what, (_, keys, _) in LISTS.items()
    for key, down in itertools.product(keys, (False, True))
    for more in ((), ((next(iter(keys)), not down),))
]


def pages(
    database: session.Database, what: str, sort: tuple[tuple[str, bool], ...], limit: int, **filters: Sequence[str]
) -> list[str]:
    """Walk through a list page by page; returns the ids in the order they came."""
    read, _, id_of = LISTS[what]
    seen: list[str] = []
    while True:
        marker = seen[-1] if seen else None
        wanted = listing.Page(project="project-1", limit=limit, marker=marker, sort=sort)
        found = database.read(read, wanted, filters)
        seen.extend(id_of(one) for one in found)
        if len(found) < limit:
            return seen


@pytest.mark.parametrize(("what", "sort"), CASES)
def test_pages_show_each_row_once_and_in_order(
    database: session.Database, what: str, sort: tuple[tuple[str, bool], ...]
) -> None:
    whole = pages(database, what, sort, 1000)
    assert set(IDS) <= set(whole)
    assert len(set(whole)) == len(whole)
    for limit in (1, 2, 4):
        assert pages(database, what, sort, limit) == whole


@pytest.mark.parametrize(
    ("what", "key"), [("nodes", "created_at"), ("clusters", "updated_at"), ("events", "cluster_id")]
)
def test_what_has_no_value_comes_before_what_has_one(database: session.Database, what: str, key: str) -> None:
    read, _, id_of = LISTS[what]
    field: Callable[[Any], Any] = lambda one: getattr(one.cluster if what == "clusters" else one, key)  # noqa: E731
    rising = database.read(read, listing.Page(project=None, limit=99, sort=((key, False),)), {})
    found = [field(one) for one in rising]
    assert found == sorted(found, key=lambda value: (value is not None, value if value is not None else 0))
    assert None in found
    falling = database.read(read, listing.Page(project=None, limit=99, sort=((key, True),)), {})
    assert [field(one) for one in falling] == sorted(found, key=lambda v: (v is not None, v or 0), reverse=True)
    same = [id_of(one) for one in rising if field(one) is None]
    assert same == sorted(same)


@pytest.mark.parametrize("what", list(LISTS))
def test_lists_show_a_project_and_have_a_default_order(database: session.Database, what: str) -> None:
    read, _, _ = LISTS[what]
    assert database.read(read, listing.Page(project="project-2", limit=99), {}) == []
    everybody = database.read(read, listing.Page(project=None, limit=99), {})
    assert len(everybody) >= len(IDS)
    assert pages(database, what, (), 2) == pages(database, what, (), 99)
    with pytest.raises(errors.Invalid, match="The marker 'nothing' could not be found"):
        database.read(read, listing.Page(project=None, limit=99, marker="nothing"), {})


@pytest.mark.parametrize("what", list(LISTS))
def test_a_marker_of_another_project_is_not_there(database: session.Database, what: str) -> None:
    read, keys, _ = LISTS[what]
    for sort in ((), *(((key, down),) for key in keys for down in (False, True))):
        with pytest.raises(errors.Invalid, match=f"The marker '{IDS[0]}' could not be found"):
            database.read(read, listing.Page(project="project-2", limit=99, marker=IDS[0], sort=sort), {})
        for project in (None, "project-1"):
            database.read(read, listing.Page(project=project, limit=99, marker=IDS[0], sort=sort), {})


def test_a_marker_of_another_project_tells_nothing_of_it(database: session.Database) -> None:
    theirs = values.cluster(id="theirs", name="aa", owner=values.OTHER)
    databases.fill(database, clusters_=[theirs])
    by_name = listing.Page(project=theirs.owner.project, limit=99, marker=IDS[0], sort=(("name", False),))
    for page in (by_name, dataclasses.replace(by_name, sort=(("name", True),))):
        with pytest.raises(errors.Invalid, match="could not be found"):
            database.read(clusters.page, page, {})


def test_filters(database: session.Database) -> None:
    assert len(pages(database, "nodes", (), 2, status=("ERROR",))) == 4
    assert len(pages(database, "nodes", (), 2, status=("ERROR", "ACTIVE"))) == 9
    assert len(pages(database, "nodes", (), 2, status=("ERROR",), name=("a",))) == 2
    assert len(pages(database, "actions", (), 2, action=("NODE_CREATE",), target=("n2",))) == 4
    assert len(pages(database, "events", (), 2, cluster_id=("c1",), level=("INFO",))) == 1
    assert len(pages(database, "profiles", (), 2, type=("x",))) == 5
    assert len(pages(database, "profiles", (), 2, type=("y-1.1",))) == 4
    assert pages(database, "profiles", (), 2, type=("y-1.0",)) == []


def find(database: session.Database, identity: str, project: str | None = "project-1") -> str:
    """Find a node."""
    return database.read(nodes.find, project, identity)[0].id


def test_one_is_found_by_id_name_or_the_beginning_of_its_id(database: session.Database) -> None:
    extra = [
        values.node("abcd0001-0000-4000-8000-000000000000", name="first"),
        values.node("abcd0002-0000-4000-8000-000000000000", name="second"),
        values.node("abce0000-0000-4000-8000-000000000000", name="abcd"),
        values.node("abcf0000-0000-4000-8000-000000000000", name=IDS[0]),
        values.node("abc00000-0000-4000-8000-000000000000", name="100%"),
        values.node("abc10000-0000-4000-8000-000000000000", name="theirs", owner=values.OTHER),
    ]
    databases.fill(database, nodes_=extra)
    assert find(database, IDS[0]) == IDS[0]  # the id before a name that looks like it
    assert find(database, "first") == extra[0].id
    assert find(database, "abcd0002") == extra[1].id
    assert find(database, "abcd0002-0000-4") == extra[1].id
    assert find(database, "abcd") == extra[2].id  # a name before the beginning of ids
    assert find(database, "100%") == extra[4].id
    assert find(database, "theirs", None) == extra[5].id


@pytest.mark.parametrize("identity", ["nothing", "", "0000000", "abc", "%", "0000000_", "0000000G", "theirs", "-----"])
def test_what_fits_nothing(database: session.Database, identity: str) -> None:
    databases.fill(
        database, nodes_=[values.node("abc10000-0000-4000-8000-000000000000", name="theirs", owner=values.OTHER)]
    )
    with pytest.raises((errors.NotFound, errors.Ambiguous)) as caught:
        find(database, identity)
    if identity == "0000000":
        assert isinstance(caught.value, errors.Ambiguous)
    else:
        assert isinstance(caught.value, errors.NotFound)
        assert caught.value.message == f"The node '{identity}' could not be found."


@pytest.mark.parametrize("identity", ["a", "b", "00000000"[:7]])
def test_what_fits_several(database: session.Database, identity: str) -> None:
    with pytest.raises(errors.Ambiguous) as caught:
        find(database, identity)
    told = f"Multiple results found matching the query criteria '{identity}'. Please be more specific."
    assert caught.value.message == told


def test_events_have_no_names(database: session.Database) -> None:
    assert database.read(history.find_event, None, IDS[0][:8]).id == IDS[0]
    with pytest.raises(errors.NotFound):
        database.read(history.find_event, None, "b")


def test_the_members_of_clusters(database: session.Database) -> None:
    cluster = values.cluster(id="c1")
    members = [values.node(f"m{i}", cluster_id="c1", index=i) for i in (3, 1, 20, 2)]
    databases.fill(database, clusters_=[cluster], nodes_=members)
    database.write(nodes.change_each, {"m20": nodes.Change(membership=("c1", 2**31 - 1))})
    found = database.read(clusters.find_whole, None, "c1")
    assert (found.node_ids, found.policy_ids) == (("m1", "m2", "m3", "m20"), ())
    assert database.read(clusters.find_whole, None, IDS[0]).node_ids == ()
    assert database.read(nodes.count, "c1") == 4
    assert [node.id for node in database.read(nodes.of_cluster, "c1")] == ["m1", "m2", "m3", "m20"]


def test_columns_of_several_nodes_at_once(database: session.Database) -> None:
    changes = {
        IDS[0]: nodes.Change(role="x", metadata={"k": 1}),
        IDS[1]: nodes.Change(role="y"),
        IDS[2]: nodes.Change(),
        "nothing": nodes.Change(role="z"),
    }

    def change(tx: sa.Connection) -> None:
        nodes.change_each(tx, changes)

    database.write(change)
    first, second = databases.node(database, IDS[0]), databases.node(database, IDS[1])
    assert (first.role, first.metadata, second.role, second.metadata) == ("x", {"k": 1}, "y", {})


def test_every_part_of_a_node_that_can_change(database: session.Database) -> None:
    cluster, new = values.cluster(id="c1"), values.profile("p2")
    databases.fill(database, profiles=[new], clusters_=[cluster])
    change = nodes.Change(
        name="new",
        role="r",
        metadata={"k": 1},
        tainted=True,
        profile_id="p2",
        membership=("c1", 7),
        physical_id="x",
        details={"d": 1},
        cpus=0.5,
        memory=64,
        status=model.NodeStatus.WARNING,
        status_reason="why",
        created_at=5.0,
        updated_at=6.0,
    )
    before = databases.node(database, IDS[0])
    given = {field.name: getattr(change, field.name) for field in dataclasses.fields(change)}
    cluster_id, index = given.pop("membership")
    database.write(nodes.change_each, {IDS[0]: change})
    after = databases.node(database, IDS[0])
    assert after == dataclasses.replace(before, cluster_id=cluster_id, index=index, **given)
    left = nodes.Change(membership=(None, -1), metadata={}, tainted=False)
    database.write(nodes.change_each, {IDS[0]: left})
    assert databases.node(database, IDS[0]) == dataclasses.replace(
        after, cluster_id=None, index=-1, metadata={}, tainted=False
    )
