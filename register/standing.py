"""Where a voter's line stands, by the register and all the books that have it."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from pollbook.line_state import LineState
from register.store.schema.lists import LinePlace
from register.store.stations import Station
from register.store.voters import LineRecord


class Standing(StrEnum):
    """What the register can say of a line."""

    HELD = "held"
    MARKED = "marked"
    DISPUTED = "disputed"
    HELD_BACK = "held_back"
    REMOVED = "removed"


def standing(record: LineRecord, states: Sequence[LineState]) -> Standing:
    """Where the line stands; `states` are those of the books that touched it.

    More than one mark is a dispute: both stay until officers decide (guarantee 1).
    """
    match record.place:
        case LinePlace.HELD_BACK:
            return Standing.HELD_BACK
        case LinePlace.REMOVED:
            return Standing.REMOVED
        case LinePlace.ACTIVE:
            marks = sum(state.mark is not None for state in states)
            return Standing.DISPUTED if marks > 1 else Standing.MARKED if marks else Standing.HELD


def holder(stations: Sequence[Station]) -> Station | None:
    """The station that holds a line, of those that were issued it, oldest first: the newest that is not revoked."""
    return next((station for station in reversed(stations) if station.revoked_at_s is None), None)
