"""What the desk says of the mirror: with each mark, and in the status line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pollbook.failures import Failure, Refused
from pollbook.store import mirror as mirrors
from pollbook.store import mirror_set_up
from pollbook.store.book import Book
from pollbook.store.mirror import Mirror
from pollbook.types import Channel
from station_app.desk import MarkShown, MirrorState
from station_app.station_desk import StationDesk
from tests.making import CHAIR, DEPUTY, OPERATOR, PINS, Station
from tests.pollbook.store.sticks import Drawer


@pytest.fixture
def drawer() -> Drawer:
    return Drawer()


@pytest.fixture
def desk(book: Book, drawer: Drawer) -> Iterator[StationDesk]:
    """A desk whose book is to be mirrored, with the operator signed in; no stick is there yet."""
    mirror_set_up.set_up(book)
    following = Mirror(book, drawer.surroundings())
    desk = StationDesk(book, mirror=following)
    assert desk.open_day(CHAIR, PINS[CHAIR], DEPUTY, PINS[DEPUTY]) is None
    desk.sign_in(OPERATOR, PINS[OPERATOR])
    yield desk
    following.close()


def marked(desk: StationDesk, station: Station, index: int) -> MarkShown:
    shown = desk.mark(station.voters[index].line, Channel.STATION)
    assert isinstance(shown, MarkShown)
    return shown


def test_a_mark_says_whether_it_is_on_the_mirror_too(
    desk: StationDesk, station: Station, drawer: Drawer, tmp_path: Path
) -> None:
    assert marked(desk, station, 0).unmirrored is Failure.MIRROR_GONE
    stick = drawer.plug_in(tmp_path / "stick")
    station.clock.advance(mirrors.RETRY_AFTER_S)
    desk.status()
    assert marked(desk, station, 1).unmirrored is None
    drawer.pull(stick)
    assert marked(desk, station, 2).unmirrored is Failure.MIRROR_GONE


def test_an_undone_mark_is_mirrored_too(desk: StationDesk, station: Station, drawer: Drawer, tmp_path: Path) -> None:
    drawer.plug_in(tmp_path / "stick")
    desk.follow_mirror()
    line = station.voters[0].line
    marked(desk, station, 0)
    voided = desk.void(line, "adashib", CHAIR, PINS[CHAIR], DEPUTY, PINS[DEPUTY])
    assert isinstance(voided, MarkShown)
    assert (voided.voided, voided.unmirrored) == (True, None)


def test_the_status_line_tells_how_the_mirror_stands(
    desk: StationDesk, station: Station, drawer: Drawer, tmp_path: Path
) -> None:
    mirror = desk.status().mirror
    assert mirror is not None
    assert (mirror.state, mirror.failure) == (MirrorState.AWAY, Failure.MIRROR_GONE)
    drawer.plug_in(tmp_path / "stick")
    station.clock.advance(mirrors.RETRY_AFTER_S)
    for _ in range(4):
        mirror = desk.follow_mirror()
    assert mirror is not None
    assert (mirror.state, mirror.failure, mirror.mirrored) == (MirrorState.FOLLOWING, None, mirror.entries)


def test_a_refused_mark_writes_nothing_to_the_mirror(
    desk: StationDesk, station: Station, drawer: Drawer, tmp_path: Path
) -> None:
    stick = drawer.plug_in(tmp_path / "stick")
    station.clock.advance(mirrors.RETRY_AFTER_S)
    desk.follow_mirror()
    marked(desk, station, 0)
    (folder,) = stick.iterdir()
    before = (folder / "journal").read_bytes()
    assert desk.mark(station.voters[0].line, Channel.STATION) == Refused(Failure.ALREADY_MARKED)
    assert (folder / "journal").read_bytes() == before


def test_a_desk_without_a_mirror_says_nothing_of_one(book: Book, station: Station) -> None:
    desk = StationDesk(book)
    desk.open_day(CHAIR, PINS[CHAIR], DEPUTY, PINS[DEPUTY])
    desk.sign_in(OPERATOR, PINS[OPERATOR])
    assert desk.status().mirror is None
    assert desk.follow_mirror() is None
    assert marked(desk, station, 0).unmirrored is None


def test_a_book_that_is_not_mirrored_is_off_and_its_marks_say_so(book: Book, station: Station, drawer: Drawer) -> None:
    desk = StationDesk(book, mirror=Mirror(book, drawer.surroundings()))
    desk.open_day(CHAIR, PINS[CHAIR], DEPUTY, PINS[DEPUTY])
    desk.sign_in(OPERATOR, PINS[OPERATOR])
    mirror = desk.status().mirror
    assert mirror is not None
    assert mirror.state is MirrorState.OFF
    assert marked(desk, station, 0).unmirrored is Failure.MIRROR_OFF


def test_keeping_counts_the_head_outside_the_database(station: Station, desk: StationDesk) -> None:
    before = station.home.counter.read_bytes()
    marked(desk, station, 0)
    desk.keep()
    assert station.home.counter.read_bytes() != before
