"""What goes out to others is masked and late, and nothing goes out of a camera whose masks may not fit."""

from __future__ import annotations

import numpy as np
import pytest

from devices.camera.health import RULES, Alarm
from devices.camera.values import Pixels
from station_app.live.outgoing import DELAY_S, Outgoing, Sent
from station_app.live.room import Withheld, withheld, without_mask
from tests.station_app.live.rooms import BOOTH, DemoHouse, in_order


def raw(pixels: Pixels) -> bytes:
    return pixels.tobytes()


def test_a_picture_goes_out_only_once_a_move_before_it_would_have_been_seen() -> None:
    house = DemoHouse("hall")
    outgoing = Outgoing(house, raw)
    outgoing.step(100.0)
    outgoing.step(100.0 + DELAY_S - 0.1)
    assert outgoing.newest("hall") is Withheld.COMING
    outgoing.step(100.0 + DELAY_S)
    sent = outgoing.newest("hall")
    assert isinstance(sent, Sent)
    assert RULES[Alarm.MOVED].on_after_s < DELAY_S


def test_what_goes_out_is_masked() -> None:
    house = DemoHouse("hall")
    outgoing = Outgoing(house, raw)
    outgoing.step(0.0)
    outgoing.step(DELAY_S)
    sent = outgoing.newest("hall")
    assert isinstance(sent, Sent)
    pixels = np.frombuffer(sent.jpeg, np.uint8).reshape(240, 320, 3)
    left, top, width, height = BOOTH[0]
    rows = slice(top * 240 // 1000 + 4, (top + height) * 240 // 1000 - 4)
    columns = slice(left * 320 // 1000 + 4, (left + width) * 320 // 1000 - 4)
    inside = pixels[rows, columns]
    assert (inside == inside[0, 0]).all()


@pytest.mark.parametrize("alarm", [Alarm.MOVED, Alarm.WRONG_RESOLUTION, Alarm.LOST])
def test_a_camera_that_was_moved_shows_nothing_not_even_what_was_on_its_way(alarm: Alarm) -> None:
    house = DemoHouse("hall")
    outgoing = Outgoing(house, raw)
    for second in range(8):
        house.number += 1
        outgoing.step(float(second))
    assert isinstance(outgoing.newest("hall"), Sent)
    house.alarm("hall", alarm)
    outgoing.step(8.0)
    assert isinstance(outgoing.newest("hall"), Withheld)
    house.alarm("hall")
    house.number += 1
    outgoing.step(9.0)
    assert outgoing.newest("hall") is Withheld.COMING
    outgoing.step(9.0 + DELAY_S)
    assert isinstance(outgoing.newest("hall"), Sent)


def test_an_alarm_that_moves_no_mask_withholds_nothing() -> None:
    house = DemoHouse("hall")
    house.alarm("hall", Alarm.BLURRED, Alarm.CLOCK_OFF)
    assert withheld(house.cameras()[0]) is None


def test_a_camera_without_a_mask_is_shown_to_nobody_and_neither_are_the_others_opened() -> None:
    bare = in_order("yard", ())
    assert withheld(bare) is Withheld.NO_MASK
    assert without_mask((in_order("hall"), bare)) is not None
    assert without_mask(()) is not None
    assert without_mask((in_order("hall"),)) is None


def test_masks_that_are_taken_away_while_the_page_is_open_close_that_camera() -> None:
    house = DemoHouse("hall", "yard")
    outgoing = Outgoing(house, raw)
    outgoing.step(0.0)
    outgoing.step(DELAY_S)
    house.mask("hall", ())
    outgoing.step(DELAY_S + 1)
    assert outgoing.newest("hall") is Withheld.NO_MASK
    assert isinstance(outgoing.newest("yard"), Sent)
    assert outgoing.reasons() == {"hall": Withheld.NO_MASK, "yard": None}


def test_a_camera_that_is_taken_away_has_no_picture_left() -> None:
    house = DemoHouse("hall")
    outgoing = Outgoing(house, raw)
    outgoing.step(0.0)
    outgoing.step(DELAY_S)
    house.remove("hall")
    outgoing.step(DELAY_S + 1)
    assert outgoing.newest("hall") is Withheld.NO_PICTURE
    assert outgoing.newest("never") is Withheld.NO_PICTURE
