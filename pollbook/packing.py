"""Entries on the wire: runs of like marks packed column by column, everything else as it is.

    packed = group*
    group  = varint(0) || check of the order that places are meant in (4 bytes)
           | varint(2 × count) || count × (varint(length) || entry)
           | varint(2 × count + 1) || form || varint(actor) || varint(zigzag(seconds − base)) || varint(counter)
             || lines || times

A run of marks has one actor and one channel. Its lines are places among the lines that both sides know, in as many
bits as the last place needs, or ids of 64 bits; its times are steps: 0 is the same second and the next counter, n is n
seconds later and counter 0, which is all that an honest clock gives (`clock.tick`). Steps are Rice codes with `k` bits.
`form` is one number: the channel (2 bits from the lowest), whether the lines are places (1) and `k` (5).

What is packed unpacks to the same bytes: only what encodes to the same bytes again is a mark here, and the head's hash
proves it to the receiver. `unpack` believes nothing: any bytes are refused, or give entries within the limits.

Which voter, in which order and to the second is 1.93 bytes of information a mark (a precinct of 3,000, one day).
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise
from typing import NamedTuple

from pollbook import cbor
from pollbook.bits import K_MAX, WHOLE_BITS, Reader, best_k, column, rice_column, unzigzag, varint, zigzag
from pollbook.clock import COUNTER_BITS, HYBRID_TIME_MAX
from pollbook.entries import ENTRY_BYTES_MAX, Kind, Marked, decode_entry
from pollbook.failures import InputInvalid
from pollbook.plain_marks import encode_marks, plain_mark
from pollbook.two_officers import PERSON_NUMBER_MAX
from pollbook.types import CHANNELS, LINE_ID_MAX, Channel, LineId

ORDER_CHECK_BYTES = 4
"""Two orders that differ have one check once in four thousand million times; then the head's hash differs."""
RUN_MIN = 3
"""A shorter run of places costs more than it saves, since the check of the order comes on top."""
_ID_BITS = 64
_MARK_BYTES = 3
_MARK_START = cbor.encode([int(Kind.MARKED), 0, 0, []])[:2]
_COUNTER_MASK = (1 << COUNTER_BITS) - 1
_ORDER, _MARKS = 0, 1
_BITMAP = 255


@dataclass(frozen=True)
class SliceOrder:
    """The lines that a book was issued, in an order that both sides derive alike: by id, ascending.

    An id never changes; page and row may (custody rule 12), so they take no part.
    """

    lines: Sequence[LineId]

    @classmethod
    def of(cls, lines: Iterable[LineId]) -> SliceOrder:
        """The order of these lines."""
        return cls(sorted(lines))

    @cached_property
    def check(self) -> bytes:
        """By which a receiver sees that its order is the sender's."""
        return hashlib.sha256(struct.pack(f">{len(self.lines)}Q", *self.lines)).digest()[:ORDER_CHECK_BYTES]

    @property
    def place_bits(self) -> int:
        """How many bits name a place."""
        return max(len(self.lines) - 1, 0).bit_length()

    def place_of(self, line: LineId) -> int | None:
        """The line's place, from 0, or None where it is not among them."""
        return self._places.get(line)

    @cached_property
    def _places(self) -> dict[LineId, int]:
        return {line: place for place, line in enumerate(self.lines)}


Orders = Callable[[bytes], SliceOrder | None]
"""The order with this check, or None: a receiver looks it up only when a packed run names places."""


def no_order(_check: bytes) -> SliceOrder | None:
    """For a receiver that knows no order."""
    return None


class _Mark(NamedTuple):
    at: int
    actor: int
    channel: Channel
    line: LineId
    place: int | None

    def leads_to(self, later: _Mark) -> bool:
        """Whether `later` goes on with this mark's run."""
        if (later.actor, later.channel, later.place is None) != (self.actor, self.channel, self.place is None):
            return False
        step = _step(self.at, later.at)
        return step is not None and step < 1 << WHOLE_BITS


def pack(entries: Sequence[bytes], base_s: int, order: SliceOrder | None = None) -> bytes:
    """The entries, in order, in few bytes; `base_s` is a time in seconds that travels beside them."""
    packed = bytearray()
    is_announced = False
    for run in _runs(entries, order):
        if isinstance(run, _Raw):
            packed += varint(2 * len(run.entries))
            packed += b"".join(varint(len(content)) + content for content in run.entries)
            continue
        in_order = order if order is not None and run[0].place is not None and len(run) >= RUN_MIN else None
        if in_order is not None and not is_announced:
            packed += varint(_ORDER) + in_order.check
            is_announced = True
        packed += _packed_marks(run, base_s, in_order)
    return bytes(packed)


def packed_size(content: bytes) -> int:
    """About how many bytes an entry takes among its like; what it really takes depends on its neighbours."""
    return _MARK_BYTES if content.startswith(_MARK_START) else len(content) + 2


def unpack(untrusted: bytes, base_s: int, entries_max: int, orders: Orders = no_order) -> tuple[bytes, ...]:
    """The entries that were packed beside `base_s`.

    Raises:
        InputInvalid: Not packed entries, more than `entries_max`, or places in an order that is not known here.
    """
    reader = Reader(untrusted)
    entries: list[bytes] = []
    order: SliceOrder | None = None
    while not reader.is_at_end:
        count, form = divmod(reader.varint(), 2)
        if count == 0 and form != _MARKS:
            order = orders(reader.take(ORDER_CHECK_BYTES))
            if order is None:
                raise InputInvalid("places in an order that is not known here")
            continue
        if not 0 < count <= entries_max - len(entries):
            raise InputInvalid(f"no entries, or more than {entries_max}")
        entries += _marks(reader, count, base_s, order) if form == _MARKS else _raw(reader, count)
    return tuple(entries)


@dataclass(frozen=True, slots=True)
class _Raw:
    entries: list[bytes]


def _runs(entries: Iterable[bytes], order: SliceOrder | None) -> Iterator[_Raw | list[_Mark]]:
    run: _Raw | list[_Mark] = _Raw([])
    for content in entries:
        mark = _as_mark(content, order)
        if mark is None:
            if not isinstance(run, _Raw):
                yield run
                run = _Raw([])
            run.entries.append(content)
        elif isinstance(run, list) and run[-1].leads_to(mark):
            run.append(mark)
        else:
            if not isinstance(run, _Raw) or run.entries:
                yield run
            run = [mark]
    if not isinstance(run, _Raw) or run.entries:
        yield run


def _as_mark(content: bytes, order: SliceOrder | None) -> _Mark | None:
    plain = plain_mark(content)
    if plain is not None:
        place = order.place_of(LineId(plain.line)) if order else None
        return _Mark(plain.at, plain.actor, CHANNELS[plain.channel], LineId(plain.line), place)
    try:
        entry = decode_entry(content)
    except InputInvalid:
        return None
    if not isinstance(entry.fact, Marked):
        return None
    line = entry.fact.line
    return _Mark(entry.at, entry.actor, entry.fact.channel, line, order.place_of(line) if order else None)


def _step(before: int, after: int) -> int | None:
    """From one hybrid time to the next; None where no step says it."""
    if after == before + 1 and after & _COUNTER_MASK:
        return 0
    seconds = (after >> COUNTER_BITS) - (before >> COUNTER_BITS)
    return seconds if seconds > 0 and not after & _COUNTER_MASK else None


def _packed_marks(run: Sequence[_Mark], base_s: int, order: SliceOrder | None) -> bytes:
    first = run[0]
    steps = [step for before, after in pairwise(run) if (step := _step(before.at, after.at)) is not None]
    k = best_k(steps)
    form = CHANNELS.index(first.channel) | (order is not None) << 2 | k << 3
    seconds, counter = divmod(first.at, 1 << COUNTER_BITS)
    head = [2 * len(run) + _MARKS, form, first.actor, zigzag(seconds - base_s), counter]
    if order is not None:
        lines = column([mark.place for mark in run if mark.place is not None], order.place_bits)
    else:
        lines = column([mark.line for mark in run], _ID_BITS)
    return b"".join(map(varint, head)) + lines + rice_column(steps, k)


def _raw(reader: Reader, count: int) -> list[bytes]:
    entries = []
    for _ in range(count):
        length = reader.varint()
        if not 0 < length <= ENTRY_BYTES_MAX:
            raise InputInvalid("an entry beyond its size")
        entries.append(reader.take(length))
    return entries


def _marks(reader: Reader, count: int, base_s: int, order: SliceOrder | None) -> list[bytes]:
    form, actor, moved_s, counter = (reader.varint() for _ in range(4))
    channel, is_place, k = form & 3, form >> 2 & 1, form >> 3
    seconds = base_s + unzigzag(moved_s)
    if channel >= len(CHANNELS) or k > K_MAX or actor > PERSON_NUMBER_MAX or counter > _COUNTER_MASK:
        raise InputInvalid("a run of marks in no known form")
    if is_place and order is None:
        raise InputInvalid("places without an order")
    lines = _places(reader, count, order) if is_place and order is not None else _ids(reader, count)
    at = seconds << COUNTER_BITS | counter
    times = [at]
    for step in reader.rice_codes(count - 1, k):
        at = at + 1 if step == 0 else (at >> COUNTER_BITS) + step << COUNTER_BITS
        times.append(at)
    if not 0 <= times[0] <= at <= HYBRID_TIME_MAX:  # they only rise
        raise InputInvalid("a time out of its bounds")
    return encode_marks(times, actor, lines, channel)


def _places(reader: Reader, count: int, order: SliceOrder) -> list[LineId]:
    lines = order.lines
    try:
        return [lines[place] for place in reader.numbers(count, order.place_bits)]
    except IndexError as error:
        raise InputInvalid("a place beyond the slice") from error


def _ids(reader: Reader, count: int) -> list[LineId]:
    ids = reader.numbers(count, _ID_BITS)
    if not all(0 < number <= LINE_ID_MAX for number in ids):
        raise InputInvalid("a line's id out of its bounds")
    return [LineId(number) for number in ids]


def pack_statuses(places: Iterable[int], size: int) -> bytes:
    """Which places of an order of `size` are meant, each once: gaps as Rice codes, or a bit for each place.

    The first byte says which: the codes' `k`, or `_BITMAP`.
    """
    chosen = sorted(set(places))
    gaps = [later - before - 1 for before, later in pairwise([-1, *chosen])]
    k = best_k(gaps)
    listed = bytes([k]) + varint(len(chosen)) + rice_column(gaps, k)
    if len(listed) <= 1 + (size + 7) // 8:
        return listed
    meant = set(chosen)
    return bytes([_BITMAP]) + column([place in meant for place in range(size)], 1)


def unpack_statuses(untrusted: bytes, size: int, places_max: int | None = None) -> tuple[int, ...]:
    """The places that are meant, ascending, by default up to `size` of them.

    Raises:
        InputInvalid: Not statuses of an order of `size` places, or more than `places_max`.
    """
    places_max = size if places_max is None else min(size, places_max)
    reader = Reader(untrusted)
    form = reader.take(1)[0]
    if form == _BITMAP:
        places = [place for place, is_meant in enumerate(reader.numbers(size, 1)) if is_meant]
    elif form <= K_MAX and (count := reader.varint()) <= places_max:
        places = [step - 1 for step in accumulate(gap + 1 for gap in reader.rice_codes(count, form))]
    else:
        raise InputInvalid("statuses in no known form")
    if not reader.is_at_end or len(places) > places_max or (places and places[-1] >= size):
        raise InputInvalid("places beyond the slice, or too many")
    return tuple(places)
