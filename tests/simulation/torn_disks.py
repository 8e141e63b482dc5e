"""A disk that keeps what was synced and tears what was not: SQLite over a file system of ours, by apsw.

Each write is remembered until its file is synced. At a power cut every remembered write is kept, lost or torn in two,
each for itself, as a drive with a cache does. The database runs in WAL mode with `synchronous=FULL`, as books and
register do; the locking mode is exclusive, since a file system in Python has no shared memory.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count, islice
from typing import Any

import apsw

from tests.simulation.disks import AFTER_COMMIT, CIPHER_CHECK, Disk, Moment, nothing
from tests.simulation.kernel import Log

_NAMES = count(1)
_PATH = "/disk/book.db"
_SECTOR_BYTES = 512


@dataclass
class _File:
    """One file: its bytes as programs see them, and what of them the platter has."""

    seen: bytearray = field(default_factory=bytearray)
    durable: bytearray = field(default_factory=bytearray)
    waiting: list[tuple[int, bytes | None]] = field(default_factory=list)

    def write(self, data: bytes, offset: int) -> None:
        _put(self.seen, data, offset)
        self.waiting.append((offset, data))

    def truncate(self, size: int) -> None:
        del self.seen[size:]
        self.waiting.append((size, None))

    def sync(self) -> None:
        self.durable = bytearray(self.seen)
        self.waiting.clear()

    def cut_power(self, rng: random.Random) -> int:
        """What is left of the file; how many writes were lost or torn."""
        harmed = 0
        for offset, data in self.waiting:
            fate = rng.random()
            if fate < 1 / 3:
                harmed += 1
            elif data is None:
                del self.durable[offset:]
            elif fate < 2 / 3 and len(data) > 1:
                torn = rng.randrange(1, len(data))
                _put(self.durable, data[: max(1, torn - torn % _SECTOR_BYTES)], offset)
                harmed += 1
            else:
                _put(self.durable, data, offset)
        self.seen = bytearray(self.durable)
        self.waiting.clear()
        return harmed


def _put(content: bytearray, data: bytes, offset: int) -> None:
    if len(content) < offset:
        content.extend(bytes(offset - len(content)))
    content[offset : offset + len(data)] = data


class _Files(apsw.VFS):
    """The file system of one disk."""

    def __init__(self) -> None:
        self.name = f"torn-{next(_NAMES)}"
        self.files: dict[str, _File] = {}
        super().__init__(self.name, "")

    def xOpen(self, name: object, flags: list[int]) -> _Handle:  # noqa: N802
        path = name.filename() if isinstance(name, apsw.URIFilename) else str(name)
        del flags
        return _Handle(self.files.setdefault(path, _File()))

    def xDelete(self, name: str, _sync: bool) -> None:  # noqa: N802
        self.files.pop(name, None)

    def xAccess(self, name: str, _flags: int) -> bool:  # noqa: N802
        return name in self.files

    def xFullPathname(self, name: str) -> str:  # noqa: N802
        return name


class _Handle:
    """An open file, as apsw asks of it."""

    def __init__(self, file: _File) -> None:
        self._file = file

    def xRead(self, amount: int, offset: int) -> bytes:  # noqa: N802
        return bytes(self._file.seen[offset : offset + amount])

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        self._file.write(bytes(data), offset)

    def xTruncate(self, size: int) -> None:  # noqa: N802
        self._file.truncate(size)

    def xSync(self, _flags: int) -> None:  # noqa: N802
        self._file.sync()

    def xFileSize(self) -> int:  # noqa: N802
        return len(self._file.seen)

    def xLock(self, _level: int) -> None:  # noqa: N802
        """Nobody else is here."""

    def xUnlock(self, _level: int) -> None:  # noqa: N802
        """Nobody else is here."""

    def xCheckReservedLock(self) -> bool:  # noqa: N802
        return False

    def xFileControl(self, _op: int, _pointer: int) -> bool:  # noqa: N802
        return False

    def xSectorSize(self) -> int:  # noqa: N802
        return _SECTOR_BYTES

    def xDeviceCharacteristics(self) -> int:  # noqa: N802
        return 0

    def xClose(self) -> None:  # noqa: N802
        """The file stays."""


class _Cursor:
    """A cursor as SQLAlchemy's SQLite dialect uses one (PEP 249)."""

    arraysize = 1
    lastrowid: int | None = None

    def __init__(self, connection: TornDatabase) -> None:
        self._connection = connection
        self._rows: Iterator[tuple[Any, ...]] = iter(())
        self.description: tuple[tuple[Any, ...], ...] | None = None
        self.rowcount = -1

    def execute(self, sql: str, parameters: Sequence[object] = ()) -> _Cursor:
        """As PEP 249; the errors are those of `sqlite3`."""
        connection, database = self._connection, self._connection.database
        if connection.moment is not nothing:
            connection.moment(sql)
        before = database.total_changes()
        self.description, self._rows = connection.run(sql, parameters)
        self.rowcount = database.total_changes() - before
        self.lastrowid = database.last_insert_rowid()
        if sql == "COMMIT" and connection.moment is not nothing:
            connection.moment(AFTER_COMMIT)
        return self

    def executemany(self, sql: str, many: Iterable[Sequence[object]]) -> _Cursor:
        """As PEP 249."""
        changed = 0
        for parameters in many:
            self.execute(sql, parameters)
            changed += self.rowcount
        self.rowcount = changed
        return self

    def fetchone(self) -> tuple[Any, ...] | None:
        """As PEP 249."""
        return next(self._rows, None)

    def fetchmany(self, size: int = 1) -> list[tuple[Any, ...]]:
        """As PEP 249."""
        return list(islice(self._rows, size))

    def fetchall(self) -> list[tuple[Any, ...]]:
        """As PEP 249."""
        return list(self._rows)

    def close(self) -> None:
        """Nothing more is read."""
        self._rows = iter(())


class TornDatabase:
    """A connection of apsw in the form of one of `sqlite3`'s."""

    isolation_level: str | None = None

    def __init__(self, files: _Files) -> None:
        self.moment: Moment = nothing
        self.is_gone = False
        self.files = files
        self._description: tuple[tuple[Any, ...], ...] | None = None
        self.database = apsw.Connection(_PATH, vfs=files.name)
        self.database.exec_trace = self._trace
        for pragma in ("locking_mode = EXCLUSIVE", "journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            self.run(f"PRAGMA {pragma}")

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        return not self.is_gone and self.database.in_transaction

    def cursor(self) -> _Cursor:
        """As PEP 249."""
        if self.is_gone:
            raise sqlite3.ProgrammingError("the program that had this open is gone")
        return _Cursor(self)

    def run(
        self, sql: str, parameters: Sequence[object] = ()
    ) -> tuple[tuple[tuple[Any, ...], ...] | None, Iterator[tuple[Any, ...]]]:
        """The columns and rows of a statement."""
        self._description = None
        given = parameters if isinstance(parameters, dict) else tuple(parameters)
        try:
            rows = self.database.execute("SELECT 0 WHERE 0" if sql == CIPHER_CHECK else sql, given).fetchall()
        except apsw.Error as error:
            raise _as_sqlite3(error) from error
        return self._description, iter(rows)

    def commit(self) -> None:
        """As PEP 249."""
        if self.in_transaction:
            self.cursor().execute("COMMIT")

    def rollback(self) -> None:
        """As PEP 249."""
        if self.in_transaction:
            self.run("ROLLBACK")

    def close(self) -> None:
        """The program let go of it; the disk stays."""

    def throw_away(self) -> None:
        """Whoever still has this connection can do nothing with it any more."""
        self.is_gone = True
        self.database.close()

    def serialize(self) -> bytes:
        """The whole database, committed."""
        return self.database.serialize("main")

    def create_function(self, name: str, count: int, function: Callable[..., object], **_more: object) -> None:
        """As `sqlite3`."""
        self.database.create_scalar_function(name, function, count)

    def _trace(self, cursor: apsw.Cursor, _sql: str, _bindings: object) -> bool:
        described = cursor.get_description()
        self._description = tuple((name, *(None,) * 6) for name, *_ in described) or None
        return True


class TornDisk(Disk):
    """A disk whose unsynced writes are kept, lost or torn when the power goes."""

    def __init__(self, image: bytes, rng: random.Random, log: Log) -> None:
        self._rng, self._log = rng, log
        super().__init__(image)

    def crash(self) -> None:
        """What was synced is there; of what was not, whatever the drive had time for."""
        self.crash_no_more()
        files = self.database.files
        left = _Files()
        for path, file in files.files.items():
            harmed = file.cut_power(self._rng)
            self._log.faults["write lost or torn"] += harmed
            left.files[path] = _File(bytearray(file.seen), bytearray(file.seen))
        # The dead program's connection writes to files that nobody reads any more.
        self.database.throw_away()
        self.database = TornDatabase(left)

    def look(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """What the database holds, seen from beside the program: no fault strikes here."""
        return list(self.database.run(sql, values)[1])

    def _opened(self, image: bytes) -> TornDatabase:
        files = _Files()
        files.files[_PATH] = _File(bytearray(image), bytearray(image))
        return TornDatabase(files)


def _as_sqlite3(error: apsw.Error) -> sqlite3.Error:
    told = sqlite3.IntegrityError if isinstance(error, apsw.ConstraintError) else sqlite3.OperationalError
    ours = told(str(error))
    ours.sqlite_errorcode = getattr(error, "result", 1)
    return ours
