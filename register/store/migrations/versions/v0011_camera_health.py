"""How the cameras of each station are, as it told last."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Make the table; what earlier parcels said is not looked up again, because none of this kind was taken."""
    op.create_table(
        "camera_health",
        sa.Column("station", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("came_at_s", sa.BigInteger(), nullable=False),
        sa.Column("bytes", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["station"], ["station.id"], name=op.f("fk_camera_health_station_station")),
        sa.PrimaryKeyConstraint("station", name=op.f("pk_camera_health")),
    )
