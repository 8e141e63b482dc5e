"""The day before: every camera is opened, watched for a while, and what is wrong is on one sheet of paper."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from devices.camera.health import RULES, Alarm, Light
from devices.camera.job import Status
from devices.camera.supervised import Supervised
from pollbook.failures import Failure
from station_app.cameras.keeping import days_of, room_of
from station_app.cameras.settings import ALARM_FAILURES, FAILURES, CameraSetting, Limits, job_of

STEP_S = 0.25


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """How one camera did: its last status, and every failure that it had, the worst first."""

    camera: str
    address: str
    status: Status
    failures: tuple[Failure, ...]

    @property
    def is_ready(self) -> bool:
        """Whether nothing was wrong at all."""
        return not self.failures and self.status.codec is not None


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """How all cameras did, and for how many election days the disk lasts."""

    cameras: tuple[Rehearsed, ...]
    days_left: float

    @property
    def is_ready(self) -> bool:
        """Whether the station's cameras are ready."""
        return bool(self.cameras) and all(camera.is_ready for camera in self.cameras)


def rehearse(
    settings: Sequence[CameraSetting],
    root: Path,
    limits: Limits,
    seconds: float,
    wait: Callable[[float], object] = time.sleep,
) -> Rehearsal:
    """Every camera was watched for so long; nothing was recorded."""
    running = {setting.name: Supervised(job_of(setting, None), lambda _row: None) for setting in settings}
    seen: dict[str, set[Alarm]] = {setting.name: set() for setting in settings}
    troubles: dict[str, list[Failure]] = {setting.name: [] for setting in settings}
    try:
        for supervised in running.values():
            supervised.start()
        ends_s = time.monotonic() + seconds
        while time.monotonic() < ends_s:
            wait(STEP_S)
            for name, supervised in running.items():
                supervised.poll()
                seen[name] |= {Alarm(alarm) for alarm in supervised.status.alarms}
                if supervised.status.trouble is not None:
                    troubles[name].append(FAILURES[supervised.status.trouble])
        statuses = {name: supervised.status for name, supervised in running.items()}
    finally:
        for supervised in running.values():
            supervised.close()
    cameras = tuple(
        Rehearsed(
            setting.name,
            str(setting.place.address),
            statuses[setting.name],
            _failures(statuses[setting.name], seen[setting.name], troubles[setting.name]),
        )
        for setting in settings
    )
    return Rehearsal(cameras, days_of(room_of(root, limits), statuses, len(cameras)))


def _failures(status: Status, alarms: set[Alarm], troubles: list[Failure]) -> tuple[Failure, ...]:
    worst_first = sorted(alarms, key=lambda alarm: (-RULES[alarm].light, list(Alarm).index(alarm)))
    failures = [*troubles, *(ALARM_FAILURES[alarm] for alarm in worst_first)]
    if status.codec is None and not failures:
        failures = [Failure.CAMERA_SILENT]
    return tuple(dict.fromkeys(failures))


def light_of(rehearsed: Rehearsed) -> Light:
    """The light that the camera is shown with."""
    if rehearsed.is_ready:
        return Light.GREEN
    return max(rehearsed.status.light, Light.AMBER)
