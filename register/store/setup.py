"""What a register is: its election and its officers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select, update

from pollbook.election import Election, decode_election
from register.store.schema.centre import register, register_officer


@dataclass(frozen=True, slots=True)
class Officer:
    """One officer of the register; the private key is wrapped under the officer's PIN."""

    number: int
    name: str
    public_key: bytes
    wrapped_key: bytes


def is_set_up(connection: Connection) -> bool:
    """Whether the database holds a register."""
    return connection.execute(select(register.c.id)).first() is not None


def set_up(connection: Connection, election: Election, officers: Sequence[Officer], at_s: int) -> None:
    """A new register is for this election and has these officers."""
    connection.execute(insert(register).values(id=1, election=election.encode(), made_at_s=at_s))
    rows = [
        {"number": each.number, "name": each.name, "public_key": each.public_key, "wrapped_key": each.wrapped_key}
        for each in officers
    ]
    connection.execute(insert(register_officer), rows)


def election_of(connection: Connection) -> Election:
    """The register's election."""
    return decode_election(bytes(connection.execute(select(register.c.election)).scalar_one()))


def officers_of(connection: Connection) -> list[Officer]:
    """The register's officers by number."""
    query = select(register_officer).order_by(register_officer.c.number)
    return [
        Officer(row.number, row.name, bytes(row.public_key), bytes(row.wrapped_key))
        for row in connection.execute(query)
    ]


def wrong_tries(connection: Connection, number: int) -> tuple[int, int]:
    """The officer's wrong PINs since the last right one, and when the latest of them was tried."""
    columns = (register_officer.c.wrong_tries, register_officer.c.wrong_at_s)
    row = connection.execute(select(*columns).where(register_officer.c.number == number)).one()
    return row.wrong_tries, row.wrong_at_s


def set_wrong_tries(connection: Connection, number: int, tries: int, at_s: int) -> None:
    """The officer has so many wrong PINs, the latest tried at `at_s`."""
    change = update(register_officer).where(register_officer.c.number == number)
    connection.execute(change.values(wrong_tries=tries, wrong_at_s=at_s))
