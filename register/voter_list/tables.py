"""The two small files beside a list, official totals and the precincts' people: each taken whole or refused whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from pollbook.failures import Failure, InputInvalid, WorldFailed
from pollbook.slice import PEOPLE_MAX, TEXT_MAX
from pollbook.types import Person, PersonNumber, Role, can_act, is_precinct_code
from register.voter_list.columns import find_columns
from register.voter_list.csv_rows import open_csv
from register.voter_list.encoding import survey

TOTALS_COLUMNS = ("precinct", "voters")
OFFICERS_COLUMNS = ("precinct", "person", "surname", "given_name", "role")
_VOTERS_MAX = 10_000_000
_PERSON_KEY_MAX = 40
_PRECINCTS_MAX = 100_000
"""Rows of totals; the country has 10,260 precincts (DOMAIN §1)."""
_PEOPLE_MAX = 400_000
"""Rows of officers, who are held in memory; the country has 170,313 (DOMAIN §1)."""


def read_totals(path: Path) -> dict[str, int]:
    """The official number of voters of each precinct: `precinct,voters`.

    Raises:
        WorldFailed: `TOTALS_UNREADABLE`, with the row; `FILE_UNREADABLE`.
    """
    totals: dict[str, int] = {}
    try:
        for number, (code, voters) in _rows(path, TOTALS_COLUMNS):
            count = voters.strip()
            if not is_precinct_code(code.strip()) or not (count.isascii() and count.isdigit() and len(count) <= 8):
                raise InputInvalid(f"row {number}")
            if (
                number > _PRECINCTS_MAX
                or int(count) > _VOTERS_MAX
                or totals.setdefault(code.strip(), int(count)) != int(count)
            ):
                raise InputInvalid(f"row {number}")
    except (InputInvalid, WorldFailed) as error:
        raise _refused(error, Failure.TOTALS_UNREADABLE, path) from error
    return totals


def read_officers(path: Path) -> dict[str, list[Person]]:
    """The people of each precinct in the file's order: `precinct,person,surname,given_name,role`.

    Raises:
        WorldFailed: `OFFICERS_UNREADABLE`, with the row or precinct; `FILE_UNREADABLE`.
    """
    people: dict[str, list[Person]] = {}
    keys: set[str] = set()
    try:
        for number, cells in _rows(path, OFFICERS_COLUMNS):
            code, key, surname, given_name, role = (cell.strip() for cell in cells)
            texts = (key, surname, given_name)
            sound = all(0 < len(text) <= TEXT_MAX and text.isprintable() for text in texts)
            if not sound or not is_precinct_code(code) or len(key) > _PERSON_KEY_MAX or key in keys:
                raise InputInvalid(f"row {number}")
            if role not in set(Role) or number > _PEOPLE_MAX:
                raise InputInvalid(f"row {number}")
            keys.add(key)
            of_precinct = people.setdefault(code, [])
            of_precinct.append(Person(PersonNumber(len(of_precinct) + 1), key, surname, given_name, Role(role)))
        for code, members in people.items():
            if not can_act(members) or len(members) > PEOPLE_MAX:
                raise InputInvalid(f"precinct {code}")
    except (InputInvalid, WorldFailed) as error:
        raise _refused(error, Failure.OFFICERS_UNREADABLE, path) from error
    return people


def made_up_people(precinct: str) -> list[Person]:
    """The people of a training precinct that no file names: three officers, two members, two operators."""
    names: Mapping[str, tuple[str, str, Role]] = {
        "01": ("Rahimova", "Dilnoza", Role.CHAIR),
        "02": ("Toʻrayev", "Ulugʻbek", Role.DEPUTY_CHAIR),
        "03": ("Ergasheva", "Nodira", Role.SECRETARY),
        "04": ("Yusupov", "Sardor", Role.MEMBER),
        "05": ("Gʻaniyeva", "Feruza", Role.MEMBER),
        "06": ("Olimov", "Jasur", Role.OPERATOR),
        "07": ("Sobirova", "Kamola", Role.OPERATOR),
    }
    return [
        Person(PersonNumber(int(number)), f"{precinct}-{number}", surname, given_name, role)
        for number, (surname, given_name, role) in names.items()
    ]


def _rows(path: Path, columns: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    encoding = survey(path).encoding
    with open_csv(path, encoding) as rows:
        places = find_columns(rows.header, columns, {})
        for chunk in rows.chunks():
            for number, row in enumerate(chunk.rows, chunk.first):
                if row:
                    if len(row) != len(rows.header):
                        raise InputInvalid(f"row {number}")
                    yield number, [row[place] for place in places]


def _refused(error: InputInvalid | WorldFailed, failure: Failure, path: Path) -> WorldFailed:
    if isinstance(error, WorldFailed) and error.failure is Failure.FILE_UNREADABLE:
        return error
    detail = error.detail if isinstance(error, WorldFailed) else str(error)
    return WorldFailed(failure, detail, path=path, where=detail)
