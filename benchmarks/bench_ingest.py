"""Marks a second that register processes take in on PostgreSQL, beside a bare insert of the same rows.

What is measured is all that a sync asks of the register but HTTP: each request proven, opened and unpacked, its head's
signature and chain verified, each mark put to the rules, ledger, states and effective marks written with uniqueness and
fsync, the answer sealed. The reference, in the same run on the same server with as many clients: the same entries and
lines into two plain tables with primary keys, one statement and one transaction for each request.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing.synchronize import Barrier
from pathlib import Path

import psycopg

from benchmarks.measuring import figure, runs
from development.postgresql import Cluster, private_cluster
from pollbook.entries import Marked
from pollbook.line_state import LineState, Mark
from pollbook.sync_request import Address
from pollbook.types import Channel, EntryNumber
from register.ingest import ingest, prove_sync
from register.making import training_election
from register.store.engine import make_shared_database
from register.synthesis.plan import Plan
from register.synthesis.writer import synthesise
from register.voter_list.importing import ImportFiles, import_list
from tests.register.stand_in import NOON, Centre, Station, enrolled_station, make_centre

STATIONS, MARKS = 96, 1400
"""A mean station has about 1,400 marks in its day."""
CLIENTS = 2
PREPARED = "prepared"
NOW = NOON + timedelta(seconds=MARKS)
SETTINGS = {"shared_buffers": "512MB", "max_wal_size": "4GB", "checkpoint_timeout": "30min"}
NATION = 14_350_000


@dataclass(frozen=True)
class Request:
    """A station's request as the wire has it, and the rows of its marks for the reference."""

    address: Address
    sealed: bytes
    station: int
    first: int
    entries: list[bytes]
    lines: list[int]


def prepare(cluster: Cluster, folder: Path) -> tuple[Centre, list[Request]]:
    """A register with enrolled stations whose day is open and known, and the request of each with its marks."""
    with psycopg.connect(cluster.conninfo(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {PREPARED}")  # type: ignore[call-overload]
    centre = make_centre(folder / "register", training_election(), url=cluster.url(PREPARED))
    source = folder / "source"
    synthesise(Plan(precincts=STATIONS, voters_each=MARKS + 100, seed=7), source)
    files = ImportFiles(source / "voters.csv", source / "totals.csv")
    import_list(centre.home, centre.database, centre.election, files, NOON)
    codes = [str(code) for (code,) in centre.rows("SELECT code FROM precinct ORDER BY code")]
    requests = [request_of(centre, enrolled_station(centre, code), number) for number, code in enumerate(codes, 1)]
    centre.database.close()
    return centre, requests


def request_of(centre: Centre, station: Station, number: int) -> Request:
    """The day's marks of a station that has told the register of its opening already."""
    station.sync(centre)
    first, operator, lines = station.acknowledged + 1, station.operator, station.lines[:MARKS]
    for line in lines:
        mark = station.enter(Marked(line, Channel.STATION), operator)
        station.states[line] = LineState(Mark(mark, Channel.STATION, station.last_at, operator))
    station.order_sent = station.order
    sealed = station.request(first, sent_at_s=int(NOW.timestamp()))
    return Request(
        Address(station.book, EntryNumber(first)), sealed, number, first, station.entries[first - 1 :], list(lines)
    )


def by_clients(work: Callable[[Sequence[Request], Barrier], None], requests: Sequence[Request]) -> float:
    """Seconds that `CLIENTS` processes take together, from when all are ready."""
    context = multiprocessing.get_context("fork")
    barrier = context.Barrier(CLIENTS + 1)
    processes = [context.Process(target=work, args=(requests[at::CLIENTS], barrier)) for at in range(CLIENTS)]
    for process in processes:
        process.start()
    barrier.wait()
    began = time.perf_counter()
    for process in processes:
        process.join()
    seconds = time.perf_counter() - began
    if any(process.exitcode for process in processes):
        sys.exit("a client failed")
    return seconds


def register_seconds(cluster: Cluster, centre: Centre, requests: Sequence[Request], name: str) -> float:
    """Seconds of the register's processes on a copy of the prepared database, all of it found there afterwards."""
    with psycopg.connect(cluster.conninfo(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {PREPARED} STRATEGY file_copy")  # type: ignore[call-overload]
        connection.execute("CHECKPOINT")
    url = cluster.url(name)

    def work(share: Sequence[Request], barrier: Barrier) -> None:
        database = make_shared_database(url)
        with database.read():
            pass
        barrier.wait()
        for request in share:
            with database.read() as connection:
                prove_sync(connection, request.sealed, request.address)
            database.change_book(
                lambda connection, request=request: ingest(  # type: ignore[misc]
                    connection, centre.centre, request.sealed, request.address, NOW
                )
            )
        database.close()

    seconds = by_clients(work, requests)
    with psycopg.connect(cluster.conninfo(name)) as connection:
        counted = connection.execute(
            "SELECT (SELECT count(*) FROM effective_mark), (SELECT count(*) FROM anomaly)"
        ).fetchone()
    assert counted == (sum(len(request.lines) for request in requests), 0), counted
    drop(cluster, name)
    return seconds


def numbers(request: Request) -> list[int]:
    return list(range(request.first, request.first + len(request.lines)))


def bare_seconds(cluster: Cluster, requests: Sequence[Request], name: str) -> float:
    """Seconds of the bare insert."""
    with psycopg.connect(cluster.conninfo(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")  # type: ignore[call-overload]
    with psycopg.connect(cluster.conninfo(name)) as connection:
        connection.execute("CREATE TABLE ledger (station int, number int, bytes bytea, PRIMARY KEY (station, number))")
        connection.execute("CREATE TABLE voted (line bigint PRIMARY KEY, station int, number int)")
    insert = (
        "WITH new AS (SELECT * FROM unnest(%b::int[], %b::bytea[], %b::bigint[]) AS new (number, bytes, line)),"
        " kept AS (INSERT INTO ledger SELECT %b::int, number, bytes FROM new)"
        " INSERT INTO voted SELECT line, %b::int, number FROM new"
    )

    def work(share: Sequence[Request], barrier: Barrier) -> None:
        rows = [
            (
                list(range(each.first, each.first + len(each.lines))),
                each.entries,
                each.lines,
                each.station,
                each.station,
            )
            for each in share
        ]
        with psycopg.connect(cluster.conninfo(name), autocommit=True) as connection:
            barrier.wait()
            for row in rows:
                connection.execute(insert, row)

    seconds = by_clients(work, requests)
    drop(cluster, name)
    return seconds


def drop(cluster: Cluster, name: str) -> None:
    with psycopg.connect(cluster.conninfo(), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name}")  # type: ignore[call-overload]


def main() -> None:
    with tempfile.TemporaryDirectory() as name, private_cluster(SETTINGS) as cluster:
        centre, requests = prepare(cluster, Path(name))
        runs_made = iter(range(100))

        def measure() -> tuple[float, ...]:
            number = next(runs_made)
            return (
                register_seconds(cluster, centre, requests, f"register_{number}"),
                bare_seconds(cluster, requests, f"bare_{number}"),
            )

        seconds, bare = runs(measure, 3)
    marks = STATIONS * MARKS
    ratio = bare / seconds
    detail = (
        f"{marks / seconds:,.0f} marks/s beside {marks / bare:,.0f} rows/s; {CLIENTS} clients, {os.cpu_count()} cores"
    )
    figure("register ingest, of a bare two-table insert", ratio, "×", "≥ 0.4", ratio >= 0.4, detail)
    rate = marks / seconds
    detail = f"the nation's day of {NATION:,} marks in {NATION / rate / 60:.1f} minutes"
    figure("register ingest", rate, "marks/s", "≥ 45,000 (an aim)", rate >= 45_000, detail)


if __name__ == "__main__":
    main()
