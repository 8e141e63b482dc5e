"""The chain over each book's feed, by which a register that was rolled back is known."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Items that were told before have no check; the chain begins after them."""
    op.add_column("feed", sa.Column("check", sa.LargeBinary, nullable=False, server_default=_nothing()))
    op.add_column("book", sa.Column("feed_check", sa.LargeBinary, nullable=False, server_default=_nothing()))


def _nothing() -> sa.TextClause:
    return sa.text("''" if op.get_bind().dialect.name == "postgresql" else "x''")


def downgrade() -> None:
    """A register never goes back: an older program refuses a newer database instead."""
    raise RuntimeError("a register is never downgraded")
