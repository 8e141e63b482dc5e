from __future__ import annotations

import hashlib
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pollbook import acts, cbor, ledger
from pollbook.clock import HybridTime, tick, wall_time
from pollbook.entries import (
    AnnexAdded,
    BookClosed,
    DayOpened,
    Entry,
    Fact,
    KeyBound,
    LineAccepted,
    LineReleased,
    Marked,
    MarkVoided,
    Outcome,
    ProvisionalResolved,
    RowSeen,
    SliceReceived,
    TailReceived,
    TookOver,
    decode_entry,
    encode_entry,
)
from pollbook.failures import InputInvalid
from pollbook.ledger import Head, SignedHead
from pollbook.releases import MovedLine, Release
from pollbook.signing import SigningKey
from pollbook.tails import TailChange, TailLine
from pollbook.two_officers import OfficerSignature
from pollbook.types import BookName, Channel, DeviceId, ElectionId, EntryNumber, LineId, PersonNumber
from tests.making import CHAIR, DEPUTY, MEMBER, PEOPLE, START

LINES = st.integers(1, 2**63 - 1).map(LineId)
PERSONS = st.integers(1, 999).map(PersonNumber)
SIGNATURES = st.builds(OfficerSignature, PERSONS, st.binary(min_size=64, max_size=64))
OFFICERS = st.tuples(SIGNATURES, SIGNATURES)
NUMBERS = st.integers(1, 2**40).map(EntryNumber)
SIGNATURE_BYTES = st.binary(min_size=64, max_size=64)
BOOKS = st.builds(BookName, st.binary(min_size=16, max_size=16).map(DeviceId), st.integers(1, 9999))
HEADS = st.builds(Head, st.integers(0, 2**40).map(EntryNumber), st.binary(min_size=32, max_size=32))
MOVED = st.dictionaries(LINES, st.integers(1, 9999), min_size=1, max_size=200).map(
    lambda custody: tuple(MovedLine(line, custody[line]) for line in sorted(custody))
)
RELEASES = st.builds(Release, BOOKS, BOOKS, MOVED, SIGNATURE_BYTES)
TAIL_LINES = st.builds(
    TailLine, LINES, st.sampled_from(TailChange), NUMBERS, st.sampled_from(Channel), st.integers(0, 9999)
)
FACTS: st.SearchStrategy[Fact] = st.one_of(
    st.builds(Marked, LINES, st.sampled_from(Channel)),
    st.builds(MarkVoided, LINES, st.integers(1, 2**40).map(EntryNumber), st.text(max_size=300), OFFICERS),
    st.builds(KeyBound, PERSONS, st.binary(min_size=32, max_size=32), st.none() | OFFICERS),
    st.builds(DayOpened, st.dates().map(lambda day: day.isoformat()), OFFICERS),
    st.builds(SliceReceived, st.binary(min_size=32, max_size=32), st.integers(0, 10**6), st.booleans()),
    st.builds(LineReleased, BOOKS, MOVED, SIGNATURE_BYTES),
    st.builds(
        LineAccepted, st.builds(Release, BOOKS, BOOKS, MOVED, SIGNATURE_BYTES), st.binary(min_size=32, max_size=32)
    ),
    st.builds(AnnexAdded, LINES, st.just(True), st.text(min_size=1, max_size=20), st.binary(min_size=1, max_size=999)),
    st.builds(AnnexAdded, LINES, st.just(False), st.just(""), st.just(b"")),
    st.builds(ProvisionalResolved, LINES, st.sampled_from(Outcome), NUMBERS, OFFICERS, st.just(b"") | SIGNATURE_BYTES),
    st.builds(TookOver, BOOKS, HEADS, SIGNATURE_BYTES, OFFICERS),
    st.builds(BookClosed, OFFICERS),
    st.builds(RowSeen, LINES, OFFICERS),
    st.builds(TailReceived, HEADS, st.lists(TAIL_LINES, max_size=20).map(tuple), st.booleans(), SIGNATURE_BYTES),
)
ENTRIES = st.builds(Entry, st.integers(0, 2**63 - 1).map(HybridTime), st.integers(0, 999).map(PersonNumber), FACTS)
BOOK = BookName(DeviceId(bytes(range(16))), 1)
ORIGIN = ledger.origin(ElectionId("training-2026"), BOOK, bytes(32))


@given(ENTRIES)
def test_an_entry_decodes_to_what_was_encoded_and_encodes_to_the_same_bytes(entry: Entry) -> None:
    stored = encode_entry(entry)
    assert decode_entry(stored) == entry
    assert encode_entry(decode_entry(stored)) == stored


@given(st.binary(max_size=300))
def test_bytes_that_are_no_entry_are_refused(untrusted: bytes) -> None:
    with suppress(InputInvalid):
        decode_entry(untrusted)


@given(ENTRIES, st.data())
def test_an_entry_with_a_field_changed_in_kind_is_refused_or_is_another_entry(
    entry: Entry, data: st.DataObject
) -> None:
    parts = cbor.decode(encode_entry(entry), 10_000)
    assert isinstance(parts, list)
    parts[data.draw(st.integers(0, 3))] = data.draw(st.none() | st.text(max_size=3) | st.integers() | st.just([]))
    try:
        changed = cbor.encode(parts)
    except OverflowError:
        return
    try:
        decode_entry(changed)
    except InputInvalid:
        return
    assert encode_entry(decode_entry(changed)) == changed


def test_the_bytes_of_a_mark_are_these_forever() -> None:
    entry = Entry(HybridTime(0x6B0000000000), PersonNumber(5), Marked(LineId(2**62), Channel.HOME))
    assert encode_entry(entry).hex() == "84011b00006b000000000005821b400000000000000001"


def test_the_chain_is_the_documented_one() -> None:
    parts = (b"training-2026", bytes(range(16)), (1).to_bytes(8, "big"), bytes(32))
    framed = b"".join(len(part).to_bytes(2, "big") + part for part in parts)
    assert ORIGIN.hash == hashlib.sha256(b"uchastka ledger 1" + framed).digest()
    first = ledger.extend(ORIGIN, b"entry")
    assert first == Head(EntryNumber(1), hashlib.sha256(ORIGIN.hash + (1).to_bytes(8, "big") + b"entry").digest())


@given(st.lists(st.binary(max_size=30), min_size=1, max_size=8), st.data())
def test_a_changed_moved_or_missing_entry_changes_the_head(entries: list[bytes], data: st.DataObject) -> None:
    head = ledger.extend_all(ORIGIN, entries)
    place = data.draw(st.integers(0, len(entries) - 1))
    without = entries[:place] + entries[place + 1 :]
    changed = [*entries[:place], entries[place] + b"x", *entries[place + 1 :]]
    assert ledger.extend_all(ORIGIN, without) != head
    assert ledger.extend_all(ORIGIN, changed) != head


def test_ledgers_of_other_elections_books_epochs_and_slices_start_elsewhere() -> None:
    others = {
        ledger.origin(ElectionId("training-2027"), BOOK, bytes(32)).hash,
        ledger.origin(ElectionId("training-2026"), BookName(BOOK.device, 2), bytes(32)).hash,
        ledger.origin(ElectionId("training-2026"), BookName(DeviceId(bytes(16)), 1), bytes(32)).hash,
        ledger.origin(ElectionId("training-2026"), BOOK, bytes(31) + b"\1").hash,
        ORIGIN.hash,
    }
    assert len(others) == 5


def test_a_signed_head_holds_for_its_ledger_number_and_hash_only() -> None:
    key = SigningKey.generate()
    head = ledger.extend(ORIGIN, b"entry")
    signed = ledger.sign_head(ORIGIN, head, key)
    other_start = ledger.origin(ElectionId("other-2026"), BOOK, bytes(32))
    assert ledger.is_signed_head(ORIGIN, signed, key.public)
    assert not ledger.is_signed_head(other_start, signed, key.public)
    assert not ledger.is_signed_head(ORIGIN, SignedHead(Head(EntryNumber(2), head.hash), signed.signature), key.public)
    assert not ledger.is_signed_head(ORIGIN, signed, SigningKey.generate().public)


@given(st.integers(0, 2**47 - 1), st.integers(0, 200_000))
def test_hybrid_time_always_goes_forward_whatever_the_wall_clock_does(wall_s: int, steps: int) -> None:
    last = HybridTime((wall_s << 16) + steps)
    after = tick(last, START)
    assert after > last
    assert after >= int(START.timestamp()) << 16


def test_hybrid_time_tells_whole_seconds_only() -> None:
    assert wall_time(tick(HybridTime(0), START.replace(microsecond=987_654))) == START


def test_two_different_officers_make_an_act_and_nobody_else_does() -> None:
    keys = {number: SigningKey.generate() for number in (CHAIR, DEPUTY, MEMBER)}
    public = {number: key.public for number, key in keys.items()}
    people = {person.number: person for person in PEOPLE}
    message = acts.void_bytes(ORIGIN, LineId(5), EntryNumber(1), "adashib")

    def signed(first: PersonNumber, second: PersonNumber) -> bool:
        both = acts.sign_act(message, (first, keys[first].sign), (second, keys[second].sign))
        return acts.is_act(message, both, people, public)

    assert signed(CHAIR, DEPUTY)
    assert not signed(CHAIR, CHAIR)
    assert not signed(CHAIR, MEMBER)


def test_a_signature_for_one_act_serves_for_no_other() -> None:
    keys = {number: SigningKey.generate() for number in (CHAIR, DEPUTY)}
    public = {number: key.public for number, key in keys.items()}
    people = {person.number: person for person in PEOPLE}
    message = acts.void_bytes(ORIGIN, LineId(5), EntryNumber(1), "adashib")
    both = acts.sign_act(message, (CHAIR, keys[CHAIR].sign), (DEPUTY, keys[DEPUTY].sign))
    others = [
        acts.void_bytes(ORIGIN, LineId(6), EntryNumber(1), "adashib"),
        acts.void_bytes(ORIGIN, LineId(5), EntryNumber(2), "adashib"),
        acts.void_bytes(ORIGIN, LineId(5), EntryNumber(1), "boshqa"),
        acts.void_bytes(ledger.extend(ORIGIN, b""), LineId(5), EntryNumber(1), "adashib"),
        acts.opening_bytes(ORIGIN, "2026-12-20"),
    ]
    assert not any(acts.is_act(other, both, people, public) for other in others)


@pytest.mark.parametrize("seconds", [0, 1, 59, 3600])
def test_times_of_one_second_stay_in_order(seconds: int) -> None:
    first = tick(HybridTime(0), START)
    times = [first]
    for _ in range(3):
        times.append(tick(times[-1], START))
    assert times == sorted(set(times))
    assert wall_time(times[-1]) == START
    assert wall_time(tick(times[-1], START.fromtimestamp(START.timestamp() + seconds, START.tzinfo))) >= START
