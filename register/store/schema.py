"""The register's tables, as SQLAlchemy Core knows them; `migrations/` makes them, and a test holds the two together.

Times are whole seconds since 1970 UTC (`…_s`), dates ISO text, hashes and keys raw bytes. On PostgreSQL the tables
that grow are partitioned (`SPREAD`): those that grow by book by its station, those that grow by voter by PINFL or line.
One book's ingest then touches the partitions of one number, one voter's adjudication one other (docs/adr/0011).
"""

from __future__ import annotations

from enum import IntEnum

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class LinePlace(IntEnum):
    """What a line is to the register: issued to stations, waiting for two officers, or decided against."""

    ACTIVE = 1
    HELD_BACK = 2
    REMOVED = 3


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

# The mark that counts of each line that has one: the first that arrived; a second one is a dispute (guarantee 1).
effective_mark = Table(
    "effective_mark",
    metadata,
    Column("line", BigInteger, primary_key=True, autoincrement=False),
    Column("station", Integer, nullable=False),
    Column("number", Integer, nullable=False),
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

# The marks of other books on lines that have an effective one: both records are kept.
disputed_mark = Table(
    "disputed_mark",
    metadata,
    Column("line", BigInteger, primary_key=True, autoincrement=False),
    Column("station", Integer, primary_key=True, autoincrement=False),
    Column("number", Integer, nullable=False),
)

# Lines that moved, by voter: a line that never did has no row and is with the book that was issued it.
custody = Table(
    "custody",
    metadata,
    Column("line", BigInteger, primary_key=True, autoincrement=False),
    Column("number", Integer, nullable=False),
    # The station that holds it; nothing while it is in flight, 0 where the register holds it.
    Column("holder", Integer),
    Column("receiver", String(48), nullable=False),
    Column("release_id", LargeBinary, nullable=False),
    # The provisional line whose ballot used the right up.
    Column("used_by", BigInteger, nullable=False),
)

claim = Table(
    "claim",
    metadata,
    Column("station", Integer, ForeignKey("station.id"), primary_key=True, autoincrement=False),
    Column("id", LargeBinary, primary_key=True),
    Column("line", BigInteger, nullable=False, index=True),
    Column("state", String(10), nullable=False, index=True),
    Column("at_s", BigInteger, nullable=False),
    # Whether the station was told that the holder keeps the line for now.
    Column("told_kept", Boolean(create_constraint=False), nullable=False),
)

provisional = Table(
    "provisional",
    metadata,
    Column("line", BigInteger, primary_key=True, autoincrement=False),
    Column("station", Integer, ForeignKey("station.id"), nullable=False),
    Column("entry", Integer, nullable=False),
    Column("real_line", BigInteger, nullable=False, index=True),
    Column("outcome", SmallInteger),
    Column("adjudication", Integer, nullable=False),
    # The station that was asked for the voter's line, 0 while none was.
    Column("asked_of", Integer, nullable=False),
    Column("at_s", BigInteger, nullable=False),
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

# Lines of which a book is still to be told where they are: what, is looked up when it is told.
status_due = Table(
    "status_due",
    metadata,
    Column("station", Integer, primary_key=True, autoincrement=False),
    Column("line", BigInteger, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)

# Books that let a line of another precinct go: its own precinct's books are told of it without a row here.
status_watch = Table(
    "status_watch",
    metadata,
    Column("line", BigInteger, primary_key=True, autoincrement=False),
    Column("station", Integer, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)

# The lines that differed where a book's digest was not the register's, beside the anomaly at that entry.
differing_line = Table(
    "differing_line",
    metadata,
    Column("station", Integer, ForeignKey("station.id"), primary_key=True, autoincrement=False),
    Column("entry", Integer, primary_key=True, autoincrement=False),
    Column("line", BigInteger, primary_key=True, autoincrement=False),
)

PARTITIONS = 16
"""Of each spread table: one node holds any number of them, so sixteen nodes are the most."""
SPREAD = {
    **dict.fromkeys(("issued", "book", "book_key", "entry", "fork_entry", "line_state", "feed", "anomaly"), "station"),
    "line": "pinfl",
    "effective_mark": "line",
    "disputed_mark": "line",
    "custody": "line",
    "status_due": "station",
    "status_watch": "line",
}
"""The tables that are partitioned on PostgreSQL, each with the column whose hash decides."""
