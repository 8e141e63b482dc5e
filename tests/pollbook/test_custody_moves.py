"""The rules of custody for lines that move: each rule by its number, and any order of moves as a state machine."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from pollbook import acts
from pollbook.effects import Anomaly, LinesChanged
from pollbook.entries import (
    AnnexAdded,
    BookClosed,
    LineAccepted,
    LineReleased,
    Marked,
    Outcome,
    ProvisionalResolved,
    RowSeen,
    SliceReceived,
    TailReceived,
    TookOver,
)
from pollbook.ledger import Head, sign_head, successor_origin
from pollbook.line_state import ELSEWHERE, UNMARKED, LineState, Place, Proof, Status
from pollbook.permission import PAPER_MAX_S, Lock, Refusal, Safety, may_accept, may_mark, may_release
from pollbook.releases import MovedLine, Release, sign_release
from pollbook.signing import SigningKey
from pollbook.tails import TailChange, TailLine
from pollbook.types import MACHINE, Channel, ElectionId, EntryNumber, LineId
from tests.pollbook.custody_view import ELECTION, LINE, OTHER, REGISTER_KEY, SLICE, View, name_of
from tests.pollbook.test_custody import ADULT, ELECTION_DAY

KEYS = [SigningKey.from_seed(bytes([seed]) * 32) for seed in range(1, 5)]
THERE = name_of(KEYS[0])
SAFE = Safety(EntryNumber(10**6))


def released(view: View, release: Release) -> LineReleased:
    assert release.sender == view.identity.name
    return LineReleased(release.receiver, release.lines, release.signature)


def accepted(sender: View, release: Release) -> LineAccepted:
    return LineAccepted(release, sender.key.public)


def test_rule_3_a_released_line_is_nobody_s_until_its_receiver_accepts_it_once() -> None:
    here, there = View(), View(KEYS[0], lines=())
    release = here.release_to(there.identity.name, (LINE, 1))
    assert isinstance(here.enter(released(here, release)), LinesChanged)
    assert here.states[LINE].status is Status.RELEASED
    assert here.enter(Marked(LINE, Channel.STATION)) is Anomaly.LINE_NOT_HERE
    assert isinstance(there.enter(accepted(here, release), MACHINE), LinesChanged)
    assert there.states[LINE] == LineState(custody=1, since=EntryNumber(2))
    assert there.enter(accepted(here, release)) is Anomaly.CUSTODY_BROKEN
    assert isinstance(there.enter(Marked(LINE, Channel.STATION)), LinesChanged)
    assert here.enter(accepted(here, release)) is Anomaly.RELEASE_NOT_OURS


def test_rule_3_another_book_a_changed_line_and_a_forged_sender_are_refused() -> None:
    here, there, stranger = View(), View(KEYS[0], lines=()), View(KEYS[1], lines=())
    release = here.release_to(there.identity.name, (LINE, 1))
    assert stranger.enter(accepted(here, release)) is Anomaly.RELEASE_NOT_OURS
    changed = replace(release, lines=(MovedLine(OTHER, 1),))
    assert there.enter(accepted(here, changed)) is Anomaly.RELEASE_NOT_PROVEN
    raised = replace(release, lines=(MovedLine(LINE, 2),))
    assert there.enter(accepted(here, raised)) is Anomaly.RELEASE_NOT_PROVEN
    assert there.enter(LineAccepted(release, stranger.key.public)) is Anomaly.RELEASE_NOT_PROVEN
    readdressed = replace(release, receiver=stranger.identity.name)
    assert stranger.enter(accepted(here, readdressed)) is Anomaly.RELEASE_NOT_PROVEN


def test_a_release_says_the_next_custody_number_of_lines_that_are_here_and_unmarked() -> None:
    here = View()
    assert here.enter(released(here, here.release_to(THERE, (LINE, 2)))) is Anomaly.CUSTODY_BROKEN
    assert here.enter(released(here, here.release_to(THERE, (LineId(99), 1)))) is Anomaly.UNKNOWN_LINE
    assert here.enter(released(here, here.release_to(here.identity.name, (LINE, 1)))) is Anomaly.RELEASE_NOT_OURS
    here.enter(Marked(OTHER, Channel.STATION))
    both = here.release_to(THERE, (LINE, 1), (OTHER, 1))
    assert here.enter(released(here, both)) is Anomaly.LINE_NOT_HERE
    assert here.states[LINE] == UNMARKED  # all of a release or none
    forged = replace(here.release_to(THERE, (LINE, 1)), signature=bytes(64))
    assert here.enter(released(here, forged)) is Anomaly.RELEASE_NOT_PROVEN
    assert View(unmoved=ELSEWHERE).enter(released(here, here.release_to(THERE, (LINE, 1)))) is Anomaly.LINE_NOT_HERE


def test_only_the_receiver_can_give_a_line_back() -> None:
    here, there = View(), View(KEYS[0], lines=())
    away = here.release_to(there.identity.name, (LINE, 1))
    here.enter(released(here, away))
    there.enter(accepted(here, away))
    back = there.release_to(here.identity.name, (LINE, 2))
    there.enter(released(there, back))
    assert isinstance(here.enter(accepted(there, back)), LinesChanged)
    assert here.states[LINE].status is Status.HELD
    assert here.states[LINE].custody == 2


def test_rule_4_a_line_that_came_is_marked_once_its_arrival_is_safe() -> None:
    state = LineState(custody=1, since=EntryNumber(7))
    assert may_mark(state, ADULT, ELECTION_DAY, Safety(EntryNumber(6))) is Refusal.LINE_ARRIVING
    assert may_mark(state, ADULT, ELECTION_DAY, Safety(EntryNumber(7))) is None
    assert may_mark(state, ADULT, ELECTION_DAY, Safety(EntryNumber(0), EntryNumber(7))) is None
    assert may_release(state, None, Safety(EntryNumber(6)), 0) is Refusal.LINE_ARRIVING


def test_rule_6_a_line_at_a_table_with_a_team_or_of_a_station_on_paper_stays() -> None:
    assert may_release(UNMARKED, None, SAFE, 0) is None
    assert may_release(UNMARKED, Lock.OPEN, SAFE, 0) is Refusal.LINE_OPEN
    assert may_release(UNMARKED, Lock.TEAM, SAFE, 0) is Refusal.LINE_WITH_TEAM
    on_paper = replace(SAFE, paper_since_s=1000)
    assert may_release(UNMARKED, None, on_paper, 1000 + PAPER_MAX_S - 1) is None
    assert may_release(UNMARKED, None, on_paper, 1000 + PAPER_MAX_S) is Refusal.ON_PAPER


def test_rule_7_a_line_stays_until_the_void_is_acknowledged_and_not_only_mirrored() -> None:
    voided = LineState(voids=(EntryNumber(9),))
    assert may_release(voided, None, Safety(EntryNumber(8), EntryNumber(9)), 0) is Refusal.VOID_WAITS
    assert may_release(voided, None, Safety(EntryNumber(9)), 0) is None


def test_what_may_be_accepted_is_asked_before_anything_is_written() -> None:
    assert may_accept(None, 1) is None
    assert may_accept(ELSEWHERE, 1) is None
    assert may_accept(UNMARKED, 1) is Refusal.RELEASE_USED
    gone = LineState(place=Place.RELEASED, custody=3)
    assert may_accept(gone, 3) is Refusal.RELEASE_USED
    assert may_accept(gone, 4) is None


def test_rule_13_a_provisional_line_is_never_marked_and_resolved_as_the_register_says() -> None:
    view, line = View(), LineId(77)
    assert isinstance(view.enter(AnnexAdded(line, True, "E-1", b"sealed")), LinesChanged)
    assert view.enter(AnnexAdded(line, True, "E-1", b"sealed")) is Anomaly.CUSTODY_BROKEN
    assert view.enter(Marked(line, Channel.STATION)) is Anomaly.LINE_NOT_HERE
    message = acts.resolving_bytes(view.start, line, Outcome.COUNTED, EntryNumber(5))
    resolved = ProvisionalResolved(line, Outcome.COUNTED, EntryNumber(5), view.act(message))
    assert view.enter(resolved) is Anomaly.NOT_ADJUDICATED
    view.adjudications = {line: (EntryNumber(5), Outcome.NOT_COUNTED)}
    assert view.enter(resolved) is Anomaly.NOT_ADJUDICATED
    view.adjudications = {line: (EntryNumber(5), Outcome.COUNTED)}
    assert isinstance(view.enter(resolved), LinesChanged)
    assert view.enter(resolved) is Anomaly.UNKNOWN_LINE
    assert view.enter(AnnexAdded(LINE, False, "", b"")) is Anomaly.LINE_NOT_HERE


def test_rule_13_what_the_register_signed_of_an_envelope_stands_whatever_it_says_later() -> None:
    view, line, number = View(), LineId(77), EntryNumber(5)
    view.enter(AnnexAdded(line, True, "E-1", b"sealed"))
    officers = view.act(acts.resolving_bytes(view.start, line, Outcome.COUNTED, number))
    view.adjudications = {line: (EntryNumber(6), Outcome.NOT_COUNTED)}
    for election, of, outcome, said, key in (
        ("other", line, Outcome.COUNTED, number, REGISTER_KEY),
        (ELECTION, LineId(78), Outcome.COUNTED, number, REGISTER_KEY),
        (ELECTION, line, Outcome.NOT_COUNTED, number, REGISTER_KEY),
        (ELECTION, line, Outcome.COUNTED, EntryNumber(6), REGISTER_KEY),
        (ELECTION, line, Outcome.COUNTED, number, view.key),
    ):
        word = key.sign(acts.adjudication_bytes(ElectionId(election), of, outcome, said))
        resolved = ProvisionalResolved(line, Outcome.COUNTED, number, officers, word)
        assert view.enter(resolved) is Anomaly.NOT_ADJUDICATED
    word = REGISTER_KEY.sign(acts.adjudication_bytes(ELECTION, line, Outcome.COUNTED, number))
    assert isinstance(view.enter(ProvisionalResolved(line, Outcome.COUNTED, number, officers, word)), LinesChanged)


def test_a_closed_book_enters_nothing_that_moves_or_marks() -> None:
    view = View()
    assert view.enter(BookClosed(view.act(b"something else"))) is Anomaly.OFFICERS_NOT_PROVEN
    view.enter(BookClosed(view.act(acts.closing_bytes(view.start))))
    assert view.enter(Marked(LINE, Channel.STATION)) is Anomaly.BOOK_CLOSED
    assert view.enter(released(view, view.release_to(THERE, (LINE, 1)))) is Anomaly.BOOK_CLOSED
    assert view.enter(BookClosed(view.act(acts.closing_bytes(view.start)))) is Anomaly.BOOK_CLOSED


def test_the_first_entry_says_where_a_book_comes_from_and_no_other_does() -> None:
    view = View()
    assert view.enter(SliceReceived(SLICE, 2, holds=True)) is Anomaly.OUT_OF_PLACE
    view.number = 0
    assert view.enter(Marked(LINE, Channel.STATION)) is Anomaly.OUT_OF_PLACE
    assert view.enter(SliceReceived(bytes([1]) * 32, 2, holds=True)) is Anomaly.OUT_OF_PLACE
    assert not isinstance(view.enter(SliceReceived(SLICE, 2, holds=True)), Anomaly)


def succeed(view: View) -> tuple[View, TookOver]:
    """The successor of `view`, and the entry by which it takes over."""
    new_key, old = KEYS[2], view.identity
    head = Head(EntryNumber(view.number), bytes([9]) * 32)
    name = name_of(new_key, 2)
    new_start = successor_origin(ELECTION, name, SLICE, head)
    took = TookOver(
        old.name,
        head,
        sign_head(view.start, head, view.key).signature,
        view.act(acts.takeover_bytes(new_start, old.name, head)),
    )
    identity = replace(
        old,
        name=name,
        public_key=new_key.public,
        predecessor=old.name,
        predecessor_start=view.start,
        predecessor_key=view.key.public,
        ancestors=frozenset({old.name}),
    )
    view.succeed(identity, new_start)
    view.key = new_key
    return view, took


def test_rule_9_lines_taken_over_are_unproven_until_the_tail_is_complete() -> None:
    old = View()
    old.enter(Marked(OTHER, Channel.STATION))
    new, took = succeed(old)
    changed = replace(took, signature=bytes(64))
    assert new.enter(changed) is Anomaly.TAKEOVER_NOT_PROVEN
    assert isinstance(new.enter(took), LinesChanged)
    assert (new.states[LINE].proof, new.states[OTHER].proof) == (Proof.UNPROVEN, Proof.PROVEN)
    assert new.enter(Marked(LINE, Channel.STATION)) is Anomaly.LINE_UNPROVEN
    assert new.enter(released(new, new.release_to(THERE, (LINE, 1)))) is Anomaly.LINE_UNPROVEN
    seen = RowSeen(LINE, new.act(acts.row_seen_bytes(new.start, LINE)))
    assert isinstance(new.enter(seen), LinesChanged)
    assert new.enter(released(new, new.release_to(THERE, (LINE, 1)))) is Anomaly.LINE_UNPROVEN
    assert isinstance(new.enter(Marked(LINE, Channel.STATION)), LinesChanged)


def test_rule_9_the_tail_is_the_register_s_own_word() -> None:
    new, took = succeed(View())
    new.enter(took)
    assert new.identity.predecessor is not None
    head = Head(EntryNumber(9), bytes(32))
    lines = (TailLine(LINE, TailChange.MARKED, EntryNumber(8)),)
    message = acts.tail_bytes(ELECTION, new.identity.predecessor, head, lines, is_complete=True)
    forged = TailReceived(head, lines, is_complete=True, signature=KEYS[3].sign(message))
    assert new.enter(forged, MACHINE) is Anomaly.TAIL_NOT_PROVEN
    told = TailReceived(head, lines, is_complete=True, signature=REGISTER_KEY.sign(message))
    assert isinstance(new.enter(told, MACHINE), LinesChanged)
    assert (new.states[LINE].status, new.states[OTHER].status) == (Status.MARKED, Status.HELD)
    assert View().enter(told, MACHINE) is Anomaly.OUT_OF_PLACE


def test_a_successor_accepts_what_was_addressed_to_the_book_before_it() -> None:
    sender, receiver = View(), View(KEYS[0], lines=())
    release = sender.release_to(receiver.identity.name, (LINE, 1))
    new, took = succeed(receiver)
    new.enter(took)
    assert isinstance(new.enter(accepted(sender, release)), LinesChanged)


class LinesAmongBooks(RuleBasedStateMachine):
    """Three books and two lines: in any order of releases, deliveries and marks a line has one holder."""

    def __init__(self) -> None:
        super().__init__()
        self.books = [View(), View(KEYS[0], lines=()), View(KEYS[1], lines=())]
        self.releases: list[tuple[View, Release]] = []

    @rule(
        sender=st.integers(0, 2),
        receiver=st.integers(0, 2),
        line=st.sampled_from([LINE, OTHER]),
        skip=st.integers(0, 2),
    )
    def release(self, sender: int, receiver: int, line: LineId, skip: int) -> None:
        book = self.books[sender]
        state = book.line(line)
        number = (state.custody if state else 0) + (0 if skip == 2 else 1)
        release = book.release_to(self.books[receiver].identity.name, (line, max(number, 1)))
        if not isinstance(book.enter(released(book, release)), Anomaly):
            self.releases.append((book, release))

    @rule(at=st.integers(0, 20), book=st.integers(0, 2))
    def deliver(self, at: int, book: int) -> None:
        if self.releases:
            sender, release = self.releases[at % len(self.releases)]
            self.books[book].enter(accepted(sender, release), MACHINE)

    @rule(book=st.integers(0, 2), line=st.sampled_from([LINE, OTHER]))
    def mark(self, book: int, line: LineId) -> None:
        self.books[book].enter(Marked(line, Channel.STATION))

    @invariant()
    def one_holder_and_one_mark_at_most(self) -> None:
        for line in (LINE, OTHER):
            states = [state for book in self.books if (state := book.line(line)) is not None]
            assert sum(state.place is Place.HERE for state in states) <= 1
            assert sum(state.mark is not None for state in states) <= 1


LinesAmongBooks.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestLinesAmongBooks = LinesAmongBooks.TestCase


@given(st.sets(st.integers(1, 2**62), min_size=1, max_size=200), st.integers(1, 9999))
def test_a_release_is_the_same_bytes_each_time_in_whatever_order_its_lines_come(lines: set[int], number: int) -> None:
    moved = [MovedLine(LineId(line), number) for line in lines]
    one = sign_release(ELECTION, name_of(KEYS[0]), name_of(KEYS[1]), tuple(moved), KEYS[0])
    other = sign_release(ELECTION, name_of(KEYS[0]), name_of(KEYS[1]), tuple(reversed(moved)), KEYS[0])
    assert one == other
