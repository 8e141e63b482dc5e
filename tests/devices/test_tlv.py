from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.emrtd.tlv import (
    HEADER_BYTES_MAX,
    Limits,
    Objects,
    Tlv,
    TlvInvalid,
    encode,
    encode_all,
    encode_length,
    read_file,
    read_header,
    read_objects,
    read_one,
    with_definite_lengths,
)

TAGS = st.sampled_from([0x02, 0x04, 0x30, 0x61, 0x75, 0x80, 0x87, 0x5F1F, 0x7F61, 0x7F2E, 0x5F2E, 0xDF8102])
VALUES = st.binary(max_size=600)


@given(TAGS, VALUES)
def test_an_object_comes_back_as_it_was_written(tag: int, value: bytes) -> None:
    written = encode(tag, value)
    read = read_one(written + b"\x90\x00")
    assert (read.tag, read.value, read.raw, read.depth) == (tag, value, written, 0)


@given(st.lists(st.tuples(TAGS, VALUES), max_size=8), st.integers(0, 3))
def test_objects_come_back_in_their_order_and_zeros_between_them_mean_nothing(
    objects: list[tuple[int, bytes]], zeros: int
) -> None:
    written = (bytes(zeros)).join([encode(tag, value) for tag, value in objects]) + bytes(zeros)
    assert [(one.tag, one.value) for one in read_objects(written)] == objects
    assert encode_all(objects) == b"".join(one.raw for one in read_objects(written))


@given(st.binary(max_size=64))
def test_any_bytes_are_objects_or_refused(untrusted: bytes) -> None:
    try:
        found = read_objects(untrusted)
    except TlvInvalid:
        return
    assert b"".join(one.raw for one in found).replace(b"\0", b"") == untrusted.replace(b"\0", b"")


@given(TAGS, st.integers(0, 1 << 20))
def test_a_header_tells_the_length_before_the_value_is_there(tag: int, value_bytes: int) -> None:
    first = encode(tag)[:-1] + encode_length(value_bytes)
    header = read_header(first)
    assert (header.tag, header.value_bytes, header.total_bytes) == (tag, value_bytes, len(first) + value_bytes)
    assert len(first) <= HEADER_BYTES_MAX


@given(TAGS, VALUES, st.data())
def test_an_object_cut_anywhere_is_refused(tag: int, value: bytes, data: st.DataObject) -> None:
    written = encode(tag, value)
    kept = data.draw(st.integers(0, len(written) - 1))
    with pytest.raises(TlvInvalid):
        read_one(written[:kept])


@pytest.mark.parametrize(
    ("written", "length"), [("04 81 05", 5), ("04 82 00 05", 5), ("04 83 00 00 05", 5), ("04 84 00 00 00 05", 5)]
)
def test_a_length_longer_than_it_need_be_is_read(written: str, length: int) -> None:
    assert read_header(bytes.fromhex(written)).value_bytes == length


@pytest.mark.parametrize(
    "untrusted",
    [
        "",
        "04",
        "30 80 02 01 05 00 00",  # indefinite
        "04 85 00 00 00 00 01",  # a length of five bytes
        "04 FF",
        "04 84 7F FF FF FF",  # two gigabytes
        "04 83 10 00 01",  # one more than the limit
        "1F",
        "1F FF FF FF 01",
        "04 02 01",
    ],
)
def test_hostile_headers_are_refused(untrusted: str) -> None:
    with pytest.raises(TlvInvalid):
        read_one(bytes.fromhex(untrusted))


def test_nesting_deeper_than_the_limit_is_refused() -> None:
    nested = b""
    for _ in range(40):
        nested = encode(0x30, nested)
    one: Tlv = read_one(nested)
    for _ in range(Limits().depth_max):
        (one,) = one.children()
    with pytest.raises(TlvInvalid, match="deeper"):
        one.children()
    assert one.depth == Limits().depth_max


def test_more_objects_than_the_limit_are_refused() -> None:
    many = encode(0x02, b"\x01") * 513
    assert len(read_objects(many[:-3])) == 512
    with pytest.raises(TlvInvalid, match="more objects"):
        read_objects(many)


def test_a_value_over_the_callers_limit_is_refused() -> None:
    with pytest.raises(TlvInvalid, match="limit"):
        read_one(encode(0x04, bytes(101)), Limits(value_bytes_max=100))


def test_a_file_of_another_tag_is_refused() -> None:
    with pytest.raises(TlvInvalid, match="61 instead of 75"):
        read_file(encode(0x61, b"\x01"), 0x75)


def test_objects_are_found_by_tag() -> None:
    objects = read_objects(encode_all([(0x02, b"1"), (0x04, b"2"), (0x02, b"3")]))
    assert isinstance(objects, Objects)
    assert [one.value for one in objects.all(0x02)] == [b"1", b"3"]
    first = objects.first(0x02)
    assert first is not None
    assert first.value == b"1"
    assert objects.first(0x99) is None
    assert objects.only(0x04).value == b"2"
    for tag in (0x02, 0x99):
        with pytest.raises(TlvInvalid):
            objects.only(tag)


def test_what_is_constructed_is_told_by_the_first_byte_of_the_tag() -> None:
    assert read_one(encode(0x7F61)).is_constructed
    assert not read_one(encode(0x5F2E)).is_constructed
    assert read_one(encode(0x30)).is_constructed
    assert not read_one(encode(0x04)).is_constructed


def test_no_value_is_in_the_repr_or_an_error() -> None:
    assert repr(read_one(encode(0x04, b"SECRET"))) == "Tlv(4, 6 bytes)"
    with pytest.raises(TlvInvalid) as caught:
        read_objects(b"\x04\x7fSECRET")
    assert "SECRET" not in str(caught.value)


def indefinite(tag: int, *inside: bytes) -> bytes:
    return encode(tag)[:-1] + b"\x80" + b"".join(inside) + b"\0\0"


def test_indefinite_lengths_are_written_out_and_all_else_stays() -> None:
    longer = b"\x04\x81\x02ab"
    written = indefinite(0x30, longer, indefinite(0xA0, indefinite(0x24, encode(0x04, b"c"))), encode(0x30, longer))
    expected = encode(0x30, longer, encode(0xA0, encode(0x24, encode(0x04, b"c"))), encode(0x30, longer))
    assert with_definite_lengths(written + b"rest") == expected
    assert with_definite_lengths(expected) == expected


@pytest.mark.parametrize("untrusted", [b"\x30\x80", b"\x30\x80\x04", b"\x04\x80\0\0", b"\x30\x80" * 60, bytes(0)])
def test_indefinite_lengths_without_an_end_are_refused(untrusted: bytes) -> None:
    with pytest.raises(TlvInvalid):
        with_definite_lengths(untrusted)


def test_an_endless_run_of_objects_is_refused() -> None:
    with pytest.raises(TlvInvalid, match="more objects"):
        with_definite_lengths(indefinite(0x30, encode(0x02, b"1") * 600))
