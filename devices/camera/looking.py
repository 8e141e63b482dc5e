"""What one picture tells about a camera's health: half a millisecond of numbers, and no picture is kept.

Everything is measured on small grey copies. What a hall looks like when all is well is learned from the first
pictures and follows the light slowly, but never towards a picture that is suspicious itself. What it looked like first
is kept beside it: a camera that is turned a little every minute takes what is usual with it.
"""

from __future__ import annotations

import zlib

import numpy as np
import numpy.typing as npt

from devices.camera.movement import COLUMNS, ROWS
from devices.camera.values import Look, Pixels
from devices.vision import cv2

_SIZE = (320, 240)
_SMALL = (160, 120)
_TINY = (80, 60)
_ROWS, _COLUMNS = 3, 4
_BLOCKS_THAT_STAY = 3
_EDGE_PIXELS = 200
_LEARNED_LOOKS = 4
_FOLLOWS = 0.02
"""Of the difference, so much is learned from a picture that is like the others."""
_LIKE_ENOUGH = 0.6
_LASTS = 0.05
"""Of what one picture tells, for what the last twenty tell."""
_BLINDING = 250
_Plane = npt.NDArray[np.float32]


class Looker:
    """Looks at one camera's pictures, one after the other."""

    def __init__(self) -> None:
        self._before: Pixels | None = None
        self._edges: _Plane | None = None
        self._first_edges: _Plane | None = None
        self._lasting = 1.0
        self._detail = 0.0
        self._looks = 0

    def look(self, pixels: Pixels) -> Look:
        """The numbers of this picture."""
        grey = pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY)
        sized = np.asarray(cv2.resize(grey, _SIZE, interpolation=cv2.INTER_AREA), np.uint8)
        mean, deviation = (float(value[0, 0]) for value in cv2.meanStdDev(sized))
        change = 255.0 if self._before is None else float(cv2.norm(sized, self._before, cv2.NORM_L1)) / sized.size
        self._before = sized
        small = np.asarray(cv2.resize(sized, _SMALL, interpolation=cv2.INTER_AREA), np.float32)
        detail = _sharpest(small) / (deviation + 1.0)
        edges = _edges(small)
        if self._edges is None:
            self._edges, self._detail = edges, detail
        likeness = _likeness(edges, self._edges)
        glare = float(np.count_nonzero(sized >= _BLINDING)) / sized.size
        seen = Look(
            pixels.shape[1], pixels.shape[0], mean, deviation, change, detail / max(self._detail, 1e-6), likeness,
            self._lasting, glare, zlib.crc32(sized.tobytes()),
            np.asarray(cv2.resize(small, (COLUMNS, ROWS), interpolation=cv2.INTER_AREA), np.float32).ravel(),
        )  # fmt: skip
        self._learn(seen, self._edges, edges, detail)
        return seen

    def _learn(self, seen: Look, usual: _Plane, edges: _Plane, detail: float) -> None:
        self._looks += 1
        share = 1 / self._looks if self._looks <= _LEARNED_LOOKS else _FOLLOWS
        if self._looks > _LEARNED_LOOKS and (seen.likeness < _LIKE_ENOUGH or not 0.5 < seen.detail < 2):
            return
        self._edges = usual + share * (edges - usual)
        if self._first_edges is None or self._looks <= _LEARNED_LOOKS:
            self._first_edges = self._edges
        self._lasting += _LASTS * (_likeness(edges, self._first_edges) - self._lasting)
        self._detail += share * (detail - self._detail)


def _sharpest(small: _Plane) -> float:
    """How steep the steepest edges are: noise is everywhere, edges are where something is."""
    steep = np.abs(np.asarray(cv2.Laplacian(small, cv2.CV_32F))).ravel()
    return float(np.partition(steep, -_EDGE_PIXELS)[-_EDGE_PIXELS:].mean())


def _likeness(edges: _Plane, usual: _Plane) -> float:
    """The correlation with what is usual in the blocks most alike: people cover some, a camera that moved all."""
    product, ours, theirs = (_by_block(plane) for plane in (edges * usual, edges * edges, usual * usual))
    return float(np.sort(product / np.sqrt(ours * theirs + 1e-6))[-_BLOCKS_THAT_STAY:].mean())


def _by_block(plane: _Plane) -> _Plane:
    return np.asarray(plane.reshape(_ROWS, _TINY[1] // _ROWS, _COLUMNS, _TINY[0] // _COLUMNS).sum(axis=(1, 3)).ravel())


def _edges(small: _Plane) -> _Plane:
    """What is left without the light, of like weight everywhere."""
    tiny = np.asarray(cv2.resize(small, _TINY, interpolation=cv2.INTER_AREA), np.float32)
    fine = tiny - np.asarray(cv2.GaussianBlur(tiny, (0, 0), 3), np.float32)
    limit = 2 * float(fine.std()) + 1e-6
    return np.asarray(np.clip(fine, -limit, limit), np.float32)
