"""What the adoption of things that exist already asks of the database."""

from __future__ import annotations

import sqlalchemy as sa

from senlin_container.domain import model
from senlin_container.store import rows

_N = rows.NODES
_P = rows.PROFILES


def holder(tx: sa.Connection, physical_id: str, type_name: str, node_id: str) -> model.Node | None:
    """Find the node that stands for a thing outside, or for which it was made.

    One adoption looks at a time: it holds the row of the installation until its transaction ends, so that of two that
    want the same thing the second finds the node of the first.

    :param type_name: the profile type of the thing
    :param node_id: the node that the thing itself names, "" for none
    """
    tx.execute(sa.select(rows.INSTALLATION.c.id).with_for_update())
    query = (
        sa.select(_N)
        .join_from(_N, _P, _N.c.profile_id == _P.c.id)
        .where(sa.or_(sa.and_(_N.c.physical_id == physical_id, _P.c.type == type_name), _N.c.id == node_id))
    )
    row = tx.execute(query).first()
    return None if row is None else rows.node(row)
