"""What was issued is kept with the station, what counts by voter; on PostgreSQL the tables that grow are spread."""

import struct

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_PARTITIONS = 16
_BY_STATION = {
    "issued": "station",
    "book": "station",
    "book_key": "station, person",
    "entry": "station, number",
    "fork_entry": "station, number, sha256",
    "line_state": "station, line",
    "feed": "station, number",
    "anomaly": "station, kind, entry",
}
"""The tables that grow by book, with their keys."""


def upgrade() -> None:
    """Keep the issued lines and the effective marks; no other table is asked for them any more."""
    op.create_table(
        "effective_mark",
        sa.Column("line", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("station", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("line", name=op.f("pk_effective_mark")),
    )
    op.create_table(
        "disputed_mark",
        sa.Column("line", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("station", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("line", "station", name=op.f("pk_disputed_mark")),
    )
    op.add_column("book", sa.Column("adjudicated", sa.Integer(), server_default="0", nullable=False))
    empty = sa.text("''")
    op.add_column("issued", sa.Column("lines", sa.LargeBinary(), server_default=empty, nullable=False))
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        _spread(connection)  # no release before this one served it, so nothing is in it
    else:
        _fill(connection)
    op.drop_table("withheld")
    if connection.dialect.name != "postgresql":
        op.drop_index("ix_line_state_line", "line_state")


def _fill(connection: sa.Connection) -> None:
    stations = connection.execute(sa.text("SELECT id, precinct, list_version FROM station")).all()
    issued = sa.text(
        "SELECT id FROM line WHERE precinct = :precinct AND place = 1 AND since_version <= :list_version"
        " AND id NOT IN (SELECT line FROM withheld WHERE station = :station) ORDER BY id"
    )
    for station, precinct, list_version in stations:
        values = {"station": station, "precinct": precinct, "list_version": list_version}
        lines = connection.execute(issued, values).scalars().all()
        packed = struct.pack(f">{len(lines)}q", *lines)
        change = sa.text("UPDATE issued SET lines = :lines WHERE station = :station")
        connection.execute(change, {"lines": packed, "station": station})
    # Which of two marks came first was not kept; the older station's counts, and both stand in the anomalies.
    for table, comparison in (("effective_mark", "="), ("disputed_mark", "<>")):
        first = "(SELECT min(o.station) FROM line_state AS o WHERE o.line = s.line AND o.mark IS NOT NULL)"
        connection.execute(
            sa.text(
                f"INSERT INTO {table} (line, station, number)"  # noqa: S608 - names of this file
                " SELECT s.line, s.station, s.mark FROM line_state AS s"
                f" WHERE s.mark IS NOT NULL AND s.station {comparison} {first}"
            )
        )
    connection.execute(sa.text("UPDATE book SET adjudicated = acknowledged"))


def _spread(connection: sa.Connection) -> None:
    """Make the growing tables anew, partitioned.

    No foreign key leads from or to them: a partition may lie on another node, and each inserted row would be looked
    up. A partitioned table's keys hold what it is partitioned by.
    """
    connection.execute(sa.text("ALTER TABLE held_back DROP CONSTRAINT fk_held_back_seq"))
    for table in ("anomaly_id_seq", "fork_entry_id_seq", "line_seq_seq"):
        connection.execute(sa.text(f"ALTER SEQUENCE {table} OWNED BY NONE"))
    for table, key in _BY_STATION.items():
        _remake(connection, table, "station")
        connection.execute(sa.text(f"ALTER TABLE {table} ADD CONSTRAINT pk_{table} PRIMARY KEY ({key})"))
    for table, key in (("effective_mark", "line"), ("disputed_mark", "line, station")):
        _remake(connection, table, "line")
        connection.execute(sa.text(f"ALTER TABLE {table} ADD CONSTRAINT pk_{table} PRIMARY KEY ({key})"))
    _remake(connection, "line", "pinfl")
    # Custody rule 1 stays the database's own: one PINFL is in one partition.
    connection.execute(sa.text("CREATE UNIQUE INDEX uq_line_active_pinfl ON line (pinfl) WHERE place = 1"))
    connection.execute(sa.text("CREATE INDEX ix_line_id ON line (id)"))
    connection.execute(sa.text("CREATE INDEX ix_line_precinct_page_row ON line (precinct, page, row)"))
    # Rows come in the order of `seq`, so ranges of blocks are enough to find those of one load.
    connection.execute(sa.text("CREATE INDEX ix_line_seq ON line USING brin (seq) WITH (autosummarize = on)"))


def _remake(connection: sa.Connection, table: str, by: str) -> None:
    connection.execute(sa.text(f"ALTER TABLE {table} RENAME TO {table}_whole"))
    connection.execute(
        sa.text(f"CREATE TABLE {table} (LIKE {table}_whole INCLUDING DEFAULTS) PARTITION BY HASH ({by})")
    )
    connection.execute(sa.text(f"DROP TABLE {table}_whole"))
    # Every sync rewrites the book's row: room in its page saves the index a new entry.
    options = " WITH (fillfactor = 50)" if table == "book" else ""
    for number in range(_PARTITIONS):
        values = f"FOR VALUES WITH (MODULUS {_PARTITIONS}, REMAINDER {number})"
        connection.execute(sa.text(f"CREATE TABLE {table}_p{number:02} PARTITION OF {table} {values}{options}"))
