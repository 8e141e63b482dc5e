from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pollbook.failures import InputInvalid
from sync.budget import (
    BYTES_PER_HOUR_MIN,
    ROUND_TRIP_BYTES,
    UNLIMITED,
    Budget,
    Priority,
    on_the_wire,
    read_link_settings,
)
from sync.pace import Traffic

budgets = st.builds(Budget, st.none() | st.integers(BYTES_PER_HOUR_MIN, 10**9))
counts = st.integers(0, 2 * 10**9)
BELOW_CUSTODY = [priority for priority in Priority if priority is not Priority.CUSTODY]


@given(budgets, counts, counts)
def test_marks_and_custody_are_never_held_back(budget: Budget, count: int, spent: int) -> None:
    assert budget.may(Priority.CUSTODY, count, spent)


@given(budgets, counts, counts, st.sampled_from(list(Priority)))
def test_what_may_go_may_go_if_it_were_needed_more(budget: Budget, count: int, spent: int, priority: Priority) -> None:
    if budget.may(priority, count, spent):
        assert all(budget.may(above, count, spent) for above in Priority if above < priority)


@given(
    st.integers(BYTES_PER_HOUR_MIN, 10**7), st.lists(st.tuples(st.sampled_from(list(Priority)), st.integers(1, 10**6)))
)
def test_whatever_comes_only_marks_spend_more_than_the_hour_has(
    per_hour: int, wishes: list[tuple[Priority, int]]
) -> None:
    budget, spent, by_custody = Budget(per_hour), 0, 0
    for priority, count in wishes:
        if budget.may(priority, count, spent):
            spent += count
            by_custody += count if priority is Priority.CUSTODY else 0
    assert spent <= max(per_hour, by_custody + per_hour)
    assert spent - by_custody <= per_hour


@given(st.integers(BYTES_PER_HOUR_MIN, 10**9), st.lists(st.integers(1, 10**6)))
def test_stills_and_software_leave_room_for_a_report_of_the_same_hour(per_hour: int, wishes: list[int]) -> None:
    budget, spent = Budget(per_hour), 0
    for number, count in enumerate(wishes):
        spent += count if budget.may((Priority.STILL, Priority.SOFTWARE)[number % 2], count, spent) else 0
    assert budget.may(Priority.REPORT, per_hour // 4, spent)


@given(st.sampled_from(BELOW_CUSTODY), counts)
def test_room_is_exactly_what_may_go(priority: Priority, spent: int) -> None:
    budget = Budget(1_000_000)
    room = budget.room(priority, spent)
    assert room is not None
    assert budget.may(priority, room, spent)
    assert not budget.may(priority, room + 1, spent)


def test_without_a_budget_everything_goes() -> None:
    assert all(UNLIMITED.may(priority, 10**12, 10**12) for priority in Priority)
    assert UNLIMITED.room(Priority.SOFTWARE, 10**12) is None


def test_what_is_around_the_bodies_is_counted() -> None:
    assert on_the_wire(Traffic(1000, 500, 3)) == 1500 + 3 * ROUND_TRIP_BYTES


def test_the_settings_of_the_link_say_the_budget() -> None:
    assert read_link_settings(b"\xef\xbb\xbfbytes_per_hour = 200_000\n") == Budget(200_000)
    assert read_link_settings(b"# nothing set\n") == UNLIMITED


@pytest.mark.parametrize(
    "content",
    [
        b"bytes_per_hour = 9999",
        b"bytes_per_hour = true",
        b"bytes_per_hour = 2e5",
        b'bytes_per_hour = "1"',
        b"per_hour = 20000",
        b"bytes_per_hour",
        b"\xff\xfe",
        b"# " + b"x" * 5000,
        b"a" + b".a" * 2000 + b"=1",
    ],
)
def test_other_settings_are_refused(content: bytes) -> None:
    with pytest.raises(InputInvalid):
        read_link_settings(content)


@given(st.binary(max_size=200))
def test_whatever_stands_in_the_file_is_settings_or_refused(content: bytes) -> None:
    try:
        budget = read_link_settings(content)
    except InputInvalid:
        return
    assert budget.bytes_per_hour is None or budget.bytes_per_hour >= BYTES_PER_HOUR_MIN
