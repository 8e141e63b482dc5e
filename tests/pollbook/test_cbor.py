from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pollbook import cbor, compression
from pollbook.cbor import Fields
from pollbook.failures import InputInvalid

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.binary(max_size=40) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(PLAIN)
def test_what_is_encoded_decodes_to_the_same_value(value: object) -> None:
    assert cbor.decode(cbor.encode(value), 10_000) == value


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_or_are_the_one_encoding_of_their_value(untrusted: bytes) -> None:
    try:
        value = cbor.decode(untrusted, 200)
    except InputInvalid:
        return
    assert cbor.encode(value) == untrusted


@pytest.mark.parametrize(
    "untrusted",
    [
        b"",
        b"\x18\x05",  # 5 in two bytes
        b"\x9f\x01\xff",  # an array of indefinite length
        b"\xc2\x41\x01",  # a bignum
        b"\xc0\x74" + b"2026-12-20T00:00:00Z",  # a date by tag
        b"\xfb\x3f\xf0\x00\x00\x00\x00\x00\x00",  # a float
        b"\xa2\x61\x61\x01\x61\x61\x02",  # one key twice
        b"\xa1\x01\x02",  # a key that is not text
        b"\xf7",  # undefined
        b"\x81" * 40 + b"\x01",  # deeper than is read
        b"\xd8\x23\x61\x28",  # a pattern by tag
        b"\x01\x01",  # more than one value
        b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff",  # an array that claims 2^64 items
    ],
)
def test_encodings_that_are_not_used_are_refused(untrusted: bytes) -> None:
    with pytest.raises(InputInvalid):
        cbor.decode(untrusted, 1000)


def test_more_bytes_than_the_limit_are_not_read() -> None:
    with pytest.raises(InputInvalid):
        cbor.decode(cbor.encode(b"x" * 100), 50)


@given(PLAIN, st.integers(0, 4))
def test_fields_give_what_was_asked_or_refuse(value: object, count: int) -> None:
    with suppress(InputInvalid):
        fields = Fields(value, count)
        for _ in range(count):
            assert 0 <= fields.take_int(0, 10) <= 10


@given(st.binary(max_size=3000))
def test_compressed_bytes_come_back(plain: bytes) -> None:
    assert compression.decompress(compression.compress(plain), 3000) == plain


@given(st.binary(max_size=100))
def test_garbage_is_no_frame(untrusted: bytes) -> None:
    with suppress(InputInvalid):
        compression.decompress(untrusted, 1000)


def test_a_bomb_is_refused_before_it_grows() -> None:
    bomb = compression.compress(bytes(50_000_000))
    assert len(bomb) < 10_000
    with pytest.raises(InputInvalid):
        compression.decompress(bomb, 1_000_000)


def test_a_frame_cut_short_is_refused() -> None:
    frame = compression.compress(b"entry" * 1000)
    with pytest.raises(InputInvalid):
        compression.decompress(frame[:-3], 10_000)


def test_bytes_after_a_frame_are_refused() -> None:
    with pytest.raises(InputInvalid):
        compression.decompress(compression.compress(b"entry") + b"x", 10_000)
