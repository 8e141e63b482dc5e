from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from development.postgresql import Cluster, private_cluster
from pollbook.store.book import Book
from tests.making import Station, make_station
from tests.postgresql import make_empty


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL of the tests' own, started for the first test that asks for it."""
    with private_cluster() as started:
        yield started


@pytest.fixture
def postgresql_url(cluster: Cluster) -> str:
    """A PostgreSQL database with the register's schema and nothing in it."""
    return make_empty(cluster, "register")


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str | None:
    """Where the data of a test's register are; every test of a register runs on both stores."""
    url: str | None = request.getfixturevalue("postgresql_url") if request.param == "postgresql" else None
    return url


@pytest.fixture
def station(tmp_path: Path) -> Station:
    """A station with a real encrypted book of 40 voters."""
    return make_station(tmp_path / "station")


@pytest.fixture
def book(station: Station) -> Iterator[Book]:
    """That station's book, open for writing."""
    with station.open() as opened:
        yield opened
