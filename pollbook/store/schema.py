"""The book's tables. `entry` is what happened; every other table that changes is a projection of it or local state.

`voter.id` is the line's place in Uzbek collation, so that results come out sorted without sorting.
"""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, LargeBinary, MetaData, Table, Text, text

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
    Index("ix_voter_place", "page", "row"),
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
    Column("place", Integer, nullable=False, server_default="0", comment="line_state.Place"),
    Column("custody", Integer, nullable=False, server_default="0", comment="how often the line has moved"),
    Column(
        "since", Integer, nullable=False, server_default="0", comment="the entry by which it came here, 0 for the slice"
    ),
    Column("proof", Integer, nullable=False, server_default="0", comment="line_state.Proof"),
    Column("annexed", Integer, nullable=False, server_default="0"),
    Column(
        "released_to",
        Text,
        nullable=False,
        server_default="",
        comment="device.epoch of the receiver, empty where it is here",
    ),
    Column("outcome", Integer, comment="of a provisional voter's envelope, null while open"),
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
    Column(
        "mirrored", Integer, nullable=False, server_default="0", comment="the newest entry on the mirror, 0 without one"
    ),
    Column("paper_since_s", Integer, comment="since when the station works on paper"),
    Column(
        "clock_ahead_s", Integer, nullable=False, server_default="0", comment="this machine's clock less the register's"
    ),
    Column("closed", Integer, comment="the entry by which two officers closed the book"),
    Column("feed_check", LargeBinary, nullable=False, server_default=text("x''"), comment="the chain over the feed"),
    Column("evidence", Integer, comment="the newest entry sent as evidence, where the register has another ledger"),
    Column("evidence_at", Integer, comment="the newest entry of that other ledger, as the register last said"),
)

feed = Table(
    "feed",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("kind", Integer, nullable=False),
    Column("text", Text, nullable=False),
    Column("entry", Integer, nullable=False),
    Column("content", LargeBinary, nullable=False, server_default=text("x''")),
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

succession = Table(
    "succession",
    metadata,
    Column("epoch", Integer, primary_key=True, autoincrement=False, comment="the epoch of the book that took over"),
    Column("device", LargeBinary, nullable=False, comment="the device of the book that took over"),
    Column("old_device", LargeBinary, nullable=False),
    Column("old_epoch", Integer, nullable=False),
    Column("old_key", LargeBinary, nullable=False),
    Column("head_number", Integer, nullable=False, comment="the last entry that was taken over"),
    Column("head_hash", LargeBinary, nullable=False),
    comment="One row a takeover, oldest first: the books before this one. Empty in a book that was enrolled.",
)

ask = Table(
    "ask",
    metadata,
    Column("id", LargeBinary, primary_key=True),
    Column("content", LargeBinary, nullable=False, comment="asks.pack_ask as CBOR"),
    Column("asked_at_s", Integer, nullable=False),
    Column("is_open", Integer, nullable=False, comment="1 while it goes up with each sync"),
    Column("answer", LargeBinary, comment="the newest feed content that answers it"),
    Column("answered_at_s", Integer),
    comment="What this book wants of the register, and what it said.",
)

recall = Table(
    "recall",
    metadata,
    Column("line", Integer, primary_key=True, autoincrement=False),
    Column("device", LargeBinary, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("claim", LargeBinary, nullable=False),
    comment="Lines that the register asks for and that are still here.",
)

sent_release = Table(
    "sent_release",
    metadata,
    Column("id", LargeBinary, primary_key=True),
    Column("entry", Integer, nullable=False),
    Column("way", Text, nullable=False),
    Column("certificate", LargeBinary, nullable=False),
    Column("arrived", Integer, nullable=False, comment="1 once its receiver is known to have accepted it"),
    comment="Releases of this book, to be sent again until they have arrived (custody rule 2).",
)

accepted_release = Table(
    "accepted_release",
    metadata,
    Column("id", LargeBinary, primary_key=True),
    Column("entry", Integer, nullable=False),
    comment="Releases that this book accepted, so that one which comes again is answered as before.",
)

line_lock = Table(
    "line_lock",
    metadata,
    Column("line", Integer, primary_key=True, autoincrement=False),
    Column("why", Text, nullable=False),
    comment="Lines that are not released now: open at a table, or with a mobile team (custody rule 6).",
)

intake = Table(
    "intake",
    metadata,
    Column("precinct", Text, primary_key=True),
    Column("address", Text, nullable=False),
    Column("device", LargeBinary, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("box_key", LargeBinary, nullable=False),
    comment="Books that take in lines for other precincts, as the register named them.",
)

annex = Table(
    "annex",
    metadata,
    Column("line", Integer, primary_key=True, autoincrement=False),
    Column("person", LargeBinary, nullable=False, comment="annex.pack_person as CBOR: who the voter says to be"),
    Column("envelope", Text, nullable=False),
    comment="Voters of the annex with provisional ballots.",
)

adjudication = Table(
    "adjudication",
    metadata,
    Column("line", Integer, primary_key=True, autoincrement=False),
    Column("number", Integer, nullable=False, comment="the register's entry"),
    Column("outcome", Integer, nullable=False),
)

elsewhere = Table(
    "elsewhere",
    metadata,
    Column("line", Integer, primary_key=True, autoincrement=False),
    Column("precinct", Text, nullable=False),
    Column("desk", Integer, nullable=False),
    Column("marked", Integer, nullable=False),
    comment="Lines known here that another book has, as the register last told: where, and whether marked there.",
)

comparison = Table(
    "comparison",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("number", Integer, nullable=False, comment="the entry at which book and register differed"),
    Column("lines", LargeBinary, nullable=False, comment="the lines that differ, 8 bytes each"),
    comment="At most one row, while the last digests that were compared differ.",
)

mirror_key = Table(
    "mirror_key",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", LargeBinary, nullable=False),
    Column("wrapped", LargeBinary, nullable=False, comment="the key under the code of the sealed envelope"),
    comment="At most one row: the key of this book's mirrors, so that writing to them needs no code.",
)

mirror_place = Table(
    "mirror_place",
    metadata,
    Column("path", Text, primary_key=True),
    comment="Where a person wants the mirror kept, besides the media that are found.",
)

earlier_box = Table(
    "earlier_box",
    metadata,
    Column("epoch", Integer, primary_key=True, autoincrement=False),
    Column("seed", LargeBinary, nullable=False, comment="opens what was sealed to the book with this epoch"),
    comment="The box keys of the books before this one.",
)

parcel = Table(
    "parcel",
    metadata,
    Column("id", LargeBinary, primary_key=True),
    Column("kind", Integer, nullable=False),
    Column("size", Integer, nullable=False),
    Column("sha256", LargeBinary, nullable=False),
    Column("bytes", LargeBinary, comment="null once the register has all of it"),
    Column("acknowledged", Integer, nullable=False, comment="so many bytes are on the register's disk"),
    Column("queued_at_s", Integer, nullable=False),
    Column("refused", Integer, nullable=False, comment="1 where the register does not want it"),
    comment="What goes to the register besides the ledger (docs/adr/0015).",
)

link_use = Table(
    "link_use",
    metadata,
    Column("hour", Integer, primary_key=True, autoincrement=False, comment="hours since 1970"),
    Column("bytes", Integer, nullable=False),
    comment="What went over a metered link.",
)

camera_view = Table(
    "camera_view",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("camera", Text, nullable=False, index=True),
    Column("at_s", Integer, nullable=False),
    Column("person", Integer, nullable=False),
    Column("masks", Text, nullable=False, comment="as they were then"),
    Column("still", LargeBinary, nullable=False, comment="JPEG: what the recording sees"),
    Column("signature", LargeBinary, nullable=False, comment="by the person's own key (store.camera_views)"),
    comment="Fields of view that the chair signed off. Only added to.",
)
