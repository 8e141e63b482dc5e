"""Runs of marks: nearly all that a book ever sends, put to the rules of custody without making objects of them.

Where a plain mark (`pollbook.plain_marks`) marks a line of the slice to which nothing had happened, the rules come to a
few comparisons, and what changes is one new row of a known form. All other entries, and marks on lines that have a
history, go through `custody.apply` as they always do. That both ways come to the same is a property test.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import cast

from pollbook.clock import HybridTime
from pollbook.effects import Anomaly
from pollbook.entries import Entry, TailReceived, TookOver, decode_entry, lines_of
from pollbook.failures import InputInvalid
from pollbook.line_state import LineState, Mark, Place
from pollbook.plain_marks import PlainMark, all_plain, plain_mark
from pollbook.types import CHANNELS, MACHINE, EntryNumber, LineId, PersonNumber
from register.replay import Ingested
from register.store.rows import FreshMark

_DIGESTED = struct.Struct(">QQQQ")


@dataclass
class Batch:
    """New entries of one book, decoded as far as each needs.

    Attributes:
        asks_for_all: Whether an entry is about every line of the book: a takeover, or the end of a tail.
        items: A plain mark, another entry, or None for what is no entry.
        lines: All lines that they are about.
        looked_up: Those of them that need a state: the lines of all that is no plain mark.
    """

    items: Sequence[PlainMark | Entry | None]
    lines: set[LineId]
    looked_up: set[LineId]
    asks_for_all: bool = False


def read_batch(contents: Sequence[bytes]) -> Batch:
    """The batch of entries with these bytes."""
    if (marks := all_plain(contents)) is not None:
        return Batch(marks, cast("set[LineId]", {line for _, _, line, _ in marks}), set())
    items = [plain_mark(content) or _decoded(content) for content in contents]
    looked_up = {line for item in items if isinstance(item, Entry) for line in lines_of(item.fact)}
    marked = {LineId(item.line) for item in items if isinstance(item, PlainMark)}
    asks_for_all = any(isinstance(item, Entry) and isinstance(item.fact, TookOver | TailReceived) for item in items)
    return Batch(items, looked_up | marked, looked_up, asks_for_all)


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
    fresh, told, states, people = taken.fresh, taken.quarantined.append, view.states, view.people
    is_open, last_at = holds and _may_mark(view), view.last_at
    for number, item in enumerate(batch.items, first):
        if item.__class__ is PlainMark:
            at, actor, line, channel = item
            if (
                is_open
                and at > last_at
                and actor in people
                and line not in fresh
                and line in issued
                and line not in states
                and number != view.start.number + 1
            ):
                fresh[line] = FreshMark(line, number, channel, at, actor)
                last_at = cast("HybridTime", at)
                told(None)
                continue
        view.last_at = last_at
        told(_take_one(view, number, item, fresh, issued))
        is_open, last_at = holds and _may_mark(view), view.last_at
    view.last_at = last_at
    return taken


def state_of(mark: FreshMark) -> LineState:
    """The state of a line with this mark."""
    number, at = EntryNumber(mark.number), HybridTime(mark.at)
    return LineState(Mark(number, CHANNELS[mark.channel], at, PersonNumber(mark.actor)))


def digest_of(marks: Iterable[FreshMark]) -> int:
    """The sum of the lines' digests (`line_state.line_digest`), not yet reduced."""
    pack, sha256, read = _DIGESTED.pack, hashlib.sha256, int.from_bytes
    flags = int(Place.HERE)
    return sum(read(sha256(pack(line, number, 0, flags)).digest(), "big") for line, number, _, _, _ in marks)


def _may_mark(view: Ingested) -> bool:
    return bool(view.days) and not view.is_closed and not view.is_forked


def _take_one(
    view: Ingested,
    number: int,
    item: PlainMark | Entry | None,
    fresh: Collection[int],
    issued: Collection[LineId],
) -> Anomaly | None:
    """Whatever is no mark of a line to which nothing had happened, or one that cannot have been entered."""
    if not isinstance(item, PlainMark):
        return view.ingest(EntryNumber(number), item)
    if item.line in view.states:
        return view.ingest(EntryNumber(number), item.entry)
    return _refused(view, number, item, is_fresh=item.line in fresh, is_issued=item.line in issued)


def _refused(view: Ingested, number: int, mark: PlainMark, *, is_fresh: bool, is_issued: bool) -> Anomaly:
    """Why the mark cannot have been entered: what `custody.apply` says of it, in its order."""
    at, actor, _, _ = mark
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
    if not view.days:
        return Anomaly.DAY_NOT_OPEN
    if is_fresh:
        return Anomaly.SECOND_MARK
    return Anomaly.LINE_NOT_HERE if is_issued else Anomaly.UNKNOWN_LINE


def _decoded(content: bytes) -> Entry | None:
    try:
        return decode_entry(content)
    except InputInvalid:
        return None
