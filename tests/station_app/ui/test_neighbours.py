"""A line that another desk holds: the operator asks for it, and reads why it stays where it does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from pollbook.failures import Failure, Refused
from pollbook.store import desks, mirror_set_up
from pollbook.types import LineId
from station_app.app import Desktop, build
from station_app.desk import Verdict
from station_app.ui.actions_sheet import ActionsSheet
from station_app.ui.stages import Done, Opening, Shown, Waiting
from sync.lan.asking import NotFetched
from sync.lan.peer import Peer
from sync.lan.sockets import LOOPBACK
from tests.making import OPERATOR, PINS, Station
from tests.station_app.neighbours.precinct import desk_on_its_own_thread, make_desks
from tests.station_app.ui.demo_desk import DemoDesk
from tests.station_app.ui.driver import Driver, has_come
from tests.sync.lan.test_peer import free_udp_port


@pytest.fixture
def elsewhere(at_desk: Driver, desk: DemoDesk) -> tuple[Driver, LineId, list[LineId]]:
    """A voter whose line another desk holds; the lines that the window asks for."""
    line = next(voter.line for voter in desk.voters.values() if voter.surname == "Karimova")
    desk.verdicts[line] = Verdict.LINE_NOT_HELD
    asked: list[LineId] = []
    at_desk.window.line_wanted.connect(asked.append)
    at_desk.window.show_neighbours(1)
    return at_desk, line, asked


def test_enter_asks_the_other_desks_and_the_card_comes_again_when_the_line_is_here(
    elsewhere: tuple[Driver, LineId, list[LineId]], desk: DemoDesk
) -> None:
    at_desk, line, asked = elsewhere
    at_desk.show("karimova")
    assert at_desk.check_in.verdict.main.text().startswith("Enter")
    at_desk.press(Qt.Key.Key_Return)
    at_desk.press(Qt.Key.Key_Return)
    assert asked == [line]
    assert isinstance(at_desk.stage, Opening)
    del desk.verdicts[line]
    at_desk.window.show_fetched(line, None)
    at_desk.wait(lambda: isinstance(at_desk.stage, Shown) and at_desk.stage.may_mark)
    at_desk.press(Qt.Key.Key_Return)
    assert desk.marked == {}  # the press that came with the card was meant for something else
    at_desk.clock.advance(1)
    at_desk.press(Qt.Key.Key_Return)
    at_desk.wait(lambda: isinstance(at_desk.stage, Done))
    assert set(desk.marked) == {line}


def test_the_reason_why_it_stays_is_read_with_the_desk_and_the_code(
    elsewhere: tuple[Driver, LineId, list[LineId]],
) -> None:
    at_desk, line, asked = elsewhere
    at_desk.show("karimova")
    at_desk.press(Qt.Key.Key_Return)
    at_desk.window.show_fetched(line, Refused(Failure.NEIGHBOUR_AWAY, {"desk": 2}))
    assert isinstance(at_desk.stage, Shown)
    strip = at_desk.check_in.verdict.strip
    assert "desk 2" in strip.sentence.text().casefold()
    assert "N01" in strip.accessibleName()
    at_desk.clock.advance(1)
    at_desk.press(Qt.Key.Key_Return)
    at_desk.wait(lambda: isinstance(at_desk.stage, Shown) and at_desk.stage.refused is None)
    assert len(asked) == 1


def test_an_answer_for_a_voter_who_is_gone_from_the_screen_changes_nothing(
    elsewhere: tuple[Driver, LineId, list[LineId]],
) -> None:
    at_desk, line, _ = elsewhere
    at_desk.show("karimova")
    at_desk.press(Qt.Key.Key_Return)
    at_desk.press(Qt.Key.Key_Escape)
    at_desk.window.show_fetched(line, None)
    at_desk.settle()
    assert isinstance(at_desk.stage, Waiting)


def test_without_other_desks_there_is_nothing_to_ask(
    elsewhere: tuple[Driver, LineId, list[LineId]],
) -> None:
    at_desk, _, asked = elsewhere
    at_desk.show("karimova")
    at_desk.window.show_neighbours(0)
    assert at_desk.check_in.verdict.main.text().endswith("Ask for the line")
    at_desk.press(Qt.Key.Key_Return)
    at_desk.check_in.mark()
    assert asked == []
    assert isinstance(at_desk.stage, Shown)


def shown_actions(driver: Driver) -> list[str]:
    driver.window.open_actions()
    sheet = driver.window.sheets.current
    assert isinstance(sheet, ActionsSheet)
    titles = [button.text() for button in sheet.buttons]
    driver.window.sheets.close()
    driver.settle()
    return titles


def test_the_division_is_offered_with_other_desks_only_and_told_when_done(at_desk: Driver) -> None:
    divide = at_desk.window.texts("action_divide")
    assert not any(title.startswith(divide) for title in shown_actions(at_desk))
    at_desk.window.show_neighbours(2)
    assert any(title.startswith(divide) for title in shown_actions(at_desk))
    at_desk.window.show_divided(120, 2)
    assert at_desk.window.toast.text.text() == "120 lines went to 2 other desks."


# --- the whole desktop on a real book, beside a real desk


@pytest.fixture
def beside(qtbot: QtBot, tmp_path: Path) -> Iterator[tuple[Desktop, Station, Peer]]:
    """Desk 2 as a desktop on loopback, mirrored in a folder, somebody signed in; desk 1, which holds all lines."""
    first, second = make_desks(tmp_path, 2)
    ports = [free_udp_port(), free_udp_port()]
    others = [("127.0.0.1", port) for port in ports]
    here = f'address = "127.0.0.1"\nport = {ports[1]}\nmulticast = false\n'
    second.home.network.write_text(f'{here}others = ["127.0.0.1:{ports[0]}"]\n', "utf-8")
    stick = tmp_path / "stick"
    stick.mkdir()
    with second.open() as book:
        mirror_set_up.set_up(book)
        mirror_set_up.name_place(book, stick)
    network = replace(LOOPBACK, udp_port=ports[0], others=tuple(others))
    with desk_on_its_own_thread(first, network) as peer:
        desktop = build(second.home, second.clock)
        qtbot.addWidget(desktop.window)
        desktop.open()
        qtbot.waitUntil(lambda: desktop.window.check_in is not None)
        desktop.book.ask(
            desktop.window, lambda desk: desk.sign_in(OPERATOR, PINS[OPERATOR]), desktop.window._take_desk, pytest.fail
        )
        qtbot.waitUntil(lambda: desktop.window._person is not None and desktop.window._neighbours == 1, timeout=30_000)
        yield desktop, second, peer
        desktop.close()


def test_a_line_comes_from_the_other_desk_into_the_window_and_is_marked_there(
    qtbot: QtBot, beside: tuple[Desktop, Station, Peer]
) -> None:
    desktop, station, _ = beside
    check_in = desktop.window.check_in
    assert check_in is not None
    check_in._open(station.voters[3].line)
    qtbot.waitUntil(lambda: isinstance(check_in.stage, Shown))
    check_in.act()
    qtbot.waitUntil(lambda: isinstance(check_in.stage, Shown) and check_in.stage.may_mark, timeout=30_000)
    check_in.mark()
    qtbot.waitUntil(lambda: isinstance(check_in.stage, Done))


def test_the_line_on_the_screen_is_not_given_to_another_desk(
    qtbot: QtBot, beside: tuple[Desktop, Station, Peer]
) -> None:
    desktop, station, peer = beside
    check_in, line = desktop.window.check_in, station.voters[4].line
    assert check_in is not None
    check_in._open(line)
    qtbot.waitUntil(lambda: isinstance(check_in.stage, Shown))
    check_in.act()
    qtbot.waitUntil(lambda: isinstance(check_in.stage, Shown) and check_in.stage.may_mark, timeout=30_000)
    answer = peer.fetch(line)
    qtbot.waitUntil(answer.done, timeout=30_000)
    outcome = answer.result()
    assert isinstance(outcome, NotFetched)
    assert (outcome.refused.failure, outcome.desk) == (Failure.LINE_OPEN_ELSEWHERE, 2)


def test_the_list_is_divided_from_the_window(qtbot: QtBot, beside: tuple[Desktop, Station, Peer]) -> None:
    desktop, station, _ = beside
    for voter in station.voters[:3]:
        desktop.neighbours.fetch(voter.line)
    qtbot.waitUntil(lambda: held(desktop) == 3, timeout=30_000)
    desktop.window.divide_asked.emit()
    qtbot.waitUntil(lambda: held(desktop) == 0, timeout=30_000)  # the first pages are desk 1's


def held(desktop: Desktop) -> int:
    answer: list[int] = []
    desktop.book.ask(
        desktop.window, lambda _desk: desks.holdings(desktop.neighbours._opener.book).held, answer.append, pytest.fail
    )
    has_come(lambda: bool(answer))
    return answer[0]
