"""What a station says of its cameras, as entries of a ledger of its own: hashes and times, never a picture.

The camera ledger is chained and signed as the book's is (`ledger`), by the same key, from an origin that no book has.
It is no part of the book: voter data never waits for a camera, and the camera never sees voter data. An entry is a
deterministic CBOR array `[kind, Unix time in ms, body]`; kinds keep their numbers forever.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from pollbook import cbor, ledger
from pollbook.cbor import Fields
from pollbook.failures import InputInvalid
from pollbook.ledger import HEAD_BYTES, Head, SignedHead
from pollbook.types import BookName, ElectionId, EntryNumber

CAMERA_ENTRY_BYTES_MAX = 512
ENTRIES_MAX = 50_000
"""Of one extract: a day of four cameras has about 4,000."""
_SCHEMA = 1
_NAME_CHARACTERS_MAX = 40
_TIME_MS_MAX = 2**43
_COUNT_MAX = 2**40
_ORIGIN = hashlib.sha256(b"uchastka camera ledger 1").digest()


class CameraKind(IntEnum):
    """The number of each kind of entry."""

    SEGMENT_CLOSED = 1
    GAP = 2
    ALARM = 3
    VIEW_SIGNED = 4


@dataclass(frozen=True, slots=True)
class SegmentClosed:
    """A segment of a camera's recording is whole; `number` counts up without a gap for each camera."""

    camera: str
    number: int
    began_ms: int
    ended_ms: int
    frames: int
    size: int
    sha256: bytes
    recovered: bool


@dataclass(frozen=True, slots=True)
class GapNoted:
    """After segment `after` nothing was recorded, and why; the beginning of a gap has no length."""

    camera: str
    after: int
    began_ms: int
    ended_ms: int
    reason: str


@dataclass(frozen=True, slots=True)
class AlarmNoted:
    """Something was wrong with a camera; `ended_ms` is None when that began."""

    camera: str
    alarm: str
    began_ms: int
    ended_ms: int | None


@dataclass(frozen=True, slots=True)
class ViewSigned:
    """The chair signed off what a camera's recording sees: hashes here, the still in the book (`store.camera_views`).

    Attributes:
        camera: Its name.
        signed_ms: When.
        person: Who, by the number in the slice.
        masks: How many parts of the picture others never see.
        still_sha256: Of the still that was signed.
        signature: By the person's own key.
    """

    camera: str
    signed_ms: int
    person: int
    masks: int
    still_sha256: bytes
    signature: bytes


CameraFact = SegmentClosed | GapNoted | AlarmNoted | ViewSigned


@dataclass(frozen=True, slots=True)
class CameraEntry:
    """A fact and when it was entered, in Unix ms."""

    at_ms: int
    fact: CameraFact


@dataclass(frozen=True, slots=True)
class Extract:
    """Consecutive entries of a camera ledger: `before` is the head ahead of them, `signed` vouches for the last."""

    before: Head
    entries: tuple[bytes, ...]
    signed: SignedHead


def camera_origin(election: ElectionId, book: BookName) -> Head:
    """The head of this device's camera ledger before its first entry."""
    return ledger.origin(election, book, _ORIGIN)


def encode_camera_entry(entry: CameraEntry) -> bytes:
    """The entry's one encoding."""
    match entry.fact:
        case SegmentClosed() as segment:
            kind, body = CameraKind.SEGMENT_CLOSED, [
                segment.camera, segment.number, segment.began_ms, segment.ended_ms, segment.frames, segment.size,
                segment.sha256, int(segment.recovered),
            ]  # fmt: skip
        case GapNoted() as gap:
            kind, body = CameraKind.GAP, [gap.camera, gap.after, gap.began_ms, gap.ended_ms, gap.reason]
        case AlarmNoted() as alarm:
            kind, body = CameraKind.ALARM, [alarm.camera, alarm.alarm, alarm.began_ms, alarm.ended_ms or 0]
        case ViewSigned() as view:
            kind, body = CameraKind.VIEW_SIGNED, [
                view.camera, view.signed_ms, view.person, view.masks, view.still_sha256, view.signature,
            ]  # fmt: skip
    return cbor.encode([int(kind), entry.at_ms, body])


def decode_camera_entry(untrusted: bytes) -> CameraEntry:
    """The entry that these bytes encode.

    Raises:
        InputInvalid: Anything else.
    """
    fields = Fields(cbor.decode(untrusted, CAMERA_ENTRY_BYTES_MAX), 3)
    number, at_ms, body = fields.take_int(1), fields.take_int(0, _TIME_MS_MAX), fields.take_array(8)
    match number:
        case CameraKind.SEGMENT_CLOSED:
            inner = Fields(body, 8)
            fact: CameraFact = SegmentClosed(
                _name(inner), inner.take_int(1, _COUNT_MAX), _time(inner), _time(inner),
                inner.take_int(0, _COUNT_MAX), inner.take_int(0, _COUNT_MAX), inner.take_bytes(32, 32),
                bool(inner.take_int(0, 1)),
            )  # fmt: skip
        case CameraKind.GAP:
            inner = Fields(body, 5)
            fact = GapNoted(_name(inner), inner.take_int(0, _COUNT_MAX), _time(inner), _time(inner), _name(inner))
        case CameraKind.ALARM:
            inner = Fields(body, 4)
            fact = AlarmNoted(_name(inner), _name(inner), _time(inner), _time(inner) or None)
        case CameraKind.VIEW_SIGNED:
            inner = Fields(body, 6)
            fact = ViewSigned(
                _name(inner), _time(inner), inner.take_int(1, 999), inner.take_int(0, 100), inner.take_bytes(32, 32),
                inner.take_bytes(64, 64),
            )  # fmt: skip
        case _:
            raise InputInvalid(f"an entry of the unknown kind {number}")
    return CameraEntry(at_ms, fact)


def encode_extract(extract: Extract) -> bytes:
    """The extract as bytes."""
    before, signed = extract.before, extract.signed
    ends = [before.number, before.hash, signed.head.number, signed.head.hash, signed.signature]
    return cbor.encode([_SCHEMA, *ends, list(extract.entries)])


def decode_extract(untrusted: bytes, bytes_max: int) -> Extract:
    """The extract that these bytes are; whether it holds, `is_whole` tells.

    Raises:
        InputInvalid: They are none.
    """
    fields = Fields(cbor.decode(untrusted, bytes_max), 7)
    fields.take_int(_SCHEMA, _SCHEMA)
    before = Head(EntryNumber(fields.take_int()), fields.take_bytes(HEAD_BYTES, HEAD_BYTES))
    head = Head(EntryNumber(fields.take_int()), fields.take_bytes(HEAD_BYTES, HEAD_BYTES))
    signature = fields.take_bytes(64, 64)
    entries = tuple(_entry(item) for item in fields.take_array(ENTRIES_MAX))
    return Extract(before, entries, SignedHead(head, signature))


def is_whole(extract: Extract, start: Head, public_key: bytes) -> bool:
    """Whether the device with this key vouches for these very entries of the camera ledger that begins at `start`."""
    reached = ledger.extend_all(extract.before, extract.entries)
    begins = extract.before.number > 0 or extract.before == start
    return begins and reached == extract.signed.head and ledger.is_signed_head(start, extract.signed, public_key)


def entries_of(extract: Extract) -> Sequence[CameraEntry]:
    """The entries, decoded.

    Raises:
        InputInvalid: One of them is none.
    """
    return [decode_camera_entry(entry) for entry in extract.entries]


def _entry(untrusted: object) -> bytes:
    if not isinstance(untrusted, bytes):
        raise InputInvalid("an entry that is no byte string")
    return untrusted


def _name(fields: Fields) -> str:
    return fields.take_text(_NAME_CHARACTERS_MAX)


def _time(fields: Fields) -> int:
    return fields.take_int(0, _TIME_MS_MAX)
