"""The station's other desks beside the window, where IT staff said that there are any."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from pollbook.failures import Failure
from pollbook.store.home import StationHome
from pollbook.types import LineId
from station_app.background import Background, BookThread, Report, Task
from station_app.book_access import Opener
from station_app.desk import Refused
from station_app.ui.faults import failure_of
from station_app.ui.window import Window

if TYPE_CHECKING:
    from station_app.dividing import DeskShare
    from station_app.neighbours import StationNeighbour
    from sync.lan.peer import Neighbour, Peer


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
