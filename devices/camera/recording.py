"""One camera's recording: packets become segments of a minute with true times, rows of an index, and reasons for gaps.

Each picture is handed to the system when it comes and is on the disk a second later: whoever is killed loses the
picture under way, a power cut loses a second. A segment begins with a key frame and is cut at the first one after a
minute. Times follow the stream's own clock, led to the machine's a millisecond a picture, so that neither a burst
after a delay nor a slow drift shows; where the two part by two seconds, a new segment begins and the gap says why.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from devices.camera import annexb, folder, recovery
from devices.camera.folder import GapReason, GapRow, Row, SegmentRow
from devices.camera.jpegs import JpegWriter
from devices.camera.mpegts import TsWriter
from devices.camera.picture_size import picture_size
from devices.camera.values import CameraFailed, Codec, Packet, StreamFacts

SEGMENT_MS = 60_000
GAP_MS = 2_000
"""Two pictures further apart than this are a gap; a camera that was slowed down to one a second has none."""
PART_MS = 2_000
"""Stream and machine may differ by so much, as they do while a link is held up, before the times are set anew."""
CLOCK_SET_MS = 1_000
SYNC_EVERY_S = 1.0
RESERVE_BYTES = 1024**3
"""Recording stops before the disk is full: the book's own files may be on it."""
_FRAME_MS = 40.0


class Times(Protocol):
    """Where the time comes from."""

    def now_ms(self) -> int:
        """The machine's wall clock: Unix time in ms."""

    def monotonic_s(self) -> float:
        """Seconds that never go back."""


def free_bytes(root: Path) -> int:
    """How much room the disk of the recordings has."""
    return shutil.disk_usage(root).free


@dataclass
class _Segment:
    """A segment that is being written."""

    path: Path
    number: int
    writer: TsWriter | JpegWriter
    facts: StreamFacts
    sets: bytes
    descriptor: int
    began_ms: int
    synced_s: float
    last_ms: int = 0
    frames: int = 0
    size: int = 0
    frame_ms: float = _FRAME_MS
    sha256: hashlib._Hash = field(default_factory=hashlib.sha256)


class Recording:
    """Writes what a camera sends. Not for several threads; `tell` is called for each row once it is on the disk."""

    def __init__(
        self,
        root: Path,
        camera: str,
        times: Times,
        tell: Callable[[Row], None],
        *,
        room: Callable[[Path], int] = free_bytes,
        reserve_bytes: int = RESERVE_BYTES,
        paused_by: GapReason = GapReason.KILLED,
    ) -> None:
        """Take up where the last recording of this camera ended; a segment that it left open is closed now.

        `paused_by` is why the last one ended where its index does not say it.

        Raises:
            CameraFailed: `FOLDER_GONE`, `DISK_FULL`, `DISK_FAILED`.
        """
        self._root, self._camera, self._times, self._tell = root, camera, times, tell
        self._room, self._reserve_bytes = room, reserve_bytes
        self._segment: _Segment | None = None
        self._facts: StreamFacts | None = None
        self._wall_ms, self._monotonic_s = times.now_ms(), times.monotonic_s()
        self._offset_ms = 0.0
        self._is_anchored = False
        with folder.disk_errors():
            self._require_room()
            left = recovery.recover(root, camera, self._note, paused_by)
        self._number = left.number
        self._ended_ms = left.ended_ms if left.ended_ms is not None else self._wall_ms
        self._reason: GapReason | None = left.reason

    @property
    def recorded_until_ms(self) -> int | None:
        """Up to when pictures are in the open segment; None while nothing is recorded."""
        return self._segment.last_ms if self._segment is not None else None

    @property
    def facts(self) -> StreamFacts | None:
        """The stream as its last key frame described it."""
        return self._facts

    def begin(self, facts: StreamFacts) -> None:
        """The camera's stream was opened; recording goes on with its next key frame."""
        self._facts, self._is_anchored = facts, False

    def take(self, packet: Packet) -> int | None:
        """The time of the picture, which is in the recording; None while one that stands alone is waited for.

        Raises:
            CameraFailed: `DISK_FULL`, `FOLDER_GONE`, `DISK_FAILED`. The recording is over; a new one takes it up.
        """
        try:
            return self._take(packet)
        except OSError as error:
            self.abandon()
            raise folder.disk_failed(error) from error
        except CameraFailed:
            self.abandon()
            raise

    def interrupt(self, reason: GapReason) -> None:
        """The stream ended: what was recorded is a closed segment, and the gap that begins has this reason.

        Raises:
            CameraFailed: As `take`.
        """
        try:
            with folder.disk_errors():
                self._close(reason)
        except CameraFailed:
            self.abandon()
            raise
        self._is_anchored = False

    def abandon(self) -> None:
        """The file is let go as it is; the next recording of this camera closes it."""
        segment, self._segment = self._segment, None
        if segment is not None:
            with suppress(OSError):
                os.close(segment.descriptor)

    def _take(self, packet: Packet) -> int | None:
        facts = self._facts
        assert facts is not None, "begin comes first"  # noqa: S101 - a slip of ours, not of the world
        at_ms = self._time_of(packet)
        if packet.is_key:
            facts = self._described(packet, facts)
            if self._segment is None:
                self._begin_segment(at_ms, facts)
            elif self._segment.sets != facts.parameter_sets:
                self._close(GapReason.STREAM_CHANGED)
                self._begin_segment(at_ms, facts)
            elif at_ms - self._segment.began_ms >= SEGMENT_MS:
                self._close(None, at_ms)
                self._begin_segment(at_ms, facts)
        segment = self._segment
        if segment is None:
            return None
        self._write(segment, packet, at_ms)
        now_s = self._times.monotonic_s()
        if now_s - segment.synced_s >= SYNC_EVERY_S:
            segment.synced_s = now_s
            self._require_room()
            if not segment.path.exists():
                raise OSError(errno.ENOENT, "the segment is gone")
            os.fsync(segment.descriptor)
        return at_ms

    def _described(self, packet: Packet, facts: StreamFacts) -> StreamFacts:
        """The facts with what this key frame brings along."""
        if facts.codec is Codec.JPEG or not annexb.has_parameter_sets(packet.data, facts.codec):
            return facts
        units = annexb.leading_sets(packet.data, facts.codec)
        sets = b"".join(b"\0\0\0\1" + unit for unit in units)
        if sets != facts.parameter_sets:
            size = picture_size(sets, facts.codec) or (facts.width, facts.height)
            self._facts = replace(facts, parameter_sets=sets, width=size[0], height=size[1])
        return self._facts or facts

    def _time_of(self, packet: Packet) -> int:
        """The picture's time; where it jumps, the segment is closed and the gap says why."""
        wall_ms = self._wall() - packet.behind_s * 1000
        stream_ms = packet.stream_s * 1000
        if not self._is_anchored:
            self._offset_ms, self._is_anchored = wall_ms - stream_ms, True
        error_ms = wall_ms - self._offset_ms - stream_ms
        if abs(error_ms) > PART_MS:
            self._close(GapReason.STREAM_CLOCK)
            self._offset_ms = wall_ms - stream_ms
        self._offset_ms += max(-1.0, min(1.0, error_ms * 0.01))
        at_ms = round(self._offset_ms + stream_ms)
        if self._segment is None:
            return at_ms
        if at_ms - self._segment.last_ms > GAP_MS:
            self._close(GapReason.FRAMES_MISSING)
            return at_ms
        return max(at_ms, self._segment.last_ms + 1)

    def _wall(self) -> float:
        """The wall clock as it was at the beginning, carried on by the clock that nobody sets."""
        steady_ms = self._wall_ms + (self._times.monotonic_s() - self._monotonic_s) * 1000
        now_ms = self._times.now_ms()
        if abs(now_ms - steady_ms) <= CLOCK_SET_MS:
            return steady_ms
        self._close(GapReason.CLOCK_SET)
        self._wall_ms, self._monotonic_s, self._is_anchored = now_ms, self._times.monotonic_s(), False
        return now_ms

    def _begin_segment(self, at_ms: int, facts: StreamFacts) -> None:
        self._require_room()
        day = folder.day_of(at_ms)
        (self._root / self._camera / day).mkdir(mode=0o700, parents=True, exist_ok=True)
        if self._reason is not None:
            self._note(GapRow(self._camera, self._number, self._ended_ms, at_ms, self._reason.value), day)
            self._reason = None
        number = self._number + 1
        path = folder.segment_path(self._root, self._camera, day, number, facts.codec)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        writer = JpegWriter() if facts.codec is Codec.JPEG else TsWriter(facts.codec)
        frame_ms = 1000 / facts.rate if facts.rate >= 1 else _FRAME_MS
        self._segment = _Segment(
            path, number, writer, facts, facts.parameter_sets, descriptor, at_ms, self._times.monotonic_s(), at_ms,
            frame_ms=frame_ms,
        )  # fmt: skip

    def _write(self, segment: _Segment, packet: Packet, at_ms: int) -> None:
        data, codec = packet.data, segment.facts.codec
        if packet.is_key and codec is not Codec.JPEG and not annexb.has_parameter_sets(data, codec):
            data = segment.sets + data
        content = segment.writer.encode(data, at_ms, is_key=packet.is_key)
        written = os.write(segment.descriptor, content)
        if written < len(content):
            raise OSError(errno.ENOSPC, "the disk took a part")
        segment.sha256.update(content)
        segment.size += len(content)
        if segment.frames:
            segment.frame_ms += (at_ms - segment.last_ms - segment.frame_ms) * 0.1
        segment.frames += 1
        segment.last_ms = at_ms

    def _close(self, reason: GapReason | None, ended_ms: int | None = None) -> None:
        """The open segment is whole and in the index; with a reason, so is the beginning of a gap."""
        segment = self._segment
        if segment is not None:
            os.fsync(segment.descriptor)
            os.close(segment.descriptor)
            self._segment = None
            ended = ended_ms if ended_ms is not None else round(segment.last_ms + segment.frame_ms)
            facts, name = segment.facts, segment.path.name
            day = segment.path.parent.name
            row = SegmentRow(
                self._camera, segment.number, f"{day}/{name}", segment.began_ms, ended, segment.frames, segment.size,
                segment.sha256.hexdigest(), facts.codec.value, facts.width, facts.height,
            )  # fmt: skip
            self._note(row, day)
            self._number, self._ended_ms = segment.number, ended
        if reason is not None and (segment is not None or self._reason is not reason):
            self._reason = reason
            self._note(GapRow(self._camera, self._number, self._ended_ms, self._ended_ms, reason.value))

    def _note(self, row: Row, day: str | None = None) -> None:
        folder.add_row(self._root, row, day or folder.day_of(row.began_ms))
        self._tell(row)

    def _require_room(self) -> None:
        if not folder.is_root(self._root):
            raise OSError(errno.ENOENT, "not a folder of recordings")
        if self._room(self._root) < self._reserve_bytes:
            raise OSError(errno.ENOSPC, "the reserve is reached")
