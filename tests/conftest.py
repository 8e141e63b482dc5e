from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from development.postgresql import Cluster, private_cluster
from pollbook.store.book import Book
from tests.devices import virtual_reader
from tests.devices.virtual_reader import VirtualReaders
from tests.making import Station, copy_station, make_station
from tests.postgresql import make_empty
from tests.simulation import counting

READERS = Path(tempfile.mkdtemp(prefix="readers"))
"""Where the tests' smart card service is, once it runs. Named before anything looks for one: clients look but once a
process, and the desktop looks as soon as it is built."""
os.environ["PCSCLITE_CSOCK_NAME"] = str(READERS / "run" / "pcscd.comm")
atexit.register(shutil.rmtree, READERS, ignore_errors=True)


LONGEST = ("test_rehearsal.py", "simulation")
"""Their tests take up to half a minute each. They come first, so that at the end no process is alone with one."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not any(name in LONGEST for name in (item.path.name, item.path.parent.name)))


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


@pytest.fixture(scope="session")
def started_readers() -> Iterator[VirtualReaders]:
    """A smart card service of the tests' own, the same for a whole process."""
    reason = virtual_reader.why_not()
    if reason is not None:
        pytest.skip(reason)
    readers = VirtualReaders(READERS)
    readers.start()
    yield readers
    if readers.process is not None:
        readers.stop()


@pytest.fixture
def virtual_readers(started_readers: VirtualReaders) -> VirtualReaders:
    """Two virtual readers, empty, whose service runs."""
    if started_readers.process is None:
        started_readers.start()
    return started_readers


@pytest.fixture(scope="session")
def made_station(tmp_path_factory: pytest.TempPathFactory) -> Station:
    """A station with a real encrypted book of 40 voters, of which tests get copies."""
    return make_station(tmp_path_factory.mktemp("made") / "station")


@pytest.fixture
def station(made_station: Station, tmp_path: Path) -> Station:
    """A station with a real encrypted book of 40 voters, as it was when its day had been opened."""
    return copy_station(made_station, tmp_path / "station")


@pytest.fixture
def book(station: Station) -> Iterator[Book]:
    """That station's book, open for writing."""
    with station.open() as opened:
        yield opened


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """How many election days were simulated stands in the summary, where some were."""
    told = counting.summary(report for reports in terminalreporter.stats.values() for report in reports)
    if told is not None:
        terminalreporter.write_line(told)
