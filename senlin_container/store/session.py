"""Transactions. Nothing else opens a connection.

A use case is one function of a connection, run by ``Database.write`` or ``Database.read`` in one transaction, with no
I/O inside. A write that loses a deadlock or its connection is run again, so the function must depend on nothing but
its arguments and the database.
"""

from __future__ import annotations

import contextlib
import json
import logging
import pathlib
import random
import time
from collections.abc import Callable, Iterator
from typing import Any, Concatenate, ParamSpec, TypeVar

import sqlalchemy as sa
from oslo_db import exception as db_exception
from oslo_db.sqlalchemy import engines, exc_filters

from senlin_container.domain import errors

LOG = logging.getLogger(__name__)

Transaction = sa.Connection
"""What a use case works on; only the store knows what it is."""

PASSING: tuple[type[Exception], ...] = (db_exception.DBConnectionError, db_exception.DBDeadlock)
"""What a database raises that is not there, or too busy: later it will do."""

TROUBLE: tuple[type[Exception], ...] = (db_exception.DBError, sa.exc.SQLAlchemyError)
"""What a database that is not there, or not well, raises."""

_P = ParamSpec("_P")
_T = TypeVar("_T")

_BUSY_SECONDS = 30.0
_TRIES = 10


class Stale(errors.Conflict):
    """A compare-and-set found that somebody else had written: read again and decide again."""

    def __init__(self) -> None:
        super().__init__("Somebody else is changing the same thing: try again.")


class Database:
    """One engine and its pool of connections."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine
        engine.hide_parameters = True  # they hold users' environments, and errors are logged
        self._writer = engine.execution_options(writer=True)
        # A reader sees one state of the database: SQLite gives nothing else.
        level = {} if engine.dialect.name == "sqlite" else {"isolation_level": "REPEATABLE READ"}
        self._reader = engine.execution_options(**level)

    def write(self, function: Callable[Concatenate[sa.Connection, _P], _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """Run a use case in a transaction of its own, again where it lost a race or the database asks for that."""
        return self._run(function, (*PASSING, Stale), *args, **kwargs)

    def decide(
        self, function: Callable[Concatenate[sa.Connection, _P], _T], *args: _P.args, **kwargs: _P.kwargs
    ) -> _T:
        """Write what was decided on an earlier read.

        :raises Stale: when somebody has written since; the caller reads and decides anew
        """
        return self._run(function, PASSING, *args, **kwargs)

    def _run(
        self,
        function: Callable[Concatenate[sa.Connection, _P], _T],
        passing: tuple[type[Exception], ...],
        *args: _P.args,
        **kwargs: _P.kwargs,
    ) -> _T:
        for attempt in range(_TRIES):
            try:
                with self._writer.begin() as tx:
                    return function(tx, *args, **kwargs)
            except passing as exc:
                if attempt == _TRIES - 1:
                    raise
                LOG.info("transaction runs again: %s", type(exc).__name__)
                time.sleep(random.uniform(0.005, 0.05) * 2 ** min(attempt, 6))  # noqa: S311 (no secret)
        raise AssertionError("unreachable")

    def read(self, function: Callable[Concatenate[sa.Connection, _P], _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """Run a query on one consistent state of the database."""
        with self._reader.connect() as tx:
            return function(tx, *args, **kwargs)

    def close(self) -> None:
        """Close the pool."""
        self.engine.dispose()


def connect(url: str, *, options: dict[str, Any] | None = None) -> Database:
    """Open a database by its SQLAlchemy URL.

    :param options: further arguments for ``oslo_db.sqlalchemy.engines.create_engine`` (not for SQLite)
    """
    if sa.make_url(url).get_backend_name() == "sqlite":
        return Database(_sqlite(url))
    engine = engines.create_engine(url, json_serializer=_dumps, **(options or {}))
    return Database(engine)


def options_of(conf: Any) -> dict[str, Any]:
    """Return what oslo.db's own options ([database]) say about the pool."""
    group = conf.database
    return {
        "max_pool_size": group.max_pool_size,
        "max_overflow": group.max_overflow,
        "pool_timeout": group.pool_timeout,
        "connection_recycle_time": group.connection_recycle_time,
        "max_retries": group.max_retries,
        "retry_interval": group.retry_interval,
    }


def _sqlite(url: str) -> sa.Engine:
    """Make an engine for one machine: WAL, every commit on the disk before it is told, one writer at a time.

    oslo.db's own SQLite engine opens a connection for every transaction and begins all of them as readers; a reader
    that turns writer fails at once when another process has written meanwhile. Hence BEGIN IMMEDIATE for writers.
    """
    path = sa.make_url(url).database
    if path and path != ":memory:":
        pathlib.Path(path).parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(
        url,
        json_serializer=_dumps,
        pool_size=8,
        max_overflow=64,
        connect_args={"timeout": _BUSY_SECONDS, "check_same_thread": False, "isolation_level": None},
    )
    exc_filters.register_engine(engine)

    @sa.event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "temp_store=MEMORY"):
            connection.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        writer = connection.get_execution_options().get("writer", False)
        # straight to the driver: what begins a transaction is no statement of a use case, and is not counted as one
        raw: Any = connection.connection.dbapi_connection
        raw.execute("BEGIN IMMEDIATE" if writer else "BEGIN")

    return engine


def _dumps(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


@contextlib.contextmanager
def counted(database: Database) -> Iterator[dict[str, int]]:
    """Count statements, transactions and commits while the context lasts (for budgets in tests and benchmarks)."""
    counts = {"statements": 0, "transactions": 0, "commits": 0}

    def statement(*_: Any) -> None:
        counts["statements"] += 1

    def begin(*_: Any) -> None:
        counts["transactions"] += 1

    def commit(*_: Any) -> None:
        counts["commits"] += 1

    listeners = (("before_cursor_execute", statement), ("begin", begin), ("commit", commit))
    for name, listener in listeners:
        sa.event.listen(database.engine, name, listener)
    try:
        yield counts
    finally:
        for name, listener in listeners:
            sa.event.remove(database.engine, name, listener)
