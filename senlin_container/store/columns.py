"""Columns as lists and views read them: in a form that costs little to get and to pass on."""

from __future__ import annotations

from typing import Any, NewType

import sqlalchemy as sa
from sqlalchemy.ext import compiler
from sqlalchemy.sql import functions

Text = NewType("Text", str)
"""A JSON document, written."""


class _Seconds(functions.FunctionElement[int]):
    name = "seconds"
    type = sa.BigInteger()
    inherit_cache = True


class _Text(functions.FunctionElement[str]):
    name = "text"
    type = sa.Text()
    inherit_cache = True


class _IdList(sa.types.TypeDecorator[tuple[str, ...]]):
    impl = sa.Text
    cache_ok = True

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> tuple[str, ...]:
        found = value.split(",") if value else []
        if dialect.name == "sqlite":
            found = [one[_DIGITS:] for one in sorted(found)]
        return tuple(found)


class _Ids(functions.FunctionElement[tuple[str, ...]]):
    name = "ids"
    type = _IdList()
    inherit_cache = True


_DIGITS = 12


def ids(column: sa.Column[Any], order: sa.Column[int]) -> sa.ColumnElement[tuple[str, ...]]:
    """Read all ids of a group as one value, in an order."""
    return _Ids(column, order)


def seconds(column: sa.Column[Any]) -> sa.ColumnElement[int]:
    """Read a time without its fraction, which costs MariaDB as much to write out in digits as the rest of a row."""
    return _Seconds(column).label(column.name)


def json_text(column: sa.Column[Any]) -> sa.ColumnElement[str]:
    """Read JSON as it is stored, as text: an answer takes it as it is."""
    return _Text(column).label(column.name)


@compiler.compiles(_Seconds)
def _floor(element: _Seconds, compiling: Any, **kwargs: Any) -> str:
    floor = sa.func.floor(*element.clauses, type_=sa.Double)
    return str(compiling.process(sa.cast(floor, sa.BigInteger), **kwargs))


@compiler.compiles(_Seconds, "sqlite")
def _truncated(element: _Seconds, compiling: Any, **kwargs: Any) -> str:
    return f"CAST({compiling.process(element.clauses, **kwargs)} AS INTEGER)"  # it is built without FLOOR now and then


@compiler.compiles(_Ids)
def _joined(element: _Ids, compiling: Any, **kwargs: Any) -> str:
    column, order = (compiling.process(one, **kwargs) for one in element.clauses)
    return f"GROUP_CONCAT({column} ORDER BY {order}, {column})"


@compiler.compiles(_Ids, "postgresql")
def _joined_in_postgresql(element: _Ids, compiling: Any, **kwargs: Any) -> str:
    column, order = (compiling.process(one, **kwargs) for one in element.clauses)
    return f"STRING_AGG({column}, ',' ORDER BY {order}, {column})"


@compiler.compiles(_Ids, "sqlite")
def _joined_in_sqlite(element: _Ids, compiling: Any, **kwargs: Any) -> str:
    # before 3.44 it knows no order here: each id has its place before it, and _IdList sorts
    column, order = (compiling.process(one, **kwargs) for one in element.clauses)
    return f"GROUP_CONCAT(printf('%0{_DIGITS}d', {order}) || {column})"


@compiler.compiles(_Text)
def _as_it_is(element: _Text, compiling: Any, **kwargs: Any) -> str:
    return str(compiling.process(element.clauses, **kwargs))


@compiler.compiles(_Text, "postgresql")
def _cast(element: _Text, compiling: Any, **kwargs: Any) -> str:
    return f"CAST({compiling.process(element.clauses, **kwargs)} AS TEXT)"
