"""Entries a second that the register's log takes in, and what a proof out of it costs.

The reference in the same run reads the same entries from the same database, hashes each once, and inserts the hashes
into one plain table: what any log at all would have to do.
"""

from __future__ import annotations

import hashlib
import random
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import insert, text

from benchmarks.measuring import figure, runs
from pollbook.signing import SigningKey
from pollbook.types import BookName, DeviceId, ElectionId
from register.log import QUARTER_S, bring_up_to_date, log_of, prove_entry
from register.store.engine import Database, make_database
from register.store.schema.ledgers import book, entry
from register.store.schema.stations import station

STATIONS = 50
ENTRIES_EACH = 3000
PROOFS = 500
NOON = datetime(2026, 12, 20, 7, 0, tzinfo=UTC)


def fill(database: Database) -> list[BookName]:
    """Stations whose entries are accepted and not logged."""
    made = random.Random(7)
    names = [BookName(DeviceId(made.randbytes(16)), 1) for _ in range(STATIONS)]
    with database.write() as connection:
        connection.execute(text("PRAGMA defer_foreign_keys = ON"))
        connection.execute(text("INSERT INTO precinct (code, name, version, loaded) VALUES ('1708-0001', '', 1, 0)"))
        for number, name in enumerate(names, 1):
            row = {"id": number, "device": name.device, "epoch": 1, "public_key": bytes(32), "precinct": "1708-0001"}
            row |= dict.fromkeys(("slice_sha256", "certificate", "box_key"), b"") | {"start_number": 0, "holds": True}
            row |= {"desk": 1, "list_version": 1, "line_count": 0, "issued_at_s": 0, "start_hash": bytes(32)}
            connection.execute(insert(station).values(row))
            kept = {"station": number, "acknowledged": ENTRIES_EACH, "head_hash": bytes(32), "digest": bytes(32)}
            kept |= {"last_at": 0, "pending": 0, "software": "", "forked": False}
            connection.execute(insert(book).values(kept))
            rows = [
                {"station": number, "number": each, "received_at_s": number, "bytes": made.randbytes(23)}
                for each in range(1, ENTRIES_EACH + 1)
            ]
            connection.execute(insert(entry), rows)
    return names


def reference(database: Database) -> None:
    """Read, hash once, insert."""
    with database.write() as connection:
        connection.execute(text("DROP TABLE IF EXISTS plain"))
        connection.execute(text("CREATE TABLE plain (at INTEGER PRIMARY KEY, hash BLOB)"))
        rows = connection.execute(text("SELECT bytes FROM entry ORDER BY station, number")).scalars()
        hashes = [{"hash": hashlib.sha256(bytes(content)).digest()} for content in rows]
        connection.execute(text("INSERT INTO plain (hash) VALUES (:hash)"), hashes)


def main() -> None:
    Path("build").mkdir(exist_ok=True)
    log = log_of(ElectionId("training-2026"), SigningKey.generate())
    with tempfile.TemporaryDirectory(dir="build") as name:
        numbers = iter(range(100))

        def measure() -> tuple[float, ...]:
            database = make_database(Path(name) / f"{next(numbers)}.db")
            names = fill(database)
            began = time.perf_counter()
            reference(database)
            plain = time.perf_counter() - began
            began = time.perf_counter()
            assert bring_up_to_date(database, log, NOON) == STATIONS * ENTRIES_EACH
            logged = time.perf_counter() - began
            bring_up_to_date(database, log, NOON + timedelta(seconds=QUARTER_S))
            made = random.Random(7)
            began = time.perf_counter()
            for _ in range(PROOFS):
                with database.read() as connection:
                    prove_entry(connection, log, made.choice(names), made.randint(1, ENTRIES_EACH))
            proven = (time.perf_counter() - began) / PROOFS
            database.close()
            return logged, plain, proven

        logged, plain, proven = runs(measure)
    rate = STATIONS * ENTRIES_EACH / logged
    bare = f"a bare read, hash and insert ({STATIONS * ENTRIES_EACH / plain:,.0f} entries/s)"
    detail = f"{rate:,.0f} entries/s, where the ingest's aim is 45,000"
    figure("the log takes", logged / plain, f"times as long as {bare}", "≤ 4", logged <= 4 * plain, detail)
    figure("a proof of inclusion", proven * 1000, "ms", "< 50", proven < 0.05, f"of {STATIONS * ENTRIES_EACH:,} leaves")


if __name__ == "__main__":
    main()
