"""The demo house of cameras at a driver's window."""

from __future__ import annotations

from pathlib import Path

from devices.camera.opencv import small_jpeg
from station_app.background import Background
from station_app.ui.camera_desk import CameraDesk, Surroundings
from tests.station_app.live.rooms import DemoHouse
from tests.station_app.ui.driver import Driver


class CameraDriver:
    """A window with cameras; `close` ends what they started."""

    def __init__(self, driver: Driver, house: DemoHouse, folder: Path) -> None:
        self.driver, self.house = driver, house
        self.background = Background()
        around = Surroundings(driver.book, self.background, driver.clock, lambda: "127.0.0.1", folder, small_jpeg)
        made = driver.window.use_cameras(lambda station, zone: CameraDesk(driver.window, house, station, zone, around))
        assert made is not None
        self.desk, self.screen = made, made.screen
        self.refresh()

    def refresh(self) -> None:
        self.desk.refresh()
        self.driver.settle()

    def look(self) -> None:
        """The next picture of every camera is on the screen."""
        self.house.number += 1
        self.screen.look()
        self.driver.settle()

    def open(self) -> None:
        self.driver.window.open_cameras()
        self.look()

    def close(self) -> None:
        self.desk.stop()
        self.background.close()
