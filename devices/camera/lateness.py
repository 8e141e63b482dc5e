"""How far a reader is behind a live stream, by the stream's own clock; pure.

A machine that is busy for a while leaves pictures waiting in the connection, and a reader that takes them one by one
stays behind for good. What is late is passed over; who is far behind begins anew at the newest key frame.
"""

from __future__ import annotations

from typing import Final

LATE_S: Final = 0.25
LOST_S: Final = 1.5
_DRIFT: Final = 0.001
"""Of the time that passes: clocks go apart by less, and a reader that falls behind falls faster."""


class Lateness:
    """Remembers the least that a picture ever took; everything beyond that is lateness."""

    def __init__(self) -> None:
        self._least: float | None = None
        self._at_s = 0.0

    def of(self, stream_s: float, now_s: float) -> float:
        """Seconds that a picture with this time on the stream's clock comes late at `now_s`, a monotonic clock."""
        took_s = now_s - stream_s
        if self._least is None:
            self._least = took_s
        else:
            self._least = min(self._least + _DRIFT * (now_s - self._at_s), took_s)
        self._at_s = now_s
        return took_s - self._least
