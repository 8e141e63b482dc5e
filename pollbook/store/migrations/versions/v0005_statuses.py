"""Lines that another book has, as the register tells it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """No register before this release told of other books' marks, so the table of them was empty."""
    op.drop_table("elsewhere_mark")
    op.create_table(
        "elsewhere",
        sa.Column("line", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("precinct", sa.Text, nullable=False),
        sa.Column("desk", sa.Integer, nullable=False),
        sa.Column("marked", sa.Integer, nullable=False),
    )


def downgrade() -> None:
    """A book never goes back: an older program refuses a newer book instead."""
    raise RuntimeError("a book is never downgraded")
