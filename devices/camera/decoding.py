"""Pictures decoded from a stream that our own receiver reads, as OpenCV would from a file; and single key frames.

The decoder is given whole pictures, each with a delimiter after it, so that it waits for no other to know that one
is over: nothing is read ahead, and a picture of several slices is whole. As long as nobody watches, and key frames come
often enough to judge a camera by, they alone are decoded.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from typing import Protocol, cast

import numpy as np

from devices.camera import annexb
from devices.camera.lateness import LATE_S, LOST_S, Lateness
from devices.camera.values import Camera, CameraFailed, Codec, Packet, Pixels, StreamFacts, Trouble
from devices.vision import cv2

WATCHED_GATHER_S, UNWATCHED_GATHER_S = 0.0, 0.25
KEYS_APART_S = 1.5
"""A trick is found within five seconds by a picture in so many; where key frames come seldom, all are decoded."""
_DELIMITERS = {Codec.H264: b"\0\0\0\1\x09\xf0", Codec.H265: b"\0\0\0\1\x46\x01\x50"}


class Streamed(Camera, Protocol):
    """A camera that is read as it flows; `gather_s` is how long it lets pictures gather."""

    gather_s: float


class _Source(io.BufferedIOBase):
    """The stream as a file that grows."""

    def __init__(self, camera: Streamed, is_watched: Callable[[], bool]) -> None:
        self._camera, self._is_watched = camera, is_watched
        self._left = b""
        self._keys_apart_s: float | None = None
        self._key_s: float | None = None
        self._is_passing = True
        self.stream_s = 0.0

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It flows."""
        return False

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """It flows: -1, as OpenCV wants to hear that."""
        del offset, whence
        return -1

    def read(self, size: int | None = -1, /) -> bytes:
        """What is left of the picture, or the next one; nothing where the stream is over."""
        if not self._left:
            packet = self._next()
            if packet is None:
                return b""
            facts, data = self._camera.facts, packet.data
            self.stream_s = packet.stream_s
            if packet.is_key and not annexb.has_parameter_sets(data, facts.codec):
                data = facts.parameter_sets + data
            self._left = data + _DELIMITERS[facts.codec]
        wanted = len(self._left) if size is None or size < 0 else size
        given, self._left = self._left[:wanted], self._left[wanted:]
        return given

    def _next(self) -> Packet | None:
        while True:
            is_watched = self._is_watched()
            self._camera.gather_s = WATCHED_GATHER_S if is_watched else UNWATCHED_GATHER_S
            try:
                packet = self._camera.read()
            except CameraFailed:
                return None
            if packet is None:
                return None
            if packet.is_key:
                if self._key_s is not None:
                    self._keys_apart_s = packet.stream_s - self._key_s
                self._key_s = packet.stream_s
                are_enough = self._keys_apart_s is not None and 0 < self._keys_apart_s <= KEYS_APART_S
                self._is_passing = are_enough and not is_watched
                return packet
            if not self._is_passing:
                return packet


class StreamViewer:
    """A camera's pictures, decoded on one thread."""

    def __init__(self, camera: Streamed, is_watched: Callable[[], bool]) -> None:
        """The first picture that stands alone has come.

        Raises:
            CameraFailed: `NO_VIDEO`. The camera is closed then.
        """
        self._camera, self._is_watched = camera, is_watched
        self._source = _Source(camera, is_watched)
        self._lateness: Lateness | None = None
        self._capture = _capture_of(self._source)
        if not self._capture.isOpened():
            self.close()
            raise CameraFailed(Trouble.NO_VIDEO, "not decoded")

    def advance(self) -> float | None:
        """See `Viewer`."""
        while self._capture.grab():
            stream_s = self._source.stream_s
            if not self._is_watched():
                self._lateness = None
                return stream_s
            if self._lateness is None:
                self._lateness = Lateness()
            late_s = self._lateness.of(stream_s, time.monotonic())
            if late_s > LOST_S:
                return None
            if late_s <= LATE_S:
                return stream_s
        return None

    def pixels(self, place: Pixels | None = None) -> Pixels | None:
        """See `Viewer`."""
        is_read, pixels = self._capture.retrieve(place)
        if not is_read:
            return None
        return place if pixels is place else np.asarray(pixels, np.uint8)

    def close(self) -> None:
        """See `Viewer`."""
        self._capture.release()
        self._camera.close()


def _capture_of(source: io.BufferedIOBase) -> cv2.VideoCapture:
    # One thread: a second one buys nothing at these sizes and costs a picture of latency.
    return cv2.VideoCapture(cast("cv2.IStreamReader", source), cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])


def decode_key_frame(data: bytes, facts: StreamFacts) -> Pixels | None:
    """The picture of one key frame of H.264 or H.265, or None."""
    sets = b"" if annexb.has_parameter_sets(data, facts.codec) else facts.parameter_sets
    source = io.BytesIO(sets + data + _DELIMITERS[facts.codec])
    capture = _capture_of(source)
    is_read, pixels = capture.read()
    capture.release()
    return np.asarray(pixels, np.uint8) if is_read else None
