"""What every machine has: a clock that is wrong, a disk that fails, and a program that is started and killed."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from tests.simulation.disks import AFTER_COMMIT, Crashed, Disk, nothing
from tests.simulation.kernel import SECOND_US, Log, Scheduler
from tests.simulation.prepared import MORNING

T = TypeVar("T")


@dataclass
class MachineClock:
    """A wall clock that is off by `off_s` and runs `drift` fast (a share of one), over a monotonic one that isn't."""

    scheduler: Scheduler
    off_s: float = 0.0
    drift: float = 0.0

    def now(self) -> datetime:
        """The wall clock, aware, in UTC."""
        passed_s = self.scheduler.now_us / SECOND_US
        return MORNING + timedelta(seconds=passed_s * (1 + self.drift) + self.off_s)

    def monotonic_s(self) -> float:
        """Seconds that never go back."""
        return self.scheduler.now_us / SECOND_US


class Machine:
    """A machine with its clock and disk; what runs on it, a subclass says."""

    def __init__(self, name: str, scheduler: Scheduler, rng: random.Random, log: Log, disk: Disk) -> None:
        self.name, self.scheduler, self.rng, self.log = name, scheduler, rng, log
        self.clock = MachineClock(scheduler)
        self.disk = disk
        self.is_dying = False

    def crash_within(self, statements: int) -> None:
        """The program is killed right before one of the next statements, or right after a commit."""
        left = statements

        def moment(sql: str) -> None:
            nonlocal left
            left -= 1
            if left <= 0:
                self.is_dying, left = True, 0  # nothing that the program does while it goes down reaches the disk
                self.log.fault("crash after a commit" if sql is AFTER_COMMIT else "crash between statements", self.name)
                raise Crashed

        self.disk.database.moment = moment

    def is_to_crash(self) -> bool:
        """Whether a crash waits for its statement."""
        return self.disk.database.moment is not nothing

    def survives(self, action: Callable[[], T]) -> T | None:
        """What `action` returned, or None: the program was killed in it, and `killed` was called."""
        try:
            return action()
        except BaseException:
            if not self.is_dying:
                raise
            self.killed()
            return None

    def killed(self) -> None:
        """The program is gone; the disk holds what was committed."""
        self.is_dying = False
        self.disk.crash()
