"""What may go over a metered link in this hour, and in which order it is spent; pure.

Marks and custody always go: a budget never stands between a station and the register's knowledge of a mark. They are
counted, though, and everything below them has a share of the hour: the lower its rank, the smaller the part of the
budget that may be gone when it still begins. So a still never takes what a report of the same hour needs, and a report
never what a list change needs. What is not spent is not saved up; the next hour begins anew.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from pollbook.failures import InputInvalid
from pollbook.parcels import ParcelKind
from sync.pace import Traffic

HOUR_S: Final = 3600
ROUND_TRIP_BYTES: Final = 700
"""HTTP heads, TLS records and TCP on top of the bodies, for each round trip: an estimate on the safe side."""
POLL_BYTES: Final = ROUND_TRIP_BYTES + 300
"""A request and an answer without news, with what is around them."""
POLLS_PERCENT: Final = 50
"""Of the hour's bytes: what polls may take in an hour in which nothing happens."""
BYTES_PER_HOUR_MIN: Final = 10_000
"""Below this not even the marks of a quiet hour would fit, so the number is a mistake."""
SETTINGS_BYTES_MAX: Final = 4096


class Priority(IntEnum):
    """What goes over the link, most needed first."""

    CUSTODY = 0
    LIST_CHANGE = 1
    REPORT = 2
    STILL = 3
    SOFTWARE = 4


SHARE_PERCENT: Final = {
    Priority.CUSTODY: 100,
    Priority.LIST_CHANGE: 100,
    Priority.REPORT: 90,
    Priority.STILL: 60,
    Priority.SOFTWARE: 50,
}
"""Of the hour's bytes: so much may be gone, with what is about to go, when something of this rank goes."""
OF_PARCEL: Final = {
    ParcelKind.CAMERA_HEALTH: Priority.REPORT,
    ParcelKind.REPORT: Priority.REPORT,
    ParcelKind.CAMERA_LEDGER: Priority.REPORT,
    ParcelKind.STILL: Priority.STILL,
}
"""In the order of sending."""


@dataclass(frozen=True, slots=True)
class Budget:
    """The bytes of one hour, up and down together, as the link's tariff counts them; None where it doesn't."""

    bytes_per_hour: int | None = None

    def room(self, priority: Priority, spent: int) -> int | None:
        """How many bytes of this rank may still go in an hour in which `spent` went; None: as many as there are."""
        if self.bytes_per_hour is None or priority is Priority.CUSTODY:
            return None
        return max(self.bytes_per_hour * SHARE_PERCENT[priority] // 100 - spent, 0)

    def may(self, priority: Priority, count: int, spent: int) -> bool:
        """Whether `count` bytes of this rank may go now."""
        room = self.room(priority, spent)
        return room is None or count <= room

    def polls_every_s(self) -> float:
        """Seconds between two polls by which an idle hour spends its share and no more; 0 without a budget."""
        if self.bytes_per_hour is None:
            return 0.0
        return HOUR_S * POLL_BYTES / (self.bytes_per_hour * POLLS_PERCENT / 100)


UNLIMITED: Final = Budget()


def hour_of(at_s: float) -> int:
    """The hour since 1970 that a budget is spent in."""
    return int(at_s) // HOUR_S


def on_the_wire(traffic: Traffic) -> int:
    """What this traffic costs on a metered link, with all that is around the bodies."""
    return traffic.bytes_up + traffic.bytes_down + ROUND_TRIP_BYTES * traffic.round_trips


def read_link_settings(untrusted_toml: bytes) -> Budget:
    """The budget that `link.toml` in the station's folder sets: `bytes_per_hour = 200000`; without the line, none.

    Raises:
        InputInvalid: Not TOML, an unknown setting, or a number below `BYTES_PER_HOUR_MIN`.
    """
    if len(untrusted_toml) > SETTINGS_BYTES_MAX:
        raise InputInvalid("longer than a file of settings")
    try:
        settings = tomllib.loads(untrusted_toml.decode("utf-8-sig"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise InputInvalid("not TOML") from error
    value = settings.pop("bytes_per_hour", None)
    if settings:
        raise InputInvalid(f"the unknown setting {min(settings)!r}")
    if value is None:
        return UNLIMITED
    if type(value) is not int or value < BYTES_PER_HOUR_MIN:
        raise InputInvalid(f"bytes_per_hour is a whole number from {BYTES_PER_HOUR_MIN} on")
    return Budget(value)
