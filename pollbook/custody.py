"""Who may mark a line, and what an entry does to it: the rules, pure, with no store and no clock.

`apply` is run by the book before it writes, by the register when it ingests, and by every `check`. What it
answers with an `Anomaly` two honest programs cannot produce; what a person may ask in vain is a `Refusal`.

The rules of custody (DESIGN §1) that hold for what this release writes:

1. One line per person: a line has one id, and a book knows only the lines of its slice.
7. Void: only the book that made the mark; the line stays where it is, and its void history is kept.
8. A book that is behind its own ledger, as the register knows it, locks.
10. A revoked book marks nothing more; nothing of it moves.
14. A poisoned entry disputes its line; it never stops marking at the station.
15. Marking needs an officer's or operator's unlock, on a day that two officers opened.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Protocol

from pollbook import acts
from pollbook.clock import HybridTime
from pollbook.entries import DayOpened, Entry, KeyBound, Marked, MarkVoided
from pollbook.ledger import Head
from pollbook.types import MACHINE, Channel, EntryNumber, LineId, Person, PersonNumber

VOTING_AGE_YEARS = 18
"""Source: Constitution, article 128: citizens who have reached eighteen."""
DIGEST_BYTES = 32


class Status(StrEnum):
    """Where a line stands in the book that holds it."""

    HELD = "held"
    MARKED = "marked"


class Refusal(StrEnum):
    """Why a line may not be marked or its mark not voided; the names are those of `failures.Failure`."""

    ALREADY_MARKED = "already_marked"
    LINE_NOT_HELD = "line_not_held"
    NOT_OLD_ENOUGH = "not_old_enough"
    NOT_MARKED = "not_marked"
    NOT_SIGNED_IN = "not_signed_in"
    DAY_NOT_OPEN = "day_not_open"
    BOOK_REVOKED = "book_revoked"
    LEDGER_BROKEN = "ledger_broken"


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


@dataclass(frozen=True, slots=True)
class Mark:
    """The entry that marked a line."""

    number: EntryNumber
    channel: Channel
    at: HybridTime
    actor: PersonNumber


@dataclass(frozen=True, slots=True)
class LineState:
    """A line as its book's entries leave it: its mark, if any, and the entries that voided earlier marks."""

    mark: Mark | None = None
    voids: tuple[EntryNumber, ...] = ()

    @property
    def status(self) -> Status:
        """Held and unmarked, or marked."""
        return Status.HELD if self.mark is None else Status.MARKED


UNMARKED = LineState()


class BookView(Protocol):
    """What `apply` must be able to look up in the book (or in the register's copy of it)."""

    @property
    def start(self) -> Head:
        """The ledger's origin."""

    @property
    def people(self) -> Mapping[PersonNumber, Person]:
        """The precinct's people, as the slice names them."""

    @property
    def last_at(self) -> HybridTime:
        """The time of the newest entry, 0 before the first."""

    def line(self, line: LineId) -> LineState | None:
        """The line's state, or None where this book has no such line."""

    def bound_keys(self) -> Mapping[PersonNumber, bytes]:
        """The public key bound to each person so far."""

    def opened_days(self) -> Collection[str]:
        """The days that two officers have opened so far, each YYYY-MM-DD."""


@dataclass(frozen=True, slots=True)
class LineChanged:
    """The line is in this state now."""

    line: LineId
    state: LineState


@dataclass(frozen=True, slots=True)
class KeyChanged:
    """The person signs with this key now."""

    person: PersonNumber
    public_key: bytes


@dataclass(frozen=True, slots=True)
class DayChanged:
    """The station is open for this day, YYYY-MM-DD."""

    day: str


Effect = LineChanged | KeyChanged | DayChanged


def may_act(actor: PersonNumber, opened_days: Collection[str], stopped: Refusal | None) -> Refusal | None:
    """Why this person may not mark or void in this book, whatever the line, or None.

    `stopped` is why the book itself may go on no more: revoked (rule 10), or behind its own ledger (rule 8).
    Marking needs an unlock, whatever the machine's key can read (rule 15), and a day that two officers opened.
    """
    if stopped is not None:
        return stopped
    if not opened_days:
        return Refusal.DAY_NOT_OPEN
    return Refusal.NOT_SIGNED_IN if actor == MACHINE else None


def may_mark(state: LineState | None, birth_date: date, election_day: date) -> Refusal | None:
    """Why this line may not be marked, or None where it may.

    Source: DESIGN §1 (only the book that holds the line may mark it); Election Code (age on election day).
    """
    if state is None:
        return Refusal.LINE_NOT_HELD
    if state.mark is not None:
        return Refusal.ALREADY_MARKED
    if not is_of_age(birth_date, election_day):
        return Refusal.NOT_OLD_ENOUGH
    return None


def may_void(state: LineState | None) -> Refusal | None:
    """Why this line's mark may not be voided, or None where it may (custody rule 7)."""
    if state is None:
        return Refusal.LINE_NOT_HELD
    return Refusal.NOT_MARKED if state.mark is None else None


def is_of_age(birth_date: date, election_day: date) -> bool:
    """Whether the voter is 18 on election day; one born on 29 February reaches it on 1 March."""
    years = election_day.year - birth_date.year
    return years - ((election_day.month, election_day.day) < (birth_date.month, birth_date.day)) >= VOTING_AGE_YEARS


def apply(view: BookView, number: EntryNumber, entry: Entry) -> Effect | Anomaly:
    """What the entry with this number changes, or why no honest book can have entered it."""
    if (anomaly := _cannot_enter(view, entry)) is not None:
        return anomaly
    match entry.fact:
        case Marked(line, channel):
            return _marked(view, line, Mark(number, channel, entry.at, entry.actor))
        case MarkVoided():
            return _voided(view, number, entry.fact)
        case KeyBound(person, public_key, officers):
            if person not in view.people:
                return Anomaly.UNKNOWN_PERSON
            message = acts.key_bytes(view.start, person, public_key)
            # Once the day is open a first key needs two officers as well, or a laptop could make officers of its own.
            is_first = person not in view.bound_keys() and not view.opened_days()
            proven = is_first if officers is None else acts.is_act(message, officers, view.people, view.bound_keys())
            return KeyChanged(person, public_key) if proven else Anomaly.OFFICERS_NOT_PROVEN
        case DayOpened(day, officers):
            proven = acts.is_act(acts.opening_bytes(view.start, day), officers, view.people, view.bound_keys())
            return DayChanged(day) if proven else Anomaly.OFFICERS_NOT_PROVEN


def _cannot_enter(view: BookView, entry: Entry) -> Anomaly | None:
    if entry.at <= view.last_at:
        return Anomaly.TIME_WENT_BACK
    if entry.actor != MACHINE and entry.actor not in view.people:
        return Anomaly.UNKNOWN_PERSON
    if not isinstance(entry.fact, Marked | MarkVoided):
        return None
    if entry.actor == MACHINE:
        return Anomaly.NOBODY_SIGNED_IN
    return None if view.opened_days() else Anomaly.DAY_NOT_OPEN


def _marked(view: BookView, line: LineId, mark: Mark) -> Effect | Anomaly:
    state = view.line(line)
    if state is None:
        return Anomaly.UNKNOWN_LINE
    if state.mark is not None:
        return Anomaly.SECOND_MARK
    return LineChanged(line, replace(state, mark=mark))


def _voided(view: BookView, number: EntryNumber, fact: MarkVoided) -> Effect | Anomaly:
    state = view.line(fact.line)
    if state is None:
        return Anomaly.UNKNOWN_LINE
    if state.mark is None or state.mark.number != fact.mark:
        return Anomaly.VOID_WITHOUT_MARK
    message = acts.void_bytes(view.start, fact.line, fact.mark, fact.reason)
    if not acts.is_act(message, fact.officers, view.people, view.bound_keys()):
        return Anomaly.OFFICERS_NOT_PROVEN
    return LineChanged(fact.line, LineState(None, (*state.voids, number)))


def line_digest(line: LineId, state: LineState) -> int:
    """One line's share of a book's digest: 0 where nothing ever happened to it, else a number below 2^256."""
    if state == UNMARKED:
        return 0
    mark = state.mark.number if state.mark else 0
    numbers = (line, mark, *state.voids)
    return int.from_bytes(hashlib.sha256(b"".join(number.to_bytes(8, "big") for number in numbers)).digest(), "big")


def digest(states: Iterable[tuple[LineId, LineState]]) -> bytes:
    """What a book and the register compare after each sync: 32 bytes over all lines, in any order.

    The sum of the lines' digests modulo 2^256. It finds programs that disagree; fraud is found by the chain.
    """
    total = sum(line_digest(line, state) for line, state in states) % (1 << 8 * DIGEST_BYTES)
    return total.to_bytes(DIGEST_BYTES, "big")
