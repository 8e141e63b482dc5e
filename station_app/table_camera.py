"""The camera that sees the person at the table: it runs only beside a document's photograph and records nothing.

It is none of the cameras that observe the voting: those never see voter data (DESIGN §7), and this one is in a file of
its own, so that no recording ever finds it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

from devices.camera.address import Address, split_address
from devices.camera.job import Job
from devices.camera.place import Place
from devices.camera.supervised import Supervised
from devices.camera.values import CameraFailed
from pollbook.store.home import StationHome
from station_app.face_finder import photo_of
from station_app.passports import Photo

TABLE_CAMERA = "table-camera"
"""The file in the station's folder with the camera's address, for example `usb:0`."""
FRESH_S = 2.0
"""An older picture shows somebody who may have left."""
_SCHEMES = frozenset({"usb", "scene"})
_BYTES_MAX = 200
log = logging.getLogger(__name__)


class TableCamera:
    """See `faces.Frames`; one thread looks at a time."""

    def __init__(self, address: Address) -> None:
        self._job = Job("table", None, Place(address))
        self._running: Supervised | None = None

    @contextmanager
    def watching(self) -> Iterator[None]:
        """The camera runs until the block ends."""
        running = Supervised(self._job, lambda _row: None, with_pictures=True)
        running.start()
        self._running = running
        try:
            yield
        finally:
            self._running = None
            running.close()

    def latest(self) -> Photo | None:
        """The newest picture; None while there is none, or none that is fresh."""
        running = self._running
        if running is None or running.pictures is None:
            return None
        running.poll()
        shown = running.pictures.newest()
        if shown is None or time.monotonic() - shown.read_s > FRESH_S:
            return None
        return photo_of(shown.pixels)


def table_camera_of(home: StationHome) -> TableCamera | None:
    """The camera at the table, where IT staff named one that is plugged into this laptop."""
    try:
        with (home.path / TABLE_CAMERA).open("rb") as file:
            untrusted = file.read(_BYTES_MAX).decode("ascii", "replace").strip()
    except OSError:
        return None
    try:
        address, _ = split_address(untrusted)
    except CameraFailed:
        log.warning("event=table_camera_not_understood")
        return None
    if address.scheme not in _SCHEMES:
        log.warning("event=table_camera_not_of_this_laptop scheme=%s", address.scheme)
        return None
    return TableCamera(address)
