"""How long the disk lasts, and what may be deleted: pure arithmetic over folders of recordings.

A folder belongs to one election. Nothing of the current one is ever deleted, nor anything that is younger than the
law's time of keeping; what is left goes whole, the oldest first, and only as far as room is needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

KEEP_DAYS: Final = 365
"""Three to twelve months are usual for recordings of elections; the longest until the election says otherwise."""
WARN_DAYS: Final = 3.0
DAY_S: Final = 86_400.0
HOURS_A_DAY: Final = 14.0
"""From before the opening until after the count."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The recordings of one election: their size, and when the last picture was taken (Unix s)."""

    election: str
    size: int
    ended_s: float


@dataclass(frozen=True, slots=True)
class Room:
    """What the disk and the quota leave for recording, in bytes; `quota` is None where only the disk limits."""

    free: int
    reserve: int
    used: int
    quota: int | None = None

    @property
    def left(self) -> int:
        """How many bytes may still be recorded."""
        on_disk = self.free - self.reserve
        return max(on_disk if self.quota is None else min(on_disk, self.quota - self.used), 0)


def days_left(room: Room, bits_per_s: float) -> float:
    """For how many election days the room lasts at this rate; infinite where nothing is recorded."""
    a_day = bits_per_s / 8 * HOURS_A_DAY * 3600
    return room.left / a_day if a_day > 0 else float("inf")


def is_short(room: Room, bits_per_s: float) -> bool:
    """Whether somebody has to be warned: less than `WARN_DAYS` election days are left."""
    return days_left(room, bits_per_s) < WARN_DAYS


def may_be_deleted(kept: Sequence[Kept], current: str, now_s: float, keep_days: float = KEEP_DAYS) -> list[Kept]:
    """The elections whose recordings may go, the oldest first."""
    old = [each for each in kept if each.election != current and now_s - each.ended_s > keep_days * DAY_S]
    return sorted(old, key=lambda each: each.ended_s)


def to_delete(
    kept: Sequence[Kept], current: str, now_s: float, missing_bytes: int, keep_days: float = KEEP_DAYS
) -> list[Kept]:
    """As many of those that may go as it takes to make `missing_bytes` of room; none where that can't be done."""
    chosen, gained = list[Kept](), 0
    for each in may_be_deleted(kept, current, now_s, keep_days):
        if gained >= missing_bytes:
            break
        chosen.append(each)
        gained += each.size
    return chosen if gained >= missing_bytes else []
