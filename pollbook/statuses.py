"""Where lines are that a book knows and another book has, as the register tells it: many in few bytes.

Both sides know the slice's lines in one order, so a line is a place in it (`packing.pack_statuses`); a line that came
from elsewhere has no place and goes by its id. Lines of which one thing is to be told make one group:

    statuses = [check of the order, lines in it, [group*]]
    group    = [precinct, desk, is_marked, packed places, [id*]]

A group without a precinct says that nothing is to be told of its lines any more. See docs/adr/0010.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pollbook.cbor import Fields
from pollbook.failures import InputInvalid
from pollbook.packing import ORDER_CHECK_BYTES, SliceOrder, pack_statuses, unpack_statuses
from pollbook.types import LINE_ID_MAX, LineId, PrecinctCode, is_precinct_code

LINES_IN_STATUSES_MAX = 4096
"""Of one item: more than a precinct has, so a cold sync brings a day's in one."""
_ORDER_LINES_MAX = 1_000_000
_PACKED_BYTES_MAX = 128 * 1024
_PRECINCT_CHARACTERS = 9
_DESK_MAX = 2**16 - 1


@dataclass(frozen=True, slots=True)
class LineStatus:
    """A line is with another book: at which precinct and desk, and whether it is marked there."""

    precinct: PrecinctCode
    desk: int
    is_marked: bool


@dataclass(frozen=True, slots=True)
class StatusGroup:
    """Lines of which the same is to be told, None where nothing is any more: by place in the order, or by id."""

    status: LineStatus | None
    places: tuple[int, ...]
    lines: tuple[LineId, ...]


@dataclass(frozen=True, slots=True)
class Statuses:
    """What a book is told of lines that others have; places are meant in the order with this check and size."""

    check: bytes
    size: int
    groups: tuple[StatusGroup, ...]


def statuses_of(told: Mapping[LineId, LineStatus | None], order: SliceOrder) -> Statuses:
    """What `told` says of up to `LINES_IN_STATUSES_MAX` lines, for the book that was issued the lines of `order`."""
    groups: dict[LineStatus | None, list[LineId]] = {}
    for line in sorted(told):
        groups.setdefault(told[line], []).append(line)
    packed = tuple(_group(status, lines, order) for status, lines in groups.items())
    return Statuses(order.check, len(order.lines), packed)


def lines_told(untrusted: Statuses, order: SliceOrder) -> dict[LineId, LineStatus | None]:
    """What is told of each line, by the receiver's own order.

    Raises:
        InputInvalid: The places are meant in another order.
    """
    if (untrusted.check, untrusted.size) != (order.check, len(order.lines)):
        raise InputInvalid("statuses in another order")
    told: dict[LineId, LineStatus | None] = {}
    for group in untrusted.groups:
        told |= dict.fromkeys((order.lines[place] for place in group.places), group.status)
        told |= dict.fromkeys(group.lines, group.status)
    return told


def pack_groups(statuses: Statuses) -> list[object]:
    """The statuses as the fields of a CBOR array."""
    groups: list[object] = []
    for group in statuses.groups:
        status = group.status
        named: list[object] = [status.precinct, status.desk, int(status.is_marked)] if status else ["", 0, 0]
        groups.append([*named, pack_statuses(group.places, statuses.size), list(group.lines)])
    return [statuses.check, statuses.size, groups]


def take_statuses(fields: Fields) -> Statuses:
    """The statuses of which `pack_groups` made these fields.

    Raises:
        InputInvalid: Anything else, or more lines than one item may name.
    """
    check = fields.take_bytes(ORDER_CHECK_BYTES, ORDER_CHECK_BYTES)
    size = fields.take_int(0, _ORDER_LINES_MAX)
    groups: list[StatusGroup] = []
    left = LINES_IN_STATUSES_MAX
    for item in fields.take_array(LINES_IN_STATUSES_MAX):
        group = _take_group(Fields(item, 5), size, left)
        left -= len(group.places) + len(group.lines)
        groups.append(group)
    return Statuses(check, size, tuple(groups))


def _group(status: LineStatus | None, lines: Iterable[LineId], order: SliceOrder) -> StatusGroup:
    placed = [(order.place_of(line), line) for line in lines]
    places = tuple(sorted(place for place, _ in placed if place is not None))
    return StatusGroup(status, places, tuple(line for place, line in placed if place is None))


def _take_group(fields: Fields, size: int, lines_max: int) -> StatusGroup:
    precinct, desk = fields.take_text(_PRECINCT_CHARACTERS), fields.take_int(0, _DESK_MAX)
    is_marked = bool(fields.take_int(0, 1))
    if precinct and not is_precinct_code(precinct):
        raise InputInvalid("not a precinct's code")
    places = unpack_statuses(fields.take_bytes(1, _PACKED_BYTES_MAX), size, lines_max)
    ids = fields.take_array(lines_max - len(places))
    each = Fields(ids, len(ids))
    status = LineStatus(PrecinctCode(precinct), desk, is_marked) if precinct else None
    return StatusGroup(status, places, tuple(LineId(each.take_int(1, LINE_ID_MAX)) for _ in ids))
