"""The lines in which a book and the register differed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Of digests that differed before, the lines were never named."""
    op.create_table(
        "differing_line",
        sa.Column("station", sa.Integer, sa.ForeignKey("station.id"), primary_key=True, autoincrement=False),
        sa.Column("entry", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("line", sa.BigInteger, primary_key=True, autoincrement=False),
    )


def downgrade() -> None:
    """A register never goes back: an older program refuses a newer database instead."""
    raise RuntimeError("a register is never downgraded")
