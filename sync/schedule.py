"""The headless service: cycles by schedule until stopped; the one home of apscheduler."""

from __future__ import annotations

import math
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from queue import Empty, SimpleQueue
from threading import Event, Lock

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

JOB = "sync"
AT_LATEST_S = 3600
"""Between two tries, whatever was asked for; also what is left if a next try was never set."""

LOOK_S = 1.0
"""Between two looks at whether somebody woke the service."""

Cycle = Callable[[], float]
"""Runs one cycle and says in how many seconds the next is due."""
Ending = SimpleQueue[None]
"""Whatever is put in ends the service; unlike an `Event` it may be filled from a signal's handler."""


@dataclass
class _Due:
    """When the next cycle is due on a clock that nobody sets; never, while one is under way."""

    at_s: float = math.inf

    def is_missed(self) -> bool:
        """Whether it should have begun by now: the scheduler goes by the wall clock, which may have been set back."""
        return time.monotonic() > self.at_s + LOOK_S


def run_scheduled(
    cycle: Cycle,
    ended: Ending,
    give_up: Callable[[], None],
    is_woken: Callable[[], bool] = lambda: False,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> None:
    """Run cycles, each when the one before said, until `ended` holds anything or SIGINT or SIGTERM comes; then return.

    `is_woken` is asked every second: where it says so, the next cycle is due now, or right after the one under way.
    A cycle that comes due late (the laptop slept) runs once, at once; one is due in time though the wall clock `now` is
    set back meanwhile. What `cycle` raises ends the service and is raised here. `give_up` breaks the cycle under way
    off, so that the end isn't kept waiting by a link.
    """
    faults: list[BaseException] = []
    scheduler = BackgroundScheduler(timezone=UTC)
    setting_next, is_ending, woken, due = Lock(), Event(), Event(), _Due()

    def job() -> None:
        try:
            due.at_s = math.inf
            woken.clear()
            wait_s = cycle()
            with setting_next:
                if woken.is_set():  # while the cycle was under way: it may have come too late for it
                    wait_s = 0.0
                if not is_ending.is_set():  # shutdown holds the scheduler's locks until this job has ended
                    scheduler.modify_job(JOB, next_run_time=now() + timedelta(seconds=wait_s))
                    due.at_s = time.monotonic() + wait_s
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
    with ended_by_signals(lambda: ended.put(None)):
        scheduler.start()
        while not _is_over(ended):
            if is_woken() or due.is_missed():
                with setting_next:
                    due.at_s = math.inf
                    woken.set()
                    scheduler.modify_job(JOB, next_run_time=datetime.now(UTC))
        with setting_next:
            is_ending.set()
        give_up()
        scheduler.shutdown(wait=True)
    if faults:
        raise faults[0]


def _is_over(ended: Ending) -> bool:
    """Whether the service is to end, waited for a second. Windows delivers no Ctrl+C to a wait without end either."""
    try:
        ended.get(timeout=LOOK_S)
    except Empty:
        return False
    return True


@contextmanager
def ended_by_signals(end: Callable[[], object]) -> Iterator[None]:
    """SIGINT and SIGTERM call `end`, for as long as the block lasts.

    Raised out of a handler they could break the scheduler's own locks.
    """
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, lambda *_: end()) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
