from __future__ import annotations

import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from pollbook.election import Election
from pollbook.failures import Failure, WorldFailed
from register.home import DEFAULT_URL, RegisterHome
from register.making import make_register
from register.store import engine as engines
from register.store import setup, versions
from register.store.engine import Database, make_database, open_database
from register.store.schema import metadata
from tests.register.stand_in import CHEAP, NOON, Centre


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = make_database(tmp_path / "register.db")
    yield made
    made.close()


def test_the_migrations_make_the_tables_that_the_program_knows(database: Database) -> None:
    with database.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        assert versions.version(connection) == versions.HEAD


def test_the_newest_migration_is_the_one_that_is_named() -> None:
    scripts = ScriptDirectory(str(Path(versions.__file__).with_name("migrations")))
    assert scripts.get_current_head() == versions.HEAD
    assert [script.revision for script in scripts.walk_revisions()][1:] == list(reversed(versions._OLDER))


def test_each_connection_writes_through_and_keeps_foreign_keys(database: Database) -> None:
    with database.write() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_a_newer_register_is_refused_and_left_alone(centre: Centre) -> None:
    with centre.database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0999'"))
    centre.database.close()
    with pytest.raises(WorldFailed) as caught:
        open_database(centre.home)
    assert caught.value.failure is Failure.REGISTER_NEWER
    with closing(sqlite3.connect(centre.home.database)) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [("0999",)]


def test_a_folder_without_a_register_and_a_file_that_is_none_are_refused(tmp_path: Path) -> None:
    with pytest.raises(WorldFailed) as caught:
        open_database(RegisterHome(tmp_path))
    assert caught.value.failure is Failure.REGISTER_NOT_THERE
    (tmp_path / "register.db").write_bytes(b"not a database " * 1000)
    with pytest.raises(WorldFailed) as caught:
        open_database(RegisterHome(tmp_path))
    assert caught.value.failure is Failure.REGISTER_NOT_THERE


def test_a_writer_that_waits_too_long_is_told_so(centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "BUSY_WAIT_S", 0.01)
    other = open_database(centre.home)
    with centre.database.write(), pytest.raises(WorldFailed) as caught, other.write():
        pass
    other.close()
    assert caught.value.failure is Failure.REGISTER_IN_USE


def test_a_block_that_fails_leaves_nothing(centre: Centre) -> None:
    with pytest.raises(KeyboardInterrupt), centre.database.write() as connection:  # noqa: PT012 - the block is the point
        connection.execute(text("DELETE FROM register_officer"))
        raise KeyboardInterrupt
    with centre.database.read() as connection:
        assert len(setup.officers_of(connection)) == 3


def test_a_full_disk_is_named(centre: Centre) -> None:
    with pytest.raises(WorldFailed) as caught, centre.database.write() as connection:  # noqa: PT012 - as above
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
        connection.exec_driver_sql("CREATE TABLE large AS SELECT randomblob(10000000) AS x")
    assert caught.value.failure is Failure.DISK_FULL


def test_the_election_is_kept_as_it_was_read(centre: Centre) -> None:
    with centre.database.read() as connection:
        assert setup.election_of(connection) == centre.election


def test_only_the_owner_may_read_the_registers_folder_and_keys(centre: Centre) -> None:
    def rights(path: Path) -> int:
        return stat.S_IMODE(path.stat().st_mode)

    assert (rights(centre.home.path), rights(centre.home.keys)) == (0o700, 0o700)
    assert {rights(path) for path in centre.home.keys.iterdir()} == {0o600}
    assert rights(centre.home.training_pins) == 0o600


def test_a_register_is_not_made_twice(centre: Centre, election: Election) -> None:
    with pytest.raises(WorldFailed) as caught:
        make_register(centre.home, election, None, NOON, CHEAP)
    assert caught.value.failure is Failure.REGISTER_EXISTS


def test_a_real_register_names_its_officers_and_keeps_no_pins(tmp_path: Path, real_election: Election) -> None:
    home = RegisterHome(tmp_path / "real")
    with pytest.raises(WorldFailed) as caught:
        make_register(home, real_election, None, NOON, CHEAP)
    assert caught.value.failure is Failure.OFFICERS_UNREADABLE
    (tmp_path / "officers.csv").write_text("surname,given_name\nA,B\nC,D\n", "utf-8")
    made = make_register(home, real_election, tmp_path / "officers.csv", NOON, CHEAP)
    assert list(made.pins) == ["A B", "C D"]
    assert not home.training_pins.exists()
    kept = b"".join(path.read_bytes() for path in home.path.rglob("*") if path.is_file())
    assert not any(pin.encode() in kept for pin in made.pins.values())


def test_one_process_at_a_time_does_one_work(tmp_path: Path) -> None:
    home = RegisterHome(tmp_path)
    with home.only_one("serve"), home.only_one("import"):
        with pytest.raises(WorldFailed) as caught, RegisterHome(tmp_path).only_one("serve"):
            pass
        assert caught.value.failure is Failure.REGISTER_IN_USE
    with home.only_one("serve"):
        pass


def test_the_address_last_served_is_remembered(tmp_path: Path) -> None:
    home = RegisterHome(tmp_path)
    assert home.served_url() == DEFAULT_URL
    home.note_served("https://centre.example:9000")
    assert home.served_url() == "https://centre.example:9000"
    home.served.write_text("[]", "utf-8")
    assert home.served_url() == DEFAULT_URL
