"""Seeded randomness: one stream per purpose and precinct, so that nothing shifts when a neighbour changes."""

from collections.abc import Sequence
from random import Random
from typing import TypeVar

T = TypeVar("T")


def stream(seed: int, purpose: str, index: int) -> Random:
    """Return the stream of random numbers that belongs to this seed, purpose and index alone."""
    return Random(f"{seed}/{purpose}/{index}")  # noqa: S311 -- data must repeat; nothing here is secret


def pick(rng: Random, choices: Sequence[T]) -> T:
    """Return one of the choices; three times as fast as `Random.choice`, and as even for short lists."""
    return choices[int(rng.random() * len(choices))]


def share_of(rng: Random, count: int, rate: float) -> int:
    """Return how many of `count` a rate comes to, a fraction being one more with that probability."""
    return int(count * rate + rng.random())
