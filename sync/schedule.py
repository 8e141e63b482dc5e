"""The headless service: cycles by schedule until stopped, one instance a home; the one home of apscheduler."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Event, Lock

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger
from filelock import FileLock, Timeout

from pollbook.failures import Failure, WorldFailed
from pollbook.store.home import StationHome

JOB = "sync"
AT_LATEST_S = 3600
"""Between two tries, whatever was asked for; also what is left if a next try was never set."""

Cycle = Callable[[], datetime]
"""Runs one cycle and says when the next is due, in UTC."""
Ending = SimpleQueue[None]
"""Whatever is put in ends the service; unlike an `Event` it may be filled from a signal's handler."""


@contextmanager
def only_one(home: StationHome, wait_s: float) -> Iterator[None]:
    """No other sync program works in `home` as long as the block lasts.

    Raises:
        WorldFailed: `NOT_ENROLLED` without a book, `BOOK_IN_USE` where another one does for longer than `wait_s`.
    """
    if not home.exists():
        raise WorldFailed(Failure.NOT_ENROLLED, path=home.path)
    lock = FileLock(_lock_path(home), timeout=wait_s)
    try:
        lock.acquire()
    except Timeout as error:
        raise WorldFailed(Failure.BOOK_IN_USE, "another uchastka-sync", path=home.path) from error
    try:
        yield
    finally:
        lock.release()


def run_scheduled(cycle: Cycle, ended: Ending, give_up: Callable[[], None]) -> None:
    """Run cycles, each when the one before said, until `ended` holds anything or SIGINT or SIGTERM comes; then return.

    A cycle that comes due late (the laptop slept) runs once, at once. What `cycle` raises ends the service and is
    raised here. `give_up` breaks the cycle under way off, so that the end isn't kept waiting by a link.
    """
    faults: list[BaseException] = []
    scheduler = BackgroundScheduler(timezone=UTC)
    setting_next, is_ending = Lock(), Event()

    def job() -> None:
        try:
            next_at = cycle()
            with setting_next:
                if not is_ending.is_set():  # shutdown holds the scheduler's locks until this job has ended
                    scheduler.modify_job(JOB, next_run_time=next_at)
        except BaseException as error:  # noqa: BLE001 - apscheduler would log it and go on
            faults.append(error)
            ended.put(None)

    scheduler.add_job(
        job,
        IntervalTrigger(seconds=AT_LATEST_S, timezone=UTC),
        id=JOB,
        coalesce=True,
        max_instances=1,
        misfire_grace_time=None,
        next_run_time=datetime.now(UTC),
    )
    with _ended_by_signals(ended):
        scheduler.start()
        _wait_for(ended)
        with setting_next:
            is_ending.set()
        give_up()
        scheduler.shutdown(wait=True)
    if faults:
        raise faults[0]


def _wait_for(ended: Ending) -> None:
    # Windows delivers no Ctrl+C to a wait without end.
    wait_s = 1.0 if sys.platform == "win32" else None
    while True:
        try:
            return ended.get(timeout=wait_s)
        except Empty:
            continue


@contextmanager
def _ended_by_signals(ended: Ending) -> Iterator[None]:
    """SIGINT and SIGTERM put into `ended`; raised out of a handler they could break the scheduler's own locks."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, lambda *_: ended.put(None)) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _lock_path(home: StationHome) -> Path:
    return home.path / "sync.lock"
