"""Receivers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from senlin_container.domain import errors, model
from senlin_container.store import listing, rows

_R = rows.RECEIVERS
_ALL = sa.select(_R)
RECEIVER_KEYS = {key: _R.c[key] for key in ("name", "type", "action", "cluster_id", "created_at", "user")}


def insert(tx: sa.Connection, receiver: model.Receiver) -> None:
    """Write a new receiver."""
    tx.execute(
        sa.insert(_R).values(
            id=receiver.id,
            name=receiver.name,
            type=receiver.type,
            cluster_id=receiver.cluster_id,
            action=receiver.action,
            actor=receiver.actor,
            params=receiver.params,
            channel=receiver.channel,
            created_at=receiver.created_at,
            updated_at=receiver.updated_at,
            **rows.owner_columns(receiver.owner),
        )
    )


def find(tx: sa.Connection, project: str | None, identity: str) -> model.Receiver:
    """Find one by id, name or short id."""
    return _receiver(listing.find(tx, _ALL, _R, "receiver", project, identity))


def by_id(tx: sa.Connection, receiver_id: str) -> model.Receiver:
    """Find one by its whole id, whoever it belongs to.

    :raises errors.NotFound: when there is none
    """
    row = tx.execute(sa.select(_R).where(_R.c.id == receiver_id)).first()
    if row is None:
        raise errors.NotFound("receiver", receiver_id)
    return _receiver(row)


def page(tx: sa.Connection, wanted: listing.Page, filters: Mapping[str, Sequence[str]]) -> list[model.Receiver]:
    """Return a page of receivers; filters: name, type, cluster_id, action, user."""
    columns = {key: (_R.c[key], values) for key, values in filters.items()}
    found = listing.page(tx, _ALL, _R, wanted, keys=RECEIVER_KEYS, default="created_at", filters=columns)
    return [_receiver(row) for row in found]


def ids_of(tx: sa.Connection, cluster_id: str) -> list[str]:
    """Return the ids of the receivers that trigger actions on a cluster, the oldest first."""
    query = sa.select(_R.c.id).where(_R.c.cluster_id == cluster_id).order_by(_R.c.created_at, _R.c.id)
    return list(tx.execute(query).scalars())


def actors_of(tx: sa.Connection, owner: model.Owner) -> list[Mapping[str, Any]]:
    """Return what the receivers of an owner act by."""
    query = sa.select(_R.c.actor).where(_R.c.user == owner.user, _R.c.project == owner.project)
    return list(tx.execute(query).scalars())


def update(tx: sa.Connection, receiver_id: str, **values: Any) -> None:
    """Write columns of a receiver."""
    tx.execute(sa.update(_R).where(_R.c.id == receiver_id).values(values))


def delete(tx: sa.Connection, receiver_id: str) -> None:
    """Remove a receiver."""
    tx.execute(sa.delete(_R).where(_R.c.id == receiver_id))


def _receiver(row: rows.Row) -> model.Receiver:
    return model.Receiver(
        id=row.id,
        name=row.name,
        type=row.type,
        cluster_id=row.cluster_id,
        action=row.action,
        actor=row.actor,
        params=row.params,
        channel=row.channel,
        owner=rows.owner(row),
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
