"""The register's tables, as SQLAlchemy Core knows them; `migrations/` makes them, and a test holds the two together.

Times are whole seconds since 1970 UTC (`…_s`), dates ISO text, hashes and keys raw bytes. On PostgreSQL the tables
that grow are partitioned (`SPREAD`): those that grow by book by its station, those that grow by voter by PINFL or line.
One book's ingest then touches the partitions of one number, one voter's adjudication one other (docs/adr/0011).
"""

from __future__ import annotations

from register.store.schema import centre, ledgers, lists, marks, stations
from register.store.schema.naming import metadata

__all__ = ["PARTITIONS", "SPREAD", "centre", "ledgers", "lists", "marks", "metadata", "stations"]

PARTITIONS = 16
"""Of each spread table: one node holds any number of them, so sixteen nodes are the most."""
SPREAD = {
    **dict.fromkeys(("issued", "book", "book_key", "entry", "fork_entry", "line_state", "feed", "anomaly"), "station"),
    "line": "pinfl",
    "effective_mark": "line",
    "disputed_mark": "line",
    "custody": "line",
    "status_due": "station",
    "status_watch": "line",
}
"""The tables that are partitioned on PostgreSQL, each with the column whose hash decides."""
