"""How far second histories of a book are here without a gap: the heads of which all entries are kept."""

from __future__ import annotations

from sqlalchemy import Connection, func, insert, select

from pollbook.ledger import Head
from pollbook.types import EntryNumber
from register.store.schema.ledgers import fork_entry, fork_head


def heads_at(connection: Connection, station_id: int, number: EntryNumber) -> list[Head]:
    """The heads at this entry of histories that are kept up to there."""
    query = select(fork_head.c.hash).where(fork_head.c.station == station_id, fork_head.c.number == number)
    return [Head(number, bytes(found)) for found in connection.execute(query).scalars()]


def add_head(connection: Connection, station_id: int, head: Head) -> None:
    """The history that ends at `head` is kept; known once however often it comes."""
    if head not in heads_at(connection, station_id, head.number):
        connection.execute(insert(fork_head).values(station=station_id, number=head.number, hash=head.hash))


def count(connection: Connection, station_id: int) -> int:
    """How many entries of second histories are kept of this station."""
    query = select(func.count()).select_from(fork_entry).where(fork_entry.c.station == station_id)
    return int(connection.execute(query).scalar_one())
