"""Alembic's entry: the connection comes from `Database`, which also owns the transaction."""

from alembic import context

from pipeline.store.schema import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
context.run_migrations()
