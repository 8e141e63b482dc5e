"""What the register knows of each book: its record, its people's keys, how far its successor was told of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from pollbook.clock import HybridTime
from pollbook.ledger import Head
from pollbook.types import EntryNumber, PersonNumber
from register.store.schema.ledgers import book, book_key
from register.store.schema.stations import OF_STATION

_BOOK = select(book).where(book.c.station == OF_STATION)
_HELD_BOOK = _BOOK.with_for_update()
_KEYS = select(book_key.c.person, book_key.c.public_key).where(book_key.c.station == OF_STATION)


@dataclass(slots=True)
class BookRecord:
    """What the register knows of a book; `signature` is the book's own under the head.

    `feed_floor` is the newest feed item that the book has shown to have seen, `feed_check` the chain over its feed
    there; both are kept by `set_feed_floor` alone, and numbers go on from them at least.
    """

    head: Head
    signature: bytes | None
    digest: bytes
    last_at: HybridTime
    day: str | None
    last_heard_at_s: int | None
    pending: int
    software: str
    forked: bool
    closed: bool
    adjudicated: EntryNumber
    feed_floor: int
    feed_check: bytes


def load_book(connection: Connection, station_id: int) -> BookRecord:
    """The book's record, for looking at it."""
    return _record(connection.execute(_BOOK, {"station_id": station_id}).one())


def hold_book(connection: Connection, station_id: int) -> BookRecord:
    """The book's record, for changing it: nobody else changes the book or its feed until the transaction ends."""
    return _record(connection.execute(_HELD_BOOK, {"station_id": station_id}).one())


def _record(row: Row[Any]) -> BookRecord:
    return BookRecord(
        head=Head(EntryNumber(row.acknowledged), bytes(row.head_hash)),
        signature=None if row.head_signature is None else bytes(row.head_signature),
        digest=bytes(row.digest),
        last_at=HybridTime(row.last_at),
        day=row.day,
        last_heard_at_s=row.last_heard_at_s,
        pending=row.pending,
        software=row.software,
        forked=row.forked,
        closed=row.closed,
        adjudicated=EntryNumber(row.adjudicated),
        feed_floor=row.feed_floor,
        feed_check=bytes(row.feed_check),
    )


def save_book(connection: Connection, station_id: int, record: BookRecord) -> None:
    """Keep the book's record."""
    kept = {
        "station_id": station_id,
        "new_acknowledged": record.head.number,
        "new_head_hash": record.head.hash,
        "new_head_signature": record.signature,
        "new_digest": record.digest,
        "new_last_at": record.last_at,
        "new_day": record.day,
        "new_last_heard_at_s": record.last_heard_at_s,
        "new_pending": record.pending,
        "new_software": record.software,
        "new_forked": record.forked,
        "new_closed": record.closed,
        "new_adjudicated": record.adjudicated,
    }
    connection.execute(_SAVE_BOOK, kept)


_SAVE_BOOK = (
    update(book)
    .where(book.c.station == OF_STATION)
    .values(
        acknowledged=bindparam("new_acknowledged"),
        head_hash=bindparam("new_head_hash"),
        head_signature=bindparam("new_head_signature"),
        digest=bindparam("new_digest"),
        last_at=bindparam("new_last_at"),
        day=bindparam("new_day"),
        last_heard_at_s=bindparam("new_last_heard_at_s"),
        pending=bindparam("new_pending"),
        software=bindparam("new_software"),
        forked=bindparam("new_forked"),
        closed=bindparam("new_closed"),
        adjudicated=bindparam("new_adjudicated"),
    )
)


def keys_of(connection: Connection, station_id: int) -> dict[PersonNumber, bytes]:
    """The keys that the book's people sign with."""
    rows = connection.execute(_KEYS, {"station_id": station_id})
    return {PersonNumber(person): bytes(public_key) for person, public_key in rows}


def save_key(connection: Connection, station_id: int, person: PersonNumber, public_key: bytes) -> None:
    """This person of the book signs with this key now."""
    same = (book_key.c.station == station_id) & (book_key.c.person == person)
    if not connection.execute(update(book_key).where(same).values(public_key=public_key)).rowcount:
        connection.execute(insert(book_key).values(station=station_id, person=person, public_key=public_key))


@dataclass(frozen=True, slots=True)
class TailTold:
    """How far a successor was told of its predecessor's entries, and whether nothing more will come."""

    number: int
    is_complete: bool


def tail_of(connection: Connection, station_id: int) -> TailTold:
    """What the successor of this station's book was told of it."""
    row = connection.execute(select(book.c.tail_told, book.c.tail_complete).where(book.c.station == station_id)).one()
    return TailTold(row.tail_told, row.tail_complete)


def note_tail(connection: Connection, station_id: int, number: int, *, is_complete: bool) -> None:
    """The successor was told everything up to this entry."""
    change = update(book).where(book.c.station == station_id)
    connection.execute(change.values(tail_told=number, tail_complete=is_complete))


def set_feed_floor(connection: Connection, station_id: int, number: int, check: bytes) -> None:
    """The book has seen its feed up to this item, with this check."""
    change = update(book).where(book.c.station == station_id)
    connection.execute(change.values(feed_floor=number, feed_check=check))
