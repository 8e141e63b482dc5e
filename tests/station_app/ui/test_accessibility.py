"""What a screen reader finds. A name set on a label whose text changes would hide the change: none has one."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QAbstractButton, QComboBox, QLabel, QLineEdit, QListView, QWidget

from pollbook.texts import LANGUAGES
from station_app.ui.stages import Done
from tests.station_app.ui.driver import Driver, visible


def name(widget: QWidget) -> str:
    interface = QAccessible.queryAccessibleInterface(widget)
    assert interface is not None
    return interface.text(QAccessible.Text.Name)


def test_the_verdict_is_said_first_and_changes_with_the_voter(at_desk: Driver) -> None:
    strip = at_desk.check_in.verdict.strip
    at_desk.show("karimova")
    assert name(strip).startswith("May vote. Ballots to hand over: 4")
    at_desk.press(Qt.Key.Key_Return)
    at_desk.wait(lambda: isinstance(at_desk.stage, Done))
    assert name(strip).startswith("Marked. Recorded on this laptop at 10:24")
    at_desk.show("xudoyberdiyev")
    assert name(strip).startswith("Not old enough. Do not give ballots.")


def test_the_verdict_comes_before_the_voter_in_the_reading_order(at_desk: Driver) -> None:
    at_desk.show("karimova")
    inner = QAccessible.queryAccessibleInterface(at_desk.check_in.verdict.area.widget())
    assert inner is not None
    children = [inner.child(index).object() for index in range(inner.childCount())]
    assert children[0] is at_desk.check_in.verdict.strip


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_that_takes_the_focus_has_a_name(start: Driver, language: str) -> None:
    start.look(language=language)
    nameless = unnamed(start)
    start.take_desk()
    start.show("karimova")
    nameless += unnamed(start)
    for open_sheet in (
        start.window.open_settings,
        start.window.sheets.open_help,
        start.window.open_actions,
        start.window.open_messages,
    ):
        open_sheet()
        start.settle()
        nameless += unnamed(start)
        start.window.sheets.close()
        start.settle()
    assert nameless == []


def unnamed(driver: Driver) -> list[QWidget]:
    kinds = (QAbstractButton, QLineEdit, QComboBox, QListView)
    found = [widget for kind in kinds for widget in visible(driver.window, kind)]
    return [widget for widget in found if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and not name(widget)]


def test_labels_are_read_by_their_texts(at_desk: Driver) -> None:
    at_desk.show("karimova")
    named = [label for label in at_desk.window.findChildren(QLabel) if label.accessibleName()]
    assert named == []
    assert name(at_desk.check_in.verdict.facts.name) == "Karimova Nodira Botirovna"


def test_a_row_of_the_list_is_read_with_date_page_and_state(at_desk: Driver) -> None:
    at_desk.mark("karimova")
    at_desk.find("karimova")
    row = at_desk.check_in.finder.model.index(0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert row == "Karimova Nodira Botirovna, born 02.11.1979, page 1, row 2, already marked"


def test_the_pin_is_not_read_out(start: Driver) -> None:
    start.type("271828")
    interface = QAccessible.queryAccessibleInterface(start.sign_in.first.pin)
    assert interface is not None
    assert "271828" not in interface.text(QAccessible.Text.Value)
    assert name(start.sign_in.first.pin) == "PIN: First officer"


def test_texts_are_shown_as_they_stand_never_as_markup(at_desk: Driver) -> None:
    for label in at_desk.window.findChildren(QLabel):
        assert label.textFormat() is Qt.TextFormat.PlainText or label.text() == ""
