"""Parcels on their way to the register, and what went over a metered link."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A book that was made before has nothing to send but its ledger."""
    op.create_table(
        "parcel",
        sa.Column("id", sa.LargeBinary, primary_key=True),
        sa.Column("kind", sa.Integer, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("sha256", sa.LargeBinary, nullable=False),
        sa.Column("bytes", sa.LargeBinary),
        sa.Column("acknowledged", sa.Integer, nullable=False),
        sa.Column("queued_at_s", sa.Integer, nullable=False),
        sa.Column("refused", sa.Integer, nullable=False),
    )
    op.create_table(
        "link_use",
        sa.Column("hour", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("bytes", sa.Integer, nullable=False),
    )


def downgrade() -> None:
    """A book never goes back: an older program refuses a newer book instead."""
    raise RuntimeError("a book is never downgraded")
