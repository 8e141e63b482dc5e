"""The disk of the recordings: how long it lasts, and what of earlier elections may go when room is needed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from devices.camera import folder
from devices.camera.allowance import bytes_of, recordings_bytes
from devices.camera.job import Status
from devices.camera.quota import HOURS_A_DAY, Kept, Room, days_left, to_delete
from devices.camera.recording import RESERVE_BYTES
from pollbook.failures import Failure, WorldFailed
from station_app.cameras.settings import Limits

DELETED = "deleted.jsonl"
_USUAL_BITS_PER_S = 4_000_000


def room_of(root: Path, limits: Limits) -> Room:
    """What the disk and the quota leave for recordings; the quota counts those of all elections."""
    free, used = shutil.disk_usage(_there(root)).free, recordings_bytes(root.parent)
    return Room(free, RESERVE_BYTES, used, limits.quota_bytes)


def days_of(room: Room, statuses: Mapping[str, Status], cameras: int) -> float:
    """For how many election days there is room, by what the cameras send now, or usually."""
    sent = sum(status.bits_per_s for status in statuses.values()) or cameras * _USUAL_BITS_PER_S
    return days_left(room, sent)


def kept_elections(base: Path) -> list[Kept]:
    """The recordings of all elections in the folder that holds them."""
    found = []
    for root in sorted(base.iterdir()) if base.is_dir() else []:
        if root.is_dir() and folder.is_root(root):
            rows = (row for camera in folder.cameras(root) for row in folder.all_rows(root, camera))
            ended_ms = max((row.ended_ms or 0 for row in rows), default=0)
            # What has no time is as young as it can be: it stays.
            ended_s = ended_ms / 1000 if ended_ms else float("inf")
            found.append(Kept(root.name, bytes_of(root), ended_s))
    return found


def make_room(base: Path, current: str, missing_bytes: int, now: datetime, limits: Limits) -> list[str]:
    """The elections whose recordings were deleted, as far as the time of keeping allows; never of the current one.

    Raises:
        OSError: The disk.
    """
    chosen = to_delete(kept_elections(base), current, now.timestamp(), missing_bytes, limits.keep_days)
    for kept in chosen:
        note = {"election": kept.election, "size": kept.size, "deleted_at": now.isoformat(timespec="seconds")}
        folder.add_text(base / DELETED, json.dumps(note) + "\n")
        shutil.rmtree(base / kept.election)
    return [kept.election for kept in chosen]


def room_for_a_day(root: Path, cameras: int, now: datetime, limits: Limits) -> list[str]:
    """The elections whose recordings had to go, and may, so that a day of this one has room; none where it has.

    Raises:
        WorldFailed: `RECORDING_DISK_FAILED`.
    """
    needed = round(cameras * _USUAL_BITS_PER_S / 8 * HOURS_A_DAY * 3600)
    missing = needed - room_of(root, limits).left
    if missing <= 0:
        return []
    try:
        return make_room(root.parent, root.name, missing, now, limits)
    except OSError as error:
        raise WorldFailed(Failure.RECORDING_DISK_FAILED, f"errno {error.errno}") from error


def _there(root: Path) -> Path:
    return next(path for path in (root, *root.parents) if path.exists())
