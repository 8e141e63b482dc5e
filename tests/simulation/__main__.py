"""Simulated election days from seeds: real books, the real sync engine and the real register over faults of all kinds.

After each day everything is healed, and the promises of the design must hold. A failing seed prints itself and is
replayed by `--seed`; `--steps` shows what happened in it. Ends with exit status 1 where a promise did not hold.
"""

from __future__ import annotations

import argparse
import logging
import math
import sys
import time

from tests.simulation.mutations import MUTATIONS
from tests.simulation.running import Tally, describe, first_seed_that_catches, run_seeds
from tests.simulation.world import simulate

PROCESSES = 2


def main(arguments: list[str] | None = None) -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(prog="dev.py simulate", description=__doc__)
    parser.add_argument("--seeds", type=int, metavar="N", help="how many (default 200; without end under --minutes)")
    parser.add_argument("--minutes", type=float, metavar="M", help="stop after so long")
    parser.add_argument("--seed", type=int, metavar="K", help="this one alone, or the first with --seeds")
    parser.add_argument("--steps", action="store_true", help="print what happened in each seed")
    parser.add_argument("--mutations", action="store_true", help="also see that each deliberate bug is caught")
    parser.add_argument("--processes", type=int, default=PROCESSES, metavar="P", help="side by side (default 2)")
    asked = parser.parse_args(arguments)
    logging.disable(logging.CRITICAL)
    if asked.seed is not None and asked.seeds is None and asked.minutes is None:
        return _replay(asked.seed)
    count = asked.seeds if asked.seeds is not None else None if asked.minutes else 200
    tally, begun = Tally(), time.monotonic()
    for outcome in run_seeds(asked.seed or 1, count, (asked.minutes or math.inf) * 60, asked.processes):
        tally.add(outcome)
        if asked.steps:
            print("\n".join(outcome.log))
        if outcome.broken:
            describe(outcome, print)
    _report(tally, time.monotonic() - begun)
    caught = _mutations() if asked.mutations else True
    return 0 if caught and not tally.broken else 1


def _replay(seed: int) -> int:
    outcome = simulate(seed)
    print("\n".join(outcome.log))
    print(f"seed {seed}: {outcome.steps} steps, trace {outcome.hash}")
    if outcome.broken:
        describe(outcome, print)
    return 1 if outcome.broken else 0


def _report(tally: Tally, took_s: float) -> None:
    print(f"seeds {tally.seeds}, failed {len(tally.broken)}, steps {tally.steps}, cycles of sync {tally.cycles}")
    print(f"steps/s on one core {tally.steps_per_s:.0f}; {took_s:.0f} s by the clock")
    print("faults:")
    for kind, count in sorted(tally.faults.items()):
        print(f"    {kind:<40} {count:>9}")
    print("operators were told:")
    for said, count in sorted(tally.said.items()):
        print(f"    {said:<40} {count:>9}")


def _mutations() -> bool:
    caught = 0
    print("deliberate bugs:")
    for name in MUTATIONS:
        outcome = first_seed_that_catches(name)
        caught += outcome is not None
        said = f"seed {outcome.seed}: {outcome.broken[0].promise}" if outcome else "NOT CAUGHT"
        print(f"    {name:<42} {said}")
    print(f"mutations caught {caught} of {len(MUTATIONS)}")
    return caught == len(MUTATIONS)


if __name__ == "__main__":
    sys.exit(main())
