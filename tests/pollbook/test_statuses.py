from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pollbook import cbor
from pollbook.failures import InputInvalid
from pollbook.feed_items import FeedKind, decode_content, encode_content
from pollbook.packing import SliceOrder
from pollbook.statuses import LINES_IN_STATUSES_MAX, LineStatus, Statuses, StatusGroup, lines_told, statuses_of
from pollbook.types import LINE_ID_MAX, LineId, PrecinctCode

ORDER = SliceOrder.of(map(LineId, random.Random(7).sample(range(1, LINE_ID_MAX), 3000)))
HERE = PrecinctCode("1708-0001")
MARKED = LineStatus(HERE, 2, is_marked=True)
AWAY = LineStatus(PrecinctCode("1708-0002"), 1, is_marked=False)

LINES = st.sampled_from(ORDER.lines[:200]) | st.integers(1, LINE_ID_MAX).map(LineId)
STATUSES = st.sampled_from([MARKED, AWAY, LineStatus(HERE, 3, is_marked=True), None])


def there_and_back(statuses: Statuses) -> Statuses:
    read = decode_content(FeedKind.STATUSES, encode_content(statuses))
    assert isinstance(read, Statuses)
    return read


@given(st.dictionaries(LINES, STATUSES, max_size=60))
def test_what_is_told_of_any_lines_comes_back(told: dict[LineId, LineStatus | None]) -> None:
    statuses = statuses_of(told, ORDER)
    assert there_and_back(statuses) == statuses
    assert lines_told(there_and_back(statuses), ORDER) == told


def test_a_day_s_marks_of_the_neighbours_take_about_a_bit_a_line() -> None:
    told = dict.fromkeys(random.Random(8).sample(ORDER.lines, 1500), MARKED)
    assert len(encode_content(statuses_of(told, ORDER))) <= 375 + 40


def test_a_line_from_another_list_goes_by_its_id() -> None:
    stranger = LineId(4242)
    (group,) = statuses_of({stranger: MARKED}, ORDER).groups
    assert (group.places, group.lines) == ((), (stranger,))


@pytest.mark.parametrize("other", [SliceOrder.of(ORDER.lines[1:]), SliceOrder.of([])])
def test_places_that_are_meant_in_another_order_are_refused(other: SliceOrder) -> None:
    statuses = there_and_back(statuses_of({ORDER.lines[5]: MARKED}, ORDER))
    with pytest.raises(InputInvalid, match="order"):
        lines_told(statuses, other)


GOOD = ["1708-0001", 2, 1, bytes([0, 1, 0]), [77]]


@pytest.mark.parametrize(
    "body",
    [
        [],
        [b"1234", 9],
        [b"123", 9, []],
        [b"1234", -1, []],
        [b"1234", 2**63, []],
        [b"1234", 9, [GOOD[:4]]],
        [b"1234", 9, [[*GOOD, 1]]],
        [b"1234", 9, [["17080001", *GOOD[1:]]]],
        [b"1234", 9, [["1708-0001", 2**16, *GOOD[2:]]]],
        [b"1234", 9, [["1708-0001", 2, 2, *GOOD[3:]]]],
        [b"1234", 9, [[*GOOD[:3], b"", []]]],
        [b"1234", 9, [[*GOOD[:3], bytes([0, 1, 0xFF]), []]]],
        [b"1234", 0, [GOOD]],
        [b"1234", 9, [[*GOOD[:4], [0]]]],
        [b"1234", 9, [[*GOOD[:4], [LINE_ID_MAX + 1]]]],
        [b"1234", 9, [[*GOOD[:4], [1] * LINES_IN_STATUSES_MAX]]],
    ],
)
def test_bad_statuses_are_refused(body: list[object]) -> None:
    decode_content(FeedKind.STATUSES, cbor.encode([b"1234", 9, [GOOD]]))
    with pytest.raises(InputInvalid):
        decode_content(FeedKind.STATUSES, cbor.encode(body))


def test_more_lines_than_one_item_may_name_are_refused_however_they_are_grouped() -> None:
    size = 2 * LINES_IN_STATUSES_MAX
    half = tuple(range(LINES_IN_STATUSES_MAX // 2 + 1))
    for groups in (
        (StatusGroup(None, tuple(range(LINES_IN_STATUSES_MAX + 1)), ()),),
        (StatusGroup(None, half, ()), StatusGroup(MARKED, half, ())),
    ):
        with pytest.raises(InputInvalid):
            decode_content(FeedKind.STATUSES, encode_content(Statuses(b"1234", size, groups)))


@given(st.binary(max_size=80))
def test_any_bytes_are_refused_or_are_statuses(untrusted: bytes) -> None:
    try:
        read = decode_content(FeedKind.STATUSES, untrusted)
    except InputInvalid:
        return
    assert isinstance(read, Statuses)
