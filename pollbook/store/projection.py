"""Rows and values: how the projection of the entries stands in the tables."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row

from pollbook.clock import HybridTime
from pollbook.effects import Closed, DayChanged, Effect, KeyChanged, LinesChanged, NothingChanged
from pollbook.entries import Outcome
from pollbook.line_state import LineState, Mark, Place, Proof
from pollbook.store import engine
from pollbook.types import BookName, Channel, EntryNumber, LineId, PersonNumber, parse_book
from pollbook.voters import Voter

STATE_COLUMNS = (
    "s.mark, s.channel, s.at, s.actor, s.voids, s.place, s.custody, s.since, s.proof, s.released_to, s.annexed,"
    " s.outcome"
)
"""The columns that `state_of` reads, of a table called `s`."""
ALL_STATES_SQL = f"SELECT s.line, {STATE_COLUMNS} FROM line_state s"  # noqa: S608  (a constant)
VOTER_SQL = "INSERT INTO voter VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
VOTER_UPDATE_SQL = (
    "UPDATE voter SET pinfl = ?, document = ?, surname = ?, given_name = ?, patronymic = ?, birth_date = ?, sex = ?,"
    " address = ?, mahalla = ?, district_soato = ?, page = ?, row = ?, contests = ? WHERE line = ?"
)
_STATE_SQL = (
    "INSERT OR REPLACE INTO line_state (line, mark, channel, at, actor, voids, place, custody, since, proof,"
    " released_to, annexed, outcome) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


def project(connection: Connection, number: EntryNumber, effect: Effect) -> None:
    """The projection shows what the entry with this number changed."""
    match effect:
        case LinesChanged(((line, state),)):
            engine.look(connection, _STATE_SQL, _state_row(line, state))
        case LinesChanged(states):
            if states:
                connection.exec_driver_sql(_STATE_SQL, [_state_row(line, state) for line, state in states])
        case KeyChanged(person, public_key):
            connection.exec_driver_sql("INSERT OR REPLACE INTO bound_key VALUES (?, ?)", (person, public_key))
        case DayChanged(day):
            connection.exec_driver_sql("INSERT OR REPLACE INTO opened_day VALUES (?, ?)", (day, number))
        case Closed():
            connection.exec_driver_sql("UPDATE sync_state SET closed = ?", (number,))
        case NothingChanged():
            pass


def line_state(row: Row[tuple[object, ...]]) -> LineState:
    """The state that a row of `line_state` holds."""
    marked = (row.mark, row.channel, row.at, row.actor)
    moved = (row.place, row.custody, row.since, row.proof, row.released_to, row.annexed, row.outcome)
    return state_of((*marked, row.voids, *moved))


def state_of(values: Sequence[Any]) -> LineState:
    """The state that `STATE_COLUMNS` hold, in their order."""
    number, channel, at, actor, voids, place, custody, since, proof, released_to, annexed, outcome = values
    mark = None
    if number is not None:
        mark = Mark(EntryNumber(number), Channel(channel), HybridTime(at), PersonNumber(actor))
    return LineState(
        mark,
        tuple(EntryNumber(int(voided)) for voided in voids.split(",") if voided),
        Place(place),
        custody,
        EntryNumber(since),
        Proof(proof),
        _book(released_to),
        bool(annexed),
        None if outcome is None else Outcome(outcome),
    )


def _state_row(line: LineId, state: LineState) -> tuple[object, ...]:
    mark = state.mark
    marked = (mark.number, mark.channel.value, mark.at, mark.actor) if mark else (None, None, None, None)
    place = (int(state.place), state.custody, state.since, int(state.proof), str(state.released_to or ""))
    outcome = None if state.outcome is None else int(state.outcome)
    return (line, *marked, ",".join(map(str, state.voids)), *place, int(state.is_annexed), outcome)


def _book(text: str) -> BookName | None:
    return parse_book(text) if text else None


def voter_row(number: int, voter: Voter) -> tuple[object, ...]:
    """The row of `voter` that stands at place `number` in the list, for `VOTER_SQL`."""
    return (
        number,
        voter.line,
        voter.pinfl,
        voter.document,
        voter.surname,
        voter.given_name,
        voter.patronymic,
        voter.birth_date.isoformat(),
        voter.sex,
        voter.address,
        voter.mahalla,
        voter.district_soato,
        voter.page,
        voter.row,
        ";".join(voter.contests),
    )


def voter_of(row: Row[tuple[object, ...]]) -> Voter:
    """The voter that a row of `voter` holds."""
    return Voter(
        LineId(row.line),
        row.pinfl,
        row.document,
        row.surname,
        row.given_name,
        row.patronymic,
        date.fromisoformat(row.birth_date),
        row.sex,
        row.address,
        row.mahalla,
        row.district_soato,
        row.page,
        row.row,
        tuple(code for code in row.contests.split(";") if code),
    )
