"""A book proves that it belongs to a precinct by the register's word, through takeovers too, or it does not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pollbook import cbor, ledger
from pollbook.clock import HybridTime
from pollbook.entries import Entry, TookOver, encode_entry
from pollbook.failures import InputInvalid
from pollbook.ledger import Head, sign_head
from pollbook.signing import SigningKey, device_id
from pollbook.slice import SliceHeader, open_header
from pollbook.two_officers import OfficerSignature
from pollbook.types import MACHINE, BookName, EntryNumber
from sync.lan.membership import Step, encode_membership, proven_member
from tests.making import CHAIR, DEPUTY, Authority, make_slice, make_voters

OFFICERS = (OfficerSignature(CHAIR, bytes(64)), OfficerSignature(DEPUTY, bytes(64)))


@dataclass
class Made:
    """A slice for one book, and the takeovers since, each by a device of its own."""

    authority: Authority = field(default_factory=Authority)
    keys: list[SigningKey] = field(default_factory=lambda: [SigningKey.generate()])
    steps: list[Step] = field(default_factory=list)

    def __post_init__(self) -> None:
        _, self.slice_bytes = make_slice(self.authority, self.keys[0], make_voters(3))
        self.header: SliceHeader = open_header(self.slice_bytes, self.authority.register_key.public)
        self.names = [self.header.book]
        self.start = ledger.origin(self.header.election.id, self.header.book, self.header.sha256)

    def taken_over(self, *, signed_by: SigningKey | None = None, epoch: int | None = None) -> Made:
        """Another device takes over at entry 7."""
        successor_key = SigningKey.generate()
        name = self.names[-1]
        successor = BookName(device_id(successor_key.public), epoch or name.epoch + 1)
        head = Head(EntryNumber(self.start.number + 7), bytes(range(32)))
        signature = sign_head(self.start, head, signed_by or self.keys[-1]).signature
        entry = encode_entry(Entry(HybridTime(1), MACHINE, TookOver(name, head, signature, OFFICERS)))
        self.steps.append(Step(successor, entry, self.keys[-1].public))
        self.start = ledger.successor_origin(self.header.election.id, successor, self.header.sha256, head)
        self.keys.append(successor_key)
        self.names.append(successor)
        return self

    @property
    def register_key(self) -> bytes:
        return self.authority.register_key.public

    def proof(self) -> bytes:
        return encode_membership(self.slice_bytes, tuple(self.steps))


def test_the_book_that_was_issued_the_slice_is_a_member() -> None:
    made = Made()
    member = proven_member(made.proof(), made.register_key)
    assert (member.book, member.header, member.earlier) == (made.header.book, made.header, ())


def test_the_proof_carries_no_voter() -> None:
    made = Made()
    assert len(made.proof()) < len(made.slice_bytes)
    assert all(voter.pinfl.encode() not in made.proof() for voter in make_voters(3))


def test_a_successor_and_its_successor_are_members_and_name_the_books_before_them() -> None:
    made = Made().taken_over().taken_over()
    member = proven_member(made.proof(), made.register_key)
    assert member.book == made.names[2]
    assert member.earlier == tuple(made.names[:2])


def _stranger_signs(made: Made) -> None:
    made.taken_over(signed_by=SigningKey.generate())


def _not_newer(made: Made) -> None:
    made.taken_over(epoch=1)


def _another_key(made: Made) -> None:
    step = made.taken_over().steps[0]
    made.steps[0] = Step(step.successor, step.entry, SigningKey.generate().public)


def _another_successor(made: Made) -> None:
    made.taken_over().taken_over()
    made.steps[0] = Step(BookName(device_id(bytes(32)), 2), made.steps[0].entry, made.steps[0].predecessor_key)


def _left_out(made: Made) -> None:
    made.taken_over().taken_over()
    del made.steps[0]


def _twice(made: Made) -> None:
    made.taken_over()
    made.steps *= 2


@pytest.mark.parametrize("lie", [_stranger_signs, _not_newer, _another_key, _another_successor, _left_out, _twice])
def test_a_takeover_that_was_none_proves_nothing(lie: Callable[[Made], None]) -> None:
    made = Made()
    lie(made)
    with pytest.raises(InputInvalid):
        proven_member(made.proof(), made.register_key)


def test_a_slice_of_another_register_proves_nothing() -> None:
    with pytest.raises(InputInvalid):
        proven_member(Made().proof(), Made().register_key)


MADE = Made().taken_over()
PROOF = MADE.proof()


@settings(max_examples=100, deadline=None)
@given(st.integers(0, len(PROOF) - 1), st.integers(1, 255))
def test_a_changed_byte_proves_nothing_else(place: int, change: int) -> None:
    untrusted = bytearray(PROOF)
    untrusted[place] ^= change
    try:
        member = proven_member(bytes(untrusted), MADE.register_key)
    except InputInvalid:
        return
    # The officers' signatures and the successor's name are proven elsewhere: by the old book, and by the handshake.
    assert member.header == MADE.header
    assert member.earlier == (MADE.names[0],)


@given(st.binary(max_size=200))
def test_any_bytes_are_refused(untrusted: bytes) -> None:
    with pytest.raises(InputInvalid):
        proven_member(untrusted, MADE.register_key)


def test_more_takeovers_than_any_day_sees_are_refused() -> None:
    header = cbor.decode(PROOF, len(PROOF))
    assert isinstance(header, list)
    with pytest.raises(InputInvalid):
        proven_member(cbor.encode([header[0], header[1] * 21]), MADE.register_key)
