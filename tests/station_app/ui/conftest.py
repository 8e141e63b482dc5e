from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtWidgets import QApplication

from station_app.background import Background
from station_app.ui.appearance import Appearance
from tests.station_app.ui.demo_desk import DemoDesk, FakeClock
from tests.station_app.ui.driver import Driver
from tests.station_app.ui.fake_passports import FakePassports
from tests.station_app.ui.passport_table import Table, with_reader

OpenDesk = Callable[..., Driver]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def desk(clock: FakeClock) -> DemoDesk:
    return DemoDesk(clock)


@pytest.fixture
def make_driver(qapp: QApplication, clock: FakeClock, desk: DemoDesk) -> Iterator[OpenDesk]:
    """A window over the demo desk, in any language and look."""
    made: list[Driver] = []

    assert qapp is QApplication.instance()

    def make(appearance: Appearance | None = None) -> Driver:
        driver = Driver(desk, clock, appearance or Appearance("en", sound=False))
        made.append(driver)
        return driver

    yield make
    for driver in made:
        driver.close()


@pytest.fixture
def at_desk(make_driver: OpenDesk) -> Driver:
    """The day is open and an operator is signed in."""
    driver = make_driver()
    driver.take_desk()
    return driver


@pytest.fixture
def start(make_driver: OpenDesk) -> Driver:
    """The window as it opens in the morning."""
    return make_driver()


@pytest.fixture
def background() -> Iterator[Background]:
    made = Background()
    yield made
    made.close()


@pytest.fixture
def table(at_desk: Driver, background: Background) -> Table:
    return with_reader(at_desk, FakePassports(), background)
