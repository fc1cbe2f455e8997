"""Finding one object and listing many: the same rules for every table."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from senlin_container.domain import errors

SHORT_ID = 4
"""How many characters of an id are enough to look for it."""

_HEX = re.compile(r"[0-9a-f][0-9a-f-]*")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What part of a list is wanted: at most ``limit`` objects after the one with id ``marker``.

    ``sort`` holds pairs of a key and whether it is descending. ``project`` None means all projects. ``lenient``
    takes a marker that does not exist for the end of the list.
    """

    project: str | None
    limit: int
    marker: str | None = None
    sort: tuple[tuple[str, bool], ...] = ()
    lenient: bool = False


def find(
    tx: sa.Connection, query: sa.Select[Any], table: sa.Table, kind: str, project: str | None, identity: str
) -> sa.Row[Any]:
    """Find one row by id, by name, or by the beginning of its id, in one statement.

    :raises errors.NotFound: when nothing fits
    :raises errors.Ambiguous: when a name or the beginning of an id fits several
    """
    choices = [table.c.id == identity]
    if "name" in table.c:
        choices.append(table.c.name == identity)
    if SHORT_ID <= len(identity) < 36 and _HEX.fullmatch(identity):
        choices.append(table.c.id.like(f"{identity}%"))
    query = query.where(sa.or_(*choices)).order_by((table.c.id == identity).desc()).limit(1000)
    if project is not None:
        query = query.where(table.c.project == project)
    rows = tx.execute(query).all()
    if rows and rows[0].id == identity:
        return rows[0]
    named = [row for row in rows if "name" in table.c and row.name == identity]
    found = named or rows
    if not found:
        raise errors.NotFound(kind, identity)
    if len(found) > 1:
        raise errors.Ambiguous(kind, identity)
    return found[0]


def page(
    tx: sa.Connection,
    query: sa.Select[Any],
    table: sa.Table,
    wanted: Page,
    *,
    keys: Mapping[str, sa.Column[Any]],
    default: str,
    filters: Mapping[str, tuple[sa.Column[Any], Sequence[Any]]],
) -> Sequence[sa.Row[Any]]:
    """Return one page of a list in one statement; rows are ordered by the sort keys and then by id.

    :param filters: name to the column and the values of which one must fit
    :raises errors.Invalid: when there is no object with the id of the marker
    """
    if wanted.project is not None:
        query = query.where(table.c.project == wanted.project)
    for column, values in filters.values():
        query = query.where(column == values[0] if len(values) == 1 else column.in_(values))
    order = [(keys[name], down) for name, down in wanted.sort or ((default, False),)]
    order.append((table.c.id, False))
    if wanted.marker is not None:
        query = query.where(_after(table, order, wanted.marker))
    for column, down in order:
        value = _sortable(column)
        query = query.order_by(value.desc() if down else value.asc())
    found = tx.execute(query.limit(wanted.limit)).all()
    if not found and wanted.marker is not None and not wanted.lenient:
        _check_marker(tx, table, wanted.marker)
    return found


def _check_marker(tx: sa.Connection, table: sa.Table, marker: str) -> None:
    if tx.execute(sa.select(table.c.id).where(table.c.id == marker)).first() is None:
        raise errors.Invalid(
            f"The marker '{marker}' could not be found: give the id of the last object that you have."
        )


def _sortable(column: sa.Column[Any]) -> sa.ColumnElement[Any]:
    """Give NULL a place in the order, the same in every database: first."""
    if not column.nullable:
        return column
    return sa.func.coalesce(column, sa.literal(-1.0 if isinstance(column.type, sa.Double) else ""))


def _after(table: sa.Table, order: Sequence[tuple[sa.Column[Any], bool]], marker: str) -> sa.ColumnElement[bool]:
    """Rows that come after the marker, which is looked up in the same statement."""
    marked = table.alias("marked")
    alternatives: list[sa.ColumnElement[bool]] = []
    equal: list[sa.ColumnElement[bool]] = []
    for column, down in order:
        value = _sortable(column)
        its = sa.select(_sortable(marked.c[column.name])).where(marked.c.id == marker).scalar_subquery()
        alternatives.append(sa.and_(*equal, value < its if down else value > its))
        equal.append(value == its)
    return sa.or_(*alternatives)
