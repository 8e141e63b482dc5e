"""What desks say is read as it was said; anything else is refused by the module's own error."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pollbook import cbor
from pollbook.clock import HYBRID_TIME_MAX, HybridTime
from pollbook.failures import Failure, InputInvalid
from pollbook.types import LINE_ID_MAX, BookName, DeviceId, EntryNumber, LineId
from sync.lan import messages
from sync.lan.channel import FRAME_BYTES_MAX
from sync.lan.messages import (
    Accepted,
    AskLine,
    AskShare,
    Hello,
    LineStanding,
    Message,
    NotAccepted,
    Offer,
    Refusal,
    Standing,
    State,
    Statuses,
    StatusOf,
    Superseded,
    decode_message,
    encode_message,
)

requests = st.integers(1, 2**31 - 1)
lines = st.integers(1, LINE_ID_MAX).map(LineId)
books = st.builds(BookName, st.binary(min_size=16, max_size=16).map(DeviceId), st.integers(1, 9999))
release_ids = st.binary(min_size=8, max_size=8)
failures = st.sampled_from(list(Failure))
runs = st.lists(st.tuples(st.integers(0, 500), st.integers(500, 1000)), max_size=5).map(tuple)
states = st.integers(0, 3000).flatmap(
    lambda held: st.builds(State, st.just(held), st.integers(0, held), st.integers(0, 500), runs)
)
standings = st.builds(
    LineStanding,
    lines,
    st.sampled_from(Standing),
    st.integers(0, 99),
    st.integers(0, HYBRID_TIME_MAX).map(HybridTime),
)
some_bytes = st.binary(min_size=1, max_size=60)
every_message = st.one_of(
    st.builds(Hello, books, st.integers(1, 99), some_bytes, states, st.lists(some_bytes, max_size=3).map(tuple)),
    states,
    st.builds(AskLine, requests, lines),
    st.builds(AskShare, requests, st.integers(1, 1000)),
    st.builds(Offer, st.integers(0, 2**31 - 1), release_ids, some_bytes),
    st.builds(Accepted, release_ids, st.integers(1, 2**40).map(EntryNumber)),
    st.builds(NotAccepted, release_ids, failures),
    st.builds(StatusOf, requests, st.lists(lines, max_size=5).map(tuple)),
    st.builds(Statuses, requests, st.lists(standings, max_size=5).map(tuple)),
    st.builds(Refusal, requests, failures, st.none() | standings),
    st.builds(Superseded, some_bytes),
)


@given(every_message)
def test_what_is_said_is_what_is_read(message: Message) -> None:
    assert decode_message(encode_message(message)) == message


def refused(value: object) -> bool:
    try:
        decode_message(cbor.encode(value))
    except InputInvalid:
        return True
    return False


@given(every_message, st.data())
def test_a_message_with_a_part_missing_repeated_or_of_another_type_is_refused(
    message: Message, data: st.DataObject
) -> None:
    parts = cbor.decode(encode_message(message), FRAME_BYTES_MAX)
    assert isinstance(parts, list)
    place = data.draw(st.integers(1, len(parts) - 1))
    assert refused(parts[:place] + parts[place + 1 :])
    assert refused([*parts[:place], parts[place], *parts[place:]])
    for wrong in (None, -1, {}, "x" * 100):
        assert refused([*parts[:place], wrong, *parts[place + 1 :]])


@settings(max_examples=300)
@given(st.binary(max_size=80))
def test_any_bytes_are_read_or_refused(untrusted: bytes) -> None:
    try:
        message = decode_message(untrusted)
    except InputInvalid:
        return
    assert encode_message(message) == untrusted


WRONG: dict[str, object] = {
    "no array": {},
    "empty": [],
    "no kind": [None, 1],
    "a kind that is a flag": [True, 1],
    "unknown kind": [99],
    "line 0": [3, 1, 0],
    "request 0": [3, 0, 1],
    "request beyond": [3, 2**31, 1],
    "share of none": [4, 1, 0],
    "share beyond": [4, 1, 1_000_001],
    "parcel of none": [5, 1, bytes(8), b""],
    "release id short": [6, bytes(7), 1],
    "entry 0": [6, bytes(8), 0],
    "entry far below": [6, bytes(8), -(2**63)],
    "state: more unmarked than held": [2, 5, 6, 0, []],
    "state: run backwards": [2, 5, 5, 0, [[4, 3]]],
    "state: too many runs": [2, 5, 5, 0, [[1, 1]] * (messages.RUNS_MAX + 1)],
    "status of too many": [8, 1, [1] * (messages.LINES_MAX + 1)],
    "statuses: unknown standing": [9, 1, [[1, 5, 0, 0]]],
    "refused with two standings": [10, 1, "line_not_held", [[1, 0, 0, 0]] * 2],
    "hello: epoch 0": [1, [bytes(16), 0], 1, b"m", [0, 0, 0, []], []],
    "hello: desk 100": [1, [bytes(16), 1], 100, b"m", [0, 0, 0, []], []],
    "hello: too many proofs": [1, [bytes(16), 1], 1, b"m", [0, 0, 0, []], [b"p"] * 17],
    "hello: no membership": [1, [bytes(16), 1], 1, b"", [0, 0, 0, []], []],
    "proof beyond": [11, bytes(messages.PROOF_BYTES_MAX + 1)],
}


@pytest.mark.parametrize("name", sorted(WRONG))
def test_a_message_out_of_its_bounds_is_refused(name: str) -> None:
    assert refused(WRONG[name])


def test_a_message_larger_than_a_frame_is_not_read() -> None:
    with pytest.raises(InputInvalid):
        decode_message(bytes(FRAME_BYTES_MAX + 1))


def test_a_failure_that_a_newer_desk_names_is_not_understood_and_no_crash() -> None:
    message = decode_message(cbor.encode([7, bytes(8), "something_new"]))
    assert message == NotAccepted(bytes(8), Failure.NEIGHBOUR_NOT_UNDERSTOOD)


def test_the_largest_parcel_fits_a_frame() -> None:
    assert len(encode_message(Offer(2**31 - 1, bytes(8), bytes(messages.PARCEL_BYTES_MAX)))) <= FRAME_BYTES_MAX
