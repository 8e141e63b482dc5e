"""Many seeds, on as many processes as asked for; what they came to, added up."""

from __future__ import annotations

import gc
import logging
import multiprocessing
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count as count_from
from itertools import islice
from multiprocessing.pool import AsyncResult

from tests.simulation.mutations import MUTATIONS
from tests.simulation.world import Outcome, simulate

SEEDS_AT_ONCE = 10
MUTATION_SEEDS_MAX = 120
"""Within so many seeds each deliberate bug must break a promise."""


@dataclass
class Tally:
    """What the seeds so far came to; `busy_s` is processor time within the worlds."""

    seeds: int = 0
    steps: int = 0
    cycles: int = 0
    busy_s: float = 0.0
    faults: Counter[str] = field(default_factory=Counter)
    said: Counter[str] = field(default_factory=Counter)
    broken: list[Outcome] = field(default_factory=list)

    def add(self, outcome: Outcome) -> None:
        """One more seed."""
        self.seeds += 1
        self.steps += outcome.steps
        self.cycles += outcome.cycles
        self.busy_s += outcome.busy_s
        self.faults += outcome.faults
        self.said += outcome.said
        if outcome.broken:
            self.broken.append(outcome)

    @property
    def steps_per_s(self) -> float:
        """Scheduler events in a second of one core."""
        return self.steps / self.busy_s if self.busy_s else 0.0


def run_seeds(first: int, count: int | None, seconds_max: float, processes: int) -> Iterator[Outcome]:
    """The outcomes of `count` seeds from `first` on (None: endlessly), as far as the time goes."""
    until = time.monotonic() + seconds_max
    numbers = count_from(first) if count is None else iter(range(first, first + count))
    batches = iter(lambda: list(islice(numbers, SEEDS_AT_ONCE)), [])
    if processes == 1:
        with settled():
            for batch in batches:
                for seed in batch:
                    if time.monotonic() > until:
                        return
                    yield simulate(seed)
        return
    with multiprocessing.get_context("spawn").Pool(processes, settle) as pool:
        waiting: deque[AsyncResult[list[Outcome]]] = deque()
        for batch in _until(batches, until):
            waiting.append(pool.apply_async(_simulate_all, (batch,)))
            if len(waiting) > 2 * processes:  # no more is begun than is soon done
                yield from waiting.popleft().get()
        for last in waiting:
            yield from last.get()


def _until(batches: Iterator[list[int]], until: float) -> Iterator[list[int]]:
    for batch in batches:
        if time.monotonic() > until:
            return
        yield batch


def settle() -> None:
    """What lives as long as the process is looked at by no garbage collection, and nothing is logged."""
    logging.disable(logging.CRITICAL)
    simulate(0)
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


@contextmanager
def settled() -> Iterator[None]:
    """`settle`, until the block ends: what else runs in this process finds it as it was."""
    disabled, threshold = logging.root.manager.disable, gc.get_threshold()
    settle()
    try:
        yield
    finally:
        gc.set_threshold(*threshold)
        gc.unfreeze()
        logging.disable(disabled)


def _simulate_all(seeds: list[int]) -> list[Outcome]:
    return [simulate(seed) for seed in seeds]


def first_seed_that_catches(name: str, first: int = 1) -> Outcome | None:
    """The first world that the deliberate bug `name` breaks a promise in, among `MUTATION_SEEDS_MAX`."""
    for seed in range(first, first + MUTATION_SEEDS_MAX):
        outcome = simulate(seed, MUTATIONS[name])
        if outcome.broken:
            return outcome
    return None


def describe(outcome: Outcome, say: Callable[[str], None]) -> None:
    """What a failing seed says of itself, and how it is replayed."""
    said = f"seed {outcome.seed} broke {len(outcome.broken)} promises"
    say(f"{said}; replay: dev.py simulate --seed {outcome.seed}")
    for broken in outcome.broken[:10]:
        say(f"    {broken.promise}: {broken.where}")
