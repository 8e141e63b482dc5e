"""Acts of two officers: the bytes each of them signs, and whether two signatures make an act.

What is signed names the ledger (its origin's hash, hence election, book and slice) and the whole act but its
signatures, so a signature given for one act serves for no other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pollbook import cbor
from pollbook.entries import Kind, Outcome
from pollbook.ledger import Head
from pollbook.releases import pack_book
from pollbook.signing import is_signature
from pollbook.tails import TailLine, pack_tail
from pollbook.two_officers import OfficerSignature, TwoOfficers
from pollbook.types import BookName, ElectionId, EntryNumber, LineId, Person, PersonNumber

Signer = tuple[PersonNumber, Callable[[bytes], bytes]]
"""An officer who has proven the PIN: the number, and a function that signs with the officer's key."""


def void_bytes(start: Head, line: LineId, mark: EntryNumber, reason: str) -> bytes:
    """What two officers sign to void a mark."""
    return _act(start, Kind.MARK_VOIDED, line, mark, reason)


def opening_bytes(start: Head, day: str) -> bytes:
    """What two officers sign to open the day `day` (YYYY-MM-DD)."""
    return _act(start, Kind.DAY_OPENED, day)


def key_bytes(start: Head, person: PersonNumber, public_key: bytes) -> bytes:
    """What two officers sign to give a person another key."""
    return _act(start, Kind.KEY_BOUND, person, public_key)


def closing_bytes(start: Head) -> bytes:
    """What two officers sign to close the book."""
    return _act(start, Kind.BOOK_CLOSED)


def resolving_bytes(start: Head, line: LineId, outcome: Outcome, adjudication: EntryNumber) -> bytes:
    """What two officers sign when they do with an envelope what the register adjudicated."""
    return _act(start, Kind.PROVISIONAL_RESOLVED, line, int(outcome), adjudication)


def adjudication_bytes(election: ElectionId, line: LineId, outcome: Outcome, adjudication: EntryNumber) -> bytes:
    """What the register signs of a provisional line, whose id is random; whichever book resolves it shows that."""
    return b"uchastka adjudication 1\0" + cbor.encode([election, line, int(outcome), adjudication])


def takeover_bytes(start: Head, predecessor: BookName, head: Head) -> bytes:
    """What two officers sign to take over; `start` is the successor's own, which names its book."""
    return _act(start, Kind.TOOK_OVER, pack_book(predecessor), head.number, head.hash)


def row_seen_bytes(start: Head, line: LineId) -> bytes:
    """What two officers sign who saw a row of the paper list unsigned."""
    return _act(start, Kind.ROW_SEEN, line)


def tail_bytes(
    election: ElectionId, predecessor: BookName, head: Head, lines: tuple[TailLine, ...], is_complete: bool
) -> bytes:
    """What the register signs of the entries of `predecessor` up to `head` that its successor has not."""
    body = [election, pack_book(predecessor), head.number, head.hash, pack_tail(lines), int(is_complete)]
    return b"uchastka tail 1\0" + cbor.encode(body)


def sign_act(message: bytes, first: Signer, second: Signer) -> TwoOfficers:
    """The signatures of both officers under `message`."""
    one, other = (OfficerSignature(person, sign(message)) for person, sign in (first, second))
    return one, other


def is_act(
    message: bytes, officers: TwoOfficers, people: Mapping[PersonNumber, Person], keys: Mapping[PersonNumber, bytes]
) -> bool:
    """Whether two different officers of this precinct signed `message` with the keys bound to them."""
    return officers[0].person != officers[1].person and all(
        (person := people.get(officer.person)) is not None
        and person.is_officer
        and officer.person in keys
        and is_signature(keys[officer.person], message, officer.signature)
        for officer in officers
    )


def _act(start: Head, kind: Kind, *fields: object) -> bytes:
    return b"uchastka act 1\0" + cbor.encode([start.hash, int(kind), *fields])
