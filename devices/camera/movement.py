"""What moves before a camera, second by second: how much brighter or darker each block of the picture became.

A block is an eighth of the picture's width and a sixth of its height: noise is averaged away, and a picture that is
shifted by some pixels, scaled a little or encoded anew moves alike. What all blocks do together is light, not movement.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

ROWS, COLUMNS = 6, 8
BLOCKS: Final = ROWS * COLUMNS
Blocks = npt.NDArray[np.float32]
"""One number for each block, row by row."""

GAP_S: Final = 3.5
"""Looks that are further apart say nothing about the seconds between them."""
FLOOR_PERCENT: Final = 1.5
"""Of the picture's brightness, on average of the blocks: a person who crosses one block makes it twice as much."""
STILL_LENGTH: Final = 0.4
"""Of a row: noise makes 0.15 at most, a person far away twice as much as this."""
_STRONGEST: Final = 0.9999
_DARKEST: Final = 4.0
_KEPT: Final = 6
_SAME = np.array([[1, 2, 1, 0], [1, 3, 3, 1]], np.float32) / [[4], [8]]
"""Smoothed around a whole second, and around the half second before it."""


class Movement:
    """Turns looks at any times into one pair of rows a second."""

    def __init__(self) -> None:
        self._before: tuple[float, Blocks] | None = None
        self._seconds: deque[Blocks] = deque(maxlen=_KEPT)

    def note(self, blocks: Blocks, at_s: float) -> Iterator[npt.NDArray[np.float32] | None]:
        """For every whole second since the last look what moved, or None where nobody knows.

        Args:
            blocks: The mean brightness of each block, 0 to 255.
            at_s: When the picture was taken; a look that is no later than the last one says nothing.

        Yields:
            2 × `BLOCKS`: the movement at this second, and at the half second before it; the length of a row is near 1
            where much moves, near 0 where nothing does.
        """
        before, blocks = self._before, blocks + np.float32(_DARKEST)
        if before is not None and at_s <= before[0]:
            return
        self._before = at_s, blocks
        if before is None:
            return
        is_known = at_s - before[0] <= GAP_S
        if not is_known:
            self._seconds.clear()
        for second in range(int(before[0] // 1) + 1, int(at_s // 1) + 1):
            if not is_known:
                yield None
                continue
            share = np.float32((second - before[0]) / (at_s - before[0]))
            self._seconds.append(before[1] + share * (blocks - before[1]))
            yield self._moved() if len(self._seconds) == _KEPT else None

    def _moved(self) -> npt.NDArray[np.float32]:
        seconds = np.stack(self._seconds)[::-1]
        now, earlier = _SAME @ seconds[:4], _SAME @ seconds[2:]
        gain = np.median(now / earlier, axis=1, keepdims=True)
        percent = 100 * (now - gain * earlier) / now.mean(axis=1, keepdims=True)
        lengths = np.sqrt((percent**2).sum(axis=1, keepdims=True) + FLOOR_PERCENT**2 * BLOCKS)
        return np.asarray(percent / lengths, np.float32)


def in_percent(rows: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """These movements as they were before they were made of like length: in percent of the picture's brightness."""
    energy = np.minimum((rows**2).sum(axis=-1, keepdims=True), np.float32(_STRONGEST))
    return np.asarray(rows * np.sqrt(FLOOR_PERCENT**2 * BLOCKS / (1 - energy)), np.float32)


def is_still(moved: npt.NDArray[np.float32]) -> bool:
    """Whether nothing moved in the second that `Movement.note` tells of."""
    return float(np.linalg.norm(moved[0])) < STILL_LENGTH
