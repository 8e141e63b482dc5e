"""What the simulated days of a whole run of the tests came to, in one line of its summary."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.simulation.running import Tally

NAME = "simulated"
"""The property under which a test tells its part; properties come back from the processes that share the tests."""


def counts(tally: Tally) -> dict[str, float]:
    """What one part came to; `busy_s` is processor time."""
    faults = sum(tally.faults.values())
    return {"seeds": tally.seeds, "steps": tally.steps, "faults": faults, "busy_s": tally.busy_s}


def summary(reports: Iterable[Any]) -> str | None:
    """The line for all parts that these test reports tell of; None where there was none.

    A test's properties come with the report of its call and once more with that of its teardown.
    """
    calls = [each for each in reports if getattr(each, "when", None) == "call"]
    parts = [value for each in calls for name, value in each.user_properties if name == NAME]
    if not parts:
        return None
    seeds, steps, faults, busy_s = (sum(part[key] for part in parts) for key in ("seeds", "steps", "faults", "busy_s"))
    each_ms = f"{busy_s / seeds * 1e3:.0f} ms of processor time a seed, {busy_s:.0f} s in all"
    return f"simulation: {seeds:,} seeds, {steps:,} steps, {faults / seeds:.0f} faults a seed; {each_ms}"
