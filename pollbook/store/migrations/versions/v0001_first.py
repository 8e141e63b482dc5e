"""The first release's tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from pollbook.store import search_index

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """An empty database has every table of the first release."""
    op.create_table("issued", sa.Column("id", sa.Integer, primary_key=True), _bytes("slice"))
    op.create_table(
        "link",
        sa.Column("id", sa.Integer, primary_key=True),
        _text("url"),
        _text("authority_pem"),
        _bytes("register_certificate"),
        _bytes("device_certificate"),
        _bytes("device_seed"),
    )
    texts = ("pinfl", "document", "surname", "given_name", "patronymic", "birth_date", "sex")
    places = ("address", "mahalla", "district_soato")
    op.create_table(
        "voter",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("line", sa.Integer, nullable=False, unique=True),
        *(_text(name) for name in (*texts, *places)),
        _number("page"),
        _number("row"),
        _text("contests"),
    )
    op.create_index("ix_voter_pinfl", "voter", ["pinfl"])
    op.create_index("ix_voter_document", "voter", ["document"])
    op.create_index("ix_voter_place", "voter", ["page", "row"])
    op.create_table("entry", _key("number"), _bytes("bytes"), _bytes("hash"))
    op.create_table("signed_head", _key("number"), _bytes("signature"))
    op.create_table(
        "line_state",
        _key("line"),
        sa.Column("mark", sa.Integer),
        sa.Column("channel", sa.Text),
        sa.Column("at", sa.Integer),
        sa.Column("actor", sa.Integer),
        _text("voids"),
    )
    op.create_table("bound_key", _key("person"), _bytes("public_key"))
    op.create_table("opened_day", sa.Column("day", sa.Text, primary_key=True), _number("entry"))
    op.create_table(
        "pin",
        _key("person"),
        _bytes("wrapped_key"),
        _number("wrong_tries"),
        _number("wrong_at_s"),
    )
    op.create_table("session", sa.Column("id", sa.Integer, primary_key=True), _number("person"), _number("until_s"))
    op.create_table(
        "sync_state",
        sa.Column("id", sa.Integer, primary_key=True),
        _number("acknowledged"),
        _number("feed_cursor"),
        sa.Column("last_sync_s", sa.Integer),
        sa.Column("failure", sa.Text),
        sa.Column("stopped", sa.Text),
    )
    op.create_table("feed", _key("number"), _number("kind"), _text("text"), _number("entry"))
    op.create_table(
        "opened_record",
        sa.Column("id", sa.Integer, primary_key=True),
        _number("at_s"),
        _number("person"),
        _number("line"),
    )
    search_index.create(op.get_bind())


def downgrade() -> None:
    """A book never goes back: an older program refuses a newer book instead."""
    raise RuntimeError("a book is never downgraded")


def _key(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, primary_key=True, autoincrement=False)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


def _bytes(name: str) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary, nullable=False)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=False)
