"""The register's machine: the real `ingest` over a simulated disk, crashed, filled and restored from backups."""

from __future__ import annotations

import random
from collections.abc import Callable

from pollbook.failures import Failure, UchastkaError, WorldFailed
from pollbook.sync_request import Address
from pollbook.types import BookName, EntryNumber
from register.centre import Centre
from register.ingest import ingest
from register.store.engine import Database, bring_up
from register.store.versions import HEAD
from tests.simulation.disks import Disk, Drivers
from tests.simulation.kernel import Log, Scheduler, seconds
from tests.simulation.machines import Machine
from tests.simulation.prepared import Prepared

FEED_ITEMS_MAX = 2_000
"""Told to all books together; sixty days of a register whose rules hold came to 108 at most."""
SERVICE_US = 5_000
"""From a request's last segment to its answer's first."""
REBOOT_US = seconds(20)


class ToldWithoutEnd(Exception):
    """A register that forgets what it told tells all of it again, twice as much each time: the world ends here."""


class SimulatedCentre(Machine):
    """One register process; `Failure`s that it tells travel as their keys behind `REFUSED`."""

    def __init__(
        self, prepared: Prepared, disk: Disk, drivers: Drivers, scheduler: Scheduler, rng: random.Random, log: Log
    ) -> None:
        super().__init__("register", scheduler, rng, log, disk)
        self.centre, self._drivers = Centre(prepared.election, prepared.keys), drivers
        self.is_up = True
        self.lives = 0
        self.ingests = 0
        self.backups: list[bytes] = []

    def database(self) -> Database:
        """The register's database, over the disk as it is now."""
        self._drivers.insert(self.disk)
        return Database(self._drivers.register)

    def serve(self, book: BookName, first: EntryNumber, request: bytes, answer: Callable[[bytes], None]) -> None:
        """A whole request has arrived; its answer leaves after a while, unless the register is killed meanwhile."""
        if self.is_up:
            self.scheduler.after(SERVICE_US, self._work, self.lives, Address(book, first), request, answer)

    def _work(self, life: int, address: Address, request: bytes, answer: Callable[[bytes], None]) -> None:
        if life != self.lives or not self.is_up:
            return
        if self.disk.look("SELECT count(*) FROM feed") > [(FEED_ITEMS_MAX,)]:
            raise ToldWithoutEnd
        if (told := self.survives(lambda: self.take(address, request))) is not None:
            answer(told)

    def take(self, address: Address, request: bytes) -> bytes:
        """The answer as it stands in the body of the response."""
        self.ingests += 1
        try:
            with self.database().write() as connection:
                told = ingest(connection, self.centre, request, address, self.clock.now())
        except UchastkaError as error:
            return refused(error.failure)
        return told

    def killed(self) -> None:
        """The process is gone; it comes back after a while."""
        super().killed()
        self.is_up = False
        self.lives += 1
        self.log.note("register down")
        self.scheduler.after(REBOOT_US, self.start)

    def start(self) -> None:
        """The process runs, its database brought to this program's schema; where that fails it is tried again."""
        if self.is_up:
            return
        try:
            is_current = self.survives(self._is_brought_up)
        except WorldFailed as error:
            self.log.note(f"register not up {error.failure.name}")
            self.scheduler.after(REBOOT_US, self.start)
            return
        if is_current:
            self.is_up = True
            self.log.note("register up")

    def _is_brought_up(self) -> bool:
        bring_up(self.database())
        return True

    def upgrade(self, older: bytes, crash_within: int | None) -> None:
        """An older program ran until now, with the database `older`; this one may be killed as it migrates."""
        self.killed()
        self.disk.restore(older)
        self.log.fault("register upgraded")
        if crash_within is not None:
            self.crash_within(crash_within)

    def back_up(self) -> None:
        """A backup of the whole database is kept."""
        self.backups.append(self.disk.image())

    def roll_back(self) -> None:
        """The database is as the newest backup has it."""
        if self.backups:
            self.log.fault("register restored from a backup")
            self.disk.restore(self.backups[-1])
            self.lives += 1
            if self.is_up and not self._is_current():  # from before an upgrade
                self.killed()

    def _is_current(self) -> bool:
        return self.disk.look("SELECT version_num FROM alembic_version") == [(HEAD,)]


REFUSED = b"refused "


def refused(failure: Failure) -> bytes:
    """A problem as the body of a response."""
    return REFUSED + failure.key.encode()
