"""What each book is still to be told of lines that other books have."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_PARTITIONS = 16


def upgrade() -> None:
    """Of what happened before, a book of an older release is told nothing: its screens are as they were."""
    on_postgresql = op.get_bind().dialect.name == "postgresql"
    for table, by in (("status_due", "station"), ("status_watch", "line")):
        key = [
            sa.Column("station", sa.Integer, autoincrement=False, nullable=False),
            sa.Column("line", sa.BigInteger, autoincrement=False, nullable=False),
        ]
        if by == "line":
            key.reverse()
        names = [column.name for column in key]
        op.create_table(
            table,
            *key,
            sa.PrimaryKeyConstraint(*names, name=f"pk_{table}"),
            postgresql_partition_by=f"HASH ({by})",
            sqlite_with_rowid=False,
        )
        for number in range(_PARTITIONS if on_postgresql else 0):
            values = f"FOR VALUES WITH (MODULUS {_PARTITIONS}, REMAINDER {number})"
            op.execute(f"CREATE TABLE {table}_p{number:02} PARTITION OF {table} {values}")


def downgrade() -> None:
    """A register never goes back: an older program refuses a newer database instead."""
    raise RuntimeError("a register is never downgraded")
