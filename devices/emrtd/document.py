"""What was read of a document: a value that can be looked at, kept, and proven again later from its raw bytes.

It holds the files as they came, how the chip was opened, and what chip and active authentication left. Whether the
proofs hold isn't stored but computed, by `prove_chip` and by passive authentication, so that a later and better
informed look (a new CSCA, a new CRL) is the same call.

Nothing here prints what was read or any key.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from devices.emrtd.access import Access, AccessProtocol, Downgrade
from devices.emrtd.active_authentication import ActiveTranscript
from devices.emrtd.chip_authentication import ChipTranscript
from devices.emrtd.files import File
from devices.emrtd.pace import ChipProof


class Unread(Enum):
    """Why a file wasn't read."""

    MISSING = "the chip doesn't have it"
    DENIED = "the chip doesn't let it be read"
    UNREADABLE = "it can't be read"


class Attempt(Enum):
    """How far chip or active authentication came."""

    NOT_OFFERED = "not offered"
    NOT_TRIED = "not tried"
    KEY_UNKNOWN = "its key is of a kind that this program can't compute with"
    REFUSED = "refused by the chip"
    DONE = "done"


@dataclass(frozen=True, slots=True, repr=False)
class Reading:
    """One document, read once.

    Attributes:
        files: Each file's raw bytes; nothing of it is proven.
        access: How the chip was opened.
        downgrades: In what the reading is less protected than the chip could; always shown.
        unread: What wasn't read of what the document lists, and why.
        chip_attempt: How far chip authentication came.
        chip_transcript: What it left.
        active_attempt: How far active authentication came.
        active_transcript: What it left.
        mapping_proof: What PACE with chip authentication mapping left.
        commands: How many the reading took.
        piece_bytes: How large the pieces were in the end.
    """

    files: Mapping[File, bytes]
    access: Access
    downgrades: tuple[Downgrade, ...] = ()
    unread: Mapping[File, Unread] = field(default_factory=dict)
    chip_attempt: Attempt = Attempt.NOT_OFFERED
    chip_transcript: ChipTranscript | None = None
    active_attempt: Attempt = Attempt.NOT_OFFERED
    active_transcript: ActiveTranscript | None = None
    mapping_proof: ChipProof | None = None
    commands: int = 0
    piece_bytes: int = 0

    def __repr__(self) -> str:
        return f"Reading({len(self.files)} files, {self.access.protocol.value})"

    @property
    def is_by_pace(self) -> bool:
        return self.access.protocol is AccessProtocol.PACE
