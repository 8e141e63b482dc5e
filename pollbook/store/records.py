"""The values that the store answers with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path

from pollbook.asks import Ask
from pollbook.clock import HybridTime
from pollbook.failures import Failure
from pollbook.ledger import Head, SignedHead
from pollbook.line_state import Status
from pollbook.packing import SliceOrder
from pollbook.types import Channel, EntryNumber, LineId, PersonNumber


class Tier(StrEnum):
    """How a hit was found, best first (DOMAIN §6)."""

    EXACT = "exact"
    CANONICAL = "canonical"
    LOOSE = "loose"
    SKELETON = "skeleton"


@dataclass(frozen=True, slots=True)
class Hit:
    """One row of a search's result."""

    line: LineId
    tier: Tier
    surname: str
    given_name: str
    patronymic: str
    birth_date: date
    page: int
    row: int
    status: Status


@dataclass(frozen=True, slots=True)
class Found:
    """A search's result: tier by tier, in Uzbek collation within each; `more` tells that hits were left out."""

    hits: tuple[Hit, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class RecentMark:
    """A mark, newest first in lists; `voided` when a later entry undid it."""

    number: EntryNumber
    line: LineId
    at: HybridTime
    channel: Channel
    actor: PersonNumber
    voided: bool
    confirmed: bool


@dataclass(frozen=True, slots=True)
class Counts:
    """How many lines the book holds, and what happened to them; `annexed` of them came for the annex."""

    lines: int
    marked: int
    by_channel: Mapping[Channel, int]
    voided: int
    annexed: int = 0
    provisional: int = 0


@dataclass(frozen=True, slots=True)
class SyncStatus:
    """Where the book stands with the register: `last_sync_s` and `failure` are the last cycle's."""

    head: Head
    acknowledged: EntryNumber
    feed_cursor: int
    last_sync_s: int | None
    failure: Failure | None

    @property
    def pending(self) -> int:
        """Entries that the register has not acknowledged."""
        return self.head.number - self.acknowledged


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What the next sync request carries; the short `digest` only where its entries reach the newest.

    `order` is that of the slice, where places in it make the entries shorter. `is_evidence`: the register has another
    ledger under this book's name, and these entries go up once more for it to keep.
    """

    first: EntryNumber
    entries: tuple[bytes, ...]
    head: SignedHead
    digest: bytes | None
    feed_cursor: int
    pending: int
    order: SliceOrder | None = None
    asks: tuple[Ask, ...] = ()
    feed_check: bytes = b""
    is_evidence: bool = False


class MirrorState(StrEnum):
    """What the status line says of the mirror."""

    OFF = "off"
    FOLLOWING = "following"
    FILLING = "filling"
    AWAY = "away"


@dataclass(frozen=True, slots=True)
class StickStatus:
    """One stick: the newest entry on it, and what it suffers from."""

    folder: Path
    mirrored: EntryNumber
    failure: Failure | None


@dataclass(frozen=True, slots=True)
class MirrorStatus:
    """All sticks together: `mirrored` of `entries` are on the one that holds most; `failure` is what to warn of."""

    state: MirrorState
    mirrored: EntryNumber
    entries: EntryNumber
    failure: Failure | None
    sticks: tuple[StickStatus, ...]
