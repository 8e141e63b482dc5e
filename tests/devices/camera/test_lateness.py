"""A reader knows how far it is behind, whatever the two clocks show and however they go apart."""

from __future__ import annotations

import pytest

from devices.camera.lateness import LATE_S, LOST_S, Lateness


@pytest.mark.parametrize("origin_s", [-1e9, 0.0, 123.4, 1.8e9])
def test_a_reader_that_keeps_up_is_not_late_whenever_the_stream_began(origin_s: float) -> None:
    lateness = Lateness()
    assert all(lateness.of(origin_s + step / 25, 50 + step / 25) < 0.01 for step in range(1000))


def test_a_reader_that_takes_too_long_for_each_picture_is_late_and_then_lost() -> None:
    lateness = Lateness()
    late_s = [lateness.of(step / 25, step / 20) for step in range(400)]
    assert late_s == sorted(late_s)
    assert late_s[20] < LATE_S < late_s[40]
    assert late_s[-1] > LOST_S


def test_a_reader_that_has_caught_up_is_not_late_any_more() -> None:
    lateness = Lateness()
    lateness.of(0.0, 0.0)
    assert lateness.of(1.0, 3.0) == pytest.approx(2.0, abs=0.01)
    assert lateness.of(5.0, 5.0) < LATE_S


@pytest.mark.parametrize("drift", [-0.0005, 0.0005])
def test_clocks_that_go_apart_over_a_day_make_nobody_late(drift: float) -> None:
    lateness = Lateness()
    assert max(lateness.of(second * (1 - drift), float(second)) for second in range(0, 86_400, 7)) < LATE_S


def test_a_stream_whose_clock_falls_back_is_begun_anew() -> None:
    lateness = Lateness()
    lateness.of(1000.0, 10.0)
    assert lateness.of(0.0, 10.1) > LOST_S
