"""What a book sends up: its entries from a number on, the head they end at, what it wants and what it was told."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass

from pollbook import cbor, compression, packing
from pollbook.asks import ASKS_MAX, Ask, pack_ask, take_ask
from pollbook.cbor import Fields
from pollbook.failures import InputInvalid
from pollbook.feed_items import FEED_CHECK_BYTES
from pollbook.ledger import HEAD_BYTES, Head, SignedHead
from pollbook.packing import Orders, SliceOrder, no_order
from pollbook.releases import SIGNATURE_BYTES
from pollbook.signing import SigningKey, is_signed_for, sign_for
from pollbook.types import BookName, DeviceId, EntryNumber
from pollbook.wire import (
    COUNT_MAX,
    MESSAGE_BYTES_MAX,
    WIRE_SCHEMA,
    Purpose,
    payload_of,
    take_short_digest,
    take_software,
)

SYNC_PATH = "/v1/sync"
"""A request goes to `/v1/sync/{book}/{first}` by PUT, so that repeating it is harmless by HTTP's own rule too."""
ENTRIES_MAX = 3072
"""Entries in one request: a precinct's whole day with what opens it; a longer queue goes up in several."""
TAKEN_MAX = 4 * ENTRIES_MAX
"""Entries that are taken in one: what a successor brings of the book before it has one signature and can't be cut."""
SENT_AT_S_MAX = 1 << 40
"""The year 36,812: any clock that a laptop can show, and every database takes it with what is added to it."""
_DEVICE_CHARACTERS = 22
_BOOK = re.compile(r"([A-Za-z0-9_-]{22})\.([1-9]\d{0,8})", re.ASCII)
_NUMBER = re.compile(r"[1-9]\d{0,17}", re.ASCII)


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
    fields = Fields(payload_of(untrusted[1 + SIGNATURE_BYTES :]), 10)
    packed = fields.take_bytes(0, MESSAGE_BYTES_MAX)
    head_hash = fields.take_bytes(HEAD_BYTES, HEAD_BYTES)
    head_signature = fields.take_bytes(SIGNATURE_BYTES, SIGNATURE_BYTES)
    digest, feed_cursor = take_short_digest(fields), fields.take_int(high=COUNT_MAX)
    sent_at_s = fields.take_int(high=SENT_AT_S_MAX)
    entries = packing.unpack(packed, sent_at_s, TAKEN_MAX, orders)
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
        software=take_software(fields),
        asks=tuple(take_ask(item) for item in fields.take_array(ASKS_MAX)),
        feed_check=_feed_check(fields),
    )


def _feed_check(fields: Fields) -> bytes:
    check = fields.take_bytes(0, FEED_CHECK_BYTES)
    if len(check) not in {0, FEED_CHECK_BYTES}:
        raise InputInvalid("a feed's check of another length")
    return check
