"""A book that an earlier release made is brought up with everything in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from pollbook.store import engine, migrating
from pollbook.store.home import StationHome
from pollbook.store.schema import metadata

SCRIPTS = Path(migrating.__file__).with_name("migrations")
KEY = bytes(range(32))
ROWS = {
    "issued": (1, b"the slice"),
    "entry": (1, b"an entry", b"its hash"),
    "signed_head": (1, b"a signature"),
    "bound_key": (5, b"a key"),
    "opened_day": ("2026-12-20", 6),
    "pin": (5, b"wrapped", 2, 1_797_735_600),
    "feed": (1, 2, "a notice", 0),
    "sync_state": (1, 7, 3, 1_797_735_600, None, None),
    "line_state": (77, 1, "station", 12345, 5, ""),
}
"""A row of each table of the first release that a book fills."""


def made_by(tmp_path: Path, revision: str) -> Connection:
    home = StationHome(tmp_path)
    home.make()
    connection = engine.connect(home, KEY, writer=True)
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    with engine.transaction(connection):
        command.upgrade(config, revision)
    return connection


def test_a_book_of_the_first_release_keeps_every_row(tmp_path: Path) -> None:
    connection = made_by(tmp_path, "0001")
    for table, row in ROWS.items():
        places = ", ".join("?" * len(row))
        connection.exec_driver_sql(f"INSERT INTO {table} VALUES ({places})", row)  # noqa: S608  (constants)
    assert not migrating.is_current(connection)
    migrating.migrate(connection)
    assert migrating.is_current(connection)
    for table, row in ROWS.items():
        (kept,) = connection.exec_driver_sql(f"SELECT * FROM {table}").all()  # noqa: S608
        assert tuple(kept)[: len(row)] == row, table
    state = connection.exec_driver_sql("SELECT mirrored, closed, paper_since_s FROM sync_state").one()
    assert tuple(state) == (0, None, None)
    connection.close()


def test_a_book_of_the_release_before_the_mirror_is_mirrored_nowhere_yet(tmp_path: Path) -> None:
    connection = made_by(tmp_path, "0002")
    connection.exec_driver_sql("INSERT INTO succession VALUES (2, x'01', x'02', 1, x'03', 9, x'04')")
    migrating.migrate(connection)
    for table in ("mirror_key", "mirror_place", "earlier_box"):
        assert connection.exec_driver_sql(f"SELECT * FROM {table}").all() == []  # noqa: S608
    assert connection.exec_driver_sql("SELECT epoch, head_number FROM succession").one() == (2, 9)
    connection.close()


@pytest.mark.parametrize("revision", migrating.REVISIONS)
def test_from_every_release_the_tables_come_to_what_the_program_knows(tmp_path: Path, revision: str) -> None:
    connection = made_by(tmp_path, revision)
    migrating.migrate(connection)
    differences = [
        difference
        for difference in compare_metadata(MigrationContext.configure(connection), metadata)
        if not (difference[0] == "remove_table" and difference[1].name.startswith(("search_", "name_word")))
    ]
    assert differences == []
    connection.close()


def shape(connection: Connection) -> dict[str, list[tuple[object, ...]]]:
    """What SQLite knows of each table: its kind, columns in their order, indexes with their columns, references."""
    found = {}
    for (table,) in connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'").all():
        rows = [("kind", *row) for row in about(connection, "table_list", table)]
        rows += [("column", *row) for row in about(connection, "table_xinfo", table)]
        rows += [("reference", *row) for row in about(connection, "foreign_key_list", table)]
        for _, index, *kind in about(connection, "index_list", table):
            columns = about(connection, "index_xinfo", str(index))
            rows.append((index, *kind, *columns))
        found[table] = sorted(rows, key=str)
    return found


def about(connection: Connection, pragma: str, name: str) -> list[tuple[object, ...]]:
    return [tuple(row) for row in connection.exec_driver_sql(f"PRAGMA {pragma}('{name}')").all()]


def test_a_new_book_has_the_very_tables_to_which_all_revisions_come(tmp_path: Path) -> None:
    migrated = made_by(tmp_path / "migrated", "head")
    home = StationHome(tmp_path / "new")
    home.make()
    new = engine.connect(home, KEY, writer=True)
    migrating.make(new)
    assert migrating.is_current(new)
    assert shape(new) == shape(migrated)
    for each in (new, migrated):
        each.close()


def test_the_revisions_named_are_those_of_the_files() -> None:
    scripts = ScriptDirectory(str(SCRIPTS))
    assert tuple(script.revision for script in reversed(list(scripts.walk_revisions()))) == migrating.REVISIONS
