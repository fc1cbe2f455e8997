"""The migrations of the schema (alembic)."""
