"""Lines that move: where a line is in each book, and what a book needs to be addressed and followed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Old states are lines that are where their slice put them; old stations hold what they were issued."""
    for name, kind in (
        ("place", sa.SmallInteger),
        ("custody", sa.Integer),
        ("since", sa.Integer),
        ("proof", sa.SmallInteger),
        ("annexed", sa.SmallInteger),
    ):
        op.add_column("line_state", sa.Column(name, kind, nullable=False, server_default="0"))
    op.add_column("line_state", sa.Column("released_to", sa.String(48), nullable=False, server_default=""))
    op.add_column("line_state", sa.Column("outcome", sa.SmallInteger))
    # In SQLite '' would be a text in a column of bytes.
    nothing = sa.text("x''" if op.get_bind().dialect.name == "sqlite" else "''")
    op.add_column("feed", sa.Column("content", sa.LargeBinary, nullable=False, server_default=nothing))
    op.add_column("station", sa.Column("start_number", sa.Integer, nullable=False, server_default="0"))
    for name in ("slice_sha256", "certificate", "box_key"):
        op.add_column("station", sa.Column(name, sa.LargeBinary, nullable=False, server_default=nothing))
    op.add_column("station", sa.Column("holds", sa.Boolean, nullable=False, server_default=sa.true()))
    # Not as a batch: that makes the table anew, which SQLite refuses while others' rows point into it.
    references = "CONSTRAINT fk_station_predecessor REFERENCES station (id)"
    op.execute(sa.text(f"ALTER TABLE station ADD COLUMN predecessor INTEGER {references}"))
    op.add_column("book", sa.Column("closed", sa.Boolean, nullable=False, server_default=sa.false()))


def downgrade() -> None:
    """A register never goes back: an older program refuses a newer database instead."""
    raise RuntimeError("a register is never downgraded")
