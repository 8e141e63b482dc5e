"""Rows in bulk: entries, and the marks that count, one statement a table.

On PostgreSQL they are copied in its binary form, built here: a row costs a microsecond on this side, and there is no
statement to plan. On SQLite one statement is run for all of them.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, insert

from pollbook.types import EntryNumber, LineId
from register.store.schema import entry

_SIGNATURE = b"PGCOPY\n\xff\r\n\0" + bytes(8)
"""No flags, no extension. Source: PostgreSQL's documentation, COPY, "Binary Format"."""
_TRAILER = b"\xff\xff"
_NULL = b"\xff\xff\xff\xff"
_ENTRY = struct.Struct(">hiiiiiq")
_LENGTH = struct.Struct(">i")
_EFFECTIVE = struct.Struct(">hiqiiii")


class FreshMark(NamedTuple):
    """The mark of a line to which nothing had happened before; `channel` is its number in `CHANNELS`."""

    line: int
    number: int
    channel: int
    at: int
    actor: int


def add_entries(
    connection: Connection,
    station_id: int,
    first: int,
    entries: Sequence[tuple[bytes, str | None]],
    at_s: int,
) -> None:
    """Store the entries from the number `first` on, each with the anomaly for which it changed nothing."""
    if not entries:
        return
    if connection.dialect.name == "postgresql":
        _copy(
            connection,
            "entry (station, number, received_at_s, quarantined, bytes)",
            _entry_rows(station_id, first, entries, at_s),
        )
        return
    names = ("station", "number", "received_at_s", "quarantined", "bytes")
    rows = [
        (station_id, number, at_s, quarantined, content) for number, (content, quarantined) in enumerate(entries, first)
    ]
    connection.execute(insert(entry), [dict(zip(names, row, strict=True)) for row in rows])


def add_effective_marks(connection: Connection, station_id: int, marks: Iterable[tuple[LineId, EntryNumber]]) -> None:
    """Copy the marks of a book on lines that have none; on PostgreSQL only.

    Raises:
        UniqueViolation: A line has one; the transaction is to be taken back to where it was.
    """
    pack = _EFFECTIVE.pack
    packed = [pack(3, 8, line, 4, station_id, 4, number) for line, number in marks]
    _copy(connection, "effective_mark (line, station, number)", packed)


def _entry_rows(station_id: int, first: int, entries: Sequence[tuple[bytes, str | None]], at_s: int) -> Iterable[bytes]:
    pack, length = _ENTRY.pack, _LENGTH.pack
    return [
        pack(5, 4, station_id, 4, number, 8, at_s)
        + (_NULL if quarantined is None else _text(quarantined))
        + length(len(content))
        + content
        for number, (content, quarantined) in enumerate(entries, first)
    ]


def _text(value: str) -> bytes:
    encoded = value.encode()
    return _LENGTH.pack(len(encoded)) + encoded


def _copy(connection: Connection, into: str, rows: Iterable[bytes]) -> None:
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f"COPY {into} FROM STDIN (FORMAT binary)") as copy:
        copy.write(b"".join((_SIGNATURE, *rows, _TRAILER)))
