"""Rows a second streamed into the register from a ministry's CSV, and the memory that it takes.

The import runs in a process of its own, as `uchastka-register import` does; the reference in the same run reads the
same file with the `csv` module and inserts the rows, unchecked, into one plain SQLite table. The memory is measured
once more where it hurts most: a list of twice the length in which no row has a PINFL, so that each is held back.
"""

from __future__ import annotations

import csv
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.measuring import figure, runs
from register.synthesis.plan import Plan
from register.synthesis.writer import synthesise

ROWS = 400_000
PRECINCTS = 200
HELD_BACK_ROWS = 760_000
TOOL = Path(sys.executable).parent / "uchastka-register"


def import_rows(folder: Path, source: Path, number: int) -> tuple[float, float]:
    """Seconds and the process's peak memory in MB of one import into a fresh register."""
    home = folder / f"register-{number}"
    subprocess.run([TOOL, "init", "--home", home, "--training"], check=True, capture_output=True)
    began = time.perf_counter()
    command = [TOOL, "import", "--home", home, source / "voters.csv", "--totals", source / "totals.csv", "--json"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"the import ended with {process.returncode}")
    return time.perf_counter() - began, usage.ru_maxrss / 1024


def bare_rows(folder: Path, source: Path, number: int) -> float:
    """Seconds of reading the file and inserting its rows unchecked."""
    database = sqlite3.connect(folder / f"bare-{number}.db", isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    began = time.perf_counter()
    with (source / "voters.csv").open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        header = next(rows)
        database.execute("CREATE TABLE bare (" + ", ".join(f'"{name}"' for name in header) + ")")
        database.execute("BEGIN")
        database.executemany("INSERT INTO bare VALUES (" + ", ".join("?" * len(header)) + ")", rows)  # noqa: S608
        database.execute("COMMIT")
    database.close()
    return time.perf_counter() - began


def without_pinfl(folder: Path) -> Path:
    """A synthetic list whose rows have no PINFL, and its totals."""
    whole, folder = folder / "whole", folder / "nameless"
    plan = Plan.of_total(precincts=HELD_BACK_ROWS // 2000, voters=HELD_BACK_ROWS, seed=7)
    synthesise(plan, whole)
    folder.mkdir()
    (whole / "totals.csv").rename(folder / "totals.csv")
    with (
        (whole / "voters.csv").open(encoding="utf-8", newline="") as file,
        (folder / "voters.csv").open("w", encoding="utf-8", newline="") as stripped,
    ):
        writer = csv.writer(stripped, lineterminator="\n")
        rows = csv.reader(file)
        writer.writerow(next(rows))
        writer.writerows(["", *row[1:]] for row in rows)
    shutil.rmtree(whole)
    return folder


def main() -> None:
    Path("build").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir="build") as name:
        folder = Path(name)
        source = folder / "source"
        synthesise(Plan(precincts=PRECINCTS, voters_each=ROWS // PRECINCTS, seed=7), source)
        numbers = iter(range(100))

        def measure() -> tuple[float, ...]:
            number = next(numbers)
            seconds, memory_mb = import_rows(folder, source, number)
            return seconds, memory_mb, bare_rows(folder, source, number)

        seconds, memory_mb, bare = runs(measure)
        rate = ROWS / seconds
        detail = f"{seconds / bare:.1f} times a bare load of {ROWS:,} rows ({ROWS / bare:,.0f} rows/s)"
        figure("import", rate, "rows/s", "≥ 30,000", rate >= 30_000, detail)
        figure("memory of the import", memory_mb, "MB", "< 300", memory_mb < 300)
        shutil.rmtree(source)
        seconds, memory_mb = import_rows(folder, without_pinfl(folder), next(numbers))
        detail = f"{HELD_BACK_ROWS:,} rows, all held back, in {seconds:.0f} s"
        figure("memory of an import of which nothing is taken", memory_mb, "MB", "< 300", memory_mb < 300, detail)


if __name__ == "__main__":
    main()
