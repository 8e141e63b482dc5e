"""Documents with a chip beside the window: the readers are watched once the book is open."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from PySide6.QtCore import QObject

from pollbook.clock import Clock
from pollbook.failures import Failure, WorldFailed
from pollbook.store.home import StationHome
from station_app.background import Background, BookThread
from station_app.desk import Station
from station_app.ui.faults import failure_of
from station_app.ui.window import Window

if TYPE_CHECKING:
    from station_app.faces import FaceFinder, Frames
    from station_app.passports import Passports, TrainingReader

    FaceCheck = tuple[Frames | None, FaceFinder]


class Documents(QObject):
    """Reads documents with a chip: real readers, and in a training election a made-up one."""

    def __init__(
        self, home: StationHome, clock: Clock, thread: BookThread, background: Background, window: Window
    ) -> None:
        super().__init__()
        self._home, self._clock, self._thread = home, clock, thread
        self._background, self._window = background, window
        self._is_started = False

    def start(self) -> None:
        """Watch the readers from now on; what that takes is loaded beside the window."""
        if not self._is_started:
            self._is_started = True
            self._thread.ask(self, lambda desk: desk.station, self._load, self._broke)

    def stop(self) -> None:
        """End it."""
        if self._window.documents is not None:
            self._window.documents.stop()

    def _load(self, station: Station) -> None:
        task = self._background.start("documents", lambda _report, _stop: self._make(station))
        task.done.connect(lambda made: self._begin(station, *made))
        task.failed.connect(self._broke)

    def _make(self, station: Station) -> tuple[Passports, TrainingReader | None, FaceCheck]:
        try:
            from station_app.document_sources import (  # noqa: PLC0415 - after the first paint
                faces_of,
                frames_of,
                passports_of,
                training_of,
            )
        except ImportError as error:  # the library of the smart card service is the system's
            raise WorldFailed(Failure.READER_SERVICE_AWAY) from error
        zone = ZoneInfo(station.election.zone)
        faces = (frames_of(self._home), faces_of(self._home))
        passports = passports_of(self._home, self._clock.now, zone, is_training=station.election.training)
        if not station.election.training:
            return passports, None, faces
        training = training_of(passports, self._clock.now, zone)
        return training, training, faces

    def _begin(self, station: Station, passports: Passports, training: TrainingReader | None, faces: FaceCheck) -> None:
        from station_app.ui.passport_desk import PassportDesk  # noqa: PLC0415 - as above

        check_in = self._window.check_in
        if check_in is None:
            return
        zone = ZoneInfo(station.election.zone)
        documents = PassportDesk(
            self._window,
            self._thread,
            self._background,
            check_in,
            lambda: self._clock.now().astimezone(zone).date(),
        )
        self._window.use_documents(documents)
        documents.use_camera(*faces)
        documents.start(passports, training)

    def _broke(self, error: Exception) -> None:
        self._window.say_failure(failure_of(error))
