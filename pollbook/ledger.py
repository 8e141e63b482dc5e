"""The chain over a book's entries, and the signed heads that vouch for it.

    h(0) = SHA-256("uchastka ledger 1" || election || device || epoch || slice)
    h(n) = SHA-256(h(n-1) || n || entry n)

with each part of h(0) preceded by its length (2 bytes), the numbers as 8 bytes big-endian, and `slice` the
SHA-256 of the slice's signed header. The hashes lie outside the entries and are never sent: whoever has the
origin and the entries makes them again. One signature over a head vouches for every entry up to it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from pollbook.signing import SigningKey, is_signature
from pollbook.types import BookName, ElectionId, EntryNumber

HEAD_BYTES = 32
_HEAD_PURPOSE = b"uchastka head 1\0"


@dataclass(frozen=True, slots=True)
class Head:
    """A place in a ledger: the number of its last entry and the chain's hash there."""

    number: EntryNumber
    hash: bytes


@dataclass(frozen=True, slots=True)
class SignedHead:
    """A head and the book's signature over it."""

    head: Head
    signature: bytes


def origin(election: ElectionId, book: BookName, slice_sha256: bytes) -> Head:
    """The head of a ledger without entries: it ties the chain to one election, one book and one slice."""
    parts = (election.encode(), book.device, book.epoch.to_bytes(8, "big"), slice_sha256)
    framed = b"".join(len(part).to_bytes(2, "big") + part for part in parts)
    return Head(EntryNumber(0), hashlib.sha256(b"uchastka ledger 1" + framed).digest())


def successor_origin(election: ElectionId, book: BookName, slice_sha256: bytes, taken: Head) -> Head:
    """The head from which a successor goes on: it has the number of `taken`, the last entry that it took over."""
    number = taken.number.to_bytes(8, "big")
    parts = (election.encode(), book.device, book.epoch.to_bytes(8, "big"), slice_sha256, number, taken.hash)
    framed = b"".join(len(part).to_bytes(2, "big") + part for part in parts)
    return Head(taken.number, hashlib.sha256(b"uchastka successor 1" + framed).digest())


def extend(head: Head, entry: bytes) -> Head:
    """The head after one more entry."""
    number = EntryNumber(head.number + 1)
    return Head(number, hashlib.sha256(head.hash + number.to_bytes(8, "big") + entry).digest())


def extend_all(head: Head, entries: Iterable[bytes]) -> Head:
    """The head after all of `entries`, in order."""
    number, reached, sha256 = head.number, head.hash, hashlib.sha256
    for entry in entries:
        number = EntryNumber(number + 1)
        reached = sha256(reached + number.to_bytes(8, "big") + entry).digest()
    return Head(number, reached)


def sign_head(start: Head, head: Head, key: SigningKey) -> SignedHead:
    """`head` with the book's signature; `start` is the ledger's origin."""
    return SignedHead(head, key.sign(_head_bytes(start, head)))


def is_signed_head(start: Head, untrusted: SignedHead, public_key: bytes) -> bool:
    """Whether the book with this key vouches for this head of the ledger that begins at `start`."""
    return is_signature(public_key, _head_bytes(start, untrusted.head), untrusted.signature)


def _head_bytes(start: Head, head: Head) -> bytes:
    return _HEAD_PURPOSE + start.hash + head.number.to_bytes(8, "big") + head.hash
