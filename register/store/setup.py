"""What a register is: its election and its officers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select

from pollbook.election import Election, decode_election
from register.store.schema import register, register_officer


@dataclass(frozen=True, slots=True)
class Officer:
    """One officer of the register; the private key is wrapped under the officer's PIN."""

    number: int
    name: str
    public_key: bytes
    wrapped_key: bytes


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
