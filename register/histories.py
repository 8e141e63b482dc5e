"""What a book's request says of itself, held against what is stored of the book: its entries, its feed, its lines."""

from __future__ import annotations

from pollbook.effects import Anomaly
from pollbook.ledger import Head, extend_all
from pollbook.sync_request import SyncRequest
from pollbook.types import EntryNumber
from pollbook.wire import short_digest
from register.feed import tell_anomaly
from register.store import books, feeds, ledgers, own_ledger
from register.store.books import BookRecord
from register.store.engine import Transaction
from register.store.stations import Station


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
    if last >= stored.number:
        reached = extend_all(stored, new)
    else:
        earlier = ledgers.entry_bytes(connection, station.id, 1, last)
        reached = extend_all(station.start, (earlier[number] for number in range(1, last + 1)))
    # The book's own key vouches for its head, so another hash means another history before these entries.
    return (new, None) if reached == request.head.head else ((), request.first)


def keep_fork(
    connection: Transaction, station: Station, record: BookRecord, request: SyncRequest, fork: EntryNumber, at_s: int
) -> None:
    """The entries from `fork` on are kept as evidence, and the book is known to have two histories."""
    evidence = {number: content for number, content in enumerate(request.entries, request.first) if number >= fork}
    ledgers.add_fork(connection, station.id, evidence, at_s)
    if not record.forked:
        tell_anomaly(connection, station, Anomaly.FORK, fork, at_s)
    record.forked = True


def compare_feeds(
    connection: Transaction, station: Station, record: BookRecord, request: SyncRequest, at_s: int
) -> None:
    """A book that has seen another feed of this register than there is: the register was rolled back.

    Custody rule 11: it grants nothing until two officers say that it is recovered. The chain over the feed proves what
    the book has seen, also where as much has been told since under the same numbers. A request that says less than the
    book had shown before is an old one, and says nothing.

    A book that fetched items before it kept a chain says none: its chain begins with the next item, and so from here on
    does the register's, which it is compared with.
    """
    cursor, check = request.feed_cursor, request.feed_check
    floor = record.feed_floor
    if cursor < floor or not cursor:
        return
    known = record.feed_check if cursor == floor else feeds.feed_check_at(connection, station.id, cursor)
    if known is not None and (not check or (not known and cursor > floor)):
        books.set_feed_floor(connection, station.id, cursor, check)
        feeds.chain_feed_again(connection, station.id, cursor, check)
        return
    # Where the chain begins, a check of the same items is of a request from before that.
    if known in {check, b""}:
        if cursor > floor:
            books.set_feed_floor(connection, station.id, cursor, check)
        return
    books.set_feed_floor(connection, station.id, cursor, check)
    feeds.chain_feed_again(connection, station.id, cursor, check)
    own_ledger.set_behind(connection, at_s)
    tell_anomaly(connection, station, Anomaly.REGISTER_ROLLED_BACK, 0, at_s)
    # What was told since the restore has numbers that the book has seen. Which that is, nobody knows: all of it is told
    # once more (rule 2), and is harmless twice.
    seen_or_not = feeds.feed_upto(connection, station.id, cursor)
    feeds.add_feed_items(connection, station.id, seen_or_not, at_s)


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
