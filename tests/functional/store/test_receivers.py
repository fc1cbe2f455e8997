"""Receivers as rows."""

from __future__ import annotations

import dataclasses
import itertools
from typing import Any

import pytest

from senlin_container.domain import errors, model
from senlin_container.store import clusters, listing, receivers, session
from tests import databases, values


def receiver(id_: str, **given: Any) -> model.Receiver:
    defaults: dict[str, Any] = {
        "name": id_,
        "type": "message",
        "cluster_id": None,
        "action": None,
        "actor": {},
        "params": {},
        "channel": {},
        "owner": values.OWNER,
        "created_at": 1.0,
    }
    return model.Receiver(id=id_, **(defaults | given))


def write(database: session.Database, *found: model.Receiver) -> None:
    for one in found:
        database.write(receivers.insert, one)


def ids(database: session.Database, **given: Any) -> list[str]:
    page = listing.Page(**({"project": values.OWNER.project, "limit": 10} | given))
    return [one.id for one in database.read(receivers.page, page, {})]


def test_what_is_written_is_read(database: session.Database) -> None:
    databases.fill(database, clusters_=[values.cluster(id="c1")])
    whole = receiver(
        "r1",
        cluster_id="c1",
        action="CLUSTER_CHECK",
        type="webhook",
        actor={"trust_id": "t"},
        params={"count": 1, "n": ["ä"]},
        channel={"a": "b"},
        updated_at=2.0,
    )
    write(database, whole)
    assert database.read(receivers.find, values.OWNER.project, "r1") == whole
    assert database.read(receivers.by_id, "r1") == whole
    assert database.read(receivers.ids_of, "c1") == ["r1"]
    assert database.read(receivers.actors_of, values.OWNER) == [{"trust_id": "t"}]
    assert database.read(receivers.actors_of, values.OTHER) == []
    database.write(receivers.update, "r1", name="new", params={})
    changed = dataclasses.replace(whole, name="new", params={})
    assert database.read(receivers.by_id, "r1") == changed
    database.write(receivers.delete, "r1")
    with pytest.raises(errors.NotFound):
        database.read(receivers.by_id, "r1")


def test_a_cluster_takes_its_receivers_along(database: session.Database) -> None:
    databases.fill(database, clusters_=[values.cluster(id="c1"), values.cluster(id="c2")])
    write(database, receiver("r1", cluster_id="c1"), receiver("r2", cluster_id="c2"), receiver("r3"))
    database.write(clusters.delete, "c1")
    assert ids(database) == ["r2", "r3"]


def test_pages_go_on_where_a_key_is_missing(database: session.Database) -> None:
    write(
        database,
        receiver("r1", action="B"),
        receiver("r2"),
        receiver("r3", action="A"),
        receiver("r4"),
        receiver("x", owner=values.OTHER),
    )
    order = ids(database, sort=(("action", False),))
    assert order == ["r2", "r4", "r3", "r1"]
    for before, after in itertools.pairwise(order):
        assert ids(database, sort=(("action", False),), marker=before, limit=1) == [after]
    assert ids(database, project=None) == ["r1", "r2", "r3", "r4", "x"]
