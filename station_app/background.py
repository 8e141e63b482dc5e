"""The only module that starts threads (STYLE, Threads).

The rules:

1. One thread owns the desk, and with it the book; whoever wants something of them asks here.
2. Answers come back on the GUI thread, in the order asked, and never to a widget that is gone.
3. A question on a channel replaces the earlier ones on it: only the newest answer is delivered (searches).
4. Nothing asked outside a channel is dropped: what was asked before `close` is done before the thread ends.
5. A task's handle lives until it has told exactly one of done, failed or cancelled.
6. An exception that is not ours is kept once, on the thread where it was raised, by places only; then it is told.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from queue import SimpleQueue
from typing import Any, TypeVar

import shiboken6
from PySide6.QtCore import QObject, Qt, Signal, SignalInstance

from pollbook.failures import UchastkaError
from station_app.desk import Desk

log = logging.getLogger(__name__)
T = TypeVar("T")
Report = Callable[[object], None]
Work = Callable[[Report, threading.Event], T]
Keep = Callable[[Exception], object]
"""Keeps where a fault happened; never what it says."""


class Cancelled(Exception):
    """Raised by a task's work when it saw its stop set: not a fault, never logged as one."""


@dataclass(frozen=True, slots=True)
class _Question:
    receiver: QObject
    work: Callable[[Desk], Any]
    done: Callable[[Any], object]
    failed: Callable[[Exception], object]
    channel: str
    ticket: int


class _Call:
    """A question of another thread, which waits for the answer."""

    def __init__(self, work: Callable[[Desk], Any]) -> None:
        self._work = work
        self.answer: Future[Any] = Future()

    def settle(self, desk: Desk | None) -> None:
        """Answer it; without a desk, with `Cancelled`."""
        try:
            if desk is None:
                raise Cancelled
            self.answer.set_result(self._work(desk))
        except Exception as error:  # noqa: BLE001 - carried to the caller's thread
            self.answer.set_exception(error)


class BookThread(QObject):
    """The thread that owns the desk. All methods but `call` belong to the GUI thread."""

    _answered = Signal(object)

    def __init__(self, open_desk: Callable[[], AbstractContextManager[Desk]], keep: Keep = lambda _error: None) -> None:
        super().__init__()
        self._open_desk = open_desk
        self._keep = keep
        self._inbox: SimpleQueue[_Question | _Call | None] = SimpleQueue()
        self._newest: dict[str, int] = {}
        self._thread: threading.Thread | None = None
        self._is_closed = False
        self._answered.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def start(self, receiver: QObject, opened: Callable[[Desk], object], failed: Callable[[Exception], object]) -> None:
        """Open the desk on its thread; after a failure it may be started again."""
        question = _Question(receiver, lambda desk: desk, opened, failed, "", 0)
        self._thread = threading.Thread(target=self._serve, args=(question,), name="book", daemon=True)
        self._thread.start()

    def ask(
        self,
        receiver: QObject,
        work: Callable[[Desk], T],
        done: Callable[[T], object],
        failed: Callable[[Exception], object],
        channel: str = "",
    ) -> None:
        """Do `work` on the book's thread, then call `done` or `failed` here, while `receiver` lives.

        With a `channel` the question replaces the earlier ones on it.
        """
        ticket = self._newest[channel] = self._newest.get(channel, 0) + 1
        self._inbox.put(_Question(receiver, work, done, failed, channel, ticket))

    def drop(self, channel: str) -> None:
        """Nothing asked on this channel so far is answered."""
        self._newest[channel] = self._newest.get(channel, 0) + 1

    def call(self, work: Callable[[Desk], T]) -> T:
        """Do `work` on the book's thread and wait for its result; for other threads, never the GUI's.

        Raises:
            Cancelled: The book was closed meanwhile.
        """
        call: _Call = _Call(work)
        if self._is_closed:
            raise Cancelled
        self._inbox.put(call)
        answer: T = call.answer.result()
        return answer

    def close(self, wait_s: float = 10) -> None:
        """Finish what was asked outside the channels, close the desk and end the thread."""
        for channel in filter(None, self._newest):
            self.drop(channel)
        self._is_closed = True
        self._inbox.put(None)
        if self._thread is not None:
            self._thread.join(wait_s)

    def _serve(self, opening: _Question) -> None:
        try:
            with self._open_desk() as desk:
                self._answered.emit((opening, desk, None))
                while (asked := self._inbox.get()) is not None:
                    if isinstance(asked, _Question):
                        self._answer(asked, desk)
                    else:
                        asked.settle(desk)
        except Exception as error:  # noqa: BLE001 - told on the GUI thread
            keep_fault(error, self._keep)
            self._answered.emit((opening, None, error))
        self._give_up_calls()

    def _give_up_calls(self) -> None:
        while not self._inbox.empty():
            asked = self._inbox.get()
            if isinstance(asked, _Call):
                asked.settle(None)

    def _answer(self, asked: _Question, desk: Desk) -> None:
        if self._is_stale(asked):
            return
        try:
            result = asked.work(desk)
        except Exception as error:  # noqa: BLE001 - told on the GUI thread
            keep_fault(error, self._keep)
            self._answered.emit((asked, None, error))
        else:
            self._answered.emit((asked, result, None))

    def _is_stale(self, asked: _Question) -> bool:
        return bool(asked.channel) and asked.ticket != self._newest.get(asked.channel)

    def _deliver(self, answer: tuple[_Question, Any, Exception | None]) -> None:
        asked, result, error = answer
        if self._is_stale(asked) or not shiboken6.isValid(asked.receiver):
            if error is not None:
                log.warning("event=answer_undelivered error=%s", type(error).__name__)
            return
        if error is None:
            asked.done(result)
        else:
            asked.failed(error)


class Task(QObject):
    """One running piece of work, a handle on the GUI thread. What it tells before it is connected to is not lost."""

    reported = Signal(object)
    done = Signal(object)
    failed = Signal(object)
    cancelled = Signal()
    _told = Signal(object)

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name
        self.stop = threading.Event()
        self.worker: threading.Thread | None = None
        self._told.connect(self._tell, Qt.ConnectionType.QueuedConnection)

    def tell(self, signal: SignalInstance, *values: object) -> None:
        """Emit the signal at the GUI thread's next turn; the only method for the work's own thread."""
        self._told.emit(partial(signal.emit, *values))

    def _tell(self, emit: Callable[[], object]) -> None:
        emit()

    def cancel(self) -> None:
        """Ask the work to stop at its next look."""
        self.stop.set()


class Background:
    """Starts plain functions `work(report, stop)` on threads and keeps each handle until it has reported back."""

    def __init__(self, keep: Keep = lambda _error: None) -> None:
        self._running: set[Task] = set()
        self._keep = keep

    def start(self, name: str, work: Work[Any]) -> Task:
        """The handle of the running work; connect to it before returning to the event loop."""
        task = Task(name)
        self._running.add(task)
        for signal in (task.done, task.failed):
            signal.connect(lambda _, task=task: self._running.discard(task), Qt.ConnectionType.QueuedConnection)
        task.cancelled.connect(lambda task=task: self._running.discard(task), Qt.ConnectionType.QueuedConnection)
        task.worker = threading.Thread(target=_run, args=(task, work, self._keep), name=name, daemon=True)
        task.worker.start()
        return task

    def close(self, wait_s: float = 10) -> None:
        """Ask all to stop and wait for each at most `wait_s`."""
        for task in self._running:
            task.cancel()
        for task in tuple(self._running):
            if task.worker is not None:
                task.worker.join(wait_s)


def keep_fault(error: Exception, keep: Keep) -> None:
    """Keep it unless it is a failure of ours, which has its own words, or a stop."""
    if not isinstance(error, UchastkaError | Cancelled):
        keep(error)


def _run(task: Task, work: Work[Any], keep: Keep) -> None:
    try:
        result = work(partial(task.tell, task.reported), task.stop)
    except Cancelled:
        task.tell(task.cancelled)
    except Exception as error:  # noqa: BLE001 - told on the GUI thread
        keep_fault(error, keep)
        task.tell(task.failed, error)
    else:
        task.tell(task.done, result)
