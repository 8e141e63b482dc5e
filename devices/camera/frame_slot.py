"""The newest picture of a camera, for whoever shows it: one place in shared memory, overwritten, never queued.

A reader that is too slow misses pictures and never delays one; by asking it tells that somebody watches. The writer is
the camera's process; whoever started that process made the place, and unmakes it.
"""

from __future__ import annotations

import struct
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import resource_tracker
from multiprocessing.shared_memory import SharedMemory

import numpy as np

from devices.camera.values import Pixels

PIXELS_BYTES_MAX = 1280 * 720 * 3
"""A larger picture is halved until it fits: this is for looking, the recording is as it came."""
WATCHED_S = 3.0
"""Whoever looked so lately is still watching."""
_HEAD, _LOOKED = struct.Struct("<QIIqd"), struct.Struct("<d")
_PIXELS_AT = _HEAD.size + _LOOKED.size
_TRIES = 3


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture: `number` counts up, `at_ms` is its Unix time, `read_s` when it was read, on the monotonic clock."""

    number: int
    pixels: Pixels
    at_ms: int
    read_s: float


class FrameSlot:
    """The place. `make` it in one process, `join` it in another by its name."""

    def __init__(self, memory: SharedMemory, *, is_owner: bool) -> None:
        self._memory, self._is_owner, self._number = memory, is_owner, 0
        assert memory.buf is not None  # noqa: S101 - it is open
        self._buffer = memory.buf

    @classmethod
    def make(cls) -> FrameSlot:
        """An empty place of this process's own."""
        return cls(SharedMemory(create=True, size=_PIXELS_AT + PIXELS_BYTES_MAX), is_owner=True)

    @classmethod
    def join(cls, name: str) -> FrameSlot:
        """The place that another process made."""
        memory = SharedMemory(name)
        # Python would unmake it when this process ends.
        with suppress(KeyError, AttributeError):
            resource_tracker.unregister(f"/{memory.name.lstrip('/')}", "shared_memory")
        return cls(memory, is_owner=False)

    @property
    def name(self) -> str:
        """By which it is joined."""
        return self._memory.name

    def put(self, pixels: Pixels, at_ms: int, read_s: float) -> None:
        """This is the newest picture."""
        while pixels.nbytes > PIXELS_BYTES_MAX:
            pixels = pixels[::2, ::2]
        np.copyto(self._place((pixels.shape[0], pixels.shape[1]), at_ms, read_s), pixels)
        self._placed()

    def fill(
        self, write: Callable[[Pixels | None], Pixels | None], shape: tuple[int, int], at_ms: int, read_s: float
    ) -> bool:
        """As `put`, of what `write` writes at the place that it is given, where it has this shape; False: nothing."""
        is_small = shape[0] * shape[1] * 3 <= PIXELS_BYTES_MAX
        place = self._place(shape, at_ms, read_s) if is_small else None
        pixels = write(place)
        if pixels is None:
            return False
        if pixels is place:
            self._placed()
        else:
            self.put(pixels, at_ms, read_s)
        return True

    def _place(self, shape: tuple[int, int], at_ms: int, read_s: float) -> Pixels:
        height, width = shape
        self._number += 1
        # Odd while it is written: a reader that sees that, or a number that changed, looks again.
        _HEAD.pack_into(self._buffer, 0, 2 * self._number - 1, width, height, at_ms, read_s)
        return np.ndarray((height, width, 3), np.uint8, self._buffer, _PIXELS_AT)

    def _placed(self) -> None:
        struct.pack_into("<Q", self._buffer, 0, 2 * self._number)

    def is_watched(self) -> bool:
        """Whether anybody asked for the newest picture lately."""
        looked_s: float = _LOOKED.unpack_from(self._buffer, _HEAD.size)[0]
        return time.monotonic() - looked_s < WATCHED_S

    def newest(self, after: int = 0) -> Shown | None:
        """The newest picture whose number is above `after`, or None."""
        _LOOKED.pack_into(self._buffer, _HEAD.size, time.monotonic())
        for _ in range(_TRIES):
            mark, width, height, at_ms, read_s = _HEAD.unpack_from(self._buffer, 0)
            if mark % 2 or not mark or mark // 2 <= after:
                continue
            pixels = np.ndarray((height, width, 3), np.uint8, self._buffer, _PIXELS_AT).copy()
            if struct.unpack_from("<Q", self._buffer, 0)[0] == mark:
                return Shown(mark // 2, pixels, at_ms, read_s)
        return None

    def close(self) -> None:
        """The place is let go; its maker unmakes it."""
        self._memory.close()
        if self._is_owner:
            with suppress(FileNotFoundError):
                self._memory.unlink()
