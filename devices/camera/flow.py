"""How a stream flows: what came in the last ten seconds, as numbers. Written by one thread, read by another."""

from __future__ import annotations

import statistics
import threading
import zlib
from collections import deque
from dataclasses import dataclass
from itertools import pairwise

from devices.camera.values import Packet, StreamFacts, Trouble

WINDOW_S = 10.0
QUIET_S = 2.0
"""No picture for so long, and the camera is lost, whatever its connection says; one a second is not."""
_SETTLED_S = 5.0
TURNED_BACK_S = 2.0
"""Pictures that are sent before others that are older by less are in the order of decoding."""


@dataclass(frozen=True, slots=True)
class Flowing:
    """The stream at one moment.

    Attributes:
        is_lost: Whether pictures come.
        trouble: Why not, once that is known.
        facts: The stream as its last key frame described it.
        rate: Pictures a second; None in the first seconds.
        missing_share: Of the pictures that should have come, those that did not.
        bits_per_s: What the camera sends.
        fingerprints: Of the pictures that stand alone and came since the last time that anybody asked.
        key_frame: The newest picture that stands alone and wasn't given before, with its time.
        clock_off_s: The camera's own clock less the machine's, where it told.
        turned_back: How often the stream's clock or the camera's own went back since the last time that anybody asked.
    """

    is_lost: bool
    trouble: Trouble | None
    facts: StreamFacts | None
    rate: float | None
    missing_share: float | None
    bits_per_s: float
    fingerprints: tuple[int, ...]
    key_frame: tuple[Packet, int] | None
    clock_off_s: float | None
    turned_back: int = 0


class Flow:
    """Counts what comes."""

    def __init__(self, began_s: float) -> None:
        self._lock = threading.Lock()
        self._came: deque[tuple[float, float, int]] = deque()
        self._last_s = began_s
        self._opened_s = began_s
        self._trouble: Trouble | None = None
        self._is_open = self._has_failed = False
        self._facts: StreamFacts | None = None
        self._fingerprints: list[int] = []
        self._key_frame: tuple[Packet, int] | None = None
        self._clock_off_s: float | None = None
        self._clocks: tuple[float, float | None] | None = None
        self._turned_back = 0

    def opened(self, facts: StreamFacts, clock_off_s: float | None, now_s: float) -> None:
        """The camera's stream is open."""
        with self._lock:
            self._came.clear()
            self._facts, self._clock_off_s, self._opened_s = facts, clock_off_s, now_s
            self._is_open, self._clocks = True, None

    def failed(self, trouble: Trouble | None) -> None:
        """It is not, or not any more."""
        with self._lock:
            self._is_open, self._has_failed, self._trouble = False, True, trouble

    def came(self, packet: Packet, facts: StreamFacts, at_ms: int, now_s: float) -> None:
        """A picture came."""
        fingerprint = zlib.crc32(packet.data) if packet.is_key else None
        with self._lock:
            self._trouble, self._facts, self._last_s = None, facts, now_s
            self._came.append((now_s, packet.stream_s, len(packet.data)))
            while now_s - self._came[0][0] > WINDOW_S:
                self._came.popleft()
            self._compare(packet, at_ms)
            if fingerprint is not None:
                self._fingerprints.append(fingerprint)
                self._key_frame = packet, at_ms

    def _compare(self, packet: Packet, at_ms: int) -> None:
        """The stream's clock with what it was, the camera's own with the machine's."""
        before, self._clocks = self._clocks, (packet.stream_s, packet.camera_s)
        if packet.camera_s is not None:
            self._clock_off_s = packet.camera_s - (at_ms / 1000 - packet.behind_s)
        if before is not None:
            is_back = before[0] - packet.stream_s > TURNED_BACK_S
            if packet.camera_s is not None and before[1] is not None:
                is_back |= before[1] - packet.camera_s > TURNED_BACK_S
            self._turned_back += is_back

    def now(self, now_s: float) -> Flowing:
        """The stream at this moment."""
        with self._lock:
            is_lost = now_s - self._last_s > QUIET_S or (self._has_failed and not self._is_open)
            fingerprints, self._fingerprints = tuple(self._fingerprints), []
            key_frame, self._key_frame = self._key_frame, None
            turned_back, self._turned_back = self._turned_back, 0
            came = [each for each in self._came if now_s - each[0] <= WINDOW_S]
            window_s = min(now_s - self._opened_s, WINDOW_S)
            is_settled = window_s >= _SETTLED_S and not is_lost
            return Flowing(
                is_lost, self._trouble, self._facts,
                len(came) / window_s if is_settled else None,
                missing_share([stream_s for _, stream_s, _ in came]) if is_settled else None,
                8 * sum(size for _, _, size in came) / max(window_s, 1.0),
                fingerprints, key_frame, self._clock_off_s, turned_back,
            )  # fmt: skip


def missing_share(times_s: list[float]) -> float:
    """Of the pictures that should have stood between the first and the last of these, how many did not."""
    steps = [after - before for before, after in pairwise(times_s) if after > before]
    if len(steps) < 5:
        return 0.0
    usual_s = statistics.median(steps)
    missing = sum(max(round(step_s / usual_s) - 1, 0) for step_s in steps)
    return missing / (missing + len(times_s))
