"""The list is divided between real desks by whole pages, once, however often and after whatever crash it is asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from pollbook.failures import Failure
from pollbook.permission import Lock
from pollbook.store import desks, moving
from pollbook.store.book import Book
from pollbook.types import BookName, Channel, LineId
from station_app.dividing import DeskShare, divide
from tests.making import OPERATOR, Station
from tests.station_app.neighbours.precinct import OpenBook, OpenDesk, make_desks, running
from tests.station_app.neighbours.test_neighbours import join, nothing_safe, room_of, total_held
from tests.sync.lan.test_peer import turn_until

LINES = 500


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> list[Station]:
    return make_desks(tmp_path_factory.mktemp("dividing"), 3, LINES)


def others_of(each: list[OpenDesk]) -> dict[int, BookName]:
    return {desk.book.header.desk: desk.book.name for desk in each[1:]}


def divided(each: list[OpenDesk]) -> tuple[DeskShare, ...]:
    first = each[0]
    shares = divide(OpenBook(first.book), first.neighbour, 1, others_of(each))
    first.peer.wake()
    peers = [desk.peer for desk in each]
    turn_until(room_of(first), peers, lambda: not moving.ready_releases(first.book), 0.2)
    return shares


def test_twenty_five_pages_at_three_desks_once_and_then_nothing_more(original: list[Station]) -> None:
    with running(original) as each:
        join(each)
        first = each[0].book
        marked, opened = original[0].voters[499].line, original[0].voters[498].line
        assert isinstance(first.mark(marked, Channel.STATION, OPERATOR), int)
        moving.set_lock(first, opened, Lock.OPEN)
        assert divided(each) == (DeskShare(1, 1, 8), DeskShare(2, 9, 16, 160), DeskShare(3, 17, 25, 178))
        assert [desks.held_pages(desk.book) for desk in each] == [((1, 8), (25, 25)), ((9, 16),), ((17, 25),)]
        assert total_held(each) == LINES
        assert [share.given for share in divided(each)] == [0, 0, 0]
        moving.set_lock(first, opened, None)
        assert [share.given for share in divided(each)] == [0, 0, 1]
        for desk in each[1:]:
            line = next(iter(desks.free_lines(desk.book)))
            assert isinstance(desk.book.mark(line, Channel.STATION, OPERATOR), int)
    with running(original[:2]) as each:  # desk 3 is gone: what is given now follows the desks that are there
        join(each)
        assert [(share.desk, share.first_page) for share in divided(each)] == [(1, 1), (2, 13)]


def test_with_no_mirror_and_no_register_nothing_is_given_and_the_reason_is_told(tmp_path: Path) -> None:
    stations = make_desks(tmp_path, 2, 40)
    with running(stations, nothing_safe) as each:
        shares = divide(OpenBook(each[0].book), each[0].neighbour, 1, others_of(each))
        assert shares[1] == DeskShare(2, 2, 2, 0, Failure.NOT_SAFE_YET)
        assert desks.holdings(each[0].book).held == 40


def test_pages_and_lines_are_counted_as_they_are_marked_and_moved(tmp_path: Path) -> None:
    (station,) = make_desks(tmp_path, 1, 60)
    with station.open() as book:
        assert desks.holdings(book) == desks.Holdings(60, 60)
        assert desks.held_pages(book) == ((1, 3),)
        before = int(book.clock.now().timestamp())
        assert desks.served_since(book, before) == 0
        assert isinstance(book.mark(station.voters[0].line, Channel.STATION, OPERATOR), int)
        assert desks.served_since(book, before) == 1
        assert desks.served_since(book, before + 3600) == 0
        assert desks.holdings(book) == desks.Holdings(60, 59)
        assert len(desks.free_lines(book)) == 59
        assert desks.listed_pages(book) == (1, 2, 3)


def test_a_desk_whose_pages_are_not_next_to_each_other_tells_them_as_runs(tmp_path: Path) -> None:
    stations = make_desks(tmp_path, 2, 60)
    with stations[0].open() as book:
        middle = [voter.line for voter in stations[0].voters if voter.page == 2]
        _release(book, middle, stations[1])
        assert desks.held_pages(book) == ((1, 1), (3, 3))
        assert desks.holdings(book) == desks.Holdings(40, 40)


def _release(book: Book, lines: list[LineId], to: Station) -> None:
    with to.open() as other:
        receiver = other.name
    sent = moving.release_lines(book, lines, receiver, moving.Way.LAN, OPERATOR)
    assert isinstance(sent, moving.SentRelease)
