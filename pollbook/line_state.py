"""A line as the entries of one book leave it, and the digest that a book and the register compare."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from pollbook.clock import HybridTime
from pollbook.entries import Outcome
from pollbook.types import BEFORE_FIRST, BookName, Channel, EntryNumber, LineId, PersonNumber

DIGEST_BYTES = 32


class Place(IntEnum):
    """Where a line is, as this book's entries tell it."""

    HERE = 0
    ELSEWHERE = 1
    RELEASED = 2
    PROVISIONAL = 3


class Proof(IntEnum):
    """How sure it is that a line which was taken over is unmarked (custody rule 9)."""

    PROVEN = 0
    UNPROVEN = 1
    SEEN = 2


class Status(StrEnum):
    """Where a line stands in a book, in one word."""

    HELD = "held"
    MARKED = "marked"
    RELEASED = "released"
    ELSEWHERE = "elsewhere"
    UNPROVEN = "unproven"
    PROVISIONAL = "provisional"


@dataclass(frozen=True, slots=True)
class Mark:
    """The entry that marked a line."""

    number: EntryNumber
    channel: Channel
    at: HybridTime
    actor: PersonNumber


@dataclass(frozen=True, slots=True)
class LineState:
    """A line as its book's entries leave it.

    Attributes:
        mark: The mark, if any.
        voids: The entries that voided earlier marks.
        custody: How often the line has moved; a release carries this plus one.
        since: The entry by which the line came here, 0 for the slice's own.
        released_to: Whom it was released to last, while it is not here.
        is_annexed: Its voter stands in this precinct's annex.
        outcome: What became of a provisional voter's envelope, None while that is open.
    """

    mark: Mark | None = None
    voids: tuple[EntryNumber, ...] = ()
    place: Place = Place.HERE
    custody: int = 0
    since: EntryNumber = BEFORE_FIRST
    proof: Proof = Proof.PROVEN
    released_to: BookName | None = None
    is_annexed: bool = False
    outcome: Outcome | None = None

    @property
    def status(self) -> Status:
        """Where the line stands, in one word."""
        if self.mark is not None:
            return Status.MARKED
        match self.place:
            case Place.HERE:
                return Status.UNPROVEN if self.proof is Proof.UNPROVEN else Status.HELD
            case Place.ELSEWHERE:
                return Status.ELSEWHERE
            case Place.RELEASED:
                return Status.RELEASED
            case Place.PROVISIONAL:
                return Status.PROVISIONAL


UNMARKED = LineState()
"""A line of a slice that its book holds, before anything happened to it."""
ELSEWHERE = LineState(place=Place.ELSEWHERE)
"""A line that a book knows and does not hold, before anything happened to it."""


def line_digest(line: LineId, state: LineState) -> int:
    """One line's share of a book's digest: 0 where nothing ever happened to it, else a number below 2^256."""
    if state in {UNMARKED, ELSEWHERE}:
        return 0
    mark = state.mark.number if state.mark else 0
    outcome = 0 if state.outcome is None else 1 + state.outcome
    flags = state.place | state.proof << 2 | state.is_annexed << 4 | outcome << 5
    numbers = (line, mark, state.custody, flags, *state.voids)
    return int.from_bytes(hashlib.sha256(b"".join(number.to_bytes(8, "big") for number in numbers)).digest(), "big")


def digest(states: Iterable[tuple[LineId, LineState]]) -> bytes:
    """What a book and the register compare after each sync: 32 bytes over all lines, in any order.

    The sum of the lines' digests modulo 2^256. It finds programs that disagree; fraud is found by the chain.
    """
    total = sum(line_digest(line, state) for line, state in states) % (1 << 8 * DIGEST_BYTES)
    return total.to_bytes(DIGEST_BYTES, "big")
