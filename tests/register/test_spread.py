"""The register with half of its partitions on another node, behind postgres_fdw: the same program, the same outcome."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from development.postgresql import Cluster, private_cluster
from pollbook.election import Election
from register.checking import check_register
from tests.postgresql import make_empty
from tests.register.lists_of_voters import OTHER, PRECINCT, voters, write_list
from tests.register.stand_in import Centre, Station, enrolled_station, make_centre
from tests.soak.spread import spread_over


@pytest.fixture(scope="module")
def second() -> Iterator[Cluster]:
    with private_cluster(port=5433) as started:
        yield started


@pytest.fixture
def spread(tmp_path: Path, election: Election, cluster: Cluster, second: Cluster) -> Iterator[Centre]:
    """A register whose odd partitions are on a second node, with two precincts loaded."""
    url = make_empty(cluster, "spread")
    make_empty(second, "spread")
    with psycopg.connect(cluster.conninfo("spread")) as first:
        spread_over(first, second, "spread")
    centre = make_centre(tmp_path / "register", election, url=url)
    centre.load(write_list(tmp_path / "voters.csv", [*voters(40), *voters(40, precinct=OTHER, first=100)]))
    yield centre
    centre.database.close()
    with psycopg.connect(cluster.conninfo(), autocommit=True) as connection:
        connection.execute("DROP DATABASE spread WITH (FORCE)")


def is_sound(centre: Centre) -> bool:
    with centre.database.read() as connection:
        return not check_register(connection, centre.centre).faults


def remote(second: Cluster, query: str) -> int:
    with psycopg.connect(second.conninfo("spread")) as connection:
        row = connection.execute(query).fetchone()  # type: ignore[call-overload]
        assert row is not None
        return int(row[0])


def day(station: Station) -> None:
    for line in station.lines[:20]:
        station.mark(line)
    station.void(station.lines[2])


def test_a_register_over_two_nodes_takes_in_what_one_would(spread: Centre, second: Cluster) -> None:
    stations = [enrolled_station(spread, precinct) for precinct in (PRECINCT, OTHER)]
    for station in stations:
        day(station)
        assert station.sync(spread).acknowledged == station.head
        station.mark(station.lines[30])
        assert station.sync(spread).acknowledged == station.head
    assert is_sound(spread)
    assert spread.rows("SELECT count(*) FROM effective_mark") == [(40,)]
    assert 0 < remote(second, "SELECT count(*) FROM effective_mark") < 40
    held = spread.rows("SELECT count(DISTINCT tableoid::regclass) FROM entry")
    assert held == [(2,)]
