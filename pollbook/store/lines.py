"""Lines and their voters, looked up in a book's tables: one by its id, one by what was typed, all of them."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection

from pollbook.entries import Outcome
from pollbook.failures import Failure
from pollbook.line_state import LineState
from pollbook.store import engine
from pollbook.store.projection import ALL_STATES_SQL, STATE_COLUMNS, state_of, voter_of
from pollbook.types import EntryNumber, LineId, parse_line
from pollbook.voters import Voter

_VOTER_SQL = (
    f"SELECT v.birth_date, {STATE_COLUMNS} FROM voter v LEFT JOIN line_state s ON s.line = v.line WHERE v.line = ?"  # noqa: S608
)
_PLACE = STATE_COLUMNS.split(", ").index("s.place")
_STATE_SQL = f"SELECT {STATE_COLUMNS} FROM line_state s WHERE s.line = ?"  # noqa: S608  (constants)


def state_and_birth(connection: Connection, line: LineId, unmoved: LineState) -> tuple[LineState, date] | None:
    """The state of a line that has a voter here, and the voter's birth date; None where it has none.

    `unmoved` is the state of a line of the slice to which nothing happened.
    """
    with engine.translated():
        rows = engine.look(connection, _VOTER_SQL, (line,))
    if not rows:
        return None
    born, *values = rows[0]
    return (unmoved if values[_PLACE] is None else state_of(values)), date.fromisoformat(born)


def state_without_voter(connection: Connection, line: LineId) -> LineState | None:
    """The state of a line of which the book knows no voter, or None where it has never heard of the line."""
    with engine.translated():
        rows = engine.look(connection, _STATE_SQL, (line,))
    return state_of(rows[0]) if rows else None


def all_states(connection: Connection, unmoved: LineState) -> list[tuple[LineId, LineState]]:
    """Every line that the book knows, with its state; `unmoved` as above."""
    with engine.translated():
        rows = engine.look(connection, ALL_STATES_SQL)
        lines = engine.look(connection, "SELECT line FROM voter ORDER BY id")
    moved = {LineId(line): state_of(values) for line, *values in rows}
    return [(LineId(line), moved.pop(LineId(line), unmoved)) for (line,) in lines] + list(moved.items())


def voter(connection: Connection, line: LineId) -> Voter | None:
    """The voter of a line, or None where this book has no such line."""
    with engine.translated():
        row = connection.exec_driver_sql("SELECT * FROM voter WHERE line = ?", (line,)).one_or_none()
    return None if row is None else voter_of(row)


def line_named(connection: Connection, untrusted_text: str) -> LineId | Failure:
    """The line that a line's id or a PINFL names; `UNKNOWN_VOTER` or `SEVERAL_VOTERS` where it names not one."""
    text = untrusted_text.strip()
    line = parse_line(text)
    with engine.translated():
        column, value = ("pinfl", text) if line is None else ("line", line)
        rows = engine.look(connection, f"SELECT line FROM voter WHERE {column} = ?", (value,))  # noqa: S608  (two constants)
    if len(rows) == 1:
        return LineId(rows[0][0])
    return Failure.SEVERAL_VOTERS if rows else Failure.UNKNOWN_VOTER


def adjudicated(connection: Connection, line: LineId) -> tuple[EntryNumber, Outcome] | None:
    """The register's entry on this provisional line, and what it says; None while there is none."""
    with engine.translated():
        rows = engine.look(connection, "SELECT number, outcome FROM adjudication WHERE line = ?", (line,))
    return (EntryNumber(rows[0][0]), Outcome(rows[0][1])) if rows else None
