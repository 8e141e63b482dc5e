"""Statements of every request: written once by SQLAlchemy for each kind of database, then given straight to the driver.

An idle poll has twenty statements, and SQLAlchemy's part of a short one takes several times as long as SQLite's.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Boolean, Connection, Dialect, TextClause, text
from sqlalchemy.sql import ClauseElement

_Rows = Callable[[Sequence[tuple[Any, ...]]], list[Any]]


@dataclass(slots=True)
class _Written:
    """A statement as one driver takes it; `places` are its values in order, empty where it takes them by name."""

    sql: str
    places: tuple[str, ...]
    given: Mapping[str, object]
    truths: tuple[int, ...]
    rows: _Rows | None = None


class Statement:
    """A statement that stays as it is but for its values; its rows are named tuples.

    Only inside a transaction of `Database`, which makes the driver's errors ours.
    """

    def __init__(self, made: ClauseElement | Mapping[str, ClauseElement], names: Sequence[str] | None = None) -> None:
        """`made` may differ by the dialect's name; `names` are the columns of an INSERT without values of its own."""
        self._made, self._names = made, names
        self._written: dict[str, _Written] = {}

    def all(self, connection: Connection, **values: object) -> list[Any]:
        """Every row."""
        written = self._for(connection.dialect)
        cursor = connection.connection.cursor()
        try:
            cursor.execute(written.sql, _placed(written, values))
            rows = cursor.fetchall()
            if not rows:
                return []
            if written.rows is None:
                written.rows = _named([column[0] for column in cursor.description], written.truths)
            return written.rows(rows)
        finally:
            cursor.close()

    def first(self, connection: Connection, **values: object) -> Any:  # noqa: ANN401 - a named tuple
        """The first row, or None."""
        rows = self.all(connection, **values)
        return rows[0] if rows else None

    def one(self, connection: Connection, **values: object) -> Any:  # noqa: ANN401 - a named tuple
        """The only row there is."""
        (row,) = self.all(connection, **values)
        return row

    def run(self, connection: Connection, **values: object) -> int:
        """How many rows were written."""
        written = self._for(connection.dialect)
        cursor = connection.connection.cursor()
        try:
            cursor.execute(written.sql, _placed(written, values))
            return int(cursor.rowcount)
        finally:
            cursor.close()

    def run_many(self, connection: Connection, many: Sequence[Mapping[str, object]]) -> int:
        """How many rows were written with each of these values together."""
        written = self._for(connection.dialect)
        cursor: Any = connection.connection.cursor()
        try:
            cursor.executemany(written.sql, [_placed(written, values) for values in many])
            return int(cursor.rowcount)
        finally:
            cursor.close()

    def _for(self, dialect: Dialect) -> _Written:
        written = self._written.get(dialect.name)
        if written is None:
            written = self._written[dialect.name] = self._write(dialect)
        return written

    def _write(self, dialect: Dialect) -> _Written:
        made = self._made[dialect.name] if isinstance(self._made, Mapping) else self._made
        names = None if self._names is None else list(self._names)
        compiled: Any = made.compile(dialect=dialect, column_keys=names)
        # Of the types that we have only a truth value comes otherwise out of a database than it went in.
        columns = getattr(made, "selected_columns", ())
        truths = [at for at, column in enumerate(columns) if isinstance(column.type, Boolean)]
        return _Written(
            compiled.string,
            tuple(compiled.positiontup or ()),
            {name: value for name, value in compiled.params.items() if value is not None},
            () if dialect.supports_native_boolean else tuple(truths),
        )


def _placed(written: _Written, values: Mapping[str, object]) -> Sequence[object] | Mapping[str, object]:
    if written.given:
        values = {**written.given, **values}
    return [values[name] for name in written.places] if written.places else values


def _named(names: Sequence[str], truths: tuple[int, ...]) -> _Rows:
    row: Any = namedtuple("Row", names, rename=True)  # type: ignore[misc]  # noqa: PYI024 - they come with the rows
    make = row._make

    def named(rows: Sequence[tuple[Any, ...]]) -> list[Any]:
        return [make(row) for row in rows]

    def with_truths(rows: Sequence[tuple[Any, ...]]) -> list[Any]:
        return [make(_true(row, truths)) for row in rows]

    return with_truths if truths else named


def _true(row: tuple[Any, ...], truths: tuple[int, ...]) -> list[Any]:
    cells = list(row)
    for at in truths:
        cells[at] = None if cells[at] is None else bool(cells[at])
    return cells


_AMONG = {
    # One value, however many lines: nothing is planned or bound line by line.
    "postgresql": "SELECT unnest(CAST(:lines AS bigint[]))",
    "sqlite": "SELECT value FROM json_each(:lines)",
}
_ARRAY = {"postgresql": "{{{}}}", "sqlite": "[{}]"}


def among(made: Callable[[TextClause], ClauseElement]) -> Statement:
    """A statement about any number of lines, which `made` says of the lines that it is given; they are `joined`."""
    return Statement({dialect: made(text(lines)) for dialect, lines in _AMONG.items()})


def joined(connection: Connection, lines: Iterable[int]) -> str:
    """Lines as the value `lines` of a statement made by `among`."""
    return _ARRAY[connection.dialect.name].format(",".join(map(str, lines)))
