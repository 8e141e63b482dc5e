"""A disk with a real folder: the book as stations have it, encrypted by SQLCipher, opened by the store's own engine.

A crash is a kill: the files are as the statements so far have left them, log and all, and are put aside before the
dead program's connection closes and tidies up.
"""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import sqlcipher3.dbapi2 as sqlcipher
from sqlalchemy import Connection

from pollbook.store import engine
from pollbook.store.home import StationHome
from tests.simulation.disks import AFTER_COMMIT, Disk, Drivers, Moment, nothing


class _Cursor(sqlcipher.Cursor):  # type: ignore[misc]
    def execute(self, sql: str, parameters: Sequence[object] = ()) -> _Cursor:
        strike = self.connection.strike
        strike(sql)
        super().execute(sql, parameters)
        if sql == "COMMIT":
            strike(AFTER_COMMIT)
        return self


class _Database(sqlcipher.Connection):  # type: ignore[misc]
    """The connection of a program to its files."""

    strike: Moment = staticmethod(nothing)

    def cursor(self, factory: type[_Cursor] = _Cursor) -> _Cursor:
        return super().cursor(factory)  # type: ignore[no-any-return]


class _Moments:
    """Where the moments hang, as on the connections of other disks."""

    def __init__(self) -> None:
        self.moment: Moment = nothing


class CipherDisk(Disk):
    """The files of one station's book."""

    def __init__(self, home: StationHome, key: bytes) -> None:
        self.home, self._key = home, key
        self.database = _Moments()
        self._connection: Connection | None = None
        self._raw: Any = None
        self._at_crash: bytes | None = None

    def book(self, drivers: Drivers) -> Connection:
        """A connection by the store's own engine."""
        del drivers
        connect = sqlcipher.connect
        sqlcipher.connect = partial(connect, factory=_Database)  # whatever goes to the driver comes by here
        try:
            self._connection = engine.connect(self.home, self._key, writer=True)
        finally:
            sqlcipher.connect = connect
        self._raw = self._connection.connection.dbapi_connection
        self._raw.strike = self._strike
        return self._connection

    def _strike(self, when: str) -> None:
        try:
            self.database.moment(when)
        except BaseException:
            self._at_crash = self._at_crash or self.image()
            raise

    def look(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """What the database holds, seen from beside the program: no fault strikes here."""
        if self._raw is not None:
            return list(sqlcipher.Cursor(self._raw).execute(sql, values).fetchall())
        connection = engine.connect(self.home, self._key, writer=True)
        try:
            return [tuple(row) for row in connection.exec_driver_sql(sql, values or None)]
        finally:
            connection.close()

    def image(self) -> bytes:
        """The database and its log, as they lie there."""
        return pickle.dumps({path.name: path.read_bytes() for path in self._files()})

    def restore(self, image: bytes) -> None:
        """It holds what it held when `image` was taken."""
        self._let_go()
        for path in self._files():
            path.unlink()
        for name, content in pickle.loads(image).items():  # noqa: S301 - this process made it
            (self.home.path / name).write_bytes(content)

    def crash(self) -> None:
        """The files are as the dead program left them."""
        self.crash_no_more()
        image, self._at_crash = self._at_crash or self.image(), None
        self.restore(image)

    def throw_away(self) -> None:
        """The files are gone."""
        self._let_go()
        for path in list(self.home.path.iterdir()):
            path.unlink()
        self.home.path.rmdir()

    def _files(self) -> list[Path]:
        book = self.home.book
        return [path for path in (book, book.with_name(f"{book.name}-wal")) if path.exists()]

    def _let_go(self) -> None:
        connection, self._connection, self._raw = self._connection, None, None
        if connection is not None and not connection.closed:
            connection.invalidate()
            connection.close()
        shared = self.home.book.with_name(f"{self.home.book.name}-shm")
        shared.unlink(missing_ok=True)
