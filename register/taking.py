"""Storing a book's new entries with what they change, each put to the rules of custody first."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from pollbook import line_state
from pollbook.clock import HybridTime
from pollbook.entries import Entry
from pollbook.ledger import Head
from pollbook.line_state import LineState
from pollbook.types import EntryNumber, LineId
from register import mark_columns, runs
from register.adjudication import Changed
from register.centre import Centre
from register.feed import tell_quarantined
from register.replay import Ingested
from register.store import books, marks, orders, people, rows, states
from register.store import custody as moved
from register.store.books import BookRecord
from register.store.engine import Transaction
from register.store.stations import Station
from register.succession import identity_of


def take(
    connection: Transaction,
    centre: Centre,
    station: Station,
    record: BookRecord,
    issued: orders.IssuedLines,
    new: tuple[bytes, ...],
    head: Head,
    at_s: int,
) -> Changed:
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
        books.save_key(connection, station.id, person, view.bound[person])
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
    return Changed(after, others, fresh, do_count)


def _take_columns(
    connection: Transaction,
    station: Station,
    record: BookRecord,
    issued: orders.IssuedLines,
    columns: mark_columns.MarkColumns,
    head: Head,
    at_s: int,
) -> Changed | None:
    """`take` where all new entries are plain marks to which the rules have nothing to say; None where they may have.

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
    return Changed({}, (), numbers, do_count=True)


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
        bound=books.keys_of(connection, station.id),
        last_at=record.last_at,
        days=set() if record.day is None else {record.day},
        is_closed=record.closed,
        adjudications=moved.adjudications_at(connection, station.id),
        is_forked=record.forked,
    )
    return _Loaded(view, before, known.keys())


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
