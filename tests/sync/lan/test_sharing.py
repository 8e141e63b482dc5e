"""Lines are divided by whole pages, evened out from the busiest desk to the quietest, and never wander."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from pollbook.types import LineId
from sync.lan.sharing import (
    BUSIER_BY,
    GIVEN_AT_MOST,
    REST_S,
    SHARE_MAX,
    TURN_S,
    Load,
    Moved,
    Request,
    divide_pages,
    lines_to_give,
    request_for,
)

page_sets = st.sets(st.integers(1, 400), max_size=120)
desk_counts = st.integers(1, 9)
lists = st.dictionaries(st.integers(1, 10_000).map(LineId), st.integers(1, 60), max_size=200)


@given(page_sets, desk_counts)
def test_every_page_is_at_one_desk_and_the_shares_differ_by_one_page_at_most(pages: set[int], desks: int) -> None:
    runs = divide_pages(pages, desks)
    counts = [len(pages & set(run)) for run in runs]
    assert len(runs) == desks
    assert sum(counts) == len(pages)
    assert max(counts) - min(counts) <= 1
    there = [run for run in runs if run]
    assert all(one.stop <= other.start for one, other in pairwise(there))
    assert divide_pages(sorted(pages, reverse=True), desks) == runs


def test_a_list_of_seven_pages_at_three_desks() -> None:
    assert divide_pages(range(1, 8), 3) == (range(1, 3), range(3, 5), range(5, 8))


def test_more_desks_than_pages_leave_desks_without_lines() -> None:
    assert [len(run) for run in divide_pages([4], 3)] == [0, 0, 1]


loads = st.dictionaries(
    st.integers(1, 9), st.builds(Load, st.integers(0, 3000), st.integers(0, 60)), min_size=1, max_size=6
)
movements = st.lists(st.builds(Moved, st.integers(1, 9), st.integers(1, 9), st.floats(0, 5000)), max_size=5)


@given(loads, movements)
def test_only_the_quietest_desk_asks_and_only_the_busiest_is_asked(each: dict[int, Load], moved: list[Moved]) -> None:
    asked = {own: request for own in each if (request := request_for(own, each, moved, 5000.0))}
    assert len(asked) <= 1
    for own, request in asked.items():
        giver = each[request.giver]
        assert each[own].queue == min(load.queue for load in each.values())
        assert giver.queue == max(load.queue for load in each.values())
        assert giver.queue - each[own].queue >= BUSIER_BY
        assert 0 < request.count <= min(SHARE_MAX, giver.unmarked // GIVEN_AT_MOST)


def test_a_quiet_desk_asks_a_busy_one_for_half_of_the_difference() -> None:
    assert request_for(1, {1: Load(500, 10), 2: Load(400, 40)}, (), 0.0) == Request(2, 100)


def test_a_small_difference_moves_nothing() -> None:
    assert request_for(1, {1: Load(500, 10), 2: Load(400, 10 + BUSIER_BY - 1)}, (), 0.0) is None


def test_a_desk_alone_or_one_that_is_not_there_asks_nobody() -> None:
    assert request_for(1, {1: Load(500, 0)}, (), 0.0) is None
    assert request_for(3, {1: Load(500, 0), 2: Load(500, 50)}, (), 0.0) is None


def test_after_lines_have_moved_the_two_desks_rest() -> None:
    each = {1: Load(500, 10), 2: Load(400, 40)}
    moved = [Moved(2, 1, 1000.0)]
    assert request_for(1, each, moved, 1000.0 + REST_S - 1) is None
    assert request_for(1, each, moved, 1000.0 + REST_S) == Request(2, 100)


def test_lines_go_back_only_when_the_difference_has_turned_by_as_much_again() -> None:
    moved = [Moved(1, 2, 1000.0)]
    now_s = 1000.0 + REST_S
    slightly = {1: Load(500, 10), 2: Load(400, 10 + BUSIER_BY)}
    clearly = {1: Load(500, 10), 2: Load(400, 10 + 2 * BUSIER_BY)}
    assert request_for(1, slightly, moved, now_s) is None
    assert request_for(1, clearly, moved, now_s) is not None
    assert request_for(1, slightly, moved, 1000.0 + TURN_S) is not None


@given(
    st.lists(st.integers(0, 60), min_size=2, max_size=4),
    st.lists(st.integers(-4, 4), min_size=40, max_size=40),
)
def test_with_queues_that_only_waver_lines_never_go_back(queues: list[int], wavering: list[int]) -> None:
    """Two hours of a look every minute, with queues that move by less than the difference that counts."""
    unmarked = dict.fromkeys(range(1, len(queues) + 1), 1000)
    moved: list[Moved] = []
    for minute in range(120):
        each = {
            desk: Load(unmarked[desk], max(0, queues[desk - 1] + wavering[(minute * desk) % len(wavering)]))
            for desk in unmarked
        }
        for own in unmarked:
            request = request_for(own, each, moved, minute * 60.0)
            if request is None:
                continue
            count = len(lines_to_give(request.count, {LineId(n): n // 20 for n in range(unmarked[request.giver])}, ()))
            unmarked[request.giver] -= count
            unmarked[own] += count
            moved.append(Moved(request.giver, own, minute * 60.0))
    ways = {(each.giver, each.receiver) for each in moved}
    assert not any((receiver, giver) in ways for giver, receiver in ways)
    assert sum(unmarked.values()) == 1000 * len(queues)
    for index, one in enumerate(moved):
        for other in moved[index + 1 :]:
            if {one.giver, one.receiver} == {other.giver, other.receiver}:
                assert other.at_s - one.at_s >= REST_S


@given(lists, st.sets(st.integers(1, 10_000).map(LineId), max_size=50), st.integers(1, 1000))
def test_what_is_given_is_unmarked_not_kept_and_never_more_than_asked_or_a_quarter(
    page_of: dict[LineId, int], kept: set[LineId], count: int
) -> None:
    given_lines = lines_to_give(count, page_of, kept)
    assert len(set(given_lines)) == len(given_lines)
    assert set(given_lines) <= set(page_of) - kept
    assert len(given_lines) <= min(count, SHARE_MAX, len(page_of) // GIVEN_AT_MOST)


def test_whole_pages_go_from_the_last_page_backwards() -> None:
    page_of = {LineId(1 + place): 1 + place // 20 for place in range(400)}
    given_lines = lines_to_give(50, page_of, ())
    assert {page_of[line] for line in given_lines} == {19, 20}
    assert len(given_lines) == 40


def test_less_than_a_page_is_given_where_no_whole_one_fits() -> None:
    page_of = {LineId(1 + place): 1 for place in range(20)}
    assert len(lines_to_give(3, page_of, ())) == 3
