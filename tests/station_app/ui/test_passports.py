"""Documents with a chip at the check-in screen: found early, proven late, never a reason by itself to refuse."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel

from pollbook.documents import Remark
from pollbook.texts import LANGUAGES
from station_app.document_says import ChipDetails, says_of_chip
from station_app.passports import Holds, Phase, Proof, Readers, Why
from station_app.ui.passport_sheet import PassportSheet
from station_app.ui.passport_stages import Empty, Lying, Read, Reading
from station_app.ui.stages import Done, Opening, Shown, Waiting
from tests.station_app.ui.conftest import OpenDesk
from tests.station_app.ui.driver import visible
from tests.station_app.ui.fake_passports import (
    READER,
    TODAY,
    FakeChip,
    FakeFinder,
    FakeFrames,
    portrait,
    with_proof,
    zone_of,
)
from tests.station_app.ui.passport_table import Table
from tests.station_app.ui.test_accessibility import unnamed
from tests.station_app.ui.test_fits import cut

# Finding by the chip


def test_the_voter_appears_while_the_photograph_still_loads(table: Table) -> None:
    voter = table.voter()
    chip = FakeChip(zone_of(voter), waits_at=frozenset({Phase.PHOTO}))
    table.passports.lay(chip)
    table.scan(chip.zone)
    table.driver.wait(lambda: isinstance(table.driver.stage, Shown))
    facts = table.driver.check_in.verdict.facts
    assert isinstance(table.stage, Reading)
    assert table.stage.progress.phase is Phase.PHOTO
    assert table.driver.check_in.document.progress.isVisible()
    assert facts.photo.isVisible()
    assert not facts.photo.has_picture
    place = facts.photo.geometry()
    chip.go_on.set()
    table.wait_for(Read)
    assert facts.photo.has_picture
    assert facts.photo.geometry() == place
    assert table.driver.title == "May vote"


def test_the_document_may_come_first_and_the_lines_later_and_the_other_way_round(table: Table) -> None:
    zone = zone_of(table.voter())
    table.passports.lay(FakeChip(zone))
    table.wait_for(Lying)
    assert table.line.startswith("A document is on the reader.")
    table.scan(zone)
    table.wait_for(Read)
    table.driver.press(Qt.Key.Key_Escape)
    table.driver.settle()
    assert isinstance(table.stage, Lying)
    assert table.line.startswith("Give the document back.")
    table.passports.take_away()
    table.wait_for(Empty)
    table.scan(zone)
    assert table.stage == Empty(is_key_known=True)
    assert table.line.startswith("Put the document on the reader.")
    table.passports.lay(FakeChip(zone))
    table.wait_for(Read)


def test_a_genuine_document_says_so_with_each_proof_in_words(table: Table) -> None:
    table.read(FakeChip(zone_of(table.voter())))
    assert table.line.startswith("Genuine document.")
    for words in ("data signed", "State known", "not withdrawn", "chip genuine", "connection protected"):
        assert words in table.line
    assert table.driver.title == "May vote"


def test_scanned_lines_and_the_voter_found_by_hand_are_compared_in_place(table: Table) -> None:
    voter = table.voter()
    table.driver.show(voter.pinfl)
    shown = table.driver.stage
    chip = FakeChip(zone_of(voter))
    table.passports.lay(chip)
    table.documents.take_zone(chip.zone)
    table.wait_for(Read)
    after = table.driver.stage
    assert isinstance(shown, Shown)
    assert isinstance(after, Shown)
    assert shown.card.beside is None
    assert after.card.beside is not None
    assert after.card.voter == voter


def test_a_document_of_nobody_in_the_list_leaves_the_manual_way_open(table: Table) -> None:
    stranger = replace(table.voter(), pinfl="31203799990007", document="ZZ9999999")
    table.read(FakeChip(zone_of(stranger)))
    assert table.driver.stage == Waiting(nothing_found=True)
    table.driver.press(Qt.Key.Key_Escape)
    table.driver.mark("karimova")


def test_another_state_s_document_is_told_and_finds_nobody(table: Table) -> None:
    table.read(FakeChip(zone_of(table.voter(), issuer="UTO")))
    assert "another State (UTO)" in table.line
    assert table.driver.stage == Waiting(nothing_found=True)


def test_an_expired_document_is_told_and_the_voter_is_marked_all_the_same(table: Table) -> None:
    table.read(FakeChip(zone_of(table.voter(), expiry="240229")))
    assert "It expired on 29.02.2024: the voter may still vote." in table.line
    assert table.driver.title == "May vote"
    table.driver.press(Qt.Key.Key_Return)
    table.driver.wait(lambda: isinstance(table.driver.stage, Done))


# What differs, what fails


def test_a_difference_is_shown_field_by_field_and_asks_to_look_closer(table: Table) -> None:
    voter = table.voter()
    table.read(FakeChip(zone_of(voter, number="ZZ7654321", given_name="NARGIZA")))
    assert table.driver.title == "Look closer"
    rows = table.driver.check_in.document.rows
    assert rows.isVisible()
    assert rows.accessibleName() == (
        "document number: differs. ZZ7654321 · ZZ1000001; given name: differs. NARGIZA · Nodira"
    )
    table.driver.press(Qt.Key.Key_Return)
    assert isinstance(table.driver.stage, Shown)
    table.driver.press(Qt.Key.Key_Return, modifiers=Qt.KeyboardModifier.ControlModifier)
    table.driver.wait(lambda: isinstance(table.driver.stage, Done))


@pytest.mark.parametrize(
    ("proof", "words"),
    [
        (Proof.CHIP, "it may be a copy"),
        (Proof.SIGNED, "not what its State signed"),
        (Proof.ISSUER, "not a true one of its State"),
        (Proof.NOT_REVOKED, "has withdrawn"),
    ],
)
def test_a_proof_that_fails_turns_the_card_amber_and_never_refuses(table: Table, proof: Proof, words: str) -> None:
    table.read(FakeChip(zone_of(table.voter()), with_proof(proof, Holds.FAILS)))
    assert table.line.startswith("Do not trust this document. Do not give ballots before the chair has decided.")
    assert table.driver.title == "Look closer"
    assert words in table.driver.check_in.verdict.strip.accessibleName()
    stage = table.driver.stage
    assert isinstance(stage, Shown)
    assert stage.may_mark


def test_what_the_proofs_say_is_compared_though_the_card_of_the_data_opens_meanwhile(table: Table) -> None:
    says = says_of_chip(zone_of(table.voter()), ChipDetails(), TODAY)
    check_in, stages = table.driver.check_in, []

    def tell_the_proofs(_found: object) -> None:
        if not stages:
            stages.append(type(check_in.stage))
            check_in.show_document(replace(says, doubts=(Remark.COPIED,)))

    check_in.searching.document_found.connect(tell_the_proofs)
    check_in.show_document(says)
    table.driver.wait(lambda: table.driver.title == "Look closer")
    assert stages == [Opening]


def test_a_press_as_the_card_turns_amber_marks_nobody(table: Table) -> None:
    chip = FakeChip(zone_of(table.voter()), with_proof(Proof.CHIP, Holds.FAILS), waits_at=frozenset({Phase.PHOTO}))
    table.passports.lay(chip)
    table.scan(chip.zone)
    table.driver.wait(lambda: isinstance(table.driver.stage, Shown))
    table.driver.clock.advance(1)
    chip.go_on.set()
    table.driver.wait(lambda: table.driver.title == "Look closer")
    table.driver.press(Qt.Key.Key_Return)
    table.driver.press(Qt.Key.Key_Return, modifiers=Qt.KeyboardModifier.ControlModifier)
    table.driver.settle()
    assert isinstance(table.driver.stage, Shown)
    assert table.driver.desk.marks == []


@pytest.mark.parametrize(
    ("proof", "holds", "why"),
    [
        (Proof.ISSUER, Holds.NOT_CHECKED, Why.NO_ISSUER),
        (Proof.CHIP, Holds.NOT_OFFERED, Why.OLD_DOCUMENT),
        (Proof.CONNECTION, Holds.WEAKER, Why.DOWNGRADE),
    ],
)
def test_what_was_not_proven_is_said_and_changes_no_verdict(table: Table, proof: Proof, holds: Holds, why: Why) -> None:
    table.read(FakeChip(zone_of(table.voter()), with_proof(proof, holds, why)))
    assert table.line.startswith("Read; not everything could be checked.")
    assert table.driver.title == "May vote"


def test_printed_lines_that_the_chip_contradicts_ask_to_look_closer(table: Table) -> None:
    voter = table.voter()
    printed = zone_of(voter)
    chip = FakeChip(zone_of(voter, given_name="NODIRAXON"), opens_with=printed)
    table.passports.lay(chip)
    table.scan(printed)
    table.wait_for(Read)
    table.driver.wait(lambda: table.driver.title == "Look closer")
    assert "say different things" in table.driver.check_in.verdict.strip.accessibleName()


# The sheet of details and the face


def open_details(table: Table) -> PassportSheet:
    table.driver.press_in_window(Qt.Key.Key_F3)
    sheet = table.driver.window.sheets.current
    assert isinstance(sheet, PassportSheet)
    return sheet


def test_f3_after_a_reading_shows_every_field_and_every_proof(table: Table) -> None:
    table.read(FakeChip(zone_of(table.voter()), with_proof(Proof.ISSUER, Holds.NOT_CHECKED, Why.NO_ISSUER)))
    sheet = open_details(table)
    texts = " ".join(label.text() for label in visible(sheet, QLabel))  # type: ignore[attr-defined] - labels
    for words in ("PINFL", "patronymic", "KARIMOVA", "02.11.79", "State not checked", "IT staff can import it", "PACE"):
        assert words in texts
    assert "4021179" not in texts


def test_without_a_camera_the_sheet_says_so(table: Table) -> None:
    table.documents.use_camera(None, FakeFinder())
    table.read(FakeChip(zone_of(table.voter())))
    assert open_details(table).faces.sentence.text().startswith("No camera looks at the table.")
    assert not table.driver.check_in.verdict.facts.live.isVisible()


@pytest.mark.parametrize(
    ("finder", "words"),
    [
        (FakeFinder(), "Model files for a similarity are not on this laptop."),
        (FakeFinder(alike=0.83), "Likeness 0.83; one person usually has 0.36 or more. A help, not a verdict."),
        (FakeFinder(box=None), "No face is found in the picture."),
    ],
)
def test_with_a_camera_the_person_stands_beside_the_photograph(table: Table, finder: FakeFinder, words: str) -> None:
    table.documents.use_camera(FakeFrames(portrait(90)), finder)
    table.read(FakeChip(zone_of(table.voter())))
    live = table.driver.check_in.verdict.facts.live
    table.driver.wait(lambda: live.has_picture)
    assert live.isVisible()
    sheet = open_details(table)
    assert words in sheet.faces.sentence.text()
    assert sheet.faces.live.has_picture
    assert table.driver.title == "May vote"


def test_a_camera_that_gives_no_picture_is_told(table: Table) -> None:
    table.documents.use_camera(FakeFrames(None), FakeFinder())
    table.read(FakeChip(zone_of(table.voter())))
    table.driver.wait(lambda: table.documents._face is not None)
    assert open_details(table).faces.sentence.text().startswith("The camera gives no picture.")


# Training


def test_in_training_a_document_of_the_voter_is_put_on_the_reader_from_the_list_of_actions(table: Table) -> None:
    table.driver.show("karimova")
    actions = {action.text: action.do for action in table.documents.actions()}
    actions["action_training_copy"]()
    table.wait_for(Read)
    table.driver.wait(lambda: table.driver.title == "Look closer")
    actions["action_training_take_away"]()
    table.driver.press(Qt.Key.Key_Escape)
    table.wait_for(Empty)


# How it looks


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("scale", [100, 200])
def test_every_word_of_a_document_fits(table: Table, language: str, scale: int) -> None:
    driver = table.driver
    driver.look(language=language, scale=scale)
    table.driver.settle()
    found = cut(driver.window)
    table.read(FakeChip(zone_of(table.voter(), number="ZZ7654321"), with_proof(Proof.CHIP, Holds.FAILS)))
    found += cut(driver.window)
    driver.press_in_window(Qt.Key.Key_F3)
    driver.settle()
    found += cut(driver.window)
    driver.window.sheets.close()
    driver.press(Qt.Key.Key_Escape)
    driver.settle()
    found += cut(driver.window)
    driver.press_in_window(Qt.Key.Key_F3)
    driver.settle()
    found += cut(driver.window)
    assert found == []


def test_a_second_document_on_another_reader_is_the_one_that_is_read(table: Table) -> None:
    other = "Reader 01 00"
    table.passports.plug(Readers((READER, other)))
    table.passports.plug(Readers((READER, other), (READER,)))
    table.wait_for(Lying)
    table.passports.plug(Readers((READER, other), (READER, other)))
    table.driver.settle()
    table.passports.chip = FakeChip(zone_of(table.voter()))
    table.scan(table.passports.chip.zone)
    table.wait_for(Read)
    assert table.passports.readers_asked == [other]


def test_everything_of_a_document_that_takes_the_focus_has_a_name(table: Table) -> None:
    driver = table.driver
    table.passports.lay(FakeChip(zone_of(table.voter())))
    table.wait_for(Lying)
    nameless = unnamed(driver)
    driver.press_in_window(Qt.Key.Key_F3)
    nameless += unnamed(driver)
    driver.window.sheets.close()
    table.scan(zone_of(table.voter()))
    table.wait_for(Read)
    driver.press_in_window(Qt.Key.Key_F3)
    nameless += unnamed(driver)
    assert nameless == []


def test_the_focus_stays_in_the_search_box_while_a_document_is_read(table: Table) -> None:
    table.read(FakeChip(zone_of(table.voter())))
    assert QApplication.focusWidget() is table.driver.check_in.finder.box


def test_a_reader_needs_no_document_desk(make_driver: OpenDesk) -> None:
    driver = make_driver()
    driver.take_desk()
    driver.press_in_window(Qt.Key.Key_F3)
    assert driver.window.sheets.current is None
