r"""Sync by hand: what a book would send, and the register's answers to it, as files that nobody on the way can read.

    file   = "uchastka bundle\n" || version (1 byte) || CBOR [election, way, receiver's box key, book, sealed]
    sealed = `sealing.seal_to` over an envelope (`signing.seal`) over CBOR [the four fields again, reply to, items]

A request's file goes to the register and is signed by the book; `reply to` is the key that the answer is sealed to,
and each item is a first number with the bytes that would go over the wire. The answer's file goes to the book and is
signed by the register; each item repeats the request that it answers, which the book's own signature proves, so a
book need not remember what it wrote. The fields outside are there to tell a wrong file from a damaged one; only those
inside are believed. Everything may be taken twice, late, or beside a sync over the link: each request is idempotent.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum

from pollbook import cbor
from pollbook.cbor import Fields
from pollbook.failures import Failure, InputInvalid, WorldFailed
from pollbook.sealing import PUBLIC_BYTES, BoxKey, open_sealed, seal_to
from pollbook.signing import SigningKey, read_envelope, seal
from pollbook.sync_request import Address
from pollbook.types import BookName, DeviceId, ElectionId, EntryNumber
from pollbook.wire import MESSAGE_BYTES_MAX

BUNDLE_BYTES_MAX = 48 * 1024 * 1024
"""A precinct's whole day is under 1 MiB; a book that was alone for the longest election is under a tenth of this."""
REQUESTS_MAX = 100
_MAGIC = b"uchastka bundle\n"
_VERSION = 1
_PURPOSE = "bundle 1"
_ELECTION_CHARACTERS_MAX = 40
_DEVICE_BYTES = 16


class Way(IntEnum):
    """Where a bundle goes."""

    TO_REGISTER = 1
    TO_BOOK = 2


@dataclass(frozen=True, slots=True)
class Carried:
    """A sync request as it would have gone over the wire: where to, and its bytes."""

    address: Address
    request: bytes


@dataclass(frozen=True, slots=True)
class Requests:
    """What a book sends by hand; `reply_to` is the box key that the answers are sealed to."""

    election: ElectionId
    book: BookName
    reply_to: bytes
    carried: tuple[Carried, ...]


@dataclass(frozen=True, slots=True)
class Answered:
    """A request, as the register got it, with its answer."""

    carried: Carried
    answer: bytes


def write_requests(requests: Requests, register_box: bytes, key: SigningKey) -> bytes:
    """The file for the register with this box key, signed by the book's `key`; the same input gives the same bytes.

    Raises:
        InputInvalid: `register_box` is no key that can be encrypted to.
    """
    items = [[each.address.first, each.request] for each in requests.carried]
    cover = _Cover(requests.election, Way.TO_REGISTER, register_box, requests.book)
    return _write(cover, requests.reply_to, items, key)


def write_answers(requests: Requests, answered: Sequence[Answered], key: SigningKey) -> bytes:
    """The file that brings the answers to the book whose `requests` they answer, signed by the register's `key`.

    Raises:
        InputInvalid: The book's box key is no key that can be encrypted to.
    """
    items = [[each.carried.address.first, each.carried.request, each.answer] for each in answered]
    cover = _Cover(requests.election, Way.TO_BOOK, requests.reply_to, requests.book)
    return _write(cover, b"", items, key)


def read_requests(
    untrusted: bytes, election: ElectionId, key: BoxKey, key_of: Callable[[BookName], bytes | None]
) -> Requests:
    """The requests in a file for the register with this box key; `key_of` gives a known book's signing key.

    Raises:
        WorldFailed: `BUNDLE_UNREADABLE`, `BUNDLE_OTHER_VERSION`, `BUNDLE_OTHER_ELECTION`, `BUNDLE_OTHER_WAY`,
            `BUNDLE_OTHER_REGISTER`, or `BUNDLE_NOT_SIGNED` where a book that is not ours, or somebody else, signed it.
    """
    cover, sealed = _read_cover(untrusted, election, Way.TO_REGISTER)
    if cover.receiver != key.public:
        raise WorldFailed(Failure.BUNDLE_OTHER_REGISTER)
    reply_to, items = _open(cover, sealed, key, key_of(cover.book))
    try:
        carried = tuple(_carried(cover.book, Fields(item, 2)) for item in items)
        if len(reply_to) != PUBLIC_BYTES or not carried:
            raise InputInvalid("no requests, or nobody to reply to")
    except InputInvalid as error:
        raise WorldFailed(Failure.BUNDLE_UNREADABLE, str(error)) from error
    return Requests(election, cover.book, reply_to, carried)


def read_answers(
    untrusted: bytes, election: ElectionId, book: BookName, key: BoxKey, register_key: bytes
) -> tuple[Answered, ...]:
    """The answers in a file for this book with this box key, signed by the register.

    Raises:
        WorldFailed: As `read_requests`; `BUNDLE_OTHER_BOOK` where it is for another book.
    """
    cover, sealed = _read_cover(untrusted, election, Way.TO_BOOK)
    if (cover.book, cover.receiver) != (book, key.public):
        raise WorldFailed(Failure.BUNDLE_OTHER_BOOK)
    _, items = _open(cover, sealed, key, register_key)
    try:
        return tuple(_answered(book, Fields(item, 3)) for item in items)
    except InputInvalid as error:
        raise WorldFailed(Failure.BUNDLE_UNREADABLE, str(error)) from error


@dataclass(frozen=True, slots=True)
class _Cover:
    election: str
    way: Way
    receiver: bytes
    book: BookName

    @property
    def packed(self) -> list[object]:
        return [self.election, int(self.way), self.receiver, [self.book.device, self.book.epoch]]


def _write(cover: _Cover, reply_to: bytes, items: list[list[object]], key: SigningKey) -> bytes:
    signed = seal(_PURPOSE, cbor.encode([*cover.packed, reply_to, items]), key)
    sealed = seal_to(cover.receiver, _PURPOSE, signed, key.seed)
    return _MAGIC + bytes([_VERSION]) + cbor.encode([*cover.packed, sealed])


def _read_cover(untrusted: bytes, election: ElectionId, way: Way) -> tuple[_Cover, bytes]:
    begin = len(_MAGIC)
    if untrusted[:begin] != _MAGIC or not begin < len(untrusted) <= BUNDLE_BYTES_MAX:
        raise WorldFailed(Failure.BUNDLE_UNREADABLE, "not a sealed bundle")
    if untrusted[begin] != _VERSION:
        raise WorldFailed(Failure.BUNDLE_OTHER_VERSION, str(untrusted[begin]))
    try:
        fields = Fields(cbor.decode(untrusted[begin + 1 :], BUNDLE_BYTES_MAX), 5)
        cover = _take_cover(fields)
        sealed = fields.take_bytes(0, BUNDLE_BYTES_MAX)
    except InputInvalid as error:
        raise WorldFailed(Failure.BUNDLE_UNREADABLE, str(error)) from error
    if cover.election != election:
        raise WorldFailed(Failure.BUNDLE_OTHER_ELECTION, found=cover.election, expected=election)
    if cover.way is not way:
        raise WorldFailed(Failure.BUNDLE_OTHER_WAY)
    return cover, sealed


def _open(cover: _Cover, sealed: bytes, key: BoxKey, signer_key: bytes | None) -> tuple[bytes, list[object]]:
    """Whom to reply to, and the items, once they are opened and whoever must have signed them did."""
    try:
        envelope = read_envelope(open_sealed(sealed, key, _PURPOSE), BUNDLE_BYTES_MAX)
    except InputInvalid as error:
        raise WorldFailed(Failure.BUNDLE_UNREADABLE, str(error)) from error
    if signer_key is None:
        raise WorldFailed(Failure.BUNDLE_NOT_SIGNED, "not a book of this election")
    try:
        body = envelope.open_with(_PURPOSE, signer_key)
    except InputInvalid as error:
        raise WorldFailed(Failure.BUNDLE_NOT_SIGNED, str(error)) from error
    try:
        fields = Fields(cbor.decode(body, BUNDLE_BYTES_MAX), 6)
        inner = _take_cover(fields)
        reply_to, items = fields.take_bytes(0, PUBLIC_BYTES), fields.take_array(REQUESTS_MAX)
    except InputInvalid as error:
        raise WorldFailed(Failure.BUNDLE_UNREADABLE, str(error)) from error
    if inner != cover:
        raise WorldFailed(Failure.BUNDLE_NOT_SIGNED, "another cover than the one that was signed")
    return reply_to, items


def _take_cover(fields: Fields) -> _Cover:
    election, way = fields.take_text(_ELECTION_CHARACTERS_MAX), Way(fields.take_int(1, len(Way)))
    receiver = fields.take_bytes(PUBLIC_BYTES, PUBLIC_BYTES)
    book = Fields(fields.take_array(2), 2)
    name = BookName(DeviceId(book.take_bytes(_DEVICE_BYTES, _DEVICE_BYTES)), book.take_int(1))
    return _Cover(election, way, receiver, name)


def _carried(book: BookName, fields: Fields) -> Carried:
    first = EntryNumber(fields.take_int(1))
    return Carried(Address(book, first), fields.take_bytes(1, MESSAGE_BYTES_MAX))


def _answered(book: BookName, fields: Fields) -> Answered:
    return Answered(_carried(book, fields), fields.take_bytes(1, MESSAGE_BYTES_MAX))
