from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

from devices.camera import folder
from devices.camera.folder import GapReason
from station_app.cameras import keeping
from station_app.cameras.keeping import DELETED, kept_elections, make_room, room_of
from station_app.cameras.settings import Limits
from tests.devices.camera.streams import START_MS, Recorder

LATER = datetime.fromtimestamp(START_MS / 1000 + 400 * 86_400, UTC)


def record(root: Path) -> Path:
    folder.make_root(root)
    recorder = Recorder(root)
    recorder.send(5)
    recorder.recording.interrupt(GapReason.STOPPED)
    return root


def test_an_old_elections_recordings_go_when_room_is_needed_and_a_note_stays(tmp_path: Path) -> None:
    old, now = record(tmp_path / "2026-12"), record(tmp_path / "2028-01")
    assert make_room(tmp_path, now.name, 1, LATER, Limits()) == ["2026-12"]
    assert (old.exists(), now.exists()) == (False, True)
    (note,) = (json.loads(line) for line in (tmp_path / DELETED).read_text().splitlines())
    assert note["election"] == "2026-12"
    assert make_room(tmp_path, now.name, 1, LATER, Limits()) == []


def test_what_is_young_or_current_or_not_ours_stays_whatever_room_is_needed(tmp_path: Path) -> None:
    record(tmp_path / "2026-12")
    (tmp_path / "holiday pictures").mkdir()
    folder.make_root(tmp_path / "empty")
    a_year_less = datetime.fromtimestamp(START_MS / 1000 + 300 * 86_400, UTC)
    assert make_room(tmp_path, "2028-01", 1, a_year_less, Limits()) == []
    assert make_room(tmp_path, "2026-12", 1, LATER, Limits()) == []
    assert {kept.election for kept in kept_elections(tmp_path)} == {"2026-12", "empty"}


def test_room_is_asked_of_the_disk_on_which_the_folder_will_be(tmp_path: Path) -> None:
    room = room_of(tmp_path / "not" / "there" / "yet", Limits())
    free = os.statvfs(tmp_path).f_bavail * os.statvfs(tmp_path).f_frsize
    assert abs(room.free - free) < 0.1 * free
    assert (room.used, room.quota) == (0, None)
    assert keeping.room_for_a_day(tmp_path / "recordings" / "now", 0, LATER, Limits()) == []


def test_a_quota_counts_the_recordings_of_all_elections_and_old_ones_go_to_make_room_for_a_day(tmp_path: Path) -> None:
    old, now = record(tmp_path / "2026-12"), tmp_path / "2028-01"
    used = room_of(now, Limits()).used
    assert used > 1000
    limits = Limits(quota_gb=1)
    assert room_of(now, limits).left == 10**9 - used
    assert keeping.room_for_a_day(now, 1, LATER, limits) == [], "deleting it would not make the room"
    (old / "hall" / "large.ts").write_bytes(b"")
    os.truncate(old / "hall" / "large.ts", 26 * 10**9)
    assert keeping.room_for_a_day(now, 1, LATER, Limits(27, keep_days=500)) == [], "it is kept for longer"
    assert keeping.room_for_a_day(now, 1, LATER, Limits(27)) == ["2026-12"]
    assert not old.exists()
