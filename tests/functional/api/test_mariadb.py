"""What holds on MariaDB: the schema, what transactions see, connections that are lost, and what a request costs."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from alembic import autogenerate, migration

from senlin_container.store import catalog, nodes, schema, session, tables
from tests import databases, values
from tests.functional.api import conftest
from tests.lab import mariadb

pytestmark = pytest.mark.lab

TRIPS = {
    # Nothing begins a transaction that reads, and nothing asks whether the connection is still there.
    "GET /v1/nodes": ["SELECT", "ROLLBACK"],
    "GET /v1/clusters": ["SELECT", "ROLLBACK"],
    "GET /v1/clusters/{cluster}": ["SELECT", "ROLLBACK"],
    "GET /v1/profiles/{profile}": ["SELECT", "ROLLBACK"],
    "POST /v1/profiles": ["SET", "INSERT", "COMMIT"],
}


@pytest.fixture(scope="module")
def server() -> Iterator[mariadb.MariaDB]:
    """A server of the tests' own."""
    why_not = mariadb.missing()
    if why_not and os.environ.get("REQUIRE_LAB") == "1":
        pytest.fail(f"REQUIRE_LAB=1, but {why_not}")
    if why_not:
        pytest.skip(why_not)
    with mariadb.running() as running:
        yield running


@pytest.fixture
def url(server: mariadb.MariaDB) -> str:
    """A database with our schema, on a server that thinks of other letters first."""
    server.run("DROP DATABASE IF EXISTS test; CREATE DATABASE test CHARACTER SET latin1")
    url = server.url("test")
    database = session.connect(url)
    schema.sync(database)
    database.close()
    return url


@pytest.fixture
def database(url: str) -> Iterator[session.Database]:
    """The database, opened."""
    opened = session.connect(url)
    yield opened
    opened.close()


@pytest.fixture
def api(url: str) -> Iterator[conftest.Api]:
    """An API over the database."""
    made = conftest.Api(url)
    yield made
    made.database.close()


def test_the_migrations_make_what_the_tables_say(database: session.Database) -> None:
    with database.engine.connect() as connection:
        context = migration.MigrationContext.configure(connection, opts={"compare_type": True})
        assert autogenerate.compare_metadata(context, tables.Base.metadata) == []
        query = "SELECT table_name, table_collation FROM information_schema.tables WHERE table_schema = 'test'"
        found = {row[0]: row[1] for row in connection.exec_driver_sql(query)}
    found.pop("alembic_version")
    assert found == dict.fromkeys(tables.Base.metadata.tables, "utf8mb4_bin")


def test_all_of_unicode_is_kept_and_names_differ_by_their_letters(database: session.Database) -> None:
    profiles = [values.profile("p1", name="Straße 🐳"), values.profile("p2", name="STRASSE 🐳")]
    for profile in profiles:
        database.write(catalog.insert_profile, profile)
    for profile in profiles:
        assert database.read(catalog.find_profile, "project-1", profile.name) == profile


def test_a_writer_sees_what_was_written_meanwhile_and_a_reader_does_not(database: session.Database) -> None:
    databases.fill(database)

    def look(tx: sa.Connection, name: str) -> tuple[int, int]:
        before = len(nodes.by_id(tx, ["a", "b"]))
        databases.fill(database, nodes_=[values.node(name)])
        return before, len(nodes.by_id(tx, ["a", "b"]))

    assert database.write(look, "a") == (0, 1)
    assert database.read(look, "b") == (1, 1)


def test_who_lost_the_connection_gets_another(database: session.Database, server: mariadb.MariaDB) -> None:
    for name in ("p1", "p2"):
        assert database.read(catalog.profiles_by_id, [name]) == {}
        own = "user = 'root' AND db = 'test'"
        with database.engine.connect() as connection:
            query = f"SELECT id FROM information_schema.processlist WHERE {own}"
            ids = list(connection.exec_driver_sql(query).scalars())
        server.run("".join(f"KILL {id_};" for id_ in ids))
        if name == "p1":
            database.write(catalog.insert_profile, values.profile(name))
        else:
            assert database.read(catalog.profiles_by_id, ["p1"])


@pytest.mark.parametrize("what", list(TRIPS))
def test_how_often_a_request_goes_to_the_server(stocked: conftest.Api, server: mariadb.MariaDB, what: str) -> None:
    method, _, template = what.partition(" ")
    path = template.format(
        cluster=stocked.get("/v1/clusters/c")["cluster"]["id"],
        profile=stocked.get("/v1/profiles/web")["profile"]["id"],
    )
    body = {"profile": {"name": "new", "spec": conftest.HOST_SPEC}} if method == "POST" else None
    stocked.send(method, path, body)  # connects
    with server.logged() as log:
        assert stocked.send(method, path, body).status_int < 300
    assert [words.split()[0] for words in log] == TRIPS[what]
