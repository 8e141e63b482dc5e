"""What a book's entries come to by voter: after they were stored by book, from what was stored, and harmless twice."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pollbook.entries import AnnexAdded, BookClosed, Entry, LineAccepted, LineReleased, ProvisionalResolved
from pollbook.line_state import LineState
from pollbook.plain_marks import plain_mark
from pollbook.types import MACHINE, EntryNumber, LineId
from register import claims, moving, provisional
from register.centre import Centre
from register.feed import tell_disputed, tell_resolved
from register.replay import decoded, touched
from register.statuses import note_changed
from register.store import custody, ledgers, marks, states, stations
from register.store.books import BookRecord
from register.store.engine import Transaction
from register.store.stations import Station


@dataclass(frozen=True, slots=True)
class Changed:
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


def left_behind(connection: Transaction, station: Station, record: BookRecord) -> Changed:
    """What the entries changed that were stored and, the work being broken off there, not adjudicated."""
    stored = ledgers.accepted_entries(connection, station.id, record.adjudicated + 1, record.head.number)
    entries = [(number, entry) for number, entry in zip(stored, decoded(stored.values()), strict=True) if entry]
    with_rows = states.with_rows(connection, station.id, touched(entry for _, entry in entries))
    plain = ((number, plain_mark(content)) for number, content in stored.items())
    fresh = {LineId(mark.line): number for number, mark in plain if mark is not None and mark.line not in with_rows}
    return Changed(with_rows, entries, fresh)


def adjudicate(
    connection: Transaction, centre: Centre, station: Station, record: BookRecord, changed: Changed, at_s: int
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


def follow(
    connection: Transaction,
    centre: Centre,
    station: Station,
    entries: Iterable[tuple[EntryNumber, Entry]],
    marked: Collection[LineId],
    at_s: int,
) -> None:
    """Lines move, claims are answered and provisional voters adjudicated as these accepted entries of a book say.

    `marked` are the lines that entries of this book mark; plain marks need not be among the entries.
    """
    waited = custody.lines_waited_for(connection)
    for number, entry in entries:
        fact = entry.fact
        match fact:
            case LineReleased():
                owned = moving.follow_release(connection, centre, station, number, fact.release(station.book), at_s)
                for line in owned:
                    provisional.consider(connection, centre, line, at_s)
            case LineAccepted():
                for line in moving.follow_acceptance(connection, station, number, fact, at_s):
                    provisional.consider(connection, centre, line, at_s)
            case AnnexAdded(is_provisional=True):
                provisional.receive(connection, centre, station, number, fact, at_s)
            case ProvisionalResolved():
                provisional.follow_resolved(connection, station, number, fact, at_s)
            case BookClosed():
                provisional.consider_closed(connection, centre, station, at_s)
            case _:
                pass
    waiting = sorted(waited.intersection(marked))
    claims.answer_marked(connection, station, waiting, at_s)
    for line in waiting:
        provisional.consider(connection, centre, line, at_s)
