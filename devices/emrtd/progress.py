"""What a reading tells while it goes on."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from devices.emrtd.files import File


class Phase(Enum):
    """Where a reading is."""

    CARD_ACCESS = "looking at what the chip offers"
    OPENING = "opening the chip"
    FILE = "reading a file"
    CHIP_AUTHENTICATION = "chip authentication"
    ACTIVE_AUTHENTICATION = "active authentication"
    REOPENING = "opening the chip again"


@dataclass(frozen=True, slots=True)
class Progress:
    """A step forward.

    Attributes:
        phase: Where the reading is.
        file: Which file is read, in that phase.
        bytes_done: Of this file.
        bytes_total: Of this file; 0 while unknown.
    """

    phase: Phase
    file: File | None = None
    bytes_done: int = 0
    bytes_total: int = 0


@dataclass(frozen=True, slots=True, repr=False)
class FileRead:
    """A file is read whole; nothing of it is proven yet. DG1 comes first, so that the voter can be found."""

    file: File
    untrusted_content: bytes

    def __repr__(self) -> str:
        return f"FileRead({self.file.label})"


Report = Callable[[Progress | FileRead], None]
