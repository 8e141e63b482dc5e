"""The screens on a book that has really taken over: what is unproven, what is confirmed, and two officers at a row."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from pollbook.store import mirror_set_up
from pollbook.store.media import folder_name
from pollbook.store.mirror import Mirror
from pollbook.types import Channel, LineId
from register.making import training_election
from station_app.app import Desktop, build
from station_app.desk import Verdict
from station_app.station_desk import StationDesk
from station_app.ui.checkin import CheckIn
from station_app.ui.officers_sheet import OfficersSheet
from station_app.ui.stages import Done, Shown
from tests.crossing.worlds import Laptop, enrol_laptop, enrol_spare, take_over_from
from tests.pollbook.store.sticks import Drawer
from tests.register.lists_of_voters import PRECINCT, voters, write_list
from tests.register.stand_in import make_centre

MIRRORED, LOST, UNMARKED = 0, 1, 5
"""Places in the list: marked before the mirror was pulled, marked after it, and never."""


def make_successor(folder: Path) -> tuple[Laptop, Laptop]:
    """A dead laptop that marked one voter on its mirror and one past it; and the spare that took over from it."""
    centre = make_centre(folder / "register", training_election())
    centre.load(write_list(folder / "voters.csv", voters(20)))
    old = enrol_laptop(centre, folder / "old", PRECINCT)
    drawer = Drawer()
    stick = drawer.plug_in(folder / "stick")
    code = mirror_set_up.set_up(old.book).code
    following = Mirror(old.book, drawer.surroundings())
    old.book.mark(old.line(MIRRORED), Channel.STATION, old.operator)
    following.write()
    following.close()
    old.book.mark(old.line(LOST), Channel.STATION, old.operator)
    new = take_over_from(old, stick / folder_name(PRECINCT, 1), code, enrol_spare(centre, folder / "spare"))
    return old, new


class At:
    """The successor's window, somebody signed in."""

    def __init__(self, qtbot: QtBot, desktop: Desktop, laptop: Laptop) -> None:
        self.qtbot, self.desktop, self.laptop = qtbot, desktop, laptop

    @property
    def check_in(self) -> CheckIn:
        assert self.desktop.window.check_in is not None
        return self.desktop.window.check_in

    def show(self, line: LineId) -> Verdict:
        self.check_in._open(line)
        self.qtbot.waitUntil(
            lambda: isinstance(self.check_in.stage, Shown) and self.check_in.stage.card.voter.line == line
        )
        assert isinstance(self.check_in.stage, Shown)
        return self.check_in.stage.card.verdict

    def officers(self, *pins: str) -> OfficersSheet:
        """Both officers have typed their PINs and pressed Enter."""
        self.qtbot.waitUntil(lambda: bool(self.desktop.window.findChildren(OfficersSheet)))
        sheet = self.desktop.window.findChildren(OfficersSheet)[-1]
        for row, pin in zip((sheet.first, sheet.second), pins, strict=True):
            row.pin.setText(pin)
        sheet.submit()
        self.qtbot.waitUntil(lambda: not sheet.is_busy, timeout=30_000)
        return sheet


@pytest.fixture
def at(qtbot: QtBot, tmp_path: Path) -> Iterator[At]:
    old, new = make_successor(tmp_path)
    old.book.close()
    new.book.close()
    desktop = build(new.home, new.clock)
    qtbot.addWidget(desktop.window)
    desktop.window.resize(1366, 768)
    desktop.open()
    qtbot.waitUntil(lambda: desktop.window.check_in is not None, timeout=30_000)
    desktop.book.ask(
        desktop.window,
        lambda desk: desk.sign_in(new.operator, new.pins[new.operator]),
        desktop.window._take_desk,
        pytest.fail,
    )
    qtbot.waitUntil(lambda: desktop.window._person is not None, timeout=30_000)
    yield At(qtbot, desktop, new)
    desktop.close()


def test_what_the_mirror_had_is_marked_and_everything_else_is_unproven(at: At) -> None:
    assert at.show(at.laptop.line(MIRRORED)) is Verdict.ALREADY_MARKED
    assert at.show(at.laptop.line(LOST)) is Verdict.UNPROVEN
    assert at.show(at.laptop.line(UNMARKED)) is Verdict.UNPROVEN
    assert not at.check_in.stage.may_mark


def test_a_mark_of_the_dead_laptop_is_confirmed_only_once_the_register_has_it(tmp_path: Path) -> None:
    old, new = make_successor(tmp_path)
    desk = StationDesk(new.book)
    (mark,) = desk.recent_marks()
    assert not mark.confirmed, "nobody here knows whether the old laptop had sent it"
    assert not desk.card(new.line(MIRRORED)).mark.confirmed
    new.sync()
    (mark,) = desk.recent_marks()
    assert mark.confirmed
    assert desk.card(new.line(MIRRORED)).mark.confirmed
    old.book.close()
    new.book.close()


def test_two_officers_look_at_the_row_and_the_voter_is_marked(at: At) -> None:
    line = at.laptop.line(UNMARKED)
    at.show(line)
    at.check_in.act()
    first, second = at.laptop.officers
    at.officers(at.laptop.pins[first], at.laptop.pins[second])
    at.qtbot.waitUntil(lambda: isinstance(at.check_in.stage, Shown) and at.check_in.stage.may_mark)
    at.check_in.mark()
    at.qtbot.waitUntil(lambda: isinstance(at.check_in.stage, Done))
    assert at.show(line) is Verdict.ALREADY_MARKED


def test_a_wrong_pin_at_the_row_leaves_it_unproven_and_only_that_one_is_typed_again(at: At) -> None:
    line = at.laptop.line(UNMARKED)
    at.show(line)
    at.check_in.act()
    first, _ = at.laptop.officers
    sheet = at.officers(at.laptop.pins[first], "000000")
    assert sheet.failure.isVisibleTo(sheet)
    assert sheet.first.pin.text() == at.laptop.pins[first]
    assert not sheet.second.pin.text()
    assert at.show(line) is Verdict.UNPROVEN
    QApplication.processEvents()
