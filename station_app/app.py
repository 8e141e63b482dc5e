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
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, TypeVar
from zoneinfo import ZoneInfo

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication

from pollbook.clock import Clock, SystemClock
from pollbook.commanding import write_fault
from pollbook.failures import Failure, WorldFailed
from pollbook.store.book import Book, open_book
from pollbook.store.home import StationHome
from pollbook.store.mirror import Mirror
from pollbook.store.syncing import sync_status
from pollbook.store.whereabouts import close_open_cards
from pollbook.types import LineId, Person, PersonNumber
from station_app.background import Background, BookThread, Cancelled, Keep, Report, Task, keep_fault
from station_app.desk import Desk, LinkState, LinkStatus, Refused, Station
from station_app.station_desk import StationDesk
from station_app.ui.appearance import load_appearance, save_appearance
from station_app.ui.faults import failure_of
from station_app.ui.station_cameras import StationCameras
from station_app.ui.window import Window

if TYPE_CHECKING:
    from pollbook.slice import SliceHeader
    from station_app.dividing import DeskShare
    from station_app.faces import FaceFinder, Frames
    from station_app.neighbours import StationNeighbour
    from station_app.passports import Passports, TrainingReader
    from sync.lan.peer import Neighbour, Peer
    from sync.loop import Tried

    FaceCheck = tuple[Frames | None, FaceFinder]

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


class Opener:
    """Opens the home's book on the book's thread, and is sync's way to it (`sync.cycle.BookAccess`)."""

    def __init__(self, home: StationHome, clock: Clock) -> None:
        self._home = home
        self._clock = clock
        self._book: Book | None = None
        self._mirror: Mirror | None = None
        self._desk: StationDesk | None = None

    @contextmanager
    def open(self) -> Iterator[Desk]:
        """The desk over the book, for as long as the block lasts."""
        with open_book(self._home, self._clock, writer=True) as book, closing(Mirror(book)) as mirror:
            self._book, self._mirror = book, mirror
            close_open_cards(book)  # which a program left open that ended without a word
            mirror.write()  # what it lacks, and whether it knows more than this book does, before the first mark
            self._desk = StationDesk(book, mirror=mirror)
            yield self._desk

    def on(self, thread: BookThread) -> ThreadAccess:
        """Access from other threads."""
        return ThreadAccess(thread, self)

    @property
    def book(self) -> Book:
        """The open book, on its thread."""
        if self._book is None:
            raise WorldFailed(Failure.NOT_ENROLLED)
        return self._book

    def write_mirror(self, _book: Book) -> None:
        """The newest entry is on the mirror, where one takes it; on the book's thread."""
        if self._mirror is not None:
            self._mirror.write()

    def open_line(self) -> LineId | None:
        """The line that is open at the table; on the book's thread."""
        return None if self._desk is None else self._desk.open_line


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
        from sync.alone import only_one_in_the_end  # noqa: PLC0415 - as above
        from sync.client import client_of  # noqa: PLC0415 - requests takes 0.2 s to load, after the first paint
        from sync.loop import Line, budget_of, run  # noqa: PLC0415 - as above

        before = self._access.step(sync_status)
        last_sync_at = datetime.fromtimestamp(before.last_sync_s, UTC) if before.last_sync_s else None
        report(LinkStatus(LinkState.NOT_YET, last_sync_at, None, None))
        home = self._access.step(lambda book: book.home)
        link = self._access.step(lambda book: book.link)
        # A service that is just syncing this book finds it taken and lets go of its lock.
        with only_one_in_the_end(home, self._stop.is_set) as is_alone, client_of(link, self._clock) as client:
            if not is_alone:
                return
            self._abort = client.abort

            def tell(tried: Tried | None) -> None:
                report(link_status(tried, self._clock.now()))

            line = Line.to(client, budget_of(home))
            run(self._access, client, self._clock, self._wake, self._stop, tell, line=line)


class Neighbours(QObject):
    """Starts the desk among the station's other desks, tells the window what comes of it, ends it."""

    def __init__(
        self, home: StationHome, opener: Opener, thread: BookThread, background: Background, window: Window
    ) -> None:
        super().__init__()
        self._home, self._opener, self._access = home, opener, opener.on(thread)
        self._background, self._window = background, window
        self._stop = threading.Event()
        self._task: Task | None = None
        self._peer: Peer | None = None
        self._neighbour: StationNeighbour | None = None
        window.line_wanted.connect(self.fetch)
        window.divide_asked.connect(self.divide)

    def start(self) -> None:
        """Be a neighbour until stopped, where IT staff said that there are other desks."""
        from station_app.network import has_network  # noqa: PLC0415 - after the first paint

        if self._task is None and has_network(self._home):
            self._task = self._background.start("lan", self._run)
            self._task.reported.connect(self._told)
            self._task.failed.connect(self._broke)

    def fetch(self, line: LineId) -> None:
        """The line is asked of the other desks; the window is told what came of it."""
        self._background.start("fetch", lambda _report, _stop: self._fetched(line)).done.connect(
            lambda refused: self._window.show_fetched(line, refused)
        )

    def divide(self) -> None:
        """The list is divided between the desks that are there."""
        task = self._background.start("divide", lambda _report, _stop: self._divided())
        task.done.connect(self._show_divided)
        task.failed.connect(self._broke)

    def stop(self) -> None:
        """End it."""
        self._stop.set()
        if self._peer is not None:
            self._peer.wake()

    def _run(self, report: Report, _stop: threading.Event) -> None:
        from station_app.neighbours import StationNeighbour, credentials_of, place_of  # noqa: PLC0415 - as above
        from station_app.network import read_network  # noqa: PLC0415 - as above
        from sync.lan.peer import Peer  # noqa: PLC0415 - as above

        network = read_network(self._home)
        place, credentials, clock = self._access.step(lambda book: (place_of(book), credentials_of(book), book.clock))
        opener = self._opener
        self._neighbour = StationNeighbour(
            self._access, opener.write_mirror, self._home.neighbours, lambda: report(None), opener.open_line
        )
        self._peer = Peer(place, credentials, self._neighbour, clock, network, told=report)
        self._peer.run(self._stop)

    def _fetched(self, line: LineId) -> Refused | None:
        from sync.lan.asking import NotFetched  # noqa: PLC0415 - as above

        if self._peer is None or self._neighbour is None:
            return Refused(Failure.LINE_NOT_HELD)
        if (refused := self._neighbour.may_receive()) is not None:
            return refused
        outcome = self._peer.fetch(line).result()
        return outcome.refused if isinstance(outcome, NotFetched) else None

    def _divided(self) -> tuple[DeskShare, ...]:
        from station_app.dividing import divide  # noqa: PLC0415 - once a day

        if self._peer is None or self._neighbour is None:
            return ()
        others = {each.desk: each.book for each in self._peer.neighbours if each.is_joined}
        own = self._access.step(lambda book: book.header.desk)
        shares = divide(self._access, self._neighbour, own, others)
        self._peer.wake()
        return shares

    def _show_divided(self, shares: tuple[DeskShare, ...]) -> None:
        self._window.show_divided(sum(share.given for share in shares), max(0, len(shares) - 1))
        for failure in {share.failure for share in shares if share.failure}:
            self._window.say_failure(Refused(failure))

    def _told(self, neighbours: tuple[Neighbour, ...] | None) -> None:
        if neighbours is None:
            self._window.refresh()
        else:
            self._window.show_neighbours(sum(neighbour.is_joined for neighbour in neighbours))

    def _broke(self, error: Exception) -> None:
        self._window.say_failure(failure_of(error))


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
