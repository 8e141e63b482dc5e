"""The list: precincts, their people, the lines as issued, and what an import held back."""

from __future__ import annotations

from enum import IntEnum

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    Text,
    text,
)

from register.store.schema.naming import metadata


class LinePlace(IntEnum):
    """What a line is to the register: issued to stations, waiting for two officers, or decided against."""

    ACTIVE = 1
    HELD_BACK = 2
    REMOVED = 3


import_run = Table(
    "import_run",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("sha256", LargeBinary, nullable=False, unique=True),
    Column("at_s", BigInteger, nullable=False),
    Column("imported", Integer, nullable=False, server_default="0"),
    Column("held_back", Integer, nullable=False, server_default="0"),
    Column("rejected", Integer, nullable=False, server_default="0"),
    Column("report", Text, nullable=False, server_default=""),
)

precinct = Table(
    "precinct",
    metadata,
    Column("code", String(9), primary_key=True),
    Column("name", Text, nullable=False),
    # One up with every change of the precinct's lines; a line belongs to the slices issued at or after its own.
    Column("version", Integer, nullable=False),
    # Rows that an import loaded, held back or not; decisions do not change it.
    Column("loaded", Integer, nullable=False),
    Column("official", Integer),
    # What two officers accepted; a later import with other counts is a new difference.
    Column("accepted_loaded", Integer),
    Column("accepted_official", Integer),
)

person = Table(
    "person",
    metadata,
    Column("precinct", String(9), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("key", String(40), nullable=False),
    Column("surname", Text, nullable=False),
    Column("given_name", Text, nullable=False),
    Column("role", String(20), nullable=False),
    # Rows lie in the order of their key: right for small rows that are read by it.
    sqlite_with_rowid=False,
)

line = Table(
    "line",
    metadata,
    # Rows are loaded in this order; the random id has an index of its own, made after the load.
    Column("seq", Integer, primary_key=True),
    Column("id", BigInteger, nullable=False),
    Column("run", Integer, nullable=False),
    Column("source_row", Integer, nullable=False),
    Column("place", SmallInteger, nullable=False),
    Column("since_version", Integer, nullable=False),
    Column("pinfl", String(14)),
    Column("document", Text, nullable=False),
    Column("surname", Text, nullable=False),
    Column("given_name", Text, nullable=False),
    Column("patronymic", Text, nullable=False),
    Column("birth_date", String(10), nullable=False),
    Column("sex", String(1), nullable=False),
    Column("address", Text, nullable=False),
    Column("mahalla", Text, nullable=False),
    Column("district_soato", String(10), nullable=False),
    Column("precinct", String(9), nullable=False),
    Column("page", Integer, nullable=False),
    Column("row", Integer, nullable=False),
    Column("contests", Text, nullable=False),
)
_ACTIVE_ONLY = text(f"place = {LinePlace.ACTIVE:d}")
LINE_INDEXES = (
    # On PostgreSQL `ix_line_id`, not unique: the list is partitioned by PINFL; `lists.finish_load` looks for two.
    Index("uq_line_id", line.c.id, unique=True),
    Index("ix_line_precinct_page_row", line.c.precinct, line.c.page, line.c.row),
    # Custody rule 1: one line per person.
    Index(
        "uq_line_active_pinfl",
        line.c.pinfl,
        unique=True,
        sqlite_where=_ACTIVE_ONLY,
        postgresql_where=_ACTIVE_ONLY,
    ),
)
"""Dropped before a large load and made again after it, in its transaction."""
held_back = Table(
    "held_back",
    metadata,
    Column("seq", Integer, ForeignKey("line.seq"), primary_key=True, autoincrement=False),
    Column("pinfl", String(14), index=True),
    Column("reason", String(20), nullable=False),
    # Nothing while the line waits; a decided PINFL that comes once more is held back once more.
    Column("decision", Integer, ForeignKey("decision.id")),
)
