"""Whether a camera shows a stretch of movement again: a recording that is played, however it was encoded.

Every second's movement (`movement`) is held against that of every second of the last hours, at whole and at half
seconds apart; what is alike for long at the same distance is looked at closely. People never do the same for three
quarters of a minute, but fans, doors, screens and pendulums do. So nothing counts in blocks that move most of the
time, and what is left must be much, in many places, in many ways, and not the same again within seconds.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from devices.camera.movement import BLOCKS, in_percent

HISTORY_S: Final = 9_000
"""Two and a half hours, in less than 2 MB."""
STRETCH_S: Final = 45
"""What is held against what came before. The recording is found once it has played for almost so long."""
NEAREST_S: Final = 10
"""A shorter loop cannot be told from a thing that swings."""
FADE_S: Final = 20.0
ENOUGH: Final = ((0.88, 26.0), (0.925, 20.0))
"""How alike, at how many seconds of movement in the stretch. Measured: recordings that are played again 0.90 or more;
people who go the same path one by one 0.86 at 23 seconds, 0.84 at 36, 0.90 at 19."""
STILL_ALIKE: Final = 0.75
HELD_S: Final = 6
"""A recording goes on; two people who happen to walk alike part again."""
PLACES: Final = 6.0
"""Blocks that take part, effectively: a screen or a fan fills fewer."""
WAYS: Final = 3.5
"""Independent movements, effectively: what swings has two or three, people have five and more."""
SELF_ALIKE: Final = 0.5
STRENGTH_OFF, STRENGTH_SPREAD, STRONG_PERCENT = 0.4, 0.17, 8.0
"""Of the logarithm: a recording moves as strongly each time, a person in other clothes or of another size does not."""
_HABIT_S, _HABIT_SHARE, _HABIT_LEAST = 120, 0.4, 0.1
_CANDIDATE_ALIKE, _CANDIDATE_MOVED = 0.72, 6.0
_WEAK: Final = 0.05
_Rows = npt.NDArray[np.float32]


class Repeats:
    """Remembers hours of movement, in a ring with one row a second."""

    def __init__(self, history_s: int = HISTORY_S) -> None:
        self._size = history_s
        self._rows = np.zeros((history_s, BLOCKS), np.float32)
        self._between = np.zeros((STRETCH_S, BLOCKS), np.float32)
        self._moved = np.zeros(history_s, np.float32)
        self._alike = np.zeros((2, history_s), np.float32)
        """By how many seconds ago: the fading sum of products with what moved then."""
        self._seconds = 0
        self._fading_moved = 0.0
        self._held_s = 0

    @property
    def is_repeating(self) -> bool:
        """Whether the last stretch was shown before."""
        return self._held_s >= HELD_S

    def note(self, moved: _Rows | None) -> None:
        """One more second: `is_repeating` tells whether the last ones were shown before.

        Args:
            moved: As `Movement.note` yields it.
        """
        rows = np.zeros((2, BLOCKS), np.float32) if moved is None else moved
        slot, fade = self._seconds % self._size, float(np.exp(-1 / FADE_S))
        self._rows[slot] = rows[0]
        self._between = np.concatenate([self._between[1:], rows[1:]])
        self._seconds += 1
        self._fading_moved = fade * self._fading_moved + float((rows[0] ** 2).sum())
        self._moved[slot] = self._fading_moved
        self._alike *= np.float32(fade)
        if moved is not None:
            self._alike += self._by_ago(np.stack([self._rows @ row for row in rows]))
        ago_s = self._likely_ago()
        self._held_s = self._held_s + 1 if ago_s is not None and self._is_the_same(ago_s) else 0

    def _by_ago(self, by_slot: _Rows) -> _Rows:
        """The last axis turned from slots to seconds ago."""
        slot = (self._seconds - 1) % self._size
        return np.concatenate([by_slot[..., slot::-1], by_slot[..., :slot:-1]], axis=-1)

    def _likely_ago(self) -> int | None:
        """How many seconds ago what moves now moved before, if at all."""
        furthest = min(self._seconds, self._size) - STRETCH_S - 1
        if furthest <= NEAREST_S or self._fading_moved < _CANDIDATE_MOVED:
            return None
        alike = 2 * np.maximum(*self._alike) / (self._by_ago(self._moved) + np.float32(self._fading_moved))
        alike = alike[NEAREST_S:furthest]
        best = int(alike.argmax())
        return best + NEAREST_S if alike[best] >= _CANDIDATE_ALIKE else None

    def _is_the_same(self, ago_s: int) -> bool:
        """Whether the last stretch is the one that ended so many seconds ago, neither by chance nor by habit."""
        seldom = (np.abs(self._last(_HABIT_S, 0)) > _HABIT_LEAST).mean(axis=0) < _HABIT_SHARE
        ours = [self._last(STRETCH_S, 0), self._between]
        theirs = [self._last(STRETCH_S, ago) for ago in (ago_s - 1, ago_s, ago_s + 1)]
        pairs = [(our, their) for our in ours for their in theirs]
        alikes = [_likeness(_even(our * seldom), _even(their * seldom)) for our, their in pairs]
        alike = max(alikes)
        our, their = pairs[alikes.index(alike)]
        rows = _even(our * seldom)
        if self._held_s:
            return alike >= STILL_ALIKE
        total = float((rows**2).sum())
        if not any(alike >= least and total >= moved_s for least, moved_s in ENOUGH):
            return False
        if not _is_as_strong(in_percent(our) * seldom, in_percent(their) * seldom):
            return False
        # The matrix of all products has the same sum of squares as that of the blocks' covariances.
        by_block = (rows**2).sum(axis=0)
        places = total**2 / float((by_block**2).sum())
        ways = total**2 / float(((rows @ rows.T) ** 2).sum())
        again = max(_likeness(rows[shift:], rows[:-shift]) for shift in range(4, NEAREST_S))
        return places >= PLACES and ways >= WAYS and again < SELF_ALIKE

    def _last(self, seconds: int, ago_s: int) -> _Rows:
        """The rows of so many seconds, the last of them so long ago."""
        end = self._seconds - ago_s
        slots = np.arange(max(end - seconds, 0), end) % self._size
        return self._rows[slots]


def _even(rows: _Rows) -> _Rows:
    """Every second counts alike once something moves."""
    return np.asarray(rows / np.sqrt((rows**2).sum(axis=1, keepdims=True) + _WEAK), np.float32)


def _is_as_strong(ours: _Rows, theirs: _Rows) -> bool:
    our_percent, their_percent = np.linalg.norm(ours, axis=1), np.linalg.norm(theirs, axis=1)
    are_strong = np.minimum(our_percent, their_percent) > STRONG_PERCENT
    if not are_strong.any():
        return False
    off = np.log(our_percent[are_strong] / their_percent[are_strong])
    middle = float(np.median(off))
    return abs(middle) <= STRENGTH_OFF and float(np.abs(off - middle).mean()) <= STRENGTH_SPREAD


def _likeness(ours: _Rows, theirs: _Rows) -> float:
    return float(2 * (ours * theirs).sum() / ((ours**2).sum() + (theirs**2).sum() + 1e-6))
