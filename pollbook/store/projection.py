"""Rows and values: how the projection of the entries stands in the tables."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection, Row

from pollbook.clock import HybridTime
from pollbook.custody import DayChanged, Effect, KeyChanged, LineChanged, LineState, Mark
from pollbook.types import Channel, EntryNumber, LineId, PersonNumber
from pollbook.voters import Voter


def project(connection: Connection, number: EntryNumber, effect: Effect) -> None:
    """The projection shows what the entry with this number changed."""
    match effect:
        case LineChanged(line, state):
            mark = state.mark
            fields = (mark.number, mark.channel.value, mark.at, mark.actor) if mark else (None, None, None, None)
            voids = ",".join(map(str, state.voids))
            connection.exec_driver_sql(
                "INSERT OR REPLACE INTO line_state VALUES (?, ?, ?, ?, ?, ?)", (line, *fields, voids)
            )
        case KeyChanged(person, public_key):
            connection.exec_driver_sql("INSERT OR REPLACE INTO bound_key VALUES (?, ?)", (person, public_key))
        case DayChanged(day):
            connection.exec_driver_sql("INSERT OR REPLACE INTO opened_day VALUES (?, ?)", (day, number))


def line_state(row: Row[tuple[object, ...]]) -> LineState:
    """The state that a row of `line_state` holds (all null: nothing happened yet)."""
    mark = None
    if row.mark is not None:
        mark = Mark(EntryNumber(row.mark), Channel(row.channel), HybridTime(row.at), PersonNumber(row.actor))
    return LineState(mark, tuple(EntryNumber(int(number)) for number in row.voids.split(",") if number))


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
