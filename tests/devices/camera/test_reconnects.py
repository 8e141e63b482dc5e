from __future__ import annotations

from devices.camera.health import Alarm, Change, Expected, Light, Observed, Watch
from devices.camera.reconnects import FEW, MANY, WITHIN_S, Reconnects


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
