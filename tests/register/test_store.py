from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.schema import SchemaItem

from development.postgresql import Cluster, private_cluster
from pollbook.election import Election
from pollbook.failures import Failure, InputInvalid, WorldFailed
from register.home import DEFAULT_URL, RegisterHome
from register.making import make_register
from register.store import books, postgresql, setup, stations, versions
from register.store import engine as engines
from register.store import sqlite as sqlite_store
from register.store.engine import Database, make_database, make_shared_database, open_database
from register.store.schema import PARTITIONS, SPREAD, metadata
from tests.register.lists_of_voters import OTHER, PRECINCT, voters, write_list
from tests.register.stand_in import CHEAP, NOON, Centre, enrolled_station, make_centre

FIRST_RELEASE = """
INSERT INTO precinct (code, name, version, loaded) VALUES ('1708-0001', 'x', 2, 4);
INSERT INTO line VALUES
 (1, 11, 1, 1, 1, 1, '1', '', 'A', 'B', '', '', 'f', '', '', '', '1708-0001', 1, 1, ''),
 (2, 12, 1, 2, 1, 1, '2', '', 'A', 'B', '', '', 'f', '', '', '', '1708-0001', 1, 2, ''),
 (3, 13, 1, 3, 1, 2, '3', '', 'A', 'B', '', '', 'f', '', '', '', '1708-0001', 1, 3, ''),
 (4, 14, 1, 4, 2, 1, '4', '', 'A', 'B', '', '', 'f', '', '', '', '1708-0001', 1, 4, '');
INSERT INTO station VALUES
 (1, x'01', 1, x'00', '1708-0001', 1, 1, 2, 0, x'00', NULL, NULL),
 (2, x'02', 1, x'00', '1708-0001', 1, 2, 2, 0, x'00', NULL, NULL);
INSERT INTO issued VALUES (1, x'61'), (2, x'62');
INSERT INTO withheld VALUES (2, 11);
INSERT INTO book VALUES
 (1, 7, x'00', NULL, x'00', 0, NULL, NULL, 0, '', 0),
 (2, 7, x'00', NULL, x'00', 0, NULL, NULL, 0, '', 0);
INSERT INTO line_state VALUES
 (1, 11, 4, 'station', 1, 1, ''),
 (1, 12, 5, 'home', 1, 1, ''),
 (2, 12, 4, 'station', 1, 1, ''),
 (2, 13, NULL, NULL, NULL, NULL, '4 5')
"""
"""A register as the first release left it: two books of one precinct, the second without a line that was marked."""


@pytest.fixture
def database(tmp_path: Path, database_url: str | None) -> Iterator[Database]:
    made = make_database(tmp_path / "register.db") if database_url is None else make_shared_database(database_url)
    yield made
    made.close()


def is_compared(item: Any, name: str | None, kind: str, _reflected: bool, _other: SchemaItem | None) -> bool:  # noqa: ANN401
    """Whether PostgreSQL has it as `schema.py` does: a spread table has partitions and its own keys."""
    if kind == "table":
        return not re.fullmatch(rf"({'|'.join(SPREAD)})_p\d\d", name or "")
    table = item.table.name
    if kind == "foreign_key_constraint":
        return table not in SPREAD and item.referred_table.name not in SPREAD
    return not (kind == "index" and table == "line") and not (kind == "unique_constraint" and table in SPREAD)


def test_the_migrations_make_the_tables_that_the_program_knows(database: Database) -> None:
    with database.read() as connection:
        options = {} if connection.dialect.name == "sqlite" else {"include_object": is_compared}
        assert compare_metadata(MigrationContext.configure(connection, opts=options), metadata) == []
        assert versions.version(connection) == versions.HEAD


def test_the_tables_that_grow_are_spread_by_book_and_by_voter(postgresql_url: str) -> None:
    database = make_shared_database(postgresql_url)
    with database.read() as connection:
        query = "SELECT partrelid::regclass::text, pg_get_partkeydef(partrelid) FROM pg_partitioned_table"
        spread = {table: key for table, key in connection.execute(text(query))}  # noqa: C416 - rows are no pairs
        partitions = connection.execute(text("SELECT count(*) FROM pg_class WHERE relispartition AND relkind = 'r'"))
        assert partitions.scalar_one() == PARTITIONS * len(SPREAD)
    database.close()
    assert spread == {table: f"HASH ({column})" for table, column in SPREAD.items()}


def test_the_newest_migration_is_the_one_that_is_named() -> None:
    scripts = ScriptDirectory(str(Path(versions.__file__).with_name("migrations")))
    assert scripts.get_current_head() == versions.HEAD
    assert [script.revision for script in scripts.walk_revisions()][1:] == list(reversed(versions._OLDER))


def test_each_connection_writes_through_and_keeps_foreign_keys(tmp_path: Path) -> None:
    database = make_database(tmp_path / "register.db")
    with database.write() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    database.close()


def test_a_register_of_the_first_release_is_brought_up_with_what_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "register.db"
    engine = sqlite_store.connect(path, 1)
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        config = Config()
        config.set_main_option("script_location", str(Path(versions.__file__).with_name("migrations")))
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        for statement in FIRST_RELEASE.split(";"):
            connection.execute(text(statement))
    engine.dispose()
    database = make_database(path)
    with database.read() as connection:
        assert stations.issued_lines(connection, 1) == {11, 12}
        assert stations.issued_lines(connection, 2) == {12, 13}
        marks = [tuple(row) for row in connection.execute(text("SELECT line, station, number FROM effective_mark"))]
        disputed = [tuple(row) for row in connection.execute(text("SELECT line, station, number FROM disputed_mark"))]
        assert (marks, disputed) == ([(11, 1, 4), (12, 1, 5)], [(12, 2, 4)])
        assert stations.answer_of(connection, 2) == b"b"
        assert books.load_book(connection, 1).adjudicated == 7
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    database.close()


def test_a_newer_register_is_refused_and_left_alone(centre: Centre) -> None:
    with centre.database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0999'"))
    centre.database.close()
    with pytest.raises(WorldFailed) as caught:
        open_database(centre.home)
    assert caught.value.failure is Failure.REGISTER_NEWER
    assert centre.rows("SELECT version_num FROM alembic_version") == [("0999",)]


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


def test_a_full_disk_is_named(tmp_path: Path, election: Election) -> None:
    centre = make_centre(tmp_path / "register", election)
    with pytest.raises(WorldFailed) as caught, centre.database.write() as connection:  # noqa: PT012 - as above
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
        connection.exec_driver_sql("CREATE TABLE large AS SELECT randomblob(10000000) AS x")
    assert caught.value.failure is Failure.DISK_FULL
    centre.database.close()


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


def test_a_register_on_postgresql_is_found_by_its_folder_and_made_once(
    tmp_path: Path, election: Election, postgresql_url: str
) -> None:
    centre = make_centre(tmp_path / "register", election, url=postgresql_url)
    centre.database.close()
    assert centre.home.is_made
    assert not centre.home.database.exists()
    assert stat.S_IMODE(centre.home.server.stat().st_mode) == 0o600
    with pytest.raises(WorldFailed) as caught:
        make_centre(tmp_path / "another", election, url=postgresql_url)
    assert caught.value.failure is Failure.REGISTER_EXISTS
    centre.home.server.write_text("{}", "utf-8")
    with pytest.raises(WorldFailed) as caught:
        open_database(centre.home)
    assert caught.value.failure is Failure.REGISTER_NOT_THERE


@pytest.mark.parametrize(
    "untrusted", ["", "register", "mysql://x/y", "postgresql://", "postgresql+psycopg2:///x", "://"]
)
def test_what_is_no_url_of_a_database_is_refused(untrusted: str) -> None:
    with pytest.raises(InputInvalid):
        postgresql.normal_url(untrusted)


def test_a_plain_postgresql_url_means_our_driver_and_keeps_its_password() -> None:
    assert postgresql.normal_url("postgresql://a:b@h/d?x=1") == "postgresql+psycopg://a:b@h/d?x=1"


def test_a_server_that_is_not_there_is_the_worlds_failure(tmp_path: Path) -> None:
    with pytest.raises(WorldFailed) as caught:
        make_shared_database(f"postgresql+psycopg://x@/x?host={tmp_path}")
    assert caught.value.failure is Failure.DATABASE_AWAY


def test_an_unknown_database_and_an_unknown_user_are_the_worlds_failure(cluster: Cluster) -> None:
    for url in (cluster.url("nothing"), cluster.url().replace("register@", "nobody@")):
        with pytest.raises(WorldFailed) as caught:
            make_shared_database(url)
        assert caught.value.failure is Failure.DATABASE_AWAY


def test_a_server_that_does_not_write_through_is_refused() -> None:
    with private_cluster({"fsync": "off"}) as careless, pytest.raises(WorldFailed) as caught:
        make_shared_database(careless.url())
    assert caught.value.failure is Failure.DATABASE_UNFIT
    assert caught.value.facts == {"found": "fsync=off, encoding=UTF8"}


def test_what_is_acknowledged_waits_for_the_disk_whatever_the_servers_default(postgresql_url: str) -> None:
    database = make_shared_database(postgresql_url)
    with database.write() as connection:
        connection.execute(text("ALTER ROLE register SET synchronous_commit = off"))
    database.close()
    try:
        database = make_shared_database(postgresql_url)
        setting = text("SELECT current_setting('synchronous_commit')")
        with database.write() as connection:
            assert connection.execute(setting).scalar_one() == "on"
        assert database.change_book(lambda connection: connection.execute(setting).scalar_one()) == "on"
    finally:
        with database.write() as connection:
            connection.execute(text("ALTER ROLE register RESET synchronous_commit"))
        database.close()


def test_a_transaction_that_the_database_took_back_is_run_again(postgresql_url: str) -> None:
    database = make_shared_database(postgresql_url)
    tries: list[int] = []

    def conflicts(connection: Connection) -> str:
        tries.append(1)
        if len(tries) < engines.TRIES_MAX:
            connection.execute(text("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'serialization_failure'; END $$"))
        return "done"

    assert database.change_book(conflicts) == "done"
    assert len(tries) == engines.TRIES_MAX

    def always(connection: Connection) -> str:
        tries.clear()
        return conflicts(connection)

    with pytest.raises(WorldFailed) as caught:
        database.change_book(always)
    assert caught.value.failure is Failure.REGISTER_IN_USE
    database.close()


def test_a_connection_that_broke_is_replaced_and_the_transaction_run_again(postgresql_url: str) -> None:
    database = make_shared_database(postgresql_url)
    tries: list[int] = []

    def broken_once(connection: Connection) -> int:
        tries.append(1)
        if len(tries) == 1:
            with database.write() as other:
                pid = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
                other.execute(text("SELECT pg_terminate_backend(:pid, 10000)"), {"pid": pid})
        return int(connection.execute(text("SELECT 7")).scalar_one())

    assert (database.change_book(broken_once), len(tries)) == (7, 2)
    database.close()


def test_two_books_are_changed_at_once_and_one_book_by_one_at_a_time(
    tmp_path: Path, election: Election, postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    centre = make_centre(tmp_path / "register", election, url=postgresql_url)
    centre.load(write_list(tmp_path / "voters.csv", [*voters(5), *voters(5, precinct=OTHER, first=100)]))
    for precinct in (PRECINCT, OTHER):
        enrolled_station(centre, precinct)
    monkeypatch.setattr(engines, "BUSY_WAIT_S", 0.01)
    impatient = open_database(centre.home)

    def while_one_is_held(connection: Connection) -> None:
        books.hold_book(connection, 1)
        impatient.change_book(lambda other: books.hold_book(other, 2))
        with pytest.raises(WorldFailed) as caught:
            impatient.change_book(lambda other: books.hold_book(other, 1))
        assert caught.value.failure is Failure.REGISTER_IN_USE

    centre.database.change_book(while_one_is_held)
    impatient.close()
    centre.database.close()
