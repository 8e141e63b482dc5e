"""One voter's line in the store: where it stands, who holds it, and what befell it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select, update

from pollbook.clock import COUNTER_BITS
from pollbook.effects import Anomaly
from pollbook.entries import LineAccepted, LineReleased, Marked, MarkVoided, decode_entry
from pollbook.line_state import LineState
from pollbook.types import MACHINE, LineId, PrecinctCode
from register.store import books, ledgers
from register.store.schema.ledgers import line_state
from register.store.schema.lists import LinePlace, line
from register.store.schema.stations import station
from register.store.states import states_of
from register.store.stations import Station, issued_lines, station_by_id


@dataclass(frozen=True, slots=True)
class LineRecord:
    """A line as the register has it."""

    line: LineId
    precinct: PrecinctCode
    page: int
    row: int
    place: LinePlace
    since_version: int

    @property
    def is_active(self) -> bool:
        """Whether the line is in place: issued or to be issued."""
        return self.place is LinePlace.ACTIVE


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that befell a line: issued, taken over, marked, voided, released, accepted."""

    event: str
    book: str
    at_s: int
    entry: int | None = None
    channel: str | None = None
    quarantined: str | None = None


def lines_with_pinfl(connection: Connection, pinfl: str) -> list[LineRecord]:
    """Every line with this PINFL, those in place first."""
    query = select(line).where(line.c.pinfl == pinfl).order_by(line.c.place, line.c.seq)
    return [
        LineRecord(
            LineId(row.id),
            PrecinctCode(row.precinct),
            row.page,
            row.row,
            LinePlace(row.place),
            row.since_version,
        )
        for row in connection.execute(query)
    ]


def change_line(connection: Connection, line_id: LineId, changes: Mapping[str, str]) -> None:
    """The line's data are these now."""
    connection.execute(update(line).where(line.c.id == line_id).values(dict(changes)))


def stations_with(connection: Connection, record: LineRecord) -> list[Station]:
    """The stations whose slices have this line, in the order of issue."""
    query = select(station.c.id).where(station.c.precinct == record.precinct).order_by(station.c.id)
    ids = [each for each in connection.execute(query).scalars() if record.line in issued_lines(connection, each)]
    return [found for each in ids if (found := station_by_id(connection, each)) is not None]


def stations_visited(connection: Connection, record: LineRecord, but: list[Station]) -> list[Station]:
    """Further stations that have had the line, in the order of their enrolment; looks at every book."""
    query = select(line_state.c.station).where(line_state.c.line == record.line).order_by(line_state.c.station)
    known = {each.id for each in but}
    found = [station_by_id(connection, each) for each in connection.execute(query).scalars() if each not in known]
    return [each for each in found if each is not None]


def history(
    connection: Connection, record: LineRecord, held_by: list[Station], visited: Sequence[Station] = ()
) -> tuple[list[Event], list[LineState]]:
    """What befell the line, each book's entries in their order, and the line's state in each book that touched it.

    `held_by` were issued it, `visited` had it for a while. A state that a successor took over, or was told of, is the
    successor's and no longer its predecessor's.
    """
    events: list[Event] = []
    states: dict[int, LineState] = {}
    for each in held_by:
        event = "issued" if each.predecessor is None else "taken_over"
        events.append(Event(event, str(each.book), each.issued_at_s))
        head = books.load_book(connection, each.id).head
        state = states_of(connection, each.id, [record.line], head.number).get(record.line)
        if state is None:
            continue
        before = None if each.predecessor is None else states.get(each.predecessor)
        if before is not None and each.predecessor is not None and _took_over(each, before, state):
            del states[each.predecessor]
        states[each.id] = state
        events += _entered(connection, each, record.line)
    for each in visited:
        head = books.load_book(connection, each.id).head
        state = states_of(connection, each.id, [record.line], head.number).get(record.line)
        if state is not None:
            states[each.id] = state
        events += _entered(connection, each, record.line)
    return events, list(states.values())


def _took_over(successor: Station, before: LineState, state: LineState) -> bool:
    """Whether what the old book says of the line is in what its successor says."""
    if before.mark is None or before.mark.number <= successor.start.number:
        return True
    return state.mark is not None and state.mark.number == before.mark.number and state.mark.actor == MACHINE


def _entered(connection: Connection, by: Station, line_id: LineId) -> Iterator[Event]:
    """The entries of one book about the line; a book has a few thousand, so they are simply read through."""
    for stored in ledgers.all_entries(connection, by.id):
        if stored.quarantined is Anomaly.ENTRY_INVALID:
            continue
        found = decode_entry(stored.content)
        at_s = found.at >> COUNTER_BITS
        quarantined = stored.quarantined.value if stored.quarantined else None
        match found.fact:
            case Marked(about, channel) if about == line_id:
                yield Event("marked", str(by.book), at_s, stored.number, channel.value, quarantined)
            case MarkVoided(line=about) if about == line_id:
                yield Event("voided", str(by.book), at_s, stored.number, None, quarantined)
            case LineReleased(lines=lines) if any(moved.line == line_id for moved in lines):
                yield Event("released", str(by.book), at_s, stored.number, None, quarantined)
            case LineAccepted(release=release) if any(moved.line == line_id for moved in release.lines):
                yield Event("accepted", str(by.book), at_s, stored.number, None, quarantined)
            case _:
                pass
