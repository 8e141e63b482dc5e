"""What books send besides their ledgers."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Make the tables of parcels; an older register has none."""
    op.create_table(
        "parcel",
        sa.Column("station", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("acknowledged", sa.Integer(), nullable=False),
        sa.Column("began_at_s", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["station"], ["station.id"], name=op.f("fk_parcel_station_station")),
        sa.PrimaryKeyConstraint("station", "name", name=op.f("pk_parcel")),
    )
    op.create_table(
        "parcel_piece",
        sa.Column("station", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("start", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("bytes", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["station"], ["station.id"], name=op.f("fk_parcel_piece_station_station")),
        sa.PrimaryKeyConstraint("station", "name", "start", name=op.f("pk_parcel_piece")),
    )
