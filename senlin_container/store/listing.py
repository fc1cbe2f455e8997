"""Finding one object and listing many: the same rules for every table."""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from senlin_container.domain import errors

SHORT_ID = 4
"""How many characters of an id are enough to look for it."""

_ID = 36
_HEX = re.compile(r"[0-9a-f][0-9a-f-]*")
_STATEMENTS = 256
"""How many statements of each kind are kept."""


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

    What is as long as an id is first looked for by the primary key alone; only when nothing has that id it may be a
    name, which takes a second statement.

    :param query: selects from ``table``; best a constant, because the statements made of it are kept
    :raises errors.NotFound: when nothing fits
    :raises errors.Ambiguous: when a name or the beginning of an id fits several
    """
    given = {"identity": identity, "beginning": f"{identity}%", "project": project}
    scoped = project is not None
    if len(identity) == _ID:
        row = tx.execute(_by_id(query, table, scoped), given).one_or_none()
        if row is not None or "name" not in table.c:
            return _known(row, kind, identity)
    short = SHORT_ID <= len(identity) < _ID and _HEX.fullmatch(identity) is not None
    rows = tx.execute(_by_any(query, table, scoped, short), given).all()
    if rows and rows[0].id == identity:
        return rows[0]
    named = [row for row in rows if "name" in table.c and row.name == identity]
    found = named or rows
    if len(found) > 1:
        raise errors.Ambiguous(kind, identity)
    return _known(found[0] if found else None, kind, identity)


def _known(row: sa.Row[Any] | None, kind: str, identity: str) -> sa.Row[Any]:
    if row is None:
        raise errors.NotFound(kind, identity)
    return row


@functools.lru_cache(maxsize=_STATEMENTS)
def _by_id(query: sa.Select[Any], table: sa.Table, scoped: bool) -> sa.Select[Any]:
    query = query.where(table.c.id == sa.bindparam("identity"))
    return query.where(table.c.project == sa.bindparam("project")) if scoped else query


@functools.lru_cache(maxsize=_STATEMENTS)
def _by_any(query: sa.Select[Any], table: sa.Table, scoped: bool, short: bool) -> sa.Select[Any]:
    identity: sa.BindParameter[str] = sa.bindparam("identity")
    choices = [table.c.id == identity]
    if "name" in table.c:
        choices.append(table.c.name == identity)
    if short:
        choices.append(table.c.id.like(sa.bindparam("beginning")))
    query = query.where(sa.or_(*choices)).order_by((table.c.id == identity).desc()).limit(1000)
    return query.where(table.c.project == sa.bindparam("project")) if scoped else query


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

    :param query: selects from ``table``; best a constant, because the statements made of it are kept
    :param filters: name to the column and the values of which one must fit
    :raises errors.Invalid: when there is no object with the id of the marker, or it is of another project
    """
    order = tuple((keys[name], down) for name, down in wanted.sort or ((default, False),))
    chosen = tuple((column, len(values) == 1) for column, values in filters.values())
    statement = _page_of(query, table, order, chosen, wanted.project is not None, wanted.marker is not None)
    given: dict[str, Any] = {"project": wanted.project, "marker": wanted.marker, "limit": wanted.limit}
    for number, (_, values) in enumerate(filters.values()):
        given[f"filter_{number}"] = values[0] if len(values) == 1 else list(values)
    found = tx.execute(statement, given).all()
    if not found and wanted.marker is not None and not wanted.lenient:
        _check_marker(tx, table, wanted.marker, wanted.project)
    return found


@functools.lru_cache(maxsize=_STATEMENTS)
def _page_of(
    query: sa.Select[Any],
    table: sa.Table,
    order: tuple[tuple[sa.Column[Any], bool], ...],
    chosen: tuple[tuple[sa.Column[Any], bool], ...],
    scoped: bool,
    marked: bool,
) -> sa.Select[Any]:
    """Make the statement for pages of one kind: to make it anew for each of them costs more than to run it."""
    if scoped:
        query = query.where(table.c.project == sa.bindparam("project"))
    for number, (column, single) in enumerate(chosen):
        value: Any = sa.bindparam(f"filter_{number}", expanding=not single)
        query = query.where(column == value if single else column.in_(value))
    order = (*order, (table.c.id, False))
    if marked:
        query = query.where(_after(table, order, scoped))
    for column, down in order:
        sorted_by = _sortable(column)
        query = query.order_by(sorted_by.desc() if down else sorted_by.asc())
    return query.limit(sa.bindparam("limit", type_=sa.Integer))


def _check_marker(tx: sa.Connection, table: sa.Table, marker: str, project: str | None) -> None:
    query = sa.select(table.c.id).where(table.c.id == marker)
    if project is not None:
        query = query.where(table.c.project == project)
    if tx.execute(query).first() is None:
        raise errors.Invalid(
            f"The marker '{marker}' could not be found: give the id of the last object that you have."
        )


def _sortable(column: sa.Column[Any]) -> sa.ColumnElement[Any]:
    """Give NULL a place in the order, the same in every database: first."""
    if not column.nullable:
        return column
    return sa.func.coalesce(column, sa.literal(-1.0 if isinstance(column.type, sa.Double) else ""))


def _after(table: sa.Table, order: Sequence[tuple[sa.Column[Any], bool]], scoped: bool) -> sa.ColumnElement[bool]:
    """Rows that come after the marker, which is looked up in the same statement, and in the same project."""
    marked = table.alias("marked")
    alternatives: list[sa.ColumnElement[bool]] = []
    equal: list[sa.ColumnElement[bool]] = []
    for column, down in order:
        value = _sortable(column)
        of_marker = sa.select(_sortable(marked.c[column.name])).where(marked.c.id == sa.bindparam("marker"))
        if scoped:
            of_marker = of_marker.where(marked.c.project == sa.bindparam("project"))
        its = of_marker.scalar_subquery()
        alternatives.append(sa.and_(*equal, value < its if down else value > its))
        equal.append(value == its)
    return sa.or_(*alternatives)
