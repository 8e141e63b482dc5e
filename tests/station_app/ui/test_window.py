from __future__ import annotations

import dataclasses
from datetime import timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget

from pollbook.failures import Failure, WorldFailed
from pollbook.texts import LANGUAGES
from pollbook.types import EntryNumber
from station_app.desk import LinkState, LinkStatus, MirrorState, MirrorStatus, Notice, NoticeKind
from station_app.ui.actions_sheet import ActionsSheet
from station_app.ui.appearance import Appearance, load_appearance, save_appearance
from station_app.ui.help_sheet import HelpSheet
from station_app.ui.messages_sheet import MessagesSheet
from station_app.ui.settings_sheet import SettingsSheet
from station_app.ui.sheet import Sheet
from station_app.ui.stages import Done, Shown
from station_app.ui.theme import SCALES, THEMES
from tests.station_app.ui.conftest import OpenDesk
from tests.station_app.ui.demo_desk import START, DemoDesk
from tests.station_app.ui.driver import Driver


def test_the_language_changes_while_the_voter_stays_on_the_screen(at_desk: Driver) -> None:
    at_desk.show("karimova")
    titles = set()
    for language in LANGUAGES:
        at_desk.look(language=language)
        assert isinstance(at_desk.stage, Shown)
        assert at_desk.check_in.verdict.facts.name.text() == "Karimova Nodira Botirovna"
        titles.add(at_desk.title)
    assert len(titles) == 5
    assert at_desk.is_box_focused
    at_desk.press(Qt.Key.Key_Return)
    at_desk.wait(lambda: isinstance(at_desk.stage, Done))


def test_the_list_and_its_count_are_read_anew_in_another_language(at_desk: Driver) -> None:
    at_desk.find("karimov")
    at_desk.look(language="ru")
    assert at_desk.check_in.finder.count.text().startswith("Найдено: 4")
    spoken = at_desk.check_in.finder.model.index(0).data()
    assert "дата рождения 12.03.1979" in spoken


def test_theme_and_size_change_while_the_voter_stays_on_the_screen(at_desk: Driver) -> None:
    at_desk.show("karimova")
    for theme, scale in (("dark", 100), ("dark", 200), ("light", 150)):
        at_desk.look(theme=theme, scale=scale)
        assert at_desk.title == "May vote"
        assert at_desk.check_in.verdict.main.height() >= 56
    at_desk.press(Qt.Key.Key_Return)
    at_desk.wait(lambda: isinstance(at_desk.stage, Done))


def test_keys_change_the_text_size_between_100_and_200_per_cent(at_desk: Driver) -> None:
    for _ in range(6):
        at_desk.press_in_window(Qt.Key.Key_Plus, Qt.KeyboardModifier.ControlModifier)
    assert at_desk.window.appearance.scale == 200
    for _ in range(6):
        at_desk.press_in_window(Qt.Key.Key_Minus, Qt.KeyboardModifier.ControlModifier)
    assert at_desk.window.appearance.scale == 100


def test_choices_are_saved_and_read_again(tmp_path: Path) -> None:
    chosen = Appearance("kaa", "dark", 175, sound=False)
    save_appearance(tmp_path, chosen)
    assert load_appearance(tmp_path) == chosen


@pytest.mark.parametrize("text", ["", "[]", "{", '{"language": "xx", "theme": 3, "scale": 99, "sound": "no"}'])
def test_choices_that_make_no_sense_are_the_defaults(tmp_path: Path, text: str) -> None:
    (tmp_path / "appearance.json").write_text(text, "utf-8")
    assert load_appearance(tmp_path) == Appearance()


def test_a_folder_that_is_not_there_is_not_made_for_a_choice(tmp_path: Path) -> None:
    save_appearance(tmp_path / "no", Appearance())
    assert not (tmp_path / "no").exists()


@pytest.mark.parametrize(
    ("key", "modifier", "kind"),
    [
        (Qt.Key.Key_F1, Qt.KeyboardModifier.NoModifier, HelpSheet),
        (Qt.Key.Key_F10, Qt.KeyboardModifier.NoModifier, SettingsSheet),
        (Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier, ActionsSheet),
    ],
)
def test_a_key_opens_a_sheet_and_escape_closes_it(
    at_desk: Driver, key: Qt.Key, modifier: Qt.KeyboardModifier, kind: type[Sheet]
) -> None:
    at_desk.press_in_window(key, modifier)
    assert isinstance(at_desk.window.sheets.current, kind)
    at_desk.press_in_window(Qt.Key.Key_F1)  # a second sheet does not open over the first
    assert isinstance(at_desk.window.sheets.current, kind)
    at_desk.press(Qt.Key.Key_Escape)
    at_desk.settle()
    assert at_desk.window.sheets.current is None
    assert at_desk.is_box_focused


def test_no_sheet_covers_the_training_band(at_desk: Driver) -> None:
    for scale in (100, 200):
        at_desk.look(scale=scale)
        for open_sheet in (at_desk.window.sheets.open_help, at_desk.window.open_settings, at_desk.window.open_actions):
            open_sheet()
            at_desk.settle()
            sheet = at_desk.window.sheets.current
            assert sheet is not None
            assert sheet.y() >= at_desk.window.band.geometry().bottom()
            at_desk.window.sheets.close()
            at_desk.settle()


def test_an_action_is_found_by_typing_and_done_by_enter(at_desk: Driver) -> None:
    at_desk.press_in_window(Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    at_desk.type("русск")
    at_desk.press(Qt.Key.Key_Return)
    at_desk.wait(lambda: at_desk.window.appearance.language == "ru")
    assert at_desk.window.sheets.current is None


def test_settings_change_language_theme_and_size_at_once(at_desk: Driver) -> None:
    at_desk.window.open_settings()
    sheet = at_desk.window.sheets.current
    assert isinstance(sheet, SettingsSheet)
    buttons = {button.text(): button for group in sheet.buttons.values() for button in group}
    assert QApplication.focusWidget() is buttons["English"]
    buttons["Ўзбекча"].click()
    assert sheet.title.text() == "Созламалар"
    sheet.buttons["settings_theme"][THEMES.index("dark")].click()
    sheet.buttons["settings_scale"][SCALES.index(150)].click()
    sheet.buttons["settings_sound"][0].click()
    assert at_desk.saved[-1] == Appearance("uz_Cyrl", "dark", 150, sound=True)


def test_keys_pressed_under_an_open_sheet_do_not_reach_the_voter(at_desk: Driver) -> None:
    at_desk.show("karimova")
    at_desk.window.sheets.open_help()
    at_desk.settle()
    at_desk.press(Qt.Key.Key_Return)
    at_desk.settle()
    assert "mark" not in at_desk.desk.calls


def test_training_is_said_on_every_screen(start: Driver) -> None:
    assert start.window.band.isVisible()
    start.take_desk()
    assert start.window.band.isVisible()
    assert "TRAINING" in start.window.band.text.text()


def test_a_real_election_has_no_band_and_no_word_of_training(make_driver: OpenDesk, desk: DemoDesk) -> None:
    real = dataclasses.replace(desk.station, election=dataclasses.replace(desk.station.election, training=False))
    desk.real_station = real
    driver = make_driver()
    assert not driver.window.band.isVisible()
    assert not driver.sign_in.training.isVisible()


def test_the_status_line_tells_the_link_what_waits_and_the_age_of_what_is_known(at_desk: Driver) -> None:
    line = at_desk.window.status_line
    assert line.link.text() == "Link: not tried yet"
    at_desk.window.show_link(LinkStatus(LinkState.GOOD, START - timedelta(minutes=2), None, None))
    assert line.link.text() == "Link: in order"
    assert line.confirmed.text() == "confirmed: 10:22 (2 min ago)"
    at_desk.window.show_link(LinkStatus(LinkState.AWAY, None, Failure.REGISTER_UNREACHABLE, None))
    assert line.link.text() == "Link: away (L01)"
    assert line.confirmed.text() == "confirmed: 10:22 (2 min ago)"  # what was confirmed stays so
    assert line.link.toolTip()
    at_desk.clock.advance(3 * 3600)
    at_desk.window.tick()
    assert line.confirmed.text() == "confirmed: 10:22 (3 h ago)"
    assert line.clock.text() == "13:24"
    assert line.list_at.text() == "list as of 07:42"


SKEWED = Notice(1, NoticeKind.ANOMALY, "clock_skewed", 7)


def tell(driver: Driver, *notices: Notice) -> None:
    driver.desk.notices = (*driver.desk.notices, *notices)
    driver.window.refresh()
    driver.settle()


def test_a_notice_of_the_registers_is_said_in_words_and_once(at_desk: Driver) -> None:
    toast = at_desk.window.toast
    tell(at_desk, SKEWED)
    assert toast.isVisible()
    assert toast.text.text().startswith("This laptop's clock differs")
    main = at_desk.check_in.verdict.main
    assert toast.geometry().right() < main.mapTo(at_desk.window, main.rect().topLeft()).x(), (
        "Enter's button stays in sight"
    )
    toast.hide()
    tell(at_desk)
    assert not toast.isVisible()
    tell(at_desk, dataclasses.replace(SKEWED, number=2))  # the same words, but another message
    assert toast.isVisible()


def test_several_messages_of_the_centre_are_all_reached_from_the_status_line(at_desk: Driver) -> None:
    line = at_desk.window.status_line
    assert not line.messages.isVisible()
    told = (SKEWED, Notice(2, NoticeKind.NOTICE, "Close at <b>20:00</b>", 0), Notice(3, NoticeKind.REVOKED, "lost", 0))
    tell(at_desk, *told)
    assert at_desk.window.toast.text.text().startswith("New messages from the centre: 3.")
    assert line.messages.text() == "messages: 3"
    assert line.messages.property("kind") == "unread"
    line.messages.click()
    sheet = at_desk.window.sheets.current
    assert isinstance(sheet, MessagesSheet)
    assert [row.text.text() for row in sheet.rows][1] == "Close at <b>20:00</b>"
    assert [row.property("tone") for row in sheet.rows] == ["stop", "plain", "closer"]
    assert sheet.rows[2].place.text() == "Message 1 · record 7"
    assert line.messages.property("kind") == "quiet"
    assert not at_desk.window.toast.isVisible()
    at_desk.look(language="ru")
    assert sheet.title.text() == "Сообщения центра"
    at_desk.press(Qt.Key.Key_Escape)
    at_desk.settle()
    assert at_desk.is_box_focused


def test_the_actions_lead_to_the_messages_though_there_are_none(at_desk: Driver) -> None:
    at_desk.press_in_window(Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    at_desk.type("centre")
    at_desk.press(Qt.Key.Key_Return)
    at_desk.wait(lambda: isinstance(at_desk.window.sheets.current, MessagesSheet))
    sheet = at_desk.window.sheets.current
    assert isinstance(sheet, MessagesSheet)
    assert sheet.nothing.isVisible()


def test_a_message_too_long_for_the_foot_is_read_in_the_list(at_desk: Driver) -> None:
    tell(at_desk, Notice(1, NoticeKind.NOTICE, "x " * 999, 0))
    assert at_desk.window.toast.text.text().startswith("New messages")


def test_what_can_wait_is_done_every_half_minute(at_desk: Driver) -> None:
    at_desk.clock.advance(29)
    at_desk.window.tick()
    at_desk.settle()
    assert "keep" not in at_desk.desk.calls
    at_desk.clock.advance(1)
    at_desk.window.tick()
    at_desk.settle()
    assert at_desk.desk.calls.count("keep") == 1


def test_what_the_mirror_lacks_goes_to_it_while_nobody_types(at_desk: Driver) -> None:
    window, calls = at_desk.window, at_desk.desk.calls
    at_desk.desk.mirror = MirrorStatus(MirrorState.FILLING, EntryNumber(4), EntryNumber(7), None, ())
    calls.clear()
    at_desk.press(Qt.Key.Key_J)
    window.tick()
    at_desk.settle()
    assert "follow_mirror" not in calls, "a key was pressed just now"
    at_desk.clock.advance(2)
    window.tick()
    at_desk.settle()
    assert "follow_mirror" in calls
    assert window.status_line.mirror.text() == "mirror: 3 to go"
    assert window._filling.isActive(), "more of it goes at once"
    at_desk.desk.mirror = MirrorStatus(MirrorState.FOLLOWING, EntryNumber(7), EntryNumber(7), None, ())
    window._filling.timeout.emit()
    at_desk.settle()
    assert window.status_line.mirror.text() == "mirror: complete"
    window._filling.stop()


def test_a_mirror_that_fails_once_a_second_is_not_told_once_a_second(at_desk: Driver) -> None:
    at_desk.desk.breaks = WorldFailed(Failure.DISK_FULL)
    at_desk.clock.advance(2)
    at_desk.window.tick()
    at_desk.settle()
    assert not at_desk.window.toast.isVisible()


def test_the_tab_order_is_the_reading_order(at_desk: Driver) -> None:
    at_desk.mark("jamshid")
    at_desk.show("karimova")
    panel = at_desk.check_in
    channels = [button for button in panel.verdict.channel.buttons.values() if button.isChecked()]
    order = [panel.finder.box, panel.finder.list, panel.marks.list, *channels, panel.verdict.main, panel.verdict.back]
    seen: list[QWidget | None] = []
    for _ in order:
        seen.append(QApplication.focusWidget())
        at_desk.press(Qt.Key.Key_Tab)
    assert seen == order


def test_a_book_that_cannot_be_opened_says_why_and_what_to_do(make_driver: OpenDesk) -> None:
    driver = make_driver()
    driver.window._not_opened(WorldFailed(Failure.BOOK_IN_USE))
    assert not driver.window.notice.sentence.isVisible(), "the other window works: nobody goes back to paper"
    notice = driver.window.notice
    assert driver.window.pages.currentWidget() is notice
    assert "S02" in notice.failure.text.text()
    assert not notice.main.isVisible()
    driver.look(language="ru")
    assert "S02" in notice.failure.text.text()
    assert not notice.step.isVisible()
    driver.window._not_opened(WorldFailed(Failure.BOOK_KEY_MISSING))
    assert driver.window.notice.sentence.isVisible()
    assert "uchastka book recover" in notice.step.text()
    driver.window._not_opened(WorldFailed(Failure.NOT_ENROLLED))
    assert notice.main.isVisible()
    assert notice.title.text() == "Ноутбук ещё не подключён"
    asked: list[bool] = []
    driver.window.enrolment_asked.connect(lambda: asked.append(True))
    notice.main.click()
    assert asked == [True]


def test_closing_the_window_does_what_was_asked_before(at_desk: Driver) -> None:
    at_desk.show("karimova")
    at_desk.press(Qt.Key.Key_Return)
    at_desk.window.close()
    at_desk.book.close()
    assert len(at_desk.desk.marked) == 1


def test_letters_that_no_action_has_are_said_to_fit_nothing(at_desk: Driver) -> None:
    at_desk.press_in_window(Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    sheet = at_desk.window.sheets.current
    assert isinstance(sheet, ActionsSheet)
    assert not sheet.nothing.isVisible()
    at_desk.type("zzz")
    assert sheet.nothing.isVisible()
    at_desk.press(Qt.Key.Key_Return)
    assert at_desk.window.sheets.current is sheet
