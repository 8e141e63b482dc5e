"""Durable mark, p99, in the encrypted book of 3,000, against a bare insert of the same rows in plain SQLite.

Both commit with WAL and `synchronous=FULL` on the same disk, one after the other, so that both meet the same noise.
The reference inserts the entry's row and the projection's row, and commits; the book also reads the line, applies the
rules, encodes, chains and encrypts.
"""

from __future__ import annotations

import sqlite3
import tempfile
import time
from pathlib import Path

from benchmarks.measuring import figure, percentile, runs
from pollbook.types import Channel
from tests.making import OPERATOR, make_station

MARKS = 2000


def measure() -> tuple[float, ...]:
    with tempfile.TemporaryDirectory(dir=Path.cwd() / "build") as folder:
        station = make_station(Path(folder) / "station", 3000)
        plain = sqlite3.connect(Path(folder) / "plain.db", isolation_level=None)
        plain.execute("PRAGMA journal_mode = WAL")
        plain.execute("PRAGMA synchronous = FULL")
        plain.execute("CREATE TABLE entry (number INTEGER PRIMARY KEY, bytes BLOB NOT NULL, hash BLOB NOT NULL)")
        plain.execute(
            "CREATE TABLE line_state (line INTEGER PRIMARY KEY, mark INTEGER, channel TEXT, at INTEGER, actor INTEGER,"
            " voids TEXT NOT NULL)"
        )
        ours, bare = [], []
        with station.open() as book:
            for voter in station.voters[:MARKS]:
                began = time.perf_counter()
                number = book.mark(voter.line, Channel.STATION, OPERATOR)
                ended = time.perf_counter()
                ours.append(ended - began)
                row = (number, bytes(24), bytes(32))
                state = (voter.line, number, "station", 117_816_400_283_604, 5, "")
                began = time.perf_counter()
                plain.execute("BEGIN IMMEDIATE")
                plain.execute("INSERT INTO entry VALUES (?, ?, ?)", row)
                plain.execute("INSERT INTO line_state VALUES (?, ?, ?, ?, ?, ?)", state)
                plain.execute("COMMIT")
                bare.append(time.perf_counter() - began)
        plain.close()
    values = (percentile(ours, 0.5), percentile(bare, 0.5), percentile(ours, 0.99), percentile(bare, 0.99))
    return (*values, values[2] / values[3])


if __name__ == "__main__":
    Path("build").mkdir(exist_ok=True)
    ours50, bare50, ours99, bare99, ratio = runs(measure)
    detail = (
        f"p50 {ours50 * 1e3:.2f} against {bare50 * 1e3:.2f} ms, p99 {ours99 * 1e3:.2f} against {bare99 * 1e3:.2f} ms"
    )
    figure("durable mark, p99, book of 3,000 / bare insert and commit", ratio, "times", "≤ 2", ratio <= 2, detail)
