"""The books' ledgers in the store: entries, feeds and anomalies."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import BindParameter, Connection, Row, bindparam, exists, func, insert, select, union_all, update

from pollbook.clock import HybridTime
from pollbook.effects import Anomaly
from pollbook.feed_items import FeedItem, FeedKind, next_feed_check
from pollbook.ledger import Head
from pollbook.sync_answer import FEED_ITEMS_MAX
from pollbook.types import EntryNumber, PersonNumber
from register.store.schema import (
    anomaly,
    book,
    book_key,
    disputed_mark,
    effective_mark,
    entry,
    feed,
    fork_entry,
    line_state,
    station,
)

FORK_ENTRIES_MAX = 50_000
"""Kept as evidence of one station: many histories of a day; who signs ever more of them has proven the point."""
_OF_STATION: BindParameter[int] = bindparam("station_id")
_BOOK = select(book).where(book.c.station == _OF_STATION)
_HELD_BOOK = _BOOK.with_for_update()
_NEWEST = select(func.coalesce(func.max(feed.c.number), 0)).where(feed.c.station == _OF_STATION)
_NEWEST_OF_KIND = select(func.max(feed.c.number)).where(feed.c.station == _OF_STATION, feed.c.kind == bindparam("kind"))
_LAST_CHECK = (
    select(feed.c.number, feed.c.check).where(feed.c.station == _OF_STATION).order_by(feed.c.number.desc()).limit(1)
)
_FEED_AFTER = (
    select(feed)
    .where(feed.c.station == _OF_STATION, feed.c.number > bindparam("cursor"))
    .order_by(feed.c.number)
    .limit(FEED_ITEMS_MAX)
)
_ENTRY_BYTES = select(entry.c.number, entry.c.bytes).where(
    entry.c.station == _OF_STATION, entry.c.number.between(bindparam("first"), bindparam("last"))
)
_ACCEPTED = _ENTRY_BYTES.where(entry.c.quarantined.is_(None)).order_by(entry.c.number)
_KEYS = select(book_key.c.person, book_key.c.public_key).where(book_key.c.station == _OF_STATION)
_ANOMALY = select(anomaly.c.id).where(
    anomaly.c.station == _OF_STATION, anomaly.c.kind == bindparam("kind"), anomaly.c.entry == bindparam("number")
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


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """An entry as received, and the anomaly for which it changed nothing."""

    number: EntryNumber
    content: bytes
    quarantined: Anomaly | None


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
    .where(book.c.station == _OF_STATION)
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


def entry_bytes(connection: Connection, station_id: int, first: int, last: int) -> dict[int, bytes]:
    """The stored entries from `first` to `last`, by number."""
    rows = connection.execute(_ENTRY_BYTES, {"station_id": station_id, "first": first, "last": last})
    return {number: bytes(content) for number, content in rows}


def accepted_entries(connection: Connection, station_id: int, first: int, last: int) -> dict[EntryNumber, bytes]:
    """The stored entries from `first` to `last` that changed something, by number in order."""
    rows = connection.execute(_ACCEPTED, {"station_id": station_id, "first": first, "last": last})
    return {EntryNumber(number): bytes(content) for number, content in rows}


def all_entries(connection: Connection, station_id: int) -> Iterable[StoredEntry]:
    """The book's whole ledger in order."""
    query = select(entry).where(entry.c.station == station_id).order_by(entry.c.number)
    for row in connection.execute(query):
        quarantined = Anomaly(row.quarantined) if row.quarantined else None
        yield StoredEntry(EntryNumber(row.number), bytes(row.bytes), quarantined)


def add_fork(connection: Connection, station_id: int, entries: Mapping[int, bytes], at_s: int) -> None:
    """Keep, as evidence, entries that a book sent under numbers that others have already; each kept once."""
    hashes = {number: hashlib.sha256(content).digest() for number, content in entries.items()}
    query = select(fork_entry.c.number, fork_entry.c.sha256).where(fork_entry.c.station == station_id)
    known = {(row.number, bytes(row.sha256)) for row in connection.execute(query)}
    rows = [
        {"station": station_id, "number": number, "sha256": hashes[number], "received_at_s": at_s, "bytes": content}
        for number, content in entries.items()
        if (number, hashes[number]) not in known
    ][: max(FORK_ENTRIES_MAX - len(known), 0)]
    if rows:
        connection.execute(insert(fork_entry), rows)


def keys_of(connection: Connection, station_id: int) -> dict[PersonNumber, bytes]:
    """The keys that the book's people sign with."""
    rows = connection.execute(_KEYS, {"station_id": station_id})
    return {PersonNumber(person): bytes(public_key) for person, public_key in rows}


def save_key(connection: Connection, station_id: int, person: PersonNumber, public_key: bytes) -> None:
    """This person of the book signs with this key now."""
    same = (book_key.c.station == station_id) & (book_key.c.person == person)
    if not connection.execute(update(book_key).where(same).values(public_key=public_key)).rowcount:
        connection.execute(insert(book_key).values(station=station_id, person=person, public_key=public_key))


def has_anomaly(connection: Connection, station_id: int, kind: Anomaly, number: int) -> bool:
    """Whether this anomaly is known."""
    same = {"station_id": station_id, "kind": kind.value, "number": number}
    return connection.execute(_ANOMALY, same).first() is not None


def add_anomaly(connection: Connection, station_id: int, kind: Anomaly, number: int, at_s: int) -> bool:
    """Keep an anomaly; False where this one is known already."""
    if has_anomaly(connection, station_id, kind, number):
        return False
    connection.execute(insert(anomaly).values(station=station_id, kind=kind.value, entry=number, at_s=at_s))
    return True


def add_quarantined(
    connection: Connection, station_id: int, first: int, kinds: Sequence[Anomaly | None], at_s: int
) -> None:
    """Keep and tell the anomalies of the entries from `first` on that changed nothing, however many they are.

    A fork is told once, when it is found; what comes after it says nothing new.
    """
    found = [
        (number, kind.value)
        for number, kind in enumerate(kinds, first)
        if kind is not None and kind is not Anomaly.FORK
    ]
    if not found:
        return
    rows = [{"station": station_id, "kind": kind, "entry": number, "at_s": at_s} for number, kind in found]
    connection.execute(insert(anomaly), rows)
    items = [FeedItem(0, FeedKind.ANOMALY, kind_text, number) for number, kind_text in found]
    add_feed_items(connection, station_id, items, at_s)


def add_feed_items(connection: Connection, station_id: int, untold: Sequence[FeedItem], at_s: int) -> None:
    """Keep what this book is to be told, in this order; the numbers are given here."""
    # Whoever tells a book something holds it: numbers of two who do at once would become visible out of order.
    held = hold_book(connection, station_id)
    newest = connection.execute(_LAST_CHECK, {"station_id": station_id}).first()
    last, check = held.feed_floor, held.feed_check
    if newest is not None and newest.number > last:  # up to there the book has said itself what its chain is
        last, check = newest.number, bytes(newest.check)
    rows = []
    for number, each in enumerate(untold, last + 1):
        item = replace(each, number=number)
        check = next_feed_check(check, item)
        rows.append(_feed_row(station_id, item, check, at_s))
    if rows:
        connection.execute(_ADD_ITEM, rows)


_ADD_ITEM = insert(feed)


def _feed_row(station_id: int, item: FeedItem, check: bytes, at_s: int) -> dict[str, object]:
    return {
        "station": station_id,
        "number": item.number,
        "kind": int(item.kind),
        "text": item.text,
        "entry": item.entry,
        "at_s": at_s,
        "content": item.content,
        "check": check,
    }


def feed_check_at(connection: Connection, station_id: int, number: int) -> bytes | None:
    """The check of the book's feed up to this item, None where there is no such item."""
    query = select(feed.c.check).where(feed.c.station == station_id, feed.c.number == number)
    found = connection.execute(query).scalar_one_or_none()
    return None if found is None else bytes(found)


def chain_feed_again(connection: Connection, station_id: int, number: int, check: bytes) -> None:
    """The chain over the book's feed goes on from the item `number` with this check."""
    query = select(feed).where(feed.c.station == station_id, feed.c.number > number).order_by(feed.c.number)
    for row in connection.execute(query).all():
        item = FeedItem(row.number, FeedKind(row.kind), row.text, row.entry, bytes(row.content))
        check = next_feed_check(check, item)
        same = (feed.c.station == station_id) & (feed.c.number == row.number)
        connection.execute(update(feed).where(same).values(check=check))


def newest_feed_number(connection: Connection, station_id: int) -> int:
    """The number of the newest item in the book's feed, 0 where there is none."""
    return int(connection.execute(_NEWEST, {"station_id": station_id}).scalar_one())


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


def newest_of_kind(connection: Connection, station_id: int, kind: FeedKind) -> int:
    """The number of the newest item of this kind in the book's feed, 0 where there is none."""
    newest = connection.execute(_NEWEST_OF_KIND, {"station_id": station_id, "kind": int(kind)}).scalar_one()
    return 0 if newest is None else int(newest)


def has_feed_item(connection: Connection, station_id: int, kind: FeedKind) -> bool:
    """Whether the book was told something of this kind already."""
    query = select(feed.c.number).where(feed.c.station == station_id, feed.c.kind == int(kind)).limit(1)
    return connection.execute(query).first() is not None


def is_told(connection: Connection, station_id: int, kind: FeedKind, text: str) -> bool:
    """Whether the book was told this of this kind already."""
    same = (feed.c.station == station_id) & (feed.c.kind == int(kind)) & (feed.c.text == text)
    return connection.execute(select(feed.c.number).where(same).limit(1)).first() is not None


def feed_upto(connection: Connection, station_id: int, number: int) -> list[FeedItem]:
    """The book's feed items up to this number, all of them."""
    query = select(feed).where(feed.c.station == station_id, feed.c.number <= number).order_by(feed.c.number)
    return [
        FeedItem(row.number, FeedKind(row.kind), row.text, row.entry, bytes(row.content))
        for row in connection.execute(query).all()
    ]


def feed_after(connection: Connection, station_id: int, cursor: int) -> tuple[FeedItem, ...]:
    """The book's feed items past `cursor`, as many as one answer carries."""
    rows = connection.execute(_FEED_AFTER, {"station_id": station_id, "cursor": cursor})
    return tuple(FeedItem(row.number, FeedKind(row.kind), row.text, row.entry, bytes(row.content)) for row in rows)


def anomalies(connection: Connection) -> list[tuple[str, str, int, int]]:
    """All anomalies: kind, book, entry, time, oldest first."""
    return [(each.kind, each.book, each.entry, each.at_s) for each in found_anomalies(connection)]


@dataclass(frozen=True, slots=True)
class FoundAnomaly:
    """An anomaly of a book, at one of its entries or (0) the whole book."""

    kind: str
    station: int
    book: str
    entry: int
    at_s: int


def found_anomalies(connection: Connection) -> list[FoundAnomaly]:
    """All anomalies, oldest first."""
    query = (
        select(anomaly, station.c.device, station.c.epoch)
        .join(station, station.c.id == anomaly.c.station)
        .order_by(anomaly.c.id)
    )
    return [
        FoundAnomaly(row.kind, row.station, f"{bytes(row.device).hex()}.{row.epoch}", row.entry, row.at_s)
        for row in connection.execute(query)
    ]


def quarantined_entries(connection: Connection, kind: Anomaly) -> set[tuple[int, int]]:
    """Station and number of every entry that changed nothing for this reason."""
    query = select(entry.c.station, entry.c.number).where(entry.c.quarantined == kind.value)
    return {(row.station, row.number) for row in connection.execute(query)}


def marks_by_station(connection: Connection) -> dict[int, int]:
    """How many lines each station's book has marked."""
    with_rows = select(line_state.c.station).where(line_state.c.mark.is_not(None))
    plain = [
        select(table.c.station).where(
            ~exists().where(line_state.c.station == table.c.station, line_state.c.line == table.c.line)
        )
        for table in (effective_mark, disputed_mark)
    ]
    every = union_all(with_rows, *plain).subquery()
    query = select(every.c.station, func.count()).group_by(every.c.station)
    return {row[0]: row[1] for row in connection.execute(query)}


def effective_marks(connection: Connection) -> int:
    """How many lines are marked; one that two books marked counts once, and is an anomaly beside."""
    return int(connection.execute(select(func.count()).select_from(effective_mark)).scalar_one())
