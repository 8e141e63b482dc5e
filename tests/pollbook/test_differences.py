from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pollbook import cbor
from pollbook.asks import Claim, CompareLines, IntakeAsk, KeepLine, NameLines, WithdrawClaim, pack_ask, take_ask
from pollbook.differences import (
    BUCKETS,
    BUCKETS_BYTES,
    LINES_COMPARED_MAX,
    LINES_NAMED_MAX,
    LinesCompared,
    bucket_digests,
    bucket_of,
    compared,
    differing_lines,
    pack_digests,
    unpack_buckets,
)
from pollbook.failures import InputInvalid
from pollbook.feed_items import FeedKind, decode_content, encode_content
from pollbook.permission import Refusal
from pollbook.types import LINE_ID_MAX, EntryNumber, LineId, PrecinctCode

DIGESTS = st.dictionaries(st.integers(1, LINE_ID_MAX).map(LineId), st.integers(0, 2**256 - 1), max_size=60)


def there_and_back(told: LinesCompared) -> LinesCompared:
    read = decode_content(FeedKind.LINES_COMPARED, encode_content(told))
    assert isinstance(read, LinesCompared)
    return read


@given(DIGESTS, DIGESTS)
def test_exactly_the_lines_that_differ_are_named(both: dict[LineId, int], changed: dict[LineId, int]) -> None:
    theirs = both | changed
    told = there_and_back(compared(7, theirs, unpack_buckets(pack_digests(bucket_digests(both)))))
    touched = both.keys() | theirs.keys()
    expected = sorted(line for line in touched if (both.get(line, 0) - theirs.get(line, 0)) % 2**64)
    assert list(differing_lines(both, told)) == expected


@given(DIGESTS, DIGESTS)
def test_the_buckets_that_differ_are_those_of_the_lines_that_differ(
    both: dict[LineId, int], changed: dict[LineId, int]
) -> None:
    theirs = both | changed
    pairs = zip(bucket_digests(both), bucket_digests(theirs), strict=True)
    differing = {bucket for bucket, (own, other) in enumerate(pairs) if own != other}
    assert differing == {bucket_of(line) for line in theirs if (both.get(line, 0) - theirs[line]) % 2**64}


def test_two_differences_do_not_make_up_for_each_other() -> None:
    ours = {LineId(1): 0, LineId(65): 0}
    theirs = {LineId(1): 1, LineId(65): 2**64 - 1}
    assert differing_lines(ours, compared(7, theirs, bucket_digests(ours))) == (1, 65)


def test_one_line_of_three_thousand_takes_a_kilobyte_down() -> None:
    rng = random.Random(7)
    ours = {LineId(line): rng.getrandbits(256) for line in rng.sample(range(1, LINE_ID_MAX), 3000)}
    line = next(iter(ours))
    told = compared(3007, ours | {line: 5}, bucket_digests(ours))
    assert told.buckets == (bucket_of(line),)
    assert differing_lines(ours, told) == (line,)
    assert len(encode_content(told)) < 1300


def test_where_all_lines_differ_the_answer_and_the_names_have_their_limits() -> None:
    rng = random.Random(8)
    theirs = {LineId(line): 1 + rng.getrandbits(60) for line in rng.sample(range(1, LINE_ID_MAX), 9000)}
    told = there_and_back(compared(1, theirs, bucket_digests({})))
    assert 0 < len(told.lines) <= LINES_COMPARED_MAX
    assert len(told.buckets) < BUCKETS
    assert len(differing_lines({}, told)) == LINES_NAMED_MAX
    crowded = {LineId(BUCKETS * number): 1 for number in range(1, 5001)}
    assert len(compared(1, crowded, bucket_digests({})).lines) == LINES_COMPARED_MAX


ID = bytes(8)
ASKS = (
    Claim(ID, "31210799000017", "ZZ0000001"),
    WithdrawClaim(ID),
    IntakeAsk(ID, PrecinctCode("1708-0001")),
    KeepLine(ID, LineId(7), Refusal.LINE_OPEN),
    CompareLines(ID, EntryNumber(9), tuple(range(BUCKETS))),
    NameLines(ID, EntryNumber(9), (LineId(3), LineId(2**62))),
    NameLines(ID, EntryNumber(9), ()),
)


@pytest.mark.parametrize("ask", ASKS, ids=lambda ask: type(ask).__name__)
def test_every_ask_comes_back_and_with_a_field_less_or_more_is_refused(ask: Claim) -> None:
    packed = pack_ask(ask)
    assert take_ask(cbor.decode(cbor.encode(packed), 4096)) == ask
    for wrong in (packed[:-1], [*packed, 0], [99, *packed[1:]], [packed[0], b"short", *packed[2:]]):
        with pytest.raises(InputInvalid):
            take_ask(wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        [5, ID, 9, bytes(BUCKETS_BYTES - 1)],
        [5, ID, 9, bytes(BUCKETS_BYTES + 1)],
        [5, ID, -1, bytes(BUCKETS_BYTES)],
        [5, ID, 2**63, bytes(BUCKETS_BYTES)],
        [6, ID, 9, bytes(7)],
        [6, ID, 9, bytes(8)],
        [6, ID, 9, b"\xff" * 8],
        [6, ID, 9, (5).to_bytes(8, "big") * 2],
        [6, ID, 9, (5).to_bytes(8, "big") + (4).to_bytes(8, "big")],
        [6, ID, 9, b"".join(number.to_bytes(8, "big") for number in range(1, LINES_NAMED_MAX + 2))],
    ],
)
def test_bad_comparisons_are_refused(wrong: list[object]) -> None:
    with pytest.raises(InputInvalid):
        take_ask(wrong)


LINE = BUCKETS.to_bytes(8, "big")


@pytest.mark.parametrize(
    "wrong",
    [
        [1, b"\0", LINE, bytes(7)],
        [1, b"\0", LINE, bytes(16)],
        [1, b"\1", LINE, bytes(8)],
        [1, bytes([BUCKETS]), b"", b""],
        [1, b"\1\0", b"", b""],
        [1, b"\0\0", b"", b""],
        [1, b"\0", LINE * 2, bytes(16)],
        [1, b"\0", bytes(8), bytes(8)],
        [-1, b"", b"", b""],
        [1, b"", b""],
    ],
)
def test_bad_answers_to_a_comparison_are_refused(wrong: list[object]) -> None:
    decode_content(FeedKind.LINES_COMPARED, cbor.encode([1, b"\0", LINE, bytes(8)]))
    with pytest.raises(InputInvalid):
        decode_content(FeedKind.LINES_COMPARED, cbor.encode(wrong))


@given(st.binary(max_size=60))
def test_any_bytes_are_refused_or_are_an_answer(untrusted: bytes) -> None:
    try:
        read = decode_content(FeedKind.LINES_COMPARED, untrusted)
    except InputInvalid:
        return
    assert isinstance(read, LinesCompared)
