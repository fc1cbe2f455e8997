"""Nodes: reads and bulk writes."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from senlin_container.domain import model
from senlin_container.store import columns, listing, rows

_N = rows.NODES
_P = rows.PROFILES
NODE_KEYS = {
    "name": _N.c.name,
    "index": _N.c.position,
    **{key: _N.c[key] for key in ("status", "init_at", "created_at", "updated_at")},
}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What changes in a node; None leaves a thing as it is. ``membership`` is a cluster, or none, and an index."""

    name: str | None = None
    role: str | None = None
    metadata: model.Json | None = None
    tainted: bool | None = None
    profile_id: str | None = None
    membership: tuple[str | None, int] | None = None
    physical_id: str | None = None
    details: model.Json | None = None
    cpus: float | None = None
    memory: int | None = None
    status: model.NodeStatus | None = None
    status_reason: str | None = None
    created_at: float | None = None
    updated_at: float | None = None

    def columns(self) -> dict[str, Any]:
        """Return the columns to write."""
        given = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        out = {_COLUMNS.get(name, name): value for name, value in given.items() if value is not None}
        membership = out.pop("membership", None)
        if membership is not None:
            out["cluster_id"], out["position"] = membership
        if self.status is not None:
            out["status"] = self.status.value
        return out


_COLUMNS = {"metadata": "meta"}


def insert(tx: sa.Connection, nodes: Sequence[model.Node]) -> None:
    """Write new nodes, all in one statement."""
    if nodes:
        tx.execute(sa.insert(_N), [rows.node_columns(node) for node in nodes])


_WITH_PROFILE = sa.select(_N, _P.c.name.label("profile_name")).join_from(_N, _P, _N.c.profile_id == _P.c.id)


class Line(NamedTuple):
    """A node as lists show it: flat, because lists are long. Times are whole seconds, ``Text`` is JSON as stored.

    ``position`` is the node's index, whose name a tuple has another use for.
    """

    id: str
    name: str
    profile_id: str
    profile_name: str
    cluster_id: str | None
    position: int
    host_id: str | None
    user: str
    project: str
    domain: str | None
    role: str
    physical_id: str | None
    status: str
    status_reason: str
    metadata: columns.Text
    data: columns.Text
    tainted: bool
    init_at: int
    created_at: int | None
    updated_at: int | None


_LINES = sa.select(
    _N.c.id,
    _N.c.name,
    _N.c.profile_id,
    _P.c.name.label("profile_name"),
    _N.c.cluster_id,
    sa.case((_N.c.cluster_id.is_(None), -1), else_=_N.c.position),
    _N.c.host_id,
    _N.c.user,
    _N.c.project,
    _N.c.domain,
    _N.c.role,
    _N.c.physical_id,
    _N.c.status,
    _N.c.status_reason,
    columns.json_text(_N.c.meta),
    columns.json_text(_N.c.data),
    _N.c.tainted,
    columns.seconds(_N.c.init_at),
    columns.seconds(_N.c.created_at),
    columns.seconds(_N.c.updated_at),
).join_from(_N, _P, _N.c.profile_id == _P.c.id)


def find(tx: sa.Connection, project: str | None, identity: str) -> tuple[model.Node, str]:
    """Find one by id, name or short id; returns it with the name of its profile."""
    row = listing.find(tx, _WITH_PROFILE, _N, "node", project, identity)
    return rows.node(row), row.profile_name


def page(tx: sa.Connection, wanted: listing.Page, filters: Mapping[str, Sequence[str]]) -> list[Line]:
    """Return a page of nodes; filters: name, status, cluster_id, host_id."""
    wanting = {key: (_N.c[key], values) for key, values in filters.items()}
    found = listing.page(tx, _LINES, _N, wanted, keys=NODE_KEYS, default="init_at", filters=wanting)
    return list(map(Line._make, found))


def of_cluster(tx: sa.Connection, cluster_id: str) -> tuple[model.Node, ...]:
    """Return the members of a cluster in the order of their indexes."""
    query = sa.select(_N).where(_N.c.cluster_id == cluster_id).order_by(_N.c.position)
    return tuple(rows.node(row) for row in tx.execute(query))


def with_profiles(tx: sa.Connection, cluster_id: str) -> list[tuple[model.Node, str]]:
    """Return the members of a cluster in the order of their indexes, each with the name of its profile."""
    query = _WITH_PROFILE.where(_N.c.cluster_id == cluster_id).order_by(_N.c.position)
    return [(rows.node(row), row.profile_name) for row in tx.execute(query)]


def on_host(tx: sa.Connection, host_id: str) -> tuple[model.Node, ...]:
    """Return the containers that a host runs, or is to run."""
    return tuple(rows.node(row) for row in tx.execute(sa.select(_N).where(_N.c.host_id == host_id)))


def by_id(tx: sa.Connection, ids: Collection[str], *, lock: bool = False) -> dict[str, model.Node]:
    """Return nodes by id, locked if wanted; unknown ids are left out."""
    if not ids:
        return {}
    query = sa.select(_N).where(_N.c.id.in_(ids))
    if lock:
        query = query.with_for_update()
    return {row.id: rows.node(row) for row in tx.execute(query)}


def count(tx: sa.Connection, cluster_id: str) -> int:
    """Count a cluster's nodes."""
    return int(tx.execute(sa.select(sa.func.count()).where(_N.c.cluster_id == cluster_id)).scalar_one())


def change(tx: sa.Connection, node_id: str, **values: Any) -> bool:
    """Write columns of a node; returns whether there is such a node."""
    return tx.execute(sa.update(_N).where(_N.c.id == node_id).values(**values)).rowcount == 1


def promise(tx: sa.Connection, ids: Collection[str], *, cpus: float, memory: int) -> None:
    """Note what hosts have promised nodes, all of them the same."""
    tx.execute(sa.update(_N).where(_N.c.id.in_(ids)).values(cpus=cpus, memory=memory))


def mark(tx: sa.Connection, ids: Collection[str], status: model.NodeStatus, reason: str) -> None:
    """Set the status of nodes."""
    if ids:
        tx.execute(sa.update(_N).where(_N.c.id.in_(ids)).values(status=status.value, status_reason=reason))


def change_each(tx: sa.Connection, changes: Mapping[str, Change]) -> None:
    """Change nodes, each in its own way; those that change in the same columns go in one batch."""
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for node_id, change in changes.items():
        values = change.columns()
        if values:
            names = tuple(sorted(values))
            groups.setdefault(names, []).append({"b_id": node_id, **{f"b_{name}": values[name] for name in names}})
    for names, parameters in groups.items():
        columns = {name: sa.bindparam(f"b_{name}", type_=_N.c[name].type) for name in names}
        tx.execute(sa.update(_N).where(_N.c.id == sa.bindparam("b_id")).values(columns), parameters)


def delete(tx: sa.Connection, ids: Collection[str]) -> None:
    """Remove nodes."""
    if ids:
        tx.execute(sa.delete(_N).where(_N.c.id.in_(ids)))
