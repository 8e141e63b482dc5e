"""The register's database: one engine, three kinds of transactions, and foreign errors turned into ours.

SQLite is the embedded default, PostgreSQL stands beside it (docs/adr/0011); nothing above this module knows which one
it is. On SQLite there is one writer, whatever it writes. On PostgreSQL who changes one book (`change_book`) holds that
book's row and nothing else, so that books do not wait for each other; what concerns more than one book (`write`) is
done by one at a time.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import psycopg
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from pollbook.failures import Failure, UchastkaError, WorldFailed
from register.home import RegisterHome
from register.store import postgresql, sqlite
from register.store.postgresql import Undone
from register.store.versions import HEAD, migrate, version

BUSY_WAIT_S = 10.0
"""Longer than any ingest; an import of a nation is waited for by asking again (503)."""
TRIES_MAX = 3
"""Of a transaction that the database took back: two books that mark each other's lines at once may hit it twice."""
WRITERS_MAX = 8
"""Threads of one process that change books at once on PostgreSQL: they wait for disks and locks, not for the CPU."""
Transaction = Connection
"""What the store's functions work in; who calls them passes it on and knows no SQL."""
Result = TypeVar("Result")


class Database:
    """An open register database; `read`, `write` and `change_book` are the only ways in.

    Attributes:
        writers_max: How many threads may usefully change books at once.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._is_postgresql = engine.dialect.name == "postgresql"
        self.writers_max = WRITERS_MAX if self._is_postgresql else 1

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """A transaction that sees one state and changes nothing.

        Raises:
            WorldFailed, WeFailed: As `write`.
        """
        options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True} if self._is_postgresql else {}
        with self._transaction(options) as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """The one writing transaction for what concerns more than one book: durable when the block ends.

        Raises:
            WorldFailed: `REGISTER_IN_USE` where another process writes, `DATABASE_AWAY`, `DISK_FULL`, `DISK_FAILED`.
            WeFailed: `FAULT` where the database is damaged.
        """
        with self._transaction({"writes": True, "alone": True}) as connection:
            yield connection

    def change_book(self, work: Callable[[Transaction], Result]) -> Result:
        """What `work` makes in a transaction about one book, whose row it locks (`ledgers.load_book`) before all else.

        Once this returns it is durable. A transaction that the database took back is run again, so `work` changes
        nothing but the database.

        Raises:
            WorldFailed, WeFailed: As `write`.
        """
        for _ in range(TRIES_MAX - 1):
            try:
                return self._once(work)
            except Undone:
                continue
        return self._once(work)

    def close(self) -> None:
        """Let go of all connections; nothing may be under way."""
        self._engine.dispose()

    def _once(self, work: Callable[[Transaction], Result]) -> Result:
        with self._transaction({"writes": True}) as connection:
            return work(connection)

    @contextmanager
    def _transaction(self, options: dict[str, Any]) -> Iterator[Transaction]:
        with _ours(), self._engine.connect() as connection:
            connection = connection.execution_options(**options)  # noqa: PLW2901 - the same one, with its options
            with connection.begin():
                yield connection


def open_database(home: RegisterHome) -> Database:
    """The database of a register that `init` made, brought to this program's schema.

    Raises:
        WorldFailed: `REGISTER_NOT_THERE`, `REGISTER_NEWER` where a newer program wrote it, `DATABASE_AWAY`,
            `DATABASE_UNFIT`.
    """
    home.check_made()
    url = home.database_url()
    return make_database(home.database) if url is None else make_shared_database(url)


def make_database(path: Path) -> Database:
    """The SQLite database at `path`; a new and empty one, where nothing was."""
    return _opened(sqlite.connect(path, BUSY_WAIT_S))


def make_shared_database(url: str) -> Database:
    """The PostgreSQL database at `url` (from `postgresql.normal_url`), with this program's schema.

    Raises:
        WorldFailed: As `open_database`.
    """
    return _opened(postgresql.connect(url, BUSY_WAIT_S))


def bring_up(database: Database) -> None:
    """The database has this program's schema; of a migration that was broken off nothing is left.

    Raises:
        WorldFailed: `REGISTER_NEWER` where a newer program wrote it; as `Database.write`.
    """
    with database.read() as connection:  # a current database is looked at while another process writes
        is_current = version(connection) == HEAD
    if not is_current:
        with database.write() as connection:
            migrate(connection)


def _opened(engine: Engine) -> Database:
    database = Database(engine)
    try:
        bring_up(database)
    except BaseException:
        database.close()
        raise
    return database


@contextmanager
def _ours() -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        raise _as_ours(error) from error
    except sqlite3.Error as error:
        raise sqlite.as_ours(error) from error
    except psycopg.Error as error:  # of a COPY, which SQLAlchemy has no part in
        raise postgresql.as_ours(error, is_broken=isinstance(error, psycopg.OperationalError)) from error
    except PoolTimeoutError as error:
        raise WorldFailed(Failure.REGISTER_IN_USE, "all connections are in use") from error


def _as_ours(error: DBAPIError) -> UchastkaError:
    if isinstance(error.orig, sqlite3.Error):
        return sqlite.as_ours(error.orig)
    return postgresql.as_ours(error.orig, is_broken=error.connection_invalidated)
