from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pollbook import packing
from pollbook.clock import COUNTER_BITS, HYBRID_TIME_MAX, HybridTime
from pollbook.entries import ENTRY_BYTES_MAX, DayOpened, Entry, KeyBound, Marked, MarkVoided, encode_entry
from pollbook.failures import InputInvalid
from pollbook.packing import SliceOrder, pack, pack_statuses, unpack, unpack_statuses
from pollbook.two_officers import OfficerSignature
from pollbook.types import LINE_ID_MAX, Channel, EntryNumber, LineId, PersonNumber

BASE_S = 1_797_735_600
OFFICERS = (OfficerSignature(PersonNumber(1), bytes(64)), OfficerSignature(PersonNumber(2), b"2" * 64))
ORDER = SliceOrder.of(map(LineId, random.Random(7).sample(range(1, LINE_ID_MAX), 3000)))


def orders_of(order: SliceOrder | None) -> packing.Orders:
    return lambda check: order if order is not None and order.check == check else None


def there_and_back(entries: tuple[bytes, ...], order: SliceOrder | None, base_s: int = BASE_S) -> bytes:
    packed = pack(entries, base_s, order)
    assert unpack(packed, base_s, max(len(entries), 1), orders_of(order)) == entries
    return packed


def mark(line: int, at: int, channel: Channel = Channel.STATION, actor: int = 5) -> bytes:
    return encode_entry(Entry(HybridTime(at), PersonNumber(actor), Marked(LineId(line), channel)))


def a_day(count: int, rng: random.Random) -> tuple[bytes, ...]:
    """Marks of a whole precinct: who comes when is chance, one every 14.4 s in the mean."""
    at, entries = BASE_S << COUNTER_BITS, []
    for line in rng.sample(ORDER.lines, count):
        step = int(rng.expovariate(1 / 14.4))
        at = at + 1 if step == 0 else (at >> COUNTER_BITS) + step << COUNTER_BITS
        entries.append(mark(line, at))
    return tuple(entries)


LINES = st.sampled_from(ORDER.lines[:50]) | st.integers(1, LINE_ID_MAX).map(LineId)
TIMES = (
    st.integers(0, HYBRID_TIME_MAX)
    | st.integers(0, 40).map(lambda step: BASE_S + step << COUNTER_BITS)
    | st.integers(0, 3).map(lambda counter: BASE_S << COUNTER_BITS | counter)
    | st.integers(2**32 - 2, 2**32 + 2).map(lambda step: BASE_S + step << COUNTER_BITS)
)
FACTS = (
    st.builds(Marked, LINES, st.sampled_from(Channel))
    | st.builds(MarkVoided, LINES, st.integers(1, 99).map(EntryNumber), st.text(max_size=5), st.just(OFFICERS))
    | st.builds(KeyBound, st.integers(1, 9).map(PersonNumber), st.binary(min_size=32, max_size=32))
    | st.builds(DayOpened, st.just("2026-12-20"), st.just(OFFICERS))
)
ENTRIES = st.builds(Entry, TIMES.map(HybridTime), st.integers(0, 7).map(PersonNumber), FACTS).map(encode_entry)


@given(st.lists(ENTRIES | st.binary(min_size=1, max_size=40), max_size=12), st.sampled_from([ORDER, None]))
def test_any_entries_come_back_byte_for_byte(entries: list[bytes], order: SliceOrder | None) -> None:
    there_and_back(tuple(entries), order)


@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 49)), min_size=1, max_size=60),
    st.integers(-(2**40), 2**40),
)
def test_any_run_of_an_honest_clock_comes_back(steps: list[tuple[int, int]], base_s: int) -> None:
    at, entries = BASE_S << COUNTER_BITS, []
    for step, place in steps:
        at = at + 1 if step == 0 else (at >> COUNTER_BITS) + step * step << COUNTER_BITS
        entries.append(mark(ORDER.lines[place], at))
    packed = there_and_back(tuple(entries), ORDER, base_s)
    if len(entries) >= packing.RUN_MIN:
        assert len(packed) < 22 + len(entries) * 6, "one run"


def test_a_day_s_marks_take_2_2_bytes_each() -> None:
    entries = a_day(3000, random.Random(1))
    assert len(there_and_back(entries, ORDER)) <= 2.25 * 3000
    assert len(there_and_back(entries, None)) <= 8.8 * 3000


def test_few_marks_are_not_made_longer_by_their_order() -> None:
    entries = a_day(20, random.Random(2))
    for count in range(20):
        assert len(there_and_back(entries[:count], ORDER)) <= len(pack(entries[:count], BASE_S))


def test_marks_of_several_people_and_channels_are_runs_of_their_own() -> None:
    day = list(a_day(300, random.Random(3)))
    at = BASE_S + 10_000 << COUNTER_BITS
    home = [mark(line, at + (i << COUNTER_BITS), Channel.HOME, 4) for i, line in enumerate(ORDER.lines[:40])]
    bound = encode_entry(Entry(HybridTime(1), PersonNumber(0), KeyBound(PersonNumber(1), bytes(32))))
    entries = (bound, *day[:150], *home, bound, bound, *day[150:])
    assert len(there_and_back(entries, ORDER)) < 3 * len(bound) + 60 + 2.5 * 340


def test_a_line_that_is_not_in_the_slice_goes_by_its_id() -> None:
    stranger = LineId(LINE_ID_MAX)
    entries = [mark(line, BASE_S + i << COUNTER_BITS) for i, line in enumerate(ORDER.lines[:9])]
    entries[4] = mark(stranger, BASE_S + 4 << COUNTER_BITS)
    there_and_back(tuple(entries), ORDER)


def test_an_order_is_by_id_and_known_by_its_check() -> None:
    again = SliceOrder.of(reversed(ORDER.lines))
    assert again.check == ORDER.check
    assert all(low < high for low, high in pairwise(again.lines))
    assert SliceOrder.of(ORDER.lines[1:]).check != ORDER.check
    assert ORDER.place_of(LineId(LINE_ID_MAX)) is None
    assert all(ORDER.place_of(line) == place for place, line in enumerate(ORDER.lines))


@pytest.mark.parametrize("size", [0, 1, 2, 3, 2048, 2049])
def test_an_order_of_any_size_has_places(size: int) -> None:
    order = SliceOrder.of(ORDER.lines[:size])
    entries = tuple(mark(ORDER.lines[i % max(size, 1)], BASE_S + i << COUNTER_BITS) for i in range(5))
    there_and_back(entries, order)


def test_places_in_another_order_are_refused() -> None:
    packed = pack(a_day(9, random.Random(4)), BASE_S, ORDER)
    for other in (None, SliceOrder.of(ORDER.lines[1:])):
        with pytest.raises(InputInvalid, match="order"):
            unpack(packed, BASE_S, 9, orders_of(other))


def test_more_entries_than_the_limit_are_refused_before_they_are_made() -> None:
    entries = a_day(9, random.Random(5))
    for packed in (pack(entries, BASE_S, ORDER), pack(entries, BASE_S), pack((b"x",) * 9, BASE_S)):
        with pytest.raises(InputInvalid, match="more than 8"):
            unpack(packed, BASE_S, 8, orders_of(ORDER))


HEAD = bytes([2 * 3 + 1])
BY_ID = 0


@pytest.mark.parametrize(
    ("untrusted", "told"),
    [
        (b"\x01", "no entries"),
        (b"\x02", "cut short"),
        (b"\x02\x00", "beyond its size"),
        (b"\x02" + b"\x81\x20" + bytes(ENTRY_BYTES_MAX + 1), "beyond its size"),
        (b"\x02\x03ab", "cut short"),
        (b"\x80\x00", "shortest"),
        (b"\xff" * 9 + b"\x01", "beyond 63 bits"),
        (b"\x00abc", "cut short"),
        (b"\x00abcd", "not known"),
        (HEAD + bytes([0b11, 5, 0, 0]), "no known form"),
        (HEAD + b"\x80\x02" + bytes([5, 0, 0]), "no known form"),
        (HEAD + bytes([BY_ID]) + b"\xe8\x07" + bytes([0, 0]), "no known form"),
        (HEAD + bytes([BY_ID, 5, 0]) + b"\x80\x80\x04", "no known form"),
        (HEAD + bytes([0b100, 5, 0, 0]), "places without an order"),
        (HEAD + bytes([BY_ID, 5, 0, 0]) + bytes(23), "cut short"),
        (HEAD + bytes([BY_ID, 5, 0, 0]) + bytes(24), "id out of its bounds"),
        (HEAD + bytes([BY_ID, 5, 0, 0]) + b"\x80" + bytes(23), "id out of its bounds"),
        (HEAD + bytes([BY_ID, 5, 0, 0]) + (bytes(7) + b"\x01") * 3, "codes that is cut short"),
        (HEAD + bytes([BY_ID, 5, 0, 0]) + (bytes(7) + b"\x01") * 3 + b"\x3f", "bits after"),
        (HEAD + bytes([BY_ID, 5, 0, 0]) + (bytes(7) + b"\x01") * 3 + b"\xff\xff\xff\x00", "codes that is cut short"),
        (HEAD + bytes([BY_ID, 5]) + b"\xff" * 8 + b"\x7f\x00" + (bytes(7) + b"\x01") * 3 + b"\x00", "time out of its"),
    ],
)
def test_bytes_that_are_wrong_in_one_way_are_told(untrusted: bytes, told: str) -> None:
    with pytest.raises(InputInvalid, match=told):
        unpack(untrusted, BASE_S, 100)


@given(st.binary(max_size=200), st.booleans())
def test_any_bytes_are_refused_or_unpack_within_the_limits(untrusted: bytes, announced: bool) -> None:
    try:
        entries = unpack(b"\x00" + ORDER.check + untrusted if announced else untrusted, BASE_S, 50, orders_of(ORDER))
    except InputInvalid:
        return
    assert len(entries) <= 50
    assert all(0 < len(entry) <= ENTRY_BYTES_MAX for entry in entries)
    there_and_back(entries, ORDER)


@given(st.data())
def test_a_changed_byte_is_refused_or_unpacks_to_something_else(data: st.DataObject) -> None:
    entries = a_day(30, random.Random(6))
    packed = bytearray(pack(entries, BASE_S, ORDER))
    packed[data.draw(st.integers(0, len(packed) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        assert unpack(bytes(packed), BASE_S, 100, orders_of(ORDER)) != entries
    except InputInvalid:
        return


@given(st.integers(0, 400).flatmap(lambda size: st.tuples(st.just(size), st.sets(st.integers(0, max(size - 1, 0))))))
def test_any_statuses_come_back_in_the_smaller_form(case: tuple[int, set[int]]) -> None:
    size, places = case
    places = {place for place in places if place < size}
    packed = pack_statuses(places, size)
    assert unpack_statuses(packed, size) == tuple(sorted(places))
    assert len(packed) <= 1 + (size + 7) // 8 or len(places) < 2


def test_statuses_take_few_bytes() -> None:
    rng = random.Random(8)
    assert len(pack_statuses([], 3000)) == 2
    assert len(pack_statuses([2999], 3000)) <= 6
    assert len(pack_statuses(rng.sample(range(3000), 100), 3000)) <= 85
    assert len(pack_statuses(rng.sample(range(6000), 3000), 6000)) <= 751
    assert len(pack_statuses(range(3000), 3000)) <= 376


@pytest.mark.parametrize(
    "untrusted",
    [b"", b"\xff", b"\xff\x01", b"\xff\x80\x00", b"\x20\x00", b"\x00\x11", b"\x00\x01\xff", b"\x00\x00\x00"],
)
def test_statuses_that_are_none_are_refused(untrusted: bytes) -> None:
    with pytest.raises(InputInvalid):
        unpack_statuses(untrusted, 7)


@given(st.binary(max_size=60), st.integers(0, 300))
def test_any_bytes_are_refused_or_are_statuses_within_the_slice(untrusted: bytes, size: int) -> None:
    try:
        places = unpack_statuses(untrusted, size)
    except InputInvalid:
        return
    assert list(places) == sorted(set(places))
    assert all(0 <= place < size for place in places)
