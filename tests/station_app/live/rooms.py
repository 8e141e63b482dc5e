"""A small working house of cameras without a process: pictures are made when they are asked for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from devices.camera.folder import GapRow, SegmentRow
from devices.camera.frame_slot import Shown
from devices.camera.health import RULES, Alarm, Light
from devices.camera.job import Status
from devices.camera.scene import Scene, Trick
from devices.camera.values import Codec, Trouble
from pollbook.failures import Failure, Refused
from pollbook.store.camera_views import MaskFields, SignedView
from pollbook.types import PersonNumber
from station_app.cameras.settings import Limits, limits_of
from station_app.live.room import CameraShown, DiskLeft, NewCamera

BOOTH: tuple[MaskFields, ...] = ((620, 220, 260, 520),)
TRICKS = {"covered": Trick.COVER, "blurred": Trick.BLUR, "moved": Trick.MOVE, "black": Trick.BLACK}
AT_MS = 1_797_744_240_000
"""2026-12-20, 10:24 in Tashkent."""


def picture(seed: int, number: int, width: int = 320, height: int = 240, trick: Trick | None = None) -> Shown:
    pixels = Scene(seed, width, height).picture(number, trick)
    tint = np.array([(1.0, 0.97, 0.9), (0.9, 0.98, 1.0), (0.95, 1.0, 0.95), (1.0, 0.93, 0.97)][seed % 4])
    return Shown(number, np.ascontiguousarray((pixels * tint).astype(np.uint8)), AT_MS + number, 0.0)


def in_order(name: str, masks: tuple[MaskFields, ...] = BOOTH) -> CameraShown:
    began_ms, ended_ms, sha256 = AT_MS - 84_000, AT_MS - 24_000, "ab" * 32
    segment = SegmentRow(name, 204, "00000204.ts", began_ms, ended_ms, 1500, 14_680_000, sha256, "h264", 1920, 1080)
    gap = GapRow(name, 31, AT_MS - 11_940_000, AT_MS - 11_880_000, "lost")
    status = Status(Light.GREEN, {}, None, AT_MS - 1000, Codec.H264, 1920, 1080, 25.0, 1_950_000)
    return CameraShown(name, status, masks, True, segment, gap, AT_MS // 1000 - 9000)


class DemoHouse:
    """Cameras by name; `alarm` sets one off, `takes` says which passwords open a new one."""

    def __init__(self, *names: str, masks: tuple[MaskFields, ...] = BOOTH) -> None:
        self.shown = {name: in_order(name, masks) for name in names}
        self.number = 1
        self.size = (320, 240)
        self.dark: set[str] = set()
        self.is_closed = False
        self.password = "right"
        self.address = "rtsp://10.0.0.7/main"
        self.pin = "271828"
        self.days, self.used_bytes, self.limits = 23.4, 31_400_000_000, Limits()

    def alarm(self, name: str, *alarms: Alarm, began_ms: int = AT_MS - 180_000) -> None:
        camera = self.shown[name]
        light = max((RULES[each].light for each in alarms), default=Light.GREEN)
        until_ms = None if Alarm.LOST in alarms else AT_MS - 1000
        status = replace(
            camera.status,
            light=light,
            alarms={each.value: began_ms for each in alarms},
            trouble=Trouble.UNREACHABLE if Alarm.LOST in alarms else None,
            recorded_until_ms=until_ms,
        )
        self.shown[name] = replace(camera, status=status)

    def cameras(self) -> tuple[CameraShown, ...]:
        return tuple(self.shown[name] for name in sorted(self.shown))

    def picture(self, camera: str, after: int = 0) -> Shown | None:
        if camera not in self.shown or camera in self.dark or self.number <= after:
            return None
        alarms = self.shown[camera].status.alarms
        trick = TRICKS.get(next(iter(alarms), "")) if len(alarms) < 3 else None
        return picture(sorted(self.shown).index(camera), self.number, *self.size, trick)

    def disk_left(self) -> DiskLeft | None:
        days = self.days if self.limits.quota_gb is None else self.limits.quota_gb / 20
        return DiskLeft(412_000_000_000, days, self.used_bytes, self.limits) if self.shown else None

    def load(self) -> None:
        pass

    def poll(self) -> None:
        pass

    def close(self) -> None:
        self.is_closed = True

    def add(self, camera: NewCamera) -> Refused | None:
        if not camera.name.islower():
            return Refused(Failure.CAMERA_NAME_UNFIT)
        if camera.user and camera.password != self.password:
            return Refused(Failure.NO_PICTURE)
        self.shown[camera.name] = replace(in_order(camera.name, ()), signed_at_s=None)
        return None

    def known(self, camera: str) -> NewCamera | None:
        return NewCamera(camera, self.address, "", "viewer") if camera in self.shown else None

    def change(self, camera: NewCamera) -> Refused | None:
        if camera.password not in {"", self.password}:
            return Refused(Failure.CAMERA_DENIED)
        if camera.address != self.address:
            self.shown[camera.name] = replace(self.shown[camera.name], masks=(), signed_at_s=None)
        return None

    def remove(self, camera: str) -> Refused | None:
        del self.shown[camera]
        return None

    def mask(self, camera: str, masks: tuple[MaskFields, ...]) -> Refused | None:
        self.shown[camera] = replace(self.shown[camera], masks=masks, signed_at_s=None)
        return None

    def limit(self, untrusted_quota_gb: str, untrusted_keep_days: str) -> Refused | None:
        limits = limits_of(untrusted_quota_gb, untrusted_keep_days, self.used_bytes)
        if isinstance(limits, Refused):
            return limits
        self.limits = limits
        return None

    def sign(self, camera: str, person: PersonNumber, pin: str) -> SignedView | Refused:
        if pin != self.pin:
            return Refused(Failure.WRONG_PIN, {"wait_s": 0})
        self.shown[camera] = replace(self.shown[camera], signed_at_s=AT_MS // 1000)
        return SignedView(camera, AT_MS // 1000, person, self.shown[camera].masks, b"still", b"signature")
