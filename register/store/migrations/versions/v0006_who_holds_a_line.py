"""Who holds a line: lines that moved, claims, provisional voters, and the register's own ledger."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_PARTITIONS = 16


def upgrade() -> None:
    """New tables; a line without a row is where it was issued to."""
    op.add_column("book", sa.Column("feed_floor", sa.Integer, nullable=False, server_default="0"))
    op.add_column("book", sa.Column("tail_told", sa.Integer, nullable=False, server_default="0"))
    op.add_column("book", sa.Column("tail_complete", sa.Boolean, nullable=False, server_default=sa.false()))
    op.create_table(
        "custody",
        sa.Column("line", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("holder", sa.Integer),
        sa.Column("receiver", sa.String(48), nullable=False),
        sa.Column("release_id", sa.LargeBinary, nullable=False),
        sa.Column("used_by", sa.BigInteger, nullable=False),
    )
    if op.get_bind().dialect.name == "postgresql":
        _spread("custody", "line")
    op.create_table(
        "claim",
        sa.Column("station", sa.Integer, sa.ForeignKey("station.id"), primary_key=True, autoincrement=False),
        sa.Column("id", sa.LargeBinary, primary_key=True),
        sa.Column("line", sa.BigInteger, nullable=False, index=True),
        sa.Column("state", sa.String(10), nullable=False, index=True),
        sa.Column("at_s", sa.BigInteger, nullable=False),
        sa.Column("told_kept", sa.Boolean, nullable=False),
    )
    op.create_table(
        "provisional",
        sa.Column("line", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("station", sa.Integer, sa.ForeignKey("station.id"), nullable=False),
        sa.Column("entry", sa.Integer, nullable=False),
        sa.Column("real_line", sa.BigInteger, nullable=False, index=True),
        sa.Column("outcome", sa.SmallInteger),
        sa.Column("adjudication", sa.Integer, nullable=False),
        sa.Column("asked_of", sa.Integer, nullable=False),
        sa.Column("at_s", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "own_entry",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.Column("bytes", sa.LargeBinary, nullable=False),
        sa.Column("at_s", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "own_head",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("behind_since_s", sa.BigInteger),
    )


def _spread(table: str, by: str) -> None:
    """The new, empty table is partitioned by the hash of `by`, which is its key."""
    op.execute(f"ALTER TABLE {table} RENAME TO {table}_whole")
    op.execute(f"CREATE TABLE {table} (LIKE {table}_whole INCLUDING DEFAULTS) PARTITION BY HASH ({by})")
    op.execute(f"DROP TABLE {table}_whole")
    op.execute(f"ALTER TABLE {table} ADD CONSTRAINT pk_{table} PRIMARY KEY ({by})")
    for number in range(_PARTITIONS):
        values = f"FOR VALUES WITH (MODULUS {_PARTITIONS}, REMAINDER {number})"
        op.execute(f"CREATE TABLE {table}_p{number:02} PARTITION OF {table} {values}")


def downgrade() -> None:
    """A register never goes back: an older program refuses a newer database instead."""
    raise RuntimeError("a register is never downgraded")
