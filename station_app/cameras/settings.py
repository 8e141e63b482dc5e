"""The cameras that were set up on this laptop: a sealed file that this machine alone opens, passwords and all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import ceil
from pathlib import Path
from typing import Final

from devices.camera.address import Address
from devices.camera.folder import NAME
from devices.camera.health import Alarm, Expected
from devices.camera.job import Job
from devices.camera.place import Place, place_of
from devices.camera.quota import KEEP_DAYS
from devices.camera.values import CameraFailed, Trouble
from pollbook import cbor
from pollbook.cbor import Fields
from pollbook.failures import Failure, InputInvalid, Refused, WorldFailed
from pollbook.files import write_secret
from pollbook.store.home import StationHome
from pollbook.store.keys import machine_unwraps, machine_wraps

CAMERAS_MAX: Final = 16
MASKS_MAX: Final = 16
PER_MILLE: Final = 1000
GIGABYTE: Final = 10**9
QUOTA_GB_MAX: Final = 100_000
KEEP_DAYS_LEAST, KEEP_DAYS_MOST = 90, 3650
"""Three months are the least that is usual for recordings of elections."""
_SCHEMA_WITHOUT_LIMITS, _SCHEMA = 1, 2
_BYTES_MAX = 64 * 1024

FAILURES: Final[Mapping[Trouble, Failure]] = {
    Trouble.ADDRESS_INVALID: Failure.CAMERA_ADDRESS_INVALID,
    Trouble.UNREACHABLE: Failure.CAMERA_UNREACHABLE,
    Trouble.SILENT: Failure.CAMERA_SILENT,
    Trouble.DENIED: Failure.CAMERA_DENIED,
    Trouble.NOT_THERE: Failure.CAMERA_NOT_THERE,
    Trouble.NO_VIDEO: Failure.CAMERA_NO_VIDEO,
    Trouble.UNPLUGGED: Failure.CAMERA_UNPLUGGED,
    Trouble.STUCK: Failure.CAMERA_STUCK,
    Trouble.DISK_FULL: Failure.RECORDING_DISK_FULL,
    Trouble.QUOTA_USED: Failure.RECORDING_QUOTA_USED,
    Trouble.FOLDER_GONE: Failure.RECORDING_FOLDER_GONE,
    Trouble.DISK_FAILED: Failure.RECORDING_DISK_FAILED,
}
ALARM_FAILURES: Final[Mapping[Alarm, Failure]] = {
    Alarm.LOST: Failure.CAMERA_LOST,
    Alarm.RECONNECTING: Failure.CAMERA_RECONNECTING,
    Alarm.NOT_RECORDING: Failure.RECORDING_DISK_FAILED,
    Alarm.BLACK: Failure.CAMERA_BLACK,
    Alarm.COVERED: Failure.CAMERA_COVERED,
    Alarm.FROZEN: Failure.CAMERA_FROZEN,
    Alarm.MOVED: Failure.CAMERA_MOVED,
    Alarm.LOOPED: Failure.CAMERA_LOOPED,
    Alarm.STILL: Failure.CAMERA_STILL,
    Alarm.BLURRED: Failure.CAMERA_BLURRED,
    Alarm.WRONG_RESOLUTION: Failure.CAMERA_WRONG_RESOLUTION,
    Alarm.WRONG_RATE: Failure.CAMERA_WRONG_RATE,
    Alarm.DROPPED: Failure.CAMERA_DROPPED,
    Alarm.CLOCK_OFF: Failure.CAMERA_CLOCK_OFF,
}


@dataclass(frozen=True, slots=True)
class Mask:
    """A part of the picture that nobody but the record sees, in thousandths of the picture's width and height."""

    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class CameraSetting:
    """A camera as it was set up.

    Attributes:
        name: By which its folder, its rows and its entries call it.
        place: The stream that is recorded.
        view: The smaller stream that is looked at, where it has one.
        expected: What it is to send; zeros where that is left open.
        masks: What is hidden from everybody but the record.
    """

    name: str
    place: Place
    view: Place | None = None
    expected: Expected = Expected(0, 0, 0.0)  # noqa: RUF009 - it is frozen
    masks: tuple[Mask, ...] = ()


@dataclass(frozen=True, slots=True)
class Limits:
    """How much recordings may take, and how long those of earlier elections are kept.

    Attributes:
        quota_gb: For the recordings of all elections together, in units of `GIGABYTE`; None: as far as the disk goes.
        keep_days: After these the recordings of an earlier election may go, if there is no room otherwise.
    """

    quota_gb: int | None = None
    keep_days: int = KEEP_DAYS

    @property
    def quota_bytes(self) -> int | None:
        """The quota in bytes."""
        return None if self.quota_gb is None else self.quota_gb * GIGABYTE


@dataclass(frozen=True, slots=True)
class CameraSettings:
    """All cameras, where their recordings go (None: into the station's folder), and how much they may take."""

    cameras: tuple[CameraSetting, ...] = ()
    folder: Path | None = None
    limits: Limits = Limits()

    def find(self, name: str) -> CameraSetting | Refused:
        """The camera with this name."""
        return next((camera for camera in self.cameras if camera.name == name), Refused(Failure.CAMERA_UNKNOWN))

    def with_camera(self, camera: CameraSetting) -> CameraSettings | Refused:
        """These and one more."""
        if any(other.name == camera.name for other in self.cameras):
            return Refused(Failure.CAMERA_EXISTS)
        return replace(self, cameras=(*self.cameras, camera))

    def with_changed(self, camera: CameraSetting) -> CameraSettings | Refused:
        """These, with this one in the place of the one of its name.

        Masks lie over what they were drawn for: with another address they are gone, and others see nothing of it.
        """
        if isinstance(known := self.find(camera.name), Refused):
            return known
        is_same = (known.place.address, _address(known.view)) == (camera.place.address, _address(camera.view))
        changed = replace(camera, masks=camera.masks or (known.masks if is_same else ()))
        return replace(self, cameras=tuple(changed if each == known else each for each in self.cameras))

    def without(self, name: str) -> CameraSettings | Refused:
        """These but one; what it recorded stays."""
        if isinstance(found := self.find(name), Refused):
            return found
        return replace(self, cameras=tuple(camera for camera in self.cameras if camera != found))

    def root(self, home: StationHome, election: str) -> Path:
        """The folder of this election's recordings."""
        return (self.folder or home.path / "recordings") / election


def _address(place: Place | None) -> Address | None:
    return None if place is None else place.address


def job_of(setting: CameraSetting, root: Path | None, limits: Limits = Limits()) -> Job:
    """What the camera's process is told; without a root it only watches."""
    return Job(setting.name, root, setting.place, setting.view, setting.expected, quota_bytes=limits.quota_bytes)


def limits_of(untrusted_quota_gb: str, untrusted_keep_days: str, used_bytes: int) -> Limits | Refused:
    """The limits that a person typed; nothing typed as a quota means that the disk alone limits.

    A quota that the recordings have used up already is refused: it would stop them at once.
    """
    least_gb = ceil((used_bytes + 1) / GIGABYTE)
    quota_gb = _whole(untrusted_quota_gb, least_gb, QUOTA_GB_MAX) if untrusted_quota_gb.strip() else None
    if untrusted_quota_gb.strip() and quota_gb is None:
        return Refused(Failure.QUOTA_UNFIT, {"least": least_gb, "limit": QUOTA_GB_MAX})
    keep_days = _whole(untrusted_keep_days, KEEP_DAYS_LEAST, KEEP_DAYS_MOST)
    if keep_days is None:
        return Refused(Failure.KEEPING_UNFIT, {"least": KEEP_DAYS_LEAST, "limit": KEEP_DAYS_MOST})
    return Limits(quota_gb, keep_days)


def _whole(untrusted: str, low: int, high: int) -> int | None:
    digits = untrusted.strip()
    if not (digits.isascii() and digits.isdigit() and len(digits) <= len(str(high))):
        return None
    return int(digits) if low <= int(digits) <= high else None


def camera_failure(error: CameraFailed) -> WorldFailed:
    """The failure that a person is told."""
    return WorldFailed(FAILURES[error.trouble])


def load_settings(home: StationHome) -> CameraSettings:
    """The cameras that were set up; none where nobody did.

    Raises:
        WorldFailed: `BOOK_KEY_MISSING`: this machine cannot open them; `BOOK_DAMAGED`.
    """
    if not home.cameras.exists():
        return CameraSettings()
    try:
        plain = machine_unwraps(home, home.cameras.read_bytes())
    except OSError as error:
        raise WorldFailed(Failure.DISK_FAILED, f"errno {error.errno}") from error
    if plain is None:
        raise WorldFailed(Failure.BOOK_KEY_MISSING, path=home.cameras)
    try:
        return _decode(plain)
    except (InputInvalid, CameraFailed) as error:
        raise WorldFailed(Failure.BOOK_DAMAGED, "the cameras' settings") from error


def save_settings(home: StationHome, settings: CameraSettings) -> None:
    """These are the cameras of this laptop; the file shows nothing of them.

    Raises:
        WorldFailed: `DISK_FAILED`.
    """
    folder = "" if settings.folder is None else str(settings.folder)
    limits = [settings.limits.quota_gb or 0, settings.limits.keep_days]
    plain = cbor.encode([_SCHEMA, folder, [_pack(camera) for camera in settings.cameras], limits])
    try:
        home.make()
        write_secret(home.cameras, machine_wraps(home, plain))
    except OSError as error:
        raise WorldFailed(Failure.DISK_FAILED, f"errno {error.errno}") from error


def is_name(untrusted: str) -> bool:
    """Whether a camera may be called so: small letters, digits, hyphens."""
    return NAME.fullmatch(untrusted) is not None


def _pack(camera: CameraSetting) -> list[object]:
    expected = camera.expected
    masks = [[mask.left, mask.top, mask.width, mask.height] for mask in camera.masks]
    wanted = [expected.width, expected.height, round(expected.rate * PER_MILLE)]
    view = [] if camera.view is None else _pack_place(camera.view)
    return [camera.name, _pack_place(camera.place), view, wanted, masks]


def _pack_place(place: Place) -> list[object]:
    who = [] if place.credentials is None else [place.credentials.user, place.credentials.password]
    return [place.address.text, who, place.device]


def _decode(plain: bytes) -> CameraSettings:
    items = cbor.decode(plain, _BYTES_MAX)
    is_old = isinstance(items, list) and items[:1] == [_SCHEMA_WITHOUT_LIMITS]
    fields = Fields(items, 3 if is_old else 4)
    fields.take_int(_SCHEMA_WITHOUT_LIMITS, _SCHEMA)
    folder = fields.take_text(4096)
    cameras = tuple(_camera(Fields(item, 5)) for item in fields.take_array(CAMERAS_MAX))
    limits = Limits() if is_old else _limits(Fields(fields.take_array(2), 2))
    return CameraSettings(cameras, Path(folder) if folder else None, limits)


def _limits(fields: Fields) -> Limits:
    return Limits(fields.take_int(0, QUOTA_GB_MAX) or None, fields.take_int(KEEP_DAYS_LEAST, KEEP_DAYS_MOST))


def _camera(fields: Fields) -> CameraSetting:
    name = fields.take_text(40)
    place, view = _place(fields.take_array(3)), fields.take_array(3)
    wanted = Fields(fields.take_array(3), 3)
    expected = Expected(wanted.take_int(), wanted.take_int(), wanted.take_int() / PER_MILLE)
    masks = tuple(_mask(Fields(item, 4)) for item in fields.take_array(MASKS_MAX))
    return CameraSetting(name, place, _place(view) if view else None, expected, masks)


def _mask(fields: Fields) -> Mask:
    left, top, width, height = (fields.take_int(0, PER_MILLE) for _ in range(4))
    return Mask(left, top, width, height)


def _place(items: list[object]) -> Place:
    fields = Fields(items, 3)
    text, who, device = fields.take_text(1000), fields.take_array(2), fields.take_text(200)
    if not who:
        return place_of(text, None, None, device)
    secret = Fields(who, 2)
    return place_of(text, secret.take_text(200), secret.take_text(200), device)
