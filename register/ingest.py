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
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from pollbook import line_state
from pollbook.clock import COUNTER_BITS, HybridTime
from pollbook.effects import Anomaly
from pollbook.entries import Entry
from pollbook.failures import Failure, InputInvalid, WorldFailed
from pollbook.feed_items import FeedKind
from pollbook.ledger import Head, extend_all, is_signed_head
from pollbook.line_state import LineState
from pollbook.messages import (
    Address,
    SyncAnswer,
    SyncRequest,
    decode_sync_request,
    encode_sync_answer,
    is_signed_request,
    short_digest,
)
from pollbook.plain_marks import plain_mark
from pollbook.types import MACHINE, EntryNumber, LineId
from register import mark_columns, runs
from register.adjudication import follow
from register.appointments import come_back_s
from register.centre import Centre
from register.claims import answer_asks
from register.feed import tell_anomaly, tell_disputed, tell_quarantined, tell_resolved, tell_revoked
from register.replay import Ingested, decoded, touched
from register.statuses import note_changed, tell_statuses
from register.store import custody as moved
from register.store import ledgers, marks, orders, own_ledger, people, rows, spares, states, stations
from register.store.engine import Transaction
from register.store.ledgers import BookRecord
from register.store.stations import Station
from register.succession import admit, carrier_key, follow_tail, identity_of

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
    record = ledgers.hold_book(connection, station.id)
    _compare_feeds(connection, station, record, request, at_s)  # before anything is told under a number that was used
    before = record.head.number
    if record.adjudicated < before:  # what is looked up below is what was adjudicated
        _adjudicate(connection, centre, station, record, _left_behind(connection, station, record), at_s)
    new, fork = _compare(connection, station, record.head, request)
    if fork is None and record.forked and request.entries and request.first > before + 1:
        fork = request.first  # the other history goes on past the one that is stored: evidence as well
    if fork is not None:
        _keep_fork(connection, station, record, request, fork, at_s)
    elif new:
        was_closed = record.closed
        changed = _take(connection, centre, station, record, issued, new, request.head.head, at_s)
        record.signature = request.head.signature
        if record.closed is not was_closed:  # which decides about envelopes
            ledgers.save_book(connection, station.id, record)
        _adjudicate(connection, centre, station, record, changed, at_s)
    if not is_own:  # carried by another, who is told of nothing but that it is stored
        ledgers.save_book(connection, station.id, record)
        return encode_sync_answer(SyncAnswer(record.head, (), None, at_s, 0), request, untrusted, centre.keys.key)
    if station.revoked_at_s is not None:
        tell_revoked(connection, station, at_s)
        has_been_told = request.feed_cursor >= ledgers.newest_feed_number(connection, station.id)
        has_all = request.head.head.number <= record.head.number  # a register put back to a backup has lost some
        knows_all = not request.entries or record.forked  # what is sent again was stored, and its answer lost
        if record.head.number == before and has_been_told and has_all and knows_all:
            raise WorldFailed(Failure.BOOK_REVOKED, str(station.book))
    runs_ahead = (record.last_at >> COUNTER_BITS) - at_s > SKEW_MAX_S
    is_late = at_s - request.sent_at_s > SKEW_MAX_S and not is_carried
    if runs_ahead or is_late or request.sent_at_s - at_s > SKEW_MAX_S:
        tell_anomaly(connection, station, Anomaly.CLOCK_SKEWED, 0, at_s)
    digest = _compare_digests(connection, station, record, request, at_s)
    if told_at := ledgers.newest_of_kind(connection, station.id, FeedKind.SUPERSEDED):
        is_told = request.feed_cursor >= told_at
        follow_tail(connection, centre, station, record, at_s, is_over=is_told and request.pending == 0)
    heard_at_s = min(request.sent_at_s, at_s) if is_carried else at_s
    if record.last_heard_at_s is None or heard_at_s >= record.last_heard_at_s or not is_carried:
        record.last_heard_at_s, record.pending, record.software = heard_at_s, request.pending, request.software
    ledgers.save_book(connection, station.id, record)
    answer_asks(connection, centre, station, request.asks, at_s)
    tell_statuses(connection, station, at_s)
    items = ledgers.feed_after(connection, station.id, request.feed_cursor)
    wished_s = 0 if request.pending else come_back_s(stations.enrolled_about(connection))
    logger.info("sync book=%s acknowledged=%s new=%s", station.book, record.head.number, len(new))
    answer = SyncAnswer(record.head, items, digest, at_s, wished_s)
    return encode_sync_answer(answer, request, untrusted, centre.keys.key)


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
    if not is_signed_head(station.start, request.head, station.public_key):
        raise InputInvalid("the head's signature does not hold")
    return station, request, issued, is_own


@dataclass(frozen=True, slots=True)
class _Changed:
    """What accepted entries changed.

    Attributes:
        states: The lines' states.
        others: The accepted entries but for plain marks, in order.
        fresh: The marks of lines that nothing else had happened to.
        do_count: Whether those stand already among the marks that count.
    """

    states: Mapping[LineId, LineState]
    others: Sequence[tuple[EntryNumber, Entry]]
    fresh: Mapping[LineId, EntryNumber] = field(default_factory=dict)
    do_count: bool = False


def _compare(
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


def _keep_fork(
    connection: Transaction, station: Station, record: BookRecord, request: SyncRequest, fork: EntryNumber, at_s: int
) -> None:
    evidence = {number: content for number, content in enumerate(request.entries, request.first) if number >= fork}
    ledgers.add_fork(connection, station.id, evidence, at_s)
    if not record.forked:
        tell_anomaly(connection, station, Anomaly.FORK, fork, at_s)
    record.forked = True


def _take(
    connection: Transaction,
    centre: Centre,
    station: Station,
    record: BookRecord,
    issued: orders.IssuedLines,
    new: tuple[bytes, ...],
    head: Head,
    at_s: int,
) -> _Changed:
    """Store new entries, which lead to `head`, with what they change."""
    first = record.head.number + 1
    if len(new) >= mark_columns.MARKS_MIN and (columns := mark_columns.columns_of(new, first)) is not None:
        changed = _take_columns(connection, station, record, issued, columns, head, at_s)
        if changed is not None:
            return changed
    batch = runs.read_batch(new)
    # Lines that this book marked before are almost never marked again: that none was, the marks that count say, once
    # they are written. Only where one was, or a store cannot tell, the lines are looked up first.
    sought = batch.looked_up if marks.tells_free(connection) else batch.lines
    loaded = _load_view(connection, centre, station, record, batch, issued.lines, sought)
    taken = runs.take(loaded.view, issued.lines, station.holds, first, batch)
    numbers = [mark.number for mark in taken.fresh.values()]
    do_count = marks.add_free(connection, station.id, list(taken.fresh), numbers)
    if not do_count and sought is not batch.lines:
        loaded = _load_view(connection, centre, station, record, batch, issued.lines, batch.lines)
        taken = runs.take(loaded.view, issued.lines, station.holds, first, batch)
    view, before = loaded.view, loaded.before
    quarantined = [None if anomaly is None else anomaly.value for anomaly in taken.quarantined]
    rows.add_entries(connection, station.id, first, list(zip(new, quarantined, strict=True)), at_s)
    after = {line: view.states[line] for line in view.changed}
    states.save(connection, station.id, loaded.with_rows, after)
    for person in view.keys_changed:
        ledgers.save_key(connection, station.id, person, view.bound[person])
    tell_quarantined(connection, station, first, taken.quarantined, at_s)
    record.head = head
    record.last_at, record.day, record.closed = view.last_at, max(view.days, default=None), view.is_closed
    record.digest = _digest_after(record.digest, before, after, runs.digest_of(taken.fresh.values()))
    others = [
        (EntryNumber(number), item)
        for number, (item, anomaly) in enumerate(zip(batch.items, taken.quarantined, strict=True), first)
        if isinstance(item, Entry) and anomaly is None
    ]
    fresh = {LineId(line): EntryNumber(mark.number) for line, mark in taken.fresh.items()}
    return _Changed(after, others, fresh, do_count)


def _take_columns(
    connection: Transaction,
    station: Station,
    record: BookRecord,
    issued: orders.IssuedLines,
    columns: mark_columns.MarkColumns,
    head: Head,
    at_s: int,
) -> _Changed | None:
    """`_take` where all new entries are plain marks to which the rules have nothing to say; None where they may have.

    Only on PostgreSQL, where many marks come at once and a copy says whether a line had one.
    """
    may_mark = station.holds and record.day is not None and not record.closed and not record.forked
    if not may_mark or columns.first == station.start.number + 1:
        return None
    named = [person.number for person in people.people_of(connection, station.precinct)]
    numbers = columns.numbers()
    if (
        not mark_columns.are_all_entered(columns, issued.packed, named, record.last_at)
        or states.have_rows(connection, station.id, numbers)
        or not marks.add_free(connection, station.id, columns.line, columns.number)
    ):
        return None
    rows.add_plain_entries(connection, station.id, columns.first, columns.contents, at_s)
    record.head, record.last_at = head, HybridTime(columns.last_at)
    record.digest = _digest_after(record.digest, {}, {}, mark_columns.digest_of(columns))
    return _Changed({}, (), numbers, do_count=True)


@dataclass(frozen=True, slots=True)
class _Loaded:
    """The book as the rules look at it, the states of the batch's lines before it, and which of those have a row."""

    view: Ingested
    before: Mapping[LineId, LineState]
    with_rows: Collection[LineId]


def _load_view(
    connection: Transaction,
    centre: Centre,
    station: Station,
    record: BookRecord,
    batch: runs.Batch,
    issued: frozenset[LineId],
    looked_up: Collection[LineId],
) -> _Loaded:
    """The book as it is before the batch; only of the lines `looked_up` it is known whether they are plainly marked."""
    held = issued & batch.looked_up
    if batch.asks_for_all:
        held, known = issued, states.with_rows(connection, station.id)
        before = states.all_states(connection, station.id)
    else:
        known = states.with_rows(connection, station.id, batch.lines)
        unknown = [line for line in looked_up if line not in known]
        before = states.plainly_marked(connection, station.id, unknown, record.head.number) | known
    view = Ingested(
        identity=identity_of(connection, centre, station),
        start=station.start,
        people={person.number: person for person in people.people_of(connection, station.precinct)},
        states=before | {line: before.get(line, station.unmoved) for line in held},
        bound=ledgers.keys_of(connection, station.id),
        last_at=record.last_at,
        days=set() if record.day is None else {record.day},
        is_closed=record.closed,
        adjudications=moved.adjudications_at(connection, station.id),
        is_forked=record.forked,
    )
    return _Loaded(view, before, known.keys())


def _left_behind(connection: Transaction, station: Station, record: BookRecord) -> _Changed:
    """What the entries changed that were stored and, the work being broken off there, not adjudicated."""
    stored = ledgers.accepted_entries(connection, station.id, record.adjudicated + 1, record.head.number)
    entries = [(number, entry) for number, entry in zip(stored, decoded(stored.values()), strict=True) if entry]
    with_rows = states.with_rows(connection, station.id, touched(entry for _, entry in entries))
    plain = ((number, plain_mark(content)) for number, content in stored.items())
    fresh = {LineId(mark.line): number for number, mark in plain if mark is not None and mark.line not in with_rows}
    return _Changed(with_rows, entries, fresh)


def _adjudicate(
    connection: Transaction, centre: Centre, station: Station, record: BookRecord, changed: _Changed, at_s: int
) -> None:
    """Bring by voter what the book's entries past `record.adjudicated` changed; twice is as good as once.

    A line that another book marked too: both marks stay, and both books are told (guarantee 1).
    """
    # A mark by the machine is one of the book's predecessor, of which the register told it.
    own = {line: state.mark for line, state in changed.states.items() if state.mark and state.mark.actor != MACHINE}
    marked = {line: mark.number for line, mark in own.items()}
    fresh = changed.fresh
    counted = marked if changed.do_count else {**marked, **fresh}
    voided = [line for line, state in changed.states.items() if state.mark is None and state.voids]
    for kept in marks.remove(connection, station.id, voided):
        _settle(connection, station, kept, at_s)
    for other in marks.add(connection, station.id, counted):
        found = stations.station_by_id(connection, other.station)
        both = [(station, counted[other.line]), *([(found, other.number)] if found is not None else [])]
        tell_disputed(connection, both, other.line, at_s)
    since = record.adjudicated
    news = [line for line, mark in own.items() if mark.number > since]
    news += [line for line in voided if changed.states[line].voids[-1] > since]
    note_changed(connection, station, news, list(fresh))
    follow(connection, centre, station, changed.others, marked.keys() | fresh.keys(), at_s)
    record.adjudicated = record.head.number


def _settle(connection: Transaction, station: Station, kept: marks.Kept, at_s: int) -> None:
    """A book voided its mark of a disputed line, and one other is left: both books are told that it counts."""
    found = stations.station_by_id(connection, kept.station)
    if found is not None:
        for each in (station, found):
            tell_resolved(connection, each.id, kept.line, found.book, at_s)


def _compare_feeds(
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
    known = record.feed_check if cursor == floor else ledgers.feed_check_at(connection, station.id, cursor)
    if known is not None and (not check or (not known and cursor > floor)):
        ledgers.set_feed_floor(connection, station.id, cursor, check)
        ledgers.chain_feed_again(connection, station.id, cursor, check)
        return
    # Where the chain begins, a check of the same items is of a request from before that.
    if known in {check, b""}:
        if cursor > floor:
            ledgers.set_feed_floor(connection, station.id, cursor, check)
        return
    ledgers.set_feed_floor(connection, station.id, cursor, check)
    ledgers.chain_feed_again(connection, station.id, cursor, check)
    own_ledger.set_behind(connection, at_s)
    tell_anomaly(connection, station, Anomaly.REGISTER_ROLLED_BACK, 0, at_s)
    # What was told since the restore has numbers that the book has seen. Which that is, nobody knows: all of it is told
    # once more (rule 2), and is harmless twice.
    seen_or_not = ledgers.feed_upto(connection, station.id, cursor)
    ledgers.add_feed_items(connection, station.id, seen_or_not, at_s)


def _compare_digests(
    connection: Transaction, station: Station, record: BookRecord, request: SyncRequest, at_s: int
) -> bytes | None:
    if record.forked or request.digest is None or request.head.head != record.head:
        return None  # what a forked book sends changes nothing here, so its lines differ and that says nothing
    digest = short_digest(record.digest)
    if digest != request.digest:
        tell_anomaly(connection, station, Anomaly.DIGEST_DIFFERS, record.head.number, at_s)
    return digest


def _digest_after(
    digest: bytes, before: Mapping[LineId, LineState], after: Mapping[LineId, LineState], fresh: int
) -> bytes:
    """The digest of all lines once these changed; it is a sum, so only they, and `fresh`, need be looked at."""
    total = int.from_bytes(digest, "big") + fresh
    for line, state in after.items():
        total += line_state.line_digest(line, state) - line_state.line_digest(
            line, before.get(line, line_state.UNMARKED)
        )
    return (total % (1 << 8 * line_state.DIGEST_BYTES)).to_bytes(line_state.DIGEST_BYTES, "big")
