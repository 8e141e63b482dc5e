"""Stills for the centre: masked, small, and only where the link has room for them and no mark waits."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import pytest

from devices.camera.health import Alarm
from devices.camera.opencv import decode_jpeg, small_jpeg
from pollbook.failures import InputInvalid
from pollbook.parcels import ParcelKind
from pollbook.stills import Still, decode_still, encode_still
from pollbook.store.book import Book
from pollbook.store.parcels import next_piece, note_bytes, queue_parcel, waiting_parcels
from pollbook.store.syncing import sync_status
from pollbook.types import Channel
from station_app.live.outgoing import EVERY_S
from station_app.live.stills import STILL_BYTES_MAX, STILL_WIDTH, Centre, bytes_for_stills, fitted, queue_stills
from sync.budget import UNLIMITED, Budget, hour_of
from tests.making import OPERATOR, Station
from tests.station_app.live.rooms import DemoHouse, picture

T = TypeVar("T")


class Direct:
    """The book, with nobody else at it."""

    def __init__(self, book: Book) -> None:
        self._book = book

    def step(self, action: Callable[[Book], T]) -> T:
        return action(self._book)


class Ticks:
    """Time that goes on when it is waited for."""

    def __init__(self, house: DemoHouse) -> None:
        self.house, self.at_s = house, 0.0

    def now_s(self) -> float:
        return self.at_s

    def wait(self) -> None:
        self.at_s += EVERY_S
        self.house.number += 1


def acknowledge_all(book: Book) -> None:
    with book.writing():
        newest = book.connection.exec_driver_sql("SELECT max(number) FROM entry").scalar_one()
        book.connection.exec_driver_sql("UPDATE sync_state SET acknowledged = ?", (newest,))
    assert sync_status(book).pending == 0


def round_of(book: Book, house: DemoHouse, budget: Budget = UNLIMITED) -> int:
    ticks = Ticks(house)
    return queue_stills(house, Centre(Direct(book), budget, small_jpeg, book.clock), ticks.wait, ticks.now_s)


def stills(book: Book) -> list[Still]:
    waiting = [each for each in waiting_parcels(book) if each.kind is ParcelKind.STILL]
    whole = []
    for parcel in waiting:
        content = book.connection.exec_driver_sql("SELECT bytes FROM parcel WHERE id = ?", (parcel.id,)).scalar_one()
        whole.append(decode_still(content))
    return whole


def test_a_still_of_each_camera_is_queued_masked_and_small(book: Book) -> None:
    acknowledge_all(book)
    house = DemoHouse("hall", "entrance")
    house.size = (1280, 720)
    assert round_of(book, house) == 2
    found = stills(book)
    assert {still.camera for still in found} == {"hall", "entrance"}
    for still in found:
        assert len(still.jpeg) <= STILL_BYTES_MAX
        pixels = decode_jpeg(still.jpeg)
        assert pixels is not None
        assert pixels.shape[1] == STILL_WIDTH
        inside = pixels[60:120, 210:270]
        assert int(inside.max()) - int(inside.min()) <= 12


def test_nothing_is_queued_while_a_mark_waits(book: Book, station: Station) -> None:
    acknowledge_all(book)
    book.mark(station.voters[0].line, Channel.STATION, OPERATOR)
    assert round_of(book, DemoHouse("hall")) == 0
    assert stills(book) == []


def test_a_mark_made_while_the_still_is_taken_goes_first(book: Book, station: Station) -> None:
    acknowledge_all(book)
    house = DemoHouse("hall")
    ticks = Ticks(house)

    def wait() -> None:
        if ticks.at_s == 0:
            book.mark(station.voters[0].line, Channel.STATION, OPERATOR)
        ticks.wait()

    assert queue_stills(house, Centre(Direct(book), UNLIMITED, small_jpeg, book.clock), wait, ticks.now_s) == 0


def test_an_old_still_is_not_followed_by_another_before_it_has_gone(book: Book) -> None:
    acknowledge_all(book)
    queue_parcel(book, ParcelKind.STILL, b"earlier")
    assert round_of(book, DemoHouse("hall")) == 0


def test_a_metered_hour_has_stills_that_fit_it_or_none(book: Book) -> None:
    acknowledge_all(book)
    house = DemoHouse("hall", "entrance")
    house.size = (640, 480)
    small = Budget(16_000)
    assert round_of(book, house, small) == 2
    assert sum(len(still.jpeg) for still in stills(book)) <= 16_000 * 60 // 100
    with book.writing():
        book.connection.exec_driver_sql("DELETE FROM parcel")
    note_bytes(book, hour_of(book.clock.now().timestamp()), 9_000)
    assert bytes_for_stills(book, small, book.clock) < 1_500
    assert round_of(book, house, small) == 0


@pytest.mark.parametrize("alarm", [Alarm.MOVED, Alarm.LOST])
def test_a_camera_that_others_may_not_see_is_not_sent(book: Book, alarm: Alarm) -> None:
    acknowledge_all(book)
    house = DemoHouse("hall", "entrance")
    house.alarm("hall", alarm)
    assert round_of(book, house) == 1
    assert [still.camera for still in stills(book)] == ["entrance"]
    assert round_of(book, DemoHouse("bare", masks=())) == 0


def test_sync_sends_it_after_the_reports(book: Book) -> None:
    acknowledge_all(book)
    round_of(book, DemoHouse("hall"))
    queue_parcel(book, ParcelKind.REPORT, b"a report")
    first = next_piece(book, frozenset(ParcelKind), 100)
    assert first is not None
    assert first.kind is ParcelKind.REPORT


def test_the_poorest_picture_that_is_still_too_large_is_not_sent() -> None:
    pixels = picture(1, 1).pixels
    assert fitted(pixels, 10, small_jpeg) == b""
    assert 0 < len(fitted(pixels, 4_000, small_jpeg)) <= 4_000


def test_a_still_is_read_as_it_was_written() -> None:
    still = Still("hall-1", 1_797_744_240, b"\xff\xd8\xff\xe0picture")
    assert decode_still(encode_still(still)) == still
    assert "picture" not in repr(still)


@pytest.mark.parametrize(
    "untrusted",
    [
        b"",
        b"\x80",
        encode_still(Still("../etc", 1, b"\xff\xd8\xff\xe0")),
        encode_still(Still("hall", 1, b"<svg>....")),
        encode_still(Still("hall", 1, b"\xff\xd8\xff" + bytes(70_000))),
    ],
)
def test_what_is_no_still_is_refused(untrusted: bytes) -> None:
    with pytest.raises(InputInvalid):
        decode_still(untrusted)
