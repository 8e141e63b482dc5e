"""The cameras on the desktop: seen, masked, signed off, opened for others; and never in the way of a mark."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from devices.camera.health import Alarm, Light
from devices.camera.job import Status
from pollbook.failures import Failure
from pollbook.texts import LANGUAGES
from station_app.cameras.settings import Limits
from station_app.live.room import CameraShown
from station_app.ui.add_camera_sheet import AddCameraSheet
from station_app.ui.appearance import Appearance
from station_app.ui.mask_area import STEP
from station_app.ui.masks_sheet import MasksSheet
from station_app.ui.observers_sheet import ObserversSheet
from station_app.ui.recordings_room_sheet import RecordingsRoomSheet
from station_app.ui.sign_view_sheet import SignViewSheet
from station_app.ui.stages import Done, Shown
from tests.station_app.live.rooms import BOOTH, DemoHouse
from tests.station_app.ui.conftest import OpenDesk
from tests.station_app.ui.demo_cameras import CameraDriver
from tests.station_app.ui.driver import Driver
from tests.station_app.ui.test_accessibility import unnamed
from tests.station_app.ui.test_fits import look_at

FOUR = ("booths", "entrance", "hall", "table")
WithCameras = Callable[..., CameraDriver]


@pytest.fixture
def with_cameras(tmp_path: Path) -> Iterator[WithCameras]:
    made: list[CameraDriver] = []

    def make(driver: Driver, *names: str, masks: tuple[tuple[int, int, int, int], ...] = BOOTH) -> CameraDriver:
        made.append(CameraDriver(driver, DemoHouse(*names, masks=masks), tmp_path))
        return made[-1]

    yield make
    for cameras in made:
        cameras.close()


@pytest.fixture
def cameras(at_desk: Driver, with_cameras: WithCameras) -> CameraDriver:
    return with_cameras(at_desk, *FOUR)


def name(widget: QWidget) -> str:
    interface = QAccessible.queryAccessibleInterface(widget)
    assert interface is not None
    return interface.text(QAccessible.Text.Name)


# Looking


def test_one_key_opens_the_cameras_and_leads_back_to_the_voter(cameras: CameraDriver) -> None:
    driver = cameras.driver
    driver.show("karimova")
    driver.press_in_window(Qt.Key.Key_F8)
    assert driver.window.pages.currentWidget() is cameras.screen
    assert QApplication.focusWidget() is cameras.screen.tiles["booths"].picture
    driver.press_in_window(Qt.Key.Key_F8)
    assert isinstance(driver.stage, Shown)
    assert driver.is_box_focused


def test_an_alarm_is_told_at_the_foot_and_a_mark_goes_on_as_if_there_were_none(cameras: CameraDriver) -> None:
    driver = cameras.driver
    status = driver.window.status_line.cameras
    assert status.button.text() == "cameras: 4 in order"
    driver.show("karimova")
    cameras.house.alarm("hall", Alarm.COVERED, Alarm.CLOCK_OFF)
    cameras.refresh()
    assert status.button.text() == "camera hall: covered"
    assert status.sign.tone == "stop"
    assert driver.is_box_focused
    assert driver.window.sheets.current is None
    assert not driver.window.toast.isVisible()
    driver.press(Qt.Key.Key_Return)
    driver.wait(lambda: isinstance(driver.stage, Done))
    cameras.house.alarm("hall")
    cameras.refresh()
    assert status.button.text() == "cameras: 4 in order"


def test_several_alarms_are_told_by_the_worst_and_how_many_more(cameras: CameraDriver) -> None:
    cameras.house.alarm("booths", Alarm.BLURRED)
    cameras.house.alarm("table", Alarm.LOST)
    cameras.refresh()
    assert cameras.driver.window.status_line.cameras.button.text() == "camera table: no picture, +1"


def test_where_the_foot_has_no_room_the_words_end_in_an_ellipsis_and_are_still_read_out(
    make_driver: OpenDesk, with_cameras: WithCameras
) -> None:
    driver = make_driver(Appearance("uz_Latn", scale=125, sound=False))
    driver.take_desk()
    cameras = with_cameras(driver, *FOUR)
    cameras.house.alarm("entrance", Alarm.RECONNECTING)
    cameras.house.alarm("hall", Alarm.LOST)
    cameras.refresh()
    button = driver.window.status_line.cameras.button
    whole = "entrance kamerasi: aloqa qayta-qayta uzilmoqda, +1"
    assert button.text().endswith("\u2026")
    assert whole.startswith(button.text()[:-1])
    assert len(button.text()) > 8
    assert name(button) == button.toolTip() == whole


def test_a_station_without_cameras_has_nothing_of_them_at_its_foot(at_desk: Driver) -> None:
    assert not at_desk.window.status_line.cameras.isVisible()
    at_desk.window.open_cameras()
    assert at_desk.window.pages.currentWidget() is at_desk.check_in


def test_the_grid_shows_each_camera_with_the_time_an_alarm_began(cameras: CameraDriver) -> None:
    cameras.house.alarm("hall", Alarm.MOVED)
    cameras.refresh()
    cameras.open()
    tile = cameras.screen.tiles["hall"]
    assert tile.words.text() == "hall: moved since 10:21"
    assert name(tile.picture) == "Camera hall: moved since 10:21. Enter shows it large."
    assert tile.recorded.text() == "recorded until 10:23"
    assert [each.isVisible() for each in cameras.screen.tiles.values()] == [True] * 4


def test_the_newest_picture_is_painted_and_its_masks_over_it(cameras: CameraDriver) -> None:
    cameras.open()
    picture = cameras.screen.tiles["hall"].picture
    before = picture.grab().toImage()
    cameras.look()
    after = picture.grab().toImage()
    assert picture.shown is not None
    assert picture.shown.number == cameras.house.number
    assert before != after
    spot = picture.picture_rect.topLeft().toPoint() + QPoint(20, 20)
    pixels = picture.shown.pixels
    scale = pixels.shape[1] / picture.picture_rect.width()
    wanted = pixels[round(20 * scale), round(20 * scale)]
    assert abs(after.pixelColor(spot).blue() - int(wanted[0])) < 40


def test_a_digit_and_enter_show_one_camera_large_and_esc_leads_back_step_by_step(cameras: CameraDriver) -> None:
    cameras.open()
    driver, screen = cameras.driver, cameras.screen
    driver.press(Qt.Key.Key_3, "3")
    assert screen.chosen == "hall"
    assert screen.title.text() == "hall"
    said = [text.text() for text in screen.words if text.isVisible()]
    assert "newest whole segment: 204, 10:22 to 10:23, 14.7 MB" in said
    assert "newest gap: 07:05 to 07:06, the camera was gone" in said
    assert "1920×1080, 25 pictures a second, 1,950 kbit/s" in said
    assert "privacy masks: 1" in said
    assert "days of recording left: 23" in said
    driver.press(Qt.Key.Key_Escape)
    assert screen.chosen is None
    assert QApplication.focusWidget() is screen.tiles["hall"].picture
    driver.press(Qt.Key.Key_Return)
    assert screen.chosen == "hall"
    driver.press(Qt.Key.Key_Escape)
    driver.press(Qt.Key.Key_Escape)
    assert driver.window.pages.currentWidget() is driver.check_in


def test_the_cameras_are_looked_for_only_while_they_are_seen(cameras: CameraDriver) -> None:
    assert not cameras.screen._looks.isActive()
    cameras.open()
    assert cameras.screen._looks.isActive()
    cameras.driver.window.lock()
    assert not cameras.screen._looks.isActive()
    assert cameras.driver.window.pages.currentWidget() is cameras.driver.sign_in


def test_nobody_sees_the_cameras_at_a_locked_desk(cameras: CameraDriver) -> None:
    cameras.driver.window.lock()
    cameras.driver.window.open_cameras()
    assert cameras.driver.window.pages.currentWidget() is cameras.driver.sign_in


# Masks


def masks_sheet(cameras: CameraDriver) -> MasksSheet:
    cameras.open()
    cameras.screen.show_one("hall")
    cameras.screen.masks.click()
    sheet = cameras.driver.window.sheets.current
    assert isinstance(sheet, MasksSheet)
    cameras.driver.settle()
    return sheet


def test_masks_are_drawn_by_keyboard_alone(at_desk: Driver, with_cameras: WithCameras) -> None:
    cameras = with_cameras(at_desk, "hall", masks=())
    sheet = masks_sheet(cameras)
    sheet.area_of_masks.setFocus()
    assert name(sheet.area_of_masks) == "Picture without a mask"
    at_desk.press(Qt.Key.Key_N, "n")
    assert name(sheet.area_of_masks) == "Picture with 1 masks; mask 1 is chosen"
    at_desk.press(Qt.Key.Key_Right)
    at_desk.press(Qt.Key.Key_Up)
    at_desk.press(Qt.Key.Key_Down, modifiers=Qt.KeyboardModifier.ShiftModifier)
    at_desk.press(Qt.Key.Key_N, "n")
    at_desk.press(Qt.Key.Key_Delete)
    at_desk.press(Qt.Key.Key_Return)
    expected = ((400 + STEP, 400 - STEP, 200, 200 + STEP),)
    at_desk.wait(lambda: cameras.house.cameras()[0].masks == expected)
    at_desk.wait(lambda: "masks are saved" in at_desk.window.toast.text.text())
    assert cameras.house.cameras()[0].signed_at_s is None


def test_masks_are_drawn_and_dragged_by_mouse(at_desk: Driver, with_cameras: WithCameras) -> None:
    cameras = with_cameras(at_desk, "hall", masks=())
    sheet = masks_sheet(cameras)
    area = sheet.area_of_masks

    def at(x: int, y: int) -> QPoint:
        place = area.picture_rect
        return QPoint(round(place.left() + x * place.width() / 1000), round(place.top() + y * place.height() / 1000))

    def drag(start: QPoint, end: QPoint) -> None:
        QTest.mousePress(area, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, start)
        QTest.mouseMove(area, (start + end) / 2)
        QTest.mouseMove(area, end)
        QTest.mouseRelease(area, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, end)

    drag(at(100, 100), at(400, 500))
    (drawn,) = area.masks
    assert all(abs(value - wanted) <= 6 for value, wanted in zip(drawn, (100, 100, 300, 400), strict=True))
    drag(at(200, 200), at(700, 300))
    (dragged,) = area.masks
    assert all(abs(value - wanted) <= 12 for value, wanted in zip(dragged, (600, 200, 300, 400), strict=True))
    sheet.main.click()
    at_desk.wait(lambda: cameras.house.cameras()[0].masks == (dragged,))


def test_masks_that_are_not_saved_change_nothing(cameras: CameraDriver) -> None:
    sheet = masks_sheet(cameras)
    sheet.area_of_masks.remove()
    assert name(sheet.area_of_masks) == "Picture without a mask"
    cameras.driver.press(Qt.Key.Key_Escape)
    assert cameras.house.shown["hall"].masks == BOOTH
    assert QApplication.focusWidget() is cameras.screen.tiles["hall"].picture


def test_tab_goes_through_the_masks_and_then_on(cameras: CameraDriver) -> None:
    cameras.house.mask("hall", (*BOOTH, (0, 0, 100, 100)))
    cameras.refresh()
    sheet = masks_sheet(cameras)
    sheet.area_of_masks.setFocus()
    assert sheet.area_of_masks.place == 1
    cameras.driver.press_in_window(Qt.Key.Key_Backtab, Qt.KeyboardModifier.ShiftModifier)
    assert sheet.area_of_masks.place == 0
    cameras.driver.press_in_window(Qt.Key.Key_Tab)
    assert sheet.area_of_masks.place == 1
    cameras.driver.press_in_window(Qt.Key.Key_Tab)
    assert not sheet.area_of_masks.hasFocus()


# Adding, signing


def test_a_camera_is_tried_before_it_is_added_and_what_was_typed_stays(cameras: CameraDriver) -> None:
    cameras.open()
    cameras.screen.add.click()
    sheet = cameras.driver.window.sheets.current
    assert isinstance(sheet, AddCameraSheet)
    for field, text in (
        (sheet.name, "yard"), (sheet.address, "rtsp://192.168.7.20/main"), (sheet.user, "viewer"),
        (sheet.password, "wrong"),
    ):  # fmt: skip
        field.line.setText(text)
    sheet.submit()
    assert not sheet.main.isEnabled()
    cameras.driver.wait(sheet.failure.isVisible)
    assert Failure.NO_PICTURE.code in sheet.failure.text.text()
    assert sheet.address.text == "rtsp://192.168.7.20/main"
    interface = QAccessible.queryAccessibleInterface(sheet.password.line)
    assert interface is not None
    assert "wrong" not in interface.text(QAccessible.Text.Value)
    sheet.password.line.setText("right")
    sheet.submit()
    cameras.driver.wait(lambda: "yard" in cameras.screen.tiles)
    assert cameras.driver.window.sheets.current is None
    assert "yard" in cameras.driver.window.toast.text.text()


def test_a_camera_is_taken_away(cameras: CameraDriver) -> None:
    cameras.open()
    cameras.screen.show_one("hall")
    cameras.screen.remove.click()
    cameras.driver.wait(lambda: "Press again" in cameras.screen.remove.text())
    tile = cameras.screen.tiles["hall"]
    cameras.screen.remove.click()
    cameras.driver.wait(lambda: "hall" not in cameras.screen.tiles)
    assert cameras.screen.chosen is None
    assert not tile.isVisible()
    assert QApplication.focusWidget() in {each.picture for each in cameras.screen.tiles.values()}


def test_one_press_takes_no_camera_away_and_looking_at_another_one_takes_it_back(cameras: CameraDriver) -> None:
    cameras.open()
    cameras.screen.show_one("hall")
    cameras.screen.remove.click()
    cameras.screen.show_all()
    cameras.screen.show_one("table")
    assert cameras.screen.remove.text() == "Stop using this camera"
    cameras.screen.remove.click()
    cameras.refresh()
    assert set(cameras.house.shown) == set(FOUR)


def change_sheet(cameras: CameraDriver) -> AddCameraSheet:
    cameras.open()
    cameras.screen.show_one("hall")
    cameras.screen.change.click()
    sheet = cameras.driver.window.sheets.current
    assert isinstance(sheet, AddCameraSheet)
    return sheet


def test_a_camera_whose_password_changed_is_changed_and_keeps_its_masks(cameras: CameraDriver) -> None:
    sheet = change_sheet(cameras)
    assert sheet.title.text() == "Change the camera hall"
    assert (sheet.address.line.text(), sheet.user.line.text(), sheet.password.line.text()) == (
        cameras.house.address, "viewer", "",
    )  # fmt: skip
    assert not sheet.name.isVisible()
    assert QApplication.focusWidget() is sheet.address.line
    sheet.password.line.setText("wrong")
    sheet.submit()
    cameras.driver.wait(sheet.failure.isVisible)
    assert Failure.CAMERA_DENIED.code in sheet.failure.text.text()
    sheet.password.line.setText("right")
    sheet.submit()
    cameras.driver.wait(lambda: cameras.driver.window.sheets.current is None)
    assert "is changed" in cameras.driver.window.toast.text.text()
    assert cameras.house.shown["hall"].masks == BOOTH


# What is wrong


def test_what_to_do_stands_beside_the_cameras_with_its_code_the_worst_first(cameras: CameraDriver) -> None:
    cameras.house.alarm("booths", Alarm.BLURRED)
    cameras.house.alarm("hall", Alarm.RECONNECTING)
    cameras.house.alarm("table", Alarm.LOST)
    cameras.refresh()
    cameras.open()
    said = [text.text() for text in cameras.screen.words if text.isVisible()]
    assert [text.split(":")[0] for text in said[:3]] == ["hall", "table", "booths"]
    assert Failure.CAMERA_RECONNECTING.code in said[0]
    assert Failure.CAMERA_UNREACHABLE.code in said[1], "why it is lost is known"
    assert Failure.CAMERA_BLURRED.code in said[2]
    cameras.screen.show_one("booths")
    assert "blurred since 10:21" in [text.text() for text in cameras.screen.words]
    assert any(Failure.CAMERA_BLURRED.code in text.text() for text in cameras.screen.words)


def test_a_camera_of_which_nothing_is_known_yet_is_being_started(cameras: CameraDriver) -> None:
    cameras.house.shown["hall"] = CameraShown("hall", Status(Light.AMBER, {}))
    cameras.refresh()
    cameras.open()
    assert cameras.screen.tiles["hall"].words.text() == "hall: is being started"


def test_the_last_picture_of_a_lost_camera_is_not_shown_as_if_it_were_now(cameras: CameraDriver) -> None:
    cameras.open()
    picture = cameras.screen.tiles["hall"].picture
    live = picture.grab().toImage()
    cameras.house.alarm("hall", Alarm.LOST)
    cameras.house.dark.add("hall")
    cameras.refresh()
    assert picture.is_old
    assert picture.grab().toImage() != live
    cameras.house.alarm("hall")
    cameras.house.dark.clear()
    cameras.refresh()
    cameras.look()
    assert not picture.is_old


def test_a_page_that_stays_closed_names_the_camera_without_a_mask(cameras: CameraDriver) -> None:
    cameras.house.mask("table", ())
    cameras.refresh()
    sheet = observers_sheet(cameras)
    sheet.opening.click()
    assert "the camera table" in sheet.failure.text.text()


def test_the_chair_signs_off_what_the_recording_sees(cameras: CameraDriver) -> None:
    cameras.house.mask("hall", BOOTH)
    cameras.refresh()
    cameras.open()
    cameras.screen.show_one("hall")
    assert "the chair has not signed off the field of view" in [text.text() for text in cameras.screen.words]
    cameras.screen.sign.click()
    sheet = cameras.driver.window.sheets.current
    assert isinstance(sheet, SignViewSheet)
    assert [who.role.value for who in sheet._signers()] == ["chair", "deputy_chair"]
    sheet.chair.pin.setText("000000")
    sheet.submit()
    cameras.driver.wait(sheet.failure.isVisible)
    assert sheet.chair.pin.text() == ""
    sheet.chair.pin.setText("271828")
    sheet.submit()
    cameras.driver.wait(lambda: cameras.house.shown["hall"].signed_at_s is not None)
    cameras.driver.wait(lambda: cameras.driver.window.sheets.current is None)
    assert "field of view signed off at 10:24" in [text.text() for text in cameras.screen.words]


def test_without_a_picture_nothing_can_be_signed(cameras: CameraDriver) -> None:
    cameras.house.dark.add("hall")
    cameras.open()
    cameras.screen.show_one("hall")
    cameras.screen.sign.click()
    assert cameras.driver.window.sheets.current is None
    assert Failure.NO_PICTURE.code in cameras.driver.window.toast.text.text()


# Others


def observers_sheet(cameras: CameraDriver) -> ObserversSheet:
    cameras.open()
    cameras.screen.observers.click()
    sheet = cameras.driver.window.sheets.current
    assert isinstance(sheet, ObserversSheet)
    return sheet


def test_the_page_is_closed_until_it_is_opened_and_stays_closed_without_masks(cameras: CameraDriver) -> None:
    cameras.house.mask("table", ())
    cameras.refresh()
    sheet = observers_sheet(cameras)
    assert cameras.desk.page is None
    assert sheet.opening.isVisible()
    sheet.opening.click()
    assert Failure.MASKS_MISSING.code in sheet.failure.text.text()
    assert cameras.desk.page is None


def test_the_open_page_says_where_it_is_and_gives_codes_and_closes(cameras: CameraDriver) -> None:
    sheet = observers_sheet(cameras)
    sheet.opening.click()
    cameras.driver.wait(lambda: cameras.desk.page is not None)
    page = cameras.desk.page
    assert page is not None
    assert page.url in sheet.address.text()
    assert page.fingerprint.hex().upper()[:4] in sheet.fingerprint.text()
    sheet.code.click()
    assert cameras.desk.page is not None
    (code,) = cameras.desk.page.codes
    assert f"{code.digits[:4]} {code.digits[4:]}" in sheet.codes[0].text()
    sheet.closing.click()
    assert cameras.desk.page is None
    assert sheet.opening.isVisible()


def test_a_page_that_cannot_be_opened_is_said(at_desk: Driver, with_cameras: WithCameras) -> None:
    cameras = with_cameras(at_desk, "hall")
    object.__setattr__(cameras.desk._around, "page_address", lambda: "")
    sheet = observers_sheet(cameras)
    sheet.opening.click()
    at_desk.wait(sheet.failure.isVisible)
    assert Failure.PAGE_NOT_OPENED.code in sheet.failure.text.text()


# Room for recordings


def room_sheet(cameras: CameraDriver) -> RecordingsRoomSheet:
    cameras.open()
    cameras.screen.room.click()
    sheet = cameras.driver.window.sheets.current
    assert isinstance(sheet, RecordingsRoomSheet)
    return sheet


def test_the_room_for_recordings_is_seen_and_set(cameras: CameraDriver) -> None:
    sheet = room_sheet(cameras)
    assert "Recordings take 31.4 GB. The disk has 412.0 GB free." in sheet.facts.text()
    sheet.quota.line.setText("200")
    sheet.main.click()
    cameras.driver.wait(lambda: cameras.driver.window.sheets.current is None)
    assert cameras.house.limits == Limits(200, 365)
    assert "days of recording left: 10" in [text.text() for text in cameras.screen.words]


def test_a_limit_that_would_stop_the_recording_is_refused_where_the_eye_is(cameras: CameraDriver) -> None:
    sheet = room_sheet(cameras)
    sheet.quota.line.setText("20")
    sheet.main.click()
    cameras.driver.wait(sheet.failure.isVisible)
    assert Failure.QUOTA_UNFIT.code in sheet.failure.text.text()
    assert "from 32 to" in sheet.failure.text.text()
    assert sheet.quota.line.text() == "20"
    assert cameras.house.limits == Limits()


def test_room_that_runs_short_is_told_days_ahead_at_the_foot_and_beside_the_cameras(cameras: CameraDriver) -> None:
    cameras.house.days = 2.4
    cameras.refresh()
    status = cameras.driver.window.status_line.cameras
    assert (status.button.text(), status.sign.tone) == ("days of recording left: 2", "closer")
    cameras.open()
    assert any(Failure.RECORDING_SHORT.code in text.text() for text in cameras.screen.words)
    cameras.house.days = 0.5
    cameras.refresh()
    assert status.button.text() == "recordings: room for less than a day"
    cameras.house.alarm("hall", Alarm.LOST)
    cameras.refresh()
    assert status.button.text() == "camera hall: no picture"


# Every screen


@pytest.mark.parametrize("scale", [100, 200])
@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_cut_and_nothing_overlaps(
    make_driver: OpenDesk, with_cameras: WithCameras, language: str, scale: int
) -> None:
    driver = make_driver(Appearance(language, scale=scale, sound=False))
    driver.take_desk()
    cameras = with_cameras(driver, *FOUR)
    found: dict[str, list[str]] = {}
    nameless: list[QWidget] = []

    def look(screen: str) -> None:
        driver.window.toast.hide()
        look_at(driver, found, screen)
        nameless.extend(unnamed(driver))

    for alarm in Alarm:
        cameras.house.alarm("entrance", alarm)
        cameras.house.alarm("hall", alarm)
        cameras.refresh()
        look(f"desk, {alarm}")
    cameras.house.mask("hall", ())
    cameras.house.alarm("hall", Alarm.LOST)
    cameras.refresh()
    cameras.open()
    look("grid")
    cameras.house.mask("hall", BOOTH)
    cameras.house.alarm("hall", *Alarm)
    cameras.refresh()
    cameras.screen.show_one("hall")
    look("one")
    cameras.screen.remove.click()
    look("asked whether to stop")
    cameras.screen.change.click()
    look("change")
    driver.window.sheets.close()
    for open_sheet in (cameras.screen.masks, cameras.screen.sign):
        open_sheet.click()
        look(f"{driver.window.sheets.current}")
        driver.window.sheets.close()
    cameras.screen.show_all()
    cameras.screen.add.click()
    look("add")
    driver.window.sheets.close()
    cameras.house.days = 0.4
    cameras.refresh()
    look("room is short")
    cameras.screen.room.click()
    look("room")
    driver.window.sheets.close()
    sheet = observers_sheet(cameras)
    look("observers, closed")
    sheet.opening.click()
    driver.wait(lambda: cameras.desk.page is not None)
    for _ in range(3):
        sheet.code.click()
    look("observers, open")
    driver.window.sheets.close()
    for each in FOUR:
        cameras.house.remove(each)
    cameras.refresh()
    look("none")
    assert found == {}, "\n".join(f"{screen}: {text}" for screen, texts in found.items() for text in texts)
    assert nameless == []
