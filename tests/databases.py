"""Real databases with the schema in them, cheaply: the migrations run once, on SQLite, and the file is copied.

With the environment variable TEST_DATABASE_URL, such as ``mysql+mysqldb://root@127.0.0.1:3306/test``, tests work on
that database in place of copies: it gets what the file holds, and loses all that it held before.
"""

from __future__ import annotations

import os
import pathlib
import shutil
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from senlin_container.domain import model
from senlin_container.store import catalog, clusters, nodes, queue, rows, schema, session, tables
from tests import values

PROFILE = "p0000000-0000-4000-8000-000000000001"


def template(directory: pathlib.Path) -> pathlib.Path:
    """Make a database with the schema and nothing else; returns its file."""
    file = directory / "template.sqlite"
    database = session.connect(f"sqlite:///{file}")
    schema.sync(database)
    database.close()
    return file


def copy(file: pathlib.Path, directory: pathlib.Path) -> str:
    """Copy a database; returns the URL of the copy."""
    url = os.environ.get("TEST_DATABASE_URL")
    if url:
        _refill(url, file)
        return url
    own = directory / "test.sqlite"
    shutil.copy(file, own)
    return f"sqlite:///{own}"


def empty(directory: pathlib.Path) -> str:
    """Return the URL of a database without rows; whether it has a schema yet is another matter."""
    url = os.environ.get("TEST_DATABASE_URL")
    if url:
        _refill(url, None)
        return url
    return f"sqlite:///{directory}/test.db"


def _refill(url: str, file: pathlib.Path | None) -> None:
    """Let a database hold what a file holds, or nothing."""
    ordered = tables.Base.metadata.sorted_tables
    held: dict[sa.Table, list[dict[str, Any]]] = {}
    if file is not None:
        source = session.connect(f"sqlite:///{file}")
        with source.engine.connect() as from_:
            held = {table: [dict(row._mapping) for row in from_.execute(sa.select(table))] for table in ordered}
        source.close()
    target = session.connect(url)
    if schema.version(target) is None:
        schema.sync(target)
    with target.engine.begin() as tx:
        for table in reversed(ordered):
            tx.execute(sa.delete(table))
        for table, found in held.items():
            if found:
                tx.execute(sa.insert(table), found)
    target.close()


def fill(
    database: session.Database,
    *,
    profiles: Sequence[model.Profile] = (),
    clusters_: Sequence[model.Cluster] = (),
    nodes_: Sequence[model.Node] = (),
    hosts_: Sequence[model.Host] = (),
    actions: Sequence[model.Action] = (),
    lanes: dict[str, str | None] | None = None,
) -> None:
    """Write rows; the profile that ``tests.values`` refer to is there always."""

    def write(tx: sa.Connection) -> None:
        if not catalog.profiles_by_id(tx, [PROFILE]):
            catalog.insert_profile(tx, values.profile(PROFILE))
        for profile in profiles:
            catalog.insert_profile(tx, profile)
        for cluster in clusters_:
            clusters.insert(tx, cluster)
        for host in hosts_:
            columns = {field: getattr(host, field) for field in host.__dataclass_fields__ if field != "cluster_id"}
            tx.execute(
                sa.insert(rows.HOSTS).values(project=values.OWNER.project, profile_id=PROFILE, state_at=0.0, **columns)
            )
        nodes.insert(tx, nodes_)
        for action in actions:
            queue.enqueue(tx, [action], lanes=lanes or {}, now=action.created_at)

    database.write(write)


def action(database: session.Database, id_: str) -> model.Action:
    """Read an action."""
    return database.read(queue.find, None, id_)


def node(database: session.Database, id_: str) -> model.Node:
    """Read a node."""
    return database.read(nodes.by_id, [id_])[id_]


def statuses(database: session.Database) -> dict[str, str]:
    """Return the statuses of all actions by id."""
    table = rows.ACTIONS

    def read(tx: sa.Connection) -> dict[str, str]:
        return {row.id: row.status for row in tx.execute(sa.select(table.c.id, table.c.status))}

    return database.read(read)
