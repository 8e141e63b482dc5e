"""Recording in virtual time: segments of a minute, true times, and a reason for each gap."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from devices.camera import folder, mpegts
from devices.camera.folder import GapReason, GapRow, Row, SegmentRow
from devices.camera.recovery import unwrapped
from devices.camera.values import CameraFailed, Packet, Trouble
from tests.devices.camera.streams import SETS, START_MS, Recorder, unit


def segments(rows: list[Row]) -> list[SegmentRow]:
    return [row for row in rows if isinstance(row, SegmentRow)]


def gaps(rows: list[Row]) -> list[GapRow]:
    """The gaps that are over."""
    return [row for row in rows if isinstance(row, GapRow) and row.began_ms != row.ended_ms]


def content(root: Path, row: SegmentRow) -> bytes:
    return (root / row.camera / row.file).read_bytes()


def test_a_segment_is_a_minute_cut_at_a_key_frame_and_the_next_one_goes_on_without_a_gap(root: Path) -> None:
    recorder = Recorder(root)
    recorder.send(150)
    recorder.recording.interrupt(GapReason.STOPPED)
    first, second, third = segments(recorder.rows)
    assert (first.number, first.began_ms, first.ended_ms, first.frames) == (1, START_MS, START_MS + 60_000, 600)
    assert (second.began_ms, second.frames) == (first.ended_ms, 600)
    assert (third.began_ms, third.frames) == (second.ended_ms, 300)
    assert gaps(recorder.rows) == []
    frames = list(mpegts.frames(content(root, second)))
    assert frames[0].is_key
    assert unwrapped(frames, "2026-12-20")[::100] == [START_MS + 60_000 + 10_000 * tens for tens in range(6)]


def test_the_index_holds_what_was_told_and_the_hash_is_of_the_files_bytes(root: Path) -> None:
    recorder = Recorder(root)
    recorder.send(70)
    recorder.recording.interrupt(GapReason.STOPPED)
    assert list(folder.all_rows(root, "hall")) == recorder.rows
    for row in segments(recorder.rows):
        assert (len(content(root, row)), hashlib.sha256(content(root, row)).hexdigest()) == (row.size, row.sha256)


def test_whoever_joins_between_key_frames_has_them_recorded_with_parameter_sets_from_the_next_one_on(
    root: Path,
) -> None:
    recorder = Recorder(root)
    recorder.number = 3
    recorder.send(2)
    recorder.recording.interrupt(GapReason.LOST)
    (row,) = segments(recorder.rows)
    assert row.began_ms == START_MS + 700
    first = next(mpegts.frames(content(root, row)))
    assert first.data.startswith(SETS)


def test_a_lost_stream_is_a_gap_from_its_last_picture_to_its_next(root: Path) -> None:
    recorder = Recorder(root)
    recorder.send(5)
    recorder.recording.interrupt(GapReason.LOST)
    assert recorder.rows[-1] == GapRow("hall", 1, START_MS + 5000, START_MS + 5000, "lost")
    recorder.wait(30)
    recorder.recording.begin(recorder.recording.facts)  # type: ignore[arg-type]  # it was begun before
    recorder.send(5)
    assert gaps(recorder.rows) == [GapRow("hall", 1, START_MS + 5000, START_MS + 35_000, "lost")]


def test_sixty_reconnects_in_a_minute_are_sixty_segments_and_sixty_gaps(root: Path) -> None:
    recorder = Recorder(root)
    for _ in range(60):
        recorder.send(0.5)
        recorder.recording.interrupt(GapReason.LOST)
        recorder.wait(0.5)
        recorder.number = 0
        recorder.recording.begin(recorder.recording.facts)  # type: ignore[arg-type]
    kept = segments(recorder.rows)
    assert [row.number for row in kept] == list(range(1, 61))
    assert all(row.frames == 5 for row in kept)
    assert len(gaps(recorder.rows)) == 59


def test_pictures_that_are_missing_in_a_stream_that_goes_on_are_a_gap(root: Path) -> None:
    recorder = Recorder(root)
    recorder.send(5)
    recorder.wait(4)
    recorder.send(5)
    assert [(gap.reason, gap.ended_ms - gap.began_ms) for gap in gaps(recorder.rows)] == [("frames_missing", 4000)]


def test_a_camera_that_drops_to_a_picture_a_second_has_no_gap(root: Path) -> None:
    recorder = Recorder(root)
    recorder.send(5)
    recorder.send(30, rate=1.0)
    recorder.recording.interrupt(GapReason.STOPPED)
    assert gaps(recorder.rows) == []
    assert [row.frames for row in segments(recorder.rows)] == [80]


def test_a_camera_whose_clock_is_in_1970_is_recorded_in_the_machines_time(root: Path) -> None:
    recorder = Recorder(root, stream_s=12.0)
    recorder.send(2)
    recorder.stream_s = 3_000_000.0  # and then it is set
    recorder.send(2)
    recorder.recording.interrupt(GapReason.STOPPED)
    first, second = segments(recorder.rows)
    assert abs(first.began_ms - START_MS) <= 1
    assert abs(second.began_ms - START_MS - 2000) <= 1
    assert any(isinstance(row, GapRow) and row.reason == "stream_clock" for row in recorder.rows)


def test_the_systems_clock_set_back_an_hour_begins_a_segment_whose_number_goes_on(root: Path) -> None:
    recorder = Recorder(root)
    recorder.send(5)
    recorder.times.set_by_ms = -3_600_000
    recorder.send(5)
    recorder.recording.interrupt(GapReason.STOPPED)
    first, second = segments(recorder.rows)
    assert (first.number, second.number) == (1, 2)
    assert second.began_ms == START_MS + 5000 - 3_600_000
    assert [(gap.after, gap.reason) for gap in gaps(recorder.rows)] == [(1, "clock_set")]
    assert gaps(recorder.rows)[0].ended_ms < gaps(recorder.rows)[0].began_ms


def test_a_stream_that_runs_a_little_fast_is_led_back_without_a_gap(root: Path) -> None:
    recorder = Recorder(root)
    for _ in range(600):
        recorder.send(1)
        recorder.stream_s += 0.0005
    assert gaps(recorder.rows) == []
    last = segments(recorder.rows)[-1]
    assert abs(last.ended_ms - START_MS - 60_000 * last.number) < 300


def test_pictures_that_are_read_several_at_a_time_keep_the_time_at_which_they_were_taken(root: Path) -> None:
    recorder = Recorder(root)
    at_ms = []
    for burst in range(20):
        recorder.times.passed_s = 0.5 * burst
        for number in range(5):
            is_key = number == 0
            packet = Packet(unit(5 * burst + number, is_key=is_key), 0.5 * burst + 0.1 * (number - 4), is_key)
            at_ms.append(recorder.recording.take(replace(packet, behind_s=0.1 * (4 - number))))
    assert at_ms == [START_MS + 500 * burst + 100 * (number - 4) for burst in range(20) for number in range(5)]


def test_a_resolution_that_changes_in_mid_stream_begins_a_segment_that_says_so(root: Path) -> None:
    recorder = Recorder(root)
    recorder.send(5)
    wide = b"\0\0\0\1" + bytes.fromhex("67 64 00 16 ac b4 05 01 ed 80") + b"\0\0\0\1" + bytes.fromhex("68ef3cb0")
    recorder.send(5, sets=wide)
    recorder.recording.interrupt(GapReason.STOPPED)
    first, second = segments(recorder.rows)
    assert ((first.width, first.height), (second.width, second.height)) == ((320, 240), (640, 480))
    assert any(isinstance(row, GapRow) and row.reason == "stream_changed" for row in recorder.rows)


def test_a_recording_that_was_killed_is_taken_up_with_every_byte_that_was_written(root: Path) -> None:
    recorder = Recorder(root)
    recorder.send(65)
    del recorder.recording  # nothing is told, nothing is closed
    recorder.wait(3)
    recorder.start()
    recorder.send(5)
    _, second = segments(recorder.rows)
    assert (second.number, second.recovered, second.frames) == (2, True, 50)
    assert (second.began_ms, second.ended_ms) == (START_MS + 60_000, START_MS + 65_000)
    assert [(gap.after, gap.reason) for gap in gaps(recorder.rows)] == [(2, "killed")]


def test_a_segment_torn_by_a_power_cut_is_cut_to_whole_pictures(root: Path) -> None:
    recorder = Recorder(root)
    recorder.send(5)
    path = next((root / "hall").rglob("*.ts"))
    with path.open("ab") as file:
        file.write(b"\x47\x41\x00torn")
    recorder.start()
    (row,) = segments(recorder.rows)
    assert (row.frames, row.size, path.stat().st_size % mpegts.PACKET_BYTES) == (50, path.stat().st_size, 0)


def test_a_recording_that_stopped_by_itself_says_that_it_was_stopped(root: Path) -> None:
    recorder = Recorder(root)
    recorder.send(2)
    recorder.recording.interrupt(GapReason.STOPPED)
    recorder.wait(60)
    recorder.start()
    recorder.send(2)
    assert [(gap.reason, gap.ended_ms - gap.began_ms) for gap in gaps(recorder.rows)] == [("stopped", 60_000)]


def test_a_disk_that_nears_its_end_stops_the_recording_before_it_is_full_and_keeps_what_is_there(root: Path) -> None:
    recorder = Recorder(root)
    recorder.send(5)
    recorder.free = 10
    with pytest.raises(CameraFailed) as failed:
        recorder.send(5)
    assert failed.value.trouble is Trouble.DISK_FULL
    with pytest.raises(CameraFailed):
        recorder.start()
    recorder.free = 10**12
    recorder.start()
    (row,) = segments(recorder.rows)
    assert 50 <= row.frames <= 60


def test_a_disk_that_takes_only_a_part_of_a_picture_is_full(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recorder = Recorder(root)
    recorder.send(5)
    write = os.write

    def takes_less(descriptor: int, data: bytes) -> int:
        return write(descriptor, data[:188])

    monkeypatch.setattr(os, "write", takes_less)
    with pytest.raises(CameraFailed) as failed:
        recorder.send(1)
    assert failed.value.trouble is Trouble.DISK_FULL
    monkeypatch.undo()
    recorder.start()
    assert segments(recorder.rows)[0].frames >= 50


@pytest.mark.parametrize(("number", "trouble"), [(errno.EIO, Trouble.FOLDER_GONE), (errno.EROFS, Trouble.FOLDER_GONE)])
def test_a_disk_that_breaks_off_is_told_as_gone(
    root: Path, monkeypatch: pytest.MonkeyPatch, number: int, trouble: Trouble
) -> None:
    recorder = Recorder(root)
    recorder.send(5)

    def breaks(_descriptor: int, _data: bytes) -> int:
        raise OSError(number, "gone")

    monkeypatch.setattr(os, "write", breaks)
    with pytest.raises(CameraFailed) as failed:
        recorder.send(1)
    assert failed.value.trouble is trouble


def test_the_empty_mount_point_of_a_disk_that_was_pulled_out_is_not_recorded_into(root: Path) -> None:
    recorder = Recorder(root)
    recorder.send(5)
    shutil.rmtree(root)
    root.mkdir()
    with pytest.raises(CameraFailed) as failed:
        recorder.send(5)
    assert failed.value.trouble is Trouble.FOLDER_GONE
    with pytest.raises(CameraFailed):
        recorder.start()
    assert list(root.iterdir()) == []


def test_two_cameras_share_a_folder_and_nothing_else(root: Path) -> None:
    for camera in ("hall", "door-2"):
        Recorder(root, camera=camera).send(3)
    assert folder.cameras(root) == ["door-2", "hall"]
    assert set(folder.segment_files(root, "hall")) == {1}
