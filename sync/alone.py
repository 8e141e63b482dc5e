"""One program at a time talks to the register for a home, and one service runs in it.

`sync.lock` is held by whoever syncs: the desktop's engine while it is open, the service and `--once` for a cycle each.
So a service may run all day beside a desktop that is opened and closed: it waits while the desktop syncs by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from pollbook.failures import Failure, WorldFailed
from pollbook.store.home import StationHome

_WAKE = "sync.wake"
_PATIENCE_S = 0.5
"""Between two looks at whether somebody who waits for the lock should end."""


def wake_service(home: StationHome) -> None:
    """Whatever service runs in `home` syncs within a second or two: somebody waits at the table.

    A disk that takes no mark of it only makes the service come when it would have come anyway.
    """
    with suppress(OSError):
        (home.path / _WAKE).touch()


class Knocks:
    """Whether somebody has called `wake_service` since this was asked last."""

    def __init__(self, home: StationHome) -> None:
        self._path = home.path / _WAKE
        self._seen_ns = self._at_ns()

    def heard(self) -> bool:
        """True once for all that came since it was asked last."""
        seen_ns, self._seen_ns = self._seen_ns, self._at_ns()
        return self._seen_ns != seen_ns

    def _at_ns(self) -> int:
        try:
            return self._path.stat().st_mtime_ns
        except OSError:
            return 0


@contextmanager
def only_one(home: StationHome, wait_s: float) -> Iterator[None]:
    """Nobody else syncs `home` as long as the block lasts.

    Raises:
        WorldFailed: `NOT_ENROLLED` without a book, `BOOK_IN_USE` where somebody else does for longer than `wait_s`.
    """
    with _held(home, home.path / "sync.lock", wait_s):
        yield


@contextmanager
def only_service(home: StationHome) -> Iterator[None]:
    """No other service runs in `home` as long as the block lasts.

    Raises:
        WorldFailed: `NOT_ENROLLED` without a book, `BOOK_IN_USE` where one does.
    """
    with _held(home, home.path / "service.lock", 0):
        yield


@contextmanager
def only_one_in_the_end(home: StationHome, is_ended: Callable[[], bool]) -> Iterator[bool]:
    """As `only_one`, waited for until it is so; False where `is_ended` came first.

    Raises:
        WorldFailed: `NOT_ENROLLED` without a book.
    """
    while not is_ended():
        lock = only_one(home, _PATIENCE_S)
        try:
            lock.__enter__()
        except WorldFailed as error:
            if error.failure is not Failure.BOOK_IN_USE:
                raise
            continue
        try:
            yield True
        finally:
            lock.__exit__(None, None, None)
        return
    yield False


@contextmanager
def _held(home: StationHome, path: Path, wait_s: float) -> Iterator[None]:
    if not home.exists():
        raise WorldFailed(Failure.NOT_ENROLLED, path=home.path)
    lock = FileLock(path, timeout=wait_s)
    try:
        lock.acquire()
    except Timeout as error:
        raise WorldFailed(Failure.BOOK_IN_USE, "another program syncs", path=home.path) from error
    try:
        yield
    finally:
        lock.release()
