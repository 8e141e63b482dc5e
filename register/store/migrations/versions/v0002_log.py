"""The log of accepted entries; what an older register accepted waits for it like anything else."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the log's tables, and the one row that who appends holds."""
    op.create_table(
        "log_state",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("frontier", sa.LargeBinary(), nullable=False),
        sa.Column("quarter", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log_state")),
    )
    op.create_table(
        "log_book",
        sa.Column("station", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("logged", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("station", name=op.f("pk_log_book")),
    )
    op.create_table(
        "log_run",
        sa.Column("first", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("station", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("first", name=op.f("pk_log_run")),
    )
    op.create_index("ix_log_run_station_number", "log_run", ["station", "number"], unique=False)
    op.create_table(
        "log_tile",
        sa.Column("level", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("place", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("level", "place", name=op.f("pk_log_tile")),
    )
    op.create_table(
        "log_head",
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("quarter", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("size", name=op.f("pk_log_head")),
        sa.UniqueConstraint("quarter", name=op.f("uq_log_head_quarter")),
    )
    empty = sa.text("INSERT INTO log_state (id, size, frontier, quarter) VALUES (1, 0, :empty, 0)")
    op.get_bind().execute(empty, {"empty": b""})
