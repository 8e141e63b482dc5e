"""The station's cameras at work, as the screens ask of them (`room.House`): joined to their ledger, shown, changed.

What records and enters is `station_app.cameras`. Here is what a person does with it, or a command meanwhile: a camera
that is added, changed or taken out leaves the others as they are; masks, limits and signatures stop no recording.
"""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from devices.camera import folder
from devices.camera.folder import GapRow, SegmentRow
from devices.camera.frame_slot import Shown
from devices.camera.job import Status
from devices.camera.place import Place, place_of
from devices.camera.values import CameraFailed, Pixels
from pollbook.camera_entries import ViewSigned
from pollbook.clock import Clock
from pollbook.failures import Failure, Refused, UchastkaError, WorldFailed
from pollbook.store.book import Book
from pollbook.store.camera_views import MaskFields, SeenView, SignedView, sign_view, signed_view
from pollbook.store.home import StationHome
from pollbook.types import PersonNumber
from station_app.cameras.joining import Cameras
from station_app.cameras.keeping import days_of, room_for_a_day, room_of
from station_app.cameras.settings import (
    FAILURES,
    CameraSetting,
    CameraSettings,
    Mask,
    is_name,
    limits_of,
    load_settings,
    save_settings,
)
from station_app.live.room import CameraShown, DiskLeft, NewCamera
from sync.cycle import BookAccess

CAMERAS_MAX: Final = 8
STILL_WIDTH_MAX: Final = 1280
STILL_QUALITY: Final = 85
DISK_EVERY_S: Final = 60.0

Encode = Callable[[Pixels, int, int], bytes]
"""A picture as a JPEG of at most so many pixels' width and of this quality, 1 to 100."""
log = logging.getLogger(__name__)


class StationHouse:
    """See `room.House`. `load`, `poll`, `close` belong to one thread; what people change may come from others."""

    def __init__(self, home: StationHome, access: BookAccess, clock: Clock, encode: Encode) -> None:
        self._home, self._access, self._clock, self._encode = home, access, clock, encode
        self._guard, self._changing = threading.Lock(), threading.RLock()
        self._settings = CameraSettings()
        self._settings_ns = 0
        self._election = ""
        self._joined: Cameras | None = None
        self._signed: dict[str, SignedView] = {}
        self._rows: dict[str, tuple[SegmentRow | None, GapRow | None]] = {}
        self._counted: dict[str, tuple[int, int]] = {}
        self._disk: DiskLeft | None = None
        self._disk_at_s = float("-inf")

    # --- looking

    def cameras(self) -> tuple[CameraShown, ...]:
        """All of them, by name."""
        with self._guard:
            joined = self._joined
            if joined is None:
                return ()
            return tuple(
                self._shown(setting, joined.status(setting.name))
                for setting in sorted(self._settings.cameras, key=lambda each: each.name)
            )

    def picture(self, camera: str, after: int = 0) -> Shown | None:
        """The camera's newest picture whose number is above `after`, or None."""
        with self._guard:
            if self._joined is None or isinstance(self._settings.find(camera), Refused):
                return None
            return self._joined.picture(camera, after)

    def disk_left(self) -> DiskLeft | None:
        """What is left of the disk, as it was counted within the last minute."""
        return self._disk

    # --- running

    def load(self) -> None:
        """The cameras that were set up run.

        Raises:
            UchastkaError: Another program has them, or their recordings cannot be kept.
        """
        with self._changing:
            self._election = self._access.step(lambda book: book.election.id)
            self._take_up()

    def poll(self) -> None:
        """Once a second: what was told is entered, and a process that ended is started again."""
        with self._changing:
            self._look_for_changes()
            if self._joined is None:
                return
            statuses = self._joined.poll()
            for name, tally in self._joined.tallies.items():
                counted = tally.segments, tally.gaps
                if self._counted.get(name) != counted:
                    self._counted[name] = counted
                    self._rows[name] = self._newest_rows(name)
            now_s = time.monotonic()
            if now_s - self._disk_at_s >= DISK_EVERY_S:
                self._disk_at_s = now_s
                self._disk = self._count_disk(statuses)

    def close(self) -> None:
        """No camera runs, and every recording is closed."""
        with self._changing:
            self._part()

    # --- changing

    def add(self, camera: NewCamera) -> Refused | None:
        """The camera answered, is kept and runs; else why not, and nothing was changed."""
        if not is_name(camera.name):
            return Refused(Failure.CAMERA_NAME_UNFIT)
        if len(load_settings(self._home).cameras) >= CAMERAS_MAX:
            return Refused(Failure.CAMERAS_TOO_MANY, {"limit": CAMERAS_MAX})
        tried = _tried(camera, None)
        if isinstance(tried, Refused):
            return tried
        with self._changing:
            settings = load_settings(self._home).with_camera(tried)
            if isinstance(settings, Refused):
                return settings
            self._change(settings)
            return None

    def known(self, camera: str) -> NewCamera | None:
        """How it was set up, without its password and without an address that holds a secret."""
        setting = self._settings.find(camera)
        if isinstance(setting, Refused):
            return None
        who = setting.place.credentials
        return NewCamera(camera, _shown(setting.place), _shown(setting.view), "" if who is None else who.user)

    def change(self, camera: NewCamera) -> Refused | None:
        """As `add`, for one that is there; without a password it keeps its own, where host and user are the same."""
        known = load_settings(self._home).find(camera.name)
        if isinstance(known, Refused):
            return known
        tried = _tried(camera, known)
        if isinstance(tried, Refused):
            return tried
        with self._changing:
            settings = load_settings(self._home).with_changed(tried)
            if isinstance(settings, Refused):
                return settings
            self._change(settings)
            return None

    def remove(self, camera: str) -> Refused | None:
        """The camera is not used any more; its recordings stay."""
        with self._changing:
            settings = load_settings(self._home).without(camera)
            if isinstance(settings, Refused):
                return settings
            self._change(settings)
            return None

    def mask(self, camera: str, masks: tuple[MaskFields, ...]) -> Refused | None:
        """These are its masks, from the next picture on."""
        with self._changing:
            before = load_settings(self._home)
            setting = before.find(camera)
            if isinstance(setting, Refused):
                return setting
            masked = replace(setting, masks=tuple(Mask(*mask) for mask in masks))
            self._change(replace(before, cameras=tuple(masked if each == setting else each for each in before.cameras)))
            return None

    def limit(self, untrusted_quota_gb: str, untrusted_keep_days: str) -> Refused | None:
        """So much the recordings may take, and so long they are kept; no camera stops for it."""
        with self._changing:
            settings = load_settings(self._home)
            used = room_of(settings.root(self._home, self._election), settings.limits).used
            limits = limits_of(untrusted_quota_gb, untrusted_keep_days, used)
            if isinstance(limits, Refused):
                return limits
            self._change(replace(settings, limits=limits))
            return None

    def sign(self, camera: str, person: PersonNumber, pin: str) -> SignedView | Refused:
        """The chair has signed off what its recording sees now, unmasked: it is what a court would see."""
        shown, setting = self.picture(camera), self._settings.find(camera)
        if isinstance(setting, Refused):
            return setting
        if shown is None:
            return Refused(Failure.NO_PICTURE)
        still = self._encode(shown.pixels, STILL_WIDTH_MAX, STILL_QUALITY)
        seen = SeenView(camera, _fields(setting), still)
        signed = self._access.step(lambda book: sign_view(book, seen, person, pin))
        if isinstance(signed, SignedView):
            with self._guard:
                self._signed[camera] = signed
            with self._changing:
                if self._joined is not None:
                    self._joined.note_view(_entry(signed))
        return signed

    # --- within

    def _change(self, settings: CameraSettings) -> None:
        save_settings(self._home, settings)
        self._take_up()

    def _stamp(self) -> int:
        try:
            return self._home.cameras.stat().st_mtime_ns
        except FileNotFoundError:
            return 0

    def _look_for_changes(self) -> None:
        """What a command set up meanwhile is taken up; a file that is gone or damaged stops no camera that runs."""
        stamp = self._stamp()
        if stamp == self._settings_ns or (not stamp and self._settings.cameras):
            return
        try:
            self._take_up()
        except UchastkaError as error:
            log.warning("event=cameras_not_changed code=%s", error.failure.code)

    def _take_up(self) -> None:
        """The cameras run as they are set up now; one that is set up as before goes on without a gap."""
        stamp = self._stamp()
        settings = load_settings(self._home)
        names = [setting.name for setting in settings.cameras]
        signed = self._access.step(lambda book: _signed(book, names))
        if not settings.cameras or settings.folder != self._settings.folder:
            self._part()
        joined = self._joined
        if settings.cameras and joined is None:
            root = settings.root(self._home, self._election)
            joined = self._access.step(lambda book: Cameras(book, self._clock, root, with_pictures=True))
        with self._guard:
            self._settings, self._joined, self._signed = settings, joined, signed
        if joined is not None:
            joined.use(settings.cameras, settings.limits)
        self._settings_ns = stamp
        self._disk_at_s = float("-inf")

    def _part(self) -> None:
        self._counted.clear()
        with self._guard:
            joined, self._joined = self._joined, None
        if joined is not None:
            joined.close()

    def _shown(self, setting: CameraSetting, status: Status) -> CameraShown:
        segment, gap = self._rows.get(setting.name, (None, None))
        masks, view = _fields(setting), self._signed.get(setting.name)
        signed_at_s = view.at_s if view is not None and view.masks == masks else None
        return CameraShown(setting.name, status, masks, True, segment, gap, signed_at_s)

    def _newest_rows(self, name: str) -> tuple[SegmentRow | None, GapRow | None]:
        root = self._settings.root(self._home, self._election)
        day = folder.day_of(int(self._clock.now().timestamp() * 1000))
        segment, gap = None, None
        for row in folder.rows(root, name, day):
            if isinstance(row, SegmentRow):
                segment = row
            elif isinstance(row, GapRow) and row.began_ms != row.ended_ms:
                gap = row
        return segment, gap

    def _count_disk(self, statuses: Mapping[str, Status]) -> DiskLeft | None:
        settings, count = self._settings, len(self._settings.cameras)
        root, limits = settings.root(self._home, self._election), settings.limits
        try:
            if deleted := room_for_a_day(root, count, self._clock.now(), limits):
                log.info("event=recordings_deleted elections=%s", ",".join(deleted))
            room = room_of(root, limits)
            return DiskLeft(room.free, days_of(room, statuses, count), room.used, limits)
        except OSError as error:
            log.warning("event=recordings_not_counted errno=%s", error.errno)
            return None
        except WorldFailed as error:
            log.warning("event=recordings_not_counted code=%s", error.failure.code)
            return None


def _tried(camera: NewCamera, known: CameraSetting | None) -> CameraSetting | Refused:
    """The camera as it is to be set up, which answered; or why not. What is as it was is not opened a second time."""
    from devices.camera.opening import open_or_explain  # noqa: PLC0415 - OpenCV is loaded when it is needed

    try:
        place = place_of(camera.address, camera.user or None, camera.password)
        if known is not None and not camera.password and is_for_the_same(camera.user, place, known.place):
            place = replace(place, credentials=known.place.credentials, device=known.place.device)
        view = None
        if camera.view:
            who = place.credentials
            view = place_of(camera.view, who.user if who else None, who.password if who else None)
        for each, before in ((view, known and known.view), (place, known and known.place)):
            if each is not None and each != before:
                open_or_explain(each).close()
    except CameraFailed as error:
        return Refused(FAILURES[error.trouble])
    setting = known or CameraSetting(camera.name, place)
    return replace(setting, place=place, view=view, masks=())


def is_for_the_same(user: str, place: Place, known: Place) -> bool:
    """Whether a password that is kept would go to whom it went before: no other host is ever told it."""
    if known.credentials is None or not (place.address.is_network and known.address.is_network):
        return place.address == known.address
    is_same_host = (place.address.scheme, place.address.host_and_port) == (
        known.address.scheme,
        known.address.host_and_port,
    )
    return is_same_host and user == known.credentials.user


def _shown(place: Place | None) -> str:
    """An address for a field; none where a secret stands in it."""
    return "" if place is None or str(place.address) != place.address.text else place.address.text


def _fields(setting: CameraSetting) -> tuple[MaskFields, ...]:
    return tuple((mask.left, mask.top, mask.width, mask.height) for mask in setting.masks)


def _entry(view: SignedView) -> ViewSigned:
    sha256 = hashlib.sha256(view.still).digest()
    return ViewSigned(view.camera, view.at_s * 1000, view.person, len(view.masks), sha256, view.signature)


def _signed(book: Book, names: list[str]) -> dict[str, SignedView]:
    found = {name: signed_view(book, name) for name in names}
    return {name: view for name, view in found.items() if view is not None}
