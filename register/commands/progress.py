"""How far long work is, told on stderr about once a second, and nothing of work that is over at once."""

from __future__ import annotations

import time

from pollbook.commanding import Console

FIRST_AFTER_S = 2.0
EVERY_S = 1.0


class Progress:
    """The progress of one piece of work."""

    def __init__(self, console: Console, what: str) -> None:
        self._console, self._what = console, what
        self._next_s = time.monotonic() + FIRST_AFTER_S

    def tell(self, rows: int, share: float) -> None:
        """So many rows are done, `share` (0 to 1) of all."""
        now_s = time.monotonic()
        if now_s >= self._next_s:
            self._next_s = now_s + EVERY_S
            self._console.tell(f"{self._what}: {rows:,} rows, {share:.0%}")
