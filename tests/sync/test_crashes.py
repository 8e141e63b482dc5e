"""Either side is killed at any moment: nothing is lost and nothing doubled."""

from __future__ import annotations

import contextlib
import copy
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pollbook.clock import SystemClock
from pollbook.store import figures
from pollbook.store.book import Book
from pollbook.store.home import StationHome
from pollbook.sync_request import Address
from pollbook.types import BookName, EntryNumber
from sync.access import HomeAccess
from sync.cycle import run_cycle
from sync.pace import Traffic
from tests.killing import Countdown, Killed
from tests.sync.centre import Centre
from tests.sync.fake_register import serving
from tests.sync.stations import enrolled, mark, opened
from tests.sync.test_cycle import StraightRegister, assert_both_hold_the_same

T = TypeVar("T")
VOTERS = 12


class MortalAccess:
    def __init__(self, path: Path, countdown: Countdown) -> None:
        self._inner = HomeAccess(StationHome(path), SystemClock())
        self._countdown = countdown

    def step(self, action: Callable[[Book], T]) -> T:
        self._countdown.pass_one()

        def mortal(book: Book) -> T:
            done = action(book)
            self._countdown.pass_one()  # killed with the book open, after what was to be done
            return done

        return self._inner.step(mortal)


@dataclass
class MortalRegister:
    """A centre that can be killed before it takes a request, or after, before its answer is out."""

    centre: Centre
    countdown: Countdown
    bytes_max: int
    traffic: Traffic = field(default_factory=Traffic)

    def batch_bytes(self) -> int:
        return self.bytes_max

    def sync(self, book: BookName, first: EntryNumber, request: bytes) -> bytes:
        self.countdown.pass_one()
        answer = self.centre.sync(Address(book, first), request)
        self.countdown.pass_one()
        return answer


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Centre]]:
    centre = Centre(voters=VOTERS)
    path = tmp_path_factory.mktemp("crash") / "original"
    with serving(centre) as register:
        enrolled(path, register)
    yield path, centre
    shutil.rmtree(path)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 14), st.sampled_from([1, 90, 4096])), max_size=5))
def test_killed_at_any_moment_nothing_is_lost_and_nothing_doubled(
    original: tuple[Path, Centre], tmp_path: Path, days: list[tuple[int, int, int]]
) -> None:
    path = tmp_path / "station"
    shutil.rmtree(path, ignore_errors=True)
    shutil.copytree(original[0], path)
    centre = copy.copy(original[1])
    centre.shelves = copy.deepcopy(original[1].shelves)
    marked = 0
    for marks, moment, bytes_max in days:
        count = min(marks, VOTERS - marked)
        mark(path, centre, marked, count)
        marked += count
        countdown = Countdown(moment)
        register = MortalRegister(centre, countdown, bytes_max)
        with contextlib.suppress(Killed):
            run_cycle(MortalAccess(path, countdown), register, SystemClock())
    report = run_cycle(HomeAccess(StationHome(path), SystemClock()), StraightRegister(centre), SystemClock())
    assert report.failure is None
    assert len(centre.shelf.marked) == marked
    assert_both_hold_the_same(path, centre)
    with opened(path) as book:
        assert figures.counts(book).marked == marked
