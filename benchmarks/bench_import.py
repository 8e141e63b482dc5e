"""Rows a second streamed into the register from a ministry's CSV, and the memory that it takes.

The import runs in a process of its own, as `uchastka-register import` does; the reference in the same run reads the
same file with the `csv` module and inserts the rows, unchecked, into one plain SQLite table.
"""

from __future__ import annotations

import csv
import os
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

        seconds, memory_mb, bare = runs(measure, 3)
        rate = ROWS / seconds
        detail = f"{seconds / bare:.1f} times a bare load of {ROWS:,} rows ({ROWS / bare:,.0f} rows/s)"
        figure("import", rate, "rows/s", "≥ 30,000", rate >= 30_000, detail)
        figure("memory of the import", memory_mb, "MB", "< 300", memory_mb < 300)


if __name__ == "__main__":
    main()
