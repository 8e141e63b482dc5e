"""What an entry comes to: what it changes, or why no honest book can have entered it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pollbook.line_state import LineState
from pollbook.types import LineId, PersonNumber


class Anomaly(StrEnum):
    """What an honest book cannot have entered; the register quarantines it and tells both sides."""

    ENTRY_INVALID = "entry_invalid"
    UNKNOWN_LINE = "unknown_line"
    SECOND_MARK = "second_mark"
    VOID_WITHOUT_MARK = "void_without_mark"
    OFFICERS_NOT_PROVEN = "officers_not_proven"
    UNKNOWN_PERSON = "unknown_person"
    NOBODY_SIGNED_IN = "nobody_signed_in"
    DAY_NOT_OPEN = "day_not_open"
    TIME_WENT_BACK = "time_went_back"
    CLOCK_SKEWED = "clock_skewed"
    FORK = "fork"
    DIGEST_DIFFERS = "digest_differs"
    LINE_NOT_HERE = "line_not_here"
    LINE_UNPROVEN = "line_unproven"
    CUSTODY_BROKEN = "custody_broken"
    RELEASE_NOT_PROVEN = "release_not_proven"
    RELEASE_NOT_OURS = "release_not_ours"
    OUT_OF_PLACE = "out_of_place"
    BOOK_CLOSED = "book_closed"
    NOT_ADJUDICATED = "not_adjudicated"
    TAKEOVER_NOT_PROVEN = "takeover_not_proven"
    TAIL_NOT_PROVEN = "tail_not_proven"
    MARKED_AFTER_TAKEOVER = "marked_after_takeover"
    REGISTER_ROLLED_BACK = "register_rolled_back"


@dataclass(frozen=True, slots=True)
class LinesChanged:
    """These lines are in these states now, each line once."""

    states: tuple[tuple[LineId, LineState], ...]


def LineChanged(line: LineId, state: LineState) -> LinesChanged:  # noqa: N802 - the case of one line
    """One line is in this state now."""
    return LinesChanged(((line, state),))


@dataclass(frozen=True, slots=True)
class KeyChanged:
    """The person signs with this key now."""

    person: PersonNumber
    public_key: bytes


@dataclass(frozen=True, slots=True)
class DayChanged:
    """The station is open for this day, YYYY-MM-DD."""

    day: str


@dataclass(frozen=True, slots=True)
class Closed:
    """The book is closed."""


@dataclass(frozen=True, slots=True)
class NothingChanged:
    """The entry stands in the ledger; what it says was so already."""


Effect = LinesChanged | KeyChanged | DayChanged | Closed | NothingChanged
