"""What a book's request says of itself, held against what is stored of the book: its entries, its feed, its lines."""

from __future__ import annotations

from functools import reduce

from pollbook.effects import Anomaly
from pollbook.feed_items import next_feed_check
from pollbook.ledger import Head, extend_all
from pollbook.sync_request import SyncRequest
from pollbook.types import EntryNumber
from pollbook.wire import short_digest
from register.evidence import stored_head
from register.feed import tell_anomaly
from register.store import books, feeds, ledgers, own_ledger
from register.store.books import BookRecord
from register.store.engine import Transaction
from register.store.stations import Station

LATE_ITEMS_MAX = 300
"""Of a feed that are looked at for where a book's chain begins: 45,000 hashes, and only where it is another chain."""


def compare_entries(
    connection: Transaction, station: Station, stored: Head, request: SyncRequest
) -> tuple[tuple[bytes, ...], EntryNumber | None]:
    """The entries that are new here, and the first number under which two different histories stand."""
    if request.first > stored.number + 1:
        return (), None
    last = request.head.head.number
    overlap = request.entries[: max(stored.number - request.first + 1, 0)]
    known = ledgers.entry_bytes(connection, station.id, request.first, min(last, stored.number)) if overlap else {}
    for number, content in enumerate(overlap, request.first):
        if known[number] != content:
            return (), EntryNumber(number)
    new = request.entries[len(overlap) :]
    reached = extend_all(stored, new) if last >= stored.number else stored_head(connection, station, last)
    # The book's own key vouches for its head, so another hash means another history before these entries.
    return (new, None) if reached == request.head.head else ((), request.first)


def compare_feeds(
    connection: Transaction, station: Station, record: BookRecord, request: SyncRequest, at_s: int
) -> None:
    """A book that has seen another feed of this register than there is: the register was rolled back.

    Custody rule 11: it grants nothing until two officers say that it is recovered. The chain over the feed proves what
    the book has seen, also where as much has been told since under the same numbers. A request that says less than the
    book had shown before is an old one, and says nothing.

    A book that fetched items before it kept a chain says none: its chain begins with the next item, and so from here on
    does the register's, which it is compared with. A disk that was put back to an image from before its program's
    upgrade begins its chain once more, where the book had shown before what it has seen.
    """
    cursor, check = request.feed_cursor, request.feed_check
    floor = record.feed_floor
    if cursor < floor or not cursor:
        return
    known = record.feed_check if cursor == floor else feeds.feed_check_at(connection, station.id, cursor)
    if known is not None and (not check or (not known and cursor > floor)):
        books.set_feed_floor(connection, station.id, cursor, check)
        feeds.chain_feed_again(connection, station.id, cursor, check)
        # Nothing shows that what it has fetched since it was heard last is what stands here: that is told once more.
        unproven = [item for item in feeds.feed_upto(connection, station.id, cursor) if item.number > floor]
        feeds.add_feed_items(connection, station.id, unproven, at_s)
        return
    # Where the chain begins, a check of the same items is of a request from before that.
    if known in {check, b""}:
        if cursor > floor:
            books.set_feed_floor(connection, station.id, cursor, check)
        return
    begins_late = _begins_late(connection, station, floor, cursor, check)
    books.set_feed_floor(connection, station.id, cursor, check)
    feeds.chain_feed_again(connection, station.id, cursor, check)
    if begins_late:
        return
    own_ledger.set_behind(connection, at_s)
    tell_anomaly(connection, station, Anomaly.REGISTER_ROLLED_BACK, 0, at_s)
    # What was told since the restore has numbers that the book has seen. Which that is, nobody knows: all of it is told
    # once more (rule 2), and is harmless twice.
    seen_or_not = feeds.feed_upto(connection, station.id, cursor)
    feeds.add_feed_items(connection, station.id, seen_or_not, at_s)


def _begins_late(connection: Transaction, station: Station, floor: int, cursor: int, check: bytes) -> bool:
    """Whether a chain over the feed as it stands that begins at `floor` or before it comes to `check` at `cursor`.

    Up to `floor` the book has shown what it had seen. One that begins later may be of a register that has lost what
    was told before.
    """
    items = feeds.feed_upto(connection, station.id, cursor)[-LATE_ITEMS_MAX:]
    if not items or items[-1].number != cursor:
        return False
    before = [0, *(item.number for item in items)]
    begins = (begin for begin in range(len(items)) if before[begin] <= floor)
    return any(reduce(next_feed_check, items[begin:], b"") == check for begin in begins)


def compare_digests(
    connection: Transaction, station: Station, record: BookRecord, request: SyncRequest, at_s: int
) -> bytes | None:
    """The short digest of the book's lines as they are here; one that the request contradicts is an anomaly.

    None where they cannot be compared: more entries wait, or the book forked.
    """
    if record.forked or request.digest is None or request.head.head != record.head:
        return None  # what a forked book sends changes nothing here, so its lines differ and that says nothing
    digest = short_digest(record.digest)
    if digest != request.digest:
        tell_anomaly(connection, station, Anomaly.DIGEST_DIFFERS, record.head.number, at_s)
    return digest
