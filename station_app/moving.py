"""What the screens and commands ask where lines move: values and one function an action, without Qt.

It is the part of the desk that concerns more than the voter at the table: claims, releases on paper, the annex, two
officers at a row or at the day's close, and the station on paper.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from pollbook.annex_person import AnnexPerson
from pollbook.asks import ClaimAnswer
from pollbook.entries import Outcome
from pollbook.failures import Failure, Refused
from pollbook.store.moving import Way
from pollbook.types import EntryNumber, LineId, PersonNumber

OfficerPin = tuple[PersonNumber, str]


class Whereabouts(StrEnum):
    """Where a line that is not here is, as far as this book knows."""

    RELEASED = "released"
    MARKED_ELSEWHERE = "marked_elsewhere"
    OTHER_DESK = "other_desk"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class LineWhere:
    """Where a line is; `precinct` and `address` are empty where they are not known, `desk` is 0."""

    kind: Whereabouts
    precinct: str = ""
    address: str = ""
    desk: int = 0


class ClaimState(StrEnum):
    """How far a claim is, in the operator's words."""

    ASKED = "asked"
    HOLDER_ASKED = "holder_asked"
    KEPT = "kept"
    IN_FLIGHT = "in_flight"
    ARRIVED = "arrived"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class ClaimShown:
    """A claim of this book.

    Attributes:
        answer: The register's newest word, None before any.
        precinct: Where the line stands, empty where that is not known.
        heard_at: When the register last heard of the book that holds the line.
        line: The line, where it is here.
        is_open: More is to be expected.
    """

    id: bytes
    pinfl: str
    document: str
    asked_at: datetime
    state: ClaimState
    answer: ClaimAnswer | None
    precinct: str
    address: str
    heard_at: datetime | None
    line: LineId | None
    is_open: bool


@dataclass(frozen=True, slots=True)
class ReleaseShown:
    """A release of this book; it may leave the station only once it is safe (custody rule 4)."""

    id: bytes
    number: EntryNumber
    lines: tuple[LineId, ...]
    precinct: str
    way: Way
    is_safe: bool


@dataclass(frozen=True, slots=True)
class ReleaseSeen:
    """A release that was scanned or brought as a file: whose line, from where; `untrusted` is what to accept."""

    untrusted: bytes
    names: tuple[str, ...]
    lines: tuple[LineId, ...]


@dataclass(frozen=True, slots=True)
class Accepted:
    """A release that this book accepted by entry `number`; its lines may be marked once `is_safe`."""

    number: EntryNumber
    lines: tuple[LineId, ...]
    is_safe: bool


@dataclass(frozen=True, slots=True)
class ProvisionalShown:
    """A voter with a provisional ballot: the envelope, what the register decided, and whether it was done."""

    line: LineId
    person: AnnexPerson
    envelope: str
    adjudicated: Outcome | None
    resolved: Outcome | None


@dataclass(frozen=True, slots=True)
class Standing:
    """How the book stands beyond its counters.

    Attributes:
        stopped: Why nothing more is marked here, also that the book is closed; None while it goes on.
        paper_since: Since when the station works on paper.
        recalls: Lines that the register asks for and that are still here.
        with_team: Lines that are out with a mobile team.
    """

    stopped: Failure | None = None
    paper_since: datetime | None = None
    claims: tuple[ClaimShown, ...] = ()
    releases: tuple[ReleaseShown, ...] = ()
    provisionals: tuple[ProvisionalShown, ...] = ()
    recalls: tuple[LineId, ...] = ()
    with_team: tuple[LineId, ...] = ()


class MovingDesk(Protocol):
    """What the screens may ask where lines move; every function is called on the book's thread."""

    def standing(self) -> Standing:
        """How the book stands now."""

    def claim(self, pinfl: str, document: str, *, again: bool = False) -> ClaimShown | Refused:
        """The register is asked for this voter's line; `again`: also where it said no before."""

    def withdraw(self, claim: bytes) -> ClaimShown | Refused:
        """The voter of this claim has left."""

    def release(self, lines: Sequence[LineId], precinct: str, way: Way) -> ReleaseShown | Refused:
        """These lines are let go to that precinct's intake book; asked again it answers the same release."""

    def release_paper(self, release: bytes, languages: Sequence[str]) -> bytes | Refused:
        """The certificate of a release of one line as a PDF, once it is safe to leave."""

    def release_file(self, release: bytes) -> bytes | Refused:
        """The sealed certificate of a release, once it is safe to leave."""

    def look_at_release(self, untrusted: bytes | str) -> ReleaseSeen | Refused:
        """Whose lines a sealed certificate, or the text of its QR codes, brings here; nothing is accepted yet."""

    def accept(self, untrusted: bytes | str) -> Accepted | Refused:
        """The lines of the certificate are held here; a release that was accepted before is answered as before."""

    def admit(self, line: LineId) -> EntryNumber | Refused:
        """A voter whose line came here stands in the annex."""

    def add_provisional(self, person: AnnexPerson, envelope: str) -> ProvisionalShown | Refused:
        """The voter's ballots are in a sealed envelope of this number."""

    def resolve(self, line: LineId, first: OfficerPin, second: OfficerPin) -> ProvisionalShown | Refused:
        """Two officers did with the envelope what the register decided."""

    def see_row(self, line: LineId, first: OfficerPin, second: OfficerPin) -> EntryNumber | Refused:
        """Two officers saw the row of this unproven line unsigned."""

    def close_book(self, first: OfficerPin, second: OfficerPin) -> EntryNumber | Refused:
        """Two officers close the book: nothing more is marked or moved."""

    def set_paper(self, *, is_on_paper: bool) -> Refused | None:
        """The station works on paper, or what was written on paper is keyed in."""

    def set_team(self, line: LineId, *, is_out: bool) -> Refused | None:
        """The line is out with a mobile team, or the team is back."""
