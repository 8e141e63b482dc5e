"""A camera that connects and breaks off again and again: counted, so that it has an alarm of its own."""

from __future__ import annotations

import threading
from collections import deque
from typing import Final

WITHIN_S: Final = 60.0
MANY: Final = 6
"""A camera that is switched off and on, or whose cable is plugged over, breaks off once or twice."""
FEW: Final = 1


class Reconnects:
    """Breaks of one camera's stream; noted by the thread that reads it, asked for by another."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._broke_s: deque[float] = deque(maxlen=MANY)

    def note(self, now_s: float) -> None:
        """A stream that was open has ended by itself."""
        with self._guard:
            self._broke_s.append(now_s)

    def is_endless(self, now_s: float) -> bool | None:
        """Whether it breaks off again and again; None between often and seldom, where an alarm stays as it is."""
        with self._guard:
            count = sum(now_s - broke_s <= WITHIN_S for broke_s in self._broke_s)
        if count >= MANY:
            return True
        return False if count <= FEW else None
