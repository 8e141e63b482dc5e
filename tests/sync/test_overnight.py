from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import TypeVar

import pytest

from pollbook.clock import SystemClock
from pollbook.failures import Failure, WorldFailed
from pollbook.store.book import Book
from pollbook.store.home import StationHome
from pollbook.sync_request import Address
from pollbook.types import BookName, EntryNumber
from sync.__main__ import main
from sync.access import HomeAccess
from sync.budget import UNLIMITED
from sync.loop import Line, budget_of
from sync.overnight import IN_USE_TRIES, Night, NightReport, end_of_night, run_overnight
from tests.sync.centre import Centre
from tests.sync.stations import mark, opened
from tests.sync.test_cycle import StraightRegister
from tests.sync.test_parcels import ParcelCentre
from tests.sync.worlds import StandingClock

T = TypeVar("T")


@dataclass
class NightCentre(ParcelCentre):
    """A register that is away for the first syncs."""

    away: int = 0

    def sync(self, book: BookName, first: EntryNumber, request: bytes) -> bytes:
        if self.away:
            self.away -= 1
            raise WorldFailed(Failure.REGISTER_UNREACHABLE)
        return self.centre.sync(Address(book, first), request)


@dataclass
class World:
    """A night whose waits take no time."""

    path: Path
    register: StraightRegister
    hours: float = 8
    in_use_after: int = 10**6
    in_use_until: int = 10**6
    waits: list[float] = field(default_factory=list)
    is_ended: bool = False

    def step(self, action: Callable[[Book], T]) -> T:
        """The book, unless another program has it: between those two waits."""
        if self.in_use_after <= len(self.waits) < self.in_use_until:
            raise WorldFailed(Failure.BOOK_IN_USE)
        return HomeAccess(StationHome(self.path), self.clock).step(action)

    def run(self) -> NightReport:
        self.clock = StandingClock(SystemClock().now())
        line = Line(UNLIMITED, lambda: 0.02, self.register)  # type: ignore[arg-type]
        night = Night(self.clock.now() + timedelta(hours=self.hours), self._wait, lambda: 1.0, line)
        return run_overnight(self, self.register, self.clock, StationHome(self.path), night)

    def _wait(self, seconds: float) -> bool:
        self.waits.append(seconds)
        self.clock.go_on(seconds)
        return self.is_ended


def written(path: Path) -> dict[str, object]:
    (file,) = (path / "reports").glob("*.json")
    content = json.loads(file.read_text("utf-8"))
    assert isinstance(content, dict)
    return content


def test_a_night_brings_everything_up_proves_the_book_and_sends_its_report(station: Path, centre: Centre) -> None:
    mark(station, centre, 0, 5)
    report = World(station, NightCentre(centre)).run()
    assert report.is_good
    assert (report.pending, report.digest, report.check.ok, report.parcels_waiting) == (0, "agreed", True, 0)
    assert len(centre.shelf.marked) == 5
    (sent,) = centre.parcels.values()
    assert json.loads(sent) == written(station)
    assert written(station)["good"] is True
    (text,) = (station / "reports").glob("*.txt")
    assert "digest: agreed" in text.read_text("utf-8")
    assert [path.stat().st_mode & 0o077 for path in (station / "reports").iterdir()] == [0, 0]


def test_it_tries_until_the_register_is_back_and_counts_what_failed(station: Path, centre: Centre) -> None:
    world = World(station, NightCentre(centre, away=4))
    report = world.run()
    assert report.is_good
    assert (report.cycles, report.failures) == (5, {"L01": 4})
    assert world.waits[:4] == [4, 8, 16, 32]


def test_a_night_without_a_link_ends_in_time_and_its_report_waits(station: Path, centre: Centre) -> None:
    mark(station, centre, 0, 2)
    world = World(station, NightCentre(centre, away=10**6), hours=0.5)
    report = world.run()
    assert not report.is_good
    assert (report.pending, report.digest, report.parcels_waiting) == (7, "not_compared", 1)
    assert sum(world.waits) <= 1800
    assert report.check.ok
    assert written(station)["failures"] == {"L01": report.cycles}


def test_no_voter_is_named_in_the_report(station: Path, centre: Centre) -> None:
    mark(station, centre, 0, 5)
    World(station, NightCentre(centre)).run()
    written_down = "".join(path.read_text("utf-8") for path in (station / "reports").iterdir())
    for voter in centre.voters:
        assert voter.pinfl not in written_down
        assert voter.surname not in written_down


def test_a_book_that_was_tampered_with_is_told_in_the_morning(station: Path, centre: Centre) -> None:
    mark(station, centre, 0, 3)
    with opened(station) as book:
        book.connection.exec_driver_sql("UPDATE line_state SET mark = NULL WHERE mark IS NOT NULL")
    report = World(station, NightCentre(centre), hours=0.5).run()  # all of it is spent on trying again
    assert not report.check.ok
    assert not report.is_good
    assert report.digest == "not_agreed"


def test_a_desktop_that_is_opened_in_the_night_ends_it_and_syncs_by_itself(station: Path, centre: Centre) -> None:
    world = World(station, NightCentre(centre, away=10**6), in_use_after=3)
    with pytest.raises(WorldFailed) as raised:
        world.run()
    assert raised.value.failure is Failure.BOOK_IN_USE
    assert len(world.waits) == 3 + IN_USE_TRIES
    assert not (station / "reports").exists()


def test_a_command_that_holds_the_book_for_a_moment_ends_no_night(station: Path, centre: Centre) -> None:
    world = World(station, NightCentre(centre), in_use_after=0, in_use_until=IN_USE_TRIES - 1)
    report = world.run()
    assert report.is_good
    assert report.failures == {"S02": IN_USE_TRIES - 1}


def test_told_to_end_it_still_leaves_a_report(station: Path, centre: Centre) -> None:
    world = World(station, NightCentre(centre, away=10**6), is_ended=True)
    report = world.run()
    assert (report.cycles, len(world.waits)) == (1, 2)
    assert written(station)["pending"] == report.pending


@pytest.mark.parametrize(
    ("now", "until", "ends"),
    [
        (datetime(2026, 12, 20, 17, 0, tzinfo=UTC), time(6), datetime(2026, 12, 21, 1, 0, tzinfo=UTC)),
        (datetime(2026, 12, 20, 0, 59, tzinfo=UTC), time(6), datetime(2026, 12, 20, 1, 0, tzinfo=UTC)),
        (datetime(2026, 12, 20, 1, 0, tzinfo=UTC), time(6), datetime(2026, 12, 21, 1, 0, tzinfo=UTC)),
        (datetime(2026, 12, 20, 17, 0, tzinfo=UTC), time(23, 30), datetime(2026, 12, 20, 18, 30, tzinfo=UTC)),
    ],
)
def test_the_night_ends_by_the_clocks_of_the_station(now: datetime, until: time, ends: datetime) -> None:
    assert end_of_night(now, "Asia/Tashkent", until) == ends


def test_the_command_answers_the_report_with_its_files(
    station: Path, centre: Centre, capsys: pytest.CaptureFixture[str]
) -> None:
    mark(station, centre, 0, 2)
    status = main(["--overnight", "--until", "23:59", "--home", str(station), "--json"])
    (line,) = capsys.readouterr().out.splitlines()
    answer = json.loads(line)
    assert (status, answer["good"], answer["pending"], answer["parcels_waiting"]) == (0, True, 0, 0)
    assert [Path(file).exists() for file in answer["files"]] == [True, True]
    assert len(centre.parcels) == 1


@pytest.mark.parametrize(
    "words", [["--overnight", "--until", "25:00"], ["--until", "06:00"], ["--once", "--overnight"]]
)
def test_a_night_that_makes_no_sense_is_wrong_usage(
    station: Path, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    assert main([*words, "--home", str(station), "--json"]) == 2
    capsys.readouterr()


def test_settings_that_cannot_be_read_neither_stop_the_ledger_nor_cost_money(tmp_path: Path) -> None:
    home = StationHome(tmp_path)
    assert budget_of(home) == UNLIMITED
    home.link_settings.write_text("bytes_per_hour = 150000\n")
    assert budget_of(home).bytes_per_hour == 150_000
    home.link_settings.write_text("bytes_per_hour = lots\n")
    assert budget_of(home).bytes_per_hour == 10_000
