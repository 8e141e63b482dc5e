from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from asn1crypto import core
from hypothesis import given
from hypothesis import strategies as st

from devices.emrtd import der
from devices.emrtd.der import DerInvalid
from devices.emrtd.tlv import TlvInvalid, encode, read_one


@given(st.integers(-(1 << 600), 1 << 600))
def test_an_integer_comes_back_and_is_written_as_another_library_writes_it(value: int) -> None:
    written = der.write_integer(value)
    assert der.integer(read_one(written)) == value
    if value >= 0:
        assert written == core.Integer(value).dump()


@given(st.integers(0, 2), st.integers(0, 39), st.lists(st.integers(0, 1 << 40), max_size=3))
def test_an_object_identifier_comes_back(first: int, second: int, rest: list[int]) -> None:
    dotted = ".".join(map(str, (first, second, *rest)))
    written = der.write_object_identifier(dotted)
    assert der.object_identifier(read_one(written)) == dotted
    assert written == core.ObjectIdentifier(dotted).dump()


@given(st.datetimes(datetime(1950, 1, 1), datetime(9999, 12, 31)))  # noqa: DTZ001 - hypothesis takes no aware ones
def test_a_time_comes_back_to_the_second(moment: datetime) -> None:
    utc = moment.replace(microsecond=0, tzinfo=UTC)
    assert der.time(read_one(der.write_time(utc))) == utc


@pytest.mark.parametrize(
    ("tag", "text"),
    [
        (der.UTC_TIME, b"2611261200Z"),
        (der.UTC_TIME, b"261126120000Z"),
        (der.GENERALIZED_TIME, b"20261126120000Z"),
        (der.GENERALIZED_TIME, b"20261126120000.25Z"),
        (der.UTC_TIME, b"261126170000+0500"),
        (der.GENERALIZED_TIME, b"20261126083000-0330"),
    ],
)
def test_times_are_read_in_all_forms_that_certificates_have(tag: int, text: bytes) -> None:
    assert der.time(read_one(encode(tag, text))) == datetime(2026, 11, 26, 12, tzinfo=UTC)


def test_a_set_is_written_in_order_and_an_octet_string_in_pieces_is_put_together() -> None:
    assert der.write_set(b"\x02\x01\x02", b"\x02\x01\x01") == bytes.fromhex("3106020101020102")
    pieces = encode(0x24, encode(0x04, b"ab"), encode(0x04, b"c"))
    assert der.octets(read_one(pieces)) == b"abc"


def test_named_bits_are_numbered_from_the_first() -> None:
    assert der.named_bits(read_one(bytes.fromhex("03020106"))) == {5, 6}
    assert der.named_bits(read_one(bytes.fromhex("03020780"))) == {0}


READERS: list[Callable[..., object]] = [
    der.integer,
    der.small_integer,
    der.boolean,
    der.octets,
    der.bits,
    der.named_bits,
    der.object_identifier,
    der.time,
    der.sequence,
]


@pytest.mark.parametrize("read", READERS)
@given(tag=st.sampled_from([1, 2, 3, 4, 5, 6, 0x17, 0x18, 0x24, 0x30]), value=st.binary(max_size=30))
def test_any_object_is_of_its_type_or_refused(read: Callable[..., object], tag: int, value: bytes) -> None:
    try:
        read(read_one(encode(tag, value)))
    except (DerInvalid, TlvInvalid):
        return


@pytest.mark.parametrize(
    ("read", "written"),
    [
        (der.integer, "0200"),
        (der.small_integer, "0201FF"),
        (der.small_integer, "020500FFFFFFFF"),
        (der.bits, "03020106"),
        (der.bits, "0300"),
        (der.object_identifier, "0600"),
        (der.object_identifier, "060188"),
        (der.time, "170D3236313332363132303030305A"),
        (der.time, "170C323631313236313230303030"),
        (der.time, "181330303031303130313030303030302B30353030"),
        (der.sequence, "3100"),
    ],
)
def test_a_value_that_its_type_does_not_have_is_refused(read: Callable[..., object], written: str) -> None:
    with pytest.raises(DerInvalid):
        read(read_one(bytes.fromhex(written)))


def test_an_integer_of_too_many_bytes_is_refused() -> None:
    with pytest.raises(DerInvalid):
        der.integer(read_one(encode(2, bytes(2049))))
