"""The books' feeds: what each book is told, numbered and chained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection, bindparam, func, insert, select, update

from pollbook.feed_items import FeedItem, FeedKind, next_feed_check
from pollbook.sync_answer import FEED_ITEMS_MAX
from register.store.books import hold_book
from register.store.schema.ledgers import feed
from register.store.schema.stations import OF_STATION
from register.store.statements import Statement

_NEWEST = Statement(select(func.max(feed.c.number).label("number")).where(feed.c.station == OF_STATION))
_NEWEST_OF_KIND = Statement(
    select(func.max(feed.c.number).label("number")).where(
        feed.c.station == OF_STATION, feed.c.kind == bindparam("kind")
    )
)
_CHECK_AT = Statement(select(feed.c.check).where(feed.c.station == OF_STATION, feed.c.number == bindparam("of_number")))
_LAST_CHECK = Statement(
    select(feed.c.number, feed.c.check).where(feed.c.station == OF_STATION).order_by(feed.c.number.desc()).limit(1)
)
_FEED_AFTER = Statement(
    select(feed)
    .where(feed.c.station == OF_STATION, feed.c.number > bindparam("cursor"))
    .order_by(feed.c.number)
    .limit(FEED_ITEMS_MAX)
)


def add_feed_items(connection: Connection, station_id: int, untold: Sequence[FeedItem], at_s: int) -> None:
    """Keep what this book is to be told, in this order; the numbers are given here."""
    # Whoever tells a book something holds it: numbers of two who do at once would become visible out of order.
    held = hold_book(connection, station_id)
    newest = _LAST_CHECK.first(connection, station_id=station_id)
    last, check = held.feed_floor, held.feed_check
    if newest is not None and newest.number > last:  # up to there the book has said itself what its chain is
        last, check = newest.number, bytes(newest.check)
    rows = []
    for number, each in enumerate(untold, last + 1):
        item = replace(each, number=number)
        check = next_feed_check(check, item)
        rows.append(_feed_row(station_id, item, check, at_s))
    if rows:
        _ADD_ITEM.run_many(connection, rows)


_ADD_ITEM = Statement(insert(feed), ("station", "number", "kind", "text", "entry", "at_s", "content", "check"))


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
    found = _CHECK_AT.first(connection, station_id=station_id, of_number=number)
    return None if found is None else bytes(found.check)


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
    return _NEWEST.one(connection, station_id=station_id).number or 0


def newest_of_kind(connection: Connection, station_id: int, kind: FeedKind) -> int:
    """The number of the newest item of this kind in the book's feed, 0 where there is none."""
    return _NEWEST_OF_KIND.one(connection, station_id=station_id, kind=int(kind)).number or 0


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
    rows = _FEED_AFTER.all(connection, station_id=station_id, cursor=cursor)
    return tuple(FeedItem(row.number, FeedKind(row.kind), row.text, row.entry, bytes(row.content)) for row in rows)
