"""What lets the service act for a user in a project, encrypted by who calls."""

from __future__ import annotations

import sqlalchemy as sa
from oslo_db import exception as db_exception

from senlin_container.domain import model
from senlin_container.store import tables

_T = tables.Base.metadata.tables["credentials"]


def find(tx: sa.Connection, owner: model.Owner) -> str | None:
    """Return the encrypted secret of a user in a project; None when there is none."""
    found = tx.execute(sa.select(_T.c.secret).where(*_is(owner))).scalar()
    return None if found is None else str(found)


def replace(tx: sa.Connection, owner: model.Owner, *, old: str | None, secret: str, now: float) -> bool:
    """Put a secret in the place of the one that was read; False when somebody else was faster."""
    if old is not None:
        change = sa.update(_T).where(*_is(owner), _T.c.secret == old).values(secret=secret, created_at=now)
        return tx.execute(change).rowcount == 1
    values = {"user": owner.user, "project": owner.project, "secret": secret, "created_at": now}
    try:
        with tx.begin_nested():
            tx.execute(sa.insert(_T).values(**values))
    except db_exception.DBDuplicateEntry:
        return False
    return True


def _is(owner: model.Owner) -> tuple[sa.ColumnElement[bool], ...]:
    return (_T.c.user == owner.user, _T.c.project == owner.project)
