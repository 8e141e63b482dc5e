from __future__ import annotations

import threading

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLineEdit

from pollbook.failures import Failure, WorldFailed
from pollbook.types import PersonNumber
from station_app.ui.appearance import Appearance
from station_app.ui.pin_sheet import PinSheet
from station_app.ui.stages import Waiting
from tests.station_app.ui.conftest import OpenDesk
from tests.station_app.ui.demo_desk import PIN, DemoDesk
from tests.station_app.ui.driver import Driver


def enter_pins(driver: Driver, *pins: str) -> None:
    for pin in pins:
        driver.type(pin)
        driver.press(Qt.Key.Key_Return)
    driver.settle()


def test_two_officers_open_the_day_and_an_operator_signs_in_by_keys_alone(start: Driver) -> None:
    assert start.sign_in.first.isVisible()
    assert start.sign_in.first.pin.hasFocus()
    enter_pins(start, PIN, PIN)
    start.wait(start.sign_in.operator.isVisible)
    assert start.sign_in.operator.choice.currentText() == "Aliyeva Madina, operator"
    assert start.window.header.day.accessibleName() == "The day: vote, step 3 of 6"
    enter_pins(start, PIN)
    start.wait(lambda: start.window.pages.currentWidget() is start.check_in)
    assert start.is_box_focused
    assert start.window.header.person.text() == "Aliyeva Madina, operator"


def test_only_officers_are_offered_for_opening_and_everybody_for_the_desk(start: Driver) -> None:
    assert start.sign_in.first.choice.count() == 3
    assert start.sign_in.second.choice.count() == 3
    assert start.sign_in.first.choice.person != start.sign_in.second.choice.person
    assert start.sign_in.operator.choice.count() == 5


def test_a_wrong_pin_is_said_with_its_owner_and_only_that_one_is_typed_again(start: Driver) -> None:
    enter_pins(start, PIN, "000000")
    start.wait(start.sign_in.failure.isVisible)
    said = start.sign_in.failure.text.text()
    assert said.startswith(start.sign_in.second.choice.currentText() + ": ")
    assert "P03" in said
    assert (start.sign_in.first.pin.text(), start.sign_in.second.pin.text()) == (PIN, "")
    assert start.sign_in.second.pin.hasFocus()
    assert not start.desk.is_day_open()
    enter_pins(start, PIN)
    start.wait(start.sign_in.operator.isVisible)


def test_the_wait_after_too_many_tries_is_said_in_seconds(start: Driver) -> None:
    for _ in range(4):
        enter_pins(start, "000000", "000000")
    start.wait(start.sign_in.failure.isVisible)
    assert "30 seconds" in start.sign_in.failure.text.text()


def test_the_same_officer_twice_is_refused(start: Driver) -> None:
    start.sign_in.second.choice.choose(PersonNumber(1))
    enter_pins(start, PIN, PIN)
    start.wait(start.sign_in.failure.isVisible)
    assert "P07" in start.sign_in.failure.text.text()


def test_a_failing_disk_is_said_at_sign_in(start: Driver) -> None:
    start.desk.breaks = WorldFailed(Failure.DISK_FAILED)
    for pin in (PIN, PIN):
        start.type(pin)
        start.press(Qt.Key.Key_Return)
    start.wait(start.sign_in.failure.isVisible)
    start.desk.breaks = None
    assert "S07" in start.sign_in.failure.text.text()


def test_a_pin_is_masked_and_takes_digits_only(start: Driver) -> None:
    pin = start.sign_in.first.pin
    assert pin.echoMode() is QLineEdit.EchoMode.Password
    start.type("12a3 ўф-4" + "5" * 20)
    assert pin.text() == "123455555555"


def test_an_empty_pin_asks_nothing_of_the_desk(start: Driver) -> None:
    start.sign_in.submit()
    assert start.sign_in.first.pin.hasFocus()
    assert "open_day" not in start.desk.calls


def test_pressing_twice_while_the_pin_is_checked_asks_once(start: Driver) -> None:
    gate = start.desk.gate = threading.Event()
    for pin in (PIN, PIN):
        start.type(pin)
        start.press(Qt.Key.Key_Return)
    start.press(Qt.Key.Key_Return)
    start.sign_in.main.click()
    assert not start.sign_in.main.isEnabled()
    assert start.sign_in.main.text() == "Checking the PIN…"
    gate.set()
    start.desk.gate = None
    start.wait(start.sign_in.operator.isVisible)
    assert start.desk.calls.count("open_day") == 1


def test_an_open_day_asks_for_a_person_at_once(make_driver: OpenDesk, desk: DemoDesk) -> None:
    desk.open_today()
    driver = make_driver(Appearance("ru", sound=False))
    assert driver.sign_in.operator.isVisible()
    assert not driver.sign_in.first.isVisible()


def test_the_screen_locks_when_nobody_touches_it_for_as_long_as_the_election_says(at_desk: Driver) -> None:
    at_desk.show("karimova")
    at_desk.press_in_window(Qt.Key.Key_Shift)
    at_desk.clock.advance(299)
    at_desk.window.tick()
    assert at_desk.window.pages.currentWidget() is at_desk.check_in
    at_desk.clock.advance(1)
    at_desk.window.tick()
    at_desk.settle()
    assert at_desk.window.pages.currentWidget() is at_desk.sign_in
    assert at_desk.sign_in.title.text() == "The screen is locked"
    assert at_desk.desk.signed_in is None
    assert at_desk.stage == Waiting()
    assert at_desk.check_in.verdict.facts.name.text() == ""


def test_a_touch_keeps_the_screen_open(at_desk: Driver) -> None:
    at_desk.clock.advance(299)
    at_desk.press_in_window(Qt.Key.Key_Shift)
    at_desk.clock.advance(299)
    at_desk.window.tick()
    assert at_desk.window.pages.currentWidget() is at_desk.check_in


def test_after_locking_the_same_person_is_asked_for_the_pin_and_comes_back(at_desk: Driver) -> None:
    at_desk.press_in_window(Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    assert at_desk.window.pages.currentWidget() is at_desk.sign_in
    assert QApplication.focusWidget() is at_desk.sign_in.operator.pin
    assert at_desk.sign_in.operator.choice.person == at_desk.desk.station.people[4]
    enter_pins(at_desk, PIN)
    at_desk.wait(lambda: at_desk.window.pages.currentWidget() is at_desk.check_in)
    assert at_desk.is_box_focused


def test_locking_closes_an_open_sheet(at_desk: Driver) -> None:
    at_desk.window.open_settings()
    at_desk.window.lock()
    at_desk.settle()
    assert at_desk.window.sheets.current is None
    assert at_desk.sign_in.operator.pin.hasFocus()


def test_a_window_left_open_over_night_asks_the_officers_again(at_desk: Driver) -> None:
    at_desk.window.lock()
    at_desk.clock.advance(86400)
    enter_pins(at_desk, PIN)
    at_desk.wait(at_desk.sign_in.first.isVisible)
    assert "P02" in at_desk.sign_in.failure.text.text()
    assert at_desk.window.header.day.accessibleName() == "The day: open, step 2 of 6"
    enter_pins(at_desk, PIN, PIN)
    at_desk.wait(at_desk.sign_in.operator.isVisible)


def choose(driver: Driver, pin: str, again: str) -> None:
    for typed in (pin, again):
        driver.type(typed)
        driver.press(Qt.Key.Key_Return)


def test_at_enrolment_each_person_chooses_a_pin_and_two_officers_must(start: Driver) -> None:
    told: list[object] = []
    start.window.sheets.choose_pins(start.desk.station.people, told.append)
    sheet = start.window.sheets.current
    assert isinstance(sheet, PinSheet)
    assert sheet.who.text() == "Yoʻldosheva Dilfuza, chair"
    assert not sheet.skip.isVisible()
    choose(start, "123456", "123456")
    assert "P08" in sheet.trouble.text()
    choose(start, "271828", "314159")
    assert "differ" in sheet.trouble.text()
    choose(start, "271828", "271828")
    choose(start, "314159", "314159")
    assert sheet.skip.isVisible()
    for _ in range(3):
        sheet.skip.click()
    assert told == [{PersonNumber(1): "271828", PersonNumber(2): "314159"}]
    assert start.window.sheets.current is None


def test_escape_gives_the_choosing_of_pins_up(start: Driver) -> None:
    told: list[object] = []
    start.window.sheets.choose_pins(start.desk.station.people, told.append)
    start.press(Qt.Key.Key_Escape)
    assert told == [None]
