"""The lines that differed where a book's digest was not the register's."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, insert, select

from pollbook.types import LineId
from register.store.schema.ledgers import differing_line


def lines_at(connection: Connection, station_id: int, entry: int) -> list[LineId]:
    """The lines that differed after this entry of the station's book, by id."""
    query = select(differing_line.c.line).where(differing_line.c.station == station_id, differing_line.c.entry == entry)
    return [LineId(each) for each in connection.execute(query.order_by(differing_line.c.line)).scalars()]


def add_lines(connection: Connection, station_id: int, entry: int, lines: Iterable[LineId]) -> None:
    """These lines differed after this entry; those that are known are kept once."""
    known = set(lines_at(connection, station_id, entry))
    rows = [{"station": station_id, "entry": entry, "line": line} for line in lines if line not in known]
    if rows:
        connection.execute(insert(differing_line), rows)
