"""Sync beside the window: it starts when the book is open, and the window is told what it says."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from pollbook.clock import Clock
from pollbook.failures import Failure
from pollbook.store.syncing import sync_status
from station_app.background import Background, Report, Task
from station_app.desk import LinkState, LinkStatus
from station_app.ui.faults import failure_of
from station_app.ui.window import Window

if TYPE_CHECKING:
    from sync.cycle import BookAccess
    from sync.loop import Tried


FAULT = LinkStatus(LinkState.AWAY, None, Failure.FAULT, None)
AGAIN_S = 60.0
"""After a fault of ours: marks must not stay on the laptop until somebody starts the program again."""


class SyncEngine(QObject):
    """Starts the engine when the book is open, tells the window what it says, ends it.

    An engine that a fault ended is started again `again_s` seconds later. The fault is said once; the status line shows
    it as long as it lasts.
    """

    def __init__(
        self,
        access: BookAccess,
        background: Background,
        clock: Clock,
        window: Window,
        again_s: float = AGAIN_S,
    ) -> None:
        super().__init__()
        self._access = access
        self._background, self._clock, self._window = background, clock, window
        self._wake, self._stop = threading.Event(), threading.Event()
        self._abort: Callable[[], None] | None = None
        self._task: Task | None = None
        self._has_said_fault = False
        self._again = QTimer(self, singleShot=True, interval=round(again_s * 1000))
        self._again.timeout.connect(self.start)

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
        self._again.stop()
        self._stop.set()
        self._wake.set()
        if self._abort is not None:
            self._abort()

    def _broke(self, error: Exception) -> None:
        self._window.show_link(FAULT)
        if not self._has_said_fault:
            self._has_said_fault = True
            self._window.say_failure(failure_of(error))
        self._task = None
        if not self._stop.is_set():
            self._again.start()

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


def link_status(tried: Tried | None, now: datetime) -> LinkStatus:
    """What the status line says of a try of the sync engine; None while one is on its way."""
    if tried is None:
        return LinkStatus(LinkState.WORKING, None, None, None)
    if tried.failure is None:
        return LinkStatus(LinkState.GOOD, now, None, tried.next_try_at)
    return LinkStatus(LinkState.AWAY, None, tried.failure, tried.next_try_at)
