"""What of the cameras' health the centre is told: their lights and alarms, and nothing that changes every second."""

from __future__ import annotations

from collections.abc import Mapping

from devices.camera.health import Light
from devices.camera.job import Status
from pollbook.camera_health import CameraHealth, StationHealth


def news(statuses: Mapping[str, Status], before: StationHealth, now_s: int) -> StationHealth | None:
    """The health as it is to be told now; None where the centre would learn nothing.

    A camera that only starts says nothing yet: until all have spoken, what was told before stands.
    """
    if any(status.light is Light.AMBER and not status.alarms for status in statuses.values()):
        return None
    cameras = tuple(_camera(name, statuses[name]) for name in sorted(statuses))
    now = StationHealth(now_s, cameras)
    return None if now.is_like(before) else now


def _camera(name: str, status: Status) -> CameraHealth:
    return CameraHealth(name, int(status.light), {alarm: began // 1000 for alarm, began in status.alarms.items()})
