from __future__ import annotations

from pathlib import Path

from devices.camera.folder import AlarmRow, Row, SegmentRow
from devices.camera.health import Alarm, Change, Expected, Light, Observed, Watch
from devices.camera.job import Job
from devices.camera.place import place_of
from devices.camera.reconnects import FEW, MANY, WITHIN_S, Reconnects
from devices.camera.supervised import Supervised
from tests.devices.camera.servers import make_film
from tests.devices.camera.test_streams import until


def test_a_camera_that_is_plugged_over_once_or_twice_is_none_that_breaks_off_again_and_again() -> None:
    reconnects = Reconnects()
    reconnects.note(100.0)
    assert reconnects.is_endless(101.0) is False
    for number in range(MANY):
        reconnects.note(102.0 + number)
    assert reconnects.is_endless(110.0) is True
    assert reconnects.is_endless(102.0 + MANY - 1 + WITHIN_S - 2) is None, "between often and seldom nothing is said"
    assert reconnects.is_endless(102.0 + MANY - 1 + WITHIN_S) is False
    assert FEW < MANY


def test_sixty_reconnects_in_a_minute_are_one_alarm_and_not_sixty_lost_cameras() -> None:
    watch, reconnects, changes = Watch(Expected()), Reconnects(), list[Change]()
    for half_seconds in range(120):
        now_s = half_seconds / 2
        if half_seconds % 2:
            reconnects.note(now_s)
        observed = Observed(is_lost=bool(half_seconds % 2), is_reconnecting=reconnects.is_endless(now_s))
        changes += watch.observe(observed, now_s)
    raised = [change.alarm for change in changes if change.is_raised]
    assert raised.count(Alarm.RECONNECTING) == 1
    assert raised.count(Alarm.LOST) < MANY
    assert set(watch.health.alarms) == {Alarm.RECONNECTING}
    assert watch.health.light is Light.RED


def test_it_ends_once_the_camera_has_stayed_and_one_that_went_for_good_is_lost() -> None:
    for is_lost in (False, True):
        watch, reconnects = Watch(Expected()), Reconnects()
        for number in range(MANY):
            reconnects.note(float(number))
        for half_seconds in range(2 * MANY, 160):
            now_s = half_seconds / 2
            watch.observe(Observed(is_lost=is_lost, is_reconnecting=reconnects.is_endless(now_s)), now_s)
        assert set(watch.health.alarms) == ({Alarm.LOST} if is_lost else set())


def test_a_real_camera_that_breaks_off_every_second_has_the_alarm_and_is_recorded_in_between(
    films: Path, root: Path
) -> None:
    short = make_film(films / "short.h264", seconds=1, seed=3)
    rows: list[Row] = []
    camera = Supervised(Job("hall", root, place_of(f"file:{short}", None, None)), rows.append)
    camera.start()
    try:
        until(lambda: Alarm.RECONNECTING.value in camera.status.alarms, camera)
    finally:
        camera.close()
    alarms = [row.alarm for row in rows if isinstance(row, AlarmRow) and row.ended_ms is None]
    assert alarms.count(Alarm.RECONNECTING.value) == 1
    segments = [row for row in rows if isinstance(row, SegmentRow)]
    assert len(segments) >= MANY
    assert all(row.frames for row in segments)
