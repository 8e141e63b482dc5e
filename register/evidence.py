"""Second histories of a book: kept as evidence, and told to the book that has one once all of it is here.

A book with another history than the stored one sends all of it. Its own signed head vouches for each batch, so a batch
that goes on from a head of that history, whose entries are all here, leads to another such head. Such heads are kept;
of an entry alone one could not say which history it belongs to. The answer names the request's head once it is one of
them. A register that was put back to a backup does not, and the book sends everything once more (custody rule 11).
"""

from __future__ import annotations

from pollbook.effects import Anomaly
from pollbook.ledger import Head, extend_all
from pollbook.sync_request import SyncRequest
from pollbook.types import EntryNumber
from pollbook.wire import short_digest
from register.feed import tell_anomaly
from register.store import evidence, ledgers
from register.store.books import BookRecord
from register.store.engine import Transaction
from register.store.stations import Station


def keep_fork(
    connection: Transaction, station: Station, record: BookRecord, request: SyncRequest, fork: EntryNumber, at_s: int
) -> None:
    """The entries from `fork` on are kept as evidence, and the book is known to have two histories."""
    second = {number: content for number, content in enumerate(request.entries, request.first) if number >= fork}
    ledgers.add_fork(connection, station.id, second, at_s)
    if not record.forked:
        tell_anomaly(connection, station, Anomaly.FORK, fork, at_s)
    record.forked = True
    before = EntryNumber(request.first - 1)
    begins = evidence.heads_at(connection, station.id, before)
    if station.start.number <= before <= record.head.number:
        begins.append(stored_head(connection, station, before))
    if request.entries and any(extend_all(begin, request.entries) == request.head.head for begin in begins):
        evidence.add_head(connection, station.id, request.head.head)


def is_kept(connection: Transaction, station: Station, record: BookRecord, head: Head) -> bool:
    """Whether every entry of the history that ends at `head` is here, as the book's ledger or as evidence."""
    if head.number <= record.head.number and stored_head(connection, station, head.number) == head:
        return True
    if head in evidence.heads_at(connection, station.id, head.number):
        return True
    return evidence.count(connection, station.id) >= ledgers.FORK_ENTRIES_MAX  # no more of it is kept


def kept_history(connection: Transaction, station: Station, record: BookRecord, request: SyncRequest) -> bytes | None:
    """What tells a book whose history is not the stored one that all of it up to the request's head is kept here.

    None where it is not, and where the request is of the stored one.
    """
    head = request.head.head
    is_other = request.digest is None and head != record.head
    return short_digest(head.hash) if is_other and is_kept(connection, station, record, head) else None


def stored_head(connection: Transaction, station: Station, number: EntryNumber) -> Head:
    """The head of the stored ledger at this entry, which is one of it, or its origin."""
    stored = ledgers.entry_bytes(connection, station.id, station.start.number + 1, number)
    return extend_all(station.start, (stored[at] for at in range(station.start.number + 1, number + 1)))
