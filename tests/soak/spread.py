"""Half of a register's partitions on a second node behind postgres_fdw, and what that costs.

    python3 dev.py soak spread

Two private clusters, each with the register's schema. On the first the odd partitions of the tables that grow in an
election become foreign tables of the second. What such a table cannot have (a key over the whole of it) each partition
keeps for itself, which is as good: what is partitioned by is part of every key. The list itself stays on the first: an
import makes its indexes anew, which reach over no foreign table. The same requests are then ingested by a register on
one node and by one on two, and the seconds of both are printed. It stops by itself.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import psycopg
from psycopg import sql

from development.postgresql import OWNER, Cluster, private_cluster
from register.checking import check_register
from register.making import training_election
from register.store.schema import PARTITIONS, SPREAD
from tests.postgresql import make_empty
from tests.register.lists_of_voters import voters, write_list
from tests.register.stand_in import Centre, enrolled_station, make_centre

MOVED = [table for table in SPREAD if table != "line"]
STATIONS, MARKS = 16, 800
BATCH_ROWS = 500
"""Rows that one message carries to the other node."""


def spread_over(first: psycopg.Connection, second: Cluster, database: str) -> None:
    """The odd partitions of the register's database behind `first` are those of the same database on `second`.

    Both have the register's schema and nothing in it.
    """
    first.execute("CREATE EXTENSION IF NOT EXISTS postgres_fdw")
    first.execute(
        sql.SQL(
            "CREATE SERVER second FOREIGN DATA WRAPPER postgres_fdw OPTIONS"
            " (host {}, port {}, dbname {}, batch_size {}, fetch_size '5000')"
        ).format(*map(sql.Literal, (str(second.folder), str(second.port), database, str(BATCH_ROWS))))
    )
    first.execute(sql.SQL("CREATE USER MAPPING FOR CURRENT_USER SERVER second OPTIONS (user {})").format(OWNER))
    for table in MOVED:
        _keys_to_partitions(first, table)
        for remainder in range(1, PARTITIONS, 2):
            _move(first, table, remainder)


def _keys_to_partitions(first: psycopg.Connection, table: str) -> None:
    """The keys over the whole table go; each partition that stays has them for itself."""
    query = (
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE conrelid = %s::regclass AND contype IN ('p', 'u')"
    )
    constraints = first.execute(query, (table,)).fetchall()
    for name, definition in constraints:
        first.execute(sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}").format(sql.Identifier(table), sql.Identifier(name)))
        for remainder in range(0, PARTITIONS, 2):
            partition = sql.Identifier(f"{table}_p{remainder:02}")
            first.execute(sql.SQL("ALTER TABLE {} ADD {}").format(partition, sql.SQL(definition)))


def _move(first: psycopg.Connection, table: str, remainder: int) -> None:
    partition = sql.Identifier(f"{table}_p{remainder:02}")
    first.execute(sql.SQL("DROP TABLE {}").format(partition))
    first.execute(
        sql.SQL(
            "CREATE FOREIGN TABLE {} PARTITION OF {} FOR VALUES WITH (MODULUS {}, REMAINDER {})"
            " SERVER second OPTIONS (table_name {})"
        ).format(
            partition,
            sql.Identifier(table),
            sql.Literal(PARTITIONS),
            sql.Literal(remainder),
            sql.Literal(f"{table}_p{remainder:02}"),
        )
    )


def ingest_all(centre: Centre, folder: Path) -> float:
    """Seconds of ingesting every station's day."""
    codes = [f"17{number:02}-0001" for number in range(1, STATIONS + 1)]
    rows = [row for number, code in enumerate(codes) for row in voters(MARKS, code, number * MARKS)]
    centre.load(write_list(folder / "voters.csv", rows))
    stations = [enrolled_station(centre, code) for code in codes]
    for station in stations:
        station.sync(centre)
        for line in station.lines:
            station.mark(line)
    asked = [(station, station.acknowledged + 1, station.request(station.acknowledged + 1)) for station in stations]
    began = time.perf_counter()
    for station, first, request in asked:
        centre.sync(station.book, first, request)
    return time.perf_counter() - began


def main() -> int:
    """Print the seconds of one node and of two."""
    with private_cluster() as first, private_cluster(port=5433) as second, tempfile.TemporaryDirectory() as name:
        seconds = {}
        for nodes in ("one", "two"):
            url = make_empty(first, nodes)
            if nodes == "two":
                make_empty(second, nodes)
                with psycopg.connect(first.conninfo(nodes)) as connection:
                    spread_over(connection, second, nodes)
            folder = Path(name) / nodes
            folder.mkdir()
            centre = make_centre(folder / "register", training_election(), url=url)
            seconds[nodes] = ingest_all(centre, folder)
            with centre.database.read() as connection:
                faults = check_register(connection, centre.centre).faults
            centre.database.close()
            rate = STATIONS * MARKS / seconds[nodes]
            print(f"{nodes} node(s): {seconds[nodes]:.2f} s, {rate:,.0f} marks/s, faults: {len(faults)}")
            if faults:
                return 1
        print(f"two nodes cost {seconds['two'] / seconds['one']:.1f} times the seconds of one")
    return 0


if __name__ == "__main__":
    sys.exit(main())
