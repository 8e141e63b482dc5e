"""When those whom a busy register sends away shall come back: one after the other, as fast as it works.

Ten thousand stations that are told the same number of seconds come back together and are sent away together. Here each
gets a moment of its own, behind those who were told before, so that they arrive at the rate at which work gets done.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field

MEASURED = 64
"""Pieces of work by whose ends the rate is measured: while anybody is sent away, they follow each other closely."""
USUAL_PER_S = 20.0
"""Before so many were done: what two cores do of whole days."""
SOON_S = 5
LATE_S = 600
"""A register that knows no better within ten minutes is asked again."""
POLLS_PER_S = 342
"""Of stations without news, at most: a nation of 10,260 then asks every 30 s, so that the centre's screens are half a
minute old; up to 1,700 stations are left to their links."""
LINKS_DECIDE_S = 5
"""What a good link asks for anyway (`sync.pace.INTERVAL_MIN_S`)."""


def come_back_s(stations: int) -> int:
    """When a book without news asks again, where so many are enrolled; 0 leaves it to the station's own link."""
    wished = math.ceil(stations / POLLS_PER_S)
    return wished if wished > LINKS_DECIDE_S else 0


@dataclass(slots=True)
class Appointments:
    """The moments that were given out; `now_s` is any clock that never goes back."""

    _ends: deque[float] = field(default_factory=lambda: deque(maxlen=MEASURED))
    _last: float = 0.0

    def note_done(self, now_s: float) -> None:
        """One more piece of work is done."""
        self._ends.append(now_s)

    def per_s(self) -> float:
        """How many pieces of work are done a second."""
        if len(self._ends) < MEASURED or self._ends[-1] <= self._ends[0]:
            return USUAL_PER_S
        return (len(self._ends) - 1) / (self._ends[-1] - self._ends[0])

    def give(self, now_s: float) -> int:
        """The whole seconds after which the next one shall come, `SOON_S` to `LATE_S`."""
        self._last = max(self._last, now_s + SOON_S) + 1 / self.per_s()
        if self._last > now_s + LATE_S:
            self._last = now_s + SOON_S  # begin again: spread over the same ten minutes as those before
            return LATE_S
        return math.ceil(self._last - now_s)
