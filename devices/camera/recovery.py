"""What a recording that was killed left behind is closed: cut to whole pictures, hashed, and in the index."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from devices.camera import folder
from devices.camera.annexb import parameter_sets
from devices.camera.folder import GapReason, GapRow, Row, SegmentRow
from devices.camera.mpegts import WRAP_MS, Frame
from devices.camera.picture_size import picture_size
from devices.camera.values import Codec

_FRAME_MS = 40


@dataclass(frozen=True, slots=True)
class Left:
    """Where a camera's recordings end: the last number, when, and why nothing followed."""

    number: int
    ended_ms: int | None
    reason: GapReason


def recover(root: Path, camera: str, note: Callable[[Row, str], None], paused_by: GapReason) -> Left:
    """Every segment's file is in the index; `note` wrote the rows that were missing.

    Raises:
        OSError: The disk.
    """
    last, after, indexed = _read_index(root, camera)
    was_killed = False
    for number, paths in sorted(folder.segment_files(root, camera).items()):
        for path in paths:
            if number in indexed:
                continue
            row = _close(root, camera, number, path)
            if row is None:
                path.unlink()
                continue
            note(row, path.parent.name)
            was_killed = True
            if last is None or number > last.number:
                last = row
    if last is None:
        return Left(0, None, GapReason.NOT_STARTED)
    is_told = after is not None and after.after == last.number and not was_killed
    return Left(last.number, last.ended_ms, GapReason(after.reason) if is_told and after else paused_by)


def _read_index(root: Path, camera: str) -> tuple[SegmentRow | None, GapRow | None, set[int]]:
    last: SegmentRow | None = None
    after: GapRow | None = None
    indexed = set[int]()
    for row in folder.all_rows(root, camera):
        if isinstance(row, SegmentRow):
            indexed.add(row.number)
            last = row if last is None or row.number > last.number else last
        elif isinstance(row, GapRow) and row.reason in {reason.value for reason in GapReason}:
            after = row
    return last, after, indexed


def _close(root: Path, camera: str, number: int, path: Path) -> SegmentRow | None:
    content = path.read_bytes()
    whole = folder.whole_bytes(path, content)
    if whole < len(content):
        os.truncate(path, whole)
        content = content[:whole]
    frames = list(folder.frames_of(path, content))
    if not frames:
        return None
    codec = Codec.JPEG if path.suffix == folder.SUFFIX[Codec.JPEG] else codec_of(frames[0].data)
    size = picture_size(frames[0].data, codec) or (0, 0) if codec is not Codec.JPEG else (0, 0)
    times = unwrapped(frames, path.parent.name)
    step = (times[-1] - times[0]) // (len(times) - 1) if len(times) > 1 else _FRAME_MS
    sha256 = hashlib.sha256(content).hexdigest()
    where = path.relative_to(root / camera).as_posix()
    return SegmentRow(
        camera,
        number,
        where,
        times[0],
        times[-1] + step,
        len(frames),
        whole,
        sha256,
        codec.value,
        *size,
        recovered=True,
    )


def codec_of(key_frame: bytes) -> Codec:
    """Which codec a key frame with its parameter sets is of."""
    return Codec.H265 if len(parameter_sets(key_frame[:4096], Codec.H265)) >= 3 else Codec.H264


def unwrapped(frames: list[Frame], day: str) -> list[int]:
    """The Unix times in ms of a segment's pictures, whose times may be modulo `WRAP_MS`, by the day of its folder."""
    midnight_ms = datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=UTC).timestamp() * 1000
    first = frames[0].at_ms
    if first < WRAP_MS:
        # A segment begins on its folder's day, and a day is shorter than the counter's round.
        first += round(-(-(midnight_ms - first) // WRAP_MS) * WRAP_MS)
    times, last = [first], frames[0].at_ms
    for frame in frames[1:]:
        step = frame.at_ms - last
        times.append(times[-1] + round(step if step > -WRAP_MS / 2 else step + WRAP_MS))
        last = frame.at_ms
    return times
