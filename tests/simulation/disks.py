"""Disks: SQLite in memory that outlives the program that had it open, with a fault between any two statements.

What SQLite has committed stays; a crash rolls the open transaction back. A disk can be full, can be photographed
whole (`image`) and put back as it was on the photograph.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import NullPool

Moment = Callable[[str], None]
"""Called before each statement and after each commit; a crash is what it raises."""
AFTER_COMMIT = "after the commit"
_PAGES_MAX = 1 << 30
_STATEMENTS = 512
"""Kept prepared: all that a program uses, as in the product."""
CIPHER_CHECK = "PRAGMA cipher_integrity_check"


class Crashed(BaseException):
    """The program ends here as by a power cut: nothing after this line runs."""


def nothing(_statement: str) -> None:
    """No fault."""


class _Cursor(sqlite3.Cursor):
    def execute(self, sql: str, parameters: Sequence[object] = ()) -> sqlite3.Cursor:
        moment = self.connection.moment
        if sql is CIPHER_CHECK or sql == CIPHER_CHECK:  # nothing is encrypted here, so no page is damaged
            sql = "SELECT 0 WHERE 0"
        if moment is not nothing:
            moment(sql)
            super().execute(sql, parameters)
            if sql == "COMMIT":
                moment(AFTER_COMMIT)
            return self
        return super().execute(sql, parameters)


class _Database(sqlite3.Connection):
    """The connection of a program to its disk."""

    moment: Moment = staticmethod(nothing)
    is_gone = False

    def cursor(self, factory: type[sqlite3.Cursor] = _Cursor) -> sqlite3.Cursor:
        return super().cursor(factory)

    def commit(self) -> None:
        moment = self.moment
        if moment is not nothing and self.in_transaction:
            moment("COMMIT")
            super().commit()
            moment(AFTER_COMMIT)
        else:
            super().commit()

    def rollback(self) -> None:
        if not self.is_gone:
            super().rollback()

    def close(self) -> None:
        """The program let go of it; the disk stays."""

    def throw_away(self) -> None:
        """The memory is free; whoever still has this connection can do nothing with it any more."""
        self.is_gone = True
        super().close()


class Disk:
    """One machine's disk."""

    def __init__(self, image: bytes) -> None:
        self.database = self._opened(image)

    def look(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """What the database holds, seen from beside the program: no fault strikes here."""
        return sqlite3.Cursor(self.database).execute(sql, values).fetchall()

    def image(self) -> bytes:
        """All that is on it, committed."""
        return self.database.serialize()

    def restore(self, image: bytes) -> None:
        """It holds what it held when `image` was taken."""
        self.database.throw_away()
        self.database = self._opened(image)

    def crash(self) -> None:
        """What was not committed is gone, and the program that had it open reaches it no more."""
        self.crash_no_more()
        self.database.rollback()
        self.restore(self.image())

    def crash_no_more(self) -> None:
        """No fault waits for a statement."""
        self.database.moment = nothing

    def fill(self, pages_left: int) -> None:
        """No more than `pages_left` further pages can be written."""
        ((pages,),) = self.look("PRAGMA page_count")
        self.look(f"PRAGMA max_page_count = {pages + pages_left}")

    def empty(self) -> None:
        """There is room again."""
        self.look(f"PRAGMA max_page_count = {_PAGES_MAX}")

    def book(self, drivers: Drivers) -> Connection:
        """A book's connection to this disk, as `pollbook.store.engine.connect` opens one to a file."""
        drivers.insert(self)
        return drivers.books.connect()

    def throw_away(self) -> None:
        """The memory is free again."""
        self.database.throw_away()

    def _opened(self, image: bytes) -> Any:  # noqa: ANN401 - a connection of `sqlite3`, or one in its form
        database = sqlite3.connect(
            ":memory:", isolation_level=None, factory=_Database, check_same_thread=False, cached_statements=_STATEMENTS
        )
        database.deserialize(image)
        database.execute("PRAGMA foreign_keys = ON")
        return database


class Drivers:
    """SQLAlchemy over disks: one engine for the books and one for the register, so that statements compile once."""

    def __init__(self) -> None:
        self._next: Any = None
        self.books = _engine(self._take, isolation_level="AUTOCOMMIT")
        self.register = _engine(self._take)
        event.listen(self.register, "begin", _begin)

    def insert(self, disk: Disk) -> None:
        """The engines work on `disk` from here on."""
        self._next = disk.database

    def _take(self) -> Any:  # noqa: ANN401 - as `Disk._opened`
        assert self._next is not None
        return self._next


def _engine(creator: Callable[[], Any], **more: str) -> Engine:
    return create_engine("sqlite://", creator=creator, poolclass=NullPool, hide_parameters=True, **more)


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.connection.cursor().execute("BEGIN IMMEDIATE" if writes else "BEGIN")
