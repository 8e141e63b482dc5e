"""Documents with a chip at the check-in screen: found early, proven late, never a reason by itself to refuse."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel

from devices.emrtd.mrz import Mrz
from pollbook.documents import Remark
from pollbook.failures import Failure
from pollbook.texts import LANGUAGES
from pollbook.voters import Voter
from station_app.background import Background
from station_app.document_says import ChipDetails, says_of_chip
from station_app.passports import CanKey, Holds, Phase, Proof, Readers, TypedKey, Why, ZoneKey
from station_app.ui.passport_desk import PassportDesk
from station_app.ui.passport_key_sheet import PassportKeySheet
from station_app.ui.passport_sheet import PassportSheet
from station_app.ui.passport_stages import Empty, Failed, Lying, NoReader, PassportStage, Read, Reading
from station_app.ui.stages import Done, Opening, Shown, Waiting
from tests.station_app.ui.conftest import OpenDesk
from tests.station_app.ui.driver import Driver, visible
from tests.station_app.ui.fake_passports import (
    READER,
    TODAY,
    FakeChip,
    FakeFinder,
    FakeFrames,
    FakePassports,
    portrait,
    typed_lines,
    with_proof,
    zone_of,
)
from tests.station_app.ui.test_accessibility import unnamed
from tests.station_app.ui.test_fits import cut


@dataclass
class Table:
    """A desk with a reader."""

    driver: Driver
    passports: FakePassports
    documents: PassportDesk

    @property
    def stage(self) -> PassportStage:
        return self.documents.stage

    @property
    def line(self) -> str:
        """What the document's line says, as a screen reader does."""
        return self.driver.check_in.document.accessibleName()

    def voter(self, surname: str = "Karimova") -> Voter:
        return next(voter for voter in self.driver.desk.voters.values() if voter.surname == surname)

    def scan(self, zone: Mrz) -> None:
        self.driver.check_in.finder.box.setFocus()
        self.driver.type(typed_lines(zone))
        self.driver.settle()

    def wait_for(self, kind: type) -> None:
        self.driver.wait(lambda: isinstance(self.stage, kind))
        self.driver.settle()

    def read(self, chip: FakeChip) -> None:
        """Laid down and scanned; read to its end."""
        self.passports.lay(chip)
        self.scan(chip.zone)
        self.driver.wait(lambda: isinstance(self.stage, (Read, Failed)))
        self.driver.settle()
        self.driver.wait(lambda: not self.driver.check_in.searching.is_under_way)
        self.driver.settle()
        self.driver.clock.advance(1)


def with_reader(driver: Driver, passports: FakePassports, background: Background) -> Table:
    documents = PassportDesk(driver.window, driver.book, background, driver.check_in, lambda: TODAY)
    driver.window.use_documents(documents)
    documents.start(passports, passports)
    driver.wait(lambda: not isinstance(documents.stage, NoReader))
    return Table(driver, passports, documents)


@pytest.fixture
def background() -> Iterator[Background]:
    made = Background()
    yield made
    made.close()


@pytest.fixture
def table(at_desk: Driver, background: Background) -> Table:
    return with_reader(at_desk, FakePassports(), background)


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
