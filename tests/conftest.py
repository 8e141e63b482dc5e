from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pollbook.store.book import Book
from tests.making import Station, make_station


@pytest.fixture
def station(tmp_path: Path) -> Station:
    """A station with a real encrypted book of 40 voters."""
    return make_station(tmp_path / "station")


@pytest.fixture
def book(station: Station) -> Iterator[Book]:
    """That station's book, open for writing."""
    with station.open() as opened:
        yield opened
