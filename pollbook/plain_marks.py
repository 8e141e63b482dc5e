"""Marks in the one encoding that nearly all of them have, read and written without a CBOR library.

An array of four, the kind 1, a time of 8 bytes, an actor below 24, and an array of a line of 8 bytes and a channel: 23
bytes, of which 16 vary. Other marks have shorter or longer numbers in them and go the common way. That both ways come
to the same bytes and entries is a property test.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import NamedTuple

from pollbook.clock import HybridTime
from pollbook.entries import Entry, Marked, encode_entry
from pollbook.types import CHANNELS, LineId, PersonNumber

PLAIN_BYTES = 23
_PLAIN = struct.Struct(">3sQB2sQB")
BEGIN, MIDDLE = b"\x84\x01\x1b", b"\x82\x1b"
ACTOR_MAX = 23
LONG_MIN, LONG_MAX = 1 << 32, 1 << 63
"""A smaller number has a shorter encoding, a larger one is none of ours."""


class PlainMark(NamedTuple):
    """A `Marked` as its bytes say it; `channel` is its number in `CHANNELS`."""

    at: int
    actor: int
    line: int
    channel: int

    @property
    def entry(self) -> Entry:
        """The mark as any other entry."""
        return Entry(HybridTime(self.at), PersonNumber(self.actor), Marked(LineId(self.line), CHANNELS[self.channel]))


def plain_mark(untrusted: bytes) -> PlainMark | None:
    """The mark that these bytes are, in its common encoding; None for everything else, other marks included."""
    if len(untrusted) != PLAIN_BYTES:
        return None
    begin, at, actor, middle, line, channel = _PLAIN.unpack(untrusted)
    is_plain = begin == BEGIN and middle == MIDDLE and actor <= ACTOR_MAX and channel < len(CHANNELS)
    if is_plain and LONG_MIN <= at < LONG_MAX and LONG_MIN <= line < LONG_MAX:
        return PlainMark(at, actor, line, channel)
    return None


def all_plain(untrusted: Sequence[bytes]) -> list[PlainMark] | None:
    """The marks that these entries are, where every one is plain; None where any is not."""
    if any(len(content) != PLAIN_BYTES for content in untrusted):
        return None
    marks = []
    low, high, make = LONG_MIN, LONG_MAX, PlainMark._make
    for begin, at, actor, middle, line, channel in _PLAIN.iter_unpack(b"".join(untrusted)):
        if begin != BEGIN or middle != MIDDLE or actor > ACTOR_MAX or channel > 2:
            return None
        if not low <= at < high or not low <= line < high:
            return None
        marks.append(make((at, actor, line, channel)))
    return marks


def encode_mark(at: int, actor: int, line: int, channel: int) -> bytes:
    """The bytes of the entry that marks this line; `channel` is its number in `CHANNELS`, all within their bounds."""
    if at >= LONG_MIN and line >= LONG_MIN and actor <= ACTOR_MAX:
        return _PLAIN.pack(BEGIN, at, actor, MIDDLE, line, channel)
    return encode_entry(PlainMark(at, actor, line, channel).entry)


def encode_marks(times: Sequence[int], actor: int, lines: Sequence[int], channel: int) -> list[bytes]:
    """`encode_mark` for marks of one actor and channel, whose times only rise."""
    if times and times[0] >= LONG_MIN and min(lines) >= LONG_MIN and actor <= ACTOR_MAX:
        pack, begin, middle = _PLAIN.pack, BEGIN, MIDDLE
        return [pack(begin, at, actor, middle, line, channel) for at, line in zip(times, lines, strict=True)]
    return [encode_mark(at, actor, line, channel) for at, line in zip(times, lines, strict=True)]
