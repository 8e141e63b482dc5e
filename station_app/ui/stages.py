"""Where the check-in stands: one value at a time, so that every screen can be drawn again from it.

`Waiting` → (type, Enter) → `Shown` → (Enter) → `Marking` → `Done`; Esc steps back. Enter means something in one
stage only, and each press leaves that stage, so no press can do two things.
"""

from __future__ import annotations

from dataclasses import dataclass

from pollbook.failures import Failure
from station_app.desk import MarkShown, Refused, Verdict, VoterCard

MARKABLE = frozenset({Verdict.MAY_VOTE, Verdict.LOOK_CLOSER})


@dataclass(frozen=True, slots=True)
class Waiting:
    """No voter is chosen; `nothing_found` after a search that ended empty."""

    nothing_found: bool = False


@dataclass(frozen=True, slots=True)
class Opening:
    """A voter was chosen; the card is being fetched."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A voter's card is on the screen; `refused` is why the last press of the main button did nothing."""

    card: VoterCard
    refused: Refused | None = None

    @property
    def may_mark(self) -> bool:
        """Whether the main button marks."""
        return self.card.verdict in MARKABLE


@dataclass(frozen=True, slots=True)
class Marking:
    """The mark is on its way to the disk."""

    card: VoterCard


@dataclass(frozen=True, slots=True)
class Done:
    """The mark is durable."""

    card: VoterCard
    mark: MarkShown


@dataclass(frozen=True, slots=True)
class Broken:
    """The card could not be fetched."""

    failure: Failure


Stage = Waiting | Opening | Shown | Marking | Done | Broken
