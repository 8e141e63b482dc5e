"""The register itself: its officers and their decisions, its own ledger, and the log of accepted entries."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, SmallInteger, String, Table

from register.store.schema.naming import metadata

register = Table(
    "register",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("election", LargeBinary, nullable=False),
    Column("made_at_s", BigInteger, nullable=False),
)

register_officer = Table(
    "register_officer",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("name", String(120), nullable=False, unique=True),
    Column("public_key", LargeBinary, nullable=False),
    Column("wrapped_key", LargeBinary, nullable=False),
    # Tries of a PIN since the last right one, counted before they are answered.
    Column("wrong_tries", Integer, nullable=False, server_default="0"),
    Column("wrong_at_s", BigInteger, nullable=False, server_default="0"),
)

decision = Table(
    "decision",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("subject", String(120), nullable=False),
    Column("signed", LargeBinary, nullable=False),
    Column("at_s", BigInteger, nullable=False),
    Column("first_officer", Integer, ForeignKey("register_officer.number"), nullable=False),
    Column("first_signature", LargeBinary, nullable=False),
    Column("second_officer", Integer, ForeignKey("register_officer.number"), nullable=False),
    Column("second_signature", LargeBinary, nullable=False),
)

# The log of accepted entries (docs/adr/0012). What `book.acknowledged` has passed and `log_book.logged` has not waits.
log_state = Table(
    "log_state",
    metadata,
    # One row; who appends holds it.
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("size", BigInteger, nullable=False),
    # The roots of the perfect subtrees, the largest first, 32 bytes each.
    Column("frontier", LargeBinary, nullable=False),
    # The quarter of an hour since 1970 in which a head was last published, or would have been.
    Column("quarter", BigInteger, nullable=False),
)

log_book = Table(
    "log_book",
    metadata,
    Column("station", Integer, primary_key=True, autoincrement=False),
    Column("logged", Integer, nullable=False),
)

# The leaves from `first` on are the entries of one station from `number` on, `length` of them.
log_run = Table(
    "log_run",
    metadata,
    Column("first", BigInteger, primary_key=True, autoincrement=False),
    Column("station", Integer, nullable=False),
    Column("number", Integer, nullable=False),
    Column("length", Integer, nullable=False),
    Index("ix_log_run_station_number", "station", "number"),
)

# C2SP tlog-tiles: up to 256 hashes each, the last of a level grows.
log_tile = Table(
    "log_tile",
    metadata,
    Column("level", SmallInteger, primary_key=True, autoincrement=False),
    Column("place", BigInteger, primary_key=True, autoincrement=False),
    Column("hashes", LargeBinary, nullable=False),
)

log_head = Table(
    "log_head",
    metadata,
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    # At most one a quarter of an hour (custody rule 15).
    Column("quarter", BigInteger, nullable=False, unique=True),
    Column("note", LargeBinary, nullable=False),
)

# The register's own ledger.
own_entry = Table(
    "own_entry",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary, nullable=False),
    Column("bytes", LargeBinary, nullable=False),
    Column("at_s", BigInteger, nullable=False),
)

own_head = Table(
    "own_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("number", Integer, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("at", BigInteger, nullable=False),
    # Since when a book has known more of this register than it does itself: it was rolled back (custody rule 11).
    Column("behind_since_s", BigInteger),
)
