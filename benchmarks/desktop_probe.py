"""The desktop's own objects, brought to a stage and measured there; run in a process of its own by bench_window."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QApplication

from pollbook.clock import SystemClock
from pollbook.store.home import StationHome
from pollbook.types import PersonNumber
from station_app.app import Opener, make_application
from station_app.background import BookThread
from station_app.desk import Desk
from station_app.ui.appearance import load_appearance
from station_app.ui.window import Window

PATIENCE_S = 60
SEARCHES = ("k", "ka", "kar", "kari", "karimov", "1979", "oʻ", "xudoy", "sh", "a")


class Probe:
    """A window over the book in a home."""

    def __init__(self, folder: Path) -> None:
        self.application = make_application()
        home = StationHome(folder)
        self.thread = BookThread(Opener(home, SystemClock()).open)
        self.window = Window(self.thread, SystemClock(), load_appearance(folder), lambda _: None)

    def open(self) -> None:
        """The book is open and the first screen, which asks for the officers, is painted."""
        self.window.show()
        self.window.open_book()
        self.wait(lambda: self.window.sign_in is not None and self.window.sign_in.isVisible())
        self.application.processEvents()

    def search(self, pins: dict[PersonNumber, str], officers: tuple[PersonNumber, PersonNumber]) -> None:
        """The day is open, an officer at the desk, and a list of voters has been shown for each of `SEARCHES`."""
        first, second = officers

        def sign_in(desk: Desk) -> object:
            refused = desk.open_day(first, pins[first], second, pins[second])
            return refused or desk.sign_in(first, pins[first])

        assert self.window.sign_in is not None
        self.thread.ask(self.window, sign_in, self.window.sign_in.signed_in.emit, print)
        check_in = self.window.check_in
        assert check_in is not None
        self.wait(check_in.isVisible)
        for text in SEARCHES:
            check_in.finder.clear()
            self.wait(lambda: not check_in.finder.model.hits)
            check_in.finder.box.setText(text)
            check_in.finder.typed.emit(text)
            self.wait(lambda: bool(check_in.finder.model.hits))
            self.application.processEvents()

    def wait(self, until: Callable[[], bool]) -> None:
        """Events are handled until it is so."""
        ends = time.monotonic() + PATIENCE_S
        while not until():
            if time.monotonic() > ends:
                raise TimeoutError
            QApplication.processEvents()

    def close(self) -> None:
        """The window and the book are closed."""
        self.window.close()
        self.thread.close()
