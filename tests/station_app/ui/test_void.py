from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from station_app.ui.stages import Shown
from station_app.ui.void_sheet import VoidSheet
from tests.station_app.ui.demo_desk import PIN
from tests.station_app.ui.driver import Driver


def open_sheet(driver: Driver) -> VoidSheet:
    driver.mark("karimova")
    driver.press_in_window(Qt.Key.Key_F4)
    driver.press(Qt.Key.Key_Return)
    sheet = driver.window.sheets.current
    assert isinstance(sheet, VoidSheet)
    driver.settle()
    return sheet


def fill(driver: Driver, reason: str, *pins: str) -> None:
    driver.type(reason)
    driver.press(Qt.Key.Key_Return)
    for pin in pins:
        driver.type(pin)
        driver.press(Qt.Key.Key_Return)
    driver.settle()


def test_two_officers_undo_a_mark_by_keys_alone_and_the_voter_may_vote_again(at_desk: Driver) -> None:
    sheet = open_sheet(at_desk)
    assert sheet.sentences[0].text() == "Karimova Nodira Botirovna"
    assert sheet.reason.hasFocus()
    fill(at_desk, "ошибка строки", PIN, PIN)
    at_desk.wait(lambda: at_desk.window.sheets.current is None)
    at_desk.wait(at_desk.window.toast.isVisible)
    at_desk.settle()
    assert not at_desk.desk.marked
    assert "undone 1" in at_desk.check_in.turnout.text.text()
    assert at_desk.check_in.marks.model.marks[0].voided
    assert at_desk.is_box_focused
    at_desk.check_in.clear()
    at_desk.show("karimova")
    assert at_desk.title == "May vote"


def test_the_card_of_a_marked_voter_offers_to_undo(at_desk: Driver) -> None:
    at_desk.mark("karimova")
    at_desk.show("karimova")
    assert at_desk.check_in.verdict.undo.isVisible()
    at_desk.check_in.verdict.undo.click()
    assert isinstance(at_desk.window.sheets.current, VoidSheet)
    fill(at_desk, "x", PIN, PIN)
    at_desk.wait(lambda: isinstance(at_desk.stage, Shown) and at_desk.title == "May vote")


def test_a_missing_reason_and_a_wrong_pin_are_said_in_the_sheet(at_desk: Driver) -> None:
    sheet = open_sheet(at_desk)
    fill(at_desk, "", PIN, PIN)
    at_desk.wait(sheet.failure.isVisible)
    assert "B07" in sheet.failure.text.text()
    assert sheet.reason.hasFocus()
    fill(at_desk, "why", PIN, "000000")
    at_desk.wait(lambda: "P03" in sheet.failure.text.text())
    assert (sheet.first.pin.text(), sheet.second.pin.text()) == (PIN, "")
    assert sheet.second.pin.hasFocus()
    assert sheet.failure.text.text().startswith(sheet.second.choice.currentText())
    assert at_desk.desk.marked


def test_escape_keeps_the_mark_and_gives_the_focus_back(at_desk: Driver) -> None:
    open_sheet(at_desk)
    at_desk.press(Qt.Key.Key_Escape)
    at_desk.settle()
    assert at_desk.window.sheets.current is None
    assert at_desk.is_box_focused
    assert at_desk.desk.marked


def test_a_voided_mark_cannot_be_undone_again_from_the_list(at_desk: Driver) -> None:
    open_sheet(at_desk)
    fill(at_desk, "why", PIN, PIN)
    at_desk.wait(lambda: at_desk.window.sheets.current is None)
    at_desk.settle()
    at_desk.press_in_window(Qt.Key.Key_F4)
    at_desk.press(Qt.Key.Key_Return)
    assert at_desk.window.sheets.current is None


def test_the_focus_stays_in_the_sheet_in_reading_order(at_desk: Driver) -> None:
    sheet = open_sheet(at_desk)
    order = [sheet.reason, sheet.first.choice, sheet.first.pin, sheet.second.choice, sheet.second.pin, sheet.main]
    for widget in [*order, sheet.cancel, sheet.reason]:
        assert QApplication.focusWidget() is widget
        at_desk.press(Qt.Key.Key_Tab)


def test_the_sheet_can_be_read_in_another_language_with_what_was_typed_kept(at_desk: Driver) -> None:
    sheet = open_sheet(at_desk)
    at_desk.type("sabab")
    at_desk.look(language="ru", theme="dark", scale=200)
    assert sheet.title.text() == "Отмена отметки"
    assert sheet.reason.text() == "sabab"
    assert sheet.sentences[0].text() == "Karimova Nodira Botirovna"
