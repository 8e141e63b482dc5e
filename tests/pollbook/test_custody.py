from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from pollbook import acts, custody, line_state, permission
from pollbook.clock import HybridTime
from pollbook.effects import Anomaly, DayChanged, KeyChanged, LineChanged, LinesChanged
from pollbook.entries import DayOpened, Entry, KeyBound, Marked, MarkVoided
from pollbook.line_state import UNMARKED, LineState, Status
from pollbook.permission import Refusal
from pollbook.signing import SigningKey
from pollbook.two_officers import OfficerSignature
from pollbook.types import MACHINE, Channel, EntryNumber, LineId, PersonNumber
from tests.making import CHAIR, DEPUTY, OPERATOR, SECRETARY
from tests.pollbook.custody_view import LINE, OTHER, View

ELECTION_DAY = date(2026, 12, 20)
ADULT = date(1990, 1, 1)


def test_a_held_line_may_be_marked_once() -> None:
    view = View()
    assert permission.may_mark(view.line(LINE), ADULT, ELECTION_DAY) is None
    effect = view.enter(Marked(LINE, Channel.STATION))
    assert effect == LinesChanged(((LINE, view.states[LINE]),))
    assert view.states[LINE].status is Status.MARKED
    assert permission.may_mark(view.line(LINE), ADULT, ELECTION_DAY) is Refusal.ALREADY_MARKED
    assert view.enter(Marked(LINE, Channel.HOME)) is Anomaly.SECOND_MARK


def test_rule_1_a_line_outside_the_slice_cannot_be_marked() -> None:
    view = View()
    assert permission.may_mark(view.line(LineId(99)), ADULT, ELECTION_DAY) is Refusal.LINE_NOT_HELD
    assert view.enter(Marked(LineId(99), Channel.STATION)) is Anomaly.UNKNOWN_LINE


def test_rule_7_a_void_undoes_the_mark_it_names_and_keeps_the_history() -> None:
    view = View()
    view.enter(Marked(LINE, Channel.STATION))
    effect = view.enter(view.void(LINE, 2))
    assert effect == LineChanged(LINE, LineState(None, (EntryNumber(3),)))
    assert permission.may_mark(view.line(LINE), ADULT, ELECTION_DAY) is None
    view.enter(Marked(LINE, Channel.STATION))
    assert view.states[LINE].voids == (3,)
    assert view.enter(view.void(LINE, 2)) is Anomaly.VOID_WITHOUT_MARK


def test_a_void_of_an_unmarked_line_is_an_anomaly() -> None:
    view = View()
    assert permission.may_void(view.line(LINE)) is Refusal.NOT_MARKED
    assert permission.may_void(None) is Refusal.LINE_NOT_HELD
    assert view.enter(view.void(LINE, 2)) is Anomaly.VOID_WITHOUT_MARK
    assert view.enter(view.void(LineId(99), 1)) is Anomaly.UNKNOWN_LINE


def test_a_void_without_two_proven_officers_is_an_anomaly() -> None:
    view = View()
    view.enter(Marked(LINE, Channel.STATION))
    good = view.void(LINE, 2)
    one, other = good.officers
    forged = OfficerSignature(other.person, bytes(64))
    assert view.enter(MarkVoided(LINE, good.mark, good.reason, (one, one))) is Anomaly.OFFICERS_NOT_PROVEN
    assert view.enter(MarkVoided(LINE, good.mark, good.reason, (one, forged))) is Anomaly.OFFICERS_NOT_PROVEN
    assert view.enter(MarkVoided(LINE, good.mark, "boshqa sabab", good.officers)) is Anomaly.OFFICERS_NOT_PROVEN
    assert isinstance(view.enter(good), LinesChanged)


def test_time_that_goes_back_is_an_anomaly() -> None:
    view = View()
    view.last_at = HybridTime(100)
    entry = Entry(HybridTime(100), OPERATOR, Marked(LINE, Channel.STATION))
    assert custody.apply(view, EntryNumber(2), entry) is Anomaly.TIME_WENT_BACK


def test_an_unknown_actor_is_an_anomaly() -> None:
    entry = Entry(HybridTime(1), PersonNumber(77), Marked(LINE, Channel.STATION))
    assert custody.apply(View(), EntryNumber(2), entry) is Anomaly.UNKNOWN_PERSON


def test_rule_15_a_mark_by_the_machine_or_on_a_day_that_nobody_opened_is_an_anomaly() -> None:
    by_machine = Entry(HybridTime(1), MACHINE, Marked(LINE, Channel.STATION))
    assert custody.apply(View(), EntryNumber(2), by_machine) is Anomaly.NOBODY_SIGNED_IN
    closed = View(days=())
    assert closed.enter(Marked(LINE, Channel.STATION)) is Anomaly.DAY_NOT_OPEN
    assert closed.enter(closed.void(LINE, 1)) is Anomaly.DAY_NOT_OPEN


def test_who_may_act_is_asked_before_the_line_is() -> None:
    days = ("2026-12-20",)
    assert permission.may_act(OPERATOR, days, None) is None
    assert permission.may_act(MACHINE, days, None) is Refusal.NOT_SIGNED_IN
    assert permission.may_act(OPERATOR, (), None) is Refusal.DAY_NOT_OPEN
    assert permission.may_act(OPERATOR, days, Refusal.LEDGER_BROKEN) is Refusal.LEDGER_BROKEN


def test_a_first_key_needs_no_officers_and_a_second_one_two() -> None:
    new = SigningKey.generate().public
    before_the_first_day = View(days=())
    assert before_the_first_day.enter(KeyBound(OPERATOR, new)) == KeyChanged(OPERATOR, new)
    view = View()
    assert view.enter(KeyBound(OPERATOR, new)) is Anomaly.OFFICERS_NOT_PROVEN
    assert view.enter(KeyBound(CHAIR, new)) is Anomaly.OFFICERS_NOT_PROVEN
    assert view.enter(KeyBound(PersonNumber(77), new)) is Anomaly.UNKNOWN_PERSON
    message = acts.key_bytes(view.start, CHAIR, new)
    officers = acts.sign_act(message, *view.signers(DEPUTY, SECRETARY))
    assert view.enter(KeyBound(CHAIR, new, officers)) == KeyChanged(CHAIR, new)


def test_the_day_is_opened_by_two_officers_only() -> None:
    view = View()
    message = acts.opening_bytes(view.start, "2026-12-20")
    officers = view.act(message)
    assert view.enter(DayOpened("2026-12-20", officers)) == DayChanged("2026-12-20")
    assert view.enter(DayOpened("2026-12-21", officers)) is Anomaly.OFFICERS_NOT_PROVEN


def test_a_voter_who_turns_eighteen_on_the_day_may_vote_and_a_day_later_not() -> None:
    assert permission.is_of_age(date(2008, 12, 20), ELECTION_DAY)
    assert not permission.is_of_age(date(2008, 12, 21), ELECTION_DAY)
    assert permission.may_mark(UNMARKED, date(2008, 12, 21), ELECTION_DAY) is Refusal.NOT_OLD_ENOUGH
    assert not permission.is_of_age(date(2008, 2, 29), date(2026, 2, 28))
    assert permission.is_of_age(date(2008, 2, 29), date(2026, 3, 1))


@given(
    st.lists(st.tuples(st.integers(1, 10**6), st.integers(0, 50), st.lists(st.integers(1, 50), max_size=2)), max_size=9)
)
def test_a_digest_does_not_depend_on_order_and_ignores_untouched_lines(raw: list[tuple[int, int, list[int]]]) -> None:
    def state(mark: int, voids: list[int]) -> LineState:
        made = line_state.Mark(EntryNumber(mark), Channel.STATION, HybridTime(1), OPERATOR) if mark else None
        return LineState(made, tuple(EntryNumber(number) for number in voids))

    states = {LineId(line): state(mark, voids) for line, mark, voids in raw}
    forward = line_state.digest(states.items())
    touched = [(line, value) for line, value in states.items() if value != UNMARKED]
    assert line_state.digest(reversed(states.items())) == forward
    assert line_state.digest(touched) == forward
    if touched:
        assert line_state.digest(touched[1:]) != forward


class TwoLines(RuleBasedStateMachine):
    """Whatever is entered in whatever order, a line has at most one effective mark and its history adds up."""

    def __init__(self) -> None:
        super().__init__()
        self.view = View()
        self.marks = {LINE: 0, OTHER: 0}
        self.voids = {LINE: 0, OTHER: 0}

    @rule(line=st.sampled_from([LINE, OTHER]), channel=st.sampled_from(Channel))
    def mark(self, line: LineId, channel: Channel) -> None:
        if isinstance(self.view.enter(Marked(line, channel)), LinesChanged):
            self.marks[line] += 1

    @rule(line=st.sampled_from([LINE, OTHER]), mark=st.integers(1, 12))
    def void(self, line: LineId, mark: int) -> None:
        if isinstance(self.view.enter(self.view.void(line, mark)), LinesChanged):
            self.voids[line] += 1

    @invariant()
    def at_most_one_effective_mark(self) -> None:
        for line, state in self.view.states.items():
            assert self.marks[line] - self.voids[line] == (state.mark is not None)
            assert len(state.voids) == self.voids[line]


TestTwoLines = TwoLines.TestCase
