"""The simulation's steps a second on one core, against the same scheduler with nothing to do.

A step is one scheduler event. The reference is a heap of empty events through the same scheduler: what the events
would cost if books, sync and register cost nothing. Processor time, not the clock: other work on the machine counts
only by what it takes from the caches.
"""

from __future__ import annotations

import time

from benchmarks.measuring import RUNS, figure, runs
from tests.simulation.kernel import Scheduler
from tests.simulation.running import settle
from tests.simulation.world import simulate

SEEDS = 30
STEPS_MUST = 20_000


def worlds(first: int) -> tuple[float, float, float]:
    """Steps a second, seconds a seed, and steps a seed."""
    outcomes = [simulate(seed) for seed in range(first, first + SEEDS)]
    assert not any(outcome.broken for outcome in outcomes)
    steps, busy_s = sum(outcome.steps for outcome in outcomes), sum(outcome.busy_s for outcome in outcomes)
    return steps / busy_s, busy_s / SEEDS, steps / SEEDS


def empty_steps_per_s() -> float:
    scheduler = Scheduler()
    count = 100_000

    def nothing(left: int) -> None:
        if left:
            scheduler.after(1000 + left % 7, nothing, left - 1)

    for _ in range(100):
        scheduler.after(1, nothing, count // 100)
    began = time.process_time()
    scheduler.run(1 << 62)
    return scheduler.steps / (time.process_time() - began)


def main() -> None:
    settle()
    firsts = iter(range(1, 1 + RUNS * SEEDS, SEEDS))
    steps_per_s, seed_s, steps = runs(lambda: worlds(next(firsts)))
    (empty,) = runs(lambda: (empty_steps_per_s(),))
    detail = f"{steps:.0f} steps and {seed_s * 1e3:.0f} ms a seed; {steps_per_s / empty:.3f} of empty events"
    figure("simulation", steps_per_s, "steps/s", f"≥ {STEPS_MUST}", steps_per_s >= STEPS_MUST, detail)


if __name__ == "__main__":
    main()
