"""Profiles, and the identity of the installation."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from oslo_db import exception as db_exception

from senlin_container.domain import errors, model
from senlin_container.store import listing, rows

_P = rows.PROFILES
_PROFILES = sa.select(_P)
_BY_IDS = _PROFILES.where(_P.c.id.in_(sa.bindparam("ids", expanding=True)))
_INSERT = sa.insert(_P)
PROFILE_KEYS = {"name": _P.c.name, "type": _P.c.type, "created_at": _P.c.created_at, "updated_at": _P.c.updated_at}


def installation(tx: sa.Connection, fresh_id: str, now: float) -> str:
    """Return the identity of this installation; the first call makes it."""
    table = rows.INSTALLATION
    found = tx.execute(sa.select(table.c.id).order_by(table.c.created_at)).scalar()
    if found is not None:
        return str(found)
    tx.execute(sa.insert(table).values(id=fresh_id, created_at=now))
    return fresh_id


def insert_profile(tx: sa.Connection, profile: model.Profile) -> None:
    """Write a new profile."""
    tx.execute(
        _INSERT,
        {
            "id": profile.id,
            "name": profile.name,
            "type": profile.type,
            "version": profile.version,
            "spec": profile.spec,
            "meta": profile.metadata,
            "created_at": profile.created_at,
            "updated_at": profile.updated_at,
            **rows.owner_columns(profile.owner),
        },
    )


def find_profile(tx: sa.Connection, project: str | None, identity: str) -> model.Profile:
    """Find one by id, name or short id."""
    return rows.profile(listing.find(tx, _PROFILES, _P, "profile", project, identity))


def list_profiles(tx: sa.Connection, page: listing.Page, filters: Mapping[str, Sequence[str]]) -> list[model.Profile]:
    """Return a page of profiles; filters: name, type (``NAME-VERSION`` or the name alone)."""
    query = _PROFILES
    columns: dict[str, tuple[sa.Column[Any], Sequence[Any]]] = {}
    for key, values in filters.items():
        if key == "type":
            full = _P.c.type + "-" + _P.c.version
            query = query.where(sa.or_(_P.c.type.in_(values), full.in_(values)))
        else:
            columns[key] = (_P.c[key], values)
    found = listing.page(tx, query, _P, page, keys=PROFILE_KEYS, default="created_at", filters=columns)
    return [rows.profile(row) for row in found]


def profiles_by_id(tx: sa.Connection, ids: Collection[str]) -> dict[str, model.Profile]:
    """Return profiles by id; unknown ids are left out."""
    if not ids:
        return {}
    return {row.id: rows.profile(row) for row in tx.execute(_BY_IDS, {"ids": list(ids)})}


def update_profile(
    tx: sa.Connection, profile_id: str, *, name: str | None, metadata: model.Json | None, now: float
) -> None:
    """Change what may change in a profile."""
    values: dict[str, Any] = {"updated_at": now}
    if name is not None:
        values["name"] = name
    if metadata is not None:
        values["meta"] = metadata
    tx.execute(sa.update(_P).where(_P.c.id == profile_id).values(values))


def delete_profile(tx: sa.Connection, profile_id: str) -> None:
    """Remove a profile.

    :raises errors.InUse: when a cluster, node or host refers to it (the foreign keys decide)
    """
    try:
        tx.execute(sa.delete(_P).where(_P.c.id == profile_id))
    except db_exception.DBReferenceError as exc:
        raise errors.InUse(
            f"The profile '{profile_id}' cannot be deleted: still referenced by some clusters and/or nodes."
        ) from exc
