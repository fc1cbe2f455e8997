"""Migrations."""

from __future__ import annotations

import pathlib

import pytest
import sqlalchemy as sa
from alembic import autogenerate, migration
from oslo_db import exception as db_exception

from senlin_container.store import catalog, rows, schema, session, tables
from tests import values


def test_a_database_is_brought_to_the_newest_schema_once(tmp_path: pathlib.Path) -> None:
    database = session.connect(f"sqlite:///{tmp_path}/new/dir/db.sqlite")
    assert schema.version(database) is None
    for _ in range(2):
        schema.sync(database)
        assert schema.version(database) == schema.newest()
    database.close()


def test_the_migrations_make_what_the_tables_say(database: session.Database) -> None:
    with database.engine.connect() as connection:
        context = migration.MigrationContext.configure(connection, opts={"compare_type": True})
        assert autogenerate.compare_metadata(context, tables.Base.metadata) == []


def test_every_reference_is_a_foreign_key_that_holds(database: session.Database) -> None:
    inspector = sa.inspect(database.engine)
    made = {
        (table, key["constrained_columns"][0], key["referred_table"])
        for table in inspector.get_table_names()
        for key in inspector.get_foreign_keys(table)
    }
    wanted = {
        (table.name, column.name, next(iter(column.foreign_keys)).column.table.name)
        for table in tables.Base.metadata.tables.values()
        for column in table.columns
        if column.foreign_keys
    }
    assert made == wanted
    columns = rows.node_columns(values.node("n", profile_id="nothing"))
    with pytest.raises(db_exception.DBReferenceError):
        database.write(lambda tx: tx.execute(sa.insert(rows.NODES).values(columns)))


def test_a_failed_use_case_leaves_nothing_behind(database: session.Database) -> None:
    def fail(tx: sa.Connection) -> None:
        catalog.insert_profile(tx, values.profile("p"))
        raise session.Stale

    with pytest.raises(session.Stale):
        database.decide(fail)
    assert database.read(catalog.profiles_by_id, ["p"]) == {}


def test_the_identity_of_the_installation_is_made_once(database: session.Database) -> None:
    assert database.write(catalog.installation, "a", 1.0) == "a"
    assert database.write(catalog.installation, "b", 2.0) == "a"


def test_a_lost_deadlock_runs_again_and_in_the_end_is_told(database: session.Database) -> None:
    tries = []

    def deadlock(tx: sa.Connection, times: int) -> int:
        tries.append(tx)
        if len(tries) <= times:
            raise db_exception.DBDeadlock
        return len(tries)

    assert database.write(deadlock, 1) == 2


def test_what_is_counted(database: session.Database) -> None:
    with session.counted(database) as counts:
        database.write(catalog.insert_profile, values.profile("p"))
        database.read(catalog.profiles_by_id, ["p"])
    database.read(catalog.profiles_by_id, ["p"])
    assert counts == {"statements": 2, "transactions": 2, "commits": 1}


def test_a_use_case_that_lost_a_race_runs_again(database: session.Database) -> None:
    tries = []

    def lose_once(tx: sa.Connection) -> int:
        tries.append(1)
        if len(tries) == 1:
            catalog.insert_profile(tx, values.profile("p"))  # taken back
            raise session.Stale
        return len(database.read(catalog.profiles_by_id, ["p"]))

    assert database.write(lose_once) == 0
