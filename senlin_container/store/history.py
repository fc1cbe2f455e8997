"""Events and services."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from senlin_container.domain import model
from senlin_container.store import listing, rows, session

_E = rows.EVENTS
_S = rows.SERVICES
_C = rows.CLUSTERS
_ALL = sa.select(_E)
EVENT_KEYS = {
    key: _E.c[key] for key in ("timestamp", "level", "otype", "oname", "action", "status", "oid", "cluster_id")
}


def record(tx: sa.Connection, events: Sequence[model.Event]) -> None:
    """Write events, all in one statement, and have whoever listens told of them."""
    session.note(tx, events)
    if events and session.keeps_events(tx):
        tx.execute(sa.insert(_E), [rows.event_columns(event) for event in events])


def list_events(tx: sa.Connection, page: listing.Page, filters: Mapping[str, Sequence[str]]) -> list[model.Event]:
    """Return a page of events; filters: the sort keys."""
    columns = {key: (_E.c[key], values) for key, values in filters.items()}
    found = listing.page(tx, _ALL, _E, page, keys=EVENT_KEYS, default="timestamp", filters=columns)
    return [rows.event(row) for row in found]


def find_event(tx: sa.Connection, project: str | None, identity: str) -> model.Event:
    """Find one by id or short id."""
    return rows.event(listing.find(tx, _ALL, _E, "event", project, identity))


def clusters_of(tx: sa.Connection, cluster_ids: Sequence[str]) -> dict[str, model.Cluster]:
    """Return the clusters, those that still exist, that events are about."""
    wanted = set(cluster_ids)
    if not wanted:
        return {}
    return {row.id: rows.cluster(row) for row in tx.execute(sa.select(_C).where(_C.c.id.in_(wanted)))}


def start_service(tx: sa.Connection, service: model.Service) -> None:
    """Write a process that has started."""
    tx.execute(
        sa.insert(_S).values(
            id=service.id,
            host=service.host,
            binary=service.binary,
            topic=service.topic,
            disabled=service.disabled,
            disabled_reason=service.disabled_reason,
            created_at=service.created_at,
            updated_at=service.updated_at,
        )
    )


def beat(tx: sa.Connection, service_id: str, now: float) -> None:
    """Note that a process is alive."""
    tx.execute(sa.update(_S).where(_S.c.id == service_id).values(updated_at=now))


def end_services(tx: sa.Connection, *, service_id: str | None = None, silent_since: float | None = None) -> None:
    """Remove a process that ends in order, and those that have been silent for long."""
    conditions = []
    if service_id is not None:
        conditions.append(_S.c.id == service_id)
    if silent_since is not None:
        conditions.append(_S.c.updated_at < silent_since)
    tx.execute(sa.delete(_S).where(sa.or_(*conditions)))


def services(tx: sa.Connection) -> list[model.Service]:
    """Return all processes, the oldest first."""
    return [rows.service(row) for row in tx.execute(sa.select(_S).order_by(_S.c.created_at, _S.c.id))]
