"""What the screens ask of the station: values and one function per action, without Qt.

The desk lives on the book's thread. Each function returns when its work is durable; none of them waits for the
network.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from pollbook.documents import Comparison, DocumentSays
from pollbook.election import Contest, Election
from pollbook.failures import Failure, Refused
from pollbook.store.records import Hit, MirrorState, MirrorStatus, Tier
from pollbook.types import Channel, EntryNumber, LineId, Person, PersonNumber, PrecinctCode
from pollbook.voters import Voter
from station_app.moving import ClaimShown, LineWhere, MovingDesk, Standing

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
    """The one answer of the check-in screen, each with its own colour, icon and next step (SCREENS).

    `UNPROVEN` after a takeover: two officers look at the row. `ARRIVING`: the line came here and is not safe yet.
    `WITH_TEAM`: it is out with a mobile team. `STOPPED`: nothing is marked on this laptop any more.
    """

    MAY_VOTE = "may_vote"
    ALREADY_MARKED = "already_marked"
    LINE_NOT_HELD = "line_not_held"
    NOT_OLD_ENOUGH = "not_old_enough"
    DISPUTED = "disputed"
    LOOK_CLOSER = "look_closer"
    UNPROVEN = "unproven"
    ARRIVING = "arriving"
    WITH_TEAM = "with_team"
    STOPPED = "stopped"


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
    disputed: bool = False
    unmirrored: Failure | None = None


@dataclass(frozen=True, slots=True)
class VoterCard:
    """All that the check-in screen shows of one voter.

    Attributes:
        ballots: Those to hand over if the verdict allows it.
        where: Where the line is, if it is not here.
        claim: The newest request for this line, if there was one and the line is not here.
        stopped: Why nothing is marked here any more.
        is_visitor: The line came from another precinct: the voter signs in the annex, not in the paper list.
        beside: The document that found this voter beside the line, field by field; None without a document.
    """

    voter: Voter
    verdict: Verdict
    ballots: tuple[Contest, ...]
    mark: MarkShown | None
    differences: tuple[str, ...] = ()
    where: LineWhere | None = None
    claim: ClaimShown | None = None
    stopped: Failure | None = None
    is_visitor: bool = False
    beside: Comparison | None = None


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
    """What a notice from the register is about: the kinds of the feed that are told to people."""

    ANOMALY = "anomaly"
    NOTICE = "notice"
    REVOKED = "revoked"
    RECALLED = "recalled"
    GRANTED = "granted"
    CLAIM_ANSWERED = "claim_answered"
    SUPERSEDED = "superseded"
    LIST_CHANGED = "list_changed"
    ADJUDICATED = "adjudicated"
    DISPUTED = "disputed"
    DISPUTE_RESOLVED = "dispute_resolved"
    ARRIVED = "arrived"


@dataclass(frozen=True, slots=True)
class Notice:
    """What the register has told this station, by the feed's number.

    Of an anomaly `text` is the name in `effects.Anomaly` and `entry` the entry it concerns (0: the whole book); of a
    notice it is the centre's own words, of a revocation the reason. Of the others `facts` fill the places of the text
    that `text` chooses among those of its kind.
    """

    number: int
    kind: NoticeKind
    text: str
    entry: int
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DeskStatus:
    """The counters at the screen's foot; `by_hour` counts effective marks from the hour of opening to this one.

    `mirror` is how the mirror stands, None at a desk that keeps none; `standing` what moves and what stopped.
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
    standing: Standing = field(default_factory=Standing)


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

    @property
    def moving(self) -> MovingDesk:
        """The part of the desk where lines move."""

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

    def find_document(self, says: DocumentSays) -> FoundVoters:
        """The voter of a document whose chip was read."""

    def forget_document(self) -> None:
        """What a document said is gone: nothing of it is kept after the check."""

    def card(self, line: LineId) -> VoterCard:
        """The voter's card as it stands now; its line stays here while the card is open (custody rule 6)."""

    def leave(self) -> None:
        """No card is open any more."""

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
