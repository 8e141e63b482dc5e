"""Rows into the table of lines, as fast as each database takes them, and the indexes that a large load does without."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, func, insert, literal_column, text

from pollbook.failures import Failure, WeFailed
from pollbook.types import LINE_ID_MAX
from register.store.schema.lists import LINE_INDEXES, line
from register.voter_rows import COLUMNS, VoterRow

BY_ID, BY_PLACE, BY_PINFL = 0, 1, 2
"""The indexes, by their place in `LINE_INDEXES`."""
_POSTGRESQL_INDEXES = (
    ("ix_line_id", "(id)"),
    ("ix_line_precinct_page_row", "(precinct, page, row)"),
    ("uq_line_active_pinfl", "(pinfl) WHERE place = 1"),
)
_PINFL = COLUMNS.index("pinfl")


def drop_indexes(connection: Connection, which: Iterable[int]) -> None:
    """These indexes are gone, for as long as a load lasts."""
    for index in which:
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"DROP INDEX {_POSTGRESQL_INDEXES[index][0]}"))
        else:
            LINE_INDEXES[index].drop(connection)


def create_indexes(connection: Connection, which: Iterable[int]) -> None:
    """These indexes are there again, and what they hold to is proven."""
    for index in which:
        if connection.dialect.name == "postgresql":
            name, columns = _POSTGRESQL_INDEXES[index]
            unique = "UNIQUE " if name.startswith("uq_") else ""
            connection.execute(text(f"CREATE {unique}INDEX {name} ON line {columns}"))
        else:
            LINE_INDEXES[index].create(connection)


def check_ids(connection: Connection) -> None:
    """Nothing, where no id stands twice; of 62 random bits, two of a nation's are the same once in 20,000 imports.

    SQLite's index says so by itself. On PostgreSQL, where the list is partitioned by PINFL, no index can.

    Raises:
        WeFailed: `FAULT`: the import begins again, with other ids.
    """
    if connection.dialect.name != "postgresql":
        return
    twice = text("SELECT 1 FROM line GROUP BY id HAVING count(*) > 1 LIMIT 1")
    if connection.execute(twice).first() is not None:
        raise WeFailed(Failure.FAULT, "two lines got one id")


def note_sizes(connection: Connection) -> None:
    """The database knows how many lines there are, before anybody asks for a slice of them."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("ANALYZE line"))


def load_rows(connection: Connection, rows: Sequence[tuple[int, VoterRow]], run: int, place: int, version: int) -> None:
    """Add rows with their numbers in the file; each gets a random id."""
    numbered = zip(_random_ids(len(rows)), rows, strict=True)
    if connection.dialect.name == "postgresql":
        _copy(connection, numbered, (run, place, version))
        return
    constant = {"run": run, "place": place, "since_version": version}
    values: dict[str, ColumnElement[Any]] = {name: bindparam(name) for name in ("id", "source_row", *COLUMNS)}
    values["pinfl"] = func.nullif(bindparam("pinfl"), literal_column("''"))
    for name, number in constant.items():
        written: ColumnElement[int] = literal_column(str(number))
        values[name] = written
    statement = str(insert(line).values(values).compile(connection))
    connection.exec_driver_sql(statement, [(id_, number, *row) for id_, (number, row) in numbered])


def _copy(
    connection: Connection, numbered: Iterable[tuple[int, tuple[int, VoterRow]]], constant: tuple[int, int, int]
) -> None:
    driver: Any = connection.connection.driver_connection
    columns = ", ".join(("id", "source_row", "run", "place", "since_version", *COLUMNS))
    with driver.cursor() as cursor, cursor.copy(f"COPY line ({columns}) FROM STDIN") as copy:
        for id_, (number, row) in numbered:
            cells = row if row[_PINFL] else (*row[:_PINFL], None, *row[_PINFL + 1 :])
            copy.write_row((id_, number, *constant, *cells))


def _random_ids(count: int) -> Iterator[int]:
    # The lowest bit set: never 0, and 62 random bits are plenty.
    return ((id_ & LINE_ID_MAX) | 1 for id_ in struct.unpack(f"{count}Q", os.urandom(8 * count)))
