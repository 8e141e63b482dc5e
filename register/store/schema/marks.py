"""What the books' entries come to, by voter: marks that count, lines that move, envelopes, and who is to be told."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Integer, LargeBinary, SmallInteger, String, Table

from register.store.schema.naming import metadata

# The mark that counts of each line that has one: the first that arrived; a second one is a dispute (guarantee 1).
effective_mark = Table(
    "effective_mark",
    metadata,
    Column("line", BigInteger, primary_key=True, autoincrement=False),
    Column("station", Integer, nullable=False),
    Column("number", Integer, nullable=False),
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
