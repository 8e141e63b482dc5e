"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make all tables of the first release."""
    _make_setup()
    _make_precincts()
    _make_lines()
    _make_stations()
    _make_books()
    _make_projection()


def _make_setup() -> None:
    op.create_table(
        "register",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("election", sa.LargeBinary(), nullable=False),
        sa.Column("made_at_s", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_register")),
    )
    op.create_table(
        "register_officer",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.Column("wrong_tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("wrong_at_s", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_register_officer")),
        sa.UniqueConstraint("name", name=op.f("uq_register_officer_name")),
    )
    op.create_table(
        "decision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("subject", sa.String(length=120), nullable=False),
        sa.Column("signed", sa.LargeBinary(), nullable=False),
        sa.Column("at_s", sa.BigInteger(), nullable=False),
        sa.Column("first_officer", sa.Integer(), nullable=False),
        sa.Column("first_signature", sa.LargeBinary(), nullable=False),
        sa.Column("second_officer", sa.Integer(), nullable=False),
        sa.Column("second_signature", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["first_officer"], ["register_officer.number"], name=op.f("fk_decision_first_officer")),
        sa.ForeignKeyConstraint(
            ["second_officer"], ["register_officer.number"], name=op.f("fk_decision_second_officer")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision")),
    )
    op.create_table(
        "import_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("at_s", sa.BigInteger(), nullable=False),
        sa.Column("imported", sa.Integer(), server_default="0", nullable=False),
        sa.Column("held_back", sa.Integer(), server_default="0", nullable=False),
        sa.Column("rejected", sa.Integer(), server_default="0", nullable=False),
        sa.Column("report", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_run")),
        sa.UniqueConstraint("sha256", name=op.f("uq_import_run_sha256")),
    )
    # ### end Alembic commands ###


def _make_precincts() -> None:
    op.create_table(
        "precinct",
        sa.Column("code", sa.String(length=9), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("loaded", sa.Integer(), nullable=False),
        sa.Column("official", sa.Integer(), nullable=True),
        sa.Column("accepted_loaded", sa.Integer(), nullable=True),
        sa.Column("accepted_official", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_precinct")),
    )
    op.create_table(
        "person",
        sa.Column("precinct", sa.String(length=9), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("surname", sa.Text(), nullable=False),
        sa.Column("given_name", sa.Text(), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.PrimaryKeyConstraint("precinct", "number", name=op.f("pk_person")),
        sqlite_with_rowid=False,
    )
    # ### end Alembic commands ###


def _make_lines() -> None:
    op.create_table(
        "line",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("source_row", sa.Integer(), nullable=False),
        sa.Column("place", sa.SmallInteger(), nullable=False),
        sa.Column("since_version", sa.Integer(), nullable=False),
        sa.Column("pinfl", sa.String(length=14), nullable=True),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("surname", sa.Text(), nullable=False),
        sa.Column("given_name", sa.Text(), nullable=False),
        sa.Column("patronymic", sa.Text(), nullable=False),
        sa.Column("birth_date", sa.String(length=10), nullable=False),
        sa.Column("sex", sa.String(length=1), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("mahalla", sa.Text(), nullable=False),
        sa.Column("district_soato", sa.String(length=10), nullable=False),
        sa.Column("precinct", sa.String(length=9), nullable=False),
        sa.Column("page", sa.Integer(), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("contests", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_line")),
    )
    op.create_index("ix_line_precinct_page_row", "line", ["precinct", "page", "row"], unique=False)
    op.create_index(
        "uq_line_active_pinfl",
        "line",
        ["pinfl"],
        unique=True,
        sqlite_where=sa.text("place = 1"),
        postgresql_where=sa.text("place = 1"),
    )
    op.create_index("uq_line_id", "line", ["id"], unique=True)
    op.create_table(
        "held_back",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("pinfl", sa.String(length=14), nullable=True),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("decision", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["decision"], ["decision.id"], name=op.f("fk_held_back_decision")),
        sa.ForeignKeyConstraint(["seq"], ["line.seq"], name=op.f("fk_held_back_seq")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_held_back")),
    )
    op.create_index(op.f("ix_held_back_pinfl"), "held_back", ["pinfl"], unique=False)
    # ### end Alembic commands ###


def _make_stations() -> None:
    op.create_table(
        "station",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("device", sa.LargeBinary(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("precinct", sa.String(length=9), nullable=False),
        sa.Column("desk", sa.Integer(), nullable=False),
        sa.Column("list_version", sa.Integer(), nullable=False),
        sa.Column("line_count", sa.Integer(), nullable=False),
        sa.Column("issued_at_s", sa.BigInteger(), nullable=False),
        sa.Column("start_hash", sa.LargeBinary(), nullable=False),
        sa.Column("revoked_at_s", sa.BigInteger(), nullable=True),
        sa.Column("revoked_reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["precinct"], ["precinct.code"], name=op.f("fk_station_precinct")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_station")),
        sa.UniqueConstraint("device", "epoch", name=op.f("uq_station_device_epoch")),
    )
    op.create_index(op.f("ix_station_precinct"), "station", ["precinct"], unique=False)
    op.create_table(
        "issued",
        sa.Column("station", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["station"], ["station.id"], name=op.f("fk_issued_station")),
        sa.PrimaryKeyConstraint("station", name=op.f("pk_issued")),
    )
    op.create_table(
        "withheld",
        sa.Column("station", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("line", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["station"], ["station.id"], name=op.f("fk_withheld_station")),
        sa.PrimaryKeyConstraint("station", "line", name=op.f("pk_withheld")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "enrolment_code",
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("precinct", sa.String(length=9), nullable=False),
        sa.Column("desk", sa.Integer(), nullable=False),
        sa.Column("made_at_s", sa.BigInteger(), nullable=False),
        sa.Column("expires_at_s", sa.BigInteger(), nullable=False),
        sa.Column("station", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["station"], ["station.id"], name=op.f("fk_enrolment_code_station")),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_enrolment_code")),
    )
    # ### end Alembic commands ###


def _make_books() -> None:
    op.create_table(
        "book",
        sa.Column("station", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("acknowledged", sa.Integer(), nullable=False),
        sa.Column("head_hash", sa.LargeBinary(), nullable=False),
        sa.Column("head_signature", sa.LargeBinary(), nullable=True),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=True),
        sa.Column("last_heard_at_s", sa.BigInteger(), nullable=True),
        sa.Column("pending", sa.Integer(), nullable=False),
        sa.Column("software", sa.String(length=40), nullable=False),
        sa.Column("forked", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["station"], ["station.id"], name=op.f("fk_book_station")),
        sa.PrimaryKeyConstraint("station", name=op.f("pk_book")),
    )
    op.create_table(
        "book_key",
        sa.Column("station", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("person", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["station"], ["station.id"], name=op.f("fk_book_key_station")),
        sa.PrimaryKeyConstraint("station", "person", name=op.f("pk_book_key")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "entry",
        sa.Column("station", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("received_at_s", sa.BigInteger(), nullable=False),
        sa.Column("quarantined", sa.String(length=32), nullable=True),
        sa.Column("bytes", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["station"], ["station.id"], name=op.f("fk_entry_station")),
        sa.PrimaryKeyConstraint("station", "number", name=op.f("pk_entry")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "fork_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("station", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("received_at_s", sa.BigInteger(), nullable=False),
        sa.Column("bytes", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["station"], ["station.id"], name=op.f("fk_fork_entry_station")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fork_entry")),
        sa.UniqueConstraint("station", "number", "sha256", name=op.f("uq_fork_entry_station_number_sha256")),
    )
    # ### end Alembic commands ###


def _make_projection() -> None:
    op.create_table(
        "line_state",
        sa.Column("station", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("line", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("mark", sa.Integer(), nullable=True),
        sa.Column("channel", sa.String(length=10), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=True),
        sa.Column("actor", sa.Integer(), nullable=True),
        sa.Column("voids", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["station"], ["station.id"], name=op.f("fk_line_state_station")),
        sa.PrimaryKeyConstraint("station", "line", name=op.f("pk_line_state")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_line_state_line", "line_state", ["line"], unique=False)
    op.create_table(
        "feed",
        sa.Column("station", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("entry", sa.Integer(), nullable=False),
        sa.Column("at_s", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["station"], ["station.id"], name=op.f("fk_feed_station")),
        sa.PrimaryKeyConstraint("station", "number", name=op.f("pk_feed")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "anomaly",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("station", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("entry", sa.Integer(), nullable=False),
        sa.Column("at_s", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["station"], ["station.id"], name=op.f("fk_anomaly_station")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_anomaly")),
        sa.UniqueConstraint("station", "kind", "entry", name=op.f("uq_anomaly_station_kind_entry")),
    )
    # ### end Alembic commands ###
