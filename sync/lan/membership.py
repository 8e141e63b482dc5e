"""How a book proves that it belongs to a precinct: the register's signed header of its slice, and each takeover since.

A book that took over from another was issued no slice of its own. It shows the header of the first one, and for each
takeover the entry by which the successor began, which carries the earlier book's own signature over its head. The
officers' signatures in it are proven by the book that was taken over (`pollbook.supersession`), which knows their
keys; the desks beside it need not.
"""

from __future__ import annotations

from dataclasses import dataclass

from pollbook import cbor, ledger
from pollbook.cbor import Fields
from pollbook.entries import ENTRY_BYTES_MAX, TookOver, decode_entry
from pollbook.failures import InputInvalid, WorldFailed
from pollbook.ledger import SignedHead
from pollbook.releases import KEY_BYTES, pack_book, take_book
from pollbook.signing import device_id
from pollbook.slice import SliceHeader, open_header
from pollbook.supersession import read_supersession
from pollbook.types import BookName
from sync.lan.messages import MEMBERSHIP_BYTES_MAX

TAKEOVERS_MAX = 20


@dataclass(frozen=True, slots=True)
class Step:
    """One takeover: the successor, its first entry, and the raw key of the book before it."""

    successor: BookName
    entry: bytes
    predecessor_key: bytes


@dataclass(frozen=True, slots=True)
class Member:
    """A book that was proven: its slice's header, and the books before it, oldest first."""

    book: BookName
    header: SliceHeader
    earlier: tuple[BookName, ...]


def encode_membership(slice_bytes: bytes, steps: tuple[Step, ...]) -> bytes:
    """The proof for the book that was issued this slice, or the one that the takeovers led to; its lines stay here."""
    header = Fields(cbor.decode(slice_bytes, len(slice_bytes)), 2).take_bytes(1, MEMBERSHIP_BYTES_MAX)
    packed = [[pack_book(step.successor), step.entry, step.predecessor_key] for step in steps]
    return cbor.encode([header, packed])


def proven_member(untrusted: bytes, register_key: bytes) -> Member:
    """The book that this proof is for.

    Raises:
        InputInvalid: Anything else.
    """
    fields = Fields(cbor.decode(untrusted, MEMBERSHIP_BYTES_MAX), 2)
    header = _header(fields.take_bytes(1, MEMBERSHIP_BYTES_MAX), register_key)
    book, start = header.book, ledger.origin(header.election.id, header.book, header.sha256)
    earlier: list[BookName] = []
    for item in fields.take_array(TAKEOVERS_MAX):
        step = _step(Fields(item, 3))
        fact = decode_entry(step.entry).fact
        if not isinstance(fact, TookOver) or fact.predecessor != book or device_id(step.predecessor_key) != book.device:
            raise InputInvalid("a takeover of another book")
        if step.successor.epoch <= book.epoch:
            raise InputInvalid("a successor that is not newer")
        if not ledger.is_signed_head(start, SignedHead(fact.head, fact.signature), step.predecessor_key):
            raise InputInvalid("a takeover without the earlier book's signature")
        earlier.append(book)
        book = step.successor
        start = ledger.successor_origin(header.election.id, book, header.sha256, fact.head)
    return Member(book, header, tuple(earlier))


def predecessor_in(untrusted_proof: bytes) -> BookName:
    """The book that a proof of supersession says was taken over; nothing is proven.

    Raises:
        InputInvalid: Not such a proof.
    """
    fact = decode_entry(read_supersession(untrusted_proof).entry).fact
    if not isinstance(fact, TookOver):
        raise InputInvalid("no takeover")
    return fact.predecessor


def _header(untrusted: bytes, register_key: bytes) -> SliceHeader:
    try:
        return open_header(cbor.encode([untrusted, b""]), register_key)
    except WorldFailed as error:
        raise InputInvalid("a slice of another version") from error


def _step(fields: Fields) -> Step:
    successor = take_book(fields.take_array(2))
    return Step(successor, fields.take_bytes(1, ENTRY_BYTES_MAX), fields.take_bytes(KEY_BYTES, KEY_BYTES))
