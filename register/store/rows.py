"""Rows in bulk: entries, and the marks that count, one statement a table.

On PostgreSQL they are copied in its binary form, built here: a row costs a microsecond on this side, and there is no
statement to plan. On SQLite one statement is run for all of them.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, insert

from pollbook.plain_marks import PLAIN_BYTES
from register.store.schema.ledgers import entry
from register.store.statements import Statement

_SIGNATURE = b"PGCOPY\n\xff\r\n\0" + bytes(8)
"""No flags, no extension. Source: PostgreSQL's documentation, COPY, "Binary Format"."""
_TRAILER = b"\xff\xff"
_NULL = b"\xff\xff\xff\xff"
_ENTRY = struct.Struct(">hiiiiiq")
_LENGTH = struct.Struct(">i")
_NAMES = ("station", "number", "received_at_s", "quarantined", "bytes")
_ENTRY_COLUMNS = f"entry ({', '.join(_NAMES)})"
_ADD = Statement(insert(entry), _NAMES)


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
        _copy(connection, _ENTRY_COLUMNS, _entry_rows(station_id, first, entries, at_s))
        return
    rows = [
        (station_id, number, at_s, quarantined, content) for number, (content, quarantined) in enumerate(entries, first)
    ]
    _ADD.run_many(connection, [dict(zip(_NAMES, row, strict=True)) for row in rows])


def add_plain_entries(connection: Connection, station_id: int, first: int, contents: bytes, at_s: int) -> None:
    """Copy plain marks, joined, as entries from the number `first` on; on PostgreSQL only."""
    count = len(contents) // PLAIN_BYTES
    table = _filled(_PLAIN_ENTRY, count, fields=5, station=station_id, received_at_s=at_s, quarantined_size=-1)
    table["number"] = np.arange(first, first + count)
    table["bytes"] = np.frombuffer(contents, f"V{PLAIN_BYTES}")
    _copy(connection, _ENTRY_COLUMNS, [table.tobytes()])


def add_effective_marks(
    connection: Connection, station_id: int, lines: Sequence[int] | NDArray[Any], numbers: Sequence[int] | NDArray[Any]
) -> None:
    """Copy the marks of a book on lines that have none, by line in rising order; on PostgreSQL only.

    Raises:
        UniqueViolation: A line has one; the transaction is to be taken back to where it was.
    """
    ordered, marked = np.asarray(lines, np.int64), np.asarray(numbers, np.int32)
    rising = ordered.argsort()
    table = _filled(_EFFECTIVE, len(ordered), fields=3, station=station_id)
    table["line"], table["number"] = ordered[rising], marked[rising]
    _copy(connection, "effective_mark (line, station, number)", [table.tobytes()])


def _binary(*columns: tuple[str, str]) -> np.dtype[Any]:
    """A row of COPY's binary form: how many fields, then each with its size before it."""
    sized = [pair for name, kind in columns for pair in ((f"{name}_size", ">i4"), (name, kind)) if pair[1]]
    return np.dtype([("fields", ">i2"), *sized])


_PLAIN_ENTRY = _binary(
    ("station", ">i4"), ("number", ">i4"), ("received_at_s", ">i8"), ("quarantined", ""), ("bytes", f"V{PLAIN_BYTES}")
)
_EFFECTIVE = _binary(("line", ">i8"), ("station", ">i4"), ("number", ">i4"))


def _filled(row: np.dtype[Any], count: int, **values: int) -> NDArray[Any]:
    """So many rows with these values in all of them, and the sizes of the fields."""
    table = np.zeros(count, row)
    for name in row.names or ():
        if name.endswith("_size") and row.names is not None and name.removesuffix("_size") in row.names:
            table[name] = row[name.removesuffix("_size")].itemsize
    for name, value in values.items():
        table[name] = value
    return table


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
