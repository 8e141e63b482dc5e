"""The desktop's objects, made by hand and in order: home, book, desk, sync, window. This page is the architecture.

    book thread   opens the book, owns the desk, answers the window's questions one after another
    sync thread   cycle after cycle; holds the book for moments only, through the book's thread
    lan thread    the station's other desks, where there are any; the book as sync has it
    cameras       a thread that looks after the cameras' processes; one more while observers are let in, one for stills
    readers       watches for documents with a chip; each reading has a thread of its own
    GUI thread    draws and asks; waits for nothing

The window opens before the book does, and is closed first; then sync ends, then the book.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from PySide6.QtWidgets import QApplication

from pollbook.clock import Clock, SystemClock
from pollbook.commanding import write_fault
from pollbook.store.home import StationHome
from station_app.background import Background, BookThread, Keep, keep_fault
from station_app.book_access import Opener
from station_app.ui.appearance import load_appearance, save_appearance
from station_app.ui.faults import failure_of
from station_app.ui.station_cameras import StationCameras
from station_app.ui.station_documents import Documents
from station_app.ui.station_enrolment import Enrolment
from station_app.ui.station_neighbours import Neighbours
from station_app.ui.station_sync import SyncEngine
from station_app.ui.window import Window

log = logging.getLogger(__name__)


def run_desktop(home: StationHome, play_script: bool, screens: Path | None) -> int:
    """Open the desktop on `home` and stay until its window is closed; the exit status says how it ended."""
    desktop = build(home, SystemClock())
    with keeping_faults(fault_keeper(home), desktop.window):
        if play_script or screens:
            from station_app.ui.play import Play  # noqa: PLC0415 - rehearsals only

            status = Play(desktop.window, home, screens).run()
        else:
            desktop.open()
            with ending_by_signal(desktop.application):
                status = desktop.application.exec()
        desktop.close()
    return status


def build(home: StationHome, clock: Clock) -> Desktop:
    """All objects of the desktop over the book in `home`; nothing is opened or started yet."""
    application = make_application()
    keep = fault_keeper(home)
    opener = Opener(home, clock)
    book = BookThread(opener.open, keep)
    background = Background(keep)
    window = Window(book, clock, load_appearance(home.path), lambda chosen: save_appearance(home.path, chosen))
    sync = SyncEngine(opener.on(book), background, clock, window)
    neighbours = Neighbours(home, opener, book, background, window)
    documents = Documents(home, clock, book, background, window)
    cameras = StationCameras(home, opener.on(book), book, background, window)
    enrolment = Enrolment(home, clock, background, window)
    window.opened.connect(sync.start)
    window.opened.connect(neighbours.start)
    window.opened.connect(documents.start)
    window.opened.connect(cameras.start)
    window.cameras_wanted.connect(cameras.begin)
    window.marked.connect(sync.wake)
    window.enrolment_asked.connect(enrolment.start)
    return Desktop(application, book, background, window, sync, neighbours, documents, cameras, enrolment)


@dataclass(frozen=True, slots=True)
class Desktop:
    """What `build` made; it lives as long as this does."""

    application: QApplication
    book: BookThread
    background: Background
    window: Window
    sync: SyncEngine
    neighbours: Neighbours
    documents: Documents
    cameras: StationCameras
    enrolment: Enrolment

    def open(self) -> None:
        """Show the window and open its book; sync starts when the book is open."""
        self.window.show()
        self.window.activateWindow()
        self.window.open_book()

    def close(self) -> None:
        """End it: the window first, then sync, then the book."""
        self.window.close()
        self.sync.stop()
        self.neighbours.stop()
        self.documents.stop()
        self.cameras.stop()
        self.background.close()
        self.book.close()


def fault_keeper(home: StationHome) -> Keep:
    """Keeps where a fault happened in a file of the home, as the commands do; the log names that file."""

    def keep(error: Exception) -> None:
        log.error("event=fault_kept kind=%s file=%s", type(error).__name__, write_fault(error, home.path).name)

    return keep


def make_application() -> QApplication:
    """The process's one application, in the style that the stylesheet was drawn for."""
    if sys.platform.startswith("linux") and not {"DISPLAY", "WAYLAND_DISPLAY"} & set(os.environ):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    existing = QApplication.instance()
    application = existing if isinstance(existing, QApplication) else QApplication(sys.argv[:1])
    application.setApplicationName("uchastka")
    application.setStyle("Fusion")
    return application


@contextmanager
def ending_by_signal(application: QApplication) -> Iterator[None]:
    """Ctrl+C and a polite kill close the window as a person would; Python hears them at the window's next tick."""
    ends = (signal.SIGINT, signal.SIGTERM)
    before = {end: signal.signal(end, lambda *_: application.quit()) for end in ends}
    try:
        yield
    finally:
        for end, handler in before.items():
            signal.signal(end, handler)


@contextmanager
def keeping_faults(keep: Keep, window: Window) -> Iterator[None]:
    """What breaks on the GUI thread is kept by places and said in the window, rather than printed with its words."""
    before = sys.excepthook

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if not isinstance(error, Exception):
            before(kind, error, trace)
            return
        keep_fault(error, keep)
        window.say_failure(failure_of(error))

    sys.excepthook = hook
    try:
        yield
    finally:
        sys.excepthook = before
