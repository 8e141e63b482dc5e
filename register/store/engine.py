"""The register's database: one engine, two kinds of transactions, and foreign errors turned into ours.

SQLite is the embedded default: write-ahead log, `synchronous=FULL` (an acknowledged mark survives a power cut), one
writer at a time. PostgreSQL comes beside it in `_connect_for`; nothing above this module knows which one it is.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool

from pollbook.failures import Failure, UchastkaError, WeFailed, WorldFailed
from register.home import RegisterHome
from register.store.versions import HEAD, migrate, version

BUSY_WAIT_S = 10.0
"""Longer than any ingest; an import of a nation is waited for by asking again (503)."""
Transaction = Connection
"""What the store's functions work in; who calls them passes it on and knows no SQL."""
_CACHE_KIB = 64 * 1024
_FULL = 2


class Database:
    """An open register database; `read` and `write` are the only ways in."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """A transaction that sees one state and changes nothing.

        Raises:
            WorldFailed, WeFailed: As `write`.
        """
        with _ours(), self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """The one writing transaction: durable when the block ends, undone where it raises.

        Raises:
            WorldFailed: `REGISTER_IN_USE` where another process writes, `DISK_FULL`, `DISK_FAILED`.
            WeFailed: `FAULT` where the database is damaged.
        """
        with _ours(), self._engine.connect() as connection:
            connection = connection.execution_options(writes=True)  # noqa: PLW2901 - the same one, with its option
            with connection.begin():
                yield connection

    def close(self) -> None:
        """Let go of all connections; nothing may be under way."""
        self._engine.dispose()


def open_database(home: RegisterHome) -> Database:
    """The database of a register that `init` made, brought to this program's schema.

    Raises:
        WorldFailed: `REGISTER_NOT_THERE`, or `REGISTER_NEWER` where a newer program wrote it.
    """
    home.check_made()
    return _opened(home.database)


def make_database(path: Path) -> Database:
    """A new, empty database at `path`, where nothing was."""
    return _opened(path)


def _opened(path: Path) -> Database:
    engine = _connect_for(path)
    database = Database(engine)
    try:
        with database.read() as connection:  # a current database is looked at while another process writes
            is_current = version(connection) == HEAD
        if not is_current:
            with database.write() as connection:
                migrate(connection)
    except BaseException:
        database.close()
        raise
    return database


def _connect_for(path: Path) -> Engine:
    engine = create_engine(
        f"sqlite:///{path}",
        # isolation_level None: the driver begins nothing by itself, so that DDL is part of our transactions too.
        connect_args={"isolation_level": None, "timeout": BUSY_WAIT_S, "check_same_thread": False},
        poolclass=QueuePool,
        hide_parameters=True,
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"cache_size=-{_CACHE_KIB}",
        "temp_store=FILE",
        "trusted_schema=OFF",
    ):
        connection.execute(f"PRAGMA {pragma}")
    # `synchronous` belongs to the connection; a driver that ignored it would lose what was acknowledged.
    if connection.execute("PRAGMA synchronous").fetchone()[0] != _FULL:
        raise WeFailed(Failure.FAULT, "the database would not write through")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def _ours() -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        raise _as_ours(error.orig) from error
    except sqlite3.Error as error:
        raise _as_ours(error) from error


def _as_ours(error: BaseException | None) -> UchastkaError:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    match code:
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return WorldFailed(Failure.REGISTER_IN_USE, "another process writes")
        case sqlite3.SQLITE_FULL:
            return WorldFailed(Failure.DISK_FULL)
        case sqlite3.SQLITE_IOERR | sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM:
            return WorldFailed(Failure.DISK_FAILED, f"sqlite {code}")
        case sqlite3.SQLITE_NOTADB:
            return WorldFailed(Failure.REGISTER_NOT_THERE, "not a register's database")
        case _:
            return WeFailed(Failure.FAULT, f"the database: {type(error).__name__} {code}")
