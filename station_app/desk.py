"""What the screens ask of the station: values and one function per action, without Qt.

The desk lives on the book's thread. Each function returns when its work is durable; none of them waits for the
network.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from pollbook.election import Contest, Election
from pollbook.failures import Failure, Refused
from pollbook.store.records import Hit, MirrorState, MirrorStatus, Tier
from pollbook.types import Channel, EntryNumber, LineId, Person, PersonNumber, PrecinctCode
from pollbook.voters import Voter

__all__ = [
    "Desk",
    "DeskStatus",
    "FoundVoters",
    "Hit",
    "LinkState",
    "LinkStatus",
    "MarkShown",
    "MirrorState",
    "MirrorStatus",
    "Notice",
    "NoticeKind",
    "Refused",
    "Station",
    "Tier",
    "Verdict",
    "VoterCard",
]


class Verdict(StrEnum):
    """The one answer of the check-in screen, each with its own colour, icon and next step (SCREENS)."""

    MAY_VOTE = "may_vote"
    ALREADY_MARKED = "already_marked"
    LINE_NOT_HELD = "line_not_held"
    NOT_OLD_ENOUGH = "not_old_enough"
    DISPUTED = "disputed"
    LOOK_CLOSER = "look_closer"


@dataclass(frozen=True, slots=True)
class FoundVoters:
    """The result list; `more` tells that further hits were left out. `differences` is what an MRZ says otherwise."""

    hits: tuple[Hit, ...]
    more: bool
    differences: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MarkShown:
    """A mark as the screens show it. `confirmed`: the register has acknowledged it.

    Right after marking, `unmirrored` is why the mark is on this laptop alone; None where it is on the mirror too.
    """

    number: EntryNumber
    line: LineId
    at: datetime
    channel: Channel
    actor: str
    full_name: str
    page: int
    row: int
    confirmed: bool
    voided: bool
    unmirrored: Failure | None = None


@dataclass(frozen=True, slots=True)
class VoterCard:
    """All that the check-in screen shows of one voter. `ballots` are those to hand over if the verdict allows it."""

    voter: Voter
    verdict: Verdict
    ballots: tuple[Contest, ...]
    mark: MarkShown | None
    differences: tuple[str, ...] = ()


class LinkState(StrEnum):
    """What the status line says of the link."""

    NOT_YET = "not_yet"
    WORKING = "working"
    GOOD = "good"
    AWAY = "away"


@dataclass(frozen=True, slots=True)
class LinkStatus:
    """The sync engine's last word: `failure` is why the link is away; `last_sync_at` the last completed cycle."""

    state: LinkState
    last_sync_at: datetime | None
    failure: Failure | None
    next_try_at: datetime | None


class NoticeKind(StrEnum):
    """What a notice from the register is about."""

    ANOMALY = "anomaly"
    NOTICE = "notice"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Notice:
    """What the register has told this station, by the feed's number.

    Of an anomaly `text` is the name in `custody.Anomaly` and `entry` the entry it concerns (0: the whole book); of a
    notice it is the centre's own words, of a revocation the reason.
    """

    number: int
    kind: NoticeKind
    text: str
    entry: int


@dataclass(frozen=True, slots=True)
class DeskStatus:
    """The counters at the screen's foot; `by_hour` counts effective marks from the hour of opening to this one.

    `mirror` is how the mirror stands, None at a desk that keeps none.
    """

    lines: int
    marked: int
    by_channel: Mapping[Channel, int]
    voided: int
    pending: int
    list_at: datetime
    notices: tuple[Notice, ...]
    by_hour: tuple[int, ...] = ()
    mirror: MirrorStatus | None = None


@dataclass(frozen=True, slots=True)
class Station:
    """What does not change while the desktop is open."""

    election: Election
    precinct: PrecinctCode
    precinct_name: str
    desk: int
    people: tuple[Person, ...]


class Desk(Protocol):
    """What the screens may ask; every function is called on the book's thread."""

    @property
    def station(self) -> Station:
        """The station's unchanging facts."""

    @property
    def signed_in(self) -> Person | None:
        """Who is at the desk."""

    def is_day_open(self) -> bool:
        """Whether two officers have opened today."""

    def open_day(self, first: PersonNumber, first_pin: str, second: PersonNumber, second_pin: str) -> Refused | None:
        """Two officers open the day."""

    def sign_in(self, person: PersonNumber, pin: str) -> Person | Refused:
        """A person takes the desk."""

    def sign_out(self) -> None:
        """Nobody is at the desk: marking is refused until somebody signs in."""

    def find(self, text: str, limit: int = 50) -> FoundVoters:
        """Voters for whatever was typed or scanned."""

    def card(self, line: LineId) -> VoterCard:
        """The voter's card as it stands now."""

    def mark(self, line: LineId, channel: Channel) -> MarkShown | Refused:
        """Mark the line; on the disk when this returns. Asked again it refuses with `ALREADY_MARKED`."""

    def void(
        self, line: LineId, reason: str, first: PersonNumber, first_pin: str, second: PersonNumber, second_pin: str
    ) -> MarkShown | Refused:
        """Undo the line's mark by two officers with a reason."""

    def recent_marks(self, limit: int = 20) -> tuple[MarkShown, ...]:
        """The newest marks, newest first, voided ones included."""

    def status(self) -> DeskStatus:
        """The counters now."""

    def follow_mirror(self) -> MirrorStatus | None:
        """One piece of what the mirror lacks is on its way: sticks are found, read and filled. Never waits."""

    def keep(self) -> None:
        """What can wait until nobody does: the newest head is signed, the write-ahead log folded in. Every 30 s."""
