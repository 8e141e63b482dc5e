"""Who holds a line, and what the register can say of its voter."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, select

from pollbook.types import BookName, LineId, PrecinctCode
from pollbook.voters import Voter
from register.store.custody import REGISTER_HOLDS, Holding, holding_of
from register.store.schema.lists import LinePlace, line
from register.store.schema.marks import effective_mark
from register.store.schema.stations import station
from register.store.statements import Statement, among, joined
from register.store.stations import Station, find_station, issued_lines, station_by_id, successor_of


@dataclass(frozen=True, slots=True)
class Held:
    """A line's place: `station` holds it, or nobody does while `receiver` has not accepted it, or the register does."""

    number: int
    station: Station | None
    receiver: BookName | None
    holding: Holding | None

    @property
    def is_with_register(self) -> bool:
        """Whether the register itself holds the line."""
        return self.station is None and self.receiver is None


def where_is(connection: Connection, line_id: LineId) -> Held:
    """Where the line is now, by what the books have told so far; successors stand for the books before them."""
    holding = holding_of(connection, line_id)
    if holding is None:
        return Held(0, _issued_to(connection, line_id), None, None)
    if holding.holder in {None, REGISTER_HOLDS}:
        return Held(holding.number, None, holding.receiver, holding)
    found = station_by_id(connection, holding.holder or 0)
    return Held(holding.number, newest_of(connection, found) if found else None, None, holding)


def newest_of(connection: Connection, of: Station) -> Station:
    """The last book of this one's line of succession."""
    while True:
        after = successor_of(connection, of.id)
        if after is None:
            return of
        of = after


def newest_named(connection: Connection, name: BookName) -> Station | None:
    """The last book of the line of succession that this book is in."""
    found = find_station(connection, name)
    return None if found is None else newest_of(connection, found)


def line_of_person(connection: Connection, pinfl: str, document: str) -> tuple[LineId, LinePlace] | None:
    """The line of the voter with this PINFL, else with this document; one in place before others.

    A document that several lines name is nobody's (DOMAIN §6: never silently pick one of several).
    """
    for column, value in ((line.c.pinfl, pinfl), (line.c.document, document)):
        if not value:
            continue
        rows = connection.execute(select(line.c.id, line.c.place).where(column == value).order_by(line.c.place)).all()
        active = [row for row in rows if row.place == LinePlace.ACTIVE]
        if len(active) == 1 or (rows and not active):
            row = (active or rows)[0]
            return LineId(row.id), LinePlace(row.place)
    return None


def marked_by(connection: Connection, line_id: LineId) -> Station | None:
    """A station whose book has marked the line, or None."""
    row = _MARKED_BY.first(connection, of_line=line_id)
    return None if row is None else station_by_id(connection, row.station)


def voters_of(connection: Connection, lines: Iterable[LineId]) -> tuple[Voter, ...]:
    """The voters of these lines as the register has them, in the order of their ids."""
    return tuple(voter_of(row) for row in _VOTERS.all(connection, lines=joined(connection, lines)))


def precinct_of(connection: Connection, line_id: LineId) -> PrecinctCode | None:
    """The precinct in whose list the line stands."""
    found = _PRECINCT.first(connection, of_line=line_id)
    return None if found is None else PrecinctCode(found.precinct)


_OF_LINE: BindParameter[int] = bindparam("of_line")
_MARKED_BY = Statement(select(effective_mark.c.station).where(effective_mark.c.line == _OF_LINE))
_VOTERS = among(lambda lines: select(line).where(line.c.id.in_(lines)).order_by(line.c.id))
_PRECINCT = Statement(select(line.c.precinct).where(line.c.id == _OF_LINE))
_ISSUED_FROM = Statement(
    select(station.c.id)
    .where(station.c.precinct == bindparam("precinct"), station.c.holds, station.c.predecessor.is_(None))
    .order_by(station.c.id.desc())
)


def intake_at(connection: Connection, precinct: PrecinctCode) -> Station | None:
    """The precinct's first desk, as the newest of its line of succession; it takes in lines from elsewhere."""
    query = select(station.c.id).where(station.c.precinct == precinct, station.c.revoked_at_s.is_(None))
    rows = connection.execute(query.order_by(station.c.desk, station.c.id.desc()).limit(1)).all()
    first = station_by_id(connection, rows[0].id) if rows else None
    return None if first is None else newest_of(connection, first)


def voter_of(row: Any) -> Voter:  # noqa: ANN401 - a row of `line`, by a statement or by SQLAlchemy
    """The voter that a row of `line` holds."""
    return Voter(
        line=LineId(row.id),
        pinfl=row.pinfl or "",
        document=row.document,
        surname=row.surname,
        given_name=row.given_name,
        patronymic=row.patronymic,
        birth_date=date.fromisoformat(row.birth_date),
        sex=row.sex,
        address=row.address,
        mahalla=row.mahalla,
        district_soato=row.district_soato,
        page=row.page,
        row=row.row,
        contests=tuple(row.contests.split(";")),
    )


def _issued_to(connection: Connection, line_id: LineId) -> Station | None:
    """The newest book that was issued the line to hold, as the last of its line of succession."""
    precinct = precinct_of(connection, line_id)
    for (each,) in _ISSUED_FROM.all(connection, precinct=precinct):
        holder = station_by_id(connection, each)
        if holder is not None and line_id in issued_lines(connection, each):
            return newest_of(connection, holder)
    return None
