"""Alembic's entry: it migrates the connection that it is handed, and no other."""

from __future__ import annotations

from alembic import context

from pollbook.store.schema import metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection, target_metadata=metadata, render_as_batch=True, transaction_per_migration=False
)
context.run_migrations()
