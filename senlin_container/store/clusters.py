"""Clusters: reads, and writes guarded by their generation."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from senlin_container.domain import lifecycle, model
from senlin_container.store import columns, listing, rows, session

_C = rows.CLUSTERS
_N = rows.NODES
_P = rows.PROFILES
_B = rows.BINDINGS
_R = rows.RECEIVERS
CLUSTER_KEYS = {key: _C.c[key] for key in ("name", "status", "init_at", "created_at", "updated_at")}

_WITH_PROFILE = sa.select(_C, _P.c.name.label("profile_name")).join_from(_C, _P, _C.c.profile_id == _P.c.id)


def _all_of(column: sa.Column[Any], order: sa.Column[Any], cluster_id: sa.Column[Any]) -> sa.ScalarSelect[Any]:
    return sa.select(columns.ids(column, order)).where(cluster_id == _C.c.id).correlate(_C).scalar_subquery()


_WHOLE = _WITH_PROFILE.add_columns(
    _all_of(_N.c.id, _N.c.position, _N.c.cluster_id).label("node_ids"),
    _all_of(_B.c.policy_id, _B.c.priority, _B.c.cluster_id).label("policy_ids"),
)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """A cluster with what belongs to it: the ids of its nodes by their index, of its policies by their priority."""

    cluster: model.Cluster
    profile_name: str
    node_ids: tuple[str, ...] = ()
    policy_ids: tuple[str, ...] = ()


def insert(tx: sa.Connection, cluster: model.Cluster) -> None:
    """Write a new cluster."""
    tx.execute(sa.insert(_C).values(rows.cluster_columns(cluster)))


def find(tx: sa.Connection, project: str | None, identity: str) -> tuple[model.Cluster, str]:
    """Find one by id, name or short id; returns it with the name of its profile."""
    row = listing.find(tx, _WITH_PROFILE, _C, "cluster", project, identity)
    return rows.cluster(row), row.profile_name


def find_whole(tx: sa.Connection, project: str | None, identity: str) -> Whole:
    """Find one by id, name or short id."""
    return _whole(listing.find(tx, _WHOLE, _C, "cluster", project, identity))


def page(tx: sa.Connection, wanted: listing.Page, filters: Mapping[str, Sequence[str]]) -> list[Whole]:
    """Return a page of clusters; filters: name, status."""
    columns_ = {key: (_C.c[key], values) for key, values in filters.items()}
    found = listing.page(tx, _WHOLE, _C, wanted, keys=CLUSTER_KEYS, default="init_at", filters=columns_)
    return [_whole(row) for row in found]


def _whole(row: rows.Row) -> Whole:
    return Whole(
        cluster=rows.cluster(row),
        profile_name=row.profile_name,
        node_ids=row.node_ids,
        policy_ids=row.policy_ids,
    )


def get(tx: sa.Connection, cluster_id: str) -> model.Cluster | None:
    """Return one by id."""
    row = tx.execute(sa.select(_C).where(_C.c.id == cluster_id)).one_or_none()
    return None if row is None else rows.cluster(row)


def lock(tx: sa.Connection, cluster_id: str) -> None:
    """Keep others from locking or changing a cluster until the transaction ends."""
    tx.execute(sa.select(_C.c.id).where(_C.c.id == cluster_id).with_for_update())


def count(tx: sa.Connection, project: str) -> int:
    """Count a project's clusters."""
    return int(tx.execute(sa.select(sa.func.count()).where(_C.c.project == project)).scalar_one())


def change(tx: sa.Connection, cluster: model.Cluster, **values: Any) -> None:
    """Write columns of a cluster, provided that nobody has written to it since it was read.

    :raises session.Stale: when somebody has
    """
    changed = tx.execute(
        sa.update(_C)
        .where(_C.c.id == cluster.id, _C.c.generation == cluster.generation)
        .values(generation=cluster.generation + 1, **values)
    )
    if changed.rowcount != 1:
        raise session.Stale


def delete(tx: sa.Connection, cluster_id: str) -> None:
    """Remove a cluster, its bindings and receivers with it. Its nodes must be gone."""
    tx.execute(sa.delete(_B).where(_B.c.cluster_id == cluster_id))
    tx.execute(sa.delete(_R).where(_R.c.cluster_id == cluster_id))
    tx.execute(sa.delete(_C).where(_C.c.id == cluster_id))


def judge(tx: sa.Connection, cluster: model.Cluster, why: str, now: float, **values: Any) -> model.ClusterStatus:
    """Set a cluster's status by the statuses of its nodes, together with other columns; returns the status."""
    statuses = [
        model.NodeStatus(row.status) for row in tx.execute(sa.select(_N.c.status).where(_N.c.cluster_id == cluster.id))
    ]
    status, reason = lifecycle.cluster_status(
        min_size=cluster.min_size,
        max_size=cluster.max_size,
        desired=cluster.desired_capacity,
        statuses=statuses,
        why=why,
    )
    change(tx, cluster, status=status.value, status_reason=reason, updated_at=now, **values)
    return status


def judge_idle(tx: sa.Connection, cluster_ids: Collection[str], why: str, now: float) -> None:
    """Set anew the status of those of the clusters that no action is at work on."""
    if not cluster_ids:
        return
    query = sa.select(_C).where(_C.c.id.in_(cluster_ids)).with_for_update()
    for row in tx.execute(query).all():
        cluster = rows.cluster(row)
        if cluster.status not in lifecycle.BUSY_CLUSTER and cluster.status != model.ClusterStatus.INIT:
            judge(tx, cluster, why, now)
