"""What the rules of custody look up in a book, wherever that book is kept."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from pollbook.clock import HybridTime
from pollbook.entries import Outcome
from pollbook.ledger import Head
from pollbook.line_state import LineState
from pollbook.types import BookName, ElectionId, EntryNumber, LineId, Person, PersonNumber


@dataclass(frozen=True, slots=True)
class Identity:
    """Which book this is: what the rules compare signatures and addresses with.

    Attributes:
        public_key: The key that the book signs its heads and releases with.
        register_key: The key that the register signs with.
        slice_sha256: The hash of the slice's signed header, from which the first book of its line of succession starts.
        predecessor: The book that this one took over from, or None.
        predecessor_start: The origin of that book's ledger.
        predecessor_key: The key that it signed with.
        ancestors: Every book before this one in its line of succession, the predecessor included.
    """

    election: ElectionId
    name: BookName
    public_key: bytes
    register_key: bytes
    slice_sha256: bytes
    predecessor: BookName | None = None
    predecessor_start: Head | None = None
    predecessor_key: bytes = b""
    ancestors: frozenset[BookName] = frozenset()

    def is_addressed(self, receiver: BookName) -> bool:
        """Whether what is addressed to `receiver` is for this book: it is, or succeeds, the receiver (rule 3)."""
        return receiver == self.name or receiver in self.ancestors


class BookView(Protocol):
    """What `apply` must be able to look up in the book (or in the register's copy of it)."""

    @property
    def identity(self) -> Identity:
        """Which book this is."""

    @property
    def start(self) -> Head:
        """The ledger's origin; a successor's has the number of the last entry that it took over."""

    @property
    def people(self) -> Mapping[PersonNumber, Person]:
        """The precinct's people, as the slice names them."""

    @property
    def last_at(self) -> HybridTime:
        """The time of the newest entry, 0 before the first."""

    @property
    def is_closed(self) -> bool:
        """Whether two officers closed the book."""

    def line(self, line: LineId) -> LineState | None:
        """The line's state, or None where this book has never heard of it."""

    def held_unmarked(self) -> Iterable[tuple[LineId, LineState]]:
        """Every line that is here and unmarked; asked for by takeovers only."""

    def unproven(self) -> Iterable[tuple[LineId, LineState]]:
        """Every line whose state is not proven; asked for by the end of a tail only."""

    def bound_keys(self) -> Mapping[PersonNumber, bytes]:
        """The public key bound to each person so far."""

    def opened_days(self) -> Collection[str]:
        """The days that two officers have opened so far, each YYYY-MM-DD."""

    def adjudicated(self, line: LineId) -> tuple[EntryNumber, Outcome] | None:
        """The register's entry that adjudicated this provisional line, and what it says; None while it did not."""
