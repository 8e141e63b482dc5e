"""Taking in what a book sends: one request, one transaction, whatever was sent before.

What is proven, in this order: the book is one of ours; its key signed the request; its key signed the head, over the
origin that this election, book and slice give; the entries lead from the head that is stored here to that one. Only
then is each entry put to the rules of custody. What they refuse keeps its number and its bytes and changes nothing
(rule 14); it becomes an anomaly that both sides are told of, and the queue moves on.

A book that forked is quarantined: of two histories that its key signed, the register cannot tell which one the
commission made. What continues the stored one is kept from then on, but changes nothing.

A request may begin before the stored head (then what overlaps is compared), or beyond it: then nothing is taken, and
the answer names the head that is stored, from which the book sends again (rule 11).
"""

from __future__ import annotations

import logging
from datetime import datetime

from pollbook.clock import COUNTER_BITS
from pollbook.effects import Anomaly
from pollbook.failures import Failure, InputInvalid, WorldFailed
from pollbook.feed_items import FeedKind
from pollbook.ledger import is_signed_head
from pollbook.sync_answer import SyncAnswer, encode_sync_answer
from pollbook.sync_request import Address, SyncRequest, decode_sync_request, is_signed_request
from register.adjudication import adjudicate, left_behind
from register.appointments import come_back_s
from register.centre import Centre
from register.claims import answer_asks
from register.evidence import is_kept, keep_fork, kept_history
from register.feed import tell_anomaly, tell_revoked
from register.histories import compare_digests, compare_entries, compare_feeds
from register.statuses import tell_statuses
from register.store import books, feeds, orders, spares, stations
from register.store.books import BookRecord
from register.store.engine import Transaction
from register.store.stations import Station
from register.succession import admit, carrier_key, follow_tail
from register.taking import take

SKEW_MAX_S = 300
"""A clock further off than this is noted; nothing depends on it (order comes from numbers)."""

logger = logging.getLogger(__name__)


def ingest(
    connection: Transaction,
    centre: Centre,
    untrusted: bytes,
    address: Address,
    now: datetime,
    *,
    is_carried: bool = False,
) -> bytes:
    """The sealed answer to a sync request, once everything in it is stored.

    A request that `is_carried` came by hand and may be days old: that is no skewed clock, and says how the book was
    when it was written, not now.

    Raises:
        WorldFailed: `REQUEST_NOT_ACCEPTED`: not a request, not one of our books, or a signature that does not hold.
            `BOOK_REVOKED`: the book is revoked, has been told so, and knows that all it has is stored.
    """
    try:
        station, request, issued, is_own = _proven(connection, centre, untrusted, address, int(now.timestamp()))
    except InputInvalid as error:
        raise WorldFailed(Failure.REQUEST_NOT_ACCEPTED, str(error)) from error
    at_s = int(now.timestamp())
    record = books.hold_book(connection, station.id)
    compare_feeds(connection, station, record, request, at_s)  # before anything is told under a number that was used
    before = record.head.number
    if record.adjudicated < before:  # what is looked up below is what was adjudicated
        adjudicate(connection, centre, station, record, left_behind(connection, station, record), at_s)
    new, fork = compare_entries(connection, station, record.head, request)
    if fork is None and record.forked and request.entries and request.first > before + 1:
        fork = request.first  # the other history goes on past the one that is stored: evidence as well
    if fork is not None:
        keep_fork(connection, station, record, request, fork, at_s)
    elif new:
        was_closed = record.closed
        changed = take(connection, centre, station, record, issued, new, request.head.head, at_s)
        record.signature = request.head.signature
        if record.closed is not was_closed:  # which decides about envelopes
            books.save_book(connection, station.id, record)
        adjudicate(connection, centre, station, record, changed, at_s)
    if not is_own:  # carried by another, who is told of nothing but that it is stored
        books.save_book(connection, station.id, record)
        return encode_sync_answer(SyncAnswer(record.head, (), None, at_s, 0), request, untrusted, centre.keys.key)
    if station.revoked_at_s is not None:
        tell_revoked(connection, station, at_s)
        if _has_said_all(connection, station, record, request):
            raise WorldFailed(Failure.BOOK_REVOKED, str(station.book))
    runs_ahead = (record.last_at >> COUNTER_BITS) - at_s > SKEW_MAX_S
    is_late = at_s - request.sent_at_s > SKEW_MAX_S and not is_carried
    if runs_ahead or is_late or request.sent_at_s - at_s > SKEW_MAX_S:
        tell_anomaly(connection, station, Anomaly.CLOCK_SKEWED, 0, at_s)
    digest = compare_digests(connection, station, record, request, at_s)
    digest = digest or kept_history(connection, station, record, request)
    if told_at := feeds.newest_of_kind(connection, station.id, FeedKind.SUPERSEDED):
        is_told = request.feed_cursor >= told_at
        follow_tail(connection, centre, station, record, at_s, is_over=is_told and request.pending == 0)
    heard_at_s = min(request.sent_at_s, at_s) if is_carried else at_s
    if record.last_heard_at_s is None or heard_at_s >= record.last_heard_at_s or not is_carried:
        record.last_heard_at_s, record.pending, record.software = heard_at_s, request.pending, request.software
    books.save_book(connection, station.id, record)
    answer_asks(connection, centre, station, request.asks, at_s)
    tell_statuses(connection, station, at_s)
    items = feeds.feed_after(connection, station.id, request.feed_cursor)
    wished_s = 0 if request.pending else come_back_s(stations.enrolled_about(connection))
    logger.info("sync book=%s acknowledged=%s new=%s", station.book, record.head.number, len(new))
    answer = SyncAnswer(record.head, items, digest, at_s, wished_s)
    return encode_sync_answer(answer, request, untrusted, centre.keys.key)


def _has_said_all(connection: Transaction, station: Station, record: BookRecord, request: SyncRequest) -> bool:
    """Whether a revoked book knows that it is, and that all it has is here.

    Entries that it sends again were stored, and the answer lost; of a register that was put back to a backup the head
    says what is missing.
    """
    has_been_told = request.feed_cursor >= feeds.newest_feed_number(connection, station.id)
    return has_been_told and not request.entries and is_kept(connection, station, record, request.head.head)


def prove_sync(connection: Transaction, untrusted: bytes, address: Address) -> None:
    """Nothing, where `ingest` would look into the request: it is for one of our books, and the book's own.

    Raises:
        WorldFailed: `REQUEST_NOT_ACCEPTED`.
    """
    station = stations.find_station(connection, address.book)
    if station is None:
        spare = spares.find_spare(connection, address.book.device)
        is_ours = spare is not None and is_signed_request(untrusted, address, spare.public_key)
    else:
        is_ours = is_signed_request(untrusted, address, station.public_key) or bool(
            carrier_key(connection, station, address, untrusted)
        )
    if not is_ours:
        raise WorldFailed(Failure.REQUEST_NOT_ACCEPTED, "not a request of a book of this election")


def _proven(
    connection: Transaction, centre: Centre, untrusted: bytes, address: Address, at_s: int
) -> tuple[Station, SyncRequest, orders.IssuedLines, bool]:
    """The station, its request, the lines it was issued, and whether its own device sent the request."""
    station = stations.find_station(connection, address.book) or admit(connection, centre, untrusted, address, at_s)
    if station is None:
        raise InputInvalid("not a book of this election")
    is_own = is_signed_request(untrusted, address, station.public_key)
    key = station.public_key if is_own else carrier_key(connection, station, address, untrusted)
    if key is None:
        raise InputInvalid("not signed by the book, nor by a successor who carries for it")

    issued = orders.IssuedLines(connection, station)
    request = decode_sync_request(untrusted, address, key, issued.order_with)
    if request.first <= station.start.number:
        raise InputInvalid("entries of the book before this one")
    if not is_signed_head(station.start, request.head, station.public_key):
        raise InputInvalid("the head's signature does not hold")
    return station, request, issued, is_own
