"""What the benchmarks share: medians of runs, percentiles, and the one form in which a figure is printed."""

from __future__ import annotations

import os
import statistics
from collections.abc import Callable, Sequence

RUNS = 5


def percentile(samples: Sequence[float], share: float) -> float:
    """The value below which `share` (0 to 1) of the samples lie, nearest rank."""
    ordered = sorted(samples)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def runs(measure: Callable[[], tuple[float, ...]], count: int = RUNS) -> tuple[float, ...]:
    """The median over `count` runs of each value that `measure` gives."""
    return tuple(statistics.median(column) for column in zip(*(measure() for _ in range(count)), strict=True))


def figure(name: str, value: float, unit: str, must: str, met: bool, detail: str = "") -> None:
    """One figure, whether it is met, and the machine's load while it was measured."""
    load = os.getloadavg()[0]
    verdict = "met" if met else "NOT MET"
    print(f"{name}: {value:.3g} {unit} (must be {must}: {verdict}; load {load:.1f}){'; ' + detail if detail else ''}")
