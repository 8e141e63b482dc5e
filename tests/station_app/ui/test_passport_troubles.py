"""Documents with a chip that cannot be read, are opened by what is typed, and leave nothing behind."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt

from pollbook.failures import Failure
from station_app.background import Background
from station_app.passports import CanKey, Phase, Readers, TypedKey, ZoneKey
from station_app.ui.passport_desk import PassportDesk
from station_app.ui.passport_key_sheet import PassportKeySheet
from station_app.ui.passport_stages import Empty, Failed, Lying, NoReader, Read, Reading
from station_app.ui.stages import Done, Shown, Waiting
from tests.station_app.ui.driver import Driver
from tests.station_app.ui.fake_passports import (
    READER,
    TODAY,
    FakeChip,
    FakeFinder,
    FakeFrames,
    FakePassports,
    portrait,
    zone_of,
)
from tests.station_app.ui.passport_table import Table

# Failures


@pytest.mark.parametrize(
    "failure",
    [
        Failure.DOCUMENT_REMOVED,
        Failure.DOCUMENT_MUTE,
        Failure.READER_IN_USE,
        Failure.NOT_A_TRAVEL_DOCUMENT,
        Failure.DOCUMENT_DOWNGRADE,
        Failure.DOCUMENT_BROKE_OFF,
        Failure.READER_AWAY,
    ],
)
def test_a_failed_reading_says_what_to_try_and_the_voter_is_marked_by_hand(table: Table, failure: Failure) -> None:
    voter = table.voter()
    table.read(FakeChip(zone_of(voter), failure=failure, fails_at=Phase.PROOFS))
    assert table.stage == Failed(table.stage.refused if isinstance(table.stage, Failed) else None)
    said = table.documents._texts.failure(failure)
    assert table.line.startswith(f"{said.cause}. {said.instruction}")
    assert "without the chip" in table.line
    assert f"({failure.code})" in table.line
    stage = table.driver.stage
    assert isinstance(stage, Shown)
    assert stage.card.voter == voter
    table.driver.press(Qt.Key.Key_Return)
    table.driver.wait(lambda: isinstance(table.driver.stage, Done))


def test_a_document_taken_away_is_read_again_when_it_lies_there_again(table: Table) -> None:
    zone = zone_of(table.voter())
    table.read(FakeChip(zone, failure=Failure.DOCUMENT_REMOVED, fails_at=Phase.PHOTO))
    table.passports.take_away()
    table.driver.settle()
    assert isinstance(table.stage, Failed)
    table.passports.lay(FakeChip(zone))
    table.wait_for(Read)


def test_three_wrong_keys_advise_the_search_by_name(table: Table) -> None:
    voter, other = table.voter(), table.voter("Xudoyberdiyev")
    table.passports.lay(FakeChip(zone_of(voter)))
    for tries in range(1, 4):
        table.scan(zone_of(other, expiry=f"3001{tries:02d}"))
        table.driver.wait(lambda: isinstance(table.stage, Failed))
        wanted = Failure.DOCUMENT_KEY_TRIES if tries == 3 else Failure.DOCUMENT_KEY_WRONG
        assert isinstance(table.stage, Failed)
        assert table.stage.refused.failure is wanted
        table.driver.check_in.finder.box.setText("")
    assert "after 3 tries" in table.line


def test_without_a_reader_nothing_is_in_sight_and_f3_says_so(at_desk: Driver, background: Background) -> None:
    passports = FakePassports()
    passports.readers = Readers()
    documents = PassportDesk(at_desk.window, at_desk.book, background, at_desk.check_in, lambda: TODAY)
    at_desk.window.use_documents(documents)
    documents.start(passports)
    at_desk.settle()
    assert documents.stage == NoReader()
    assert not at_desk.check_in.document.isVisible()
    at_desk.press_in_window(Qt.Key.Key_F3)
    assert "reader is not plugged in" in at_desk.window.toast.text.text()
    passports.plug(Readers((READER,)))
    at_desk.wait(lambda: isinstance(documents.stage, Empty))
    assert at_desk.check_in.document.isVisible()


@pytest.mark.parametrize(
    ("readers", "words"),
    [
        (Readers(), "reader is not plugged in"),
        (Readers(failure=Failure.READER_SERVICE_AWAY), "Tell IT staff"),
    ],
)
def test_a_reader_that_goes_away_during_the_day_is_told(table: Table, readers: Readers, words: str) -> None:
    table.passports.plug(readers)
    table.wait_for(NoReader)
    assert words in table.line
    table.driver.mark("karimova")
    table.passports.plug(Readers((READER,)))
    table.wait_for(Empty)


# Keys that are typed


def test_f3_takes_number_birth_and_expiry_and_what_the_open_card_knows_stands_there_already(table: Table) -> None:
    voter = table.voter()
    table.driver.show("karimova")
    table.passports.lay(FakeChip(zone_of(voter)))
    table.wait_for(Lying)
    table.driver.press_in_window(Qt.Key.Key_F3)
    sheet = table.driver.window.sheets.current
    assert isinstance(sheet, PassportKeySheet)
    assert (sheet.number.text, sheet.birth.text) == (voter.document, "02.11.1979")
    sheet.expiry.line.setText("01.01.2030")
    sheet.submit()
    table.wait_for(Read)
    assert [type(key) for key in table.passports.keys] == [TypedKey]
    key = table.passports.keys[0]
    assert isinstance(key, TypedKey)
    assert (key.number, key.birth, key.expiry) == (voter.document, "791102", "300101")


@pytest.mark.parametrize(("typed", "kind"), [("123456", CanKey), ("lines", ZoneKey)])
def test_f3_takes_six_digits_or_scanned_lines(table: Table, typed: str, kind: type) -> None:
    zone = zone_of(table.voter())
    table.passports.lay(FakeChip(zone))
    table.wait_for(Lying)
    table.driver.press_in_window(Qt.Key.Key_F3)
    sheet = table.driver.window.sheets.current
    assert isinstance(sheet, PassportKeySheet)
    lines = zone.lines if typed == "lines" else (typed,)
    for line in lines:
        table.driver.type(line)
        table.driver.press(Qt.Key.Key_Return)
    table.wait_for(Read)
    assert [type(key) for key in table.passports.keys] == [kind]


@pytest.mark.parametrize("typed", ["12345", "1234567", "abc", "P<UZBKARIMOVA<<"])
def test_what_cannot_open_a_chip_is_refused_before_it_is_tried(table: Table, typed: str) -> None:
    table.passports.lay(FakeChip(zone_of(table.voter())))
    table.wait_for(Lying)
    table.driver.press_in_window(Qt.Key.Key_F3)
    sheet = table.driver.window.sheets.current
    assert isinstance(sheet, PassportKeySheet)
    sheet.lines.line.setText(typed)
    sheet.submit()
    assert sheet.failure.isVisible()
    assert table.passports.keys == []


# Nothing is kept


def leave_by_escape(table: Table) -> None:
    table.driver.press(Qt.Key.Key_Escape)


def leave_by_marking(table: Table) -> None:
    table.driver.press(Qt.Key.Key_Return, modifiers=Qt.KeyboardModifier.ControlModifier)
    table.driver.wait(lambda: isinstance(table.driver.stage, Done))


def leave_by_typing(table: Table) -> None:
    table.driver.check_in.finder.box.setText("")
    table.driver.type("x")


def leave_by_locking(table: Table) -> None:
    table.driver.window.lock()


@pytest.mark.parametrize("leave", [leave_by_escape, leave_by_marking, leave_by_typing, leave_by_locking])
def test_when_the_voter_leaves_the_screen_nothing_of_the_document_is_left(
    table: Table, leave: Callable[[Table], object], background: Background
) -> None:
    table.documents.use_camera(FakeFrames(portrait(90)), FakeFinder())
    table.read(FakeChip(zone_of(table.voter(), number="ZZ7654321")))
    table.driver.desk.differences = ()
    leave(table)
    table.driver.settle()
    table.driver.settle()
    facts = table.driver.check_in.verdict.facts
    assert isinstance(table.stage, Lying)
    assert table.documents._key is None
    assert table.driver.desk.said is None
    assert not facts.photo.has_picture
    assert not facts.live.has_picture
    assert not table.driver.check_in.document.rows.isVisible()
    table.driver.wait(lambda: not [task for task in background._running if task.name == "face"])


def test_a_document_that_is_done_is_to_be_given_back_whatever_is_typed_meanwhile(table: Table) -> None:
    table.read(FakeChip(zone_of(table.voter())))
    table.driver.find("karim")
    assert table.stage == Lying(is_done=True)
    assert table.line.startswith("Give the document back.")
    table.passports.take_away()
    table.passports.lay(FakeChip(zone_of(table.voter())))
    table.wait_for(Lying)
    table.driver.wait(lambda: table.stage == Lying(is_done=False))


def test_what_a_reading_still_tells_after_the_voter_left_is_not_heard(table: Table) -> None:
    chip = FakeChip(zone_of(table.voter()), waits_at=frozenset({Phase.DATA}))
    table.passports.lay(chip)
    table.scan(chip.zone)
    table.wait_for(Reading)
    table.driver.press(Qt.Key.Key_Escape)
    chip.go_on.set()
    table.driver.settle()
    assert isinstance(table.stage, Lying)
    assert table.driver.stage == Waiting()
    assert "find_document" not in table.driver.desk.calls


def test_nothing_of_a_document_is_in_the_log(table: Table, caplog: pytest.LogCaptureFixture) -> None:
    voter = table.voter()
    with caplog.at_level(0):
        table.read(FakeChip(zone_of(voter), failure=Failure.DOCUMENT_REMOVED, fails_at=Phase.PHOTO))
        table.passports.take_away()
        table.read(FakeChip(zone_of(voter, number="ZZ7654321")))
    for secret in (voter.pinfl, voter.document, "ZZ7654321", "KARIMOVA", "NODIRA"):
        assert secret not in caplog.text
