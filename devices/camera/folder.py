"""The recordings on a disk: which file is what, and the index of each camera's day.

    ROOT/uchastka-cameras.json               what makes a folder one of recordings
    ROOT/CAMERA/2026-12-20/index.jsonl       a line for each segment that was closed, each gap, each alarm
    ROOT/CAMERA/2026-12-20/00000017.ts       a segment; the number counts up for the camera, whatever the clock does

An index is only added to, a whole line at a time, and is on the disk before anybody is told.
"""

from __future__ import annotations

import errno
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path

from devices.camera import jpegs, mpegts
from devices.camera.mpegts import Frame
from devices.camera.values import CameraFailed, Codec, Trouble

MARKER = "uchastka-cameras.json"
INDEX = "index.jsonl"
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,30}", re.ASCII)
SUFFIX = {Codec.H264: ".ts", Codec.H265: ".ts", Codec.JPEG: ".mjpeg"}
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_SEGMENT = re.compile(r"(\d{8})\.(ts|mjpeg)", re.ASCII)
_LINE_BYTES_MAX = 4096
_FULL = {errno.ENOSPC, errno.EDQUOT}
_GONE = {errno.ENOENT, errno.ENODEV, errno.ENXIO, errno.EIO, errno.ENOTDIR, errno.EROFS, errno.ESTALE}


class GapReason(Enum):
    """Why nothing was recorded for a while."""

    NOT_STARTED = "not_started"
    STOPPED = "stopped"
    KILLED = "killed"
    LOST = "lost"
    NO_VIDEO = "no_video"
    FRAMES_MISSING = "frames_missing"
    STREAM_CLOCK = "stream_clock"
    CLOCK_SET = "clock_set"
    STREAM_CHANGED = "stream_changed"
    DISK_FULL = "disk_full"
    QUOTA_USED = "quota_used"
    FOLDER_GONE = "folder_gone"


@dataclass(frozen=True, slots=True)
class SegmentRow:
    """A segment that was closed; times are Unix times in ms, and the last frame lasts until `ended_ms`."""

    camera: str
    number: int
    file: str
    began_ms: int
    ended_ms: int
    frames: int
    size: int
    sha256: str
    codec: str
    width: int
    height: int
    recovered: bool = False


@dataclass(frozen=True, slots=True)
class GapRow:
    """Nothing was recorded between two segments; `after` is the number of the one before, 0 where there is none.

    Where the clock was set back, `ended_ms` is before `began_ms`.
    """

    camera: str
    after: int
    began_ms: int
    ended_ms: int
    reason: str


@dataclass(frozen=True, slots=True)
class AlarmRow:
    """Something was wrong with a camera; `ended_ms` is None when it begins, and the same row comes again at its end."""

    camera: str
    alarm: str
    began_ms: int
    ended_ms: int | None


Row = SegmentRow | GapRow | AlarmRow
_ROWS: dict[str, type[Row]] = {"segment": SegmentRow, "gap": GapRow, "alarm": AlarmRow}
_KINDS = {kind: name for name, kind in _ROWS.items()}


class QuotaUsed(OSError):
    """The recordings take as much as they may."""


@contextmanager
def disk_errors() -> Iterator[None]:
    """Errors of the disk inside become `CameraFailed` with what a person can do something about."""
    try:
        yield
    except QuotaUsed as error:
        raise CameraFailed(Trouble.QUOTA_USED) from error
    except OSError as error:
        raise disk_failed(error) from error


def disk_failed(error: OSError) -> CameraFailed:
    """What a person can do something about."""
    trouble = Trouble.DISK_FAILED
    if error.errno in _FULL:
        trouble = Trouble.DISK_FULL
    elif error.errno in _GONE:
        trouble = Trouble.FOLDER_GONE
    return CameraFailed(trouble, f"errno {error.errno}")


def make_root(root: Path) -> None:
    """`root` is a folder of recordings, and only its owner may look inside.

    Raises:
        CameraFailed: `DISK_FULL`, `FOLDER_GONE`, `DISK_FAILED`.
    """
    with disk_errors():
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not (root / MARKER).exists():
            add_text(root / MARKER, json.dumps({"schema": 1}) + "\n")


def is_root(root: Path) -> bool:
    """Whether it is a folder of recordings: an empty mount point, where a disk was, is none."""
    return (root / MARKER).is_file()


def day_of(at_ms: int) -> str:
    """The UTC day that a moment belongs to, as folders are named."""
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d}"


def add_text(path: Path, text: str) -> None:
    """The file at `path` ends with this text, and that is on the disk.

    Raises:
        OSError: The disk didn't take it.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0), 0o600)
    try:
        os.write(descriptor, text.encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def add_row(root: Path, row: Row, day: str) -> None:
    """The index of the camera's `day` ends with `row`.

    Raises:
        CameraFailed: As `make_root`.
    """
    folder = root / row.camera / day
    with disk_errors():
        if not is_root(root):
            raise OSError(errno.ENOENT, "not a folder of recordings")
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        line = json.dumps(row_fields(row), separators=(",", ":"))
        index = folder / INDEX
        # A line that a crash tore is closed first, so that it spoils no other.
        torn = index.exists() and index.stat().st_size and not _ends_whole(index)
        add_text(index, ("\n" if torn else "") + line + "\n")


def _ends_whole(index: Path) -> bool:
    with index.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"


def row_fields(row: Row) -> dict[str, object]:
    """The row as a JSON object."""
    return {"kind": _KINDS[type(row)], **asdict(row)}


def read_row(untrusted: str) -> Row | None:
    """The row that a line of an index is, or None."""
    try:
        fields = json.loads(untrusted[:_LINE_BYTES_MAX])
    except ValueError:
        return None
    return row_of_fields(fields)


def row_of_fields(untrusted: object) -> Row | None:
    """The row that a JSON object is, or None."""
    try:
        fields = dict(untrusted)  # type: ignore[call-overload]  # whatever it is
        row = _ROWS[fields.pop("kind")](**fields)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    wanted = {int: "number began_ms frames size width height after", str: "camera file sha256 codec reason alarm"}
    is_right = all(
        type(getattr(row, name)) is form
        for form, names in wanted.items()
        for name in names.split()
        if hasattr(row, name)
    )
    ended = row.ended_ms
    return row if is_right and (type(ended) is int or (ended is None and isinstance(row, AlarmRow))) else None


def cameras(root: Path) -> list[str]:
    """The cameras that have a folder here."""
    if not root.is_dir():
        return []
    return sorted(path.name for path in root.iterdir() if path.is_dir() and NAME.fullmatch(path.name))


def days(root: Path, camera: str) -> list[str]:
    """The days on which the camera recorded."""
    folder = root / camera
    if not folder.is_dir():
        return []
    return sorted(path.name for path in folder.iterdir() if path.is_dir() and _DAY.fullmatch(path.name))


def rows(root: Path, camera: str, day: str) -> Iterator[Row]:
    """The rows of the camera's day, in the order in which they were written; what is no row is passed over."""
    index = root / camera / day / INDEX
    if not index.is_file():
        return
    with index.open(encoding="utf-8", errors="replace") as file:
        for line in file:
            if (row := read_row(line)) is not None:
                yield row


def all_rows(root: Path, camera: str) -> Iterator[Row]:
    """The rows of all days of the camera."""
    for day in days(root, camera):
        yield from rows(root, camera, day)


def segment_files(root: Path, camera: str) -> dict[int, list[Path]]:
    """The files of segments that are there, by number."""
    found: dict[int, list[Path]] = {}
    for day in days(root, camera):
        for path in sorted((root / camera / day).iterdir()):
            if (named := _SEGMENT.fullmatch(path.name)) is not None:
                found.setdefault(int(named[1]), []).append(path)
    return found


def segment_path(root: Path, camera: str, day: str, number: int, codec: Codec) -> Path:
    """Where a segment is."""
    return root / camera / day / f"{number:08d}{SUFFIX[codec]}"


def frames_of(path: Path, content: bytes) -> Iterator[Frame]:
    """The pictures in the content of a segment's file."""
    return jpegs.frames(content) if path.suffix == SUFFIX[Codec.JPEG] else mpegts.frames(content)


def whole_bytes(path: Path, content: bytes) -> int:
    """Where a segment's file that a crash tore is cut."""
    if path.suffix == SUFFIX[Codec.JPEG]:
        return jpegs.whole_bytes(content)
    return mpegts.whole_bytes(content)
