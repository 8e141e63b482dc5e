"""The set-based form of a run of marks comes to what `custody.apply` comes to, whatever stands in the run."""

from __future__ import annotations

import itertools
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from pollbook import effects, line_state, plain_marks, types
from pollbook.book_view import Identity
from pollbook.clock import HybridTime
from pollbook.effects import Anomaly
from pollbook.entries import DayOpened, Entry, Marked, MarkVoided, RowSeen, SliceReceived, decode_entry, encode_entry
from pollbook.failures import InputInvalid
from pollbook.ledger import Head
from pollbook.line_state import ELSEWHERE, UNMARKED, LineState, Mark, Place, Proof
from pollbook.two_officers import OfficerSignature
from pollbook.types import (
    BookName,
    Channel,
    DeviceId,
    ElectionId,
    EntryNumber,
    LineId,
    Person,
    PersonNumber,
    PrecinctCode,
    Role,
)
from register import mark_columns, runs
from register.replay import Ingested, decoded, touched

PRECINCT = PrecinctCode("1708-0001")
BOOK = BookName(DeviceId(bytes(16)), 1)
PEOPLE = {
    PersonNumber(number): Person(PersonNumber(number), f"{PRECINCT}-{number:02}", "A", "B", role)
    for number, role in enumerate((Role.CHAIR, Role.SECRETARY, Role.OPERATOR), 1)
}
LINES = [LineId((1 << 40) + number) for number in range(12)]
SHORT = LineId(77)
"""A line whose number is encoded in fewer bytes."""
ISSUED = frozenset([*LINES[:8], SHORT])
STRANGE = [*LINES, SHORT, LineId(2**63 - 1)]
T0 = 1_797_750_000 << 16
NOBODY = (OfficerSignature(PersonNumber(1), bytes(64)), OfficerSignature(PersonNumber(2), bytes(64)))

lines = st.sampled_from(STRANGE)
channels = st.sampled_from(list(Channel))
facts = st.one_of(
    st.builds(Marked, lines, channels),
    st.builds(Marked, lines, channels),
    st.builds(Marked, lines, channels),
    st.builds(MarkVoided, lines, st.integers(1, 30).map(EntryNumber), st.just("x"), st.just(NOBODY)),
    st.just(DayOpened("2026-12-20", NOBODY)),
    st.just(SliceReceived(bytes(32), 8, True)),
    st.builds(RowSeen, lines, st.just(NOBODY)),
)
steps = st.one_of(
    st.tuples(
        st.sampled_from([1, 1, 1, 1, 65536, 0, -5]),
        st.sampled_from([3, 3, 3, 3, 1, 0, 9, 24, 300]).map(PersonNumber),
        facts,
    ),
    st.sampled_from([b"\xff", b"\x84\x01", bytes(23), b"\x84\x01\x1b" + bytes(20)]),
)
marks = st.builds(
    Mark, st.integers(1, 9).map(EntryNumber), channels, st.just(HybridTime(T0 - 9)), st.just(PersonNumber(3))
)
stored_states = st.one_of(
    st.builds(LineState, st.none() | marks, st.just((EntryNumber(2),))),
    st.builds(LineState, marks),
    st.builds(LineState, place=st.sampled_from(list(Place)), custody=st.integers(0, 3)),
    st.builds(LineState, proof=st.sampled_from(list(Proof)), since=st.just(EntryNumber(3))),
)
books = st.fixed_dictionaries(
    {
        "stored": st.dictionaries(lines, stored_states, max_size=6),
        "days": st.sampled_from([{"2026-12-20"}, {"2026-12-20"}, {"2026-12-20"}, set()]),
        "is_closed": st.sampled_from([False, False, False, True]),
        "is_forked": st.sampled_from([False, False, False, True]),
        "holds": st.sampled_from([True, True, True, False]),
        "first": st.sampled_from([1, 2, 20]),
    }
)


def contents_of(drawn: list[tuple[int, PersonNumber, object] | bytes]) -> list[bytes]:
    at, contents = T0, []
    for step in drawn:
        if isinstance(step, bytes):
            contents.append(step)
            continue
        ahead, actor, fact = step
        at += ahead
        contents.append(encode_entry(Entry(HybridTime(at), actor, fact)))  # type: ignore[arg-type]
    return contents


def view_of(book: dict[str, object], states: dict[LineId, LineState]) -> Ingested:
    return Ingested(
        identity=Identity(ElectionId("x-2026"), BOOK, bytes(32), bytes(32), bytes(32)),
        start=Head(EntryNumber(0), bytes(32)),
        people=PEOPLE,
        states=states,
        days=set(book["days"]),  # type: ignore[call-overload]
        last_at=HybridTime(T0 - 5),
        is_closed=bool(book["is_closed"]),
        is_forked=bool(book["is_forked"]),
    )


@settings(max_examples=600, deadline=None)
@given(books, st.lists(steps, max_size=30))
def test_a_batch_taken_in_runs_is_what_custody_makes_of_it_entry_by_entry(
    book: dict[str, object], drawn: list[tuple[int, PersonNumber, object] | bytes]
) -> None:
    contents, first, stored = contents_of(drawn), int(book["first"]), dict(book["stored"])  # type: ignore[call-overload]
    unmoved = UNMARKED if book["holds"] else ELSEWHERE

    entries = decoded(contents)
    held = ISSUED & touched(entries)
    one_by_one = view_of(book, stored | {line: stored.get(line, unmoved) for line in held})
    expected = [one_by_one.ingest(EntryNumber(number), entry) for number, entry in enumerate(entries, first)]

    batch = runs.read_batch(contents)
    assert batch.lines == touched(entries)
    each = [plain_marks.plain_mark(content) for content in contents]
    assert plain_marks.all_plain(contents) == (None if None in each else each)
    view = view_of(book, stored | {line: stored.get(line, unmoved) for line in ISSUED & batch.looked_up})
    taken = runs.take(view, ISSUED, bool(book["holds"]), first, batch)

    assert taken.quarantined == expected
    fresh = {LineId(line): runs.state_of(mark) for line, mark in taken.fresh.items()}
    assert not set(fresh) & set(view.states)
    after = {line: view.states[line] for line in view.changed} | fresh
    assert after == {line: one_by_one.states[line] for line in one_by_one.changed}
    kept = (view.last_at, view.days, view.is_closed, view.bound)
    assert kept == (one_by_one.last_at, one_by_one.days, one_by_one.is_closed, one_by_one.bound)
    total = sum(line_state.line_digest(line, state) for line, state in fresh.items())
    assert runs.digest_of(taken.fresh.values()) == total


plain_steps = st.tuples(
    st.sampled_from([1, 1, 1, 1, 1, 65536, 65536, 0, -5]),
    st.sampled_from([3, 3, 3, 3, 3, 1, 2, 0, 9]).map(PersonNumber),
    st.builds(Marked, st.sampled_from(LINES), channels),
)
open_books = st.fixed_dictionaries(
    {
        "days": st.sampled_from([{"2026-12-20"}, {"2026-12-20"}, set()]),
        "is_closed": st.sampled_from([False, False, True]),
        "is_forked": st.sampled_from([False, False, True]),
        "holds": st.sampled_from([True, True, False]),
        "first": st.sampled_from([1, 2, 20, 20]),
    }
)


@settings(max_examples=600, deadline=None)
@given(open_books, st.lists(plain_steps, min_size=1, max_size=6))
def test_marks_that_columns_let_pass_have_their_effect_by_custody_and_no_other(
    book: dict[str, object], drawn: list[tuple[int, PersonNumber, object] | bytes]
) -> None:
    contents, first = contents_of(drawn), int(book["first"])  # type: ignore[call-overload]
    unmoved = UNMARKED if book["holds"] else ELSEWHERE
    view = view_of(book, dict.fromkeys(ISSUED, unmoved))
    told = [view.ingest(EntryNumber(number), entry) for number, entry in enumerate(decoded(contents), first)]

    columns = mark_columns.columns_of(contents, first)
    assert columns is not None
    before = view_of(book, {})
    is_open = book["holds"] and before.days and not before.is_closed and not before.is_forked and first != 1
    packed = b"".join(line.to_bytes(8, "big") for line in sorted(ISSUED))
    passes = mark_columns.are_all_entered(columns, packed, PEOPLE, before.last_at)
    assert bool(is_open and passes) == (set(told) == {None})
    if is_open and passes:
        numbers = columns.numbers()
        assert {line: view.states[line].mark.number for line in view.changed} == numbers  # type: ignore[union-attr]
        assert columns.last_at == view.last_at
        total = sum(line_state.line_digest(line, view.states[line]) for line in view.changed)
        assert mark_columns.digest_of(columns) == total


@given(
    st.lists(
        st.binary(min_size=23, max_size=23)
        | st.sampled_from(contents_of([(1, PersonNumber(3), Marked(LINES[0], Channel.HOME))])),
        max_size=4,
    )
)
def test_columns_hold_what_plain_marks_hold_and_nothing_else(contents: list[bytes]) -> None:
    columns = mark_columns.columns_of(contents, 1)
    each = plain_marks.all_plain(contents) if contents else None
    assert (columns is None) == (each is None)
    if columns is not None and each is not None:
        rows = list(zip(columns.at.tolist(), columns.actor.tolist(), columns.line.tolist(), strict=True))
        assert rows == [(mark.at, mark.actor, mark.line) for mark in each]
        assert columns.contents == b"".join(contents)


@given(st.integers(0, 2**63 - 1), st.integers(0, 999), st.sampled_from(STRANGE), channels)
def test_a_plain_mark_is_the_entry_that_its_bytes_decode_to(
    at: int, actor: int, line: LineId, channel: Channel
) -> None:
    entry = Entry(HybridTime(at), PersonNumber(actor), Marked(line, channel))
    found = plain_marks.plain_mark(encode_entry(entry))
    is_plain = at >= 2**32 and actor < 24 and line >= 2**32
    assert (found is not None) == is_plain
    number = list(types.CHANNELS).index(channel)
    assert plain_marks.encode_mark(at, actor, line, number) == encode_entry(entry)
    if found is not None:
        assert found.entry == entry


@given(st.binary(min_size=23, max_size=23) | st.binary(min_size=21, max_size=21).map(lambda rest: b"\x84\x01" + rest))
def test_any_bytes_that_pass_for_a_plain_mark_are_one(content: bytes) -> None:
    found = plain_marks.plain_mark(content)
    if found is not None:
        assert decode_entry(content) == found.entry


def test_each_byte_of_a_plain_mark_changed_is_another_mark_or_no_plain_one() -> None:
    entry = Entry(HybridTime(T0), PersonNumber(3), Marked(LINES[0], Channel.STATION))
    content = encode_entry(entry)
    for place, value in itertools.product(range(len(content)), range(256)):
        changed = content[:place] + bytes([value]) + content[place + 1 :]
        found = plain_marks.plain_mark(changed)
        try:
            decoded_to = decode_entry(changed)
        except InputInvalid:
            assert found is None
            continue
        assert found is None or found.entry == decoded_to


def test_each_kind_of_bad_mark_in_a_run_is_told_by_its_own_name() -> None:
    def mark(at: int, actor: int, line: LineId) -> bytes:
        return encode_entry(Entry(HybridTime(T0 + at), PersonNumber(actor), Marked(line, Channel.STATION)))

    contents = [
        mark(1, 3, LINES[0]),
        mark(2, 3, LINES[0]),
        mark(2, 3, LINES[11]),
        mark(1, 3, LINES[1]),
        mark(3, 9, LINES[1]),
        mark(3, 0, LINES[1]),
        mark(3, 3, LINES[1]),
    ]
    view = view_of({"days": {"2026-12-20"}, "is_closed": False, "is_forked": False}, {})
    taken = runs.take(view, ISSUED, True, 2, runs.read_batch(contents))
    assert taken.quarantined == [
        None,
        Anomaly.SECOND_MARK,
        Anomaly.UNKNOWN_LINE,
        Anomaly.TIME_WENT_BACK,
        Anomaly.UNKNOWN_PERSON,
        Anomaly.NOBODY_SIGNED_IN,
        None,
    ]
    assert set(taken.fresh) == {LINES[0], LINES[1]}
    for change, expected in (
        ({"is_closed": True}, Anomaly.BOOK_CLOSED),
        ({"is_forked": True}, Anomaly.FORK),
        ({"days": set()}, Anomaly.DAY_NOT_OPEN),
    ):
        refusing = replace(view, last_at=HybridTime(T0), **change)  # type: ignore[arg-type]
        assert runs.take(refusing, ISSUED, True, 2, runs.read_batch(contents[:1])).quarantined == [expected]
    assert (
        effects.Anomaly.LINE_NOT_HERE
        in runs.take(replace(view, last_at=HybridTime(T0)), ISSUED, False, 2, runs.read_batch(contents[:1])).quarantined
    )
