from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from devices.camera import folder
from devices.camera.allowance import COUNT_EVERY_S, Allowance, bytes_of, recordings_bytes
from devices.camera.folder import GapReason, GapRow, QuotaUsed, Row
from devices.camera.job import Job, read_allowed, write_allowed
from devices.camera.place import place_of
from devices.camera.supervised import Supervised
from devices.camera.values import CameraFailed, Trouble
from tests.devices.camera.test_streams import is_recorded, until


@dataclass
class Clock:
    now_s: float = 0.0

    def __call__(self) -> float:
        return self.now_s


def fill(root: Path, size: int) -> None:
    folder.make_root(root)
    (root / "hall" / "2026-12-20").mkdir(parents=True, exist_ok=True)
    (root / "hall" / "2026-12-20" / "00000001.ts").write_bytes(bytes(size))


def test_the_recordings_of_all_elections_count_and_what_is_not_ours_does_not(tmp_path: Path) -> None:
    fill(tmp_path / "2026-12", 1000)
    fill(tmp_path / "2027-05", 500)
    (tmp_path / "holiday").mkdir()
    (tmp_path / "holiday" / "film.mp4").write_bytes(bytes(9000))
    markers = 2 * (tmp_path / "2026-12" / folder.MARKER).stat().st_size
    assert recordings_bytes(tmp_path) == 1500 + markers
    assert recordings_bytes(tmp_path / "nowhere") == bytes_of(tmp_path / "nowhere") == 0


def test_a_quota_that_is_used_up_stops_recording_and_is_counted_once_a_minute(tmp_path: Path) -> None:
    clock, root = Clock(), tmp_path / "2026-12"
    fill(root, 1000)
    allowance = Allowance(10_000, clock)
    assert allowance.room(root) > 0
    fill(root, 20_000)
    assert allowance.room(root) > 0
    clock.now_s += COUNT_EVERY_S
    with pytest.raises(QuotaUsed):
        allowance.room(root)
    allowance.use(100_000)
    assert allowance.room(root) > 0
    allowance.use(None)
    assert allowance.room(root) > 0


def test_a_used_up_quota_is_told_from_a_full_disk(tmp_path: Path) -> None:
    fill(tmp_path / "2026-12", 1000)
    with pytest.raises(CameraFailed) as failed, folder.disk_errors():
        Allowance(1).room(tmp_path / "2026-12")
    assert failed.value.trouble is Trouble.QUOTA_USED


@pytest.mark.parametrize("quota_bytes", [None, 5 * 10**9])
def test_a_quota_is_read_as_it_was_written(quota_bytes: int | None) -> None:
    assert read_allowed(write_allowed(quota_bytes)) == quota_bytes


def test_a_quota_that_is_used_up_is_an_alarm_and_a_larger_one_goes_on_in_the_same_process(root: Path) -> None:
    rows: list[Row] = []
    camera = Supervised(Job("hall", root, place_of("scene:5", None, None), quota_bytes=1), rows.append)
    camera.start()
    try:
        until(lambda: camera.status.trouble is Trouble.QUOTA_USED, camera)
        assert "not_recording" in camera.status.alarms
        pid = camera.pid
        camera.allow(10**12)
        until(lambda: is_recorded(camera) and not camera.status.alarms, camera)
        assert camera.pid == pid
        camera.allow(1)
        until(lambda: camera.status.trouble is Trouble.QUOTA_USED, camera)
        camera.allow(None)
        until(lambda: is_recorded(camera), camera)
    finally:
        camera.close()
    assert GapReason.QUOTA_USED.value in {row.reason for row in rows if isinstance(row, GapRow)}
