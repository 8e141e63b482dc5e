"""What the screens do with the cameras: runs them, shows how they are, and takes what people do about them.

The cameras have a thread of their own; whatever waits for a camera, a disk or a PIN is done on another one. Nothing
here touches the check-in: an alarm is told at the foot of the screen, and stays there until it is over.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import tzinfo
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from pollbook.clock import Clock
from pollbook.failures import Failure, UchastkaError
from pollbook.types import PersonNumber
from station_app.background import Background, BookThread, Report, Task
from station_app.desk import Refused, Station
from station_app.live.room import CameraShown, DiskLeft, House, NewCamera, without_mask
from station_app.ui.add_camera_sheet import AddCameraSheet
from station_app.ui.camera_screen import CameraScreen
from station_app.ui.camera_words import status_words
from station_app.ui.faults import failure_of
from station_app.ui.masks_sheet import MasksSheet
from station_app.ui.observers_sheet import ObserversSheet
from station_app.ui.recordings_room_sheet import RecordingsRoomSheet
from station_app.ui.shell import Shell
from station_app.ui.sign_view_sheet import SignViewSheet

if TYPE_CHECKING:
    from devices.camera.values import Pixels
    from station_app.live.masks import MaskFields
    from station_app.live.observers import Observers, PageOpen

POLL_S = 1.0
RETRY_S = 15.0
PICTURE_WIDTH, PICTURE_QUALITY = 640, 60

log = logging.getLogger(__name__)
Asking = AddCameraSheet | SignViewSheet | RecordingsRoomSheet
Encode = Callable[["Pixels", int, int], bytes]


@dataclass(frozen=True)
class Surroundings:
    """What the cameras need of the desktop: threads, the clock, where the page listens, where files may stand.

    `page_address` is asked when the page is opened; `encode` makes a JPEG.
    """

    book: BookThread
    background: Background
    clock: Clock
    page_address: Callable[[], str]
    folder: Path
    encode: Encode


class CameraDesk(QObject):
    """Joins the house of cameras to the screens. `changed` tells of newer words of the cameras."""

    changed = Signal(object)

    def __init__(self, window: Shell, house: House, station: Station, zone: tzinfo, around: Surroundings) -> None:
        super().__init__(window)
        self._window, self._house, self._station, self._zone, self._around = window, house, station, zone, around
        self._running: Task | None = None
        self._serving: Task | None = None
        self._page: Observers | None = None
        self.cameras: tuple[CameraShown, ...] = ()
        self.disk: DiskLeft | None = None
        self.screen = CameraScreen(window.texts, window.appearance.tokens, zone)
        self.screen.add_asked.connect(self.open_add)
        self.screen.observers_asked.connect(self.open_observers)
        self.screen.room_asked.connect(self.open_room)
        self.screen.masks_asked.connect(self.open_masks)
        self.screen.sign_asked.connect(self.open_sign)
        self.screen.change_asked.connect(self.open_change)
        self.screen.remove_asked.connect(self.remove)

    # Running

    def start(self) -> None:
        """The cameras run until `stop`."""
        if self._running is None:
            self._running = self._around.background.start("cameras", self._run)
            self._running.reported.connect(self._show)
            self._running.failed.connect(self._broke)

    def stop(self) -> None:
        """The page is closed, and the cameras' recordings too."""
        self.close_page()
        if self._running is not None:
            self._running.cancel()

    def _run(self, report: Report, stop: threading.Event) -> None:
        try:
            while not self._loaded(report) and not stop.wait(RETRY_S):
                pass
            while not stop.wait(POLL_S):
                try:
                    self._house.poll()
                except UchastkaError as error:
                    log.warning("event=cameras_not_polled code=%s", error.failure.code)
                report((self._house.cameras(), self._house.disk_left()))
        finally:
            self._house.close()

    def _loaded(self, report: Report) -> bool:
        """Whether the cameras run; another program may have them, or their disk may be away: then later."""
        try:
            self._house.load()
        except UchastkaError as error:
            log.warning("event=cameras_not_loaded code=%s", error.failure.code)
            report(error)
            return False
        report((self._house.cameras(), self._house.disk_left()))
        return True

    def refresh(self) -> None:
        """The screens show how the cameras are now."""
        self._show((self._house.cameras(), self._house.disk_left()))

    def _show(self, told: tuple[tuple[CameraShown, ...], DiskLeft | None] | UchastkaError) -> None:
        if isinstance(told, UchastkaError):
            self._window.toast.say(str(self._window.texts.failure(told.failure, told.facts)), "closer")
            return
        self.cameras, self.disk = told
        disk = self.disk
        if self.screen.is_without_room:
            self.screen.use_room(self._house)
        self.screen.show_cameras(self.cameras, disk)
        self.changed.emit(partial(status_words, self.cameras, disk) if self.cameras else None)
        self._show_page()

    def _broke(self, error: Exception) -> None:
        refused = failure_of(error)
        self._window.toast.say(str(self._window.texts.failure(refused.failure, refused.facts)), "stop")

    # Adding, masking, signing

    def open_add(self) -> None:
        """A camera is named, tried and added."""
        sheet = self._window.sheets.show(
            lambda window, texts, theme: AddCameraSheet(window, self._around.book, None, texts, theme)
        )
        if isinstance(sheet, AddCameraSheet):
            sheet.wanted.connect(partial(self._add, sheet))

    def open_change(self, name: str) -> None:
        """A camera has another address or password."""
        if (known := self._house.known(name)) is None:
            return
        sheet = self._window.sheets.show(
            lambda window, texts, theme: AddCameraSheet(window, self._around.book, known, texts, theme)
        )
        if isinstance(sheet, AddCameraSheet):
            sheet.wanted.connect(partial(self._change, sheet))

    def _change(self, sheet: AddCameraSheet, camera: NewCamera) -> None:
        said = self._window.texts("camera_changed", camera=camera.name)
        self._do("change", lambda: self._house.change(camera), partial(self._settle, sheet, said), sheet)

    def _add(self, sheet: AddCameraSheet, camera: NewCamera) -> None:
        said = self._window.texts("camera_added", camera=camera.name)
        self._do("add", lambda: self._house.add(camera), partial(self._settle, sheet, said), sheet)

    def open_masks(self, name: str) -> None:
        """A camera's masks are drawn."""
        camera, shown = self._camera(name), self._house.picture(name)
        if camera is None:
            return
        sheet = self._window.sheets.show(lambda window, texts, theme: MasksSheet(window, camera, shown, texts, theme))
        if isinstance(sheet, MasksSheet):
            sheet.saved.connect(self.mask)

    def mask(self, name: str, masks: tuple[MaskFields, ...]) -> None:
        """These are the camera's masks."""
        said = self._window.texts("masks_saved")
        self._do("masks", lambda: self._house.mask(name, masks), partial(self._settle, None, said), None)

    def open_sign(self, name: str) -> None:
        """The chair signs off what the camera sees."""
        camera, shown = self._camera(name), self._house.picture(name)
        if camera is None:
            return
        if shown is None:
            self._say_failure(Refused(Failure.NO_PICTURE))
            return
        sheet = self._window.sheets.show(
            lambda window, texts, theme: SignViewSheet(
                window, self._around.book, self._station, (camera, shown), texts, theme
            )
        )
        if isinstance(sheet, SignViewSheet):
            sheet.wanted.connect(partial(self._sign, sheet, name))

    def _sign(self, sheet: SignViewSheet, name: str, person: PersonNumber, pin: str) -> None:
        said = self._window.texts("sign_view_done", camera=name)
        self._do("sign", lambda: self._house.sign(name, person, pin), partial(self._settle, sheet, said), sheet)

    def remove(self, name: str) -> None:
        """The camera is not used any more."""
        said = self._window.texts("camera_removed", camera=name)
        self._do("remove", lambda: self._house.remove(name), partial(self._settle, None, said), None)

    def open_room(self) -> None:
        """How much recordings may take is seen and set."""
        if (disk := self.disk) is None:
            return
        sheet = self._window.sheets.show(
            lambda window, texts, theme: RecordingsRoomSheet(window, self._around.book, disk, texts, theme)
        )
        if isinstance(sheet, RecordingsRoomSheet):
            sheet.wanted.connect(partial(self._limit, sheet))

    def _limit(self, sheet: RecordingsRoomSheet, untrusted_quota_gb: str, untrusted_keep_days: str) -> None:
        said = self._window.texts("room_saved")
        work = partial(self._house.limit, untrusted_quota_gb, untrusted_keep_days)
        self._do("limit", work, partial(self._settle, sheet, said), sheet)

    def _settle(self, sheet: Asking | None, said: str, answer: object) -> None:
        if isinstance(answer, Refused):
            if sheet is not None and self._window.sheets.current is sheet:
                sheet.refuse(answer)
            else:
                self._say_failure(answer)
            return
        if sheet is not None and self._window.sheets.current is sheet:
            sheet.close_sheet()
        self._window.toast.say(said)
        self.refresh()

    # The observers' page

    def open_observers(self) -> None:
        """How the page stands, and what can be done about it."""
        sheet = self._window.sheets.show(lambda window, texts, theme: ObserversSheet(window, self._zone, texts, theme))
        if isinstance(sheet, ObserversSheet):
            sheet.open_asked.connect(self.open_page)
            sheet.code_asked.connect(self.make_code)
            sheet.close_asked.connect(self.close_page)
            self._show_page()

    def open_page(self) -> None:
        """The page is open, where every camera has a mask; nobody is let in yet."""
        from station_app.live.showing import serve_page  # noqa: PLC0415 - when it is first wanted
        from station_app.ui.page_words import page_of  # noqa: PLC0415 - as above

        if self._serving is not None:
            return
        if (refused := without_mask(self.cameras)) is not None:
            self._refuse_page(refused)
            return
        page = page_of(self._station, self._window.texts.language, self._zone)
        around = self._around

        def work(report: Report, stop: threading.Event) -> None:
            encode = lambda pixels: around.encode(pixels, PICTURE_WIDTH, PICTURE_QUALITY)  # noqa: E731 - one line
            place = around.page_address(), around.folder, around.clock
            serve_page(self._house, page, encode, place, report, stop)

        self._serving = around.background.start("observers", work)
        self._serving.reported.connect(self._opened)
        self._serving.failed.connect(self._page_failed)
        self._serving.done.connect(lambda _: self._page_closed())

    def make_code(self) -> None:
        """A code for one observer is on the screen."""
        if self._page is not None:
            made = self._page.make_code()
            self._refuse_page(made if isinstance(made, Refused) else None)
            self._show_page()

    def close_page(self) -> None:
        """Nobody watches any more, and nothing listens."""
        if self._serving is not None:
            self._serving.cancel()
        self._page = None
        self._show_page()

    @property
    def page(self) -> PageOpen | None:
        """How the page stands; None where it is closed."""
        return None if self._page is None else self._page.state()

    def _opened(self, observers: Observers) -> None:
        self._page = observers
        self._refuse_page(None)
        self._show_page()

    def _page_failed(self, error: Exception) -> None:
        self._page_closed()
        self._refuse_page(failure_of(error))

    def _page_closed(self) -> None:
        self._serving = self._page = None
        self._show_page()

    def _show_page(self) -> None:
        if isinstance(sheet := self._window.sheets.current, ObserversSheet):
            sheet.show_state(self.page, self._around.clock.now(), self._around.clock.monotonic_s())

    def _refuse_page(self, refused: Refused | None) -> None:
        if isinstance(sheet := self._window.sheets.current, ObserversSheet):
            sheet.refuse(refused)
        elif refused is not None:
            self._say_failure(refused)

    # Within

    def _camera(self, name: str) -> CameraShown | None:
        return next((camera for camera in self.cameras if camera.name == name), None)

    def _do(
        self, name: str, work: Callable[[], object], done: Callable[[object], object],
        sheet: Asking | None,
    ) -> None:  # fmt: skip
        task = self._around.background.start(name, lambda _report, _stop: work())
        task.done.connect(done)
        task.failed.connect(lambda error: self._settle(sheet, "", failure_of(error)))

    def _say_failure(self, refused: Refused) -> None:
        self._window.toast.say(str(self._window.texts.failure(refused.failure, refused.facts)), "stop")
