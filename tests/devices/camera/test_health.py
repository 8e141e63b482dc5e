"""Health on scenes from a generator, in virtual time: tricks are found, ordinary life raises nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.camera.flow import Flow, missing_share
from devices.camera.health import RULES, Alarm, Change, Expected, Health, Light, Observed, Watch, step
from devices.camera.looking import Looker
from devices.camera.scene import Scene, Trick
from devices.camera.values import Packet, Trouble
from tests.devices.camera.streams import FACTS

LOOKS_PER_S = 1
TRICKED_S = 40


def watched(scene: Scene, seconds: int, trick: Trick | None = None) -> Iterator[tuple[float, Change]]:
    """What health says of the scene, looked at once a second, the trick beginning after `TRICKED_S`."""
    looker, watch, since = Looker(), Watch(Expected()), round(TRICKED_S * scene.rate)
    for number in range(seconds * LOOKS_PER_S):
        at = round(number / LOOKS_PER_S * scene.rate)
        look = looker.look(scene.picture(at, trick if at >= since else None, since))
        for change in watch.observe(Observed(look=look, fingerprints=(look.fingerprint,)), number / LOOKS_PER_S):
            yield number / LOOKS_PER_S, change


def test_half_an_hour_of_people_noise_and_changing_light_raises_nothing() -> None:
    assert list(watched(Scene(11), 30 * 60)) == []


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize(
    ("trick", "alarm", "within_s"),
    [
        (Trick.FREEZE, Alarm.FROZEN, 5),
        (Trick.BLACK, Alarm.BLACK, 5),
        (Trick.COVER, Alarm.COVERED, 5),
        (Trick.MOVE, Alarm.MOVED, 5),
        (Trick.BLUR, Alarm.BLURRED, 5),
        (Trick.LOOP, Alarm.LOOPED, 60),
        (Trick.BLIND, Alarm.COVERED, 5),
        (Trick.PHOTOGRAPH, Alarm.STILL, 910),
        (Trick.TURN, Alarm.MOVED, 600),
    ],
)
def test_a_trick_is_found_soon_and_called_by_its_name(seed: int, trick: Trick, alarm: Alarm, within_s: int) -> None:
    found = list(watched(Scene(seed), TRICKED_S + within_s + 1, trick))
    assert [change.alarm for _, change in found] == [alarm]
    at_s, change = found[0]
    assert TRICKED_S <= change.began_s <= at_s <= TRICKED_S + within_s


def test_a_camera_that_was_covered_and_is_uncovered_is_well_again_after_a_few_seconds() -> None:
    scene, looker, watch = Scene(3), Looker(), Watch(Expected())
    changes = []
    for second in range(60):
        trick = Trick.COVER if 20 <= second < 30 else None
        look = looker.look(scene.picture(second * 5, trick))
        changes += [(second, change.is_raised) for change in watch.observe(Observed(look=look), float(second))]
    assert changes == [(23, True), (33, False)]
    assert watch.health.light is Light.GREEN


def test_an_empty_hall_is_still_after_a_quarter_of_an_hour_and_somebody_who_walks_through_ends_it() -> None:
    empty, full, looker, watch = Scene(4, people=0), Scene(4), Looker(), Watch(Expected())
    changes = []
    for second in range(960):
        look = looker.look((empty if 5 <= second < 930 else full).picture(second * 5))
        changes += [(second, change) for change in watch.observe(Observed(look=look), float(second))]
    assert [(change.alarm, change.is_raised) for _, change in changes] == [(Alarm.STILL, True), (Alarm.STILL, False)]
    assert 900 <= changes[0][0] < 920
    assert 930 <= changes[1][0] < 940


def test_a_lost_or_covered_camera_is_not_told_to_be_still_too() -> None:
    scene, looker, watch = Scene(4, people=0), Looker(), Watch(Expected())
    raised = set()
    for second in range(960):
        look = looker.look(scene.picture(second * 5, Trick.COVER if second > 20 else None))
        raised |= {change.alarm for change in watch.observe(Observed(look=look), float(second))}
    assert raised == {Alarm.COVERED}


def test_a_sign_that_comes_and_goes_raises_nothing_and_one_that_lasts_tells_when_it_began() -> None:
    health, changes = Health(), []
    for second in range(20):
        health, changed = step(health, {Alarm.BLURRED: second % 3 != 2 if second < 10 else True}, second)
        changes += changed
    assert changes == [Change(Alarm.BLURRED, True, 9)]


@given(st.lists(st.tuples(st.sampled_from(Alarm), st.booleans()), max_size=40))
def test_alarms_are_raised_and_ended_in_turn(signs: list[tuple[Alarm, bool]]) -> None:
    health, on = Health(), set[Alarm]()
    for second, (alarm, is_seen) in enumerate(signs):
        health, changes = step(health, {alarm: is_seen}, float(second))
        for change in changes:
            assert (change.alarm in on) is not change.is_raised
            on ^= {change.alarm}
    assert set(health.alarms) == on
    assert health.light == max((RULES[alarm].light for alarm in on), default=Light.GREEN)


def test_a_lost_camera_is_red_at_once_and_tells_nothing_else() -> None:
    watch = Watch(Expected(640, 480, 15))
    changes = watch.observe(Observed(is_lost=True, rate=0.0, missing_share=1.0), 5.0)
    assert changes == (Change(Alarm.LOST, True, 5.0),)


def test_what_the_camera_was_set_up_to_send_is_compared_with_what_it_sends() -> None:
    watch = Watch(Expected(640, 480, 15))
    raised = []
    for second in range(12):
        raised += watch.observe(Observed(size=(320, 240), rate=1.0, clock_off_s=-1.7e9), float(second))
    assert {change.alarm for change in raised} == {Alarm.WRONG_RESOLUTION, Alarm.WRONG_RATE, Alarm.CLOCK_OFF}
    assert watch.health.light is Light.AMBER


def test_a_disk_that_takes_nothing_is_red() -> None:
    watch = Watch(Expected())
    watch.observe(Observed(is_recording=False), 0.0)
    assert (set(watch.health.alarms), watch.health.light) == ({Alarm.NOT_RECORDING}, Light.RED)


def test_dropped_pictures_are_counted_by_the_streams_own_clock() -> None:
    every = [number / 10 for number in range(100)]
    assert missing_share(every) == 0
    assert missing_share([at_s for number, at_s in enumerate(every) if number % 5]) == pytest.approx(0.19, abs=0.02)
    assert missing_share([1.0, 2.0]) == 0


def test_a_stream_is_lost_once_nothing_has_come_for_two_seconds_or_its_connection_has_failed() -> None:
    flow = Flow(0.0)
    assert not flow.now(1.0).is_lost
    assert flow.now(2.5).is_lost
    flow.opened(FACTS, -3.0, 3.0)
    flow.came(Packet(b"picture", 0.0, True), FACTS, 1000, 3.1)
    flowing = flow.now(4.0)
    assert (flowing.is_lost, flowing.clock_off_s, len(flowing.fingerprints)) == (False, -3.0, 1)
    assert flow.now(4.1).fingerprints == ()
    flow.failed(Trouble.SILENT)
    assert (flow.now(4.2).is_lost, flow.now(4.2).trouble) == (True, Trouble.SILENT)
