"""Pictures on their way to others: masked at once, small, a few seconds late, and dropped where a camera was moved.

A camera that is turned shows what its masks were to hide until that is noticed. So no picture goes out before it is
`DELAY_S` old, and one that was taken less than that before an alarm goes out never.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from devices.camera.health import RULES, Alarm
from devices.camera.values import Pixels
from station_app.live.masks import covered
from station_app.live.room import Room, Withheld, withheld

DELAY_S: Final = RULES[Alarm.MOVED].on_after_s + 1.5
"""What it takes to see that a camera was moved, a look and a status included."""
EVERY_S: Final = 0.5

Encode = Callable[[Pixels], bytes]


@dataclass(frozen=True, slots=True)
class Sent:
    """A picture that others may see: its number, when it was taken (Unix time in ms), and the JPEG."""

    number: int
    at_ms: int
    jpeg: bytes


@dataclass(slots=True)
class _Line:
    waiting: deque[tuple[float, Sent]]
    taken: int = 0
    number: int = 0
    ready: Sent | None = None
    why: Withheld | None = Withheld.NO_PICTURE


class Outgoing:
    """Takes the cameras' pictures and lets them out late. `step` is called every `EVERY_S` by one thread."""

    def __init__(self, room: Room, encode: Encode) -> None:
        self._room, self._encode = room, encode
        self._lines: dict[str, _Line] = {}
        self._guard = threading.Lock()

    def step(self, now_s: float) -> None:
        """One picture of each camera is taken, and what is old enough may be seen."""
        cameras = self._room.cameras()
        with self._guard:
            for gone in set(self._lines) - {camera.name for camera in cameras}:
                del self._lines[gone]
            for camera in cameras:
                line = self._lines.setdefault(camera.name, _Line(deque()))
                line.why = withheld(camera)
                if line.why is not None:
                    line.waiting.clear()
                    line.ready = None
                    continue
                shown = self._room.picture(camera.name, line.taken)
                if shown is not None:
                    line.taken, line.number = shown.number, line.number + 1
                    jpeg = self._encode(covered(shown.pixels, camera.masks))
                    line.waiting.append((now_s, Sent(line.number, shown.at_ms, jpeg)))
                while line.waiting and now_s - line.waiting[0][0] >= DELAY_S:
                    line.ready = line.waiting.popleft()[1]
                if line.ready is None:
                    line.why = Withheld.COMING if line.waiting else Withheld.NO_PICTURE

    def newest(self, camera: str) -> Sent | Withheld:
        """The newest picture that others may see, or why there is none."""
        with self._guard:
            line = self._lines.get(camera)
            if line is None:
                return Withheld.NO_PICTURE
            return line.ready if line.ready is not None else (line.why or Withheld.NO_PICTURE)

    def reasons(self) -> Mapping[str, Withheld | None]:
        """Why each camera shows others nothing; None where it does."""
        with self._guard:
            return {name: line.why for name, line in self._lines.items()}
