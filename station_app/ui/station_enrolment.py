"""A laptop becomes a station from the window."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from pollbook.clock import Clock
from pollbook.failures import Failure, WorldFailed
from pollbook.store.home import StationHome
from pollbook.types import Person, PersonNumber
from station_app.background import Background, Cancelled, Report
from station_app.desk import Refused
from station_app.ui.faults import failure_of
from station_app.ui.window import Window

if TYPE_CHECKING:
    from pollbook.slice import SliceHeader


class Enrolment(QObject):
    """Makes this laptop a station from a file that the operator chooses, and then opens its book."""

    def __init__(self, home: StationHome, clock: Clock, background: Background, window: Window) -> None:
        super().__init__()
        self._home, self._clock, self._background, self._window = home, clock, background, window

    def start(self) -> None:
        """Ask for the file and enrol; whatever is refused is said in the window."""
        path = self._window.choose_enrolment_file()
        if path is None:
            return
        self._window.notice.show_enrolling()
        task = self._background.start("enrolment", lambda report, _stop: self._enrol(path, report))
        task.reported.connect(self._ask_pins)
        task.done.connect(lambda _: self._window.open_book())
        task.failed.connect(self._refuse)
        task.cancelled.connect(lambda: self._refuse(WorldFailed(Failure.NOT_ENROLLED)))

    def _enrol(self, path: Path, report: Report) -> None:
        from pollbook.enrol_file import ENROL_FILE_BYTES_MAX  # noqa: PLC0415 - once in a station's life
        from sync.enrolment import enrol  # noqa: PLC0415 - once in a station's life

        def choose_pins(header: SliceHeader) -> Mapping[PersonNumber, str]:
            answer: Future[Mapping[PersonNumber, str] | None] = Future()
            report((header.people, answer))
            pins = answer.result()
            if pins is None:
                raise Cancelled
            return pins

        try:
            with path.open("rb") as file:
                untrusted = file.read(ENROL_FILE_BYTES_MAX + 1)
        except OSError as error:
            raise WorldFailed(Failure.FILE_UNREADABLE, path=path) from error
        enrol(self._home, untrusted, self._clock, choose_pins, lambda _stage: None)

    def _ask_pins(self, wanted: tuple[tuple[Person, ...], Future[Mapping[PersonNumber, str] | None]]) -> None:
        people, answer = wanted
        self._window.sheets.choose_pins(people, answer.set_result)

    def _refuse(self, error: Exception) -> None:
        refused: Refused = failure_of(error)
        self._window.notice.show_failure(refused, is_enrolment_missing=True)
        if refused.failure is not Failure.NOT_ENROLLED:
            self._window.say_failure(refused)
