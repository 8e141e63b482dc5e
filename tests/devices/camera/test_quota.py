from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.camera.quota import DAY_S, KEEP_DAYS, Kept, Room, days_left, is_short, may_be_deleted, to_delete

GIB = 1024**3
NOW_S = 2_000 * DAY_S


def kept(election: str, age_days: float, size: int = GIB) -> Kept:
    return Kept(election, size, NOW_S - age_days * DAY_S)


def test_four_cameras_at_four_megabits_fill_a_hundred_gibibytes_in_one_day() -> None:
    room = Room(free=101 * GIB, reserve=GIB, used=0)
    assert days_left(room, 16e6) == pytest.approx(1.07, abs=0.01)
    assert is_short(room, 16e6)
    assert not is_short(room, 4e6)
    assert days_left(room, 0) == float("inf")


def test_a_quota_limits_as_the_disk_does_and_the_reserve_is_nobodys() -> None:
    assert Room(free=100 * GIB, reserve=GIB, used=40 * GIB, quota=50 * GIB).left == 10 * GIB
    assert Room(free=GIB // 2, reserve=GIB, used=0).left == 0


def test_what_is_old_goes_whole_the_oldest_first_and_only_as_much_as_is_needed() -> None:
    elections = [kept("spring", 400), kept("autumn", 900), kept("summer", 700)]
    chosen = to_delete(elections, "now", NOW_S, GIB + 1)
    assert [each.election for each in chosen] == ["autumn", "summer"]
    assert to_delete(elections, "now", NOW_S, 4 * GIB) == [], "what can't make the room goes in vain"


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.floats(0, 3000)), max_size=8), st.integers(0, 10 * GIB))
def test_nothing_of_the_current_election_and_nothing_young_is_ever_deleted(
    made: list[tuple[str, float]], missing: int
) -> None:
    elections = [kept(name, age) for name, age in made]
    for each in [*may_be_deleted(elections, "a", NOW_S), *to_delete(elections, "a", NOW_S, missing)]:
        assert each.election != "a"
        assert NOW_S - each.ended_s > KEEP_DAYS * DAY_S
