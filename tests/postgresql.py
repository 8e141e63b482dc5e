"""A register's database in the tests' private PostgreSQL, which each test finds empty."""

from __future__ import annotations

import psycopg
from psycopg import sql

from development.postgresql import Cluster
from register.store.engine import make_shared_database
from register.store.schema import metadata
from register.store.versions import HEAD


def make_empty(cluster: Cluster, name: str) -> str:
    """The URL of this database, which has the register's schema, nothing in it and no other clients."""
    url, database = cluster.url(name), sql.Identifier(name)
    with psycopg.connect(cluster.conninfo(), autocommit=True) as connection:
        others = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = %s"
        connection.execute(others, (name,))
        is_known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone() is not None
        if is_known and _is_whole(cluster, name):
            _empty(cluster, name)
            return url
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(database))
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(database))
    make_shared_database(url).close()
    return url


def _is_whole(cluster: Cluster, name: str) -> bool:
    """Whether the last test left all tables, and in this version."""
    with psycopg.connect(cluster.conninfo(name)) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        if not {*metadata.tables, "alembic_version"} <= {table for (table,) in tables}:
            return False
        return connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(HEAD,)]


def _empty(cluster: Cluster, name: str) -> None:
    with psycopg.connect(cluster.conninfo(name)) as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table.name)))
        # The one row that a migration makes.
        connection.execute("INSERT INTO log_state (id, size, frontier, quarter) VALUES (1, 0, '', 0)")
        for (sequence,) in connection.execute("SELECT sequencename FROM pg_sequences").fetchall():
            connection.execute("SELECT setval(%s, 1, false)", (sequence,))
