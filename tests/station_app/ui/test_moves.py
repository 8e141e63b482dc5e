"""Where lines move, at the window: by keys alone, without stopping the desk, and each refusal said where the eye is."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from pollbook.asks import ClaimAnswer
from pollbook.entries import Outcome
from pollbook.failures import Failure
from pollbook.types import EntryNumber, LineId
from station_app.desk import MirrorState, MirrorStatus, Notice, NoticeKind, Refused
from station_app.moving import ClaimState
from station_app.papers.release_text import write_release_text
from station_app.ui import paper_viewer
from station_app.ui.accept_sheet import AcceptSheet
from station_app.ui.claims_sheet import ClaimsSheet
from station_app.ui.document_words import day_typed, words_in_box
from station_app.ui.envelopes_sheet import EnvelopesSheet
from station_app.ui.officers_sheet import OfficersSheet
from station_app.ui.provisional_sheet import ProvisionalSheet
from station_app.ui.release_sheet import ReleaseSheet
from station_app.ui.stages import Done, Shown, Waiting
from tests.station_app.ui.demo_desk import PIN
from tests.station_app.ui.demo_moving import PAPER
from tests.station_app.ui.driver import Driver

STRANGER = "31210799000017"


def line_of(driver: Driver, surname: str = "Karimova") -> LineId:
    return next(voter.line for voter in driver.desk.voters.values() if voter.surname == surname)


def sheet_of(driver: Driver, kind: type) -> object:
    sheet = driver.window.sheets.current
    assert isinstance(sheet, kind)
    return sheet


def enter(driver: Driver) -> None:
    driver.press(Qt.Key.Key_Return)
    driver.settle()


def refresh(driver: Driver) -> None:
    driver.window.refresh()
    driver.settle()


def two_pins(driver: Driver) -> None:
    for _ in range(2):
        driver.type(PIN)
        driver.press(Qt.Key.Key_Return)
    driver.wait(lambda: driver.window.sheets.current is None)
    driver.settle()


@pytest.fixture
def away(at_desk: Driver) -> Driver:
    """Karimova's line is at precinct 3510-0142, and her card is open."""
    at_desk.desk.moving.gone[line_of(at_desk)] = "3510-0142"
    at_desk.show("karimova")
    return at_desk


# Claims


def test_a_line_elsewhere_says_where_it_is_and_what_to_do(away: Driver) -> None:
    strip = away.check_in.verdict.strip
    assert (strip.title.text(), strip.sentence.text()) == (
        "The line is not here", "It was let go to precinct 3510-0142.",
    )  # fmt: skip
    assert "Nukus" in strip.steps[0].text()
    assert strip.steps[1].text().startswith("Do not give ballots here.")
    assert strip.accessibleName().startswith("The line is not here. It was let go to precinct 3510-0142.")
    assert away.check_in.verdict.main.text() == "Enter   Ask for the line"
    assert not away.check_in.verdict.channel.isVisible()


def test_enter_twice_asks_for_the_line_of_the_card_and_the_desk_goes_on(away: Driver) -> None:
    asked: list[bool] = []
    away.window.marked.connect(lambda: asked.append(True))
    enter(away)
    sheet = sheet_of(away, ClaimsSheet)
    assert isinstance(sheet, ClaimsSheet)
    voter = away.desk.voters[line_of(away)]
    assert (sheet.pinfl.text, sheet.document.text) == (voter.pinfl, voter.document)
    assert sheet.main.hasFocus()
    enter(away)
    assert asked, "sync is woken at once"
    assert [row.text.text() for row in sheet.rows] == ["Asked at 10:24. No answer yet."]
    assert sheet.cancel.hasFocus()
    away.press(Qt.Key.Key_Escape)
    away.settle()
    assert away.window.sheets.current is None
    assert away.is_box_focused
    away.check_in.clear()
    away.mark("g\u02bbaniyeva")
    assert isinstance(away.stage, Done)


def test_the_register_s_words_come_into_the_open_sheet_and_onto_the_card(away: Driver) -> None:
    enter(away)
    enter(away)
    heard_at = away.clock.now() + timedelta(minutes=18)
    moving = away.desk.moving
    moving.answer(ClaimAnswer.RECALLED, ClaimState.HOLDER_ASKED, precinct="3510-0142", heard_at=heard_at)
    refresh(away)
    sheet = sheet_of(away, ClaimsSheet)
    assert isinstance(sheet, ClaimsSheet)
    assert "last heard at 10:42" in sheet.rows[0].text.text()
    moving.answer(ClaimAnswer.GRANTED, ClaimState.ARRIVED, line=line_of(away))
    moving.gone.clear()
    refresh(away)
    assert sheet.rows[0].button.text() == "Open the card"
    sheet.rows[0].button.click()
    away.wait(lambda: away.title == "May vote")


def test_a_card_that_waits_for_its_line_changes_by_itself(away: Driver) -> None:
    enter(away)
    enter(away)
    away.press(Qt.Key.Key_Escape)
    away.check_in.refresh_card()
    away.settle()
    assert "No answer yet" in away.check_in.verdict.strip.steps[1].text()
    assert away.check_in.verdict.main.text() == "Enter   Show the request"
    away.desk.moving.answer(ClaimAnswer.GRANTED, ClaimState.ARRIVED)
    away.desk.moving.gone.clear()
    refresh(away)
    away.wait(lambda: away.title == "May vote")


def test_a_refused_request_says_why_and_where_home_is_and_may_be_asked_again(away: Driver) -> None:
    enter(away)
    enter(away)
    away.desk.moving.answer(ClaimAnswer.ALREADY_MARKED, ClaimState.REFUSED, precinct="3510-0142", address="Nukus, 98")
    refresh(away)
    sheet = sheet_of(away, ClaimsSheet)
    assert isinstance(sheet, ClaimsSheet)
    assert sheet.rows[0].text.text() == "No: ballots were given at precinct 3510-0142. Address: Nukus, 98"
    assert sheet.rows[0].property("tone") == "stop"
    sheet.rows[0].button.click()
    away.settle()
    assert len(away.desk.moving.state.claims) == 2


def test_data_that_cannot_be_right_are_refused_in_the_sheet(at_desk: Driver) -> None:
    at_desk.press_in_window(Qt.Key.Key_F6)
    sheet = sheet_of(at_desk, ClaimsSheet)
    assert isinstance(sheet, ClaimsSheet)
    at_desk.type("123")
    enter(at_desk)
    assert sheet.document.line.hasFocus()
    enter(at_desk)
    assert "B29" in sheet.failure.text.text()
    sheet.pinfl.line.setText(at_desk.desk.voters[line_of(at_desk)].pinfl)
    sheet.submit()
    at_desk.settle()
    assert "B30" in sheet.failure.text.text(), "her line is here"


def test_a_request_is_taken_back(away: Driver) -> None:
    enter(away)
    enter(away)
    sheet = sheet_of(away, ClaimsSheet)
    assert isinstance(sheet, ClaimsSheet)
    sheet.rows[0].button.click()
    away.settle()
    assert sheet.rows[0].text.text() == "The request was taken back."
    assert not sheet.rows[0].button.isVisible()


def test_nobody_found_leads_to_a_request_with_what_was_typed(at_desk: Driver) -> None:
    at_desk.find(STRANGER)
    assert at_desk.stage == Waiting(nothing_found=True)
    enter(at_desk)
    assert at_desk.window.sheets.current is None, "a scanner's second line end opens nothing"
    at_desk.clock.advance(1)
    enter(at_desk)
    sheet = sheet_of(at_desk, ClaimsSheet)
    assert isinstance(sheet, ClaimsSheet)
    assert sheet.pinfl.text == STRANGER


# Provisional ballots


def test_a_provisional_ballot_begins_with_the_card_s_words_and_asks_for_the_rest(away: Driver) -> None:
    away.check_in.verdict.provisional.click()
    sheet = sheet_of(away, ProvisionalSheet)
    assert isinstance(sheet, ProvisionalSheet)
    assert (sheet.surname.text, sheet.born.text) == ("Karimova", "02.11.1979")
    assert sheet.envelope.line.hasFocus()
    enter(away)
    assert "B23" in sheet.failure.text.text()
    assert sheet.envelope.line.hasFocus()
    away.type("7")
    enter(away)
    assert away.window.sheets.current is None
    assert away.window.toast.text.text().startswith("Envelope 7 is recorded.")
    assert away.desk.moving.state.provisionals[0].envelope == "7"
    assert isinstance(away.stage, Waiting)


@pytest.mark.parametrize("born", ["", "31.02.1979", "tomorrow"])
def test_a_birth_date_that_is_none_is_refused(away: Driver, born: str) -> None:
    away.press_in_window(Qt.Key.Key_F7)
    sheet = sheet_of(away, ProvisionalSheet)
    assert isinstance(sheet, ProvisionalSheet)
    sheet.born.line.setText(born)
    sheet.submit()
    assert "B29" in sheet.failure.text.text()
    assert sheet.born.line.hasFocus()


def test_a_refused_form_points_at_the_field_that_cannot_be_right(away: Driver) -> None:
    away.press_in_window(Qt.Key.Key_F7)
    sheet = sheet_of(away, ProvisionalSheet)
    assert isinstance(sheet, ProvisionalSheet)
    sheet.envelope.line.setText("7")
    for field, wrong in (
        (sheet.surname, ""),
        (sheet.born, "31.02.1979"),
        (sheet.pinfl, "3020596"),
        (sheet.given_name, ""),
    ):
        kept = field.text
        field.line.setText(wrong)
        sheet.refuse(Refused(Failure.DOCUMENT_DATA_INVALID))
        assert field.line.hasFocus()
        field.line.setText(kept)


def test_two_officers_confirm_what_the_register_decided(away: Driver) -> None:
    away.press_in_window(Qt.Key.Key_F7)
    away.type("7")
    enter(away)
    moving = away.desk.moving
    (kept,) = moving.state.provisionals
    moving.state = replace(moving.state, provisionals=(replace(kept, adjudicated=Outcome.COUNTED),))
    refresh(away)
    assert away.window.moves is not None
    away.window.moves.open_envelopes()
    sheet = sheet_of(away, EnvelopesSheet)
    assert isinstance(sheet, EnvelopesSheet)
    sheet.rows[0].button.click()
    away.settle()
    sheet_of(away, OfficersSheet)
    two_pins(away)
    assert moving.state.provisionals[0].resolved is Outcome.COUNTED


# Releases


def test_a_line_is_let_go_and_its_certificate_printed(at_desk: Driver) -> None:
    assert at_desk.window.moves is not None
    shown: list[bytes] = []
    at_desk.window.moves.show_paper = lambda pdf, _name: shown.append(pdf)
    at_desk.show("karimova")
    at_desk.window.moves.open_release(at_desk.desk.voters[line_of(at_desk)])
    sheet = sheet_of(at_desk, ReleaseSheet)
    assert isinstance(sheet, ReleaseSheet)
    at_desk.type("nowhere")
    enter(at_desk)
    assert "E12" in sheet.failure.text.text()
    sheet.precinct.line.setText("9999-9999")
    enter(at_desk)
    assert "B25" in sheet.failure.text.text()
    sheet.precinct.line.setText("1708-0002")
    enter(at_desk)
    at_desk.settle()
    assert shown == [PAPER]
    assert sheet.main.text() == "Print the certificate"
    enter(at_desk)
    at_desk.settle()
    assert shown == [PAPER, PAPER]
    at_desk.press(Qt.Key.Key_Escape)
    at_desk.settle()
    assert at_desk.title == "The line is not here"


def test_a_certificate_waits_until_its_record_is_safe(at_desk: Driver) -> None:
    assert at_desk.window.moves is not None
    shown: list[bytes] = []
    at_desk.window.moves.show_paper = lambda pdf, _name: shown.append(pdf)
    at_desk.desk.moving.is_safe = False
    at_desk.show("karimova")
    at_desk.window.moves.open_release(at_desk.desk.voters[line_of(at_desk)])
    sheet = sheet_of(at_desk, ReleaseSheet)
    assert isinstance(sheet, ReleaseSheet)
    at_desk.type("1708-0002")
    enter(at_desk)
    at_desk.settle()
    assert shown == []
    assert "B16" in sheet.failure.text.text()
    at_desk.desk.moving.is_safe = True
    assert sheet.main.hasFocus(), "the card behind the sheet was fetched again, and keys still belong to the sheet"
    at_desk.press(Qt.Key.Key_Space)
    at_desk.settle()
    assert shown == [PAPER]
    at_desk.press(Qt.Key.Key_Escape)
    at_desk.settle()
    assert at_desk.window.sheets.current is None


def test_a_scanned_certificate_is_shown_and_accepted_by_enter_and_the_card_opens(at_desk: Driver) -> None:
    stranger = replace(at_desk.desk.voters[line_of(at_desk)], line=LineId(77), surname="Saidova", pinfl=STRANGER)
    at_desk.desk.moving.arriving = stranger
    parts = write_release_text(bytes(range(256)) * 5)
    for part in parts:
        assert at_desk.window.sheets.current is None
        at_desk.check_in.finder.box.setText(at_desk.check_in.finder.text + part)
        at_desk.check_in._typed(at_desk.check_in.finder.text)
        at_desk.press(Qt.Key.Key_Return)
    at_desk.settle()
    sheet = sheet_of(at_desk, AcceptSheet)
    assert isinstance(sheet, AcceptSheet)
    assert sheet.name.text() == "Saidova Nodira Botirovna"
    assert not any(call.startswith("find") for call in at_desk.desk.calls), "a code is no name to look for"
    enter(at_desk)
    at_desk.wait(lambda: isinstance(at_desk.stage, Shown))
    assert at_desk.title == "May vote"
    assert at_desk.check_in.verdict.paper.text.text() == "Annex list → voter signs there"


def test_codes_read_one_by_one_are_counted(at_desk: Driver) -> None:
    first, *_ = write_release_text(bytes(range(256)) * 5)
    at_desk.check_in.finder.box.setText(first)
    at_desk.check_in._typed(first)
    at_desk.press(Qt.Key.Key_Return)
    assert at_desk.check_in.finder.count.text() == "Codes read: 1 of 3. Scan the next one"


def test_a_certificate_for_another_precinct_can_only_be_closed(at_desk: Driver) -> None:
    (text,) = write_release_text(bytes(40))
    at_desk.check_in.finder.box.setText(text)
    at_desk.press(Qt.Key.Key_Return)
    at_desk.settle()
    sheet = sheet_of(at_desk, AcceptSheet)
    assert isinstance(sheet, AcceptSheet)
    assert "B18" in sheet.failure.text.text()
    assert not sheet.main.isVisible()
    assert sheet.cancel.hasFocus()


def test_a_line_that_is_not_safe_yet_says_to_wait_and_changes_by_itself(at_desk: Driver) -> None:
    moving, line = at_desk.desk.moving, line_of(at_desk)
    moving.arriving, moving.is_safe = at_desk.desk.voters[line], False
    at_desk.show("karimova")
    assert at_desk.title == "Wait: not safe yet"
    enter(at_desk)
    assert not at_desk.desk.marked
    moving.is_safe = True
    refresh(at_desk)
    at_desk.wait(lambda: at_desk.title == "May vote")


# Two officers, the team, paper


def test_two_officers_see_the_row_and_the_voter_may_vote(at_desk: Driver) -> None:
    at_desk.desk.moving.unproven.add(line_of(at_desk))
    at_desk.show("karimova")
    assert at_desk.title == "Look at the row"
    enter(at_desk)
    sheet_of(at_desk, OfficersSheet)
    two_pins(at_desk)
    at_desk.wait(lambda: at_desk.title == "May vote")


def test_a_line_with_the_mobile_team_comes_back_by_enter(at_desk: Driver) -> None:
    assert at_desk.window.moves is not None
    at_desk.show("karimova")
    at_desk.window.moves.set_team(line_of(at_desk), is_out=True)
    at_desk.settle()
    at_desk.settle()
    assert at_desk.title == "With the mobile team"
    at_desk.clock.advance(1)
    enter(at_desk)
    at_desk.wait(lambda: at_desk.title == "May vote")


def test_the_station_on_paper_says_so_until_it_is_keyed_in(at_desk: Driver) -> None:
    assert at_desk.window.moves is not None
    band = at_desk.window.state_band
    at_desk.window.moves.set_paper(is_on_paper=True)
    at_desk.settle()
    at_desk.settle()
    assert band.text.text().startswith("On paper since 10:24")
    at_desk.window.moves.set_paper(is_on_paper=False)
    at_desk.settle()
    at_desk.settle()
    assert not band.isVisible()


def test_two_officers_close_the_book_and_every_card_says_so(at_desk: Driver) -> None:
    assert at_desk.window.moves is not None
    at_desk.mark("karimova")
    at_desk.window.moves.open_close()
    sheet = sheet_of(at_desk, OfficersSheet)
    assert isinstance(sheet, OfficersSheet)
    assert sheet.sentences[0].text() == "Marked: 1"
    two_pins(at_desk)
    assert "B21" in at_desk.window.state_band.text.text()
    at_desk.check_in.clear()
    at_desk.show("g\u02bbaniyeva")
    assert at_desk.title == "The book is closed"
    assert at_desk.check_in.verdict.strip.sentence.text() == "Do not give ballots."


@pytest.mark.parametrize("why", [Failure.BOOK_SUPERSEDED, Failure.BOOK_ROLLED_BACK, Failure.BOOK_REVOKED])
def test_a_stopped_book_has_a_sentence_of_its_own(at_desk: Driver, why: Failure) -> None:
    at_desk.desk.moving.state = replace(at_desk.desk.moving.state, stopped=why)
    refresh(at_desk)
    assert why.code in at_desk.window.state_band.text.text()
    assert at_desk.window.state_band.property("tone") == "stop"
    at_desk.show("karimova")
    assert at_desk.title == "Stop marking here"


# The card's lock, the status line, messages


def test_a_card_is_held_while_it_is_open_and_left_with_escape(at_desk: Driver) -> None:
    at_desk.show("karimova")
    assert at_desk.desk.open_line == line_of(at_desk)
    at_desk.press(Qt.Key.Key_Escape)
    at_desk.settle()
    assert at_desk.desk.open_line is None


@pytest.mark.parametrize(
    ("state", "words", "mark"),
    [
        (MirrorState.OFF, "no mirror", "–"),
        (MirrorState.FOLLOWING, "mirror: complete", "✓"),
        (MirrorState.FILLING, "mirror: 3 to go", "…"),
        (MirrorState.AWAY, "mirror is missing", "!"),
    ],
)
def test_the_mirror_is_told_in_words_and_never_by_colour_alone(
    at_desk: Driver, state: MirrorState, words: str, mark: str
) -> None:
    failure = Failure.MIRROR_GONE if state is MirrorState.AWAY else None
    at_desk.desk.mirror = MirrorStatus(state, EntryNumber(4), EntryNumber(7), failure, ())
    refresh(at_desk)
    line = at_desk.window.status_line
    assert (line.mirror.text(), line.mirror_part.accessibleName()) == (words, words)
    at_desk.look(scale=200)
    assert line.mirror.text() == mark
    assert line.mirror_part.accessibleName() == words


def test_a_granted_line_is_told_at_once(at_desk: Driver) -> None:
    at_desk.desk.notices = (Notice(1, NoticeKind.GRANTED, "", 0, {"name": "Saidova Nodira"}),)
    refresh(at_desk)
    assert at_desk.window.toast.text.text().startswith("The line of Saidova Nodira has come here.")


# Words of documents


def test_what_a_zone_says_is_not_typed_again() -> None:
    assert words_in_box("  31210799000017 ").pinfl == STRANGER
    assert words_in_box("karimova 1979").pinfl == ""
    zone = "P<UZBKARIMOV<<ALISHER<<<<<<<<<<<<<<<<<<<<<<<\nZZ12345676UZB7910122M3001014312107990000174<"
    assert words_in_box("P<UZB" + "<" * 39).surname == ""
    assert words_in_box(zone).surname in {"", "Karimov"}


@pytest.mark.parametrize("text", ["12.10.1979", "1979-10-12", " 12.10.1979 "])
def test_days_are_typed_either_way(text: str) -> None:
    typed = day_typed(text)
    assert typed is not None
    assert typed.isoformat() == "1979-10-12"


def test_a_paper_is_kept_where_only_its_owner_reads_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(paper_viewer, "_folder", lambda: tmp_path)
    monkeypatch.setattr(paper_viewer.QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()) or True)
    assert paper_viewer.show_paper(PAPER, "x.pdf")
    assert opened == [str(tmp_path / "x.pdf")]
    assert (tmp_path / "x.pdf").read_bytes() == PAPER
    assert (tmp_path / "x.pdf").stat().st_mode & 0o077 == 0
