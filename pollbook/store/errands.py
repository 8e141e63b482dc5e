"""Work that may hang (a stick that no longer answers) is done aside, and waited for only so long.

The book's thread must come back to its voter whatever a stick does. What hangs keeps its own thread, which is the
system's to end; the errand's result is taken when it comes, or never. Nothing of the book is touched there.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


class Runner(Protocol):
    """Does one thing after the other, somewhere."""

    def start(self, work: Callable[[], T]) -> Future[T]:
        """`work` will be done after what was started before."""

    def close(self) -> None:
        """Nothing more will be started."""


class Errands:
    """A thread of its own that begins with the first work. Belongs to the thread that uses it."""

    def __init__(self) -> None:
        self._inbox: SimpleQueue[tuple[Callable[[], Any], Future[Any]] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    def start(self, work: Callable[[], T]) -> Future[T]:
        """`work` is done on the thread, after what was started before."""
        answer: Future[T] = Future()
        self._inbox.put((work, answer))
        if self._thread is None:
            # A daemon: a stick that hangs must not keep the program from ending.
            self._thread = threading.Thread(target=self._serve, name="mirror", daemon=True)
            self._thread.start()
        return answer

    def close(self) -> None:
        """The thread ends when it is free."""
        self._inbox.put(None)

    def _serve(self) -> None:
        while (errand := self._inbox.get()) is not None:
            work, answer = errand
            try:
                answer.set_result(work())
            except Exception as error:  # noqa: BLE001 - carried to the thread that waits
                answer.set_exception(error)


class AtOnce:
    """Does the work where it is asked for: for commands that do nothing else meanwhile."""

    def start(self, work: Callable[[], T]) -> Future[T]:
        """`work` is done when this returns."""
        answer: Future[T] = Future()
        try:
            answer.set_result(work())
        except Exception as error:  # noqa: BLE001 - carried in the answer, as from a thread
            answer.set_exception(error)
        return answer

    def close(self) -> None:
        """There is nothing to end."""
