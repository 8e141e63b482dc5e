"""What crosses the wire between a book and the register; the same bytes travel by USB.

Each message is a deterministic CBOR array sealed in an envelope (`signing.seal`) for its purpose and compressed.
One sync is one idempotent request: the book's entries from `first` on, with the signed head they end at and the
feed cursor, go up; the acknowledged number and head, feed items and the digest come down. Sent twice, it does
nothing twice: (book, epoch, number) is an entry's identity.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import IntEnum

from pollbook import cbor, compression
from pollbook.cbor import Fields
from pollbook.entries import ENTRY_BYTES_MAX, SIGNATURE_BYTES
from pollbook.failures import InputInvalid
from pollbook.ledger import HEAD_BYTES, Head, SignedHead
from pollbook.signing import CERTIFICATE_BYTES_MAX, SigningKey, read_envelope, seal
from pollbook.slice import SLICE_BYTES_MAX
from pollbook.types import BookName, DeviceId, EntryNumber

WIRE_SCHEMA = 1
CONTENT_TYPE = "application/vnd.uchastka"
PROBLEM_TYPE = "application/problem+json"
"""Source: RFC 9457; the members `failure` and `code` are ours."""
ENROL_PATH = "/v1/enrol"
SYNC_PATH = "/v1/sync"
"""A request goes to `/v1/sync/{book}/{first}` by PUT, so that repeating it is harmless by HTTP's own rule too."""
MESSAGE_BYTES_MAX = 4 * 1024 * 1024
ENTRIES_MAX = 5000
"""Entries in one request; a longer queue goes up in several."""
FEED_ITEMS_MAX = 1000
CODE_CHARACTERS_MAX = 64
FEED_TEXT_MAX = 2000
ENROL_REQUEST_BYTES_MAX = 64 * 1024
"""Whoever asks to be enrolled is not known yet: little is read of it."""
REQUEST_ID_BYTES = 8


class Purpose:
    """The purposes that envelopes are sealed for."""

    ENROL = "enrol 1"
    ENROLLED = "enrolled 1"
    SYNC = "sync 1"
    SYNCED = "synced 1"


@dataclass(frozen=True, slots=True)
class EnrolRequest:
    """A station asks for its certificate and slice; signing it proves that it holds the key."""

    code: str
    public_key: bytes
    software: str


@dataclass(frozen=True, slots=True)
class EnrolAnswer:
    """The station's certificate, the register's, and the slice."""

    device_certificate: bytes
    register_certificate: bytes
    slice: bytes


@dataclass(frozen=True, slots=True)
class SyncRequest:
    """What a book sends: `entries` are numbered from `first`; `head` vouches for the last of them.

    `digest` is that of the book's lines right after the last entry sent, None where more entries wait.
    `register_head` is the highest number of the register's feed that this book has seen (custody rule 11).
    """

    book: BookName
    first: EntryNumber
    entries: tuple[bytes, ...]
    head: SignedHead
    digest: bytes | None
    feed_cursor: int
    sent_at_s: int
    pending: int
    software: str


class FeedKind(IntEnum):
    """What a feed item tells the book."""

    ANOMALY = 1
    NOTICE = 2
    REVOKED = 3


@dataclass(frozen=True, slots=True)
class FeedItem:
    """One numbered thing the register has for one book: its kind and the fields that belong to it.

    ANOMALY carries the anomaly's name and the entry number (0: the whole book); NOTICE a text for the commission;
    REVOKED the reason.
    """

    number: int
    kind: FeedKind
    text: str
    entry: int = 0


@dataclass(frozen=True, slots=True)
class SyncAnswer:
    """What the register answers: all entries up to `acknowledged` are stored there and its chain stands at its hash.

    `request` is the `request_id` of the bytes it answers, so that an older answer cannot be played back.
    """

    request: bytes
    acknowledged: Head
    feed: tuple[FeedItem, ...]
    digest: bytes | None
    register_at_s: int
    come_back_s: int


def encode_enrol_request(request: EnrolRequest, key: SigningKey) -> bytes:
    """The sealed bytes of `request`, signed with the key it names."""
    body = cbor.encode([WIRE_SCHEMA, request.code, request.public_key, request.software])
    return compression.compress(seal(Purpose.ENROL, body, key))


def decode_enrol_request(untrusted: bytes) -> EnrolRequest:
    """The request, signed by the key inside it.

    Raises:
        InputInvalid: Anything else.
    """
    plain = compression.decompress(untrusted, ENROL_REQUEST_BYTES_MAX)
    envelope = read_envelope(plain, ENROL_REQUEST_BYTES_MAX)
    fields = _fields(envelope.untrusted_body, 4)
    request = EnrolRequest(fields.take_text(CODE_CHARACTERS_MAX), fields.take_bytes(32, 32), _software(fields))
    envelope.open_with(Purpose.ENROL, request.public_key)
    return request


def encode_enrol_answer(answer: EnrolAnswer, key: SigningKey) -> bytes:
    """The answer's sealed bytes; a slice is compressed already."""
    body = cbor.encode([WIRE_SCHEMA, answer.device_certificate, answer.register_certificate, answer.slice])
    return seal(Purpose.ENROLLED, body, key)


def untrusted_register_certificate(untrusted: bytes) -> bytes:
    """The register's certificate as an enrol answer claims it, to be checked against the authority first.

    Raises:
        InputInvalid: Not an enrol answer.
    """
    return _enrol_answer(read_envelope(untrusted, SLICE_BYTES_MAX + 65536).untrusted_body).register_certificate


def decode_enrol_answer(untrusted: bytes, register_key: bytes) -> EnrolAnswer:
    """The answer, signed by the register.

    Raises:
        InputInvalid: Anything else.
    """
    envelope = read_envelope(untrusted, SLICE_BYTES_MAX + 65536)
    return _enrol_answer(envelope.open_with(Purpose.ENROLLED, register_key))


def encode_sync_request(request: SyncRequest, key: SigningKey) -> bytes:
    """The request's bytes, signed by the book's key."""
    body = cbor.encode(
        [
            WIRE_SCHEMA,
            [request.book.device, request.book.epoch],
            request.first,
            list(request.entries),
            [request.head.head.number, request.head.head.hash, request.head.signature],
            request.digest or b"",
            request.feed_cursor,
            request.sent_at_s,
            request.pending,
            request.software,
        ]
    )
    return compression.compress(seal(Purpose.SYNC, body, key))


def read_sync_signer(untrusted: bytes) -> tuple[DeviceId, bytes]:
    """Who claims to have sent a sync request, and the envelope to be opened with that device's key.

    Raises:
        InputInvalid: Not a compressed envelope.
    """
    plain = compression.decompress(untrusted, MESSAGE_BYTES_MAX)
    return read_envelope(plain, MESSAGE_BYTES_MAX).signer, plain


def decode_sync_request(untrusted_envelope: bytes, device_key: bytes) -> SyncRequest:
    """The request inside an envelope that the device with this key signed.

    Raises:
        InputInvalid: Anything else, or entries that do not fit the numbers around them.
    """
    body = read_envelope(untrusted_envelope, MESSAGE_BYTES_MAX).open_with(Purpose.SYNC, device_key)
    fields = _fields(body, 10)
    book = Fields(fields.take_array(2), 2)
    name = BookName(DeviceId(book.take_bytes(16, 16)), book.take_int(1))
    first = EntryNumber(fields.take_int(1))
    entries = tuple(_entry(item) for item in fields.take_array(ENTRIES_MAX))
    head = Fields(fields.take_array(3), 3)
    number, digest_hash = EntryNumber(head.take_int()), head.take_bytes(HEAD_BYTES, HEAD_BYTES)
    signed = SignedHead(Head(number, digest_hash), head.take_bytes(SIGNATURE_BYTES, SIGNATURE_BYTES))
    if number != first + len(entries) - 1:
        raise InputInvalid("the head is not that of the last entry")
    digest = fields.take_bytes(0, 32)
    return SyncRequest(
        book=name,
        first=first,
        entries=entries,
        head=signed,
        digest=digest or None,
        feed_cursor=fields.take_int(),
        sent_at_s=fields.take_int(),
        pending=fields.take_int(),
        software=_software(fields),
    )


def encode_sync_answer(answer: SyncAnswer, key: SigningKey) -> bytes:
    """The answer's bytes, signed by the register's key."""
    feed = [[item.number, int(item.kind), item.text[:FEED_TEXT_MAX], item.entry] for item in answer.feed]
    acknowledged = [answer.acknowledged.number, answer.acknowledged.hash]
    times = [answer.register_at_s, answer.come_back_s]
    body = cbor.encode([WIRE_SCHEMA, answer.request, acknowledged, feed, answer.digest or b"", times])
    return compression.compress(seal(Purpose.SYNCED, body, key))


def request_id(request: bytes) -> bytes:
    """The 8 bytes by which an answer names the request (its bytes as sent) that it belongs to."""
    return hashlib.sha256(request).digest()[:REQUEST_ID_BYTES]


def decode_sync_answer(untrusted: bytes, register_key: bytes, request: bytes) -> SyncAnswer:
    """The answer to the request with these bytes, signed by the register.

    Raises:
        InputInvalid: Anything else, the answer to another request included.
    """
    plain = compression.decompress(untrusted, MESSAGE_BYTES_MAX)
    fields = _fields(read_envelope(plain, MESSAGE_BYTES_MAX).open_with(Purpose.SYNCED, register_key), 6)
    answered = fields.take_bytes(REQUEST_ID_BYTES, REQUEST_ID_BYTES)
    if answered != request_id(request):
        raise InputInvalid("the answer to another request")
    head = Fields(fields.take_array(2), 2)
    acknowledged = Head(EntryNumber(head.take_int()), head.take_bytes(HEAD_BYTES, HEAD_BYTES))
    feed = tuple(_feed_item(Fields(item, 4)) for item in fields.take_array(FEED_ITEMS_MAX))
    digest = fields.take_bytes(0, 32) or None
    times = Fields(fields.take_array(2), 2)
    return SyncAnswer(answered, acknowledged, feed, digest, times.take_int(), times.take_int(0, 86_400))


def _fields(body: bytes, count: int) -> Fields:
    fields = Fields(cbor.decode(body, SLICE_BYTES_MAX + 65536), count)
    fields.take_int(WIRE_SCHEMA, WIRE_SCHEMA)
    return fields


def _software(fields: Fields) -> str:
    name = fields.take_text(40)
    if not name.isprintable():
        raise InputInvalid("a program's name that is no plain text")
    return name


def _enrol_answer(body: bytes) -> EnrolAnswer:
    fields = _fields(body, 4)
    device = fields.take_bytes(1, CERTIFICATE_BYTES_MAX)
    return EnrolAnswer(device, fields.take_bytes(1, CERTIFICATE_BYTES_MAX), fields.take_bytes(1, SLICE_BYTES_MAX))


def _entry(untrusted: object) -> bytes:
    if not isinstance(untrusted, bytes) or not 0 < len(untrusted) <= ENTRY_BYTES_MAX:
        raise InputInvalid("an entry beyond its size")
    return untrusted


def _feed_item(fields: Fields) -> FeedItem:
    number, kind = fields.take_int(1), fields.take_int(0, 255)
    try:
        known = FeedKind(kind)
    except ValueError as error:
        raise InputInvalid(f"a feed item of the unknown kind {kind}") from error
    return FeedItem(number, known, fields.take_text(FEED_TEXT_MAX), fields.take_int())
