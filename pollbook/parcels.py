"""Parcels: what a book sends besides its ledger, piece by piece, each piece signed by the book's key.

A parcel is named by the SHA-256 of what it is, so queueing it twice is queueing it once. A piece says where in the
parcel it belongs; the answer says up to where the register has the parcel on its disk, and from there the next piece
goes on, whoever was killed meanwhile. A piece that was taken before changes nothing.

    PUT /v1/parcel/{book}/{id}/{offset}

The entries never wait for a parcel: parcels have a path, a queue and a place in the byte budget of their own.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from enum import IntEnum

from pollbook import cbor, compression
from pollbook.cbor import Fields
from pollbook.failures import InputInvalid
from pollbook.signing import SigningKey, read_envelope, seal
from pollbook.types import BookName, DeviceId

PARCEL_SCHEMA = 1
PARCEL_PATH = "/v1/parcel"
PARCEL_ID_BYTES = 16
PARCEL_BYTES_MAX = 16 * 1024 * 1024
PIECE_BYTES_MAX = 256 * 1024
PIECE_MESSAGE_BYTES_MAX = PIECE_BYTES_MAX + 4096
_ANSWER_BYTES_MAX = 4096
_REQUEST_ID_BYTES = 8
_PIECE, _TAKEN = "parcel 1", "parcelled 1"
_BOOK = re.compile(r"([0-9a-f]{32})\.([1-9]\d{0,8})", re.ASCII)
_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)
_OFFSET = re.compile(r"0|[1-9]\d{0,8}", re.ASCII)


class ParcelKind(IntEnum):
    """What a parcel holds; the numbers are on the wire."""

    REPORT = 1
    STILL = 2
    CAMERA_LEDGER = 3
    CAMERA_HEALTH = 4


@dataclass(frozen=True, slots=True)
class PieceAddress:
    """Whose parcel, which one, and where in it a piece belongs: what the request's path names."""

    book: BookName
    parcel: bytes
    offset: int

    @property
    def path(self) -> str:
        """The path of the request."""
        return f"{PARCEL_PATH}/{self.book}/{self.parcel.hex()}/{self.offset}"

    @classmethod
    def parse(cls, untrusted_book: str, untrusted_parcel: str, untrusted_offset: str) -> PieceAddress:
        """The address that these parts of a path name.

        Raises:
            InputInvalid: They name none.
        """
        book = _BOOK.fullmatch(untrusted_book)
        if book is None or not _ID.fullmatch(untrusted_parcel) or not _OFFSET.fullmatch(untrusted_offset):
            raise InputInvalid("not a book, a parcel and a place in it")
        name = BookName(DeviceId(bytes.fromhex(book[1])), int(book[2]))
        return cls(name, bytes.fromhex(untrusted_parcel), int(untrusted_offset))


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a parcel: `content` stands at `address.offset` of the `size` bytes whose hash is `sha256`."""

    address: PieceAddress
    kind: ParcelKind
    size: int
    sha256: bytes
    content: bytes


def parcel_id(kind: ParcelKind, content_sha256: bytes) -> bytes:
    """The name of a parcel of this kind with this content, 16 bytes."""
    return hashlib.sha256(bytes([kind]) + content_sha256).digest()[:PARCEL_ID_BYTES]


def encode_piece(piece: Piece, key: SigningKey) -> bytes:
    """The request's bytes, signed by the book's key."""
    address = piece.address
    book = [address.book.device, address.book.epoch]
    body = [PARCEL_SCHEMA, book, address.parcel, address.offset, int(piece.kind), piece.size, piece.sha256]
    return compression.compress(seal(_PIECE, cbor.encode([*body, piece.content]), key))


def decode_piece(untrusted: bytes, address: PieceAddress, device_key: bytes) -> Piece:
    """The piece that the book with this key sent to this address.

    Raises:
        InputInvalid: Anything else: another sender, another address, beyond its parcel or its limits.
    """
    plain = compression.decompress(untrusted, PIECE_MESSAGE_BYTES_MAX)
    body = read_envelope(plain, PIECE_MESSAGE_BYTES_MAX).open_with(_PIECE, device_key)
    fields = Fields(cbor.decode(body, PIECE_MESSAGE_BYTES_MAX), 8)
    fields.take_int(PARCEL_SCHEMA, PARCEL_SCHEMA)
    book = Fields(fields.take_array(2), 2)
    name = BookName(DeviceId(book.take_bytes(16, 16)), book.take_int(1))
    signed = PieceAddress(name, fields.take_bytes(PARCEL_ID_BYTES, PARCEL_ID_BYTES), fields.take_int())
    if signed != address:
        raise InputInvalid("not what the path names")
    kind, size = _kind(fields.take_int()), fields.take_int(1, PARCEL_BYTES_MAX)
    sha256, content = fields.take_bytes(32, 32), fields.take_bytes(1, PIECE_BYTES_MAX)
    if signed.offset + len(content) > size:
        raise InputInvalid("a piece beyond its parcel")
    if parcel_id(kind, sha256) != signed.parcel:
        raise InputInvalid("another parcel than it is named after")
    return Piece(signed, kind, size, sha256, content)


def encode_taken(acknowledged: int, request: bytes, key: SigningKey) -> bytes:
    """The answer to a piece with the bytes `request`: the register has the parcel's first `acknowledged` bytes."""
    return seal(_TAKEN, cbor.encode([PARCEL_SCHEMA, _request_id(request), acknowledged]), key)


def decode_taken(untrusted: bytes, request: bytes, register_key: bytes) -> int:
    """Up to where the register has the parcel, as it answered to these bytes.

    Raises:
        InputInvalid: Not the register's answer to this request.
    """
    body = read_envelope(untrusted, _ANSWER_BYTES_MAX).open_with(_TAKEN, register_key)
    fields = Fields(cbor.decode(body, _ANSWER_BYTES_MAX), 3)
    fields.take_int(PARCEL_SCHEMA, PARCEL_SCHEMA)
    if fields.take_bytes(_REQUEST_ID_BYTES, _REQUEST_ID_BYTES) != _request_id(request):
        raise InputInvalid("the answer to another request")
    return fields.take_int(0, PARCEL_BYTES_MAX)


def _request_id(request: bytes) -> bytes:
    return hashlib.sha256(request).digest()[:_REQUEST_ID_BYTES]


def _kind(number: int) -> ParcelKind:
    try:
        return ParcelKind(number)
    except ValueError as error:
        raise InputInvalid(f"a parcel of the unknown kind {number}") from error
