"""Runs of marks: nearly all that a book ever sends, put to the rules of custody without making objects of them.

A plain mark is an entry in the one encoding that almost every `Marked` has (`plain_mark`). Where it marks a line of the
slice to which nothing had happened, the rules come to a few comparisons, and what changes is one new row of a known
form. All other entries, and marks on lines that have a history, go through `custody.apply` as they always do. That both
ways come to the same is a property test (tests/register/test_runs.py).
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from pollbook.clock import HybridTime
from pollbook.custody import Anomaly
from pollbook.entries import Entry, Marked, decode_entry, lines_of
from pollbook.failures import InputInvalid
from pollbook.line_state import LineState, Mark, Place
from pollbook.types import MACHINE, EntryNumber, LineId, PersonNumber
from register.replay import Ingested
from register.store.rows import CHANNELS, FreshMark

_PLAIN = struct.Struct(">3sQB2sQB")
"""An array of four: kind 1, a time of 8 bytes, an actor below 24, and an array of a line of 8 bytes and a channel."""
_BEGIN, _MIDDLE = b"\x84\x01\x1b", b"\x82\x1b"
_INLINE_MAX = 24
_LONG_MIN, _LONG_MAX = 1 << 32, 1 << 63
"""A smaller number has a shorter encoding, a larger one is none of ours."""
_DIGESTED = struct.Struct(">QQQQ")


class PlainMark(NamedTuple):
    """A `Marked` as its bytes say it; `channel` is its number in `CHANNELS`."""

    at: int
    actor: int
    line: int
    channel: int


def plain_mark(untrusted: bytes) -> PlainMark | None:
    """The mark that these bytes are, in their common encoding; None for everything else, other marks included."""
    if len(untrusted) != _PLAIN.size:
        return None
    begin, at, actor, middle, line, channel = _PLAIN.unpack(untrusted)
    is_plain = begin == _BEGIN and middle == _MIDDLE and actor < _INLINE_MAX and channel < len(CHANNELS)
    if is_plain and _LONG_MIN <= at < _LONG_MAX and _LONG_MIN <= line < _LONG_MAX:
        return PlainMark(at, actor, line, channel)
    return None


@dataclass
class Batch:
    """New entries of one book, decoded as far as each needs.

    Attributes:
        items: A plain mark, another entry, or None for what is no entry.
        lines: All lines that they are about.
        looked_up: Those of them that need a state: the lines of all that is no plain mark.
    """

    items: list[PlainMark | Entry | None]
    lines: set[LineId]
    looked_up: set[LineId]


def read_batch(contents: Iterable[bytes]) -> Batch:
    """The batch of entries with these bytes."""
    items: list[PlainMark | Entry | None] = [plain_mark(content) or _decoded(content) for content in contents]
    looked_up = {line for item in items if isinstance(item, Entry) for line in lines_of(item.fact)}
    marked = {LineId(item.line) for item in items if isinstance(item, PlainMark)}
    return Batch(items, looked_up | marked, looked_up)


@dataclass
class Taken:
    """What a batch came to, beside what changed in the view.

    Attributes:
        quarantined: For each entry the anomaly for which it changed nothing, or None.
        fresh: Marks by line, of lines that stand in no state of the view.
    """

    quarantined: list[Anomaly | None] = field(default_factory=list)
    fresh: dict[int, FreshMark] = field(default_factory=dict)


def take(view: Ingested, issued: Collection[LineId], holds: bool, first: int, batch: Batch) -> Taken:
    """Put the batch to the rules, from the number `first` on; its effects are in the view and in `fresh`.

    Args:
        view: Its states are those that are stored, and those of `batch.looked_up` that the book was issued.
        issued: The lines of the book's slice.
        holds: Whether the slice's lines are the book's own before anything happens to them.
        first: The number of the first entry.
        batch: The entries.
    """
    taken = Taken()
    fresh, told = taken.fresh, taken.quarantined.append
    for number, item in enumerate(batch.items, first):
        if not isinstance(item, PlainMark):
            told(view.ingest(EntryNumber(number), item))
            continue
        at, actor, line, channel = item
        if LineId(line) in view.states:
            told(view.ingest(EntryNumber(number), entry_of(item)))
        elif (anomaly := _refused(view, number, at, actor)) is not None:
            told(anomaly)
        elif line in fresh:
            told(Anomaly.SECOND_MARK)
        elif line not in issued:
            told(Anomaly.UNKNOWN_LINE)
        elif not holds:
            told(Anomaly.LINE_NOT_HERE)
        else:
            fresh[line] = FreshMark(line, number, channel, at, actor)
            view.last_at = HybridTime(at)
            told(None)
    return taken


def entry_of(mark: PlainMark) -> Entry:
    """The mark as any other entry."""
    return Entry(HybridTime(mark.at), PersonNumber(mark.actor), Marked(LineId(mark.line), CHANNELS[mark.channel]))


def state_of(mark: FreshMark) -> LineState:
    """The state of a line with this mark."""
    number, at = EntryNumber(mark.number), HybridTime(mark.at)
    return LineState(Mark(number, CHANNELS[mark.channel], at, PersonNumber(mark.actor)))


def digest_of(marks: Iterable[FreshMark]) -> int:
    """The sum of the lines' digests (`line_state.line_digest`), not yet reduced."""
    pack, sha256, read = _DIGESTED.pack, hashlib.sha256, int.from_bytes
    flags = int(Place.HERE)
    return sum(read(sha256(pack(mark.line, mark.number, 0, flags)).digest(), "big") for mark in marks)


def _refused(view: Ingested, number: int, at: int, actor: int) -> Anomaly | None:
    """Why nobody can have marked anything then and there: `custody._cannot_enter` for a mark, in its order."""
    if view.is_forked:
        return Anomaly.FORK
    if at <= view.last_at:
        return Anomaly.TIME_WENT_BACK
    if actor != MACHINE and actor not in view.people:
        return Anomaly.UNKNOWN_PERSON
    if number == view.start.number + 1:
        return Anomaly.OUT_OF_PLACE
    if view.is_closed:
        return Anomaly.BOOK_CLOSED
    if actor == MACHINE:
        return Anomaly.NOBODY_SIGNED_IN
    return None if view.days else Anomaly.DAY_NOT_OPEN


def _decoded(content: bytes) -> Entry | None:
    try:
        return decode_entry(content)
    except InputInvalid:
        return None
