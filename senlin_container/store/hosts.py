"""Hosts: their room, and what is promised of it.

No two writers can promise the same room: each must have read the generation that it replaces.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence

import sqlalchemy as sa

from senlin_container.domain import model
from senlin_container.store import rows, session

_H = rows.HOSTS
_N = rows.NODES


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """A change of what is promised of a host; negative when it is given back."""

    cpus: float = 0.0
    memory: int = 0
    containers: int = 0

    def plus(self, other: Promise) -> Promise:
        """Return both together."""
        return Promise(
            cpus=self.cpus + other.cpus,
            memory=self.memory + other.memory,
            containers=self.containers + other.containers,
        )


def to_run(node: model.Node) -> Promise:
    """Return what is promised to a container."""
    return Promise(cpus=node.cpus, memory=node.memory, containers=1)


def given_back(node: model.Node) -> Promise:
    """Return what the end of a container gives back."""
    return Promise(cpus=-node.cpus, memory=-node.memory, containers=-1)


def save(tx: sa.Connection, host: model.Host, *, profile_id: str, project: str, now: float) -> None:
    """Write what an engine told of itself; what is promised of it stays as it is."""
    facts = {
        "name": host.name,
        "profile_id": profile_id,
        "state": host.state.value,
        "state_at": now,
        "cpus": host.cpus,
        "memory": host.memory,
        "max_containers": host.max_containers,
        "labels": host.labels,
        "zone": host.zone,
        "region": host.region,
    }
    if tx.execute(sa.update(_H).where(_H.c.id == host.id).values(generation=_H.c.generation + 1, **facts)).rowcount:
        return
    tx.execute(
        sa.insert(_H).values(
            id=host.id, project=project, used_cpus=0.0, used_memory=0, used_containers=0, generation=0, **facts
        )
    )


def set_state(tx: sa.Connection, host_id: str, state: model.HostState, now: float) -> bool:
    """Note whether a host answers; returns whether that is news."""
    changed = tx.execute(
        sa.update(_H)
        .where(_H.c.id == host_id, _H.c.state != state.value)
        .values(state=state.value, state_at=now, generation=_H.c.generation + 1)
    )
    return changed.rowcount == 1


def all_of(tx: sa.Connection, *, cluster_id: str | None = None, ids: Sequence[str] | None = None) -> list[model.Host]:
    """Return hosts whose nodes exist: those of a cluster, or those with the ids, or all."""
    query = sa.select(_H, _N.c.cluster_id.label("host_cluster")).join_from(_H, _N, _H.c.id == _N.c.id)
    if cluster_id is not None:
        query = query.where(_N.c.cluster_id == cluster_id)
    if ids is not None:
        query = query.where(_H.c.id.in_(ids))
    return [rows.host(row, row.host_cluster) for row in tx.execute(query.order_by(_H.c.id))]


def loads(tx: sa.Connection, cluster_id: str) -> dict[str, int]:
    """Return how many containers each member of a cluster of hosts runs, where it runs any."""
    query = (
        sa.select(_H.c.id, _H.c.used_containers)
        .join_from(_H, _N, _H.c.id == _N.c.id)
        .where(_N.c.cluster_id == cluster_id, _H.c.used_containers > 0)
    )
    return {row.id: row.used_containers for row in tx.execute(query)}


def promise(tx: sa.Connection, promises: Mapping[str, Promise], generations: Mapping[str, int]) -> None:
    """Promise room of hosts, provided that nothing was promised since their generations were read.

    :raises session.Stale: when something was
    """
    for host_id, change in sorted(promises.items()):
        done = tx.execute(
            sa.update(_H)
            .where(_H.c.id == host_id, _H.c.generation == generations[host_id])
            .values({**_added(change), "generation": _H.c.generation + 1})
        )
        if done.rowcount != 1:
            raise session.Stale


def adjust(tx: sa.Connection, promises: Mapping[str, Promise]) -> None:
    """Give room back, or take what cannot be refused any more; in the order of ids, so that nobody deadlocks."""
    for host_id, change in sorted(promises.items()):
        tx.execute(
            sa.update(_H).where(_H.c.id == host_id).values({**_added(change), "generation": _H.c.generation + 1})
        )


def _added(change: Promise) -> dict[str, sa.ColumnElement[float]]:
    return {
        "used_cpus": _H.c.used_cpus + change.cpus,
        "used_memory": _H.c.used_memory + change.memory,
        "used_containers": _H.c.used_containers + change.containers,
    }


def rename(tx: sa.Connection, host_id: str, name: str) -> None:
    """Follow the new name of a node, should it be a host."""
    tx.execute(sa.update(_H).where(_H.c.id == host_id).values(name=name))


def forget(tx: sa.Connection, ids: Collection[str]) -> None:
    """Remove those of the hosts that have no node any more and run nothing."""
    gone = sa.and_(
        _H.c.id.not_in(sa.select(_N.c.id).where(_N.c.id.in_(ids))),
        _H.c.id.not_in(sa.select(_N.c.host_id).where(_N.c.host_id.in_(ids))),
    )
    tx.execute(sa.delete(_H).where(_H.c.id.in_(ids), gone))


def addresses(tx: sa.Connection, ids: Collection[str]) -> dict[str, tuple[str, str]]:
    """Return, by host id, the id of the profile that tells how to reach it, and its name."""
    if not ids:
        return {}
    query = sa.select(_H.c.id, _H.c.profile_id, _H.c.name).where(_H.c.id.in_(ids))
    return {row.id: (row.profile_id, row.name) for row in tx.execute(query)}
