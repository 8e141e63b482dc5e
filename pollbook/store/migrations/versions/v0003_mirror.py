"""The key of a book's mirrors, the places that a person named for them, and the box keys of books before this one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A book that was made before is mirrored nowhere yet."""
    op.create_table(
        "mirror_key",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("key", sa.LargeBinary, nullable=False),
        sa.Column("wrapped", sa.LargeBinary, nullable=False),
    )
    op.create_table("mirror_place", sa.Column("path", sa.Text, primary_key=True))
    op.create_table(
        "earlier_box",
        sa.Column("epoch", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("seed", sa.LargeBinary, nullable=False),
    )


def downgrade() -> None:
    """A book never goes back: an older program refuses a newer book instead."""
    raise RuntimeError("a book is never downgraded")
