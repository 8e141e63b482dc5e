"""Time: wall clocks are injected, and order comes from a hybrid logical clock, never from wall time.

A hybrid time is one integer: whole seconds since 1970 UTC, shifted left by 16 bits, plus a counter. Seconds are
coarse on purpose (DOMAIN §4: times must not reveal the order of ballots) and pack well on the wire.

Source: Kulkarni et al., "Logical Physical Clocks", 2014.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import NewType, Protocol

HybridTime = NewType("HybridTime", int)

COUNTER_BITS = 16
HYBRID_TIME_MAX = 2**63 - 1
BEFORE_ALL = HybridTime(0)


class Clock(Protocol):
    """Where the time comes from."""

    def now(self) -> datetime:
        """The wall clock, aware, in UTC."""

    def monotonic_s(self) -> float:
        """Seconds that never go back; only differences mean anything."""


class SystemClock:
    """The machine's own clocks."""

    def now(self) -> datetime:
        """The wall clock, aware, in UTC."""
        return datetime.now(UTC)

    def monotonic_s(self) -> float:
        """Seconds that never go back; only differences mean anything."""
        return time.monotonic()


def tick(last: HybridTime, now: datetime) -> HybridTime:
    """The time of the next entry: later than `last`, and the wall clock's where that is later still."""
    wall = int(now.timestamp()) << COUNTER_BITS
    return HybridTime(wall if wall > last else last + 1)


def wall_time(at: HybridTime) -> datetime:
    """The wall-clock part of a hybrid time, to the second, in UTC."""
    return datetime.fromtimestamp(at >> COUNTER_BITS, UTC)
