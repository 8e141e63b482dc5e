"""The precincts' people in the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, bindparam, delete, insert, select

from pollbook.failures import Failure, WorldFailed
from pollbook.types import Person, PersonNumber, PrecinctCode, Role
from register.store.schema.lists import person
from register.store.schema.stations import station
from register.store.statements import Statement


def set_people(connection: Connection, people: Mapping[str, Sequence[Person]]) -> None:
    """These are the people of these precincts now.

    Raises:
        WorldFailed: `OFFICERS_UNREADABLE` where a precinct has its station already, and other people in it.
    """
    issued = set(connection.execute(select(station.c.precinct).distinct()).scalars())
    for code, members in people.items():
        if code in issued:
            if people_of(connection, PrecinctCode(code)) != tuple(members):
                detail = f"precinct {code} has its station already"
                raise WorldFailed(Failure.OFFICERS_UNREADABLE, detail, where=detail)
            continue
        connection.execute(delete(person).where(person.c.precinct == code))
        rows = [
            {
                "precinct": code,
                "number": member.number,
                "key": member.key,
                "surname": member.surname,
                "given_name": member.given_name,
                "role": member.role.value,
            }
            for member in members
        ]
        connection.execute(insert(person), rows)


def people_of(connection: Connection, precinct: PrecinctCode) -> tuple[Person, ...]:
    """The precinct's people by number."""
    rows = _PEOPLE.all(connection, precinct=precinct)
    return tuple(Person(PersonNumber(row.number), row.key, row.surname, row.given_name, Role(row.role)) for row in rows)


_PEOPLE = Statement(select(person).where(person.c.precinct == bindparam("precinct")).order_by(person.c.number))
