"""What comes down: how far the entries are stored, what the register tells, and its digest."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from pollbook import cbor, compression
from pollbook.cbor import Fields
from pollbook.failures import InputInvalid
from pollbook.feed_items import CONTENT_BYTES_MAX, FEED_TEXT_MAX, FeedItem, FeedKind
from pollbook.ledger import HEAD_BYTES, Head
from pollbook.releases import SIGNATURE_BYTES
from pollbook.signing import SigningKey, is_signed_for, sign_for
from pollbook.sync_request import SyncRequest
from pollbook.types import EntryNumber
from pollbook.wire import SAME_DIGEST, WIRE_SCHEMA, Purpose, payload_of, take_short_digest

FEED_ITEMS_MAX = 1000
REQUEST_ID_BYTES = 4
"""Tells the answer to another request from a forged one; the signature is over all of the request's bytes."""
_COME_BACK_MAX_S = 86_400


@dataclass(frozen=True, slots=True)
class SyncAnswer:
    """What the register answers: all entries up to `acknowledged` are stored there and its chain stands at its hash.

    `digest` is the short one of the book's lines as the register has them, None where they were not compared. Where the
    request has none and its head is not the one stored, it is that head's own (`wire.short_digest` of its hash) once
    the register keeps all of the history that ends there, as evidence.
    """

    acknowledged: Head
    feed: tuple[FeedItem, ...]
    digest: bytes | None
    register_at_s: int
    come_back_s: int


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
    digest = SAME_DIGEST if agrees else answer.digest or b""
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
    fields = Fields(payload_of(untrusted[1 + REQUEST_ID_BYTES + SIGNATURE_BYTES :]), 5)
    acknowledged = _acknowledged(fields, request)
    feed = tuple(_feed_item(Fields(item, 5)) for item in fields.take_array(FEED_ITEMS_MAX))
    digest = take_short_digest(fields, request.digest)
    at_s = request.sent_at_s + fields.take_int(-request.sent_at_s)
    return SyncAnswer(acknowledged, feed, digest, at_s, fields.take_int(0, _COME_BACK_MAX_S))


def _acknowledged(fields: Fields, request: SyncRequest) -> Head:
    said = fields.take_array(2)
    if not said:
        return request.head.head
    head = Fields(said, 2)
    return Head(EntryNumber(head.take_int()), head.take_bytes(HEAD_BYTES, HEAD_BYTES))


def _feed_item(fields: Fields) -> FeedItem:
    number, kind = fields.take_int(1), fields.take_int(0, 255)
    try:
        known = FeedKind(kind)
    except ValueError as error:
        raise InputInvalid(f"a feed item of the unknown kind {kind}") from error
    text, entry = fields.take_text(FEED_TEXT_MAX), fields.take_int()
    return FeedItem(number, known, text, entry, fields.take_bytes(0, CONTENT_BYTES_MAX))
