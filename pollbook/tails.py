"""What an old book did past the mirror that its successor took over from: the lines of a tail and their encoding."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from pollbook.cbor import Fields
from pollbook.releases import CUSTODY_NUMBER_MAX
from pollbook.types import CHANNELS, LINE_ID_MAX, Channel, EntryNumber, LineId

TAIL_LINES_MAX = 200


class TailChange(IntEnum):
    """What an old book did to a line past the mirror that its successor took over from."""

    MARKED = 1
    RELEASED = 2


@dataclass(frozen=True, slots=True)
class TailLine:
    """What the old book's entry `number` did to a line past the mirror.

    `channel` is a mark's, `custody` a release's (0 for a mark).
    """

    line: LineId
    change: TailChange
    number: EntryNumber
    channel: Channel = Channel.STATION
    custody: int = 0


def pack_tail(lines: tuple[TailLine, ...]) -> list[object]:
    """Lines of a tail as a CBOR array."""
    return [[each.line, int(each.change), each.number, CHANNELS.index(each.channel), each.custody] for each in lines]


def take_tail(untrusted: list[object]) -> tuple[TailLine, ...]:
    """The lines that `pack_tail` made this array of.

    Raises:
        InputInvalid: Anything else.
    """
    return tuple(_tail_line(Fields(item, 5)) for item in untrusted)


def _tail_line(fields: Fields) -> TailLine:
    line, change = LineId(fields.take_int(1, LINE_ID_MAX)), TailChange(fields.take_int(1, len(TailChange)))
    number, channel = EntryNumber(fields.take_int(1)), CHANNELS[fields.take_int(0, len(CHANNELS) - 1)]
    return TailLine(line, change, number, channel, fields.take_int(0, CUSTODY_NUMBER_MAX))
