from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from register.making import training_election
from tests.crossing.worlds import Laptop, enrol_laptop
from tests.register.lists_of_voters import OTHER, PRECINCT, voters, write_list
from tests.register.stand_in import Centre, copy_centre, make_centre


@pytest.fixture(scope="session")
def made_centre(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A register in SQLite with that list, of which tests get copies."""
    folder = tmp_path_factory.mktemp("made")
    _with_list(make_centre(folder / "register", training_election()), folder).database.close()
    return folder / "register"


@pytest.fixture
def centre(made_centre: Path, tmp_path: Path, database_url: str | None) -> Iterator[Centre]:
    """A register of two precincts with twenty voters each."""
    path, election = tmp_path / "register", training_election()
    if database_url is None:
        made = copy_centre(made_centre, path, election)
    else:
        made = _with_list(make_centre(path, election, url=database_url), tmp_path)
    yield made
    made.database.close()


def _with_list(made: Centre, folder: Path) -> Centre:
    made.load(write_list(folder / "voters.csv", [*voters(20), *voters(20, OTHER, 500)]))
    return made


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
