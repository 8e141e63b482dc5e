"""A station's machine: a real book with real operators' actions, and the real sync engine as a coroutine."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, TypeVar

from greenlet import GreenletExit, getcurrent, greenlet

from pollbook.acts import Signer
from pollbook.failures import Exit, Failure, Refused, WorldFailed
from pollbook.store.book import Book
from pollbook.store.closing import close_book
from pollbook.store.sign_in import two_signers
from pollbook.store.syncing import sync_status
from pollbook.types import BookName, Channel, EntryNumber, LineId
from register.ingest import SKEW_MAX_S
from sync.backoff import Backoff
from sync.client import NAMED_BY_THE_REGISTER
from sync.loop import GATHER_S, Line, try_once
from sync.pace import Pace, Patience, Traffic
from tests.simulation.centre import REFUSED, SimulatedCentre
from tests.simulation.disks import Crashed, Disk, Drivers
from tests.simulation.kernel import Log, Scheduler, seconds
from tests.simulation.machines import Machine
from tests.simulation.network import KEPT_OPEN_US, Call, Link
from tests.simulation.prepared import PreparedStation

if TYPE_CHECKING:
    from tests.simulation.takeovers import Stick

T = TypeVar("T")
REBOOT_US = seconds(30)
ROUND_TRIP_S = 1.5
"""What the links are taken for: then stations without news ask every half a minute, as a nation's do."""


class SimulatedRegister:
    """`sync.cycle.Register` over the simulated network: `sync` gives way to the scheduler until the answer is here."""

    def __init__(self, station: SimulatedStation, link: Link, centre: SimulatedCentre) -> None:
        self._station, self.link, self._centre = station, link, centre
        self.traffic = Traffic()
        self.pace = Pace(Patience())
        self.was_skewed = False
        self._open_until_us = -1
        self._call: Call | None = None
        self._waiting: greenlet | None = None
        self.sent: list[tuple[BookName, EntryNumber, bytes]] = []

    def batch_bytes(self) -> int:
        """How many bytes of entries the next request should carry."""
        return self.pace.batch_bytes()

    def sync(self, book: BookName, first: EntryNumber, request: bytes) -> bytes:
        """The answer to a request, or `WorldFailed`."""
        scheduler = self._station.scheduler
        cold = scheduler.now_us > self._open_until_us
        started_us = scheduler.now_us
        skew_s = self.skew_s()
        self.sent.append((book, first, request))
        self._call = Call(
            self.link,
            self._station.tampered(request),
            lambda body, answer: self._centre.serve(book, first, body, answer),
            self._wake,
            cold,
        )
        self._waiting = getcurrent()
        self._call.begin()
        answer = self._waiting.parent.switch()
        if answer is None:
            self._open_until_us = -1
            self.pace.note_failure()
            raise WorldFailed(Failure.REGISTER_UNREACHABLE, "simulated")
        self._open_until_us = scheduler.now_us + KEPT_OPEN_US
        self.was_skewed = abs(skew_s) > 2 * SKEW_MAX_S and abs(skew_s - self.skew_s()) < 1
        self.traffic.bytes_up += len(request)
        self.traffic.bytes_down += len(answer)
        self.traffic.round_trips += 3 if cold else 1
        self.pace.note_exchange(len(request) + len(answer), (scheduler.now_us - started_us) / 1e6)
        if answer.startswith(REFUSED):
            self.pace.note_failure()
            key = answer.removeprefix(REFUSED).decode()
            raise WorldFailed(NAMED_BY_THE_REGISTER.get(key, Failure.REGISTER_IN_TROUBLE), key)
        return self._station.tampered(answer)

    def skew_s(self) -> float:
        """How far the station's clock is before the register's."""
        return (self._station.clock.now() - self._centre.clock.now()).total_seconds()

    def give_up(self) -> None:
        """The program is gone: nobody waits for the answer any more."""
        if self._call is not None:
            self._call.abandon()
        waiting, self._waiting = self._waiting, None
        if waiting is not None and not waiting.dead and waiting is not getcurrent():
            waiting.throw(GreenletExit)
        self._open_until_us = -1

    def _wake(self, answer: bytes | None) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            waiting.switch(answer)


class SimulatedStation(Machine):
    """One laptop at one desk."""

    def __init__(
        self,
        name: str,
        prepared: PreparedStation,
        disk: Disk,
        drivers: Drivers,
        scheduler: Scheduler,
        rng: random.Random,
        log: Log,
    ) -> None:
        super().__init__(name, scheduler, rng, log, disk)
        self.prepared, self._drivers = prepared, drivers
        self.book: Book | None = None
        self.told: list[tuple[int, bytes]] = []
        self.was_skewed = False
        self.register: SimulatedRegister | None = None
        self.tampering = 0.0
        self.lives = 0
        self.cycles = 0
        self.backoff = Backoff()
        self._cycling = False
        self._cycles_before = 0
        self._wanted = 0
        self.last_failure: Failure | None = None
        self.is_suspect = False
        self.is_revoked = False
        self.is_poisoned = False
        self.is_broken = False
        self.stick: Stick | None = None
        self.round_trip_s = ROUND_TRIP_S

    def connect(self, link: Link, centre: SimulatedCentre) -> None:
        """The sync engine reaches the register over this link."""
        self.register = SimulatedRegister(self, link, centre)

    def tampered(self, message: bytes) -> bytes:
        """The message as it comes out of the network: sometimes a byte of it was changed on the way."""
        if self.tampering and self.rng.random() < self.tampering:
            self.log.fault("message tampered with", self.name)
            at = self.rng.randrange(len(message))
            return message[:at] + bytes([message[at] ^ (1 + self.rng.randrange(255))]) + message[at + 1 :]
        return message

    # The program.

    def start(self) -> None:
        """The program runs, if the book can be opened; else it is tried again later."""
        if self.book is not None or self.is_broken:
            return
        self.survives(self._open)
        if self.book is None:
            self.scheduler.after(REBOOT_US, self.start)
            return
        self.lives += 1
        self.backoff = Backoff()
        self.want_cycle(self.rng.random() * 2)
        if self.stick is not None:
            self.survives(self.stick.follow_anew)

    def _open(self) -> None:
        try:
            self.book = Book(self.prepared.home, b"", self.clock, writer=True, connection=self.disk.book(self._drivers))
        except WorldFailed as error:
            self.log.note(f"{self.name} not opened {error.failure.name}")

    def killed(self) -> None:
        """The program is gone in the middle of whatever it did; it is started again after a while."""
        self.book = None
        self._cycling = False
        self.lives += 1
        super().killed()
        if self.register is not None:
            self.register.give_up()
        self.log.note(f"{self.name} down")
        self.scheduler.after(REBOOT_US, self.start)

    def roll_back(self, image: bytes) -> None:
        """The disk holds an old image again."""
        self.log.fault("book restored from an image", self.name)
        self.is_suspect = True
        if self.book is not None:
            self.killed()
        self.disk.restore(image)

    def is_at_rest(self) -> bool:
        """It has talked since healing and goes on no further: all is acknowledged, or it is locked and says why.

        A locked book whose last cycle did not reach the register has not talked: it tries again soon.
        """
        if self.book is None or self._cycling or self.cycles == self._cycles_before:
            return False
        if self.last_failure is not None:
            return self.book.stopped is not None and self.last_failure.exit is not Exit.AWAY
        return sync_status(self.book).pending == 0

    def heal(self) -> None:
        """No more faults from here on."""
        self.disk.crash_no_more()
        self.disk.empty()
        self.clock.off_s = self.clock.drift = self.tampering = 0.0
        self._cycles_before = self.cycles + self._cycling
        self.want_cycle(1.0)

    def end(self) -> None:
        """The world ends: nothing of this machine is left."""
        if self.register is not None:
            self.register.give_up()
        self.book = None
        self.disk.throw_away()

    # What its people do.

    def do(self, action: Callable[[Book], T]) -> T | None:
        """What `action` made of the open book; None where the program is down, was killed in it or the disk failed."""
        if self.book is None:
            return None
        book = self.book
        try:
            return self.survives(lambda: action(book))
        except WorldFailed as error:
            self.log.note(f"{self.name} failed {error.failure.name}")
            return None

    def acknowledged(self, number: EntryNumber | None) -> None:
        """The operator was told that this entry is done: from here on it must never be lost or changed."""
        self.write_mirror()
        if number is None or self.book is None:
            return
        ((stored,),) = self.disk.look("SELECT bytes FROM entry WHERE number = ?", number)
        self.told.append((number, stored))
        if self.last_failure is None:  # while cycles fail only the back-off decides, as in `sync.loop.run`
            self.want_cycle(GATHER_S)

    def write_mirror(self) -> None:
        """What was entered is on the stick too, where there is one that takes it; nothing waits for that (rule 5)."""
        stick = self.stick
        if stick is not None:
            self.do(lambda _book: stick.following.write())

    def open_day(self, day: date) -> None:
        """Two officers open the day."""

        def act(book: Book) -> EntryNumber | None:
            if book.opened_days():
                return None
            signers = self._signers(book)
            return None if signers is None else book.open_the_day(day, *signers)

        self.acknowledged(self.do(act))

    def mark(self, line: LineId, channel: Channel) -> str:
        """How the operator's mark ended: `marked`, a refusal's name or `failed`."""
        operator = self.prepared.operators[0]
        done = self.do(lambda book: book.mark(line, channel, operator))
        if isinstance(done, int):
            self.acknowledged(done)
            return "marked"
        return "failed" if done is None else done.value

    def void(self, line: LineId) -> str:
        """How the two officers' void ended."""

        def act(book: Book) -> object:
            signers = self._signers(book)
            if signers is None:
                return None
            return book.void(line, "wrong row", signers[0], signers[1], self.prepared.operators[0])

        done = self.do(act)
        if isinstance(done, int):
            self.acknowledged(EntryNumber(done))
            return "voided"
        return "failed" if done is None else str(done)

    def close(self) -> str:
        """How the two officers' closing of the book ended."""

        def act(book: Book) -> object:
            signers = self._signers(book)
            return None if signers is None else close_book(book, *signers)

        done = self.do(act)
        if isinstance(done, int):
            self.acknowledged(EntryNumber(done))
            return "done"
        return "failed" if done is None else str(done)

    def _signers(self, book: Book) -> tuple[Signer, Signer] | None:
        first, second = self.prepared.officers[:2]
        pins = self.prepared.pins
        signers = two_signers(book, (first, pins[first]), (second, pins[second]))
        return None if isinstance(signers, Refused) else signers

    # Its sync engine.

    def step(self, action: Callable[[Book], T]) -> T:
        """What `action` returns, done on the open book (`sync.cycle.BookAccess`)."""
        if self.book is None:
            raise Crashed
        return action(self.book)

    def want_cycle(self, in_s: float) -> None:
        """A cycle begins in so many seconds, instead of whatever was planned."""
        self._wanted += 1
        self.scheduler.after(seconds(in_s), self._cycle, self._wanted)

    def _cycle(self, wanted: int) -> None:
        if wanted != self._wanted or self._cycling or self.book is None or self.register is None:
            return
        self._cycling = True
        greenlet(self._run_cycle).switch(self.lives)

    def _run_cycle(self, life: int) -> None:
        assert self.register is not None
        self.cycles += 1
        try:
            line = Line(round_trip_s=lambda: self.round_trip_s)
            tried = try_once(self, self.register, self.clock, self.backoff, self.rng.random, line)
        except BaseException:
            if not self.is_dying or life != self.lives:
                raise
            self.killed()
            return
        if life != self.lives:
            return
        self._cycling = False
        self.last_failure = tried.failure
        if tried.failure is None:
            self.was_skewed |= self.register.was_skewed
        if tried.failure is not None:
            self.log.note(f"{self.name} cycle {tried.failure.name}")
        self.want_cycle(tried.wait_s)
