"""The indexes that a search reads: one FTS5 table a tier, and the words of all names (ADR 0007).

Each FTS5 row is a voter's name keys of that tier, the surname's once more behind `SURNAME`, the birth year and the
birth date, under the voter's id, which is the place in Uzbek collation: FTS5 answers in the order of ids, so the first
hits come sorted and it may stop there. Prefixes of up to seven characters have an index of their own; longer ones match
few words.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import Connection

from pollbook import names
from pollbook.voters import Voter

CANONICAL, LOOSE, SKELETON = "search_canonical", "search_loose", "search_skeleton"
SURNAME = "0"
"""Marks a key as the surname's; no name begins with it."""
_FTS5 = "content='', detail=none, columnsize=0, prefix='1 2 3 4 5 6 7', tokenize='unicode61 remove_diacritics 0'"


def create(connection: Connection) -> None:
    """The empty indexes exist."""
    for table in (CANONICAL, LOOSE, SKELETON):
        connection.exec_driver_sql(f"CREATE VIRTUAL TABLE {table} USING fts5(keys, {_FTS5})")
    connection.exec_driver_sql("CREATE TABLE name_word (word TEXT PRIMARY KEY) WITHOUT ROWID")


def fill(connection: Connection, ordered: Sequence[Voter]) -> None:
    """The indexes cover `ordered`, whose first voter has id 1."""
    if not ordered:
        return
    _insert(connection, list(enumerate(ordered, 1)))
    for table in (CANONICAL, LOOSE, SKELETON):
        connection.exec_driver_sql(f"INSERT INTO {table} ({table}) VALUES ('optimize')")  # noqa: S608  (a constant)


def _insert(connection: Connection, numbered: Sequence[tuple[int, Voter]]) -> None:
    rows = [
        (number, names.keys(voter.full_name), names.keys(voter.surname), _birth_keys(voter.birth_date))
        for number, voter in numbered
    ]
    for table, tier in ((CANONICAL, 0), (LOOSE, 1), (SKELETON, 2)):
        connection.exec_driver_sql(
            f"INSERT INTO {table} (rowid, keys) VALUES (?, ?)",  # noqa: S608  (a constant)
            [(number, f"{keys[tier]} {_as_surname(surname[tier])} {born}") for number, keys, surname, born in rows],
        )
    words = {word for _, keys, _, _ in rows for word in keys.canonical.split()}
    connection.exec_driver_sql(
        "INSERT OR IGNORE INTO name_word VALUES (?)", [(word,) for word in sorted(words)] or [("",)]
    )


def add(connection: Connection, number: int, voter: Voter) -> None:
    """The indexes cover one more voter, whose id is higher than all before."""
    _insert(connection, [(number, voter)])


def remake(connection: Connection, ordered: Sequence[tuple[int, Voter]]) -> None:
    """The indexes cover these voters under their ids, and nobody else."""
    for table in (CANONICAL, LOOSE, SKELETON, "name_word"):
        connection.exec_driver_sql(f"DROP TABLE {table}")
    create(connection)
    if ordered:
        _insert(connection, ordered)


def year_key(year: int) -> str:
    """The key of a birth year; no name's key looks like it."""
    return f"y{year:04d}"


def date_key(born: date) -> str:
    """The key of a whole birth date."""
    return f"d{born:%Y%m%d}"


def _as_surname(keys: str) -> str:
    return " ".join(SURNAME + key for key in keys.split())


def _birth_keys(born: date) -> str:
    return f"{year_key(born.year)} {date_key(born)}"
