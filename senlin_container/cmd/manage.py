"""senlin-container-manage: the schema of the database, and the processes on it."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from oslo_config import cfg

from senlin_container.cmd import compose
from senlin_container.store import history, schema, session


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    given = list(sys.argv[1:] if argv is None else argv)
    try:
        conf = compose.configure(
            given,
            prog="senlin-container-manage",
            description="Manage the database of senlin_container.",
            cli=[_command()],
        )
        database = compose.open_database(conf, compose.state_directory(conf))
        try:
            return COMMANDS[conf.command.name](database)
        finally:
            database.close()
    except compose.TROUBLE as exc:
        print(f"senlin-container-manage: {compose.told(exc)}", file=sys.stderr)
    return 1


def _db_sync(database: session.Database) -> int:
    before = schema.version(database)
    schema.sync(database)
    print(f"The database is at {schema.version(database)} (was at {before or 'none'}).")
    return 0


def _db_version(database: session.Database) -> int:
    print(schema.version(database) or "none: run db_sync")
    return 0


def _services(database: session.Database) -> int:
    if schema.version(database) is None:
        raise compose.StartError("The database has no tables yet: run db_sync.")
    now = time.time()
    for service in database.read(history.services):
        print(f"{service.id}  {service.binary}  {service.host}  last heard of {now - service.updated_at:.0f} s ago")
    return 0


COMMANDS: Mapping[str, Callable[[session.Database], int]] = {
    "db_sync": _db_sync,
    "db_version": _db_version,
    "service": _services,
}


def _command() -> cfg.SubCommandOpt:
    def add(parsers: Any) -> None:
        parsers.required = True
        parsers.add_parser("db_sync", help="Bring the database to this release's schema.")
        parsers.add_parser("db_version", help="Print the revision of the database's schema.")
        service = parsers.add_parser("service", help="The processes that work on the database.")
        service.add_argument("what", choices=["list"], help="list: print them and when they were last heard of")

    return cfg.SubCommandOpt("command", title="commands", handler=add)


if __name__ == "__main__":
    sys.exit(main())
