"""The desktop's objects, made by hand and in order: home, book, desk, sync, window. This page is the architecture.

    book thread   opens the book, owns the desk, answers the window's questions one after another
    sync thread   cycle after cycle; holds the book for moments only, through the book's thread
    GUI thread    draws and asks; waits for nothing

The window opens before the book does, and is closed first; then sync ends, then the book.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication

from pollbook.clock import Clock, SystemClock
from pollbook.commanding import write_fault
from pollbook.failures import Failure, WorldFailed
from pollbook.store.book import Book, open_book
from pollbook.store.home import StationHome
from pollbook.store.mirror import Mirror
from pollbook.store.syncing import sync_status
from pollbook.types import Person, PersonNumber
from station_app.background import Background, BookThread, Cancelled, Keep, Report, Task, keep_fault
from station_app.desk import Desk, LinkState, LinkStatus, Refused
from station_app.station_desk import StationDesk
from station_app.ui.appearance import load_appearance, save_appearance
from station_app.ui.faults import failure_of
from station_app.ui.window import Window

if TYPE_CHECKING:
    from pollbook.slice import SliceHeader
    from sync.loop import Tried

log = logging.getLogger(__name__)
T = TypeVar("T")
FAULT = LinkStatus(LinkState.AWAY, None, Failure.FAULT, None)


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
    sync = SyncEngine(opener, book, background, clock, window)
    enrolment = Enrolment(home, clock, background, window)
    window.opened.connect(sync.start)
    window.marked.connect(sync.wake)
    window.enrolment_asked.connect(enrolment.start)
    return Desktop(application, book, background, window, sync, enrolment)


@dataclass(frozen=True, slots=True)
class Desktop:
    """What `build` made; it lives as long as this does."""

    application: QApplication
    book: BookThread
    background: Background
    window: Window
    sync: SyncEngine
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


class Opener:
    """Opens the home's book on the book's thread, and is sync's way to it (`sync.cycle.BookAccess`)."""

    def __init__(self, home: StationHome, clock: Clock) -> None:
        self._home = home
        self._clock = clock
        self._book: Book | None = None

    @contextmanager
    def open(self) -> Iterator[Desk]:
        """The desk over the book, for as long as the block lasts."""
        with open_book(self._home, self._clock, writer=True) as book, closing(Mirror(book)) as mirror:
            self._book = book
            mirror.write()  # what it lacks, and whether it knows more than this book does, before the first mark
            yield StationDesk(book, mirror=mirror)

    def on(self, thread: BookThread) -> ThreadAccess:
        """Access from other threads."""
        return ThreadAccess(thread, self)

    @property
    def book(self) -> Book:
        """The open book, on its thread."""
        if self._book is None:
            raise WorldFailed(Failure.NOT_ENROLLED)
        return self._book


class ThreadAccess:
    """Runs a step of sync between two questions of the window."""

    def __init__(self, thread: BookThread, opener: Opener) -> None:
        self._thread = thread
        self._opener = opener

    def step(self, action: Callable[[Book], T]) -> T:
        """What `action` returns, done on the book's thread."""
        return self._thread.call(lambda _desk: action(self._opener.book))


class SyncEngine(QObject):
    """Starts the engine when the book is open, tells the window what it says, ends it."""

    def __init__(
        self, opener: Opener, thread: BookThread, background: Background, clock: Clock, window: Window
    ) -> None:
        super().__init__()
        self._access = opener.on(thread)
        self._background, self._clock, self._window = background, clock, window
        self._wake, self._stop = threading.Event(), threading.Event()
        self._abort: Callable[[], None] | None = None
        self._task: Task | None = None

    def start(self) -> None:
        """Sync until stopped; one engine at a time."""
        if self._task is None:
            self._task = self._background.start("sync", self._run)
            self._task.reported.connect(self._window.show_link)
            self._task.failed.connect(self._broke)

    def wake(self) -> None:
        """There is a new entry to send."""
        self._wake.set()

    def stop(self) -> None:
        """End the engine, and the request it may be waiting for."""
        self._stop.set()
        self._wake.set()
        if self._abort is not None:
            self._abort()

    def _broke(self, error: Exception) -> None:
        self._window.show_link(FAULT)
        self._window.say_failure(failure_of(error))

    def _run(self, report: Report, _stop: threading.Event) -> None:
        from sync.client import client_of  # noqa: PLC0415 - requests takes 0.2 s to load, after the first paint
        from sync.loop import run  # noqa: PLC0415 - as above

        before = self._access.step(sync_status)
        last_sync_at = datetime.fromtimestamp(before.last_sync_s, UTC) if before.last_sync_s else None
        report(LinkStatus(LinkState.NOT_YET, last_sync_at, None, None))
        with client_of(self._access.step(lambda book: book.link), self._clock) as client:
            self._abort = client.abort

            def tell(tried: Tried | None) -> None:
                report(link_status(tried, self._clock.now()))

            run(self._access, client, self._clock, self._wake, self._stop, tell)


def link_status(tried: Tried | None, now: datetime) -> LinkStatus:
    """What the status line says of a try of the sync engine; None while one is on its way."""
    if tried is None:
        return LinkStatus(LinkState.WORKING, None, None, None)
    if tried.failure is None:
        return LinkStatus(LinkState.GOOD, now, None, tried.next_try_at)
    return LinkStatus(LinkState.AWAY, None, tried.failure, tried.next_try_at)


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
