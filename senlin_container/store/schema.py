"""Bring a database to this release's schema, and tell what it has."""

from __future__ import annotations

import pathlib

from alembic import command, config, migration, script

from senlin_container.store import session

_MIGRATIONS = pathlib.Path(__file__).parent / "migrations"


def sync(database: session.Database) -> None:
    """Run the migrations that the database lacks. Running it again does nothing."""
    settings = _settings()
    with database.engine.connect() as connection:
        settings.attributes["connection"] = connection
        command.upgrade(settings, "head")
        connection.commit()


def version(database: session.Database) -> str | None:
    """Return the revision of the database's schema; None when it has none yet."""
    with database.engine.connect() as connection:
        return migration.MigrationContext.configure(connection).get_current_revision()


def newest() -> str | None:
    """Return the revision that this release wants."""
    return script.ScriptDirectory.from_config(_settings()).get_current_head()


def _settings() -> config.Config:
    settings = config.Config()
    settings.set_main_option("script_location", str(_MIGRATIONS))
    return settings
