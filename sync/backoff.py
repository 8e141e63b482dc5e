"""When to try again: as the register asks, or with full jitter where it can't be asked; pure.

Stations that lost the register together must not come back together: each waits a random part of a growing time.

Source: Brooker, "Exponential Backoff and Jitter", 2015 (full jitter).
"""

from __future__ import annotations

from dataclasses import dataclass

from pollbook.failures import Exit, Failure

FIRST_S = 4.0
CAP_S = 60.0
"""So that a link that is back is found in half a minute on average."""
WAIT_MIN_S = 1.0
COME_BACK_USUAL_S = 60
COME_BACK_MIN_S, COME_BACK_MAX_S = 5, 3600
HOPELESS_S = 300.0
"""Between tries where only people can mend what is wrong: a book revoked, a ledger that differs."""
_SPREAD = 0.2
"""What the register asks for is stretched by up to this part, at random."""


@dataclass(slots=True)
class Backoff:
    """The rhythm of one engine: told how each cycle ended, it says how many seconds to wait for the next."""

    failures: int = 0
    news_at_s: float | None = None
    """When the register had something to tell, on a clock that only goes on; first of all when the engine began."""

    def quiet_s(self, now_s: float, *, has_news: bool) -> float:
        """Seconds since the register had something to tell, for a cycle that ended at `now_s` with news or without."""
        if has_news or self.news_at_s is None:
            self.news_at_s = now_s
        return now_s - self.news_at_s

    def after_success(self, come_back_s: float | None, draw: float, least_s: float = COME_BACK_MIN_S) -> float:
        """Seconds to wait when nothing happens meanwhile, at least `least_s`. `draw` is random, 0 to 1."""
        self.failures = 0
        wished = min(max(come_back_s or COME_BACK_USUAL_S, least_s), COME_BACK_MAX_S)
        return wished * (1 + _SPREAD * draw)

    def after_failure(self, failure: Failure, retry_after_s: int, draw: float) -> float:
        """Seconds to wait after a cycle that failed, and at least `retry_after_s`. `draw` is random, 0 to 1."""
        ceiling = min(FIRST_S * (1 << min(self.failures, 16)), CAP_S)
        self.failures += 1
        if retry_after_s > 0:
            return min(retry_after_s, COME_BACK_MAX_S) * (1 + _SPREAD * draw)
        if failure.exit is not Exit.AWAY and failure is not Failure.BOOK_IN_USE:
            return HOPELESS_S * (1 - _SPREAD * draw)
        return max(WAIT_MIN_S, ceiling * draw)
