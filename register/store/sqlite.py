"""SQLite, the embedded default: write-ahead log, `synchronous=FULL`, one writer at a time."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import QueuePool

from pollbook.failures import Failure, UchastkaError, WeFailed, WorldFailed

_CACHE_KIB = 64 * 1024
_FULL = 2
_STATEMENTS = 512
"""Kept prepared: more than there are, so that none is prepared twice."""


def connect(path: Path, busy_wait_s: float) -> Engine:
    """An engine on the file, in which a transaction with the option `writes` is the only writer from its beginning."""
    engine = create_engine(
        f"sqlite:///{path}",
        # isolation_level None: the driver begins nothing by itself, so that DDL is part of our transactions too.
        connect_args={
            "isolation_level": None,
            "timeout": busy_wait_s,
            "check_same_thread": False,
            "cached_statements": _STATEMENTS,
        },
        poolclass=QueuePool,
        hide_parameters=True,
    )
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def as_ours(error: BaseException | None) -> UchastkaError:
    """The failure that an error of the driver is."""
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


def _prepare(connection: sqlite3.Connection, _record: object) -> None:
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


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
