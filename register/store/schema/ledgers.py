"""What books sent, by book: their entries, the lines as those leave them, what they are told, and parcels."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from register.store.schema.naming import metadata

book = Table(
    "book",
    metadata,
    Column("station", Integer, ForeignKey("station.id"), primary_key=True, autoincrement=False),
    Column("acknowledged", Integer, nullable=False),
    Column("head_hash", LargeBinary, nullable=False),
    Column("head_signature", LargeBinary),
    # `line_state.digest` over the lines, kept up entry by entry: a sync without news costs no look at the lines.
    Column("digest", LargeBinary, nullable=False),
    Column("last_at", BigInteger, nullable=False),
    Column("day", String(10)),
    Column("last_heard_at_s", BigInteger),
    Column("pending", Integer, nullable=False),
    Column("software", String(40), nullable=False),
    Column("forked", Boolean(create_constraint=False), nullable=False),
    Column("closed", Boolean(create_constraint=False), nullable=False),
    # The last entry whose effect stands in `effective_mark` too: what an ingest stored may be adjudicated later.
    Column("adjudicated", Integer, nullable=False, server_default="0"),
    # The newest feed item that the book has shown to have seen, and the check of its feed there: numbers go on from it,
    # also where this register was rolled back and knows that item no longer.
    Column("feed_floor", Integer, nullable=False),
    Column("feed_check", LargeBinary, nullable=False, server_default=text("''")),
    # Of a book that was taken over: up to which entry its successor was told, and whether nothing more will come.
    Column("tail_told", Integer, nullable=False),
    Column("tail_complete", Boolean(create_constraint=False), nullable=False),
)

book_key = Table(
    "book_key",
    metadata,
    Column("station", Integer, ForeignKey("station.id"), primary_key=True, autoincrement=False),
    Column("person", Integer, primary_key=True, autoincrement=False),
    Column("public_key", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

entry = Table(
    "entry",
    metadata,
    Column("station", Integer, ForeignKey("station.id"), primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("received_at_s", BigInteger, nullable=False),
    # The anomaly for which the entry changed nothing (custody rule 14), or nothing.
    Column("quarantined", String(32)),
    Column("bytes", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

fork_entry = Table(
    "fork_entry",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("station", Integer, ForeignKey("station.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("sha256", LargeBinary, nullable=False),
    Column("received_at_s", BigInteger, nullable=False),
    Column("bytes", LargeBinary, nullable=False),
    UniqueConstraint("station", "number", "sha256"),
)

fork_head = Table(
    "fork_head",
    metadata,
    Column("station", Integer, ForeignKey("station.id"), primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary, primary_key=True),
)

line_state = Table(
    "line_state",
    metadata,
    Column("station", Integer, ForeignKey("station.id"), primary_key=True, autoincrement=False),
    Column("line", BigInteger, primary_key=True, autoincrement=False),
    Column("mark", Integer),
    Column("channel", String(10)),
    Column("at", BigInteger),
    Column("actor", Integer),
    # The numbers of the entries that voided earlier marks, joined by spaces.
    Column("voids", Text, nullable=False),
    # Where the line is, as this book's entries tell it (`pollbook.line_state.LineState`).
    Column("place", SmallInteger, nullable=False),
    Column("custody", Integer, nullable=False),
    Column("since", Integer, nullable=False),
    Column("proof", SmallInteger, nullable=False),
    Column("released_to", String(48), nullable=False),
    Column("annexed", SmallInteger, nullable=False),
    Column("outcome", SmallInteger),
    sqlite_with_rowid=False,
)

feed = Table(
    "feed",
    metadata,
    Column("station", Integer, ForeignKey("station.id"), primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("kind", SmallInteger, nullable=False),
    Column("text", Text, nullable=False),
    Column("entry", Integer, nullable=False),
    Column("at_s", BigInteger, nullable=False),
    Column("content", LargeBinary, nullable=False),
    # The chain over the feed up to this item (`feed_items.next_feed_check`).
    Column("check", LargeBinary, nullable=False, server_default=text("''")),
    sqlite_with_rowid=False,
)

anomaly = Table(
    "anomaly",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("station", Integer, ForeignKey("station.id"), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("entry", Integer, nullable=False),
    Column("at_s", BigInteger, nullable=False),
    UniqueConstraint("station", "kind", "entry"),
)

# What books send besides their ledgers (docs/adr/0015): how far each parcel has come, and its pieces without a gap.
parcel = Table(
    "parcel",
    metadata,
    Column("station", Integer, ForeignKey("station.id"), primary_key=True, autoincrement=False),
    Column("name", LargeBinary, primary_key=True),
    Column("kind", SmallInteger, nullable=False),
    Column("size", Integer, nullable=False),
    Column("sha256", LargeBinary, nullable=False),
    Column("acknowledged", Integer, nullable=False),
    Column("began_at_s", BigInteger, nullable=False),
)

parcel_piece = Table(
    "parcel_piece",
    metadata,
    Column("station", Integer, ForeignKey("station.id"), primary_key=True, autoincrement=False),
    Column("name", LargeBinary, primary_key=True),
    Column("start", Integer, primary_key=True, autoincrement=False),
    Column("bytes", LargeBinary, nullable=False),
)

# How each station's cameras are, as it told last (pollbook.camera_health).
camera_health = Table(
    "camera_health",
    metadata,
    Column("station", Integer, ForeignKey("station.id"), primary_key=True, autoincrement=False),
    Column("came_at_s", BigInteger, nullable=False),
    Column("bytes", LargeBinary, nullable=False),
)

# The lines that differed where a book's digest was not the register's, beside the anomaly at that entry.
differing_line = Table(
    "differing_line",
    metadata,
    Column("station", Integer, ForeignKey("station.id"), primary_key=True, autoincrement=False),
    Column("entry", Integer, primary_key=True, autoincrement=False),
    Column("line", BigInteger, primary_key=True, autoincrement=False),
)
