"""Every text fits its place: five languages, 100 and 200 %, the longest name, on a 1366x768 laptop."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, QRect
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QAbstractButton, QComboBox, QLabel, QLineEdit, QScrollArea, QWidget

from pollbook.annex_person import AnnexPerson
from pollbook.asks import ClaimAnswer
from pollbook.effects import Anomaly
from pollbook.entries import Outcome
from pollbook.failures import Failure, WorldFailed
from pollbook.texts import LANGUAGES
from pollbook.types import EntryNumber
from station_app.desk import LinkState, LinkStatus, MirrorState, MirrorStatus, Notice, NoticeKind, Verdict
from station_app.moving import ClaimState, ProvisionalShown, Standing
from station_app.ui.appearance import Appearance
from station_app.ui.labels import WrappedLabel
from tests.station_app.ui.conftest import OpenDesk
from tests.station_app.ui.demo_desk import LONG_NAME, PIN, START
from tests.station_app.ui.driver import Driver, visible


def cut(window: QWidget) -> list[str]:
    """What does not fit, in words."""
    found = []
    for label in visible(window, QLabel):
        assert isinstance(label, QLabel)
        if label.text() and (why := cut_label(label)):
            found.append(f"{label.text()!r}: {why}")
    for button in visible(window, QAbstractButton):
        assert isinstance(button, QAbstractButton)
        wanted = QFontMetrics(button.font()).horizontalAdvance(button.text())
        if button.text() and wanted + 8 > button.width():
            found.append(f"{button.text()!r}: button {button.width()} px, text {wanted}")
    for field in visible(window, QLineEdit):
        assert isinstance(field, QLineEdit)
        wanted = QFontMetrics(field.font()).horizontalAdvance(field.placeholderText())
        room = field.width() - 24 - (40 if field.objectName() == "search" else 0)
        if wanted > room:
            found.append(f"{field.placeholderText()!r}: field {room} px, text {wanted}")
    for choice in visible(window, QComboBox):
        assert isinstance(choice, QComboBox)
        wanted = QFontMetrics(choice.font()).horizontalAdvance(choice.currentText())
        if wanted + 44 > choice.width():
            found.append(f"{choice.currentText()!r}: choice {choice.width()} px, text {wanted}")
    return found + overlapping(window) + outside(window)


def cut_label(label: QLabel) -> str:
    metrics = QFontMetrics(label.font())
    if isinstance(label, WrappedLabel):
        widest = max((metrics.horizontalAdvance(word) for word in label.text().replace("-", "- ").split()), default=0)
        if widest > label.width() + 1:
            return f"a word of {widest} px in {label.width()}"
        needed = label.heightForWidth(label.width())
        return f"{needed} px high in {label.height()}" if needed > label.height() else ""
    needed = metrics.horizontalAdvance(label.text())
    return f"{needed} px wide in {label.width()}" if needed > label.width() + 1 else ""


def overlapping(window: QWidget) -> list[str]:
    found = []
    for parent in visible(window, QWidget):
        texts = [
            label
            for label in parent.findChildren(QLabel)
            if label.parent() is parent and label.isVisible() and label.text()
        ]
        for place, one in enumerate(texts):
            found += [
                f"{one.text()!r} over {other.text()!r}"
                for other in texts[place + 1 :]
                if one.geometry().intersects(other.geometry())
            ]
    return found


def outside(window: QWidget) -> list[str]:
    found = []
    for widget in [*visible(window, QLabel), *visible(window, QAbstractButton)]:
        if in_scroll_area(widget):
            continue
        place = QRect(widget.mapTo(window, QPoint(0, 0)), widget.size())
        if not window.rect().contains(place):
            found.append(f"{widget} lies outside the window: {place}")
    return found


def in_scroll_area(widget: QWidget) -> bool:
    parent = widget.parentWidget()
    while parent is not None:
        if isinstance(parent, QScrollArea):
            return True
        parent = parent.parentWidget()
    return False


def look_at(driver: Driver, found: dict[str, list[str]], screen: str) -> None:
    driver.settle()
    driver.settle()
    if trouble := cut(driver.window):
        found[screen] = trouble


def look_at_moves(driver: Driver, found: dict[str, list[str]]) -> None:
    """The screens where lines move."""
    window, moving = driver.window, driver.desk.moving
    moves, check_in = window.moves, driver.check_in
    assert moves is not None
    line = next(line for line, voter in driver.desk.voters.items() if voter.surname == LONG_NAME[0])
    voter, surname = driver.desk.voters[line], LONG_NAME[0][:9]
    driver.desk.marked.pop(line, None)
    driver.desk.mirror = MirrorStatus(MirrorState.FILLING, EntryNumber(4), EntryNumber(1207), None, ())
    for precinct in ("3510-0142", ""):
        moving.gone[line] = precinct
        check_in.clear()
        driver.show(surname)
        look_at(driver, found, f"line elsewhere {precinct}")
    check_in.act()
    driver.settle()
    look_at(driver, found, "claims, empty")
    check_in.refresh_card()
    window.sheets.close()
    moving.claim(voter.pinfl, voter.document)
    for answer in ClaimAnswer:
        heard_at, address = START, "Nukus shahri, Dosnazarov koʻchasi, 98-uy, 4-litsey"
        moving.answer(answer, ClaimState.KEPT, precinct="3510-0142", address=address, heard_at=heard_at)
        window.refresh()
        check_in.refresh_card()
        look_at(driver, found, f"claim {answer}")
    moves.open_claims()
    driver.settle()
    look_at(driver, found, "claims")
    window.sheets.close()
    moving.gone.clear()
    for name, open_sheet in {
        "provisional": moves.open_provisional,
        "release": lambda: moves.open_release(voter),
        "row": lambda: moves.open_row(voter),
        "close": moves.open_close,
    }.items():
        open_sheet()
        look_at(driver, found, name)
        window.sheets.close()
    person = AnnexPerson("", voter.document, voter.surname, voter.given_name, "", voter.birth_date, "")
    added = moving.add_provisional(person, "1708-0042/17")
    assert isinstance(added, ProvisionalShown)
    moving.state = replace(moving.state, provisionals=(replace(added, adjudicated=Outcome.COUNTED),))
    window.refresh()
    driver.settle()
    moves.open_envelopes()
    look_at(driver, found, "envelopes")
    window.sheets.close()
    moving.arriving = voter
    moves.open_accept("UCH1")
    driver.settle()
    look_at(driver, found, "accept")
    window.sheets.close()
    moving.arriving = None
    for verdict in (Verdict.UNPROVEN, Verdict.ARRIVING, Verdict.WITH_TEAM):
        driver.desk.verdicts[line] = verdict
        check_in.clear()
        driver.show(surname)
        look_at(driver, found, verdict)
    driver.desk.verdicts.clear()
    moving.set_paper(is_on_paper=True)
    window.refresh()
    look_at(driver, found, "on paper")
    for why in (Failure.BOOK_CLOSED, Failure.BOOK_SUPERSEDED, Failure.BOOK_ROLLED_BACK):
        moving.state = replace(moving.state, stopped=why)
        window.refresh()
        check_in.clear()
        driver.show(surname)
        look_at(driver, found, why.key)
    moving.state = Standing()
    window.refresh()
    check_in.clear()
    driver.settle()


@pytest.mark.parametrize("scale", [100, 200])
@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_cut_and_nothing_overlaps(make_driver: OpenDesk, language: str, scale: int) -> None:
    driver = make_driver(Appearance(language, scale=scale, sound=False))
    assert driver.window.size().toTuple() == (1366, 768)
    found: dict[str, list[str]] = {}
    look_at(driver, found, "open the day")
    driver.sign_in.second.choice.choose(driver.desk.station.people[0].number)
    driver.sign_in.first.pin.setText(PIN)
    driver.sign_in.second.pin.setText(PIN)
    driver.sign_in.submit()
    driver.wait(driver.sign_in.failure.isVisible)
    look_at(driver, found, "refused")
    driver.sign_in.second.choice.choose(driver.desk.station.people[1].number)
    driver.sign_in.first.pin.setFocus()
    driver.take_desk()
    driver.window.show_link(LinkStatus(LinkState.GOOD, START, None, None))
    look_at(driver, found, "ready")
    long_surname = LONG_NAME[0][:9]
    driver.find("k")
    look_at(driver, found, "list")
    driver.check_in.clear()
    driver.show(long_surname)
    look_at(driver, found, "may vote")
    driver.check_in.choose_next_channel()
    look_at(driver, found, "at home")
    driver.check_in.clear()
    driver.mark(long_surname)
    look_at(driver, found, "marked")
    driver.show(long_surname)
    look_at(driver, found, "already marked")
    driver.window.open_void(driver.desk.marks[0])
    look_at(driver, found, "undo")
    driver.window.sheets.close()
    driver.check_in.clear()
    driver.show("xudoyberdiyev")
    look_at(driver, found, "not old enough")
    driver.check_in.clear()
    driver.find("nobodyhere")
    look_at(driver, found, "not in the list")
    driver.check_in.clear()
    driver.desk.differences = ("birth_date", "document", "check_digit")
    driver.show("karimova")
    look_at(driver, found, "look closer")
    driver.check_in.clear()
    driver.desk.differences = ()
    driver.show("karimova")
    driver.desk.breaks = WorldFailed(Failure.DISK_FULL)
    driver.check_in.mark()
    driver.wait(lambda: getattr(driver.stage, "refused", None) is not None)
    driver.desk.breaks = None
    driver.window.show_link(LinkStatus(LinkState.AWAY, None, Failure.REGISTER_UNREACHABLE, None))
    look_at(driver, found, "not marked")
    look_at_moves(driver, found)
    driver.desk.notices = tuple(
        Notice(number, NoticeKind.ANOMALY, anomaly, number) for number, anomaly in enumerate(Anomaly, 1)
    )
    driver.window.refresh()
    look_at(driver, found, "told of several messages")
    driver.desk.notices += (Notice(99, NoticeKind.ANOMALY, "fork", 0),)
    driver.window.refresh()
    look_at(driver, found, "told of one message")
    for name, open_sheet in {
        "settings": driver.window.open_settings,
        "help": driver.window.sheets.open_help,
        "actions": driver.window.open_actions,
        "messages": driver.window.open_messages,
    }.items():
        open_sheet()
        look_at(driver, found, name)
        driver.window.sheets.close()
    driver.window.lock()
    look_at(driver, found, "locked")
    driver.window._not_opened(WorldFailed(Failure.NOT_ENROLLED))
    look_at(driver, found, "not enrolled")
    driver.window._not_opened(WorldFailed(Failure.BOOK_DAMAGED))
    look_at(driver, found, "not opened")
    driver.window._not_opened(WorldFailed(Failure.BOOK_KEY_MISSING))
    look_at(driver, found, "no key")
    assert found == {}, "\n".join(f"{screen}: {text}" for screen, texts in found.items() for text in texts)
