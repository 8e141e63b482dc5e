"""Voters loaded into a register on PostgreSQL, beside a bare COPY with the same indexes; and what one slice costs.

Two million rows are loaded: 100,000 synthetic ones, validated as an import does (which is reported apart), each twenty
times under other PINFLs and in other precincts. The reference copies the same rows, written out beforehand, into one
plain table and makes the same indexes. The nation's 20.5 million are extrapolated from that.
"""

from __future__ import annotations

import csv
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg

from benchmarks.measuring import figure
from development.postgresql import Cluster, private_cluster
from pollbook.signing import SigningKey
from pollbook.types import BookName, DeviceId, PrecinctCode
from register.issuing import issue_slice
from register.making import training_election
from register.store import lists
from register.synthesis.plan import Plan
from register.synthesis.writer import synthesise
from register.voter_list.validation import Validator
from register.voter_rows import COLUMNS, VoterRow
from tests.register.stand_in import NOON, Centre, make_centre

SYNTHETIC, TIMES = 100_000, 20
ROWS = SYNTHETIC * TIMES
CHUNK = 5000
NATION = 20_500_000
SLICES = 30
SETTINGS = {
    "shared_buffers": "512MB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "30min",
}
PLAIN = "id bigint, source_row int, run int, place smallint, since_version int, "


def validated(folder: Path) -> tuple[list[VoterRow], float]:
    """Sound rows of a synthetic list, and how many of it are validated a second."""
    synthesise(Plan.of_total(precincts=SYNTHETIC // 2000, voters=SYNTHETIC, seed=7), folder)
    with (folder / "voters.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))[1:]
    judge = Validator(training_election(), "utf-8")
    began = time.perf_counter()
    judged = [judge(row) for row in rows]
    rate = len(rows) / (time.perf_counter() - began)
    sound = [row if isinstance(row, VoterRow) else row.row for row in judged]
    seen: set[str] = set()
    kept = []
    for row in sound:
        if row is not None and row.pinfl and row.pinfl[2:] not in seen:
            seen.add(row.pinfl[2:])
            kept.append(row)
    return kept, rate


def copies(rows: list[VoterRow]) -> Iterator[list[VoterRow]]:
    """The rows `TIMES` times, in chunks; each time the precincts and the PINFLs' first digits are others."""
    places = {code: number for number, code in enumerate(sorted({row.precinct for row in rows}), 1)}
    for time_number in range(TIMES):
        again = [
            row._replace(
                pinfl=f"{time_number:02}{row.pinfl[2:]}",
                precinct=f"{1000 + time_number:04}-{places[row.precinct]:04}",
            )
            for row in rows
        ]
        for at in range(0, len(again), CHUNK):
            yield again[at : at + CHUNK]


def load(centre: Centre, rows: list[VoterRow]) -> tuple[float, int]:
    """Seconds in which the register has the validated rows, checked for duplicates, indexed, counted and durable."""
    seconds, count = 0.0, 0
    with centre.database.write() as connection:
        began = time.perf_counter()
        under_way = lists.begin_load(connection, bytes(32), 0, ROWS)
        seconds += time.perf_counter() - began
        for chunk in copies(rows):
            numbered = list(enumerate(chunk, count + 1))
            count += len(chunk)
            began = time.perf_counter()
            lists.add_lines(connection, under_way, numbered)
            seconds += time.perf_counter() - began
        began = time.perf_counter()
        loaded = lists.finish_load(connection, under_way, lambda _number, _reason: None)
        lists.note_load(connection, under_way, loaded, 0, "")
    seconds += time.perf_counter() - began
    assert (loaded.imported, loaded.held_back) == (count, 0), (loaded, count)
    return seconds, count


def bare(cluster: Cluster, rows: list[VoterRow]) -> float:
    """Seconds of COPY and CREATE INDEX of the same rows in one plain table."""
    seconds, count = 0.0, 0
    columns = ", ".join(f'"{name}" {"int" if name in {"page", "row"} else "text"}' for name in COLUMNS)
    with psycopg.connect(cluster.conninfo()) as connection:
        connection.execute(f"CREATE TABLE bare ({PLAIN}{columns}, seq serial)")  # type: ignore[call-overload]
        names = ", ".join(f'"{name}"' for name in ("id", "source_row", "run", "place", "since_version", *COLUMNS))
        with connection.cursor().copy(f"COPY bare ({names}) FROM STDIN") as copy:  # type: ignore[call-overload]
            for chunk in copies(rows):
                text = "".join(
                    f"{hash((row, count)) >> 1}\t{number}\t1\t1\t1\t" + "\t".join(map(str, row)) + "\n"
                    for number, row in enumerate(chunk, count)
                ).encode()
                count += len(chunk)
                began = time.perf_counter()
                copy.write(text)
                seconds += time.perf_counter() - began
            began = time.perf_counter()
        for statement in (
            "CREATE INDEX ON bare (id)",
            'CREATE INDEX ON bare (precinct, page, "row")',
            "CREATE UNIQUE INDEX ON bare (pinfl) WHERE place = 1",
            "CREATE INDEX ON bare USING brin (seq)",
        ):
            connection.execute(statement)
        connection.commit()
        seconds += time.perf_counter() - began
        connection.execute("DROP TABLE bare")
    return seconds


def slices_ms(centre: Centre) -> float:
    """The median milliseconds of issuing a precinct's slice, signed and compressed."""
    codes = [str(code) for (code,) in centre.rows("SELECT code FROM precinct ORDER BY code")]
    key, took = SigningKey.generate(), []
    book = BookName(DeviceId(bytes(16)), 1)
    for code in codes[:: max(1, len(codes) // SLICES)][:SLICES]:
        with centre.database.write() as connection:
            began = time.perf_counter()
            issued = issue_slice(connection, centre.election, PrecinctCode(code), 1, book, key, NOON)
            took.append((time.perf_counter() - began) * 1000)
            assert issued.line_count > 0
    return statistics.median(took)


def main() -> None:
    with tempfile.TemporaryDirectory() as name, private_cluster(SETTINGS) as cluster:
        folder = Path(name)
        rows, validated_per_s = validated(folder / "source")
        with psycopg.connect(cluster.conninfo(), autocommit=True) as connection:
            connection.execute("CREATE DATABASE nation")
        centre = make_centre(folder / "register", training_election(), url=cluster.url("nation"))
        reference = bare(cluster, rows)
        seconds, count = load(centre, rows)
        slice_ms = slices_ms(centre)
        centre.database.close()
    ratio, rate = reference / seconds, count / seconds
    detail = (
        f"{count:,} rows in {seconds:.0f} s ({rate:,.0f} rows/s) beside {reference:.0f} s ({count / reference:,.0f}"
        f" rows/s); validation apart: {validated_per_s:,.0f} rows/s; the nation's {NATION:,}, extrapolated:"
        f" {NATION / rate:.0f} s of loading, {NATION / validated_per_s:.0f} s of validation"
    )
    figure("voters loaded, of a bare COPY with the same indexes", ratio, "×", "≥ 0.3", ratio >= 0.3, detail)
    figure("one slice issued", slice_ms, "ms", "≤ 50", slice_ms <= 50, f"median of {SLICES}, signed and compressed")


if __name__ == "__main__":
    main()
