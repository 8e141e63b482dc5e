"""A batch of nothing but plain marks as columns of numbers: the rules of custody for all of them at once.

A laptop that was out of reach all day sends a thousand marks in a request. Where every one of them is a plain mark
(`pollbook.plain_marks`) to which the rules have nothing to say, a few comparisons of whole columns prove that, and what
is written is copied from the columns. Any doubt about any of them, and all go through `runs.take` instead: nothing is
decided here but that nothing is wrong. That both ways come to the same is a property test.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pollbook.clock import HybridTime
from pollbook.line_state import Place
from pollbook.plain_marks import ACTOR_MAX, BEGIN, LONG_MAX, LONG_MIN, MIDDLE, PLAIN_BYTES
from pollbook.types import CHANNELS, MACHINE, EntryNumber, LineId, PersonNumber

MARKS_MIN = 32
"""Of fewer, the columns cost more than they save."""
_PLAIN = np.dtype(
    [("begin", "u1", 3), ("at", ">u8"), ("actor", "u1"), ("middle", "u1", 2), ("line", ">u8"), ("channel", "u1")]
)
_DIGESTED = np.dtype([("line", ">u8"), ("number", ">u8"), ("custody", ">u8"), ("flags", ">u8")])
_LIMBS = np.dtype((">u4", 8))


@dataclass(frozen=True, eq=False, slots=True)
class MarkColumns:
    """Plain marks, one after the other, the first of which has the number `first`."""

    first: int
    contents: bytes
    at: NDArray[np.int64]
    actor: NDArray[np.uint8]
    line: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.line)

    @property
    def last_at(self) -> int:
        """The time of the last mark."""
        return int(self.at[-1])

    @property
    def number(self) -> NDArray[np.int64]:
        """The marks' numbers."""
        return np.arange(self.first, self.first + len(self))

    def numbers(self) -> dict[LineId, EntryNumber]:
        """The marks' numbers by line."""
        return dict(zip(self.line.tolist(), self.number.tolist(), strict=True))


def columns_of(untrusted: Sequence[bytes], first: int) -> MarkColumns | None:
    """The marks that these entries are, where every one is plain; None where any is not."""
    if not untrusted or set(map(len, untrusted)) != {PLAIN_BYTES}:
        return None
    contents = b"".join(untrusted)
    table: NDArray[Any] = np.frombuffer(contents, _PLAIN)
    at, line = table["at"], table["line"]
    is_plain = (
        (table["begin"] == np.frombuffer(BEGIN, np.uint8)).all()
        and (table["middle"] == np.frombuffer(MIDDLE, np.uint8)).all()
        and table["actor"].max() <= ACTOR_MAX
        and table["channel"].max() < len(CHANNELS)
        and min(at.min(), line.min()) >= LONG_MIN
        and max(at.max(), line.max()) < LONG_MAX
    )
    if not is_plain:
        return None
    return MarkColumns(first, contents, at.astype(np.int64), table["actor"].copy(), line.astype(np.int64))


def are_all_entered(columns: MarkColumns, issued: bytes, people: Iterable[PersonNumber], last_at: HybridTime) -> bool:
    """Whether each mark is of a line that was issued and comes once, by a person, later than all before it.

    In a book that is open, holds its lines and began before, `custody.apply` takes such marks, if nothing had happened
    to their lines.

    Args:
        columns: The marks.
        issued: The ids of the book's lines, ascending, 8 bytes each, big-endian.
        people: The numbers of the book's people.
        last_at: The time of the entry before the first mark.
    """
    if int(columns.at[0]) <= last_at or not (columns.at[1:] > columns.at[:-1]).all():
        return False
    is_known = np.zeros(ACTOR_MAX + 1, bool)
    is_known[[number for number in people if number <= ACTOR_MAX and number != MACHINE]] = True
    if not is_known[columns.actor].all():
        return False
    lines, known = np.sort(columns.line), np.frombuffer(issued, ">i8")
    if not len(known) or (lines[1:] == lines[:-1]).any():
        return False
    places = np.minimum(known.searchsorted(lines), len(known) - 1)
    return bool((known[places] == lines).all())


def digest_of(columns: MarkColumns) -> int:
    """The sum of the lines' digests (`line_state.line_digest`), not yet reduced."""
    count = len(columns)
    digested = np.zeros(count, _DIGESTED)
    digested["line"], digested["number"] = columns.line, columns.number
    digested["flags"] = int(Place.HERE)
    packed, size, sha256 = digested.tobytes(), _DIGESTED.itemsize, hashlib.sha256
    hashes = b"".join([sha256(packed[at : at + size]).digest() for at in range(0, count * size, size)])
    limbs = np.frombuffer(hashes, _LIMBS).sum(axis=0, dtype=np.uint64)
    total = 0
    for limb in limbs.tolist():
        total = (total << 32) + limb
    return total
