"""Alembic's entry: runs the migrations on the connection, and in the transaction, of `register.store.versions`."""

from alembic import context

from register.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=False,  # the caller's transaction holds all of it
)
context.run_migrations()
