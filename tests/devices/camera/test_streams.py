"""Real streams over loopback: what a camera's process does when its camera does what cameras do."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from devices.camera import folder
from devices.camera.__main__ import POLITENESS
from devices.camera.address import Address, split_address
from devices.camera.annexb import begins_picture, is_access_unit
from devices.camera.folder import AlarmRow, GapRow, Row, SegmentRow
from devices.camera.frame_slot import FrameSlot
from devices.camera.health import Expected, Light
from devices.camera.job import Job
from devices.camera.opening import open_or_explain
from devices.camera.place import Place, place_of
from devices.camera.probing import ask
from devices.camera.replay import Pace, Paced, film_camera
from devices.camera.supervised import SILENT_S, STARTING_S, Supervised, is_too_long
from devices.camera.usb import UsbDevice, list_usb, number_now
from devices.camera.values import CameraFailed, Codec, Packet, StreamFacts, Trouble
from tests.devices.camera.servers import RtspServer, answering, answers_with, rtsp_server, says_nothing

DEADLINE_S = 20.0


@contextmanager
def recording(root: Path, url: str, expected: Expected | None = None) -> Iterator[tuple[Supervised, list[Row]]]:
    rows: list[Row] = []
    supervised = Supervised(Job("hall", root, place_of(url, None, None), expected=expected or Expected()), rows.append)
    supervised.start()
    try:
        yield supervised, rows
    finally:
        supervised.close()


def until(is_so: Callable[[], object], supervised: Supervised) -> float:
    """Seconds until it is so."""
    began = time.monotonic()
    while not is_so():
        assert time.monotonic() - began < DEADLINE_S, supervised.status
        supervised.poll()
        time.sleep(0.02)  # a real process is waited for
    return time.monotonic() - began


def is_recorded(supervised: Supervised) -> bool:
    return supervised.status.recorded_until_ms is not None and not supervised.status.alarms.keys() & {"lost"}


@pytest.mark.parametrize(("mount", "codec"), [("hall", Codec.H264), ("modern", Codec.H265)])
def test_what_a_camera_sends_is_recorded_as_it_is(server: RtspServer, root: Path, mount: str, codec: Codec) -> None:
    with recording(root, server.url(mount)) as (supervised, rows):
        until(lambda: is_recorded(supervised), supervised)
        status = supervised.status
        assert (status.codec, status.width, status.height, status.is_encoded_here) == (codec, 320, 240, False)
        time.sleep(1.0)
    (segment,) = [row for row in rows if isinstance(row, SegmentRow)]
    assert segment.frames >= 10
    camera = film_camera(Address("file", f"file:{root / 'hall' / segment.file}"), Pace(wait=lambda _s: None))
    packets = list(iter(camera.read, None))
    assert len(packets) == segment.frames
    assert packets[0].is_key
    assert all(begins_picture(packet.data, codec) for packet in packets)
    shown = subprocess.run(
        ["ffprobe", "-v", "error", "-count_frames", "-show_entries", "stream=nb_read_frames", "-of", "csv=p=0",
         str(root / "hall" / segment.file)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert (int(shown.stdout.split()[0].rstrip(",")), shown.stderr) == (segment.frames, "")


def test_a_camera_that_freezes_is_noticed_and_recorded_again_when_it_is_back(server: RtspServer, root: Path) -> None:
    with recording(root, server.url("hall")) as (supervised, rows):
        until(lambda: is_recorded(supervised), supervised)
        server.tell("hall stall")
        until(lambda: "lost" in supervised.status.alarms, supervised)
        assert supervised.status.light is Light.RED
        time.sleep(2.0)  # until the connection is given up too
        server.tell("hall go")
        until(lambda: is_recorded(supervised), supervised)
    lost = [row for row in rows if isinstance(row, GapRow) and row.reason == "lost" and row.ended_ms > row.began_ms]
    assert len(lost) == 1
    assert [row.alarm for row in rows if isinstance(row, AlarmRow) and row.ended_ms is None][:1] == ["lost"]


def test_a_camera_that_is_switched_off_and_on_again_is_recorded_again(films: Path, root: Path) -> None:
    with rtsp_server(f"hall={films / 'hall.h264'}@10") as server:
        url, port = server.url("hall"), server.port
        with recording(root, url) as (supervised, _):
            until(lambda: is_recorded(supervised), supervised)
            server.process.send_signal(signal.SIGSTOP)  # a cable that was pulled
            until(lambda: "lost" in supervised.status.alarms, supervised)
            until(lambda: supervised.status.trouble is Trouble.SILENT, supervised)
            server.process.send_signal(signal.SIGCONT)
            until(lambda: is_recorded(supervised), supervised)
            server.process.kill()
            until(lambda: supervised.status.trouble is Trouble.UNREACHABLE, supervised)
    assert port


def test_a_recorder_that_is_killed_is_started_again_and_no_picture_but_the_last_is_missing(
    server: RtspServer, root: Path
) -> None:
    with recording(root, server.url("hall")) as (supervised, rows):
        until(lambda: is_recorded(supervised), supervised)
        time.sleep(1.0)
        assert supervised.pid is not None
        killed_ms = time.time_ns() // 1_000_000
        os.kill(supervised.pid, signal.SIGKILL)
        until(lambda: supervised.restarts == 1, supervised)
        until(lambda: is_recorded(supervised), supervised)
    first = next(row for row in rows if isinstance(row, SegmentRow))
    assert first.recovered
    assert killed_ms - first.ended_ms <= 1000
    assert any(isinstance(row, GapRow) and row.reason == "killed" for row in rows)


def test_a_resolution_that_changes_in_mid_stream_is_an_alarm_and_a_new_segment(
    server: RtspServer, films: Path, root: Path
) -> None:
    with recording(root, server.url("hall"), Expected(320, 240, 10)) as (supervised, rows):
        until(lambda: is_recorded(supervised), supervised)
        server.tell(f"hall play {films / 'wide.h264'}")
        until(lambda: "wrong_resolution" in supervised.status.alarms, supervised)
        assert supervised.status.width == 480
        until(lambda: is_recorded(supervised), supervised)
    assert [row.width for row in rows if isinstance(row, SegmentRow)][-1] == 480


def test_garbage_is_not_recorded(server: RtspServer, root: Path) -> None:
    with recording(root, server.url("hall")) as (supervised, rows):
        until(lambda: is_recorded(supervised), supervised)
        server.tell("hall garbage on")
        until(lambda: "lost" in supervised.status.alarms, supervised)
        server.tell("hall garbage off")
        until(lambda: is_recorded(supervised), supervised)
    assert any(row.ended_ms - row.began_ms > 1000 for row in rows if isinstance(row, GapRow))
    for paths in folder.segment_files(root, "hall").values():
        frames = folder.frames_of(paths[0], paths[0].read_bytes())
        assert all(is_access_unit(frame.data, Codec.H264) for frame in frames)


def test_a_camera_that_drops_to_a_picture_a_second_is_told_and_goes_on_being_recorded(
    server: RtspServer, root: Path
) -> None:
    with recording(root, server.url("hall"), Expected(320, 240, 10)) as (supervised, rows):
        until(lambda: is_recorded(supervised), supervised)
        server.tell("hall rate 1")
        until(lambda: "wrong_rate" in supervised.status.alarms, supervised)
        assert is_recorded(supervised)
    assert not [row for row in rows if isinstance(row, GapRow) and row.reason == "lost"]


def test_a_film_that_is_played_again_and_again_is_found(server: RtspServer, root: Path) -> None:
    with recording(root, server.url("modern")) as (supervised, _):  # five seconds, round and round
        until(lambda: "looped" in supervised.status.alarms, supervised)
        assert supervised.status.light is Light.RED


def test_the_newest_picture_is_there_for_whoever_shows_it(server: RtspServer, root: Path) -> None:
    place = place_of(server.url("hall"), None, None)
    supervised = Supervised(Job("hall", root, place, view=place), lambda _row: None, with_pictures=True)
    supervised.start()
    try:
        pictures = supervised.pictures
        assert pictures is not None
        until(pictures.newest, supervised)
        shown = pictures.newest()
        assert shown is not None
        assert shown.pixels.shape == (240, 320, 3)
        assert shown.pixels.std() > 10
        until(lambda: pictures.newest(shown.number), supervised)
        assert pictures.newest(10**6) is None
    finally:
        supervised.close()


def test_a_process_that_loads_slowly_on_a_busy_machine_is_not_taken_for_a_stuck_one() -> None:
    assert not is_too_long(SILENT_S + 1, has_spoken=False)
    assert is_too_long(SILENT_S + 1, has_spoken=True)
    assert is_too_long(STARTING_S + 1, has_spoken=False)


def test_a_cameras_process_gives_way_to_the_desk(root: Path) -> None:
    camera = Supervised(Job("hall", root, place_of("scene:5", None, None)), lambda _row: None)
    camera.start()
    try:
        until(lambda: is_recorded(camera), camera)
        assert camera.pid is not None
        assert os.getpriority(os.PRIO_PROCESS, camera.pid) == min(os.nice(0) + POLITENESS, 19)
    finally:
        camera.close()


def test_a_wrong_password_is_told_and_no_password_is_seen_anywhere(films: Path, root: Path) -> None:
    with rtsp_server("--user", "guard:right", f"hall={films / 'hall.h264'}@10") as server:
        wrong = place_of(server.url("hall"), "guard", "wr0ng-secret")
        with pytest.raises(CameraFailed) as failed:
            open_or_explain(wrong)
        assert failed.value.trouble is Trouble.DENIED
        right = Job("hall", root, place_of(server.url("hall"), "guard", "right"))
        supervised = Supervised(right, lambda _row: None)
        supervised.start()
        try:
            until(lambda: is_recorded(supervised), supervised)
            seen = Path(f"/proc/{supervised.pid}/cmdline").read_bytes()
            seen += Path(f"/proc/{supervised.pid}/environ").read_bytes()
            assert b"guard" not in seen
        finally:
            supervised.close()
        written = b"".join(path.read_bytes() for path in root.rglob("index.jsonl"))
        assert b"guard" not in written
        loud = Job("door", root, wrong)
        ran = subprocess.run(
            [sys.executable, "-c", LOUD, repr(loud)], input="", capture_output=True, text=True, check=True,
            env={**os.environ, "URL": wrong.address.with_credentials(wrong.credentials)},
        )  # fmt: skip
        assert "wr0ng-secret" not in ran.stdout + ran.stderr + str(failed.value)


LOUD = """
import os, sys
from devices.camera.opencv import open_camera
from devices.camera.place import place_of
from devices.camera.values import CameraFailed
url = os.environ.pop("URL")
place = place_of(url, None, None)
try:
    open_camera(place.address, place.credentials)
except CameraFailed as failed:
    print(failed, place, sys.argv)
else:
    raise SystemExit(1)
"""


def test_why_a_camera_does_not_open_is_told(server: RtspServer, tmp_path: Path) -> None:
    def trouble(url: str) -> Trouble:
        address, _ = split_address(url)
        with pytest.raises(CameraFailed) as failed:
            open_or_explain(Place(address), 0.5)
        return failed.value.trouble

    assert trouble(server.url("nowhere")) is Trouble.NOT_THERE
    with answering(says_nothing) as port:
        assert trouble(f"rtsp://127.0.0.1:{port}/hall") is Trouble.SILENT
        assert trouble(f"http://127.0.0.1:{port}/hall") is Trouble.SILENT
    assert trouble(f"rtsp://127.0.0.1:{port}/hall") is Trouble.UNREACHABLE  # nobody listens there any more
    with answering(answers_with("SSH-2.0-server\n\n")) as port:
        assert trouble(f"rtsp://127.0.0.1:{port}/hall") is Trouble.NO_VIDEO
    with answering(answers_with("HTTP/1.1 401 Unauthorized\n\n")) as port:
        assert trouble(f"http://127.0.0.1:{port}") is Trouble.DENIED
    assert trouble(f"file:{tmp_path / 'nothing.ts'}") is Trouble.NOT_THERE
    assert trouble("usb:97") is Trouble.UNPLUGGED


def test_a_camera_whose_clock_is_in_1970_tells_it_itself() -> None:
    head = "RTSP/1.0 200 OK\nCSeq: 1\nDate: Thu, 01 Jan 1970 00:01:40 GMT\n\n"
    with answering(answers_with(head)) as port:
        answered = ask(split_address(f"rtsp://127.0.0.1:{port}/hall")[0], None)
    assert answered.clock is not None
    assert answered.clock.timestamp() == 100


def test_a_usb_camera_that_comes_back_as_another_device_is_found_by_its_name(tmp_path: Path) -> None:
    for number, name, index in ((0, "Laptop camera", 0), (2, "Hall camera", 0), (3, "Hall camera", 1)):
        node = tmp_path / f"video{number}"
        node.mkdir()
        (node / "name").write_text(name + "\n")
        (node / "index").write_text(f"{index}\n")
    present = list_usb(tmp_path)
    assert present == [UsbDevice(0, "Laptop camera"), UsbDevice(2, "Hall camera")]
    assert number_now(UsbDevice(1, "Hall camera"), present) == 2
    assert number_now(UsbDevice(0, ""), present) == 0
    for gone in (UsbDevice(0, "Door camera"), UsbDevice(1, "")):
        with pytest.raises(CameraFailed) as failed:
            number_now(gone, present)
        assert failed.value.trouble is Trouble.UNPLUGGED


def test_a_usb_camera_that_is_unplugged_and_comes_back_is_recorded_again_by_replay(root: Path) -> None:
    with recording(root, "scene:7") as (supervised, rows):
        until(lambda: is_recorded(supervised), supervised)
        status = supervised.status
        assert (status.codec, status.is_encoded_here, status.width) == (Codec.JPEG, True, 640)
    with recording(root, "scene:7") as (supervised, rows):
        until(lambda: is_recorded(supervised), supervised)
    assert [row.number for row in folder.all_rows(root, "hall") if isinstance(row, SegmentRow)] == [1, 2]
    assert any(isinstance(row, GapRow) and row.reason == "stopped" and row.after == 1 for row in rows)


def test_a_recording_folder_on_a_disk_that_is_pulled_out_is_an_alarm_and_the_camera_is_watched_on(
    server: RtspServer, root: Path
) -> None:
    with recording(root, server.url("hall")) as (supervised, _):
        until(lambda: is_recorded(supervised), supervised)
        root.rename(root.with_name("pulled"))
        until(lambda: "not_recording" in supervised.status.alarms, supervised)
        assert supervised.status.trouble is Trouble.FOLDER_GONE
        root.with_name("pulled").rename(root)
        until(lambda: is_recorded(supervised), supervised)
    reasons = [row.reason for row in folder.all_rows(root, "hall") if isinstance(row, GapRow)]
    assert "folder_gone" in reasons


def test_a_slot_holds_the_newest_picture_and_halves_one_that_is_too_large() -> None:
    made = FrameSlot.make()
    joined = FrameSlot.join(made.name)
    try:
        assert made.newest() is None
        joined.put(np.full((1080, 1920, 3), 7, np.uint8), 5, 1.0)
        shown = made.newest()
        assert shown is not None
        assert (shown.pixels.shape, shown.at_ms, shown.number) == ((540, 960, 3), 5, 1)
        assert made.newest(1) is None
    finally:
        joined.close()
        made.close()


def test_a_paced_film_goes_at_its_own_pace_and_ends() -> None:
    waited: list[float] = []
    packets = iter([Packet(b"a", 10.0, True), Packet(b"b", 10.5, False)])
    film = Paced(StreamFacts(Codec.H264, 0, 0, 0.0), packets, Pace(lambda: 100.0, waited.append))
    assert [film.read(), film.read(), film.read()][2] is None
    assert waited == [0.5]
