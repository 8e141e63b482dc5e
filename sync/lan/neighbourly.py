"""What a desk's book does for its neighbours; the station implements it over its book, tests in memory.

Every method is one short step on the book and may be called again: whatever it was asked before, it answers in the
same way and does nothing twice. None of them waits for a neighbour.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from pollbook.failures import Refused
from pollbook.types import BookName, DeviceId, EntryNumber, LineId
from sync.lan.messages import Hello, LineStanding, State


@dataclass(frozen=True, slots=True)
class Parcel:
    """A release of this book that is safe to leave, by its id, and the bytes that carry it."""

    release: bytes
    content: bytes


@dataclass(frozen=True, slots=True)
class Taken:
    """A release was accepted: its id, its entry here, the lines that are here now."""

    release: bytes
    entry: EntryNumber
    lines: tuple[LineId, ...]


class Neighbourly(Protocol):
    """The book, as the other desks of the precinct may use it."""

    def hello(self) -> Hello:
        """What this desk says first."""

    def state(self) -> State:
        """How this desk stands now."""

    def welcome(self, untrusted: Hello, device: DeviceId) -> Refused | None:
        """Why the book that calls itself so, on a device that is proven, is no neighbour; None where it is one.

        Its membership must be the register's word that this book of this device belongs to our precinct.
        """

    def proof_against(self, book: BookName) -> bytes | None:
        """The proof that this book has been taken over or revoked, where this desk has one."""

    def take_proof(self, untrusted: bytes) -> None:
        """A proof that some book has been taken over or revoked: it is kept, and where it names our own, that locks."""

    def release_line(self, line: LineId, to: BookName) -> Parcel | Refused | None:
        """The line goes to `to`; None where it will be among `waiting` once it is safe to leave (custody rule 4)."""

    def share(self, count: int, to: BookName) -> Refused | None:
        """About `count` unmarked lines that nobody here needs go to `to`; they are among `waiting` then."""

    def waiting(self, to: BookName) -> tuple[Parcel, ...]:
        """The releases to `to` that are safe to leave and whose acceptance is not known yet (custody rule 2)."""

    def accept(self, untrusted_parcel: bytes) -> Taken | Refused:
        """The parcel's lines are here, on the disk; one that was accepted before gives its entry again."""

    def note_arrived(self, releases: tuple[bytes, ...], by: BookName) -> None:
        """`by` has accepted these releases, those that were for it: they need not be sent again."""

    def standings(self, lines: tuple[LineId, ...]) -> tuple[LineStanding, ...]:
        """How these lines stand here."""

    def note_state(self, desk: int, state: State) -> None:
        """What another desk says of itself, kept for when it is away."""

    def holders(self, line: LineId) -> tuple[int, ...]:
        """The desks that held this line's page when they were last heard."""
