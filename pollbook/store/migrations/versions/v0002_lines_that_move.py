"""Lines that move: where a line is, whom it went to, and what waits for its answer."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_STATE = ("place", "custody", "since", "proof", "annexed")


def upgrade() -> None:
    """Old rows are lines that are here since the slice; nothing of them is lost."""
    for name in _STATE:
        op.add_column("line_state", _default(name))
    op.add_column("line_state", sa.Column("released_to", sa.Text, nullable=False, server_default=""))
    op.add_column("line_state", sa.Column("outcome", sa.Integer))
    op.add_column("feed", sa.Column("content", sa.LargeBinary, nullable=False, server_default=sa.text("x''")))
    op.add_column("sync_state", _default("mirrored"))
    op.add_column("sync_state", sa.Column("paper_since_s", sa.Integer))
    op.add_column("sync_state", _default("clock_ahead_s"))
    op.add_column("sync_state", sa.Column("closed", sa.Integer))
    op.create_table(
        "succession",
        _key("epoch"),
        _bytes("device"),
        _bytes("old_device"),
        _number("old_epoch"),
        _bytes("old_key"),
        _number("head_number"),
        _bytes("head_hash"),
    )
    op.create_table(
        "ask",
        sa.Column("id", sa.LargeBinary, primary_key=True),
        _bytes("content"),
        _number("asked_at_s"),
        _number("is_open"),
        sa.Column("answer", sa.LargeBinary),
        sa.Column("answered_at_s", sa.Integer),
    )
    op.create_table("recall", _key("line"), _bytes("device"), _number("epoch"), _bytes("claim"))
    op.create_table(
        "sent_release",
        sa.Column("id", sa.LargeBinary, primary_key=True),
        _number("entry"),
        _text("way"),
        _bytes("certificate"),
        _number("arrived"),
    )
    op.create_table("accepted_release", sa.Column("id", sa.LargeBinary, primary_key=True), _number("entry"))
    op.create_table("line_lock", _key("line"), _text("why"))
    op.create_table(
        "intake",
        sa.Column("precinct", sa.Text, primary_key=True),
        _text("address"),
        _bytes("device"),
        _number("epoch"),
        _bytes("box_key"),
    )
    op.create_table("annex", _key("line"), _bytes("person"), _text("envelope"))
    op.create_table("adjudication", _key("line"), _number("number"), _number("outcome"))
    op.create_table("elsewhere_mark", _key("line"))


def downgrade() -> None:
    """A book never goes back: an older program refuses a newer book instead."""
    raise RuntimeError("a book is never downgraded")


def _default(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=False, server_default="0")


def _key(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, primary_key=True, autoincrement=False)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


def _bytes(name: str) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary, nullable=False)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=False)
