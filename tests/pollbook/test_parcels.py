from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pollbook import cbor, compression
from pollbook.failures import InputInvalid
from pollbook.parcels import (
    PARCEL_BYTES_MAX,
    PIECE_BYTES_MAX,
    ParcelKind,
    Piece,
    PieceAddress,
    decode_piece,
    decode_taken,
    encode_piece,
    encode_taken,
    parcel_id,
)
from pollbook.signing import SigningKey, device_id, seal
from pollbook.types import BookName

KEY, REGISTER = SigningKey.from_seed(bytes(32)), SigningKey.from_seed(bytes(31) + b"\1")
BOOK = BookName(device_id(KEY.public), 1)
CONTENT = b"a report of the night" * 40
SHA = hashlib.sha256(CONTENT).digest()


def piece(begin: int = 0, end: int = len(CONTENT)) -> Piece:
    address = PieceAddress(BOOK, parcel_id(ParcelKind.REPORT, SHA), begin)
    return Piece(address, ParcelKind.REPORT, len(CONTENT), SHA, CONTENT[begin:end])


@given(st.integers(0, len(CONTENT) - 1), st.integers(1, len(CONTENT)))
def test_a_piece_is_read_as_it_was_sent(begin: int, length: int) -> None:
    sent = piece(begin, min(begin + length, len(CONTENT)))
    assert decode_piece(encode_piece(sent, KEY), sent.address, KEY.public) == sent
    parts = sent.address.path.split("/")[3:]
    assert PieceAddress.parse(*parts) == sent.address


@given(st.data())
def test_a_piece_with_a_changed_byte_is_refused(data: st.DataObject) -> None:
    sent = bytearray(encode_piece(piece(0, 30), KEY))
    place = data.draw(st.integers(0, len(sent) - 1))
    sent[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(InputInvalid):
        decode_piece(bytes(sent), piece().address, KEY.public)


@given(st.binary(max_size=400))
def test_any_other_bytes_are_refused(untrusted: bytes) -> None:
    for content in (untrusted, compression.compress(untrusted)):
        with pytest.raises(InputInvalid):
            decode_piece(content, piece().address, KEY.public)
    with pytest.raises(InputInvalid):
        decode_taken(untrusted, b"request", REGISTER.public)


@pytest.mark.parametrize(
    "other",
    [
        replace(piece().address, offset=1),
        replace(piece().address, parcel=bytes(16)),
        replace(piece().address, book=BookName(BOOK.device, 2)),
    ],
)
def test_a_piece_for_another_place_parcel_or_book_is_refused(other: PieceAddress) -> None:
    with pytest.raises(InputInvalid):
        decode_piece(encode_piece(piece(), KEY), other, KEY.public)


def test_a_piece_that_another_device_signed_is_refused() -> None:
    with pytest.raises(InputInvalid):
        decode_piece(encode_piece(piece(), REGISTER), piece().address, KEY.public)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (0, 2),
        (1, [BOOK.device]),
        (1, [b"x", 1]),
        (2, b"short"),
        (3, -1),
        (3, len(CONTENT)),
        (4, 3),
        (4, 2),
        (5, 0),
        (5, len(CONTENT) - 1),
        (5, PARCEL_BYTES_MAX + 1),
        (5, 2**63 - 1),
        (6, bytes(32)),
        (6, b""),
        (7, b""),
        (7, "text"),
        (7, bytes(PIECE_BYTES_MAX + 1)),
    ],
)
def test_a_signed_piece_with_a_wrong_field_is_refused(place: int, value: object) -> None:
    address = piece().address
    fields: list[object] = [1, [BOOK.device, 1], address.parcel, 0, 1, len(CONTENT), SHA, CONTENT]
    assert decode_piece(signed(fields), address, KEY.public) == piece()
    with pytest.raises(InputInvalid):
        decode_piece(signed([*fields[:place], value, *fields[place + 1 :]]), address, KEY.public)
    with pytest.raises(InputInvalid):
        decode_piece(signed(fields[:place] + fields[place + 1 :]), address, KEY.public)


def signed(fields: list[object]) -> bytes:
    return compression.compress(seal("parcel 1", cbor.encode(fields), KEY))


@pytest.mark.parametrize(
    "parts",
    [
        ("x", "0" * 32, "0"),
        (str(BOOK), "0" * 31, "0"),
        (str(BOOK), "0" * 32, "-1"),
        (str(BOOK), "0" * 32, "00"),
        (str(BOOK), "0" * 32, "1" * 10),
        (str(BOOK).upper(), "0" * 32, "0"),
    ],
)
def test_another_path_names_no_place(parts: tuple[str, str, str]) -> None:
    with pytest.raises(InputInvalid):
        PieceAddress.parse(*parts)


def test_an_answer_is_the_register_s_to_this_request() -> None:
    answer = encode_taken(17, b"request", REGISTER)
    assert decode_taken(answer, b"request", REGISTER.public) == 17
    for request, key in ((b"another", REGISTER.public), (b"request", KEY.public)):
        with pytest.raises(InputInvalid):
            decode_taken(answer, request, key)
