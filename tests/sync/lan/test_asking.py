"""One line asked of several desks: the one that sends it is right; else the most telling refusal is the answer."""

from __future__ import annotations

from itertools import permutations

from pollbook.clock import HybridTime
from pollbook.failures import Failure
from pollbook.types import EntryNumber, LineId
from sync.lan.asking import Fetched, LineAsk, NotFetched
from sync.lan.conversation import Answer
from sync.lan.messages import LineStanding, Refusal, Standing, Statuses
from sync.lan.neighbourly import Taken

LINE = LineId(7)
TAKEN = Taken(bytes(8), EntryNumber(3), (LINE,))


def asked(answers: dict[int, Answer], away: tuple[int, ...] = ()) -> list[Fetched | NotFetched]:
    told: list[Fetched | NotFetched] = []
    ask = LineAsk(LINE, told.append)
    ask.begin(tuple(answers), away)
    for desk, answer in answers.items():
        ask.answered(desk, answer)
    return told


def refusal(failure: Failure, standing: Standing = Standing.UNKNOWN, desk: int = 0, at: int = 0) -> Refusal:
    return Refusal(1, failure, LineStanding(LINE, standing, desk, HybridTime(at)))


def failure_told(told: list[Fetched | NotFetched]) -> tuple[Failure, int]:
    (outcome,) = told
    assert isinstance(outcome, NotFetched)
    assert outcome.refused.facts == ({"desk": outcome.desk} if outcome.desk else {})
    return outcome.refused.failure, outcome.desk


def test_the_desk_that_sends_the_line_ends_the_asking_whatever_the_others_say_later() -> None:
    not_held = refusal(Failure.LINE_NOT_HELD)
    assert asked({2: not_held, 3: TAKEN, 4: not_held}) == [Fetched(LINE, EntryNumber(3), 3)]
    assert asked({3: TAKEN, 2: refusal(Failure.ALREADY_MARKED)}) == [Fetched(LINE, EntryNumber(3), 3)]


def test_the_most_telling_refusal_is_told_in_whatever_order_they_come() -> None:
    answers: dict[int, Answer] = {
        2: refusal(Failure.LINE_NOT_HELD),
        3: refusal(Failure.ALREADY_MARKED, Standing.MARKED, at=99),
        4: Failure.NEIGHBOUR_SLOW,
    }
    for order in permutations(answers):
        told = asked({desk: answers[desk] for desk in order}, away=(5,))
        assert failure_told(told) == (Failure.ALREADY_MARKED, 3)
        assert isinstance(told[0], NotFetched)
        assert told[0].at == 99


def test_a_desk_that_is_away_with_the_page_comes_before_those_that_do_not_hold_it() -> None:
    assert failure_told(asked({2: refusal(Failure.LINE_NOT_HELD)}, away=(3,))) == (Failure.NEIGHBOUR_AWAY, 3)


def test_a_line_open_elsewhere_is_named_as_the_asking_desk_sees_it() -> None:
    assert failure_told(asked({2: refusal(Failure.LINE_OPEN, Standing.OPEN)})) == (Failure.LINE_OPEN_ELSEWHERE, 2)


def test_a_line_released_to_a_third_desk_names_that_one() -> None:
    told = asked({2: refusal(Failure.LINE_RELEASED, Standing.RELEASED, desk=4)})
    assert failure_told(told) == (Failure.LINE_RELEASED, 4)


def test_a_full_disk_there_is_told_and_not_hidden_by_those_that_do_not_hold_it() -> None:
    told = asked({2: refusal(Failure.DISK_FULL), 3: refusal(Failure.LINE_NOT_HELD)})
    assert failure_told(told) == (Failure.DISK_FULL, 2)


def test_a_desk_that_sends_another_line_is_not_understood() -> None:
    other = Taken(bytes(8), EntryNumber(3), (LineId(8),))
    assert failure_told(asked({2: other})) == (Failure.NEIGHBOUR_NOT_UNDERSTOOD, 2)
    assert failure_told(asked({2: Statuses(1, ())})) == (Failure.NEIGHBOUR_NOT_UNDERSTOOD, 2)


def test_nobody_there_is_answered_at_once() -> None:
    assert failure_told(asked({})) == (Failure.LINE_NOT_HELD, 0)
    assert failure_told(asked({}, away=(2,))) == (Failure.NEIGHBOUR_AWAY, 2)
