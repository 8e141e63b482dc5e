"""The scheduler: simulated time, one event after another, and a trace by which two runs are compared.

An event is `(time, sequence, action, arguments)`; one event is one step. Nothing else runs: no threads, no waiting.
A blocking call of the product (a sync cycle at the network) runs as a coroutine: it switches to the scheduler and
goes on, in the very same code, when an event brings what it waits for.
"""

from __future__ import annotations

import hashlib
import random
from array import array
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Any

SECOND_US = 1_000_000


def seconds(value: float) -> int:
    """Microseconds."""
    return int(value * SECOND_US)


class Scheduler:
    """All events that are to come, in order; `now_us` is the true time, which no machine knows."""

    def __init__(self) -> None:
        self.now_us = 0
        self.steps = 0
        self._sequence = 0
        self._heap: list[tuple[int, int, Callable[..., None], tuple[Any, ...]]] = []
        self._trace = array("Q")

    def after(self, delay_us: int, action: Callable[..., None], *arguments: object) -> None:
        """`action` happens `delay_us` from now, after whatever was asked for that moment before."""
        self._sequence += 1
        heappush(self._heap, (self.now_us + delay_us, self._sequence, action, arguments))

    def run(self, until_us: int) -> None:
        """All that happens up to `until_us`, which is now afterwards."""
        heap, trace = self._heap, self._trace
        steps = 0
        while heap and heap[0][0] <= until_us:
            self.now_us, sequence, action, arguments = heappop(heap)
            steps += 1
            trace.append(self.now_us)
            trace.append(sequence)
            action(*arguments)
        self.steps += steps
        self.now_us = until_us

    def forget(self) -> None:
        """Nothing is to come any more."""
        self._heap.clear()

    def trace(self) -> bytes:
        """When each event so far happened, and which one it was."""
        return self._trace.tobytes()


@dataclass
class Log:
    """What happened, for people and for the trace: faults by kind, and a line for everything that matters."""

    scheduler: Scheduler
    faults: Counter[str] = field(default_factory=Counter)
    lines: list[str] = field(default_factory=list)

    def fault(self, kind: str, what: str = "") -> None:
        """A fault of this kind was injected."""
        self.faults[kind] += 1
        self.note(f"FAULT {kind} {what}")

    def note(self, text: str) -> None:
        """Something happened now."""
        self.lines.append(f"{self.scheduler.now_us / SECOND_US:10.3f} {text}")

    def hash(self) -> str:
        """The same for two runs in which the same happened at the same time."""
        faults = repr(sorted(self.faults.items())).encode()
        told = "\n".join(self.lines).encode()
        return hashlib.sha256(self.scheduler.trace() + faults + told).hexdigest()


def chance(rng: random.Random, share: float) -> bool:
    """True in this share of cases."""
    return rng.random() < share
