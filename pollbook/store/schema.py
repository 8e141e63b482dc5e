"""The book's tables. `entry` is what happened; every other table that changes is a projection of it or local state.

`voter.id` is the line's place in Uzbek collation, so that results come out sorted without sorting.
"""

from __future__ import annotations

from sqlalchemy import Column, Integer, LargeBinary, MetaData, Table, Text

metadata = MetaData()

issued = Table(
    "issued",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("slice", LargeBinary, nullable=False),
    comment="One row: the slice as it came, from which everything below can be proven again.",
)

link = Table(
    "link",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("url", Text, nullable=False),
    Column("authority_pem", Text, nullable=False),
    Column("register_certificate", LargeBinary, nullable=False),
    Column("device_certificate", LargeBinary, nullable=False),
    Column("device_seed", LargeBinary, nullable=False),
    comment="One row: where the register is, and the keys both sides are known by.",
)

voter = Table(
    "voter",
    metadata,
    Column("id", Integer, primary_key=True, comment="place in Uzbek collation, from 1"),
    Column("line", Integer, nullable=False, unique=True),
    Column("pinfl", Text, nullable=False, index=True),
    Column("document", Text, nullable=False, index=True),
    Column("surname", Text, nullable=False),
    Column("given_name", Text, nullable=False),
    Column("patronymic", Text, nullable=False),
    Column("birth_date", Text, nullable=False, comment="YYYY-MM-DD"),
    Column("sex", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("mahalla", Text, nullable=False),
    Column("district_soato", Text, nullable=False),
    Column("page", Integer, nullable=False),
    Column("row", Integer, nullable=False),
    Column("contests", Text, nullable=False),
)

entry = Table(
    "entry",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("bytes", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False, comment="the chain after this entry"),
    comment="The ledger. Written once, never changed, never deleted.",
)

signed_head = Table(
    "signed_head",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("signature", LargeBinary, nullable=False),
)

line_state = Table(
    "line_state",
    metadata,
    Column("line", Integer, primary_key=True, autoincrement=False),
    Column("mark", Integer, comment="the entry that marked it, null where voided"),
    Column("channel", Text),
    Column("at", Integer),
    Column("actor", Integer),
    Column("voids", Text, nullable=False, comment="numbers of the entries that voided, comma between"),
    comment="Projection: lines to which something happened.",
)

bound_key = Table(
    "bound_key",
    metadata,
    Column("person", Integer, primary_key=True, autoincrement=False),
    Column("public_key", LargeBinary, nullable=False),
    comment="Projection: the key each person signs with.",
)

opened_day = Table(
    "opened_day",
    metadata,
    Column("day", Text, primary_key=True),
    Column("entry", Integer, nullable=False),
    comment="Projection: the days that two officers opened.",
)

pin = Table(
    "pin",
    metadata,
    Column("person", Integer, primary_key=True, autoincrement=False),
    Column("wrapped_key", LargeBinary, nullable=False),
    Column("wrong_tries", Integer, nullable=False),
    Column("wrong_at_s", Integer, nullable=False),
    comment="Each person's own signing key under the PIN, and the wrong tries since the last right one.",
)

session = Table(
    "session",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("person", Integer, nullable=False),
    Column("until_s", Integer, nullable=False),
    comment="At most one row: who signed in for the commands.",
)

sync_state = Table(
    "sync_state",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("acknowledged", Integer, nullable=False),
    Column("feed_cursor", Integer, nullable=False),
    Column("last_sync_s", Integer),
    Column("failure", Text),
    Column("stopped", Text, comment="why this book may mark no more; never cleared"),
)

feed = Table(
    "feed",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("kind", Integer, nullable=False),
    Column("text", Text, nullable=False),
    Column("entry", Integer, nullable=False),
)

opened_record = Table(
    "opened_record",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at_s", Integer, nullable=False),
    Column("person", Integer, nullable=False),
    Column("line", Integer, nullable=False),
    comment="The audit trail of whose record was looked at (DOMAIN §8).",
)
