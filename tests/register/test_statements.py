from __future__ import annotations

import pytest
from sqlalchemy import bindparam, insert, select, update

from pollbook.failures import UchastkaError, WeFailed
from register.store.schema.ledgers import book
from register.store.schema.marks import status_watch
from register.store.statements import Statement, among, joined
from tests.register.stand_in import Centre, Station

_BOOK = Statement(select(book).where(book.c.station == bindparam("of")))
_CHANGE = Statement(
    update(book)
    .where(book.c.station == bindparam("of"))
    .values(closed=bindparam("new_closed"), digest=bindparam("new_digest"))
)
_ADD = Statement(insert(status_watch), ("line", "station"))
_AMONG = among(lambda lines: select(status_watch.c.line).where(status_watch.c.line.in_(lines)))


def test_rows_have_names_and_python_s_types_on_every_store(loaded: Centre, station: Station) -> None:
    assert station is not None
    with loaded.database.write() as connection:
        assert _BOOK.one(connection, of=1).closed is False
        assert _CHANGE.run(connection, of=1, new_closed=True, new_digest=b"\x00\xff") == 1
        assert _CHANGE.run(connection, of=2, new_closed=True, new_digest=b"") == 0
        row = _BOOK.one(connection, of=1)
        assert row.closed is True
        assert row.digest == b"\x00\xff"
        assert row.day is None
        assert _BOOK.first(connection, of=2) is None
        assert _BOOK.all(connection, of=2) == []
        with pytest.raises(ValueError, match="not enough"):
            _BOOK.one(connection, of=2)


def test_any_number_of_lines_is_one_value(loaded: Centre, station: Station) -> None:
    assert station is not None
    many = range(1, 40_001)
    with loaded.database.write() as connection:
        assert _ADD.run_many(connection, [{"line": line, "station": 1} for line in range(5)]) == 5
        found = _AMONG.all(connection, lines=joined(connection, many))
        assert sorted(row.line for row in found) == [1, 2, 3, 4]
        assert _AMONG.all(connection, lines=joined(connection, ())) == []


def test_a_value_that_is_missing_is_a_fault_of_ours_and_the_driver_s_errors_become_failures(
    loaded: Centre, station: Station
) -> None:
    assert station is not None
    with pytest.raises((KeyError, WeFailed)), loaded.database.read() as connection:
        _BOOK.one(connection)
    with pytest.raises(UchastkaError), loaded.database.write() as connection:
        _ADD.run_many(connection, [{"line": 1, "station": 1}] * 2)
