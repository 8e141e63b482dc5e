"""A keyboard-wedge scanner types a machine readable zone with Enter between its lines."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from station_app.ui.scanning import asked_text, ends_a_line, is_being_scanned, is_zone
from station_app.ui.stages import Shown, Waiting
from tests.station_app.ui.driver import Driver

# Alisher's line of the demo desk, in a passport (TD3) and an ID card (TD1).
PINFL = "31203799000000"
TD3 = ("P<UZBKARIMOV<<ALISHER<<<<<<<<<<<<<<<<<<<<<<<", f"ZZ10000006UZB7903121M3001010{PINFL}00"[:44])
TD1 = (f"I<UZBZZ10000006{PINFL}<", "7903121M3001010UZB<<<<<<<<<<<0", "KARIMOV<<ALISHER<<<<<<<<<<<<<<")


def scan(driver: Driver, lines: tuple[str, ...], end: tuple[Qt.Key, ...] = (Qt.Key.Key_Return,)) -> None:
    for line in lines:
        driver.type(line)
        for key in end:
            driver.press(key)


@pytest.mark.parametrize("lines", [TD3, TD1], ids=["passport", "ID card"])
@pytest.mark.parametrize("end", [(Qt.Key.Key_Return,), (Qt.Key.Key_Return, Qt.Key.Key_Enter)], ids=["CR", "CR LF"])
def test_a_scanned_document_opens_the_voters_card_and_marks_nobody(
    at_desk: Driver, lines: tuple[str, ...], end: tuple[Qt.Key, ...]
) -> None:
    scan(at_desk, lines, end)
    at_desk.wait(lambda: isinstance(at_desk.stage, Shown))
    at_desk.settle()
    assert at_desk.stage.card.voter.pinfl == PINFL
    assert "mark" not in at_desk.desk.calls
    asked = [call for call in at_desk.desk.calls if call.startswith("find") and call != f"find {lines[0][0]}"]
    assert asked == ["find " + "\n".join(lines)]


def test_nothing_is_searched_and_nothing_flickers_while_a_zone_is_typed(at_desk: Driver) -> None:
    at_desk.type(TD3[0])
    at_desk.press(Qt.Key.Key_Return)
    at_desk.type(TD3[1][:10])
    at_desk.settle()
    assert at_desk.stage == Waiting()
    assert [call for call in at_desk.desk.calls if call.startswith("find")] in ([], ["find P"])


def test_a_scan_while_a_card_is_open_replaces_it_and_does_not_mark(at_desk: Driver) -> None:
    at_desk.show("karimova")
    at_desk.check_in.finder.box.selectAll()
    scan(at_desk, TD3)
    at_desk.wait(lambda: isinstance(at_desk.stage, Shown))
    assert at_desk.stage.card.voter.pinfl == PINFL
    assert "mark" not in at_desk.desk.calls


def test_a_broken_zone_followed_by_a_persons_enter_is_searched_as_it_stands(at_desk: Driver) -> None:
    at_desk.type("P<UZBKARI")
    at_desk.press(Qt.Key.Key_Return)
    at_desk.wait(lambda: at_desk.stage == Waiting(nothing_found=True))


def test_lines_are_told_from_names() -> None:
    assert ends_a_line(TD3[0])
    assert ends_a_line(TD1[0])
    assert ends_a_line(" ".join(TD1[:2]))
    assert is_zone(" ".join(TD3))
    assert is_zone("".join(TD1))
    assert not is_being_scanned(" ".join(TD1))
    for typed in ("Ivanova Anna Petrovna 1979", "PULATOV", "31203799000000", "ZZ1234567", "14/7", "Каримов"):
        assert not is_being_scanned(typed)
        assert not ends_a_line(typed)


def test_a_filler_alone_is_not_searched_until_enter() -> None:
    assert is_being_scanned("P<UZ")
    assert not ends_a_line("P<UZ")


def test_a_zone_is_asked_line_by_line_and_names_as_typed() -> None:
    assert asked_text(" ".join(TD3).lower()) == "\n".join(TD3)
    assert asked_text("  Karimov   1979 ") == "Karimov 1979"
