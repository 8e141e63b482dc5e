"""How a station's cameras are, as the centre is told when it changes: a light and the alarms of each, few bytes.

A deterministic CBOR array `[1, Unix time in s, [[camera, light, [[alarm, since in s], …]], …]]`. It goes as a parcel of
its own kind (`parcels`), so that whatever is wrong with it, or unknown to an older register, stops no mark. Without
cameras in it, none runs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from pollbook import cbor
from pollbook.cbor import Fields
from pollbook.failures import InputInvalid

HEALTH_BYTES_MAX: Final = 4096
CAMERAS_MAX: Final = 16
ALARMS_MAX: Final = 20
LIGHTS: Final = ("green", "amber", "red")
_SCHEMA: Final = 1
_TIME_S_MAX: Final = 2**40
_CAMERA = re.compile(r"[a-z0-9][a-z0-9-]{0,30}", re.ASCII)
_ALARM = re.compile(r"[a-z][a-z_]{0,39}", re.ASCII)


@dataclass(frozen=True, slots=True)
class CameraHealth:
    """One camera: its light (0 green, 1 amber, 2 red) and its alarms by the Unix time in s at which each began."""

    camera: str
    light: int
    alarms: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StationHealth:
    """All cameras of a station as they were at `at_s`, by name."""

    at_s: int
    cameras: tuple[CameraHealth, ...] = ()

    def is_like(self, other: StationHealth) -> bool:
        """Whether the centre would learn nothing from the other: the same cameras with the same lights and alarms."""
        ours, theirs = (
            [(each.camera, each.light, set(each.alarms)) for each in health.cameras] for health in (self, other)
        )
        return ours == theirs


def encode_health(health: StationHealth) -> bytes:
    """The bytes that `decode_health` reads."""
    cameras = [
        [each.camera, each.light, [[alarm, since_s] for alarm, since_s in sorted(each.alarms.items())]]
        for each in health.cameras
    ]
    return cbor.encode([_SCHEMA, health.at_s, cameras])


def decode_health(untrusted: bytes) -> StationHealth:
    """The health in a parcel.

    Raises:
        InputInvalid: Anything else; also a camera or an alarm that is named twice, or cameras out of order.
    """
    fields = Fields(cbor.decode(untrusted, HEALTH_BYTES_MAX), 3)
    fields.take_int(_SCHEMA, _SCHEMA)
    at_s = fields.take_int(0, _TIME_S_MAX)
    cameras = tuple(_camera(Fields(item, 3)) for item in fields.take_array(CAMERAS_MAX))
    names = [each.camera for each in cameras]
    if names != sorted(set(names)):
        raise InputInvalid("cameras twice or out of order")
    return StationHealth(at_s, cameras)


def _camera(fields: Fields) -> CameraHealth:
    name, light = fields.take_text(31), fields.take_int(0, len(LIGHTS) - 1)
    if not _CAMERA.fullmatch(name):
        raise InputInvalid("no name of a camera")
    alarms: dict[str, int] = {}
    for item in fields.take_array(ALARMS_MAX):
        pair = Fields(item, 2)
        alarm = pair.take_text(40)
        if not _ALARM.fullmatch(alarm) or alarm in alarms:
            raise InputInvalid("no alarm, or one twice")
        alarms[alarm] = pair.take_int(0, _TIME_S_MAX)
    return CameraHealth(name, light, alarms)
