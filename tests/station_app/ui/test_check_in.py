from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from pollbook.failures import Failure, WorldFailed
from pollbook.types import Channel, LineId
from station_app.desk import Refused, Verdict
from station_app.papers.release_text import PART_CHARACTERS_MAX
from station_app.ui.scanning import TYPED_MAX
from station_app.ui.searching import BUSY_AFTER_MS
from station_app.ui.stages import Broken, Done, Marking, Opening, Shown, Waiting
from tests.station_app.ui.driver import Driver

NODIRA = LineId(1001)


def marks(driver: Driver) -> int:
    return driver.desk.calls.count("mark")


def test_a_voter_is_found_shown_and_marked_by_typing_and_two_presses_of_enter(at_desk: Driver) -> None:
    at_desk.show("karimova")
    assert at_desk.title == "May vote"
    assert "page 1, row 2" in at_desk.check_in.verdict.paper.text.text()
    assert "0001" in at_desk.check_in.verdict.facts.facts.text()
    assert at_desk.desk.voters[NODIRA].pinfl not in at_desk.check_in.verdict.facts.facts.text()
    at_desk.press(Qt.Key.Key_Return)
    at_desk.wait(lambda: isinstance(at_desk.stage, Done))
    assert at_desk.title == "Marked"
    assert "10:24" in at_desk.check_in.verdict.strip.sentence.text()
    assert list(at_desk.desk.marked) == [NODIRA]


def test_after_a_mark_the_box_is_empty_and_has_the_focus_and_the_counters_are_new(at_desk: Driver) -> None:
    at_desk.mark("karimova")
    assert at_desk.is_box_focused
    assert at_desk.check_in.finder.text == ""
    assert at_desk.check_in.turnout.text.text().startswith("1 of 60 marked")
    assert [mark.line for mark in at_desk.check_in.marks.model.marks] == [NODIRA]
    assert "recorded here only: 1" in at_desk.window.status_line.waiting.text()


def test_the_name_is_also_shown_in_the_other_script(at_desk: Driver) -> None:
    at_desk.show("karimova")
    assert at_desk.check_in.verdict.facts.other_name.text() == "Каримова Нодира Ботировна"
    at_desk.check_in.clear()
    at_desk.show("шукурова")
    assert at_desk.check_in.verdict.facts.other_name.text().startswith("Shukurova Oʻgʻiloy")


def test_the_press_that_finds_does_not_mark(at_desk: Driver) -> None:
    at_desk.type("karimova")
    at_desk.press(Qt.Key.Key_Return)
    at_desk.wait(lambda: isinstance(at_desk.stage, Shown))
    at_desk.press(Qt.Key.Key_Return)  # the line feed after a scanner's carriage return
    at_desk.settle()
    assert marks(at_desk) == 0
    assert isinstance(at_desk.stage, Shown)


def test_enter_twice_marks_once(at_desk: Driver) -> None:
    at_desk.show("karimova")
    gate = at_desk.desk.gate = threading.Event()
    for _ in range(3):
        at_desk.press(Qt.Key.Key_Return)
    at_desk.check_in.verdict.main.click()
    assert isinstance(at_desk.stage, Marking)
    gate.set()
    at_desk.desk.gate = None
    at_desk.wait(lambda: isinstance(at_desk.stage, Done))
    for _ in range(3):
        at_desk.press(Qt.Key.Key_Return)
    at_desk.settle()
    assert marks(at_desk) == 1


def test_a_held_enter_neither_opens_nor_marks(at_desk: Driver) -> None:
    at_desk.find("karimova")
    for _ in range(20):
        at_desk.press(Qt.Key.Key_Return, is_repeat=True)
    assert at_desk.stage == Waiting()
    at_desk.press(Qt.Key.Key_Return)
    at_desk.wait(lambda: isinstance(at_desk.stage, Shown))
    at_desk.clock.advance(5)
    for _ in range(20):
        at_desk.press(Qt.Key.Key_Return, is_repeat=True)
    at_desk.settle()
    assert marks(at_desk) == 0


def test_a_mark_in_flight_shows_itself_at_once_and_disables_everything_else(at_desk: Driver) -> None:
    at_desk.show("karimova")
    gate = at_desk.desk.gate = threading.Event()
    at_desk.press(Qt.Key.Key_Return)
    assert not at_desk.check_in.verdict.main.isEnabled()
    assert at_desk.check_in.verdict.main.text() == "Recording…"
    assert "Do not hand over" in at_desk.check_in.verdict.strip.sentence.text()
    at_desk.press(Qt.Key.Key_Escape)
    at_desk.window.lock()
    assert isinstance(at_desk.stage, Marking)
    gate.set()
    at_desk.desk.gate = None
    at_desk.wait(lambda: isinstance(at_desk.stage, Done))


def test_a_slow_search_says_so_within_a_tenth_of_a_second(at_desk: Driver) -> None:
    assert BUSY_AFTER_MS < 100
    gate = at_desk.desk.gate = threading.Event()
    at_desk.type("k")
    at_desk.wait(lambda: at_desk.check_in.finder.count.text() == "Searching…")
    gate.set()
    at_desk.desk.gate = None
    at_desk.wait(lambda: at_desk.check_in.finder.count.text().startswith("Found: "))


def test_stale_answers_are_dropped_and_the_newest_is_shown(at_desk: Driver) -> None:
    gate = at_desk.desk.gate = threading.Event()
    at_desk.type("k")
    at_desk.wait(lambda: "find k" in at_desk.desk.calls)
    at_desk.type("arimova")
    gate.set()
    at_desk.desk.gate = None
    at_desk.wait(lambda: not at_desk.check_in.searching.is_under_way)
    assert [hit.line for hit in at_desk.check_in.finder.model.hits] == [NODIRA]
    # Those in between were never asked of the book; the answer about "k" was never shown.
    assert [call for call in at_desk.desk.calls if call.startswith("find")] == ["find k", "find karimova"]


def test_enter_before_the_answer_opens_the_only_hit_when_it_comes(at_desk: Driver) -> None:
    gate = at_desk.desk.gate = threading.Event()
    at_desk.type("karimova")
    at_desk.press(Qt.Key.Key_Return)
    gate.set()
    at_desk.desk.gate = None
    at_desk.wait(lambda: isinstance(at_desk.stage, Shown))


def test_of_several_hits_none_is_opened_by_itself(at_desk: Driver) -> None:
    at_desk.find("karimov")
    assert len(at_desk.check_in.finder.model.hits) > 1
    at_desk.press(Qt.Key.Key_Return)
    at_desk.settle()
    assert at_desk.stage == Waiting()
    assert "Several fit" in at_desk.check_in.finder.count.text()


def test_arrows_choose_without_leaving_the_box(at_desk: Driver) -> None:
    at_desk.find("karimov")
    for _ in range(2):
        at_desk.press(Qt.Key.Key_Down)
    assert at_desk.is_box_focused
    at_desk.press(Qt.Key.Key_Return)
    at_desk.wait(lambda: isinstance(at_desk.stage, Shown))
    assert at_desk.stage.card.voter.line == NODIRA


def test_escape_steps_back_from_card_to_list_to_empty_box(at_desk: Driver) -> None:
    at_desk.find("karimov")
    at_desk.press(Qt.Key.Key_Down)
    at_desk.press(Qt.Key.Key_Return)
    at_desk.wait(lambda: isinstance(at_desk.stage, Shown))
    at_desk.press(Qt.Key.Key_Escape)
    assert at_desk.stage == Waiting()
    assert at_desk.check_in.finder.text == "karimov"
    at_desk.press(Qt.Key.Key_Escape)
    assert at_desk.check_in.finder.text == ""
    assert not at_desk.check_in.finder.model.hits


def test_an_arrow_puts_the_card_away_so_that_enter_opens_whoever_is_highlighted_and_marks_nobody(
    at_desk: Driver,
) -> None:
    at_desk.find("karimov")
    at_desk.press(Qt.Key.Key_Down)
    at_desk.press(Qt.Key.Key_Return)
    at_desk.wait(lambda: isinstance(at_desk.stage, Shown))
    first = at_desk.stage.card.voter.line
    at_desk.clock.advance(5)
    at_desk.press(Qt.Key.Key_Down)
    assert at_desk.stage == Waiting()
    at_desk.press(Qt.Key.Key_Return)
    at_desk.wait(lambda: isinstance(at_desk.stage, Shown))
    assert marks(at_desk) == 0
    assert at_desk.stage.card.voter.line == at_desk.check_in.finder.chosen_hit.line != first


def test_an_arrow_that_has_nowhere_to_go_leaves_the_card(at_desk: Driver) -> None:
    at_desk.show("karimova")
    at_desk.press(Qt.Key.Key_Down)
    at_desk.settle()
    assert isinstance(at_desk.stage, Shown)
    assert at_desk.check_in.finder.count.text() == "Esc puts the card away"


def test_the_next_voter_is_typed_over_the_one_on_the_card(at_desk: Driver) -> None:
    at_desk.show("karimova")
    at_desk.type("g\u02bbaniyeva")
    assert at_desk.check_in.finder.text == "g\u02bbaniyeva"


def test_the_next_voter_is_typed_over_what_stood_there_before_a_sheet(at_desk: Driver) -> None:
    at_desk.find("nobodyhere")
    at_desk.press_in_window(Qt.Key.Key_F6)
    assert at_desk.window.sheets.current is not None
    at_desk.press(Qt.Key.Key_Escape)
    at_desk.settle()
    at_desk.type("karimova")
    assert at_desk.check_in.finder.text == "karimova"


def test_back_in_the_list_what_was_typed_can_be_gone_on_with(at_desk: Driver) -> None:
    at_desk.find("karimov")
    at_desk.press(Qt.Key.Key_Down)
    at_desk.press(Qt.Key.Key_Return)
    at_desk.wait(lambda: isinstance(at_desk.stage, Shown))
    at_desk.press(Qt.Key.Key_Escape)
    at_desk.type("a")
    assert at_desk.check_in.finder.text == "karimova"


def test_typing_puts_the_card_away_so_that_enter_cannot_mark_it(at_desk: Driver) -> None:
    at_desk.show("karimova")
    at_desk.type(" x")
    assert not isinstance(at_desk.stage, Shown)
    at_desk.press(Qt.Key.Key_Return)
    at_desk.settle()
    assert marks(at_desk) == 0


def test_a_voter_marked_already_is_shown_with_when_and_where_and_cannot_be_marked(at_desk: Driver) -> None:
    at_desk.mark("karimova")
    at_desk.show("karimova")
    assert at_desk.title == "Already marked"
    assert at_desk.check_in.verdict.paper.text.text() == "Paper list: page 1, row 2"  # nobody is asked to sign
    steps = " ".join(step.text() for step in at_desk.check_in.verdict.strip.steps)
    assert "10:24" in steps
    assert "at the station" in steps
    assert at_desk.check_in.verdict.strip.property("tone") == "stop"
    at_desk.press(Qt.Key.Key_Return)
    at_desk.settle()
    assert marks(at_desk) == 1


def test_an_empty_search_says_what_to_do(at_desk: Driver) -> None:
    at_desk.find("nobodyhere")
    assert at_desk.title == "Not in this list"
    assert all(step.text() for step in at_desk.check_in.verdict.strip.steps)
    assert at_desk.check_in.verdict.strip.property("tone") == "closer"


def test_a_voter_too_young_may_not_vote_and_is_told_the_day(at_desk: Driver) -> None:
    at_desk.show("xudoyberdiyev")
    assert at_desk.title == "Not old enough"
    assert "21.12.2026" in at_desk.check_in.verdict.strip.steps[0].text()
    assert not at_desk.check_in.verdict.main.isVisible()


@pytest.mark.parametrize("verdict", [Verdict.DISPUTED, Verdict.LINE_NOT_HELD])
def test_other_verdicts_offer_no_mark(at_desk: Driver, verdict: Verdict) -> None:
    at_desk.desk.verdicts[NODIRA] = verdict
    at_desk.show("karimova")
    at_desk.press(Qt.Key.Key_Return)
    at_desk.check_in.mark()
    at_desk.settle()
    assert marks(at_desk) == 0


def test_look_closer_is_marked_by_control_and_enter_only(at_desk: Driver) -> None:
    at_desk.desk.differences = ("birth_date",)
    at_desk.show("karimova")
    assert at_desk.title == "Look closer"
    assert "birth date" in at_desk.check_in.verdict.strip.sentence.text()
    at_desk.press(Qt.Key.Key_Return)
    at_desk.settle()
    assert marks(at_desk) == 0
    at_desk.press(Qt.Key.Key_Return, modifiers=Qt.KeyboardModifier.ControlModifier)
    at_desk.wait(lambda: isinstance(at_desk.stage, Done))


def test_a_mark_refused_is_said_with_its_code_and_enter_then_fetches_the_card_again(at_desk: Driver) -> None:
    at_desk.show("karimova")
    other = replace(at_desk.desk.mark(NODIRA, Channel.STATION))
    at_desk.press(Qt.Key.Key_Return)
    at_desk.wait(lambda: isinstance(at_desk.stage, Shown))
    assert at_desk.title == "Not marked"
    assert "B01" in at_desk.check_in.verdict.strip.accessibleName()
    at_desk.clock.advance(1)
    at_desk.press(Qt.Key.Key_Return)
    at_desk.wait(lambda: at_desk.title == "Already marked")
    assert at_desk.desk.marked[NODIRA] == other


def test_a_full_disk_is_said_and_nothing_is_called_marked(at_desk: Driver) -> None:
    at_desk.show("karimova")
    at_desk.desk.breaks = WorldFailed(Failure.DISK_FULL)
    at_desk.press(Qt.Key.Key_Return)
    at_desk.wait(lambda: isinstance(at_desk.stage, Shown))
    at_desk.desk.breaks = None
    assert at_desk.stage.refused == Refused(Failure.DISK_FULL)
    assert "S06" in at_desk.check_in.verdict.strip.accessibleName()
    assert not at_desk.desk.marked


def test_a_card_that_cannot_be_fetched_is_said(at_desk: Driver) -> None:
    at_desk.find("karimova")
    at_desk.desk.breaks = WorldFailed(Failure.DISK_FAILED)
    at_desk.press(Qt.Key.Key_Return)
    at_desk.wait(lambda: isinstance(at_desk.stage, Broken))
    at_desk.desk.breaks = None
    at_desk.press(Qt.Key.Key_Escape)
    assert at_desk.stage == Waiting()


def test_what_is_typed_while_a_mark_is_in_flight_is_kept_and_searched_afterwards(at_desk: Driver) -> None:
    at_desk.show("karimova")
    gate = at_desk.desk.gate = threading.Event()
    at_desk.press(Qt.Key.Key_Return)
    at_desk.check_in.finder.box.selectAll()
    at_desk.type("alisher")
    gate.set()
    at_desk.desk.gate = None
    at_desk.wait(lambda: [hit.given_name for hit in at_desk.check_in.finder.model.hits][:1] == ["Alisher"])
    assert at_desk.check_in.finder.text == "alisher"
    assert list(at_desk.desk.marked) == [NODIRA]


def test_home_and_early_are_chosen_for_one_voter_only(at_desk: Driver) -> None:
    at_desk.show("karimova")
    at_desk.press_in_window(Qt.Key.Key_F2)
    at_desk.press(Qt.Key.Key_Return)
    at_desk.wait(lambda: isinstance(at_desk.stage, Done))
    at_desk.settle()
    assert at_desk.desk.marked[NODIRA].channel is Channel.HOME
    assert "home 1" in at_desk.check_in.turnout.text.text()
    at_desk.mark("karimov jamshid")
    assert at_desk.desk.marks[-1].channel is Channel.STATION


@pytest.mark.parametrize("text", ["%", "_%'\"--;", "😀🗳", "ў" * 300, "<b>x</b>", "\\", "&Karim"])
def test_anything_may_be_typed(at_desk: Driver, text: str) -> None:
    at_desk.find(text)
    at_desk.press(Qt.Key.Key_Return)
    at_desk.settle()
    assert at_desk.check_in.finder.text == text
    assert isinstance(at_desk.stage, Waiting)


def test_the_box_takes_three_codes_of_a_release_and_no_more(at_desk: Driver) -> None:
    at_desk.check_in.finder.box.setText("a" * (TYPED_MAX + 10))
    assert len(at_desk.check_in.finder.text) == TYPED_MAX >= 3 * PART_CHARACTERS_MAX + 3


def test_a_click_opens_a_card_and_the_focus_stays_in_the_box(at_desk: Driver) -> None:
    at_desk.find("karimov")
    view = at_desk.check_in.finder.list
    place = view.visualRect(at_desk.check_in.finder.model.index(1)).center()
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    at_desk.wait(lambda: isinstance(at_desk.stage, Shown))
    assert at_desk.is_box_focused
    QTest.mouseDClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    at_desk.wait(lambda: not isinstance(at_desk.stage, Opening))
    at_desk.settle()
    assert marks(at_desk) == 0


def test_a_double_click_on_the_main_button_marks_once(at_desk: Driver) -> None:
    at_desk.show("karimova")
    main = at_desk.check_in.verdict.main
    QTest.mouseClick(main, Qt.MouseButton.LeftButton)
    QTest.mouseDClick(main, Qt.MouseButton.LeftButton)
    QTest.mouseRelease(main, Qt.MouseButton.LeftButton)
    at_desk.wait(lambda: isinstance(at_desk.stage, Done))
    at_desk.settle()
    assert marks(at_desk) == 1


def test_the_verdict_and_the_main_button_keep_their_places(at_desk: Driver) -> None:
    panel = at_desk.check_in.verdict
    at_desk.show("karimova")
    strip, main = panel.strip.mapTo(panel, panel.strip.rect().topLeft()), panel.main.geometry().topLeft()
    foot = panel.foot.geometry()
    at_desk.check_in.clear()
    at_desk.show("muhammadrahimaxon")
    assert panel.strip.mapTo(panel, panel.strip.rect().topLeft()) == strip
    assert panel.main.geometry().topLeft() == main
    assert panel.foot.geometry() == foot
    paper = panel.paper.geometry()
    at_desk.check_in.clear()
    at_desk.show("xudoyberdiyev")
    assert panel.paper.geometry() == paper
    assert panel.main.height() >= 56
    assert QApplication.focusWidget() is at_desk.check_in.finder.box


def test_what_is_typed_goes_into_the_box_wherever_the_focus_is(at_desk: Driver) -> None:
    at_desk.mark("karimova")
    for place in (at_desk.check_in.marks.list, at_desk.check_in.finder.list):
        place.setFocus()
        at_desk.type("jamshid")
        assert at_desk.is_box_focused
        assert at_desk.check_in.finder.text == "jamshid"
        at_desk.check_in.clear()
    at_desk.show("jamshid")
    at_desk.check_in.verdict.main.setFocus()
    at_desk.press(Qt.Key.Key_Escape)
    assert at_desk.stage == Waiting()
    assert at_desk.is_box_focused
