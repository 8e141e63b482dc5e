"""Real books on real sockets: a line asked for moves and is marked there, whatever breaks in between."""

from __future__ import annotations

from pathlib import Path

import pytest

from pollbook.failures import Failure
from pollbook.permission import Lock, Refusal
from pollbook.store import desks, moving
from pollbook.store.book import Book
from pollbook.types import Channel, LineId
from sync.lan.asking import Fetched, NotFetched
from tests.making import OPERATOR, Station
from tests.station_app.neighbours.precinct import OpenDesk, make_desks, running
from tests.sync.lan.rooms import Room
from tests.sync.lan.test_peer import turn_until


@pytest.fixture
def stations(tmp_path: Path) -> list[Station]:
    return make_desks(tmp_path, 3)


def room_of(desk: OpenDesk) -> Room:
    return Room(desk.station.authority, desk.station.clock)


def join(each: list[OpenDesk]) -> None:
    peers = [desk.peer for desk in each]
    turn_until(room_of(each[0]), peers, lambda: all(len(peer._joined()) == len(peers) - 1 for peer in peers))


def fetch(each: list[OpenDesk], desk: OpenDesk, line: LineId) -> Fetched | NotFetched:
    answer = desk.peer.fetch(line)
    turn_until(room_of(desk), [one.peer for one in each], answer.done)
    return answer.result()


def test_a_line_asked_by_the_second_desk_moves_and_is_marked_there_and_nowhere_else(stations: list[Station]) -> None:
    line = stations[0].voters[3].line
    with running(stations) as each:
        join(each)
        assert each[1].book.mark(line, Channel.STATION, OPERATOR) is Refusal.LINE_NOT_HELD
        outcome = fetch(each, each[1], line)
        assert isinstance(outcome, Fetched)
        assert outcome.desk == 1
        assert isinstance(each[1].book.mark(line, Channel.STATION, OPERATOR), int)
        assert each[0].book.mark(line, Channel.STATION, OPERATOR) is Refusal.LINE_RELEASED
        turn_until(room_of(each[0]), [one.peer for one in each], lambda: not moving.ready_releases(each[0].book), 0.1)
        again = fetch(each, each[2], line)
        assert isinstance(again, NotFetched)
        assert (again.refused.failure, again.desk) == (Failure.ALREADY_MARKED, 2)
        assert again.at is not None


def total_held(each: list[OpenDesk]) -> int:
    return sum(desks.holdings(desk.book).held for desk in each)


def test_a_line_goes_round_three_desks_and_home_again(stations: list[Station]) -> None:
    line = stations[0].voters[7].line
    with running(stations) as each:
        join(each)
        for place in (1, 2, 0, 1):
            assert isinstance(fetch(each, each[place], line), Fetched)
        turn_until(room_of(each[0]), [one.peer for one in each], lambda: total_held(each) == 80)
        state = each[1].book.line(line)
        assert state is not None
        assert state.custody == 4
        assert isinstance(each[1].book.mark(line, Channel.STATION, OPERATOR), int)


def test_a_line_open_at_the_table_stays(stations: list[Station]) -> None:
    line = stations[0].voters[3].line
    with running(stations) as each:
        join(each)
        moving.set_lock(each[0].book, line, Lock.OPEN)
        outcome = fetch(each, each[1], line)
        assert isinstance(outcome, NotFetched)
        assert outcome.refused.failure is Failure.LINE_OPEN_ELSEWHERE
        assert isinstance(each[0].book.mark(line, Channel.STATION, OPERATOR), int)


def nothing_safe(_book: Book) -> None:
    """No stick is plugged in."""


def test_with_neither_mirror_nor_register_no_line_moves_and_marks_go_on(stations: list[Station]) -> None:
    line = stations[0].voters[3].line
    with running(stations, nothing_safe) as each:
        join(each)
        outcome = fetch(each, each[1], line)
        assert isinstance(outcome, NotFetched)
        assert outcome.refused.failure is Failure.NOT_SAFE_YET
        assert each[1].neighbour.may_receive() is not None
        assert isinstance(each[0].book.mark(line, Channel.STATION, OPERATOR), int)


def test_with_the_network_down_the_operator_is_told_which_desk_holds_the_line(stations: list[Station]) -> None:
    line = stations[0].voters[3].line
    with running(stations) as each:
        join(each)
        each[0].peer.close()
        turn_until(room_of(each[1]), [one.peer for one in each[1:]], lambda: len(each[1].peer._joined()) == 1)
        outcome = fetch(each[1:], each[1], line)
        assert isinstance(outcome, NotFetched)
        assert (outcome.refused.failure, outcome.desk) == (Failure.NEIGHBOUR_AWAY, 1)
    with running(stations[1:]) as each:  # after a restart too
        outcome = fetch(each, each[0], line)
        assert isinstance(outcome, NotFetched)
        assert (outcome.refused.failure, outcome.desk) == (Failure.NEIGHBOUR_AWAY, 1)


def test_a_line_that_was_let_go_to_a_desk_is_looked_for_there_after_a_restart_too(stations: list[Station]) -> None:
    line = stations[0].voters[3].line
    with running(stations) as each:
        join(each)
        assert isinstance(fetch(each, each[2], line), Fetched)
        assert each[0].neighbour.holders(line) == (3,)
    with running(stations[:1]) as each:
        outcome = fetch(each, each[0], line)
        assert isinstance(outcome, NotFetched)
        assert (outcome.refused.failure, outcome.desk) == (Failure.NEIGHBOUR_AWAY, 3)


def test_a_desk_that_got_lines_tells_the_others_its_pages_at_once(stations: list[Station]) -> None:
    with running(stations) as each:
        join(each)
        assert each[0].neighbour.holders(stations[0].voters[3].line) == ()
        assert each[0].neighbour.share(20, each[1].book.name) is None
        each[0].peer.wake()
        peers = [desk.peer for desk in each]
        turn_until(room_of(each[0]), peers, lambda: 2 in each[2].neighbour.holders(stations[0].voters[79].line), 0.2)
