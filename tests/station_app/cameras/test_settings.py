"""The cameras' settings: what was written is read, by a newer program too, and limits are what people may type."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.camera.place import place_of
from devices.camera.quota import KEEP_DAYS
from pollbook import cbor
from pollbook.failures import Failure, Refused, WorldFailed
from pollbook.files import write_secret
from pollbook.store.home import StationHome
from pollbook.store.keys import machine_wraps
from station_app.cameras.settings import (
    KEEP_DAYS_LEAST,
    QUOTA_GB_MAX,
    CameraSetting,
    CameraSettings,
    Limits,
    limits_of,
    load_settings,
    save_settings,
)
from tests.making import Station

HALL = CameraSetting("hall", place_of("rtsp://10.0.0.7/main", "guard", "secret"))


def write_raw(home: StationHome, items: list[object]) -> None:
    write_secret(home.cameras, machine_wraps(home, cbor.encode(items)))


def test_limits_are_kept_with_the_cameras(station: Station) -> None:
    settings = CameraSettings((HALL,), None, Limits(250, 400))
    save_settings(station.home, settings)
    assert load_settings(station.home) == settings


def test_settings_of_a_program_without_limits_are_read_and_the_disk_alone_limits(station: Station) -> None:
    write_raw(station.home, [1, "", []])
    assert load_settings(station.home) == CameraSettings((), None, Limits(None, KEEP_DAYS))


@pytest.mark.parametrize("items", [[2, "", []], [3, "", [], [0, 365]], [2, "", [], [0, 1]], [2, "", [], [-1, 365]], []])
def test_settings_that_are_none_are_refused(station: Station, items: list[object]) -> None:
    write_raw(station.home, items)
    with pytest.raises(WorldFailed) as raised:
        load_settings(station.home)
    assert raised.value.failure is Failure.BOOK_DAMAGED


def test_a_quota_that_is_used_up_already_is_refused_and_none_is_no_limit() -> None:
    assert limits_of("", "365", 10**12) == Limits(None, 365)
    assert limits_of(" 32 ", "365", 31_400_000_000) == Limits(32, 365)
    assert limits_of("31", "365", 31_400_000_000) == Refused(Failure.QUOTA_UNFIT, {"least": 32, "limit": QUOTA_GB_MAX})


@pytest.mark.parametrize("untrusted", ["0", "-5", "1.5", "many", "\u0664\u0662", "100001", "9" * 40, "1e3"])
def test_a_quota_that_is_no_number_of_gigabytes_is_refused(untrusted: str) -> None:
    refused = limits_of(untrusted, "365", 0)
    assert isinstance(refused, Refused)
    assert refused.failure is Failure.QUOTA_UNFIT


@pytest.mark.parametrize("untrusted", ["", "0", "30", "4000", "a year"])
def test_a_time_of_keeping_that_no_law_has_is_refused(untrusted: str) -> None:
    refused = limits_of("", untrusted, 0)
    assert isinstance(refused, Refused)
    assert (refused.failure, refused.facts["least"]) == (Failure.KEEPING_UNFIT, KEEP_DAYS_LEAST)


@given(st.text(max_size=12), st.text(max_size=12), st.integers(0, 10**15))
def test_whatever_is_typed_becomes_limits_that_hold_or_a_refusal(quota: str, keep: str, used: int) -> None:
    limits = limits_of(quota, keep, used)
    if isinstance(limits, Limits):
        assert limits.quota_bytes is None or used < limits.quota_bytes <= QUOTA_GB_MAX * 10**9
        assert limits.keep_days >= KEEP_DAYS_LEAST
