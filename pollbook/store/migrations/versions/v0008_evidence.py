"""The check of the register's feed, and how far the whole ledger has gone up as evidence."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A book that fetched items before has no check of them and says none; nothing has gone up as evidence."""
    op.add_column("sync_state", sa.Column("feed_check", sa.LargeBinary, nullable=False, server_default=sa.text("x''")))
    op.add_column("sync_state", sa.Column("evidence", sa.Integer))
    op.add_column("sync_state", sa.Column("evidence_at", sa.Integer))


def downgrade() -> None:
    """A book never goes back: an older program refuses a newer book instead."""
    raise RuntimeError("a book is never downgraded")
