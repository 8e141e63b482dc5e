"""A register's database in the tests' private PostgreSQL, which each test finds empty."""

from __future__ import annotations

import contextlib

import psycopg
from psycopg import sql

from development.postgresql import Cluster
from register.store.engine import make_shared_database
from register.store.schema import metadata
from register.store.versions import HEAD

_OURS = "FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind"
_TABLES = f"SELECT relname, pg_relation_size(oid) > 0 {_OURS} IN ('r', 'p')"
_FIRST_NUMBERS = f"SELECT setval(oid::regclass, 1, false) {_OURS} = 'S'"


def make_empty(cluster: Cluster, name: str) -> str:
    """The URL of this database, which has the register's schema, nothing in it and no other clients."""
    url, database = cluster.url(name), sql.Identifier(name)
    with contextlib.suppress(psycopg.OperationalError), psycopg.connect(cluster.conninfo(name)) as connection:
        if _is_emptied(connection):
            return url
    with psycopg.connect(cluster.conninfo(), autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(database))
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(database))
    make_shared_database(url).close()
    return url


def _is_emptied(connection: psycopg.Connection) -> bool:
    """Whether the last test left all tables, and in this version; then nothing is in them any more."""
    others = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = current_database()"
    connection.execute(f"{others} AND pid <> pg_backend_pid()")
    filled: dict[str, bool] = dict(connection.execute(_TABLES).fetchall())
    if not {*metadata.tables, "alembic_version"} <= filled.keys():
        return False
    if connection.execute("SELECT version_num FROM alembic_version").fetchall() != [(HEAD,)]:
        return False
    # Tables that never held a row take no room. Each partition is emptied by itself, and in any order: a statement
    # about a whole table, or about who refers to whom, takes longer to plan than these rows to delete.
    connection.execute("SET session_replication_role = replica")
    for table in (table for table, is_filled in filled.items() if is_filled and table != "alembic_version"):
        connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
    # The one row that a migration makes.
    connection.execute("INSERT INTO log_state (id, size, frontier, quarter) VALUES (1, 0, '', 0)")
    connection.execute(_FIRST_NUMBERS)
    return True
