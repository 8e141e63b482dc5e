from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pollbook.failures import Failure
from sync import budget
from sync.backoff import CAP_S, COME_BACK_MAX_S, COME_BACK_MIN_S, FIRST_S, HOPELESS_S, WAIT_MIN_S, Backoff
from sync.budget import BYTES_PER_HOUR_MIN, UNLIMITED, Budget
from sync.pace import (
    BATCH_BYTES_MAX,
    BATCH_BYTES_MIN,
    INTERVAL_HURRIED_S,
    INTERVAL_MAX_S,
    INTERVAL_MIN_S,
    INTERVAL_OVER_BUDGET_S,
    PROBE_S,
    SILENCE_MIN_S,
    Pace,
    Patience,
    Rhythm,
    interval_s,
)

AWAY = Failure.REGISTER_UNREACHABLE


def test_the_ceiling_doubles_and_stops_growing() -> None:
    backoff = Backoff()
    assert [backoff.after_failure(AWAY, 0, 1.0) for _ in range(7)] == [FIRST_S, 8, 16, 32, CAP_S, CAP_S, CAP_S]


def test_the_jitter_is_full_but_never_a_hammer() -> None:
    backoff = Backoff(failures=10)
    assert backoff.after_failure(AWAY, 0, 0.0) == WAIT_MIN_S
    assert backoff.after_failure(AWAY, 0, 0.5) == CAP_S / 2


def test_a_success_begins_anew() -> None:
    backoff = Backoff(failures=10)
    backoff.after_success(30, 0.0)
    assert backoff.after_failure(AWAY, 0, 1.0) == FIRST_S


def test_what_the_register_asks_for_is_honoured_within_limits() -> None:
    assert Backoff().after_failure(Failure.REGISTER_BUSY, 90, 0.0) == 90
    assert Backoff().after_failure(Failure.REGISTER_BUSY, 10**9, 0.0) == COME_BACK_MAX_S
    assert Backoff().after_success(30, 0.0) == 30
    assert Backoff().after_success(1, 0.0) == COME_BACK_MIN_S
    assert Backoff().after_success(10**6, 0.0) == COME_BACK_MAX_S
    assert Backoff().after_success(None, 0.0) == Backoff().after_success(0, 0.0) > COME_BACK_MIN_S


def test_what_only_people_can_mend_is_tried_seldom() -> None:
    assert Backoff().after_failure(Failure.BOOK_REVOKED, 0, 0.0) == HOPELESS_S
    assert Backoff().after_failure(Failure.LEDGER_BROKEN, 0, 0.0) == HOPELESS_S
    assert Backoff().after_failure(Failure.BOOK_IN_USE, 0, 1.0) == FIRST_S


@given(st.lists(st.sampled_from(list(Failure)), max_size=60), st.integers(-5, 10**9), st.floats(0, 1))
def test_every_wait_is_bounded(failures: list[Failure], retry_after_s: int, draw: float) -> None:
    backoff = Backoff()
    for failure in failures:
        assert WAIT_MIN_S <= backoff.after_failure(failure, retry_after_s, draw) <= COME_BACK_MAX_S * 1.2


def test_a_batch_is_what_the_link_carries_in_five_seconds() -> None:
    pace = Pace(Patience())
    pace.note_handshake(0.6)
    pace.note_exchange(16_000, 0.6 + 1.0)
    assert pace.batch_bytes() == 80_000


def test_failures_halve_the_batch_down_to_a_floor_and_successes_grow_it_again() -> None:
    pace = Pace(Patience())
    before = pace.batch_bytes()
    pace.note_failure()
    assert pace.batch_bytes() == before // 2
    for _ in range(50):
        pace.note_failure()
    assert pace.batch_bytes() == BATCH_BYTES_MIN
    for _ in range(50):
        pace.note_exchange(100_000, 0.01)
    assert pace.batch_bytes() == BATCH_BYTES_MAX


def test_time_outs_follow_the_round_trip_and_the_size() -> None:
    pace = Pace(Patience())
    unknown = pace.time_outs(0)
    pace.note_handshake(0.01)
    assert pace.time_outs(0).connect_s < unknown.connect_s
    assert pace.time_outs(100_000).silence_s > pace.time_outs(0).silence_s + 90
    assert pace.body_s(1_000_000) > 900


@given(st.lists(st.tuples(st.integers(0, 10**9), st.floats(0, 10**5)), max_size=30))
def test_whatever_was_measured_batches_and_time_outs_stay_in_bounds(measured: list[tuple[int, float]]) -> None:
    pace = Pace(Patience())
    for moved, seconds in measured:
        pace.note_exchange(moved, seconds)
        assert BATCH_BYTES_MIN <= pace.batch_bytes() <= BATCH_BYTES_MAX
        assert 5 <= pace.time_outs(0).connect_s <= 15


def test_a_measured_link_is_broken_after_a_shorter_silence_and_a_slow_register_is_waited_for() -> None:
    pace = Pace(Patience())
    pace.note_handshake(0.6)
    pace.note_exchange(16_000, 0.6 + 1.0)
    assert pace.time_outs(0).silence_s == SILENCE_MIN_S
    borne = []
    for _ in range(4):
        pace.note_failure()
        borne.append(pace.time_outs(0).silence_s)
    assert borne == [10, 15, 15, 15]
    pace.note_exchange(100, 0.6)
    assert pace.time_outs(0).silence_s == SILENCE_MIN_S
    pace.note_exchange(100, 4.0)
    assert pace.time_outs(0).silence_s > 6 * 2.0


def test_a_broken_link_is_asked_for_at_short_intervals() -> None:
    pace = Pace(Patience())
    assert pace.probe(pace.time_outs(0)).connect_s == PROBE_S
    pace.note_handshake(2.0)
    assert pace.probe(pace.time_outs(0)).connect_s == 4 * 2.0


def test_batches_follow_the_link_through_an_outage() -> None:
    pace = Pace(Patience())
    pace.note_handshake(0.6)
    for _ in range(6):
        pace.note_exchange(40_000, 0.6 + 5.0)
    usual = pace.batch_bytes()
    for _ in range(5):
        pace.note_failure()
    assert pace.batch_bytes() == max(usual >> 5, BATCH_BYTES_MIN)
    for _ in range(5):
        pace.note_exchange(pace.batch_bytes(), 0.6 + pace.batch_bytes() / 8000)
    assert pace.batch_bytes() == pytest.approx(usual, rel=0.05)


def test_a_good_link_is_polled_every_few_seconds_and_a_slow_one_less_often() -> None:
    assert interval_s(Rhythm(asked_s=0, round_trip_s=0.02)) == INTERVAL_MIN_S
    assert interval_s(Rhythm(asked_s=0, round_trip_s=0.6)) == 12
    assert interval_s(Rhythm(asked_s=0, round_trip_s=9.0)) == INTERVAL_MAX_S
    assert interval_s(Rhythm(asked_s=None, round_trip_s=None)) == INTERVAL_MAX_S


SATELLITES_S = (0.48, 0.6, 0.75, 1.4)
"""Round trips: the least that the way to a geostationary orbit takes, the usual, and with queues on the way."""
POLL_BYTES = 800
"""A poll without news is 705 to 760 B on the link with all layers (docs/evidence/wire.md)."""
CONNECTION_BYTES = 4_000


def polls_of_an_hour(round_trip_s: float, asked_s: int, metered: Budget = UNLIMITED) -> int:
    """From the program's start on, nothing happens and chance draws the shortest of all waits."""
    backoff, polls, now_s = Backoff(), 0, 0.0
    while now_s < 3600:
        polls += 1
        quiet_s = backoff.quiet_s(now_s, has_news=False)
        rhythm = Rhythm(asked_s, round_trip_s, quiet_s=quiet_s, metered_s=metered.polls_every_s())
        now_s += backoff.after_success(interval_s(rhythm), 0.0)
    return polls


@pytest.mark.parametrize("asked_s", [0, 30])
@pytest.mark.parametrize("round_trip_s", SATELLITES_S)
def test_an_idle_hour_on_a_satellite_stays_within_60_kilobytes_by_itself(round_trip_s: float, asked_s: int) -> None:
    assert polls_of_an_hour(round_trip_s, asked_s) * POLL_BYTES + CONNECTION_BYTES <= 60_000


def test_a_good_link_is_never_calm() -> None:
    assert interval_s(Rhythm(asked_s=0, round_trip_s=0.25, quiet_s=3600)) == INTERVAL_MIN_S


@given(st.floats(0, 3), st.floats(0, 10**6), st.floats(0, 10**6))
def test_the_longer_a_link_was_quiet_the_longer_is_waited_up_to_a_minute(
    round_trip_s: float, quiet_s: float, longer_s: float
) -> None:
    fresh, quiet, longer = (
        interval_s(Rhythm(0, round_trip_s, quiet_s=each)) for each in (0.0, quiet_s, quiet_s + longer_s)
    )
    assert fresh <= quiet <= longer <= INTERVAL_MAX_S
    assert quiet <= max(fresh, quiet_s / 2), "news of a minute ago are no reason to wait for a minute"


def test_quiet_is_counted_from_the_start_and_from_each_news() -> None:
    backoff = Backoff()
    assert [backoff.quiet_s(at_s, has_news=at_s == 130.0) for at_s in (100.0, 125.0, 130.0, 190.0)] == [0, 25, 0, 60]


@given(st.integers(BYTES_PER_HOUR_MIN, 10**7), st.sampled_from((0.02, *SATELLITES_S)))
def test_an_idle_hour_on_a_metered_link_leaves_half_of_its_bytes(per_hour: int, round_trip_s: float) -> None:
    polls = polls_of_an_hour(round_trip_s, 0, Budget(per_hour))
    seldom = 3600 / INTERVAL_OVER_BUDGET_S
    assert polls - 1 <= max(per_hour / 2 / budget.POLL_BYTES, seldom)


def test_a_claim_on_a_metered_link_is_still_asked_after_at_once() -> None:
    rhythm = Rhythm(0, 0.6, is_hurried=True, quiet_s=500, metered_s=Budget(BYTES_PER_HOUR_MIN).polls_every_s())
    assert interval_s(rhythm) == pytest.approx(2.4)


def test_the_register_s_wish_is_waited_for_but_not_while_a_claim_is_open() -> None:
    assert interval_s(Rhythm(asked_s=30, round_trip_s=0.02)) == 30
    assert interval_s(Rhythm(asked_s=30, round_trip_s=0.02, is_hurried=True)) == INTERVAL_HURRIED_S
    assert interval_s(Rhythm(asked_s=3600, round_trip_s=1.0, is_hurried=True)) == 4


def test_an_hour_that_is_spent_is_polled_for_seldom_and_a_claim_still_at_once() -> None:
    spent = Rhythm(asked_s=30, round_trip_s=0.02, is_over_budget=True)
    assert interval_s(spent) == INTERVAL_OVER_BUDGET_S
    assert interval_s(replace(spent, is_hurried=True)) == INTERVAL_HURRIED_S


@given(
    st.builds(
        Rhythm,
        st.none() | st.integers(0, COME_BACK_MAX_S),
        st.none() | st.floats(0, 10**4),
        st.booleans(),
        st.booleans(),
        st.floats(0, 10**6),
        st.floats(0, 10**4),
    )
)
def test_every_interval_is_bounded_and_hurry_never_makes_it_longer(rhythm: Rhythm) -> None:
    calm, hurried = (interval_s(replace(rhythm, is_hurried=is_hurried)) for is_hurried in (False, True))
    assert INTERVAL_HURRIED_S <= hurried <= max(calm, INTERVAL_HURRIED_S)
    assert INTERVAL_MIN_S <= calm <= COME_BACK_MAX_S


def test_ten_thousand_stations_that_lost_the_register_together_do_not_come_back_together() -> None:
    draw = random.Random(20).random
    waits = sorted(Backoff(failures=10).after_failure(AWAY, 0, draw()) for _ in range(10_260))
    busiest = max(sum(begin <= wait < begin + 1 for wait in waits) for begin in range(61))
    assert busiest < 3 * len(waits) / CAP_S
    asked = [Backoff().after_failure(Failure.REGISTER_BUSY, 60, draw()) for _ in range(10_260)]
    assert min(asked) >= 60
    assert max(asked) - min(asked) > 10
