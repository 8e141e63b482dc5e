"""The desktop as `uchastka` opens it, on a real encrypted book."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest
from pytestqt.qtbot import QtBot

from pollbook.clock import SystemClock
from pollbook.failures import Exit, Failure
from pollbook.store import figures
from pollbook.store.book import Book, open_book
from pollbook.store.home import StationHome
from station_app.app import build, run_desktop
from station_app.background import Background, BookThread
from station_app.book_access import Opener
from station_app.desk import LinkState, Verdict
from station_app.passports import TrainingKind
from station_app.ui.appearance import Appearance
from station_app.ui.passport_stages import Empty, Lying, Read
from station_app.ui.stages import Shown
from station_app.ui.station_sync import SyncEngine, link_status
from station_app.ui.window import Window
from sync.cycle import BookAccess
from sync.loop import Tried
from tests.making import PEOPLE, PINS, START, make_station

T = TypeVar("T")


def write_pins(home: StationHome) -> None:
    pins = {person.key: {"pin": PINS[person.number]} for person in PEOPLE}
    home.training_pins.write_text(json.dumps(pins), "utf-8")


@pytest.mark.usefixtures("qapp")
def test_the_script_plays_a_check_in_through_the_real_window_and_again_on_the_same_book(tmp_path: Path) -> None:
    station = make_station(tmp_path / "home")
    write_pins(station.home)
    for run in ("first", "again"):
        assert run_desktop(station.home, True, tmp_path / run) == Exit.DONE
    assert len(list((tmp_path / "first").glob("*.png"))) == 15
    assert len(list((tmp_path / "again").glob("*.png"))) == 14  # the day is open already
    with open_book(station.home, SystemClock(), writer=False) as book:
        assert figures.counts(book).marked == 0
        assert figures.counts(book).voided == 2


@pytest.mark.usefixtures("qapp")
def test_the_script_plays_on_training_elections_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    station = make_station(tmp_path / "home")
    assert run_desktop(station.home, True, None) == Exit.REFUSED
    assert "training" in capsys.readouterr().out


def test_a_folder_without_a_book_says_that_the_laptop_is_not_enrolled(qtbot: QtBot, tmp_path: Path) -> None:
    book = BookThread(Opener(StationHome(tmp_path), SystemClock()).open)
    window = Window(book, SystemClock(), Appearance("en"), lambda _: None)
    qtbot.addWidget(window)
    window.show()
    window.open_book()
    qtbot.waitUntil(lambda: window.notice.title.text() == "This laptop is not enrolled yet")
    assert window.notice.main.isVisible()
    book.close()


def test_the_desktop_that_is_built_opens_its_book_and_begins_to_sync(qtbot: QtBot, tmp_path: Path) -> None:
    desktop = build(make_station(tmp_path / "home").home, SystemClock())
    qtbot.addWidget(desktop.window)
    desktop.open()
    qtbot.waitUntil(lambda: desktop.window.status_line.link_state is LinkState.AWAY)
    assert desktop.window.sign_in is not None
    desktop.close()


def test_in_a_training_election_a_made_up_document_is_read_at_the_desk(qtbot: QtBot, tmp_path: Path) -> None:
    station = make_station(tmp_path / "home")
    voter = station.voters[4]
    desktop = build(station.home, SystemClock())
    qtbot.addWidget(desktop.window)
    desktop.open()
    qtbot.waitUntil(lambda: desktop.window.documents is not None, timeout=20_000)
    documents, check_in = desktop.window.documents, desktop.window.check_in
    assert documents is not None
    assert check_in is not None
    qtbot.waitUntil(lambda: isinstance(documents.stage, Empty), timeout=20_000)
    for kind, words in (
        (TrainingKind.GENUINE, "passport_genuine_title"),
        (TrainingKind.COPY, "passport_doubtful_title"),
    ):
        documents.put(voter, kind)
        qtbot.waitUntil(lambda: isinstance(documents.stage, Read), timeout=20_000)
        qtbot.waitUntil(lambda: isinstance(check_in.stage, Shown), timeout=20_000)
        assert check_in.document.title.text() == desktop.window.texts(words)
        assert isinstance(check_in.stage, Shown)
        assert check_in.stage.card.voter == voter
    qtbot.waitUntil(lambda: check_in.stage.card.verdict is Verdict.LOOK_CLOSER, timeout=20_000)
    check_in.clear()
    assert isinstance(documents.stage, Lying)
    desktop.close()


class BreakingOnce:
    """A way to the book whose first step has a fault of ours in it, which no list of failures knows."""

    def __init__(self, access: BookAccess) -> None:
        self._access = access
        self.steps = 0

    def step(self, action: Callable[[Book], T]) -> T:
        self.steps += 1
        if self.steps == 1:
            raise ZeroDivisionError
        return self._access.step(action)


def test_sync_that_a_fault_ended_is_started_again_by_itself(qtbot: QtBot, tmp_path: Path) -> None:
    opener = Opener(make_station(tmp_path / "home").home, SystemClock())
    book, background = BookThread(opener.open), Background()
    window = Window(book, SystemClock(), Appearance("en"), lambda _: None)
    qtbot.addWidget(window)
    breaking = BreakingOnce(opener.on(book))
    sync = SyncEngine(breaking, background, SystemClock(), window, again_s=0.05)
    window.opened.connect(sync.start)
    window.open_book()
    qtbot.waitUntil(lambda: breaking.steps > 1, timeout=20_000)
    qtbot.waitUntil(lambda: window.status_line.link_state is LinkState.AWAY, timeout=20_000)
    sync.stop()
    background.close()
    book.close()


def test_what_the_sync_engine_says_becomes_the_status_lines_words() -> None:
    good = Tried(None, None, 60, START)
    away = Tried(None, Failure.REGISTER_UNREACHABLE, 4, START)
    assert link_status(None, START).state is LinkState.WORKING
    assert link_status(good, START).state is LinkState.GOOD
    assert link_status(good, START).last_sync_at == START
    assert link_status(away, START).state is LinkState.AWAY
    assert link_status(away, START).failure is Failure.REGISTER_UNREACHABLE
    assert link_status(away, START).last_sync_at is None
