"""Spares: laptops with a key and a certificate that are of no precinct yet."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A register that was made before has no spares."""
    op.create_table(
        "spare",
        sa.Column("code", sa.LargeBinary, primary_key=True),
        sa.Column("made_at_s", sa.BigInteger, nullable=False),
        sa.Column("expires_at_s", sa.BigInteger, nullable=False),
        sa.Column("device", sa.LargeBinary, unique=True),
        sa.Column("public_key", sa.LargeBinary),
        sa.Column("box_key", sa.LargeBinary),
        sa.Column("certificate", sa.LargeBinary),
        sa.Column("answer", sa.LargeBinary),
        sa.Column("enrolled_at_s", sa.BigInteger),
    )


def downgrade() -> None:
    """A register never goes back: an older program refuses a newer database instead."""
    raise RuntimeError("a register is never downgraded")
