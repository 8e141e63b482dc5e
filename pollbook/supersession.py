"""The proof that a book was taken over: what its successor shows to it, over whatever link there is (custody rule 9).

It is the successor's first entry with the certificate of its device. The old book proves it with what it knows itself:
its own signature under the head that was taken over, its officers' signatures under the act, and the election's
authority for the device. So whoever carries the proof (the register's feed, a desk of the same room, the mirror's
stick) need not be believed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from cryptography import x509

from pollbook import acts, cbor, ledger
from pollbook.book_view import Identity
from pollbook.cbor import Fields
from pollbook.entries import ENTRY_BYTES_MAX, TookOver, decode_entry
from pollbook.failures import InputInvalid
from pollbook.ledger import Head, SignedHead
from pollbook.releases import pack_book, take_book
from pollbook.signing import CERTIFICATE_BYTES_MAX, certified_key
from pollbook.types import BookName, Person, PersonNumber

SUPERSESSION_BYTES_MAX = ENTRY_BYTES_MAX + CERTIFICATE_BYTES_MAX + 200
_VERSION = 1


@dataclass(frozen=True, slots=True)
class Supersession:
    """That `successor`, whose device has this certificate, took over by its first entry."""

    successor: BookName
    certificate: bytes
    entry: bytes


@dataclass(frozen=True, slots=True)
class Superseded:
    """What the book knows that may have been taken over: `keys` are all that were ever bound to each person."""

    identity: Identity
    start: Head
    people: Mapping[PersonNumber, Person]
    keys: Mapping[PersonNumber, Collection[bytes]]
    authority: x509.Certificate


def encode_supersession(proof: Supersession) -> bytes:
    """The proof's bytes."""
    return cbor.encode([_VERSION, pack_book(proof.successor), proof.certificate, proof.entry])


def read_supersession(untrusted: bytes) -> Supersession:
    """The proof that these bytes say; nothing is proven yet.

    Raises:
        InputInvalid: Anything else.
    """
    fields = Fields(cbor.decode(untrusted, SUPERSESSION_BYTES_MAX), 4)
    fields.take_int(_VERSION, _VERSION)
    successor = take_book(fields.take_array(2))
    certificate = fields.take_bytes(1, CERTIFICATE_BYTES_MAX)
    return Supersession(successor, certificate, fields.take_bytes(1, ENTRY_BYTES_MAX))


def is_superseded(book: Superseded, untrusted: Supersession) -> bool:
    """Whether the proof shows that `book` was taken over; False too where it is about another book."""
    try:
        fact = decode_entry(untrusted.entry).fact
        certified_key(untrusted.certificate, book.authority, untrusted.successor.device.hex(), None)
    except InputInvalid:
        return False
    identity = book.identity
    if not isinstance(fact, TookOver) or fact.predecessor != identity.name:
        return False
    if untrusted.successor.epoch <= identity.name.epoch:
        return False
    if not ledger.is_signed_head(book.start, SignedHead(fact.head, fact.signature), identity.public_key):
        return False
    start = ledger.successor_origin(identity.election, untrusted.successor, identity.slice_sha256, fact.head)
    message = acts.takeover_bytes(start, fact.predecessor, fact.head)
    signers = [officer.person for officer in fact.officers]
    one, other = (book.keys.get(signer, ()) for signer in signers)
    return any(
        acts.is_act(message, fact.officers, book.people, {signers[0]: first, signers[1]: second})
        for first in one
        for second in other
    )
