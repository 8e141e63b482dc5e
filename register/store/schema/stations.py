"""Stations: the codes and spares that become one, and what each was issued."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    BindParameter,
    Boolean,
    Column,
    ForeignKey,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    bindparam,
)

from register.store.schema.naming import metadata

OF_STATION: BindParameter[int] = bindparam("station_id")
"""The parameter of every statement about the rows of one station."""

enrolment_code = Table(
    "enrolment_code",
    metadata,
    Column("hash", LargeBinary, primary_key=True),
    Column("precinct", String(9), nullable=False),
    Column("desk", Integer, nullable=False),
    Column("made_at_s", BigInteger, nullable=False),
    Column("expires_at_s", BigInteger, nullable=False),
    Column("station", Integer, ForeignKey("station.id")),
)

# A code and what came of it: a spare is of no precinct, so it is no station until it takes over a book.
spare = Table(
    "spare",
    metadata,
    Column("code", LargeBinary, primary_key=True),
    Column("made_at_s", BigInteger, nullable=False),
    Column("expires_at_s", BigInteger, nullable=False),
    Column("device", LargeBinary, unique=True),
    Column("public_key", LargeBinary),
    Column("box_key", LargeBinary),
    Column("certificate", LargeBinary),
    Column("answer", LargeBinary),
    Column("enrolled_at_s", BigInteger),
)

station = Table(
    "station",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("device", LargeBinary, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("public_key", LargeBinary, nullable=False),
    Column("precinct", String(9), ForeignKey("precinct.code"), nullable=False, index=True),
    Column("desk", Integer, nullable=False),
    Column("list_version", Integer, nullable=False),
    Column("line_count", Integer, nullable=False),
    Column("issued_at_s", BigInteger, nullable=False),
    Column("start_hash", LargeBinary, nullable=False),
    # Where the ledger starts: 0, or the last entry that a successor took over.
    Column("start_number", Integer, nullable=False),
    Column("slice_sha256", LargeBinary, nullable=False),
    # Whether the lines of the slice are this book's, or another desk's of the precinct.
    Column("holds", Boolean(create_constraint=False), nullable=False),
    Column("certificate", LargeBinary, nullable=False),
    # The device's public key for what is sealed to it.
    Column("box_key", LargeBinary, nullable=False),
    # The book that this one took over from.
    Column("predecessor", Integer, ForeignKey("station.id")),
    Column("revoked_at_s", BigInteger),
    Column("revoked_reason", Text),
    UniqueConstraint("device", "epoch"),
)

issued = Table(
    "issued",
    metadata,
    Column("station", Integer, ForeignKey("station.id"), primary_key=True, autoincrement=False),
    # The sealed answer to the enrolment, slice and all: sent again, byte for byte, when the first was lost.
    Column("answer", LargeBinary, nullable=False),
    # The ids of the slice's lines in rising order, 8 bytes each, big-endian: an ingest asks no voter's table.
    Column("lines", LargeBinary, nullable=False),
)
