from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from register.making import training_election
from tests.crossing.worlds import Laptop, enrol_laptop
from tests.register.lists_of_voters import OTHER, PRECINCT, voters, write_list
from tests.register.stand_in import Centre, make_centre


@pytest.fixture
def centre(tmp_path: Path, database_url: str | None) -> Iterator[Centre]:
    """A register of two precincts with twenty voters each."""
    made = make_centre(tmp_path / "register", training_election(), url=database_url)
    made.load(write_list(tmp_path / "voters.csv", [*voters(20), *voters(20, OTHER, 500)]))
    yield made
    made.database.close()


@pytest.fixture
def here(centre: Centre, tmp_path: Path) -> Iterator[Laptop]:
    laptop = enrol_laptop(centre, tmp_path / "here", PRECINCT)
    yield laptop
    laptop.book.close()


@pytest.fixture
def there(centre: Centre, tmp_path: Path) -> Iterator[Laptop]:
    laptop = enrol_laptop(centre, tmp_path / "there", OTHER)
    yield laptop
    laptop.book.close()
