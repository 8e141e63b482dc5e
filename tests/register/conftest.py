from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pollbook.election import Election
from pollbook.types import ElectionId
from register.making import training_election
from tests.register.lists_of_voters import PRECINCT, voters, write_list
from tests.register.stand_in import Centre, Station, copy_centre, enrolled_station, make_centre


@pytest.fixture(scope="session")
def election() -> Election:
    return training_election()


@pytest.fixture(scope="session")
def real_election(election: Election) -> Election:
    return replace(election, id=ElectionId("parliament-2026"), training=False)


@pytest.fixture(scope="session")
def made_centre(tmp_path_factory: pytest.TempPathFactory, election: Election) -> Path:
    """A new register in SQLite, of which tests get copies."""
    path = tmp_path_factory.mktemp("made") / "register"
    make_centre(path, election).database.close()
    return path


@pytest.fixture
def centre(made_centre: Path, tmp_path: Path, election: Election, database_url: str | None) -> Iterator[Centre]:
    """A new register."""
    path = tmp_path / "register"
    made = (
        copy_centre(made_centre, path, election)
        if database_url is None
        else make_centre(path, election, url=database_url)
    )
    yield made
    made.database.close()


@pytest.fixture
def loaded(centre: Centre, tmp_path: Path) -> Centre:
    """A register with one precinct of 40 voters."""
    centre.load(write_list(tmp_path / "voters.csv", voters(40)))
    return centre


@pytest.fixture
def station(loaded: Centre) -> Station:
    return enrolled_station(loaded, PRECINCT)
