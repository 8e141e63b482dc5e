"""What the register knows of each book: its record, its people's keys, how far its successor was told of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from pollbook.clock import HybridTime
from pollbook.ledger import Head
from pollbook.types import EntryNumber, PersonNumber
from register.store.schema.ledgers import book, book_key
from register.store.schema.stations import OF_STATION
from register.store.statements import Statement

_BOOK = Statement(select(book).where(book.c.station == OF_STATION))
_HELD_BOOK = Statement(select(book).where(book.c.station == OF_STATION).with_for_update())
_KEYS = Statement(select(book_key.c.person, book_key.c.public_key).where(book_key.c.station == OF_STATION))
_KEY = {"station": OF_STATION, "person": bindparam("of_person"), "public_key": bindparam("new_public_key")}
_ADD_KEY = Statement(insert(book_key).values(_KEY))
_CHANGE_KEY = Statement(
    update(book_key)
    .where(book_key.c.station == OF_STATION, book_key.c.person == bindparam("of_person"))
    .values(public_key=bindparam("new_public_key"))
)


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
    return _record(_BOOK.one(connection, station_id=station_id))


def hold_book(connection: Connection, station_id: int) -> BookRecord:
    """The book's record, for changing it: nobody else changes the book or its feed until the transaction ends."""
    return _record(_HELD_BOOK.one(connection, station_id=station_id))


def _record(row: Any) -> BookRecord:  # noqa: ANN401 - a row of `book`
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
    _SAVE_BOOK.run(
        connection,
        station_id=station_id,
        new_acknowledged=record.head.number,
        new_head_hash=record.head.hash,
        new_head_signature=record.signature,
        new_digest=record.digest,
        new_last_at=record.last_at,
        new_day=record.day,
        new_last_heard_at_s=record.last_heard_at_s,
        new_pending=record.pending,
        new_software=record.software,
        new_forked=record.forked,
        new_closed=record.closed,
        new_adjudicated=record.adjudicated,
    )


_SAVE_BOOK = Statement(
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
    rows = _KEYS.all(connection, station_id=station_id)
    return {PersonNumber(person): bytes(public_key) for person, public_key in rows}


def save_key(connection: Connection, station_id: int, person: PersonNumber, public_key: bytes) -> None:
    """This person of the book signs with this key now."""
    for statement in (_CHANGE_KEY, _ADD_KEY):
        if statement.run(connection, station_id=station_id, of_person=person, new_public_key=public_key):
            return


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
    _SET_FLOOR.run(connection, station_id=station_id, new_floor=number, new_check=check)


_SET_FLOOR = Statement(
    update(book)
    .where(book.c.station == OF_STATION)
    .values(feed_floor=bindparam("new_floor"), feed_check=bindparam("new_check"))
)
