"""Which release's tables a book has, and bringing an older one up to date.

Alembic is imported only where there is something to migrate: a book that is up to date opens without it, and a new one
is made without it, with the very tables to which all revisions come.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from pollbook.failures import Failure, WorldFailed
from pollbook.store import search_index
from pollbook.store.engine import transaction, translated
from pollbook.store.schema import metadata

REVISIONS = ("0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008")
"""Every revision this program knows, oldest first."""


_VERSION = (
    "CREATE TABLE alembic_version "
    "(version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
)


def is_current(connection: Connection) -> bool:
    """Whether the book has this release's tables.

    Raises:
        WorldFailed: `BOOK_NEWER` where a later release has written it.
    """
    with translated():
        has_table = "SELECT count(*) FROM sqlite_master WHERE name = 'alembic_version'"
        if not connection.exec_driver_sql(has_table).scalar_one():
            return False
        revision = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one_or_none()
    if revision is not None and revision not in REVISIONS:
        raise WorldFailed(Failure.BOOK_NEWER, found=revision, known=REVISIONS[-1])
    return revision == REVISIONS[-1]


def make(connection: Connection) -> None:
    """An empty database has this release's tables."""
    with transaction(connection):
        for statement in (_VERSION, *_tables_and_indexes()):
            connection.exec_driver_sql(statement)
        search_index.create(connection)
        connection.exec_driver_sql("INSERT INTO alembic_version VALUES (?)", (REVISIONS[-1],))


@cache
def _tables_and_indexes() -> tuple[str, ...]:
    made: list[CreateTable | CreateIndex] = []
    for table in metadata.sorted_tables:
        made.append(CreateTable(table))
        made += [CreateIndex(index) for index in sorted(table.indexes, key=lambda index: str(index.name))]
    return tuple(str(each.compile(dialect=sqlite.dialect())) for each in made)


def migrate(connection: Connection) -> None:
    """The book has this release's tables; all steps happen or none does."""
    from alembic import command  # noqa: PLC0415  (150 ms that an up-to-date book doesn't pay)
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    with transaction(connection):
        command.upgrade(config, "head")
