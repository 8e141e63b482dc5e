"""The station's cameras at work: real processes over a made-up hall, a real book, the real ledger and settings."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest

from devices.camera.health import Expected, Light
from devices.camera.opencv import decode_jpeg, small_jpeg
from devices.camera.place import place_of
from pollbook.camera_entries import ViewSigned
from pollbook.failures import Failure, Refused, WorldFailed
from pollbook.store.book import Book
from pollbook.store.camera_health import read_health
from pollbook.store.camera_ledger import ledger_of
from pollbook.store.camera_views import SignedView
from station_app.cameras.settings import Limits, load_settings, save_settings
from station_app.live.house import CAMERAS_MAX, StationHouse, is_for_the_same
from station_app.live.room import NewCamera
from tests.devices.camera.servers import make_film, rtsp_server
from tests.making import CHAIR, PINS, Station
from tests.station_app.live.rooms import BOOTH

T = TypeVar("T")
PATIENCE_S = 30.0
HALL = NewCamera("hall", "scene:7")


class Direct:
    def __init__(self, book: Book) -> None:
        self._book = book

    def step(self, action: Callable[[Book], T]) -> T:
        return action(self._book)


def wait_until(house: StationHouse, is_so: Callable[[], object]) -> None:
    ends_s, tick = time.monotonic() + PATIENCE_S, threading.Event()
    while not is_so():
        assert time.monotonic() < ends_s, "it did not become so"
        house.poll()
        tick.wait(0.05)


@pytest.fixture
def house(book: Book, station: Station) -> Iterator[StationHouse]:
    made = StationHouse(station.home, Direct(book), book.clock, small_jpeg)
    made.load()
    yield made
    made.close()


def test_a_camera_is_added_seen_masked_signed_and_all_of_it_is_there_the_next_time(
    house: StationHouse, book: Book, station: Station
) -> None:
    assert house.cameras() == ()
    assert house.add(HALL) is None
    wait_until(house, lambda: house.picture("hall"))
    wait_until(house, lambda: house.cameras()[0].status.light is Light.GREEN)
    wait_until(house, lambda: house.cameras()[0].status.recorded_until_ms)
    wait_until(house, house.disk_left)
    assert house.mask("hall", BOOTH) is None
    assert house.cameras()[0].masks == BOOTH
    signed = house.sign("hall", CHAIR, PINS[CHAIR])
    assert isinstance(signed, SignedView)
    still = decode_jpeg(signed.still)
    assert still is not None
    assert still.shape == (480, 640, 3)
    assert house.cameras()[0].signed_at_s == signed.at_s
    house.close()
    assert house.cameras() == ()
    (entered,) = [entry.fact for entry in ledger_of(book).entries if isinstance(entry.fact, ViewSigned)]
    assert (entered.camera, entered.person, entered.masks) == ("hall", CHAIR, 1)
    assert entered.still_sha256 == hashlib.sha256(signed.still).digest()
    assert entered.signature == signed.signature
    again = StationHouse(station.home, Direct(book), book.clock, small_jpeg)
    again.load()
    try:
        (camera,) = again.cameras()
        assert (camera.masks, camera.signed_at_s) == (BOOTH, signed.at_s)
        again.mask("hall", (*BOOTH, (0, 0, 100, 100)))
        assert again.cameras()[0].signed_at_s is None
        assert again.remove("hall") is None
        assert again.cameras() == ()
        assert load_settings(station.home).cameras == ()
    finally:
        again.close()


def ready(house: StationHouse, *names: str) -> None:
    wait_until(house, lambda: {each.name for each in house.cameras() if each.status.recorded_until_ms} >= set(names))


def pids(house: StationHouse) -> dict[str, int | None]:
    assert house._joined is not None
    return {each.name: house._joined.pid(each.name) for each in house.cameras()}


def test_adding_masking_limiting_and_removing_leaves_the_other_cameras_as_they_are(house: StationHouse) -> None:
    house.add(HALL)
    ready(house, "hall")
    hall = pids(house)["hall"]
    assert house.add(NewCamera("door", "scene:8")) is None
    ready(house, "hall", "door")
    assert pids(house)["hall"] == hall
    door = pids(house)["door"]
    house.mask("hall", BOOTH)
    assert house.limit("500", "400") is None
    house.poll()
    left = house.disk_left()
    assert left is not None
    assert left.limits == Limits(500, 400)
    assert pids(house) == {"hall": hall, "door": door}
    house.remove("hall")
    house.poll()
    assert pids(house) == {"door": door}
    assert house.picture("hall") is None


def test_how_the_cameras_are_is_kept_for_the_centre_and_that_none_runs_any_more_too(
    house: StationHouse, book: Book
) -> None:
    path = book.home.camera_health(book.name)
    assert read_health(path) is None
    house.add(HALL)
    wait_until(house, path.exists)
    told = read_health(path)
    assert told is not None
    assert [(each.camera, each.light) for each in told.cameras] == [("hall", 0)]
    written_ns = path.stat().st_mtime_ns
    house.poll()
    assert path.stat().st_mtime_ns == written_ns, "what did not change is not written again"
    house.close()
    closed = read_health(path)
    assert closed is not None
    assert closed.cameras == ()


def test_what_a_command_changes_is_taken_up_and_only_the_changed_camera_begins_anew(
    house: StationHouse, station: Station
) -> None:
    house.add(HALL)
    house.add(NewCamera("door", "scene:8"))
    ready(house, "hall", "door")
    before = pids(house)
    settings = load_settings(station.home)
    wanted = tuple(
        replace(each, expected=Expected(640, 480)) if each.name == "hall" else each for each in settings.cameras
    )
    save_settings(station.home, replace(settings, cameras=wanted))
    house.poll()
    after = pids(house)
    assert after["door"] == before["door"]
    assert after["hall"] not in {None, before["hall"]}
    ready(house, "hall")


def test_settings_that_are_damaged_or_gone_while_cameras_run_stop_none_of_them(
    house: StationHouse, station: Station
) -> None:
    house.add(HALL)
    ready(house, "hall")
    hall = pids(house)["hall"]
    station.home.cameras.write_bytes(b"torn")
    house.poll()
    assert pids(house) == {"hall": hall}
    station.home.cameras.unlink()
    house.poll()
    assert pids(house) == {"hall": hall}
    wait_until(house, lambda: house.cameras()[0].status.light is Light.GREEN)


def test_a_camera_is_changed_alone_and_with_another_address_its_masks_are_gone(house: StationHouse) -> None:
    house.add(HALL)
    house.add(NewCamera("door", "scene:8"))
    house.mask("hall", BOOTH)
    house.mask("door", BOOTH)
    ready(house, "hall", "door")
    before = pids(house)
    assert house.change(HALL) is None
    assert pids(house) == before, "nothing is another one"
    assert house.change(NewCamera("hall", "scene:9")) is None
    ready(house, "hall")
    assert pids(house)["door"] == before["door"]
    assert {each.name: each.masks for each in house.cameras()} == {"door": BOOTH, "hall": ()}
    assert house.known("hall") == NewCamera("hall", "scene:9")
    refused = house.change(NewCamera("hall", "rtsp://127.0.0.1:9/main"))
    assert isinstance(refused, Refused)
    assert refused.failure is Failure.CAMERA_UNREACHABLE
    assert house.known("hall") == NewCamera("hall", "scene:9")
    assert house.change(NewCamera("cellar", "scene:9")) == Refused(Failure.CAMERA_UNKNOWN)
    assert house.known("cellar") is None


def test_a_new_password_opens_the_camera_that_refused_the_old_one_and_none_is_ever_shown(
    house: StationHouse, tmp_path: Path
) -> None:
    film = make_film(tmp_path / "hall.h264", seconds=3)
    with rtsp_server("--user", "guard:right", f"hall={film}@10") as server:
        camera = NewCamera("hall", server.url("hall"), "", "guard", "right")
        assert house.add(camera) is None
        assert house.known("hall") == replace(camera, password="")
        assert house.change(replace(camera, password="")) is None, "it keeps its own"
        wrong = house.change(replace(camera, password="wrong"))
        assert isinstance(wrong, Refused)
        assert wrong.failure is Failure.CAMERA_DENIED
        ready(house, "hall")


@pytest.mark.parametrize(
    ("user", "address", "is_same"),
    [
        ("guard", "rtsp://10.0.0.7/other", True),
        ("guard", "rtsp://10.0.0.8/main", False),
        ("guard", "rtsp://10.0.0.7:8554/main", False),
        ("guard", "http://10.0.0.7/main", False),
        ("other", "rtsp://10.0.0.7/main", False),
        ("", "usb:0", False),
    ],
)
def test_a_password_that_was_kept_goes_to_no_other_host_and_for_no_other_user(
    user: str, address: str, is_same: bool
) -> None:
    known = place_of("rtsp://10.0.0.7/main", "guard", "secret")
    assert is_for_the_same(user, place_of(address, None, None), known) is is_same


def test_limits_that_nobody_may_set_are_refused_and_nothing_changes(house: StationHouse) -> None:
    house.add(HALL)
    for quota, keep, failure in (("0", "365", Failure.QUOTA_UNFIT), ("", "7", Failure.KEEPING_UNFIT)):
        refused = house.limit(quota, keep)
        assert isinstance(refused, Refused)
        assert refused.failure is failure
    assert house._settings.limits == Limits()


def test_what_another_program_records_is_told_and_left_alone(house: StationHouse, book: Book, station: Station) -> None:
    house.add(HALL)
    second = StationHouse(station.home, Direct(book), book.clock, small_jpeg)
    with pytest.raises(WorldFailed) as raised:
        second.load()
    assert raised.value.failure is Failure.CAMERAS_IN_USE
    assert second.cameras() == ()


@pytest.mark.parametrize(
    ("camera", "failure"),
    [
        (NewCamera("Hall 1", "scene:7"), Failure.CAMERA_NAME_UNFIT),
        (NewCamera("hall", "gopher://x"), Failure.CAMERA_ADDRESS_INVALID),
        (NewCamera("hall", "file:/nowhere.ts"), Failure.CAMERA_NOT_THERE),
        (NewCamera("hall", "rtsp://127.0.0.1:9/main"), Failure.CAMERA_UNREACHABLE),
    ],
)
def test_a_camera_that_does_not_open_is_not_kept_and_says_why(
    house: StationHouse, station: Station, camera: NewCamera, failure: Failure
) -> None:
    refused = house.add(camera)
    assert isinstance(refused, Refused)
    assert refused.failure is failure
    assert load_settings(station.home).cameras == ()


def test_a_password_in_the_address_is_taken_out_and_stands_in_no_text(house: StationHouse) -> None:
    camera = NewCamera("hall", "rtsp://viewer:s3cret@127.0.0.1:9/main", "", "viewer", "s3cret")
    assert "s3cret" not in repr(NewCamera("hall", "scene:7", "", "viewer", "s3cret"))
    refused = house.add(camera)
    assert isinstance(refused, Refused)
    assert "s3cret" not in repr(refused)


def test_the_same_name_twice_and_one_camera_too_many_are_refused(house: StationHouse) -> None:
    assert house.add(HALL) is None
    assert house.add(HALL) == Refused(Failure.CAMERA_EXISTS)
    settings = load_settings(house._home)
    many = tuple(replace(settings.cameras[0], name=f"hall-{number}") for number in range(CAMERAS_MAX))
    save_settings(house._home, replace(settings, cameras=many))
    refused = house.add(NewCamera("one-more", "scene:8"))
    assert refused == Refused(Failure.CAMERAS_TOO_MANY, {"limit": CAMERAS_MAX})


def test_an_unknown_camera_has_no_picture_no_masks_and_no_signature(house: StationHouse) -> None:
    assert house.picture("cellar") is None
    assert house.mask("cellar", BOOTH) == Refused(Failure.CAMERA_UNKNOWN)
    assert house.remove("cellar") == Refused(Failure.CAMERA_UNKNOWN)
    assert house.sign("cellar", CHAIR, PINS[CHAIR]) == Refused(Failure.CAMERA_UNKNOWN)
