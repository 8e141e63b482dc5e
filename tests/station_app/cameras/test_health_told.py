from __future__ import annotations

from devices.camera.health import Light
from devices.camera.job import Status
from pollbook.camera_health import CameraHealth, StationHealth
from station_app.cameras.health_told import news

GREEN, STARTING = Status(Light.GREEN, {}), Status(Light.AMBER, {})
NOTHING = StationHealth(0)


def test_lights_and_alarms_are_told_by_name_and_only_when_they_change() -> None:
    covered = Status(Light.RED, {"covered": 5_000_900, "blurred": 5_002_100})
    told = news({"hall": covered, "door": GREEN}, NOTHING, 6000)
    expected = CameraHealth("door", 0), CameraHealth("hall", 2, {"covered": 5000, "blurred": 5002})
    assert told == StationHealth(6000, expected)
    assert told is not None
    later = Status(Light.RED, {"covered": 5_001_000, "blurred": 5_002_100}, recorded_until_ms=9, bits_per_s=5.0)
    assert news({"hall": later, "door": GREEN}, told, 6100) is None
    assert news({"hall": GREEN, "door": GREEN}, told, 6200) is not None


def test_a_camera_that_only_starts_is_no_news() -> None:
    assert news({"hall": STARTING, "door": GREEN}, NOTHING, 6000) is None


def test_cameras_that_were_closed_are_told_once() -> None:
    before = StationHealth(6000, (CameraHealth("hall", 0),))
    closed = news({}, before, 7000)
    assert closed == StationHealth(7000)
    assert news({}, StationHealth(7000), 8000) is None
