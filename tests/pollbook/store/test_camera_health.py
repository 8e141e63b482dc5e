"""What of the cameras' health is put on its way: only news, at most once a minute, the newest alone."""

from __future__ import annotations

from pollbook.camera_health import CameraHealth, StationHealth, decode_health
from pollbook.parcels import ParcelKind
from pollbook.store.book import Book
from pollbook.store.camera_health import TOLD_EVERY_S, queue_camera_health, read_health, write_health
from pollbook.store.parcels import next_piece, note_parcel, waiting_parcels
from tests.making import Station

ALL = frozenset(ParcelKind)


def now_s(book: Book) -> int:
    return int(book.clock.now().timestamp())


def write(book: Book, **lights: int) -> StationHealth:
    cameras = tuple(
        CameraHealth(name, light, {"covered": now_s(book) - 4} if light else {})
        for name, light in sorted(lights.items())
    )
    health = StationHealth(now_s(book), cameras)
    write_health(book.home.camera_health(book.name), health)
    return health


def waiting(book: Book) -> list[StationHealth]:
    found = []
    for parcel in waiting_parcels(book):
        piece = next_piece(book, {parcel.kind}, 5000)
        assert piece is not None
        found.append(decode_health(piece.content))
    return found


def test_a_station_without_cameras_sends_nothing_of_them(book: Book) -> None:
    assert not queue_camera_health(book)
    assert waiting_parcels(book) == ()


def test_what_changed_is_queued_once_and_what_did_not_never_again(book: Book, station: Station) -> None:
    told = write(book, hall=0, door=0)
    assert queue_camera_health(book)
    assert waiting(book) == [told]
    station.clock.advance(10 * TOLD_EVERY_S)
    write(book, hall=0, door=0)
    assert not queue_camera_health(book)
    assert len(waiting_parcels(book)) == 1


def test_news_wait_for_a_minute_and_the_newest_takes_the_place_of_what_still_waits(
    book: Book, station: Station
) -> None:
    write(book, hall=0)
    assert queue_camera_health(book)
    station.clock.advance(TOLD_EVERY_S - 1)
    write(book, hall=2)
    assert not queue_camera_health(book)
    station.clock.advance(2)
    newest = write(book, hall=1)
    assert queue_camera_health(book)
    assert waiting(book) == [newest]


def test_a_camera_that_was_well_is_told_well_again_though_that_was_told_before(book: Book, station: Station) -> None:
    for light in (0, 2, 0):
        write(book, hall=light)
        assert queue_camera_health(book)
        (parcel,) = waiting_parcels(book)
        note_parcel(book, parcel.id, parcel.size)
        station.clock.advance(TOLD_EVERY_S)


def test_a_clock_that_was_set_back_keeps_no_news_from_the_centre(book: Book, station: Station) -> None:
    write(book, hall=0)
    assert queue_camera_health(book)
    station.clock.advance(-3600)
    write(book, hall=2)
    assert queue_camera_health(book)


def test_a_file_that_cannot_be_read_is_as_none(book: Book) -> None:
    path = book.home.camera_health(book.name)
    path.write_bytes(b"not cbor")
    assert read_health(path) is None
    assert not queue_camera_health(book)
    write(book, hall=0)
    book.home.camera_health_told(book.name).write_bytes(b"\x83")
    assert queue_camera_health(book)
