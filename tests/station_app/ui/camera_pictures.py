"""Makes the pictures of the cameras in docs/screens; `pictures` makes them too. Without Chromium, not the page's.

QT_QPA_PLATFORM=offscreen .venv/bin/python -m tests.station_app.ui.camera_pictures
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Collection, Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
from PySide6.QtGui import QImage

from devices.camera.health import Alarm
from devices.camera.opencv import small_jpeg
from devices.camera.values import Pixels
from pollbook.texts import LANGUAGES, load_texts
from station_app.app import make_application
from station_app.live.admission import Code
from station_app.live.observers import Observers, Show, listen_at
from station_app.live.outgoing import Outgoing
from station_app.live.page import Page
from station_app.live.page_certificate import make_identity
from station_app.ui.page_words import page_words
from tests.station_app.live.rooms import DemoHouse
from tests.station_app.ui.browser import Browser
from tests.station_app.ui.demo_cameras import CameraDriver
from tests.station_app.ui.pictures import FOLDER, Picture, card, fill, keep, save, station

CAMERAS = ("hall", "kirish", "qutilar", "stol")
FASTER = 40
PAGE = (1100, 900)


def alarmed(cameras: CameraDriver) -> None:
    cameras.house.alarm("kirish", Alarm.COVERED)
    cameras.house.alarm("stol", Alarm.BLURRED, Alarm.CLOCK_OFF)
    cameras.refresh()


def breaking_off(cameras: CameraDriver) -> None:
    cameras.house.alarm("kirish", Alarm.LOST)
    cameras.house.alarm("stol", Alarm.RECONNECTING)
    cameras.refresh()
    cameras.open()


def room(cameras: CameraDriver) -> None:
    cameras.house.days = 2.6
    cameras.refresh()
    cameras.open()
    cameras.screen.room.click()


def grid(cameras: CameraDriver) -> None:
    alarmed(cameras)
    cameras.house.mask("qutilar", ())
    cameras.refresh()
    cameras.open()


def at_the_desk(cameras: CameraDriver) -> None:
    alarmed(cameras)
    card(cameras.driver)


def one(cameras: CameraDriver) -> None:
    cameras.open()
    cameras.screen.show_one("hall")


def masks(cameras: CameraDriver) -> None:
    cameras.house.mask("hall", ((620, 220, 260, 520), (80, 120, 180, 300)))
    cameras.refresh()
    one(cameras)
    cameras.screen.masks.click()


def sign(cameras: CameraDriver) -> None:
    one(cameras)
    cameras.screen.sign.click()


def add(cameras: CameraDriver) -> None:
    cameras.open()
    cameras.screen.add.click()


def change(cameras: CameraDriver) -> None:
    one(cameras)
    cameras.screen.change.click()


def observers(cameras: CameraDriver) -> None:
    cameras.open()
    cameras.desk.open_observers()
    cameras.desk.open_page()
    cameras.driver.wait(lambda: cameras.desk.page is not None)
    cameras.desk.make_code()
    cameras.desk.make_code()


SCREENS: dict[str, Callable[[CameraDriver], None]] = {
    "cameras": grid,
    "camera-alarm": at_the_desk,
    "camera": one,
    "camera-masks": masks,
    "camera-view": sign,
    "camera-add": add,
    "camera-change": change,
    "camera-breaks-off": breaking_off,
    "recordings-room": room,
    "observers": observers,
}
WANTED = (
    *(Picture("cameras", language, "light", 100) for language in LANGUAGES),
    Picture("cameras", "ru", "dark", 200),
    Picture("camera-alarm", "uz_Latn", "light", 100),
    Picture("camera-alarm", "en", "dark", 200),
    Picture("camera", "en", "light", 100),
    Picture("camera", "uz_Cyrl", "dark", 200),
    Picture("camera-masks", "uz_Latn", "light", 100),
    Picture("camera-masks", "ru", "dark", 200),
    Picture("camera-view", "en", "light", 100),
    Picture("camera-add", "kaa", "light", 100),
    Picture("camera-change", "uz_Latn", "light", 100),
    Picture("camera-breaks-off", "uz_Latn", "light", 100),
    Picture("recordings-room", "en", "light", 100),
    Picture("recordings-room", "uz_Latn", "dark", 200),
    Picture("observers", "uz_Latn", "light", 100),
    Picture("observers", "en", "dark", 200),
)


def take(picture: Picture) -> QImage:
    """The window as it then stands."""
    with station(picture) as driver, tempfile.TemporaryDirectory() as folder:
        driver.take_desk()
        fill(driver)
        house = DemoHouse(*CAMERAS)
        house.size, house.number = (640, 480), 700
        cameras = CameraDriver(driver, house, Path(folder))
        SCREENS[picture.screen](cameras)
        driver.window.toast.hide()
        cameras.look()
        image: QImage = driver.window.grab().toImage()
        cameras.close()
        return image


def take_page(folder: Path) -> Iterator[tuple[str, Path]]:
    """What an observer's browser shows: the form, then the cameras, one of which was moved."""
    house = DemoHouse(*CAMERAS)
    house.size, house.number = (640, 480), 700

    def encode(pixels: Pixels) -> bytes:
        house.number += 1
        return small_jpeg(pixels, 640, 70)

    words = {language: page_words(load_texts(language)) for language in LANGUAGES}
    page = Page("1708-0042 · Jizzax, 12-maktab", words, ZoneInfo("Asia/Tashkent"), True)
    show = Show(house, Outgoing(house, encode), page, small_jpeg(np.full((480, 640, 3), 96, np.uint8), 640, 70))
    identity = make_identity("127.0.0.1", datetime.now(UTC), folder)
    server = Observers(listen_at("127.0.0.1"), identity, show, now_s=lambda: time.monotonic() * FASTER)
    stop = threading.Event()
    thread = threading.Thread(target=server.run, args=(stop,))
    thread.start()
    try:
        house.alarm("kirish", Alarm.MOVED)
        for language, is_dark in (("uz_Latn", False), ("en", True)):
            code = server.make_code()
            assert isinstance(code, Code)
            with Browser(*PAGE) as browser:
                if is_dark:
                    browser.use_dark()
                browser.open(f"{server.state().url}?lang={language}")
                look = "dark" if is_dark else "light"
                for name, act in (("observers-code", ""), ("observers-page", code.digits)):
                    if act:
                        browser.submit("code", act)
                        threading.Event().wait(7)  # pictures come by themselves, and the lights once more
                    path = folder / f"{name}.{language}.{look}.100.png"
                    browser.save(path)
                    yield path.name, path
    finally:
        stop.set()
        thread.join(10)


def main(names: Collection[str] = ()) -> None:
    """Make all of them, or those of these screens."""
    make_application()
    FOLDER.mkdir(parents=True, exist_ok=True)
    for picture in WANTED:
        if names and picture.screen not in names:
            continue
        keep(take(picture), picture.name)
    if shutil.which("chromium") and (not names or "observers-page" in names):
        with tempfile.TemporaryDirectory() as folder:
            for name, path in take_page(Path(folder)):
                save(QImage(str(path)), FOLDER / name)


if __name__ == "__main__":
    main(sys.argv[1:])
