from __future__ import annotations

import hashlib
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from development.wire_dictionary import traffic
from pollbook import compression
from pollbook.bundle import resource_path
from pollbook.compression import compress_message, decompress_message
from pollbook.failures import InputInvalid


@given(st.binary(max_size=2000) | st.text(max_size=500).map(str.encode))
def test_a_message_comes_back_and_is_never_more_than_a_byte_longer(plain: bytes) -> None:
    packed = compress_message(plain)
    assert decompress_message(packed, max(len(plain), 1)) == plain
    assert len(packed) <= len(plain) + 1


def test_the_dictionary_takes_the_said_parts_off_traffic_it_was_not_trained_on() -> None:
    samples = traffic(random.Random(99))[:400]
    without = sum(min(len(compression.compress(sample)), len(sample)) for sample in samples)
    assert sum(len(compress_message(sample)) for sample in samples) < 0.93 * without


def test_a_dictionary_that_went_out_is_never_changed() -> None:
    shipped = {1: "5ba0ca50ab53f87ddc07ee07782dcf46fb5365bba310485569e213acfe024abf"}
    for number in range(1, compression.NEWEST_DICTIONARY + 1):
        content = resource_path("wire", f"{number}.dictionary").read_bytes()
        assert hashlib.sha256(content).hexdigest() == shipped[number]


@pytest.mark.parametrize("number", [0, 1])
def test_more_than_the_limit_is_refused(number: int) -> None:
    plain = bytes(5000) if number else random.Random(1).randbytes(5000)
    packed = compress_message(plain)
    assert packed[0] == number
    assert decompress_message(packed, 5000) == plain
    with pytest.raises(InputInvalid, match="at most 4999"):
        decompress_message(packed, 4999)


def test_an_unknown_dictionary_is_refused() -> None:
    for number in (compression.NEWEST_DICTIONARY + 1, 255):
        with pytest.raises(InputInvalid, match="not known here"):
            decompress_message(bytes([number]) + compress_message(bytes(500))[1:], 1000)
    with pytest.raises(InputInvalid):
        decompress_message(b"", 1000)


def test_a_frame_that_is_cut_or_goes_on_is_refused() -> None:
    packed = compress_message(b"entry" * 1000)
    for length in range(1, len(packed)):
        with pytest.raises(InputInvalid):
            decompress_message(packed[:length], 10_000)
    with pytest.raises(InputInvalid):
        decompress_message(packed + b"x", 10_000)


@given(st.binary(max_size=100))
def test_any_bytes_are_refused_or_stay_within_the_limit(untrusted: bytes) -> None:
    for number in (b"", b"\x00", b"\x01"):
        try:
            assert len(decompress_message(number + untrusted, 1000)) <= 1000
        except InputInvalid:
            continue
