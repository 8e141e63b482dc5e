"""The station's cameras as screens, observers and the centre ask of them: what is told of each, its newest picture."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from devices.camera.folder import GapRow, SegmentRow
from devices.camera.frame_slot import Shown
from devices.camera.health import Alarm
from devices.camera.job import Status
from devices.camera.quota import WARN_DAYS
from pollbook.failures import Failure, Refused
from pollbook.store.camera_views import MaskFields, SignedView
from pollbook.types import PersonNumber
from station_app.cameras.settings import Limits


@dataclass(frozen=True, slots=True)
class CameraShown:
    """One camera at this moment.

    Attributes:
        name: As its folder is called.
        status: What its process told last: light, alarms with their beginnings, stream.
        masks: What others never see of it.
        is_recorded: Whether it was set up to be recorded, and not only watched.
        segment: The newest closed segment.
        gap: The newest gap.
        signed_at_s: When the chair signed off its field of view with these masks; None where nobody did.
    """

    name: str
    status: Status
    masks: tuple[MaskFields, ...] = ()
    is_recorded: bool = True
    segment: SegmentRow | None = None
    gap: GapRow | None = None
    signed_at_s: int | None = None


@dataclass(frozen=True, slots=True)
class NewCamera:
    """A camera as a person names it. The text form shows neither user nor password."""

    name: str
    address: str
    view: str = ""
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class DiskLeft:
    """What the disk and the limits still leave for recordings at the rate of now.

    Attributes:
        free_bytes: Of the disk.
        days: Election days for which there is room; None where nothing is recorded.
        used_bytes: What the recordings of all elections take.
        limits: How much they may take, and how long they are kept.
    """

    free_bytes: int
    days: float | None
    used_bytes: int = 0
    limits: Limits = Limits()  # noqa: RUF009 - it is frozen

    @property
    def is_short(self) -> bool:
        """Whether somebody has to be warned."""
        return self.days is not None and self.days < WARN_DAYS


class Withheld(StrEnum):
    """Why others see no picture of a camera."""

    NO_MASK = "no_mask"
    MOVED = "moved"
    NO_PICTURE = "no_picture"
    COMING = "coming"


class Room(Protocol):
    """The cameras. Every method may be called from any thread and waits for nothing."""

    def cameras(self) -> tuple[CameraShown, ...]:
        """All of them, by name."""

    def picture(self, camera: str, after: int = 0) -> Shown | None:
        """The camera's newest picture whose number is above `after`, or None."""

    def disk_left(self) -> DiskLeft | None:
        """What is left of the disk; None where nothing is recorded or the disk is not there."""


class House(Room, Protocol):
    """What the screens ask of the cameras beyond looking. These calls wait for a camera, a disk or a PIN."""

    def load(self) -> None:
        """The cameras that were set up run.

        Raises:
            UchastkaError: Another program has them, or their recordings cannot be kept.
        """

    def poll(self) -> None:
        """Once a second: what was told is entered, and a process that ended is started again."""

    def close(self) -> None:
        """No camera runs."""

    def add(self, camera: NewCamera) -> Refused | None:
        """The camera answered, is kept and runs; else why not, and nothing was changed."""

    def known(self, camera: str) -> NewCamera | None:
        """How it was set up, without its password and without an address that holds a secret."""

    def change(self, camera: NewCamera) -> Refused | None:
        """As `add`, for one that is there; without a password it keeps its own, where host and user are the same."""

    def remove(self, camera: str) -> Refused | None:
        """The camera is not used any more; its recordings stay."""

    def mask(self, camera: str, masks: tuple[MaskFields, ...]) -> Refused | None:
        """These are its masks, from the next picture on."""

    def limit(self, untrusted_quota_gb: str, untrusted_keep_days: str) -> Refused | None:
        """So much the recordings may take, and so long they are kept; no camera stops for it."""

    def sign(self, camera: str, person: PersonNumber, pin: str) -> SignedView | Refused:
        """The chair has signed off what its recording sees now."""


_SHIFTED = frozenset({Alarm.MOVED.value, Alarm.WRONG_RESOLUTION.value})
"""After these the masks may no longer lie over what they were drawn for."""
_NOTHING = frozenset({Alarm.LOST.value})


def withheld(camera: CameraShown) -> Withheld | None:
    """Why others may not see this camera's picture now; None where they may."""
    if not camera.masks:
        return Withheld.NO_MASK
    if _SHIFTED & set(camera.status.alarms):
        return Withheld.MOVED
    if _NOTHING & set(camera.status.alarms):
        return Withheld.NO_PICTURE
    return None


def without_mask(cameras: tuple[CameraShown, ...]) -> Refused | None:
    """Why the cameras may not be opened for others; None where they may."""
    if not cameras:
        return Refused(Failure.NO_PICTURE)
    if bare := [camera.name for camera in cameras if not camera.masks]:
        return Refused(Failure.MASKS_MISSING, {"found": ", ".join(bare)})
    return None
