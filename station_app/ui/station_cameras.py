"""The cameras of this station begin once the book is open, and only where there are any or somebody looks for them."""

from __future__ import annotations

import threading
from datetime import tzinfo
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from pollbook.clock import SystemClock
from pollbook.store.home import StationHome
from station_app.background import Background, BookThread
from station_app.desk import Station
from sync.cycle import BookAccess

if TYPE_CHECKING:
    from devices.camera.values import Pixels
    from station_app.live.house import StationHouse
    from station_app.ui.camera_desk import CameraDesk
    from station_app.ui.window import Window

AFTER_MS = 300
"""The first screen is painted before anything of the cameras is loaded."""


class StationCameras(QObject):
    """Makes the house of cameras and its desk, starts them and the stills for the centre, ends them."""

    def __init__(
        self, home: StationHome, access: BookAccess, book: BookThread, background: Background, window: Window
    ) -> None:
        super().__init__()
        self._home, self._access, self._book = home, access, book
        self._background, self._window = background, window
        self._clock = SystemClock()
        self._desk: CameraDesk | None = None

    @property
    def is_wanted(self) -> bool:
        """Whether cameras were set up here."""
        return self._home.cameras.exists()

    def start(self) -> None:
        """Where cameras were set up, they run from now on."""
        if self.is_wanted:
            QTimer.singleShot(AFTER_MS, self.begin)

    def begin(self) -> None:
        """The cameras have their screen; those that were set up run. Doing it again changes nothing."""
        if self._desk is not None:
            return
        from station_app.live.house import StationHouse  # noqa: PLC0415 - after the first paint

        house = StationHouse(self._home, self._access, self._clock, encode)
        self._desk = self._window.use_cameras(lambda station, zone: self._make(house, station, zone))
        if self._desk is not None:
            self._desk.start()
            self._background.start("stills", lambda _report, stop: self._send_stills(house, stop))

    def stop(self) -> None:
        """The page is closed, and the recordings too."""
        if self._desk is not None:
            self._desk.stop()

    def _make(self, house: StationHouse, station: Station, zone: tzinfo) -> CameraDesk:
        from station_app.ui.camera_desk import CameraDesk, Surroundings  # noqa: PLC0415 - as above

        around = Surroundings(self._book, self._background, self._clock, self._address, self._home.path, encode)
        return CameraDesk(self._window, house, station, zone, around)

    def _address(self) -> str:
        from station_app.live.observers import own_address  # noqa: PLC0415 - as above
        from station_app.network import read_network  # noqa: PLC0415 - as above

        return own_address(read_network(self._home).address)

    def _send_stills(self, house: StationHouse, stop: threading.Event) -> None:
        from station_app.live.stills import Centre, send_stills  # noqa: PLC0415 - as above
        from sync.loop import budget_of  # noqa: PLC0415 - as above

        send_stills(house, Centre(self._access, budget_of(self._home), encode, self._clock), stop)


def encode(pixels: Pixels, width_max: int, quality: int) -> bytes:
    """The picture as a small JPEG; OpenCV is loaded when the first one is made."""
    from devices.camera.opencv import small_jpeg  # noqa: PLC0415 - see above

    return small_jpeg(pixels, width_max, quality)
