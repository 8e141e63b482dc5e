"""The rows of the files beside `voters.csv`, in the order of their columns (DESIGN §9)."""

from enum import StrEnum
from typing import NamedTuple

ROWS_PER_PAGE = 20


class Kind(StrEnum):
    """What is wrong with a row, or hard about it."""

    WRONG_APOSTROPHE = "wrong_apostrophe"
    CYRILLIC_ROW = "cyrillic_row"
    OLD_DOCUMENT = "old_document"
    NO_PATRONYMIC = "no_patronymic"
    DUPLICATE_PINFL = "duplicate_pinfl"
    DECEASED = "deceased"
    MOVED = "moved"
    BAD_CHECK_DIGIT = "bad_check_digit"
    TWIN = "twin"
    NAMESAKE = "namesake"
    FATHER_AND_SON_SAME_NAME = "father_and_son_same_name"
    DOUBLE_SURNAME = "double_surname"
    BIRTHDAY_ON_ELECTION_DAY = "birthday_on_election_day"
    BIRTHDAY_AFTER_ELECTION_DAY = "birthday_after_election_day"


class Answer(NamedTuple):
    """One row of `answers.csv`.

    Attributes:
        row: The row of `voters.csv`, its first voter being 1.
        pinfl: As it stands in that row.
        kind: One of `Kind`.
        field: The column whose clean value differs, or nothing.
        clean: What the column would say in a clean list; of a voter who moved to no other precinct, nothing.
        other_row: The row of the twin, namesake, father, son or duplicate, or nothing.
    """

    row: int
    pinfl: str
    kind: str
    field: str = ""
    clean: str = ""
    other_row: int | str = ""


class TotalRow(NamedTuple):
    """One row of `totals.csv`."""

    precinct: str
    voters: int


class OfficerRow(NamedTuple):
    """One row of `officers.csv`."""

    precinct: str
    person: str
    surname: str
    given_name: str
    role: str
