"""Clusters: reads, and writes guarded by their generation."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from senlin_container.domain import lifecycle, model
from senlin_container.store import listing, rows, session

_C = rows.CLUSTERS
_N = rows.NODES
_P = rows.PROFILES
_B = rows.BINDINGS
CLUSTER_KEYS = {key: _C.c[key] for key in ("name", "status", "init_at", "created_at", "updated_at")}


def insert(tx: sa.Connection, cluster: model.Cluster) -> None:
    """Write a new cluster."""
    tx.execute(sa.insert(_C).values(rows.cluster_columns(cluster)))


def find(tx: sa.Connection, project: str | None, identity: str) -> tuple[model.Cluster, str]:
    """Find one by id, name or short id; returns it with the name of its profile."""
    row = listing.find(tx, _with_profile(), _C, "cluster", project, identity)
    return rows.cluster(row), row.profile_name


def page(
    tx: sa.Connection, wanted: listing.Page, filters: Mapping[str, Sequence[str]]
) -> list[tuple[model.Cluster, str]]:
    """Return a page of clusters with the names of their profiles; filters: name, status."""
    columns = {key: (_C.c[key], values) for key, values in filters.items()}
    found = listing.page(tx, _with_profile(), _C, wanted, keys=CLUSTER_KEYS, default="init_at", filters=columns)
    return [(rows.cluster(row), row.profile_name) for row in found]


def _with_profile() -> sa.Select[Any]:
    return sa.select(_C, _P.c.name.label("profile_name")).join_from(_C, _P, _C.c.profile_id == _P.c.id)


def members(tx: sa.Connection, cluster_ids: Collection[str]) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Return the ids of the nodes and of the policies of clusters, by cluster, in one statement."""
    nodes: dict[str, list[str]] = {cluster_id: [] for cluster_id in cluster_ids}
    policies: dict[str, list[str]] = {cluster_id: [] for cluster_id in cluster_ids}
    if not cluster_ids:
        return nodes, policies
    query = sa.union_all(
        sa.select(sa.literal(0).label("what"), _N.c.cluster_id, _N.c.id, _N.c.position).where(
            _N.c.cluster_id.in_(cluster_ids)
        ),
        sa.select(sa.literal(1), _B.c.cluster_id, _B.c.policy_id, _B.c.priority).where(
            _B.c.cluster_id.in_(cluster_ids)
        ),
    )
    for what, cluster_id, id_, _ in sorted(tx.execute(query), key=lambda row: (row[0], row[3])):
        (policies if what else nodes)[cluster_id].append(id_)
    return nodes, policies


def get(tx: sa.Connection, cluster_id: str) -> model.Cluster | None:
    """Return one by id."""
    row = tx.execute(sa.select(_C).where(_C.c.id == cluster_id)).one_or_none()
    return None if row is None else rows.cluster(row)


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
    """Remove a cluster, its bindings with it. Its nodes must be gone."""
    tx.execute(sa.delete(_B).where(_B.c.cluster_id == cluster_id))
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
