"""Why a person's wish is refused before anything is written: pure, and the same at desk, command and simulation."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from pollbook.line_state import LineState, Place, Proof
from pollbook.types import BEFORE_FIRST, MACHINE, EntryNumber, PersonNumber

VOTING_AGE_YEARS = 18
"""Source: Constitution, article 128: citizens who have reached eighteen."""
PAPER_MAX_S = 3600
"""After an hour on paper nothing is released until the paper is keyed in (custody rule 6)."""


class Refusal(StrEnum):
    """Why something may not be done with a line; the names are those of `failures.Failure`."""

    ALREADY_MARKED = "already_marked"
    LINE_NOT_HELD = "line_not_held"
    NOT_OLD_ENOUGH = "not_old_enough"
    NOT_MARKED = "not_marked"
    NOT_SIGNED_IN = "not_signed_in"
    DAY_NOT_OPEN = "day_not_open"
    BOOK_REVOKED = "book_revoked"
    BOOK_SUPERSEDED = "book_superseded"
    BOOK_ROLLED_BACK = "book_rolled_back"
    BOOK_CLOSED = "book_closed"
    LEDGER_BROKEN = "ledger_broken"
    LINE_UNPROVEN = "line_unproven"
    LINE_RELEASED = "line_released"
    LINE_ARRIVING = "line_arriving"
    LINE_OPEN = "line_open"
    LINE_WITH_TEAM = "line_with_team"
    ON_PAPER = "on_paper"
    VOID_WAITS = "void_waits"
    NOT_SAFE_YET = "not_safe_yet"
    RELEASE_INVALID = "release_invalid"
    RELEASE_OTHER_BOOK = "release_other_book"
    RELEASE_USED = "release_used"
    RELEASE_TO_ITSELF = "release_to_itself"


class Lock(StrEnum):
    """What keeps a line in its book for now (custody rule 6)."""

    OPEN = "open"
    TEAM = "team"


@dataclass(frozen=True, slots=True)
class Safety:
    """How far this book's entries are safe.

    Attributes:
        acknowledged: The newest entry that the register has.
        mirrored: The newest entry on the mirror, 0 without one.
        paper_since_s: When the station went on paper (seconds since 1970), None where it is not.
    """

    acknowledged: EntryNumber
    mirrored: EntryNumber = BEFORE_FIRST
    paper_since_s: int | None = None

    @property
    def safe(self) -> EntryNumber:
        """The newest entry that outlives this laptop (custody rule 4)."""
        return max(self.acknowledged, self.mirrored)


EVERYTHING_SAFE = Safety(EntryNumber(2**62))
"""For rules that are asked where safety is not in question: replays, tests of other rules."""


def may_act(
    actor: PersonNumber, opened_days: Collection[str], stopped: Refusal | None, *, is_closed: bool = False
) -> Refusal | None:
    """Why this person may not mark or void in this book, whatever the line, or None.

    `stopped` is why the book itself may go on no more: revoked (rule 10), superseded (rule 9), or behind its own
    ledger (rule 8). Marking needs an unlock, whatever the machine's key can read (rule 15), and a day that two
    officers opened.
    """
    if stopped is not None:
        return stopped
    if is_closed:
        return Refusal.BOOK_CLOSED
    if not opened_days:
        return Refusal.DAY_NOT_OPEN
    return Refusal.NOT_SIGNED_IN if actor == MACHINE else None


def may_mark(
    state: LineState | None, birth_date: date, election_day: date, safety: Safety = EVERYTHING_SAFE
) -> Refusal | None:
    """Why this line may not be marked, or None where it may.

    Source: DESIGN §1 (only the book that holds the line may mark it; rules 4 and 9); Election Code (age).
    """
    if state is None:
        return Refusal.LINE_NOT_HELD
    if state.mark is not None:
        return Refusal.ALREADY_MARKED
    if state.place is not Place.HERE:
        return Refusal.LINE_RELEASED if state.place is Place.RELEASED else Refusal.LINE_NOT_HELD
    if state.proof is Proof.UNPROVEN:
        return Refusal.LINE_UNPROVEN
    if state.since > safety.safe:
        return Refusal.LINE_ARRIVING
    if not is_of_age(birth_date, election_day):
        return Refusal.NOT_OLD_ENOUGH
    return None


def may_void(state: LineState | None) -> Refusal | None:
    """Why this line's mark may not be voided, or None where it may (custody rule 7)."""
    if state is None:
        return Refusal.LINE_NOT_HELD
    return Refusal.NOT_MARKED if state.mark is None else None


def may_release(state: LineState | None, lock: Lock | None, safety: Safety, now_s: int) -> Refusal | None:
    """Why this line may not be let go, or None where it may (custody rules 4, 6, 7 and 9)."""
    if state is None or state.place in {Place.ELSEWHERE, Place.PROVISIONAL}:
        return Refusal.LINE_NOT_HELD
    if state.place is Place.RELEASED:
        return Refusal.LINE_RELEASED
    if state.mark is not None:
        return Refusal.ALREADY_MARKED
    if state.proof is not Proof.PROVEN:
        return Refusal.LINE_UNPROVEN
    if state.voids and state.voids[-1] > safety.acknowledged:
        return Refusal.VOID_WAITS
    if state.since > safety.safe:
        return Refusal.LINE_ARRIVING
    if safety.paper_since_s is not None and now_s - safety.paper_since_s >= PAPER_MAX_S:
        return Refusal.ON_PAPER
    match lock:
        case Lock.OPEN:
            return Refusal.LINE_OPEN
        case Lock.TEAM:
            return Refusal.LINE_WITH_TEAM
        case None:
            return None


def may_accept(state: LineState | None, custody: int) -> Refusal | None:
    """Why a line may not come here under this custody number, or None where it may (custody rule 3)."""
    if state is None:
        return None
    if state.place is Place.PROVISIONAL or state.mark is not None:
        return Refusal.RELEASE_INVALID
    return Refusal.RELEASE_USED if state.place is Place.HERE or custody <= state.custody else None


def is_of_age(birth_date: date, election_day: date) -> bool:
    """Whether the voter is 18 on election day; one born on 29 February reaches it on 1 March."""
    years = election_day.year - birth_date.year
    return years - ((election_day.month, election_day.day) < (birth_date.month, birth_date.day)) >= VOTING_AGE_YEARS
