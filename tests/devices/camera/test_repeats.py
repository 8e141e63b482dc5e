"""A recording that is played again is found by what moves in it, and nothing that moves by itself is taken for one."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.camera.health import Alarm, Expected, Observed, Watch
from devices.camera.looking import Looker
from devices.camera.movement import BLOCKS, Movement
from devices.camera.repeats import STRETCH_S, Repeats
from devices.camera.scene import Scene, Thing, Trick
from tests.devices.camera import things

_Rows = npt.NDArray[np.float32]


def looped_s(scene: Scene, since_s: float, seconds: int, trick: Trick | None = Trick.REPLAY) -> list[float]:
    """How long after the trick began the alarm was raised, the scene being looked at once a second."""
    looker, watch, since, found = Looker(), Watch(Expected()), round(since_s * scene.rate), []
    for second in range(seconds):
        number = round(second * scene.rate)
        look = looker.look(scene.picture(number, trick if number >= since else None, since))
        changes = watch.observe(Observed(look=look, fingerprints=(look.fingerprint,)), float(second))
        found += [second - since_s for each in changes if each.alarm is Alarm.LOOPED and each.is_raised]
    return found


@pytest.mark.parametrize(("seed", "loop_s"), [(20, 20.0), (21, 20.4), (21, 47.0), (20, 120.6)])
def test_a_recording_encoded_anew_is_found_within_a_minute_of_its_second_playing(seed: int, loop_s: float) -> None:
    (found_s,) = looped_s(Scene(seed, 160, 120, loop_s=loop_s), 300, 362)
    assert 0 < found_s <= 60


@pytest.mark.parametrize("loop_s", [30.5, 45.25])
def test_a_recording_is_found_although_it_is_looked_at_between_the_seconds_of_the_first_time(loop_s: float) -> None:
    (found_s,) = looped_s(Scene(22, 160, 120, 4.0, loop_s=loop_s), 200, 262)
    assert 0 < found_s <= 60


def test_half_an_hour_that_is_played_again_is_found_within_a_minute() -> None:
    (found_s,) = looped_s(Scene(23, 160, 120, loop_s=1800.4), 1830, 1892)
    assert 0 < found_s <= 60


@pytest.mark.parametrize(
    "thing",
    [
        things.fan(12), things.fan(24.3), things.fan(14.7, 0.37), things.lamp(), things.lamp(2.0), things.clock,
        things.door(3.3), things.door(11.3), things.trees, things.screen(37), things.queue(1, 30), things.queue(2, 75),
    ],
)  # fmt: skip
def test_what_moves_by_itself_is_no_recording_in_a_hall_where_hardly_anybody_is(thing: Thing) -> None:
    assert looped_s(Scene(5, 160, 120, people=1, things=(thing,)), 0, 600, None) == []


def moving(seed: int, seconds: int) -> _Rows:
    """Seconds of something that is never the same, as `Movement` tells it: whole seconds, and the halves between."""
    steps = np.random.default_rng(seed).normal(size=(2 * seconds + 8, BLOCKS))
    smooth = np.stack([steps[shift : shift + 2 * seconds] for shift in range(5)]).sum(0)
    smooth /= 1.1 * np.linalg.norm(smooth, axis=1, keepdims=True)
    return np.stack([smooth[1::2], smooth[0::2]], 1).astype(np.float32)


def found_at(rows: list[npt.NDArray[np.float32] | None], history_s: int = 1000) -> list[int]:
    repeats, found = Repeats(history_s), []
    for second, row in enumerate(rows):
        repeats.note(row)
        if repeats.is_repeating:
            found.append(second)
    return found


@pytest.mark.parametrize("history_s", [200, 1000])
def test_a_stretch_is_found_while_it_is_remembered_and_not_once_it_is_forgotten(history_s: int) -> None:
    found = found_at([*moving(1, 300), *moving(2, 100), *moving(1, 300)], history_s)
    assert bool(found) is (history_s > 400)
    assert all(400 + STRETCH_S - 10 < second < 700 for second in found)


def test_the_alarms_sign_ends_when_the_recording_does() -> None:
    found = found_at([*moving(1, 200), *moving(1, 200), *moving(3, 100)])
    assert found == list(range(found[0], found[-1] + 1))
    assert found[-1] < 400 + STRETCH_S


def test_seconds_of_which_nothing_is_known_are_no_repetition() -> None:
    assert found_at([*moving(1, 100), *[None] * 300, *moving(2, 100)]) == []


def test_hours_are_remembered_in_less_than_two_megabytes() -> None:
    held = vars(Repeats()).values()
    assert sum(value.nbytes for value in held if isinstance(value, np.ndarray)) < 2_000_000


def lengths(pictures: list[_Rows], step_s: float = 1.0) -> list[float | None]:
    movement = Movement()
    noted = [row for number, blocks in enumerate(pictures) for row in movement.note(blocks, 10 + number * step_s)]
    return [None if row is None else float(np.linalg.norm(row[0])) for row in noted]


def room(seed: int = 1) -> _Rows:
    return np.random.default_rng(seed).uniform(20, 200, BLOCKS).astype(np.float32)


@given(st.lists(st.floats(0.5, 2), min_size=7, max_size=20))
def test_light_that_changes_everywhere_is_no_movement(lights: list[float]) -> None:
    known = [
        length for length in lengths([(room() + 4) * np.float32(light) - 4 for light in lights]) if length is not None
    ]
    assert known
    assert max(known) < 0.01


def test_somebody_who_crosses_a_block_is_movement_and_noise_is_not() -> None:
    noise = np.random.default_rng(2).normal(0, 0.3, (30, BLOCKS)).astype(np.float32)
    pictures = [room() + each for each in noise]
    assert max(filter(None, lengths(pictures))) < 0.2
    for number in range(15, 18):
        pictures[number][number] += 60
    assert max(filter(None, lengths(pictures))) > 0.8


@pytest.mark.parametrize("step_s", [0.25, 0.5, 1.0, 1.5, 3.0])
def test_every_second_has_its_rows_however_often_it_is_looked(step_s: float) -> None:
    assert len(lengths([room()] * 40, step_s)) == int(39 * step_s)


def test_looks_far_apart_or_in_no_order_say_nothing() -> None:
    movement = Movement()
    assert list(movement.note(room(), 10.0)) == []
    assert list(movement.note(room(), 9.0)) == list(movement.note(room(), 10.0)) == []
    assert list(movement.note(room(), 15.5)) == [None] * 5
