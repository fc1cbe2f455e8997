"""Alembic's entry: runs on the connection that ``store.schema`` passes in."""

from alembic import context

from senlin_container.store import tables

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=tables.Base.metadata,
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
