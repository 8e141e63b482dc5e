"""A polling station that is not there: seeded pictures of a hall with its noise, its light and people who pass.

For training, where no camera is at hand, and for the proof that health alarms on tricks and on nothing else. A picture
is made of its number alone, so that a scene can be entered anywhere and is the same each time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

import numpy as np
import numpy.typing as npt

from devices.camera.values import Pixels

_NOISE_PLANES = 8
_WALK_S = 24.0
_Plane = npt.NDArray[np.float32]
Thing = Callable[[_Plane, float], None]
"""Draws something into the plane of brightness, as it is so many seconds after the scene began."""


class Trick(Enum):
    """What is done to a camera."""

    FREEZE = "freeze"
    BLACK = "black"
    COVER = "cover"
    BLUR = "blur"
    MOVE = "move"
    LOOP = "loop"
    REPLAY = "loop encoded anew"
    PHOTOGRAPH = "photograph"
    BLIND = "blind"
    TURN = "turn"


@dataclass(frozen=True)
class Scene:
    """A hall of its own for each seed, `width` × `height` pixels, `rate` pictures a second.

    Attributes:
        people: How many people there may be at once.
        things: What else there is to see.
        paces: How much the people's paces differ, as a share; at 0 all walk alike, and by one timetable.
        loop_s: How long the recording is that the tricks play again and again.
    """

    seed: int
    width: int = 320
    height: int = 240
    rate: float = 5.0
    people: int = 5
    things: tuple[Thing, ...] = ()
    paces: float = 0.0
    loop_s: float = 20.0

    def picture(self, number: int, trick: Trick | None = None, since: int = 0) -> Pixels:
        """The picture with this number; with a `trick`, as it is done from number `since` on."""
        match trick:
            case Trick.FREEZE:
                return self.picture(min(number, since))
            case Trick.LOOP:
                return self.picture(self._looped(number, since))
            case Trick.REPLAY:
                return self._finished(_played(self._shown(self._looped(number, since))), number)
            case Trick.PHOTOGRAPH:
                return self._finished(self._shown(min(number, since)), number)
            case Trick.BLIND:
                return self._finished(self._shown(number) + self._lamp, number)
            case Trick.TURN:
                turned = round(self.width * 0.3 * (number - since) / self.rate / 3600)
                return self._finished(np.roll(self._shown(number), turned, 1), number)
            case Trick.BLACK:
                return self._finished(np.full_like(self._hall, 4.0), number)
            case Trick.COVER:
                return self._finished(np.full_like(self._hall, 60.0) + self._shade * 0.02, number)
            case Trick.MOVE:
                away = round(self.width * 0.2)
                return self._finished(np.roll(self._shown(number), (away // 3, away), (0, 1)), number)
            case Trick.BLUR:
                return self._finished(_blurred(self._shown(number), self.width // 40), number)
            case None:
                return self._finished(self._shown(number), number)

    def _looped(self, number: int, since: int) -> int:
        length = round(self.loop_s * self.rate)
        return since - length + (number - since) % length if number >= since else number

    def _shown(self, number: int) -> _Plane:
        at_s = number / self.rate
        shown = self._hall.copy()
        for person in range(self.people):
            self._draw_person(shown, person, at_s)
        for draw in self.things:
            draw(shown, at_s)
        return shown * self._light(at_s)

    def _light(self, at_s: float) -> float:
        """Daylight that goes by, and a lamp that somebody switches every few minutes."""
        lamp = self._random("lamp", int(at_s / 170)).random() < 0.35
        return float((1 + 0.15 * np.sin(at_s / 400 + self.seed)) * (0.75 if lamp else 1.0))

    def _draw_person(self, shown: _Plane, person: int, at_s: float) -> None:
        walk, within = divmod(at_s + person * _WALK_S / self.people, _WALK_S)
        random = self._random("walk", person, int(walk))
        if random.random() < 0.3:
            return
        near = random.random() ** 2
        tall, wide = self.height * (0.25 + 0.6 * near), self.width * (0.05 + 0.14 * near)
        # Half of them stop on their way, at the table or in front of the camera.
        share = within / _WALK_S * (1 + self.paces * (self._random("pace", person, int(walk)).random() - 0.5))
        if random.random() < 0.5:
            share = min(share * 2.5, 0.45) if share < 0.82 else 0.45 + (share - 0.82) * 3.05
        x = (share if random.random() < 0.5 else 1 - share) * (self.width + 2 * wide) - wide
        foot = self.height * (0.75 + 0.25 * near)
        rows, columns = self._grid
        body = ((columns - x) / wide) ** 2 + ((rows - foot + tall / 2) / (tall / 2)) ** 2 < 1
        cloth = 40 + 120 * random.random()
        shown[body] = (cloth + 25 * np.sin(rows / 3 + columns / 5 + person))[body]

    def _finished(self, shown: _Plane, number: int) -> Pixels:
        random = self._random("noise", number)
        down, across = int(random.integers(self.height)), int(random.integers(self.width))
        noise = np.roll(self._noise[int(random.integers(_NOISE_PLANES))], (down, across), (0, 1))
        grey = np.clip(shown + noise, 0, 255).astype(np.uint8)
        return np.repeat(grey[:, :, None], 3, axis=2)

    @cached_property
    def _grid(self) -> tuple[_Plane, _Plane]:
        rows, columns = np.mgrid[0 : self.height, 0 : self.width].astype(np.float32)
        return rows, columns

    @cached_property
    def _shade(self) -> _Plane:
        rows, columns = self._grid
        return np.asarray(40 * np.sin(rows / self.height * 2) + 30 * columns / self.width, np.float32)

    @cached_property
    def _lamp(self) -> _Plane:
        """What a strong lamp adds that is held before the lens."""
        rows, columns = self._grid
        away = (columns / self.width - 0.4) ** 2 + (rows / self.height - 0.5) ** 2
        return np.asarray(600 * np.exp(-4 * away), np.float32)

    @cached_property
    def _hall(self) -> _Plane:
        """Walls, windows, tables, notices."""
        random, hall = self._random("hall"), 90 + self._shade
        for _ in range(40):
            down, across = random.integers(self.height), random.integers(self.width)
            tall, wide = random.integers(4, self.height // 4), random.integers(4, self.width // 5)
            hall[down : down + tall, across : across + wide] += random.uniform(-70, 70)
        return np.asarray(np.clip(hall, 15, 235), np.float32)

    @cached_property
    def _noise(self) -> _Plane:
        return self._random("planes").normal(0, 2.5, (_NOISE_PLANES, self.height, self.width)).astype(np.float32)

    def _random(self, what: str, *numbers: int) -> np.random.Generator:
        return np.random.default_rng([self.seed, *what.encode(), *numbers])


def _played(plane: _Plane) -> _Plane:
    """As another device plays it: brighter, a hundredth larger, some pixels aside."""
    rows, columns = (np.arange(size) for size in plane.shape)
    larger = plane[np.ix_((rows * 0.99).astype(int), (columns * 0.99).astype(int))]
    return np.asarray(np.roll(larger, (1, 2), (0, 1)) * 1.1 + 5, np.float32)


def _blurred(plane: _Plane, radius: int) -> _Plane:
    for axis in (0, 1):
        plane = np.mean([np.roll(plane, step, axis) for step in range(-radius, radius + 1)], axis=0)
    return plane.astype(np.float32)
