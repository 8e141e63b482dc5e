from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from pollbook.store import migrating
from register.store import versions
from tests.simulation import counting, rarities
from tests.simulation.mutations import MUTATIONS
from tests.simulation.running import Tally, describe, first_seed_that_catches, run_seeds
from tests.simulation.world import simulate

SEEDS, SEEDS_AT_ONCE = 2_000, 100
"""In parts that the processes of a run share, each large enough for every fault; `dev.py simulate` plays more."""


@pytest.mark.parametrize("first", range(1, SEEDS, SEEDS_AT_ONCE))
def test_every_promise_holds_in_every_seed(first: int, record_property: Callable[[str, object], None]) -> None:
    tally = Tally()
    for outcome in run_seeds(first, SEEDS_AT_ONCE, 3600, 1):
        tally.add(outcome)
    record_property(counting.NAME, counting.counts(tally))
    told: list[str] = []
    for outcome in tally.broken[:5]:
        describe(outcome, told.append)
    assert not tally.broken, "\n".join(told)
    assert tally.seeds == SEEDS_AT_ONCE
    quiet = EVERY_FAULT - set(tally.faults)
    assert not quiet, "these faults never happened"


def test_two_runs_of_one_seed_are_the_same() -> None:
    first, second = simulate(7), simulate(7)
    assert first.hash == second.hash
    assert first.log == second.log
    assert simulate(8).hash != first.hash


def test_another_process_replays_a_seed_exactly() -> None:
    command = [sys.executable, "-m", "tests.simulation", "--seed", "7"]
    said = subprocess.run(
        command, env={**os.environ, "PYTHONHASHSEED": "12345"}, check=True, capture_output=True, encoding="utf-8"
    )
    assert simulate(7).hash in said.stdout


EVERY_FAULT = {
    "book restored from an image",
    "book revoked",
    "clock jumped",
    "crash after a commit",
    "crash between statements",
    "disk full",
    "laptop cloned",
    "laptop cloned, offline",
    "laptop died",
    "laptop taken over",
    "link cut",
    "message tampered with",
    "mirror copied to two spares",
    "mirror pulled",
    "old request replayed",
    "program upgraded",
    "provisional ballot sealed",
    "register restored from a backup",
    "register upgraded",
    "segment corrupted",
    "segment cut off",
    "segment duplicated",
    "segment lost",
    "segment reordered",
    "voter's data changed",
}


@pytest.mark.parametrize("name", sorted(MUTATIONS))
def test_a_deliberate_bug_breaks_a_promise(name: str) -> None:
    outcome = first_seed_that_catches(name)
    assert outcome is not None
    assert "mutations.py" not in outcome.broken[0].where, "the bug's own code failed, which proves nothing"


def test_a_failing_seed_prints_itself_and_fails_again() -> None:
    name = "marks_a_marked_line"
    outcome = first_seed_that_catches(name)
    assert outcome is not None
    told: list[str] = []
    describe(outcome, told.append)
    assert f"--seed {outcome.seed}" in told[0]
    assert simulate(outcome.seed, MUTATIONS[name]).hash == outcome.hash


def test_the_parts_of_a_run_are_counted_together() -> None:
    part = counting.counts(Tally(seeds=2, steps=5_000, busy_s=0.25, faults=Counter({"link cut": 6})))
    told_twice = [SimpleNamespace(when=when, user_properties=[(counting.NAME, part)]) for when in ("call", "teardown")]
    reports = [*told_twice, *told_twice, SimpleNamespace()]
    told = "simulation: 4 seeds, 10,000 steps, 3 faults a seed; 125 ms of processor time a seed, 0 s in all"
    assert counting.summary(reports) == told
    assert counting.summary(reports[4:]) is None


def test_a_program_is_upgraded_from_an_older_release_to_this_one() -> None:
    assert migrating.REVISIONS[-1] == rarities.NEWEST, "say in rarities.LEFT_OUT what an older book has not"
    assert versions.HEAD == rarities.NEWEST_OF_REGISTER, "say in LEFT_OUT_OF_REGISTER what an older register has not"
