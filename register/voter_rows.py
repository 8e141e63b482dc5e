"""A row of a list as the register takes it, and what can be wrong with one, as the report names it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class VoterRow(NamedTuple):
    """A voter of a list, synthetic or read; `pinfl` is empty where the list has none."""

    pinfl: str
    document: str
    surname: str
    given_name: str
    patronymic: str
    birth_date: str
    sex: str
    address: str
    mahalla: str
    district_soato: str
    precinct: str
    page: int
    row: int
    contests: str


COLUMNS = VoterRow._fields
"""The header of `voters.csv` (DESIGN §9), in its order."""


class Severity(StrEnum):
    """Whether the row was refused, or taken (perhaps held back) with a remark."""

    ERROR = "error"
    WARNING = "warning"


class Reason(StrEnum):
    """Why a row was refused or remarked upon. The report shows these, never what the row says."""

    MISSING = "missing"
    TOO_LONG = "too_long"
    CONTROL_CHARACTER = "control_character"
    MIXED_ENCODING = "mixed_encoding"
    COLUMNS = "columns"
    UNCLOSED_QUOTE = "unclosed_quote"
    FORMULA = "formula"
    MALFORMED = "malformed"
    NOT_A_DATE = "not_a_date"
    OUT_OF_RANGE = "out_of_range"
    UNKNOWN = "unknown"
    PLACE_TWICE = "place_twice"
    PINFL_TWICE = "pinfl_twice"
    NO_PINFL = "no_pinfl"
    CHECK_DIGIT = "check_digit"
    IMPOSSIBLE_DATE = "impossible_date"
    BIRTH_DATE = "birth_date"
    SEX = "sex"
    SYNTHETIC = "synthetic"
    NOT_SYNTHETIC = "not_synthetic"


@dataclass(frozen=True, slots=True)
class RowFault:
    """One thing about one row; `field` is one of our columns, or `row` for the whole of it."""

    field: str
    reason: Reason
    severity: Severity = Severity.ERROR


def warning(field: str, reason: Reason) -> RowFault:
    """A remark about a row that is taken."""
    return RowFault(field, reason, Severity.WARNING)
