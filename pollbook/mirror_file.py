"""The two files of a mirror: how they are encrypted, numbered and chained, and what a damaged one still says. Pure.

    header  = magic (16) || mirror id (16) || wrapped key (92) || nonce (12) || AES-256-GCM(what a spare needs)
    journal = frames; frame n = length (4) || CRC-32(n || length) (4) || nonce (12) || AES-256-GCM(records)

Numbers are big-endian; `length` counts what follows the first eight bytes. A frame is written whole or not at all: its
records belong together, like an entry and the signature over the head that it leaves. What is authenticated beside a
frame's records is the mirror's id, the frame's number and the chain over all frames before it, so none can be dropped
from the middle, swapped or taken from another mirror unseen. What was cut off at the end cannot be seen here: the
signed head inside vouches for what is there, and custody rule 9 holds for what may be missing.

The mirror's key is random and belongs to one book; each mirror (a stick, or a second folder on it) has keys of its own
derived from it and the mirror's id. The key is wrapped under a code of 120 random bits, shown once and kept in a
sealed envelope (custody rule 15: never a PIN), and it lies in the encrypted book, so that writing needs no code.

A frame that is incomplete at the very end is a crash's: it was never answered for, and is cut. Anything wrong before
the end is damage, told with what could be saved before it.

Source: NIST SP 800-38D (AES-GCM, random nonces), RFC 5869 (HKDF).
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from pollbook import cbor
from pollbook.cbor import Fields
from pollbook.failures import InputInvalid
from pollbook.slice import SLICE_BYTES_MAX

HEADER_NAME, JOURNAL_NAME = "header", "journal"
FRAME_BYTES_MAX = 4 * 1024 * 1024
RECORDS_MAX = 4096
CONTENT_BYTES_MAX = 1024 * 1024
MIRROR_ID_BYTES = 16
TAIL_BYTES = 16
"""A frame ends with its tag, which no other frame has: the writer knows by it whether the stick is still its own."""
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""No I, L, O and U, so that a code can be read out. Source: Crockford's base 32."""
_GROUPS, _GROUP_LETTERS = 6, 4
_MAGIC = b"uchastka-mirror1"
_SALT_BYTES, _NONCE_BYTES, _TAG_BYTES, _KEY_BYTES = 16, 12, 16, 32
_WRAPPED_BYTES = _SALT_BYTES + _NONCE_BYTES + _KEY_BYTES + _TAG_BYTES + 16
_WRAP_MAGIC = b"mirror key 1\0\0\0\0"
_HEADER_VERSION = 1
_HEAD = struct.Struct(">II")
NUMBER_MIN = -(2**62)
"""Below 0 are the feed items of books before this one, in its own order."""
_TEXT_MAX, _CERTIFICATE_MAX, _TAKEOVERS_MAX = 64 * 1024, 4096, 99


class RecordKind(IntEnum):
    """What a record of the journal is; the numbers are kept for ever."""

    ENTRY = 1
    HEAD = 2
    VOTER = 3
    PIN = 4
    FEED = 5
    ANNEX = 6
    SUPERSEDED = 7
    RELEASE = 8


@dataclass(frozen=True, slots=True)
class Record:
    """One fact of a journal.

    `number` and `content` are by `kind`: an entry's number and its bytes; a head's number and the book's signature
    over it; a line and its voter's data; a person and the signing key wrapped under the PIN; a feed item's number and
    its bytes; a provisional line, who the voter says to be and the envelope; an entry's number and the certificate of
    the release that it made; the later epoch that took this book over and the bytes that prove it.
    """

    kind: RecordKind
    number: int
    content: bytes


@dataclass(frozen=True, slots=True)
class MirrorHeader:
    """What a spare needs besides the journal. The old book's signing key is not among it.

    `slice` is the slice as the book keeps it; `box_seeds` open what was sealed to this book and to those before it, its
    own first; `succession` are the takeovers that led to this book, oldest first, as the store packs them.
    """

    slice: bytes
    url: str
    authority_pem: str
    register_certificate: bytes
    device_key: bytes
    device_certificate: bytes
    box_seeds: tuple[bytes, ...]
    made_at_s: int
    succession: tuple[bytes, ...] = ()

    def __repr__(self) -> str:
        return f"MirrorHeader(made_at_s={self.made_at_s})"


@dataclass(frozen=True, slots=True)
class MirrorKeys:
    """The keys of one mirror. Their text form shows nothing of them."""

    mirror_id: bytes
    header: bytes
    frames: bytes

    def __repr__(self) -> str:
        return f"MirrorKeys(mirror_id={self.mirror_id.hex()})"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a journal ends: so many frames, so many bytes, and the chain over them."""

    frames: int
    chain: bytes
    offset: int


@dataclass(frozen=True, slots=True)
class Journal:
    """What a journal says. `end` is where the next frame goes.

    `torn_bytes` after the end were left by a crash. `damaged_at` is the offset of the first frame that is not what was
    written there; `records` are those before it.
    """

    records: tuple[Record, ...]
    end: Place
    torn_bytes: int = 0
    damaged_at: int | None = None


@dataclass(frozen=True, slots=True)
class SealedCode:
    """What is printed on the sheet for the sealed envelope, once; only the code is secret."""

    precinct: str
    precinct_name: str
    desk: int
    book: str
    code: str

    def __repr__(self) -> str:
        return f"SealedCode(precinct={self.precinct}, desk={self.desk})"


def new_code() -> str:
    """A new code of 120 random bits in six groups, for example `7H2K-…`."""
    letters = [secrets.choice(_LETTERS) for _ in range(_GROUPS * _GROUP_LETTERS)]
    return "-".join("".join(letters[at : at + _GROUP_LETTERS]) for at in range(0, len(letters), _GROUP_LETTERS))


def new_key() -> bytes:
    """A new mirror key of 256 random bits, for one book."""
    return os.urandom(_KEY_BYTES)


def new_mirror_id() -> bytes:
    """The name of a new mirror."""
    return os.urandom(MIRROR_ID_BYTES)


def wrap_key(key: bytes, code: str) -> bytes:
    """The mirror key, to be opened with the code: 92 bytes."""
    salt, nonce = os.urandom(_SALT_BYTES), os.urandom(_NONCE_BYTES)
    wrapping = _derive(_code_letters(code), salt, b"uchastka mirror code 1")
    return _WRAP_MAGIC + salt + nonce + AESGCM(wrapping).encrypt(nonce, key, _WRAP_MAGIC)


def open_key(untrusted_header: bytes, untrusted_code: str) -> bytes | None:
    """The mirror key, by the code of the envelope; None where the code is not this mirror's.

    Case, spaces and dashes of the code don't matter, and O, I and L are read as 0, 1 and 1.

    Raises:
        InputInvalid: Not a mirror's header.
    """
    wrapped = _parts(untrusted_header)[1]
    if wrapped[: len(_WRAP_MAGIC)] != _WRAP_MAGIC:
        raise InputInvalid("a key wrapped in another way")
    salt, rest = wrapped[len(_WRAP_MAGIC) :][:_SALT_BYTES], wrapped[len(_WRAP_MAGIC) + _SALT_BYTES :]
    try:
        wrapping = _derive(_code_letters(untrusted_code), salt, b"uchastka mirror code 1")
        return AESGCM(wrapping).decrypt(rest[:_NONCE_BYTES], rest[_NONCE_BYTES:], _WRAP_MAGIC)
    except (InputInvalid, InvalidTag):
        return None


def mirror_id_of(untrusted_header: bytes) -> bytes:
    """Which mirror this header says it is of: 16 bytes, readable without a key.

    Raises:
        InputInvalid: Not a mirror's header.
    """
    return _parts(untrusted_header)[0]


def keys_of(key: bytes, mirror_id: bytes) -> MirrorKeys:
    """The keys of the mirror with this id, under its book's mirror key."""
    header, frames = (_derive(key, mirror_id, b"uchastka mirror " + use) for use in (b"header 1", b"frames 1"))
    return MirrorKeys(mirror_id, header, frames)


def encode_header(header: MirrorHeader, keys: MirrorKeys, wrapped_key: bytes) -> bytes:
    """The header's file; `wrapped_key` is what `wrap_key` made of the key behind `keys`."""
    body = cbor.encode(
        [
            _HEADER_VERSION,
            header.slice,
            header.url,
            header.authority_pem,
            header.register_certificate,
            header.device_key,
            header.device_certificate,
            list(header.box_seeds),
            header.made_at_s,
            list(header.succession),
        ]
    )
    nonce = os.urandom(_NONCE_BYTES)
    start = _MAGIC + keys.mirror_id + wrapped_key
    return start + nonce + AESGCM(keys.header).encrypt(nonce, body, start)


def decode_header(untrusted: bytes, keys: MirrorKeys) -> MirrorHeader:
    """What the header holds.

    Raises:
        InputInvalid: Not the header of the mirror with these keys, changed, or of another version.
    """
    mirror_id, wrapped, sealed = _parts(untrusted)
    try:
        start = _MAGIC + mirror_id + wrapped
        body = AESGCM(keys.header).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], start)
    except InvalidTag as error:
        raise InputInvalid("a header that was changed, or of another book's mirror") from error
    fields = Fields(cbor.decode(body, SLICE_BYTES_MAX + 4 * _TEXT_MAX), 10)
    fields.take_int(_HEADER_VERSION, _HEADER_VERSION)
    return MirrorHeader(
        slice=fields.take_bytes(1, SLICE_BYTES_MAX),
        url=fields.take_text(_TEXT_MAX),
        authority_pem=fields.take_text(_TEXT_MAX),
        register_certificate=fields.take_bytes(1, _CERTIFICATE_MAX),
        device_key=fields.take_bytes(32, 32),
        device_certificate=fields.take_bytes(1, _CERTIFICATE_MAX),
        box_seeds=_byte_strings(fields.take_array(_TAKEOVERS_MAX)),
        made_at_s=fields.take_int(),
        succession=_byte_strings(fields.take_array(_TAKEOVERS_MAX)),
    )


def _byte_strings(untrusted: list[object]) -> tuple[bytes, ...]:
    fields = Fields(untrusted, len(untrusted))
    return tuple(fields.take_bytes(1, _CERTIFICATE_MAX) for _ in untrusted)


def beginning(keys: MirrorKeys) -> Place:
    """Where a journal without frames ends."""
    return Place(0, hashlib.sha256(_MAGIC + keys.mirror_id).digest(), 0)


def encode_frame(records: Iterable[Record], keys: MirrorKeys, end: Place) -> tuple[bytes, Place]:
    """The frame that goes at `end`, and where the journal ends with it.

    Raises:
        ValueError: More than a frame holds; the writer cuts what it has to write.
    """
    body = cbor.encode([[int(record.kind), record.number, record.content] for record in records])
    if len(body) + _NONCE_BYTES + _TAG_BYTES > FRAME_BYTES_MAX:
        raise ValueError("more than a frame holds")
    nonce = os.urandom(_NONCE_BYTES)
    sealed = nonce + AESGCM(keys.frames).encrypt(nonce, body, _authenticated(keys, end))
    frame = _HEAD.pack(len(sealed), _check(end.frames + 1, len(sealed))) + sealed
    return frame, _after(end, frame)


def read_journal(untrusted: bytes, keys: MirrorKeys) -> Journal:
    """What the journal says from its beginning to its end, a crash's torn end or its first damage."""
    records: list[Record] = []
    end = beginning(keys)
    while end.offset < len(untrusted):
        rest = memoryview(untrusted)[end.offset :]
        if len(rest) < _HEAD.size or not any(rest):
            return Journal(tuple(records), end, torn_bytes=len(rest))
        length, check = _HEAD.unpack_from(rest)
        if check != _check(end.frames + 1, length) or not _NONCE_BYTES + _TAG_BYTES <= length <= FRAME_BYTES_MAX:
            return Journal(tuple(records), end, damaged_at=end.offset)
        frame = bytes(rest[: _HEAD.size + length])
        try:
            if len(frame) < _HEAD.size + length:
                raise InvalidTag
            opened = _open_frame(frame[_HEAD.size :], keys, end)
        except (InvalidTag, InputInvalid) as error:
            # A crash can leave the last frame at its full size and not yet filled; no other one.
            if isinstance(error, InvalidTag) and len(frame) == len(rest):
                return Journal(tuple(records), end, torn_bytes=len(rest))
            return Journal(tuple(records), end, damaged_at=end.offset)
        records += opened
        end = _after(end, frame)
    return Journal(tuple(records), end)


def _open_frame(sealed: bytes, keys: MirrorKeys, end: Place) -> list[Record]:
    body = AESGCM(keys.frames).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], _authenticated(keys, end))
    decoded = cbor.decode(body, FRAME_BYTES_MAX)
    if not isinstance(decoded, list) or len(decoded) > RECORDS_MAX:
        raise InputInvalid("not a frame's records")
    return [_record(Fields(item, 3)) for item in decoded]


def _record(fields: Fields) -> Record:
    number = fields.take_int(0, 255)
    try:
        kind = RecordKind(number)
    except ValueError as error:
        raise InputInvalid(f"a record of the unknown kind {number}") from error
    return Record(kind, fields.take_int(NUMBER_MIN), fields.take_bytes(0, CONTENT_BYTES_MAX))


def _after(end: Place, frame: bytes) -> Place:
    return Place(end.frames + 1, hashlib.sha256(end.chain + frame).digest(), end.offset + len(frame))


def _authenticated(keys: MirrorKeys, end: Place) -> bytes:
    return b"uchastka mirror frame 1\0" + keys.mirror_id + (end.frames + 1).to_bytes(8, "big") + end.chain


def _check(number: int, length: int) -> int:
    return zlib.crc32(number.to_bytes(8, "big") + length.to_bytes(4, "big"))


def _parts(untrusted: bytes) -> tuple[bytes, bytes, bytes]:
    """A header's mirror id, wrapped key and sealed body."""
    id_end = len(_MAGIC) + MIRROR_ID_BYTES
    start = id_end + _WRAPPED_BYTES
    if untrusted[: len(_MAGIC)] != _MAGIC or len(untrusted) < start + _NONCE_BYTES + _TAG_BYTES:
        raise InputInvalid("not the header of a mirror")
    return untrusted[len(_MAGIC) : id_end], untrusted[id_end:start], untrusted[start:]


def _code_letters(untrusted_code: str) -> bytes:
    letters = re.sub(r"[\s-]", "", untrusted_code).upper().translate(str.maketrans("OIL", "011"))
    if len(letters) != _GROUPS * _GROUP_LETTERS or not set(letters) <= set(_LETTERS):
        raise InputInvalid("not the form of a code")
    return letters.encode("ascii")


def _derive(secret: bytes, salt: bytes, info: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=salt, info=info).derive(secret)
