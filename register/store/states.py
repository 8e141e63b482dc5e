"""What a book's entries made of its lines.

Nearly all that ever happens to a line is one plain mark (`pollbook.plain_marks`). Such a mark has no row here: it is
the entry, which the row of the marks that count, or are disputed, names by its line. Every other state has a row of its
own, which says all. So the state of a line is its row; else its plain mark; else that nothing happened.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sqlalchemy import (
    BindParameter,
    Connection,
    Select,
    Table,
    bindparam,
    insert,
    literal_column,
    select,
    union_all,
    update,
)

from pollbook.clock import HybridTime
from pollbook.entries import Outcome
from pollbook.line_state import LineState, Mark, Place, Proof
from pollbook.plain_marks import plain_mark
from pollbook.types import CHANNELS, Channel, EntryNumber, LineId, PersonNumber, parse_book
from register.store.schema.ledgers import entry, line_state
from register.store.schema.marks import disputed_mark, effective_mark
from register.store.schema.stations import OF_STATION
from register.store.statements import Statement, among, joined


def with_rows(
    connection: Connection, station_id: int, lines: Collection[LineId] | None = None
) -> dict[LineId, LineState]:
    """The states that have a row, of `lines` or of all."""
    if lines is None:
        rows = _ROWS.all(connection, station_id=station_id)
    elif lines:
        rows = _ROWS_OF.all(connection, station_id=station_id, lines=joined(connection, lines))
    else:
        return {}
    return {LineId(row.line): _state(row) for row in rows}


def have_rows(connection: Connection, station_id: int, lines: Mapping[LineId, object]) -> bool:
    """Whether one of these lines has a row; True without looking further where the book has many rows."""
    some = _FIRST_LINES.all(connection, station_id=station_id)
    return len(some) == _LINES_LOOKED_AT or any(row.line in lines for row in some)


def plainly_marked(
    connection: Connection, station_id: int, lines: Collection[LineId], upto: EntryNumber
) -> dict[LineId, LineState]:
    """Those of `lines`, which have no rows, that the book's adjudicated entries up to number `upto` mark."""
    if not lines:
        return {}
    rows = _MARKED.all(connection, station_id=station_id, lines=joined(connection, lines))
    return {line: state for line, state in _plain(rows).items() if state.mark and state.mark.number <= upto}


def states_of(
    connection: Connection, station_id: int, lines: Collection[LineId], upto: EntryNumber
) -> dict[LineId, LineState]:
    """The states of those of `lines` to which something happened in the book's adjudicated entries up to `upto`."""
    rows = with_rows(connection, station_id, lines)
    return plainly_marked(connection, station_id, [line for line in lines if line not in rows], upto) | rows


def all_states(connection: Connection, station_id: int) -> dict[LineId, LineState]:
    """The states of all lines to which something happened, adjudicated or not, read from the whole ledger."""
    plain = _plain(_LEDGER.all(connection, station_id=station_id))
    return plain | with_rows(connection, station_id)


def write_out(connection: Connection, station_id: int) -> None:
    """Every state of the book has a row from here on: its marks are to count as another's."""
    rows = with_rows(connection, station_id)
    plain = all_states(connection, station_id)
    save(connection, station_id, rows, {line: state for line, state in plain.items() if line not in rows})


def save(connection: Connection, station_id: int, known: Collection[LineId], after: Mapping[LineId, LineState]) -> None:
    """The lines' new states have their rows; `known` are the lines that had one already."""
    rows = [_row(station_id, each, state) for each, state in after.items()]
    if new := [row for row in rows if row["line_id"] not in known]:
        _INSERT.run_many(connection, new)
    if changed := [row for row in rows if row["line_id"] in known]:
        _UPDATE.run_many(connection, changed)


def _marks_in(table: Table) -> Select[Any]:
    same = (entry.c.station == table.c.station) & (entry.c.number == table.c.number)
    marks = select(table.c.line, entry.c.number, entry.c.bytes).join(entry, same)
    return marks.where(table.c.station == OF_STATION)


_ROWS = Statement(select(line_state).where(line_state.c.station == OF_STATION))
_LINES_LOOKED_AT = 256
"""A book that lets go or takes in as many lines sends no long runs of marks alone."""
_FIRST_LINES = Statement(select(line_state.c.line).where(line_state.c.station == OF_STATION).limit(_LINES_LOOKED_AT))
_ROWS_OF = among(
    lambda lines: select(line_state).where(line_state.c.station == OF_STATION, line_state.c.line.in_(lines))
)
_MARKED = among(
    lambda lines: union_all(
        *(_marks_in(table).where(table.c.line.in_(lines)) for table in (effective_mark, disputed_mark))
    )
)
_LEDGER = Statement(
    select(literal_column("NULL").label("line"), entry.c.number, entry.c.bytes)
    .where(entry.c.station == OF_STATION, entry.c.quarantined.is_(None))
    .order_by(entry.c.number)
)
_MOVED = ("place", "custody", "since", "proof", "released_to", "annexed", "outcome")
_VALUES: dict[str, BindParameter[Any]] = {
    name: bindparam(f"new_{name}") for name in ("mark", "channel", "at", "actor", "voids", *_MOVED)
}
_INSERT = Statement(insert(line_state).values(station=OF_STATION, line=bindparam("line_id"), **_VALUES))
_UPDATE = Statement(
    update(line_state)
    .where(line_state.c.station == OF_STATION, line_state.c.line == bindparam("line_id"))
    .values(_VALUES)
)


def _plain(rows: Iterable[Any]) -> dict[LineId, LineState]:
    """The states of lines to which nothing happened but the plain marks among these entries."""
    found = {}
    for row in rows:
        mark = plain_mark(bytes(row.bytes))
        if mark is not None and row.line in {None, mark.line}:
            number, at = EntryNumber(row.number), HybridTime(mark.at)
            found[LineId(mark.line)] = LineState(Mark(number, CHANNELS[mark.channel], at, PersonNumber(mark.actor)))
    return found


def _state(row: Any) -> LineState:  # noqa: ANN401 - a row of `line_state`
    mark = None
    if row.mark is not None:
        mark = Mark(EntryNumber(row.mark), Channel(row.channel), HybridTime(row.at), PersonNumber(row.actor))
    return LineState(
        mark,
        tuple(EntryNumber(int(number)) for number in row.voids.split()),
        Place(row.place),
        row.custody,
        EntryNumber(row.since),
        Proof(row.proof),
        parse_book(row.released_to),
        bool(row.annexed),
        None if row.outcome is None else Outcome(row.outcome),
    )


def _row(station_id: int, line_id: LineId, state: LineState) -> dict[str, object]:
    mark = state.mark
    return {
        "station_id": station_id,
        "line_id": line_id,
        "new_mark": mark.number if mark else None,
        "new_channel": mark.channel.value if mark else None,
        "new_at": mark.at if mark else None,
        "new_actor": mark.actor if mark else None,
        "new_voids": " ".join(map(str, state.voids)),
        "new_place": int(state.place),
        "new_custody": state.custody,
        "new_since": state.since,
        "new_proof": int(state.proof),
        "new_released_to": str(state.released_to or ""),
        "new_annexed": int(state.is_annexed),
        "new_outcome": None if state.outcome is None else int(state.outcome),
    }
