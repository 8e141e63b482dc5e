"""Exceptions may hold names (an SQL statement's values); only where they happened is kept, in logs and files."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from pollbook.failures import Failure, WorldFailed
from pollbook.store.home import StationHome
from station_app.app import fault_keeper, keeping_faults
from station_app.background import Background, Report
from station_app.ui.faults import failure_of
from station_app.ui.stages import Broken
from tests.station_app.ui.driver import Driver

SECRET = "INSERT INTO voter [parameters: ('Xudoyberdiyev', '31203799000247')]"
NAMES = ("Xudoyberdiyev", "31203799000247")


def kept(folder: Path) -> str:
    return "\n".join(path.read_text("utf-8") for path in (folder / "faults").glob("*.log"))


def test_a_name_in_an_exception_of_the_book_s_comes_into_no_log(
    at_desk: Driver, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    at_desk.book._keep = fault_keeper(StationHome(tmp_path))
    at_desk.find("karimova")
    at_desk.desk.breaks = RuntimeError(SECRET)
    at_desk.check_in._open_chosen()
    at_desk.wait(lambda: isinstance(at_desk.stage, Broken))
    at_desk.desk.breaks = None
    assert "event=fault kind=RuntimeError" in caplog.text
    assert "demo_desk.py" in kept(tmp_path)
    for name in NAMES:
        assert name not in caplog.text
        assert name not in kept(tmp_path)


def test_a_task_s_fault_is_kept_by_places_and_a_failure_of_ours_is_not_kept(
    qtbot: QtBot, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    background = Background(fault_keeper(StationHome(tmp_path)))
    for error in (WorldFailed(Failure.DISK_FULL), ValueError(SECRET)):

        def work(_report: Report, _stop: object, error: Exception = error) -> None:
            raise error

        with qtbot.waitSignal(background.start("work", work).failed):
            pass
    assert "builtins.ValueError" in kept(tmp_path)
    assert "WorldFailed" not in kept(tmp_path)
    assert not any(name in caplog.text + kept(tmp_path) for name in NAMES)


def test_what_breaks_in_the_window_is_said_there_and_kept_by_places(
    at_desk: Driver, tmp_path: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sys.excepthook
    with keeping_faults(fault_keeper(StationHome(tmp_path)), at_desk.window):
        error = ValueError(SECRET)
        sys.excepthook(type(error), error, None)
    assert sys.excepthook is before
    assert "U99" in at_desk.window.toast.text.text()
    printed = capsys.readouterr()
    assert not any(name in caplog.text + kept(tmp_path) + printed.err + printed.out for name in NAMES)


def test_our_own_failures_are_logged_by_code(caplog: pytest.LogCaptureFixture) -> None:
    refused = failure_of(WorldFailed(Failure.FILE_UNREADABLE, path="/home/Xudoyberdiyev"))
    assert refused.failure is Failure.FILE_UNREADABLE
    assert "Xudoyberdiyev" not in caplog.text
