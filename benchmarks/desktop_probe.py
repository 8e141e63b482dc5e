"""The desktop as `uchastka` builds it, its sync engine too, brought to a stage and measured there by bench_window."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QApplication

from pollbook.clock import SystemClock
from pollbook.store.home import StationHome
from pollbook.types import PersonNumber
from station_app.app import build
from station_app.desk import Desk, LinkState

PATIENCE_S = 60
SEARCHES = ("k", "ka", "kar", "kari", "karimov", "1979", "oʻ", "xudoy", "sh", "a")


class Probe:
    """The desktop over the book in a home."""

    def __init__(self, folder: Path) -> None:
        self.desktop = build(StationHome(folder), SystemClock())
        self.window = self.desktop.window

    def open(self) -> None:
        """The book is open and the first screen, which asks for the officers, is painted; sync begins behind it."""
        self.desktop.open()
        self.wait(lambda: self.window.sign_in is not None and self.window.sign_in.isVisible())
        self.desktop.application.processEvents()

    def search(self, first: tuple[PersonNumber, str], second: tuple[PersonNumber, str]) -> None:
        """The day is open, an officer at the desk, and a list of voters has been shown for each of `SEARCHES`.

        `first` and `second` are two officers with their PINs.
        """

        def sign_in(desk: Desk) -> object:
            return desk.open_day(*first, *second) or desk.sign_in(*first)

        assert self.window.sign_in is not None
        self.desktop.book.ask(self.window, sign_in, self.window.sign_in.signed_in.emit, print)
        check_in = self.window.check_in
        assert check_in is not None
        self.wait(check_in.isVisible)
        for text in SEARCHES:
            check_in.finder.clear()
            self.wait(lambda: not check_in.finder.model.hits)
            check_in.finder.box.setText(text)
            check_in.finder.typed.emit(text)
            self.wait(lambda: bool(check_in.finder.model.hits))
            self.desktop.application.processEvents()

    def wait_for_sync(self) -> None:
        """The sync engine has tried once; the register of a book made for a test is away."""
        self.wait(lambda: self.window.status_line.link_state is LinkState.AWAY)

    def wait(self, until: Callable[[], bool]) -> None:
        """Events are handled until it is so."""
        ends = time.monotonic() + PATIENCE_S
        while not until():
            if time.monotonic() > ends:
                raise TimeoutError
            QApplication.processEvents()

    def close(self) -> None:
        """Everything is ended."""
        self.desktop.close()
