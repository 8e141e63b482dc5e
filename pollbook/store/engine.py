"""The encrypted SQLite connection, and the one place where the database's errors become ours.

A raw 256-bit key spares SQLCipher's key derivation (119 ms a connection). WAL with `synchronous=FULL` keeps every
committed mark through a power cut; both are asserted on each connection, because they are set per connection.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import sqlcipher3.dbapi2 as sqlcipher
from sqlalchemy import Connection, create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from pollbook.failures import Failure, WeFailed, WorldFailed
from pollbook.store.home import StationHome

CACHE_KIB = 16 * 1024
BUSY_MS = 5000
CHECKPOINT_PAGES = 1000
_FULL = 2
_SQLITE_BUSY, _SQLITE_LOCKED, _SQLITE_READONLY, _SQLITE_IOERR = 5, 6, 8, 10
_SQLITE_CORRUPT, _SQLITE_FULL, _SQLITE_CANTOPEN, _SQLITE_NOTADB = 11, 13, 14, 26
_FAILURES = {
    _SQLITE_BUSY: Failure.BOOK_IN_USE,
    _SQLITE_LOCKED: Failure.BOOK_IN_USE,
    _SQLITE_READONLY: Failure.DISK_FAILED,
    _SQLITE_IOERR: Failure.DISK_FAILED,
    _SQLITE_CANTOPEN: Failure.DISK_FAILED,
    _SQLITE_FULL: Failure.DISK_FULL,
    _SQLITE_CORRUPT: Failure.BOOK_DAMAGED,
    _SQLITE_NOTADB: Failure.BOOK_DAMAGED,
}


def connect(home: StationHome, key: bytes, *, writer: bool) -> Connection:
    """A connection to the book that holds no transaction of its own (`transaction` begins and ends them).

    Raises:
        WorldFailed: `BOOK_DAMAGED`, `DISK_FAILED`, `DISK_FULL`, `BOOK_IN_USE`.
        WeFailed: The disk's file system cannot keep what WAL and FULL promise.
    """

    def open_database() -> sqlcipher.Connection:
        database = sqlcipher.connect(str(home.book), isolation_level=None, check_same_thread=False)
        database.execute("PRAGMA cipher_log_level = NONE")
        database.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
        database.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
        database.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        database.execute("PRAGMA temp_store = MEMORY")
        database.execute("PRAGMA foreign_keys = ON")
        if writer:
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = FULL")
            # `Book.tidy` folds the log in when the desk is idle; this bounds it where no idle moment comes. A log
            # that is used again from its start commits in 0.7 of the time of one that grows: no blocks to allocate.
            database.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
        else:
            database.execute("PRAGMA query_only = ON")
        return database

    # The plain dialect with SQLCipher's module: its own dialect would send the key a second time, as a passphrase.
    engine = create_engine("sqlite://", creator=open_database, poolclass=NullPool, module=sqlcipher)
    with translated():
        connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar_one()
        if writer:
            mode = connection.exec_driver_sql("PRAGMA journal_mode").scalar_one()
            durable = connection.exec_driver_sql("PRAGMA synchronous").scalar_one()
            if (mode, durable) != ("wal", _FULL):
                connection.close()
                raise WeFailed(Failure.DISK_FAILED, f"journal {mode}, synchronous {durable}")
    return connection


@contextmanager
def transaction(connection: Connection, *, writing: bool = True) -> Iterator[None]:
    """All inside happens or nothing does; committed to the disk when the block ends.

    Raises:
        WorldFailed: As `translated`; the transaction was rolled back.
    """
    with translated():
        look(connection, "BEGIN IMMEDIATE" if writing else "BEGIN")
        try:
            yield
            look(connection, "COMMIT")
        except BaseException:
            _roll_back(connection)
            raise


def look(connection: Connection, statement: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
    """What a short statement gives, straight from the driver; only inside `translated`.

    For the few statements of which every mark and every sync has several: SQLAlchemy's part of one takes longer than
    SQLite's.
    """
    cursor = connection.connection.cursor()
    try:
        cursor.execute(statement, values)
        return list(cursor.fetchall())
    finally:
        cursor.close()


@contextmanager
def translated() -> Iterator[None]:
    """Errors of the database inside become `WorldFailed` with the failure that a person can do something about."""
    try:
        yield
    except DBAPIError as error:
        failure = failure_of(error.orig)
        if failure is None:
            raise
        raise WorldFailed(failure) from error
    except (sqlcipher.Error, sqlite3.Error) as error:
        failure = failure_of(error)
        if failure is None:
            raise
        raise WorldFailed(failure) from error


def failure_of(error: BaseException | None) -> Failure | None:
    """The failure behind an error of SQLite, by its primary result code; None for a fault of ours."""
    code = getattr(error, "sqlite_errorcode", None)
    return _FAILURES.get(code & 0xFF) if isinstance(code, int) else None


def _roll_back(connection: Connection) -> None:
    # SQLite has ended the transaction by itself after a full disk; a second ROLLBACK would hide the first error.
    if connection.connection.dbapi_connection is not None and _in_transaction(connection):
        connection.exec_driver_sql("ROLLBACK")


def _in_transaction(connection: Connection) -> bool:
    return bool(getattr(connection.connection.dbapi_connection, "in_transaction", False))
