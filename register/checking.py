"""Proving a register: every chain, every signature, and that what it shows follows from what it stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pollbook import line_state
from pollbook.effects import Anomaly
from pollbook.ledger import SignedHead, extend, is_signed_head
from pollbook.line_state import LineState
from pollbook.types import MACHINE, EntryNumber, LineId
from register.centre import Centre
from register.officers import is_proven
from register.own_checking import check_own
from register.replay import Ingested, decoded
from register.store import books, decisions, ledgers, marks, setup, stations
from register.store import states as line_states
from register.store.books import BookRecord
from register.store.engine import Transaction
from register.store.stations import Station
from register.succession import inherited


@dataclass(frozen=True, slots=True)
class Fault:
    """What does not hold, in which book (or `decision N`)."""

    where: str
    what: str


@dataclass(frozen=True, slots=True)
class Checked:
    """What was looked at, and what did not hold."""

    books: int
    entries: int
    decisions: int
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class _CheckedBook:
    """One book: how many entries it has, how many of its marks count or are disputed, and what does not hold."""

    entries: int
    marks: int
    faults: list[str]


def check_register(connection: Transaction, centre: Centre) -> Checked:
    """Every ledger from its origin, its head's signature, its projection; every decision's two signatures."""
    faults: list[Fault] = []
    entries, counted = 0, 0
    every = stations.all_stations(connection)
    superseded = {station.predecessor for station in every}
    for station in every:
        book = _check_book(connection, centre, station, is_superseded=station.id in superseded)
        entries += book.entries
        counted += book.marks
        faults += [Fault(str(station.book), what) for what in book.faults]
    if marks.are_complete(connection) and counted != marks.count(connection):
        faults.append(Fault("marks", "marks count that are none of the books'"))
    officers = setup.officers_of(connection)
    decided = list(decisions.all_decisions(connection))
    for number, decision in enumerate(decided, 1):
        if not is_proven(decision, officers, centre.election):
            faults.append(Fault(f"decision {number}", "the signatures do not hold"))
    faults += [Fault("register", what) for what in check_own(connection, centre)]
    return Checked(len(every), entries, len(decided), tuple(faults))


def _check_book(connection: Transaction, centre: Centre, station: Station, *, is_superseded: bool) -> _CheckedBook:
    record = books.load_book(connection, station.id)
    stored = list(ledgers.all_entries(connection, station.id))
    faults: list[str] = []
    head = station.start
    for number, each in enumerate(stored, station.start.number + 1):
        if each.number != number:
            return _CheckedBook(len(stored), 0, [f"entry {number} is missing"])
        head = extend(head, each.content)
    if head != record.head:
        faults.append("the chain does not lead to the stored head")
    signed = SignedHead(record.head, record.signature or b"")
    if stored and not is_signed_head(station.start, signed, station.public_key):
        faults.append("the head's signature does not hold")
    view = inherited(connection, centre, station)
    faults += _check_projection(connection, station, record, stored, view)
    counting = marks.numbers_on(connection, station.id, [line for line, state in view.states.items() if state.mark])
    if not _do_marks_follow(station, record, view.states, counting, is_superseded=is_superseded):
        faults.append("the marks that count are not those of the book")
    return _CheckedBook(len(stored), len(counting), faults)


def _check_projection(
    connection: Transaction, station: Station, record: BookRecord, stored: list[ledgers.StoredEntry], view: Ingested
) -> list[str]:
    """The rules, run again over the whole ledger, must come to what is stored; `view` begins before the first entry."""
    entries = decoded(each.content for each in stored)
    faults: list[str] = []
    for each, entry in zip(stored, entries, strict=True):
        view.is_forked |= record.forked and each.quarantined is Anomaly.FORK
        anomaly = view.ingest(EntryNumber(each.number), entry)
        if anomaly != each.quarantined:
            faults.append(f"entry {each.number} is stored as {each.quarantined}, but is {anomaly}")
    shown = line_states.all_states(connection, station.id)
    if _moved(view.states, station.unmoved) != _moved(shown, station.unmoved):
        faults.append("the lines' states do not follow from the entries")
    if line_state.digest(shown.items()) != record.digest:
        faults.append("the digest is not that of the lines' states")
    if view.bound != books.keys_of(connection, station.id):
        faults.append("the people's keys do not follow from the entries")
    seen = (view.last_at, max(view.days, default=None), view.is_closed)
    if seen != (record.last_at, record.day, record.closed):
        faults.append("the book's time or day does not follow from the entries")
    return faults


def _do_marks_follow(
    station: Station,
    record: BookRecord,
    states: Mapping[LineId, LineState],
    counting: Mapping[LineId, EntryNumber],
    *,
    is_superseded: bool,
) -> bool:
    """Whether the marks that count, or are disputed, of this book are those of its lines' states."""
    marked = {line: state.mark for line, state in states.items() if state.mark is not None}
    if any(marked[line].number != number for line, number in counting.items()):
        return False
    # A book that was taken over shows marks that are its successor's now; of two books that took over from one, what
    # the second inherited is the first one's; and a mark by the machine is its predecessor's.
    is_rival = record.forked and station.predecessor is not None
    if is_superseded or is_rival or record.adjudicated < record.head.number:
        return True
    return all(line in counting for line, mark in marked.items() if mark.actor != MACHINE)


def _moved(states: Mapping[LineId, LineState], unmoved: LineState) -> dict[LineId, LineState]:
    return {line: state for line, state in states.items() if state != unmoved}
