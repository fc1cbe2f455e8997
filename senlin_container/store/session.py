"""Transactions. Nothing else opens a connection.

A use case is one function of a connection, run by ``Database.write`` or ``Database.read`` in one transaction, with no
I/O inside. A write that loses a deadlock or its connection is run again, so the function must depend on nothing but
its arguments and the database.
"""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import json
import logging
import os
import pathlib
import random
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Concatenate, ParamSpec, TypeVar

import orjson
import sqlalchemy as sa
from oslo_db import exception as db_exception
from oslo_db.sqlalchemy import exc_filters

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

_NOTES = "senlin_container.notes"
_LISTENED = "listened"
_KEEPS_EVENTS = "keeps_events"
_WRITING = "SET TRANSACTION ISOLATION LEVEL READ COMMITTED"
_BUSY_SECONDS = 30.0
_TRIES = 10
_READ_TRIES = 3
"""A database that is gone is told soon to who only reads; the first try finds all connections out that were lost."""


class Stale(errors.Conflict):
    """A compare-and-set found that somebody else had written: read again and decide again."""

    def __init__(self) -> None:
        super().__init__("Somebody else is changing the same thing: try again.")


class Database:
    """One engine and its pool of connections."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine
        engine.hide_parameters = True  # they hold users' environments, and errors are logged
        self._listener: Callable[[Sequence[object]], None] | None = None
        self._writer = engine.execution_options(writer=True)
        # A reader sees one state of the database. SQLite gives nothing else; see _prepare_mysql for MariaDB and MySQL.
        level = {"isolation_level": "REPEATABLE READ"} if engine.dialect.name == "postgresql" else {}
        self._reader = engine.execution_options(**level) if level else engine

    def write(self, function: Callable[Concatenate[sa.Connection, _P], _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """Run a use case in a transaction of its own, again where it lost a race or the database asks for that."""
        return self._run(self._writer.begin, (*PASSING, Stale), _TRIES, function, *args, **kwargs)

    def decide(
        self, function: Callable[Concatenate[sa.Connection, _P], _T], *args: _P.args, **kwargs: _P.kwargs
    ) -> _T:
        """Write what was decided on an earlier read.

        :raises Stale: when somebody has written since; the caller reads and decides anew
        """
        return self._run(self._writer.begin, PASSING, _TRIES, function, *args, **kwargs)

    def read(self, function: Callable[Concatenate[sa.Connection, _P], _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """Run a query on one consistent state of the database, again where the connection was lost."""
        return self._run(self._reader.connect, PASSING, _READ_TRIES, function, *args, **kwargs)

    def _run(
        self,
        connect: Callable[[], contextlib.AbstractContextManager[sa.Connection]],
        passing: tuple[type[Exception], ...],
        tries: int,
        function: Callable[Concatenate[sa.Connection, _P], _T],
        *args: _P.args,
        **kwargs: _P.kwargs,
    ) -> _T:
        for attempt in range(tries):
            try:
                with connect() as tx:
                    if self._listener is None:
                        return function(tx, *args, **kwargs)
                    tx.info.pop(_NOTES, None)  # what an attempt left that was rolled back
                    result = function(tx, *args, **kwargs)
                    notes = tx.info.pop(_NOTES, None)
            except passing as exc:
                if attempt == tries - 1:
                    raise
                LOG.info("transaction runs again: %s", type(exc).__name__)
                time.sleep(random.uniform(0.005, 0.05) * 2 ** min(attempt, 6))  # noqa: S311 (no secret)
                continue
            if notes:
                self._listener(notes)
            return result
        raise AssertionError("unreachable")

    def listen(self, listener: Callable[[Sequence[object]], None], *, keep_events: bool = True) -> None:
        """Have a listener told, after each commit, what ``note`` was given in the transaction; call it once, early.

        :param listener: must neither raise nor take long
        :param keep_events: whether events are written to the database as well
        """
        self._listener = listener
        self._writer = self._writer.execution_options(**{_LISTENED: True, _KEEPS_EVENTS: keep_events})

    def answers(self) -> bool:
        """Return whether the database answers, at the first attempt."""
        try:
            with self._reader.connect() as tx:
                tx.execute(sa.text("SELECT 1"))
        except TROUBLE as exc:
            LOG.warning("the database does not answer: %s", type(exc).__name__)
            return False
        return True

    def close(self) -> None:
        """Close the pool."""
        self.engine.dispose()


def note(tx: sa.Connection, things: Sequence[object]) -> None:
    """Have the listener of the database told of things, once the transaction is committed."""
    if tx.get_execution_options().get(_LISTENED):
        tx.info.setdefault(_NOTES, []).extend(things)


def keeps_events(tx: sa.Connection) -> bool:
    """Whether events are written to the database."""
    return bool(tx.get_execution_options().get(_KEEPS_EVENTS, True))


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a database server is used. The defaults are those of oslo.db; times are in seconds.

    ``max_retries`` is how often it is tried to reach the server at the start, -1 for without end.
    """

    pool_size: int = 5
    max_overflow: int = 50
    pool_timeout: float | None = None
    connection_recycle_time: int = 3600
    max_retries: int = 10
    retry_interval: float = 10.0
    mysql_sql_mode: str | None = "TRADITIONAL"
    mysql_wsrep_sync_wait: int | None = None


def options_of(conf: Any) -> Options:
    """Return what oslo.db's own options ([database]) say."""
    group = conf.database
    return Options(
        pool_size=group.max_pool_size,
        max_overflow=group.max_overflow,
        pool_timeout=group.pool_timeout,
        connection_recycle_time=group.connection_recycle_time,
        max_retries=group.max_retries,
        retry_interval=group.retry_interval,
        mysql_sql_mode=group.mysql_sql_mode or None,
        mysql_wsrep_sync_wait=group.mysql_wsrep_sync_wait,
    )


def connect(url: str, *, options: Options | None = None) -> Database:
    """Open a database by its SQLAlchemy URL.

    :param options: for a server, which SQLite is not
    """
    parsed = sa.make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return Database(_sqlite(url))
    return Database(_server(parsed, options or Options()))


def _server(url: sa.URL, options: Options) -> sa.Engine:
    """Make an engine for a server.

    Not oslo.db's own: that one asks before each transaction whether the connection is still there, and rolls back
    after each commit once more. Who finds here that the connection is not there runs again, on a new one.
    """
    mysql = url.get_backend_name() in ("mysql", "mariadb")
    if mysql and "charset" not in url.query:
        url = url.update_query_dict({"charset": "utf8mb4"})
    engine = sa.create_engine(
        url,
        json_serializer=_dumps,
        json_deserializer=orjson.loads,
        pool_size=options.pool_size,
        max_overflow=options.max_overflow,
        pool_timeout=30.0 if options.pool_timeout is None else options.pool_timeout,
        pool_recycle=options.connection_recycle_time,
        pool_reset_on_return=None,
    )
    exc_filters.register_engine(engine)
    _guard_forks(engine)
    if mysql:
        _prepare_mysql(engine, options)
    _reach(engine, options)
    return engine


def _guard_forks(engine: sa.Engine) -> None:
    """Keep a process from the connections of the one that it was forked from."""

    @sa.event.listens_for(engine, "connect")
    def _note(_connection: Any, record: Any) -> None:
        record.info["pid"] = os.getpid()

    @sa.event.listens_for(engine, "checkout")
    def _check(_connection: Any, record: Any, proxy: Any) -> None:
        if record.info["pid"] != os.getpid():
            record.dbapi_connection = proxy.dbapi_connection = None
            raise sa.exc.DisconnectionError


def _prepare_mysql(engine: sa.Engine, options: Options) -> None:
    """Let readers on MariaDB and MySQL see one state of the database, and writers what is there now.

    A transaction that is REPEATABLE READ locks and changes rows as they are now, but goes on to read them as they
    were when it began: an engine would claim actions whose nodes it cannot see. Readers keep what their connection
    began with, which costs them nothing; a writer asks for its own, for one transaction.
    """
    # MySQL has room for no more than 27 ids in one value until it is told otherwise, and drops the rest silently.
    settings = ["TRANSACTION ISOLATION LEVEL REPEATABLE READ", "group_concat_max_len = 1073741824"]
    if options.mysql_sql_mode is not None:
        settings.append(f"sql_mode = '{options.mysql_sql_mode}'")
    if options.mysql_wsrep_sync_wait is not None:
        settings.append(f"wsrep_sync_wait = {options.mysql_wsrep_sync_wait}")

    @sa.event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        with contextlib.closing(connection.cursor()) as cursor:
            for setting in settings:
                cursor.execute(f"SET SESSION {setting}")

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        if connection.get_execution_options().get("writer", False):
            connection.exec_driver_sql(_WRITING)


def _reach(engine: sa.Engine, options: Options) -> None:
    """Wait until the server answers."""
    attempts = itertools.count(1) if options.max_retries < 0 else range(1, options.max_retries + 1)
    for attempt in attempts:
        try:
            engine.connect().close()
        except db_exception.DBConnectionError as exc:
            if attempt == options.max_retries:
                raise
            LOG.warning("The database does not answer (%s); attempt %d follows", type(exc).__name__, attempt + 1)
            time.sleep(options.retry_interval)
        else:
            return


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

    def statement(_connection: Any, _cursor: Any, text: str, *_: Any) -> None:
        counts["statements"] += text != _WRITING  # what begins a transaction is no statement of a use case

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
