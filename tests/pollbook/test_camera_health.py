"""How a station's cameras are, as bytes: the same again, few of them, and nothing else is taken for it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pollbook import cbor
from pollbook.camera_health import (
    ALARMS_MAX,
    CAMERAS_MAX,
    HEALTH_BYTES_MAX,
    CameraHealth,
    StationHealth,
    decode_health,
    encode_health,
)
from pollbook.failures import InputInvalid

NAMES = st.from_regex(r"[a-z0-9][a-z0-9-]{0,30}", fullmatch=True)
ALARMS = st.dictionaries(st.from_regex(r"[a-z][a-z_]{0,19}", fullmatch=True), st.integers(0, 2**33), max_size=4)
HALL = CameraHealth("hall", 2, {"covered": 1_797_744_060, "moved": 1_797_744_100})
DOOR = CameraHealth("door", 0)


@given(st.integers(0, 2**33), st.dictionaries(NAMES, st.tuples(st.integers(0, 2), ALARMS), max_size=6))
def test_what_was_encoded_is_decoded(at_s: int, cameras: dict[str, tuple[int, dict[str, int]]]) -> None:
    health = StationHealth(at_s, tuple(CameraHealth(name, *cameras[name]) for name in sorted(cameras)))
    assert decode_health(encode_health(health)) == health


def test_four_cameras_one_of_them_covered_take_few_bytes_and_the_most_that_may_be_told_fits() -> None:
    cameras = (CameraHealth("booths", 0), DOOR, HALL, CameraHealth("table", 0))
    assert len(encode_health(StationHealth(1_797_744_120, cameras))) < 80
    alarms = {f"alarm_{chr(97 + number)}": 2**33 for number in range(ALARMS_MAX // 2)}
    most = tuple(CameraHealth(f"camera-{number:02}", 2, alarms) for number in range(CAMERAS_MAX))
    assert len(encode_health(StationHealth(2**33, most))) <= HEALTH_BYTES_MAX


def test_a_later_time_or_a_beginning_that_is_told_anew_is_no_news_and_another_light_or_alarm_is() -> None:
    health = StationHealth(100, (DOOR, HALL))
    assert health.is_like(StationHealth(900, (DOOR, CameraHealth("hall", 2, {"covered": 5, "moved": 6}))))
    assert not health.is_like(StationHealth(100, (DOOR,)))
    assert not health.is_like(StationHealth(100, (CameraHealth("door", 1), HALL)))
    assert not health.is_like(StationHealth(100, (DOOR, CameraHealth("hall", 2, {"covered": 5}))))


@pytest.mark.parametrize(
    "items",
    [
        [],
        [2, 100, []],
        [1, -1, []],
        [1, 100],
        [1, 100, [["hall", 3, []]]],
        [1, 100, [["Hall!", 0, []]]],
        [1, 100, [["hall", 0, [["covered"]]]]],
        [1, 100, [["hall", 0, [["covered", -5]]]]],
        [1, 100, [["hall", 0, [["covered", 5], ["covered", 6]]]]],
        [1, 100, [["hall", 0, [["<script>", 5]]]]],
        [1, 100, [["hall", 0, []], ["door", 0, []]]],
        [1, 100, [["door", 0, []], ["door", 0, []]]],
        [1, 100, [[f"camera-{number:02}", 0, []] for number in range(CAMERAS_MAX + 1)]],
        [1, 100, [["hall", 0, [[f"alarm_{chr(97 + number)}", 1] for number in range(ALARMS_MAX + 1)]]]],
        [1, 100, {"hall": 0}],
    ],
)
def test_anything_else_is_refused(items: list[object]) -> None:
    with pytest.raises(InputInvalid):
        decode_health(cbor.encode(items))


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(untrusted: bytes) -> None:
    try:
        decode_health(untrusted)
    except InputInvalid:
        return
