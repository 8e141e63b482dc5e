"""Keystroke to results, in process, in books of 3,000 and 100,000 lines; and against Python's `re` over the same names.

Each query is typed key by key, as an operator does; one sample is one keystroke's whole search, hits as values. The
reference scans all canonical names, a list in memory, with a compiled pattern for each word typed so far.
"""

from __future__ import annotations

import random
import re
import tempfile
import time
from pathlib import Path

from benchmarks.measuring import figure, percentile, runs
from pollbook import names
from pollbook.store.book import Book
from pollbook.voters import Voter
from tests.making import make_listed_station

LIMIT = 50
QUERIES = 60
REFERENCE_EVERY = 9


def keystrokes(voters: tuple[Voter, ...]) -> list[str]:
    """What operators type: names in either script and order, years, numbers, misspellings, each key by key."""
    rng = random.Random(11)
    typed: list[str] = []
    for index in range(QUERIES):
        voter = rng.choice(voters)
        whole = (
            f"{voter.surname} {voter.given_name}",
            f"{voter.given_name} {voter.surname}",
            f"{voter.surname} {voter.birth_date.year}",
            voter.surname.upper().replace("ʻ", "").replace("X", "KH").replace("Q", "K"),
            voter.pinfl,
            voter.document,
        )[index % 6]
        typed += [whole[:length] for length in range(1, len(whole) + 1)]
    return typed


def measure(book: Book, typed: list[str]) -> list[float]:
    samples = []
    for text in typed:
        began = time.perf_counter()
        book.find(text, LIMIT)
        samples.append(time.perf_counter() - began)
    return samples


def percentiles_ms(samples: list[float]) -> tuple[float, float]:
    """The p50 and p99 of samples in seconds, in milliseconds."""
    return percentile(samples, 0.5) * 1e3, percentile(samples, 0.99) * 1e3


def reference(canonical: list[str], typed: list[str]) -> tuple[list[float], list[str]]:
    """Seconds that `re` takes for a sample of the same keystrokes, and these keystrokes."""
    chosen = [text for text in typed if names.required_tokens(text)][::REFERENCE_EVERY]
    samples = []
    for text in chosen:
        first, *others = [re.compile(rf"\b{re.escape(word)}").search for word in names.required_tokens(text)]
        began = time.perf_counter()
        found = [name for name in canonical if first(name)]
        for other in others:
            found = [name for name in found if other(name)]
        samples.append(time.perf_counter() - began)
    return samples, chosen


def main() -> None:
    Path("build").mkdir(exist_ok=True)
    for lines, limit_ms in ((3000, 5), (100_000, 20)):
        with tempfile.TemporaryDirectory(dir="build") as folder:
            station = make_listed_station(Path(folder) / "station", lines)
            with station.open(writer=False) as book:
                typed = keystrokes(station.voters)
                measure(book, typed[:40])
                p50_ms, p99_ms = runs(lambda: percentiles_ms(measure(book, typed)))  # noqa: B023  (called at once)
                detail = f"p50 {p50_ms:.2f} ms, {len(typed)} keystrokes"
                name = f"keystroke to results, p99, {lines:,} lines"
                figure(name, p99_ms, "ms", f"≤ {limit_ms}", p99_ms <= limit_ms, detail)
                if lines == 100_000:
                    canonical = [names.canonical(voter.full_name) for voter in station.voters]
                    slow, chosen = reference(canonical, typed)
                    ratio = sum(slow) / sum(measure(book, chosen))
                    detail = f"re p50 {percentile(slow, 0.5) * 1e3:.1f} ms over {len(chosen)} keystrokes"
                    figure("the same, times faster than re over the names", ratio, "times", "≥ 20", ratio >= 20, detail)


if __name__ == "__main__":
    main()
