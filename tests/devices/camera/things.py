"""What moves in a hall by itself, again and again, and a queue of people who all go the same way."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from devices.camera.scene import Thing

_Plane = npt.NDArray[np.float32]


def fan(period_s: float, share: float = 0.17) -> Thing:
    """A fan that turns from side to side; `share` of the picture's height is its radius."""

    def draw(shown: _Plane, at_s: float) -> None:
        height, width = shown.shape
        rows, columns = np.ogrid[:height, :width]
        middle = width * (0.3 + 0.09 * np.sin(2 * np.pi * at_s / period_s))
        shown[(columns - middle) ** 2 + (rows - height * 0.4) ** 2 < (share * height) ** 2] = 150 + 30 * np.sin(
            at_s * 50
        )

    return draw


def lamp(share: float = 0.16) -> Thing:
    """A lamp that flickers at random, twice a second."""

    def draw(shown: _Plane, at_s: float) -> None:
        height, width = shown.shape
        rows, columns = np.ogrid[:height, :width]
        away = ((columns - width / 4) ** 2 + (rows - height / 3) ** 2) / (2 * (share * width) ** 2)
        if np.random.default_rng([7, int(at_s * 2)]).random() < 0.5:
            shown *= 1 + 0.25 * np.exp(-away)

    return draw


def clock(shown: _Plane, at_s: float) -> None:
    """A pendulum."""
    height, width = shown.shape
    left = round(width * (0.75 + 0.04 * np.sin(2 * np.pi * at_s / 1.9)))
    shown[height // 6 : height // 3, left : left + width // 26] = 220


def door(period_s: float) -> Thing:
    """A door that swings in the draught."""

    def draw(shown: _Plane, at_s: float) -> None:
        height, width = shown.shape
        wide = width * (0.05 + 0.06 * (1 + np.sin(2 * np.pi * at_s / period_s)))
        shown[height // 6 : height * 5 // 6, round(width * 0.8 - wide) : round(width * 0.8)] = 60

    return draw


def trees(shown: _Plane, at_s: float) -> None:
    """Leaves in the upper half that sway in gusts."""
    height, width = shown.shape
    leaves = np.random.default_rng(3).normal(120, 40, (height // 8, width // 4 + 16)).repeat(4, 0).repeat(4, 1)
    gust = 1 + 0.6 * np.sin(2 * np.pi * at_s / 17.3)
    sway = gust * np.sin(2 * np.pi * at_s / 3.1) + 0.5 * np.sin(2 * np.pi * at_s / 1.3)
    left = 16 + round(width * 0.03 * sway)
    shown[: height // 8 * 4] = np.clip(leaves[:, left : left + width], 0, 255)


def screen(period_s: float) -> Thing:
    """A television, a tenth of the picture, that shows the same film again and again."""

    def draw(shown: _Plane, at_s: float) -> None:
        height, width = shown.shape
        film = np.random.default_rng(int((at_s % period_s) * 2)).uniform(30, 220, (4, 4))
        shown[height // 6 :, width // 8 :][: height // 16 * 4, : width // 16 * 4] = film.repeat(height // 16, 0).repeat(
            width // 16, 1
        )

    return draw


def queue(seed: int, every_s: float) -> Thing:
    """People of one size who come one by one, all from the door to the table, the booth, the urn and out."""
    places = np.array([(0.94, 0.75), (0.56, 0.79), (0.38, 0.71), (0.19, 0.58), (0.44, 0.62), (0.94, 0.75)])
    random = np.random.default_rng(seed)
    comes_s = np.cumsum(random.exponential(every_s, round(4 * 3600 / every_s)))
    paths = []
    for begins_s in comes_s:
        walks_s = np.hypot(*np.diff(places, axis=0).T) / random.normal(0.09, 0.009)
        waits_s = np.array(
            [random.uniform(10, 30), random.uniform(20, 60), random.uniform(3, 8), random.uniform(0, 2), 0]
        )
        paths.append(begins_s + np.concatenate([[0], np.cumsum(np.stack([walks_s, waits_s], 1).ravel())[:-1]]))
    stops = places.repeat(2, 0)[1:-1]
    cloth, wide = 40 + 120 * random.random(len(paths)), random.normal(1, 0.05, len(paths))

    def draw(shown: _Plane, at_s: float) -> None:
        height, width = shown.shape
        rows, columns = np.ogrid[:height, :width]
        for number, times_s in enumerate(paths):
            if times_s[0] <= at_s <= times_s[-1]:
                x = np.interp(at_s, times_s, stops[:, 0]) * width
                y = np.interp(at_s, times_s, stops[:, 1]) * height + np.sin(at_s * 6 + number)
                far = ((columns - x) / (0.056 * width * wide[number])) ** 2
                shown[far + ((rows - y) / (0.23 * height * wide[number])) ** 2 < 1] = cloth[number]

    return draw
