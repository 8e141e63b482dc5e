from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from pollbook.clock import SystemClock
from pollbook.failures import Failure, WorldFailed
from pollbook.feed_items import FeedItem, FeedKind
from pollbook.store.home import StationHome
from pollbook.types import BookName, EntryNumber
from sync import loop
from sync.access import HomeAccess
from sync.backoff import COME_BACK_MIN_S, FIRST_S
from sync.budget import BYTES_PER_HOUR_MIN, Budget
from sync.loop import GATHER_S, LEDGER_ONLY, Line, Tried
from tests.sync.centre import COME_BACK_S, Centre
from tests.sync.stations import mark, open_the_day, opened
from tests.sync.test_cycle import StraightRegister
from tests.sync.worlds import StandingClock


class FastEvent(threading.Event):
    """An event whose waiting moves the clock instead of taking time; `meanwhile` happens during each wait."""

    def __init__(self, clock: StandingClock, meanwhile: Callable[[float], None]) -> None:
        super().__init__()
        self._clock = clock
        self._meanwhile = meanwhile
        self.waits: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        assert timeout is not None, "the engine never waits for ever"
        if self.is_set():
            return True
        self.waits.append(timeout)
        self._meanwhile(timeout)
        if not self.is_set():
            self._clock.go_on(timeout)
        return self.is_set()


@dataclass
class World:
    """An engine with its fast events; it stops after so many tries."""

    path: Path
    register: StraightRegister
    tries: int
    on_wait: Callable[[float], None] = lambda _seconds: None
    line: Line = LEDGER_ONLY
    told: list[Tried | None] = field(default_factory=list)

    def run(self) -> list[Tried]:
        clock = StandingClock(SystemClock().now())
        self.wake = FastEvent(clock, self.on_wait)
        self.stop = FastEvent(clock, self.on_wait)
        access = HomeAccess(StationHome(self.path), clock)
        loop.run(access, self.register, clock, self.wake, self.stop, self._tell, lambda: 1.0, self.line)
        return [told for told in self.told if told is not None]

    def _tell(self, told: Tried | None) -> None:
        self.told.append(told)
        if sum(one is not None for one in self.told) == self.tries:
            self.stop.set()
            self.wake.set()


@dataclass
class TellingRegister(StraightRegister):
    """Wishes for no interval, and has something to tell with each answer whose number is in `news`."""

    news: tuple[int, ...] = ()
    answers: int = 0

    def sync(self, book: BookName, first: EntryNumber, request: bytes) -> bytes:
        self.centre.come_back_s = 0
        if self.answers in self.news:
            feed = self.centre.shelf.feed
            feed.append(FeedItem(len(feed) + 1, FeedKind.NOTICE, "test"))
        self.answers += 1
        return super().sync(book, first, request)


@dataclass
class AwayRegister(StraightRegister):
    failures: list[WorldFailed] = field(default_factory=list)

    def sync(self, book: BookName, first: EntryNumber, request: bytes) -> bytes:
        if self.failures:
            raise self.failures.pop(0)
        return super().sync(book, first, request)


def test_with_nothing_new_it_comes_back_when_the_register_said(station: Path, centre: Centre) -> None:
    world = World(station, StraightRegister(centre), tries=3)
    tried = world.run()
    assert [one.failure for one in tried] == [None] * 3
    assert world.wake.waits == [COME_BACK_S * 1.2] * 2
    assert tried[1].next_try_at - tried[0].next_try_at == timedelta(seconds=COME_BACK_S * 1.2)
    assert world.told[0] is None, "told before each try too"


def test_a_quiet_satellite_is_polled_ever_less_often_until_there_are_news(station: Path, centre: Centre) -> None:
    satellite = Line(round_trip_s=lambda: 0.6)
    world = World(station, TellingRegister(centre, news=(8,)), tries=12, line=satellite)
    assert [one.failure for one in world.run()] == [None] * 12
    quiet, after_news = world.wake.waits[:8], world.wake.waits[8:]
    assert quiet[:2] == [12 * 1.2] * 2
    assert quiet == sorted(quiet)
    assert quiet[-1] == 60 * 1.2
    assert after_news == pytest.approx(quiet[: len(after_news)])


def test_a_quiet_metered_link_is_polled_for_half_of_its_bytes(station: Path, centre: Centre) -> None:
    budget = Budget(BYTES_PER_HOUR_MIN)
    world = World(station, TellingRegister(centre), tries=2, line=Line(budget, lambda: 0.05))
    world.run()
    assert world.wake.waits == [600 * 1.2]
    world = World(station, TellingRegister(centre), tries=2, line=Line(Budget(200_000), lambda: 0.05))
    world.run()
    assert world.wake.waits == [36 * 1.2]


def test_a_new_mark_is_sent_after_a_moment_of_gathering(station: Path, centre: Centre) -> None:
    def marks(seconds: float) -> None:
        if seconds > GATHER_S:
            mark(station, centre, 0, 1)
            world.wake.set()

    with opened(station) as book:
        open_the_day(book)
    world = World(station, StraightRegister(centre), tries=2, on_wait=marks)
    tried = world.run()
    assert world.stop.waits == [GATHER_S]
    assert tried[1].report is not None
    assert tried[1].report.sent == 1


def test_while_the_link_is_away_marks_do_not_shorten_the_back_off(station: Path, centre: Centre) -> None:
    register = AwayRegister(centre, failures=[WorldFailed(Failure.REGISTER_UNREACHABLE) for _ in range(3)])
    world = World(station, register, tries=4, on_wait=lambda _: world.wake.set())
    tried = world.run()
    assert [one.failure for one in tried] == [Failure.REGISTER_UNREACHABLE] * 3 + [None]
    assert world.stop.waits == [FIRST_S, 2 * FIRST_S, 4 * FIRST_S]


def test_a_busy_register_is_left_alone_for_as_long_as_it_asked(station: Path, centre: Centre) -> None:
    register = AwayRegister(centre, failures=[WorldFailed(Failure.REGISTER_BUSY, retry_after_s=600)])
    world = World(station, register, tries=2)
    world.run()
    assert world.stop.waits == [720.0]


def test_a_book_that_cannot_be_used_is_tried_again(station: Path, centre: Centre) -> None:
    held = station / "book.db"
    away = station / "away.db"
    held.rename(away)
    world = World(station, StraightRegister(centre), tries=2, on_wait=lambda _: void_rename(away, held))
    tried = world.run()
    assert [one.failure for one in tried] == [Failure.NOT_ENROLLED, None]
    assert tried[0].report is None
    assert tried[0].wait_s > COME_BACK_MIN_S


def void_rename(source: Path, target: Path) -> None:
    if source.exists():
        source.rename(target)


def test_told_to_stop_it_begins_nothing_further(station: Path, centre: Centre) -> None:
    stop = threading.Event()
    stop.set()
    access = HomeAccess(StationHome(station), SystemClock())
    loop.run(access, StraightRegister(centre), SystemClock(), threading.Event(), stop, lambda _: None)
    assert centre.requests == 0
