"""What crosses the wire between a book and the register; the same bytes travel by USB.

One sync is one idempotent request: the book's entries from `first` on, with the signed head they end at and the
feed cursor, go up; the acknowledged number and head, feed items and the digest come down. Sent twice, it does
nothing twice: (book, epoch, number) is an entry's identity.

    request = schema || signature || payload         signed for its address: the book and the first entry's number
    answer  = schema || id of the request || signature || payload        signed for the whole request that it answers

`payload` is a deterministic CBOR array, compressed with the dictionary that ships with the program. What the other
side knows is not sent: who signs, the book (the path names it), the number and hash of a head that is acknowledged as
it was sent, a digest that agrees. A signature is proven before anything behind it is decompressed or decoded.
Enrolment knows neither side's key beforehand and travels in envelopes (`signing.seal`). See docs/adr/0010.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass

from pollbook import cbor, compression, packing
from pollbook.asks import ASKS_MAX, Ask, pack_ask, take_ask
from pollbook.cbor import Fields
from pollbook.failures import InputInvalid
from pollbook.feed_items import CONTENT_BYTES_MAX, FeedItem, FeedKind
from pollbook.ledger import HEAD_BYTES, Head, SignedHead
from pollbook.packing import Orders, SliceOrder, no_order
from pollbook.releases import KEY_BYTES, SIGNATURE_BYTES
from pollbook.signing import CERTIFICATE_BYTES_MAX, SigningKey, is_signed_for, read_envelope, seal, sign_for
from pollbook.slice import SLICE_BYTES_MAX
from pollbook.types import BookName, DeviceId, EntryNumber

ENROL_SCHEMA = 2
WIRE_SCHEMA = 2
CONTENT_TYPE = "application/vnd.uchastka"
PROBLEM_TYPE = "application/problem+json"
"""Source: RFC 9457; the members `failure` and `code` are ours."""
ENROL_PATH = "/v1/enrol"
SYNC_PATH = "/v1/sync"
"""A request goes to `/v1/sync/{book}/{first}` by PUT, so that repeating it is harmless by HTTP's own rule too."""
MESSAGE_BYTES_MAX = 4 * 1024 * 1024
ENTRIES_MAX = 3072
"""Entries in one request: a precinct's whole day with what opens it; a longer queue goes up in several."""
FEED_ITEMS_MAX = 1000
COUNT_MAX = 1_000_000_000
"""Of feed items, and of entries that wait: no station comes near it, and the register's own numbers go on behind it."""
SENT_AT_S_MAX = 1 << 40
"""The year 36,812: any clock that a laptop can show, and every database takes it with what is added to it."""
CODE_CHARACTERS_MAX = 64
FEED_TEXT_MAX = 2000
ENROL_REQUEST_BYTES_MAX = 64 * 1024
"""Whoever asks to be enrolled is not known yet: little is read of it."""
REQUEST_ID_BYTES = 4
"""Tells the answer to another request from a forged one; the signature is over all of the request's bytes."""
FEED_CHECK_BYTES = 4
"""A feed that was rolled back is mistaken for the one that was seen once in four thousand million times."""
SHORT_DIGEST_BYTES = 8
"""Digests are compared to find mistakes: one that goes unseen is less likely than 1 in 10^19."""
_COME_BACK_MAX_S = 86_400
_DEVICE_CHARACTERS = 22
_BOOK = re.compile(r"([A-Za-z0-9_-]{22})\.([1-9]\d{0,8})", re.ASCII)
_NUMBER = re.compile(r"[1-9]\d{0,17}", re.ASCII)
_SAME_DIGEST = b"\x01"


class Purpose:
    """The purposes that envelopes are sealed for."""

    ENROL = "enrol 1"
    ENROLLED = "enrolled 1"
    SYNC = "sync 2"
    SYNCED = "synced 2"


@dataclass(frozen=True, slots=True)
class EnrolRequest:
    """A station asks for its certificate and slice; signing it proves that it holds the key.

    `box_key` is the device's public key for what is sealed to it (`sealing.box_key_of`).
    """

    code: str
    public_key: bytes
    box_key: bytes
    software: str


@dataclass(frozen=True, slots=True)
class EnrolAnswer:
    """The station's certificate, the register's, and the slice, which is empty for a spare."""

    device_certificate: bytes
    register_certificate: bytes
    slice: bytes


@dataclass(frozen=True, slots=True)
class Address:
    """Where a sync request goes: its path names the book and the number of the first entry in it."""

    book: BookName
    first: EntryNumber

    @property
    def path(self) -> str:
        """The path, with the device in base64url (RFC 4648 §5)."""
        device = base64.urlsafe_b64encode(self.book.device).decode("ascii")[:_DEVICE_CHARACTERS]
        return f"{SYNC_PATH}/{device}.{self.book.epoch}/{self.first}"

    @classmethod
    def parse(cls, untrusted_book: str, untrusted_first: str) -> Address:
        """The address that the path's two last parts name.

        Raises:
            InputInvalid: They name none, or not in the one spelling that `path` gives.
        """
        book = _BOOK.fullmatch(untrusted_book)
        if book is None or not _NUMBER.fullmatch(untrusted_first):
            raise InputInvalid("not a book and a number")
        device = DeviceId(base64.urlsafe_b64decode(book[1] + "=="))
        address = cls(BookName(device, int(book[2])), EntryNumber(int(untrusted_first)))
        if not address.path.endswith(f"/{untrusted_book}/{untrusted_first}"):
            raise InputInvalid("a device's name in another spelling")
        return address

    @property
    def signed(self) -> bytes:
        """The address as a request is signed for it."""
        return self.book.device + self.book.epoch.to_bytes(8, "big") + self.first.to_bytes(8, "big")


@dataclass(frozen=True, slots=True)
class SyncRequest:
    """What a book sends: `entries` are numbered from `first`; `head` vouches for the last of them.

    `digest` is the short one of the book's lines right after the last entry sent, None where more entries wait.
    `asks` are what the book wants of the register beside that, again until it is answered. `feed_check` is the chain
    over all items of the feed up to the cursor (`next_feed_check`), by which a register that was rolled back is known;
    empty where the book fetched all of them before it kept a chain, which then begins after them on both sides.
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
    asks: tuple[Ask, ...] = ()
    feed_check: bytes = b""

    @property
    def address(self) -> Address:
        """Where it goes."""
        return Address(self.book, self.first)


@dataclass(frozen=True, slots=True)
class SyncAnswer:
    """What the register answers: all entries up to `acknowledged` are stored there and its chain stands at its hash.

    `digest` is the short one of the book's lines as the register has them, None where they were not compared.
    """

    acknowledged: Head
    feed: tuple[FeedItem, ...]
    digest: bytes | None
    register_at_s: int
    come_back_s: int


def encode_enrol_request(request: EnrolRequest, key: SigningKey) -> bytes:
    """The sealed bytes of `request`, signed with the key it names."""
    body = cbor.encode([ENROL_SCHEMA, request.code, request.public_key, request.box_key, request.software])
    return compression.compress(seal(Purpose.ENROL, body, key))


def decode_enrol_request(untrusted: bytes) -> EnrolRequest:
    """The request, signed by the key inside it.

    Raises:
        InputInvalid: Anything else.
    """
    plain = compression.decompress(untrusted, ENROL_REQUEST_BYTES_MAX)
    envelope = read_envelope(plain, ENROL_REQUEST_BYTES_MAX)
    fields = _fields(envelope.untrusted_body, 5)
    code, key = fields.take_text(CODE_CHARACTERS_MAX), fields.take_bytes(KEY_BYTES, KEY_BYTES)
    request = EnrolRequest(code, key, fields.take_bytes(KEY_BYTES, KEY_BYTES), _software(fields))
    envelope.open_with(Purpose.ENROL, request.public_key)
    return request


def encode_enrol_answer(answer: EnrolAnswer, key: SigningKey) -> bytes:
    """The answer's sealed bytes; a slice is compressed already."""
    body = cbor.encode([ENROL_SCHEMA, answer.device_certificate, answer.register_certificate, answer.slice])
    return seal(Purpose.ENROLLED, body, key)


def untrusted_register_certificate(untrusted: bytes) -> bytes:
    """The register's certificate as an enrol answer claims it, to be checked against the authority first.

    Raises:
        InputInvalid: Not an enrol answer.
    """
    return _enrol_answer(read_envelope(untrusted, SLICE_BYTES_MAX + 65536).untrusted_body).register_certificate


def untrusted_slice(untrusted: bytes) -> bytes:
    """The slice in an enrol answer, for whoever wrote or proved that answer.

    Raises:
        InputInvalid: Not an enrol answer.
    """
    return _enrol_answer(read_envelope(untrusted, SLICE_BYTES_MAX + 65536).untrusted_body).slice


def decode_enrol_answer(untrusted: bytes, register_key: bytes) -> EnrolAnswer:
    """The answer, signed by the register.

    Raises:
        InputInvalid: Anything else.
    """
    envelope = read_envelope(untrusted, SLICE_BYTES_MAX + 65536)
    return _enrol_answer(envelope.open_with(Purpose.ENROLLED, register_key))


def short_digest(digest: bytes) -> bytes:
    """As much of a digest (`line_state.digest`) as is compared over the wire."""
    return digest[-SHORT_DIGEST_BYTES:]


def next_feed_check(before: bytes, item: FeedItem) -> bytes:
    """The check of a feed that ends with this item, after one whose check is `before` (empty before the first)."""
    content = cbor.encode([item.number, int(item.kind), item.text[:FEED_TEXT_MAX], item.entry, item.content])
    return hashlib.sha256(before + content).digest()[:FEED_CHECK_BYTES]


def encode_sync_request(request: SyncRequest, key: SigningKey, order: SliceOrder | None = None) -> bytes:
    """The request's bytes, signed by the book's key; with the `order` of its slice they are far fewer."""
    payload = compression.compress_message(plain_sync_request(request, order))
    return bytes([WIRE_SCHEMA]) + sign_for(Purpose.SYNC, request.address.signed, payload, key) + payload


def plain_sync_request(request: SyncRequest, order: SliceOrder | None = None) -> bytes:
    """The request's payload before it is compressed."""
    return cbor.encode(
        [
            packing.pack(request.entries, request.sent_at_s, order),
            request.head.head.hash,
            request.head.signature,
            request.digest or b"",
            request.feed_cursor,
            request.sent_at_s,
            request.pending,
            request.software,
            [pack_ask(ask) for ask in request.asks],
            request.feed_check,
        ]
    )


def is_signed_request(untrusted: bytes, address: Address, device_key: bytes) -> bool:
    """Whether the device with this key signed these bytes as a sync request to this address."""
    signature, payload = untrusted[1 : 1 + SIGNATURE_BYTES], untrusted[1 + SIGNATURE_BYTES :]
    is_ours = untrusted[:1] == bytes([WIRE_SCHEMA])
    return is_ours and is_signed_for(Purpose.SYNC, address.signed, payload, signature, device_key)


def decode_sync_request(
    untrusted: bytes, address: Address, device_key: bytes, orders: Orders = no_order
) -> SyncRequest:
    """The request that the device with this key signed for this address; `orders` finds the order of its places.

    Raises:
        InputInvalid: Anything else.
    """
    if not is_signed_request(untrusted, address, device_key):
        raise InputInvalid("not a request that this device signed for this book and number")
    fields = Fields(_payload(untrusted[1 + SIGNATURE_BYTES :]), 10)
    packed = fields.take_bytes(0, MESSAGE_BYTES_MAX)
    head_hash = fields.take_bytes(HEAD_BYTES, HEAD_BYTES)
    head_signature = fields.take_bytes(SIGNATURE_BYTES, SIGNATURE_BYTES)
    digest, feed_cursor = _short_digest(fields), fields.take_int(high=COUNT_MAX)
    sent_at_s = fields.take_int(high=SENT_AT_S_MAX)
    entries = packing.unpack(packed, sent_at_s, ENTRIES_MAX, orders)
    number = EntryNumber(address.first + len(entries) - 1)
    return SyncRequest(
        book=address.book,
        first=address.first,
        entries=entries,
        head=SignedHead(Head(number, head_hash), head_signature),
        digest=digest,
        feed_cursor=feed_cursor,
        sent_at_s=sent_at_s,
        pending=fields.take_int(high=COUNT_MAX),
        software=_software(fields),
        asks=tuple(take_ask(item) for item in fields.take_array(ASKS_MAX)),
        feed_check=_feed_check(fields),
    )


def request_id(request: bytes) -> bytes:
    """The few bytes by which an answer names the request (its bytes as sent) that it belongs to."""
    return hashlib.sha256(request).digest()[:REQUEST_ID_BYTES]


def encode_sync_answer(answer: SyncAnswer, request: SyncRequest, sent: bytes, key: SigningKey) -> bytes:
    """The bytes of the answer to `request`, which came as the bytes `sent`, signed by the register's key."""
    payload = compression.compress_message(plain_sync_answer(answer, request))
    head = bytes([WIRE_SCHEMA]) + request_id(sent)
    return head + sign_for(Purpose.SYNCED, hashlib.sha256(sent).digest(), payload, key) + payload


def plain_sync_answer(answer: SyncAnswer, request: SyncRequest) -> bytes:
    """The payload of the answer to `request` before it is compressed."""
    is_all = answer.acknowledged == request.head.head
    acknowledged = [] if is_all else [answer.acknowledged.number, answer.acknowledged.hash]
    agrees = answer.digest is not None and answer.digest == request.digest
    digest = _SAME_DIGEST if agrees else answer.digest or b""
    feed = [[item.number, int(item.kind), item.text[:FEED_TEXT_MAX], item.entry, item.content] for item in answer.feed]
    later_s = answer.register_at_s - request.sent_at_s
    return cbor.encode([acknowledged, feed, digest, later_s, answer.come_back_s])


def is_sync_answer(untrusted: bytes, sent: bytes) -> bool:
    """Whether these bytes say of themselves that they answer the request `sent`; by whom is not proven."""
    return untrusted[: 1 + REQUEST_ID_BYTES] == bytes([WIRE_SCHEMA]) + request_id(sent)


def is_signed_answer(untrusted: bytes, sent: bytes, register_key: bytes) -> bool:
    """Whether the register signed these bytes as its answer to the request `sent`."""
    untrusted = untrusted[1 + REQUEST_ID_BYTES :]
    signature, payload = untrusted[:SIGNATURE_BYTES], untrusted[SIGNATURE_BYTES:]
    return is_signed_for(Purpose.SYNCED, hashlib.sha256(sent).digest(), payload, signature, register_key)


def decode_sync_answer(untrusted: bytes, request: SyncRequest, sent: bytes, register_key: bytes) -> SyncAnswer:
    """The register's answer to `request`, which was sent as the bytes `sent`.

    Raises:
        InputInvalid: Anything else, the answer to another request included.
    """
    if not is_sync_answer(untrusted, sent):
        raise InputInvalid("no answer, or the answer to another request")
    if not is_signed_answer(untrusted, sent, register_key):
        raise InputInvalid("the signature does not hold")
    fields = Fields(_payload(untrusted[1 + REQUEST_ID_BYTES + SIGNATURE_BYTES :]), 5)
    acknowledged = _acknowledged(fields, request)
    feed = tuple(_feed_item(Fields(item, 5)) for item in fields.take_array(FEED_ITEMS_MAX))
    digest = _short_digest(fields, request.digest)
    at_s = request.sent_at_s + fields.take_int(-request.sent_at_s)
    return SyncAnswer(acknowledged, feed, digest, at_s, fields.take_int(0, _COME_BACK_MAX_S))


def _payload(untrusted: bytes) -> object:
    return cbor.decode(compression.decompress_message(untrusted, MESSAGE_BYTES_MAX), MESSAGE_BYTES_MAX)


def _acknowledged(fields: Fields, request: SyncRequest) -> Head:
    said = fields.take_array(2)
    if not said:
        return request.head.head
    head = Fields(said, 2)
    return Head(EntryNumber(head.take_int()), head.take_bytes(HEAD_BYTES, HEAD_BYTES))


def _feed_check(fields: Fields) -> bytes:
    check = fields.take_bytes(0, FEED_CHECK_BYTES)
    if len(check) not in {0, FEED_CHECK_BYTES}:
        raise InputInvalid("a feed's check of another length")
    return check


def _short_digest(fields: Fields, same: bytes | None = None) -> bytes | None:
    digest = fields.take_bytes(0, SHORT_DIGEST_BYTES)
    if digest == _SAME_DIGEST and same is not None:
        return same
    if len(digest) not in {0, SHORT_DIGEST_BYTES}:
        raise InputInvalid("a digest of another length")
    return digest or None


def _fields(body: bytes, count: int) -> Fields:
    fields = Fields(cbor.decode(body, SLICE_BYTES_MAX + 65536), count)
    fields.take_int(ENROL_SCHEMA, ENROL_SCHEMA)
    return fields


def _software(fields: Fields) -> str:
    name = fields.take_text(40)
    if not name.isprintable():
        raise InputInvalid("a program's name that is no plain text")
    return name


def _enrol_answer(body: bytes) -> EnrolAnswer:
    fields = _fields(body, 4)
    device = fields.take_bytes(1, CERTIFICATE_BYTES_MAX)
    return EnrolAnswer(device, fields.take_bytes(1, CERTIFICATE_BYTES_MAX), fields.take_bytes(0, SLICE_BYTES_MAX))


def _feed_item(fields: Fields) -> FeedItem:
    number, kind = fields.take_int(1), fields.take_int(0, 255)
    try:
        known = FeedKind(kind)
    except ValueError as error:
        raise InputInvalid(f"a feed item of the unknown kind {kind}") from error
    text, entry = fields.take_text(FEED_TEXT_MAX), fields.take_int()
    return FeedItem(number, known, text, entry, fields.take_bytes(0, CONTENT_BYTES_MAX))
