"""What the screens know of documents with a chip: readers, the phases of a reading, its result. Values, no Qt.

1. A failed reading never refuses a voter: each failure says what to try next, and the search box stays open.
2. Nothing of a document is kept after the check: these values live while its voter is on the screen. Their `repr`
   tells nothing of the holder.
3. A proof that was not offered, or could not be checked here, is no proof that failed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from devices.emrtd.mrz import Mrz
from pollbook.documents import DocumentSays, Remark
from pollbook.failures import Failure
from pollbook.voters import Voter

Tell = Callable[[object], None]


class Phase(StrEnum):
    """What the reader is doing, in this order."""

    ACCESS = "access"
    DATA = "data"
    PROOFS = "proofs"
    PHOTO = "photo"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a reading is; of a phase that moves no file both numbers are 0."""

    phase: Phase
    bytes_done: int = 0
    bytes_total: int = 0

    @property
    def share(self) -> float:
        """0 to 1 of the whole reading; each phase has an equal part, whatever its bytes."""
        phases = tuple(Phase)
        within = min(1.0, self.bytes_done / self.bytes_total) if self.bytes_total > 0 else 0.0
        return (phases.index(self.phase) + within) / len(phases)


class Proof(StrEnum):
    """What can be proven of a document, in the order of the screens."""

    SIGNED = "signed"
    """The State's signature over the data, and each file read is the one that was signed."""
    ISSUER = "issuer"
    """The signature's certificate is of a State that this laptop knows."""
    NOT_REVOKED = "not_revoked"
    CHIP = "chip"
    """The chip is the one that was issued, not a copy."""
    CONNECTION = "connection"
    """The way the data came is the best that the chip offers."""


class Holds(StrEnum):
    """What came of a proof."""

    HOLDS = "holds"
    WEAKER = "weaker"
    """It holds by less than the chip announces."""
    FAILS = "fails"
    NOT_OFFERED = "not_offered"
    NOT_CHECKED = "not_checked"


class Why(StrEnum):
    """Why a proof came out as it did, where that needs a word."""

    NO_ISSUER = "no_issuer"
    MADE_UP_STATE = "made_up_state"
    NO_REVOCATION_LIST = "no_revocation_list"
    OLD_REVOCATION_LIST = "old_revocation_list"
    EXPIRED_SIGNER = "expired_signer"
    NOT_SIGNED = "not_signed"
    UNKNOWN_METHOD = "unknown_method"
    OLD_DOCUMENT = "old_document"
    CHIP_REFUSED = "chip_refused"
    NOT_READ = "not_read"
    PACE = "pace"
    BAC = "bac"
    DOWNGRADE = "downgrade"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class ProofShown:
    """One proof and what came of it."""

    proof: Proof
    holds: Holds
    why: Why | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Photo:
    """A picture as it is drawn: rows of red, green, blue from the top."""

    width: int
    height: int
    rgb: bytes


@dataclass(frozen=True, slots=True, repr=False)
class DataRead:
    """The chip's data page could be read: the voter can be found while the photograph still loads."""

    says: DocumentSays


@dataclass(frozen=True, slots=True, repr=False)
class PhotoRead:
    """The photograph is there; its proof comes with the result."""

    photo: Photo


@dataclass(frozen=True, slots=True, repr=False)
class PassportRead:
    """A whole reading."""

    says: DocumentSays
    photo: Photo | None
    proofs: tuple[ProofShown, ...]

    @property
    def failing(self) -> tuple[Proof, ...]:
        """What failed: somebody must look closer."""
        return tuple(each.proof for each in self.proofs if each.holds is Holds.FAILS)

    @property
    def doubts(self) -> tuple[Remark, ...]:
        """What the failed proofs mean for the voter's card."""
        return tuple(_DOUBTS[proof] for proof in self.failing if proof in _DOUBTS)


_DOUBTS = {
    Proof.SIGNED: Remark.ALTERED,
    Proof.ISSUER: Remark.ISSUER_FALSE,
    Proof.NOT_REVOKED: Remark.REVOKED,
    Proof.CHIP: Remark.COPIED,
}


@dataclass(frozen=True, slots=True, repr=False)
class ZoneKey:
    """What opens the chip, from its scanned lines."""

    zone: Mrz


@dataclass(frozen=True, slots=True, repr=False)
class TypedKey:
    """What opens the chip, typed: the document's number, and birth and expiry as YYMMDD."""

    number: str
    birth: str
    expiry: str


@dataclass(frozen=True, slots=True, repr=False)
class CanKey:
    """The six digits on the card's front."""

    digits: str


AccessKey = ZoneKey | TypedKey | CanKey


@dataclass(frozen=True, slots=True)
class Readers:
    """The readers as they are now.

    Attributes:
        names: Every reader.
        with_card: Those on which something lies.
        failure: Why no reader can be asked; None where they can.
    """

    names: tuple[str, ...] = ()
    with_card: tuple[str, ...] = ()
    failure: Failure | None = None


class Passports(Protocol):
    """Readers and chips. Every function runs on a thread of its own, and may wait."""

    def watch(self, tell: Tell, stop: threading.Event) -> None:
        """Tell `Readers` now and at each change, until stopped."""

    def read(self, reader: str, key: AccessKey, tell: Tell, stop: threading.Event) -> PassportRead:
        """Read what lies on the reader; tells `Progress`, `DataRead` and `PhotoRead` on the way.

        Raises:
            WorldFailed: No document, a wrong key, a document taken away, a reader unplugged, a chip that isn't one.
        """


class TrainingKind(StrEnum):
    """What can be put on the training reader."""

    GENUINE = "genuine"
    CARD = "card"
    DIFFERING = "differing"
    EXPIRED = "expired"
    COPY = "copy"
    ALTERED = "altered"
    DOWNGRADE = "downgrade"


class TrainingReader(Protocol):
    """A reader without hardware, in a training election: made-up documents of made-up voters."""

    def put(self, voter: Voter, kind: TrainingKind) -> Mrz:
        """Lay a document of this voter on it; its printed lines come back. On a thread of its own: keys are made."""

    def take_away(self) -> None:
        """Nothing lies on it any more; a reading under way ends as with a real one."""
