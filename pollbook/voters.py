"""A voter's line as a slice carries it and a station shows it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from pollbook.types import LineId


@dataclass(frozen=True, slots=True)
class Voter:
    """What the list says of one voter. Names, address and mahalla stand as they were received.

    `page` and `row` say where the voter signs in the paper list; `contests` are the codes of the ballots the
    voter is entitled to, in the election's order.
    """

    line: LineId
    pinfl: str
    document: str
    surname: str
    given_name: str
    patronymic: str
    birth_date: date
    sex: str
    address: str
    mahalla: str
    district_soato: str
    page: int
    row: int
    contests: tuple[str, ...]

    @property
    def full_name(self) -> str:
        """Surname, given name and patronymic as received."""
        return " ".join(part for part in (self.surname, self.given_name, self.patronymic) if part)
