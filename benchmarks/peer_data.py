"""The marks and status changes that the peers carry: each mark signed for itself, as marks that travel singly must be.

The signatures are random bytes, which no compressor tells from real ones; everything else is what our entries say.
"""

from __future__ import annotations

import base64
import random
from datetime import UTC, datetime

import apsw

PRECINCT, STATION = "1708-0001", "1708-0001-1"
MARK_TABLE = "mark (seq INTEGER PRIMARY KEY, voter TEXT, at INTEGER, method TEXT, officer TEXT, sig BLOB)"
STATUS_TABLE = "status (voter TEXT PRIMARY KEY, state TEXT, at INTEGER, by TEXT, change INTEGER)"
_OPENS_S = 1_797_735_600
_GAP_MEAN_S = 14.4

Mark = dict[str, str | int]


def marks(count: int) -> list[Mark]:
    """`count` marks of one precinct's day, the same each time."""
    rng = random.Random(7)
    at, entered = float(_OPENS_S), []
    for seq, voter in enumerate(rng.sample(range(3_01_01_50_000000_0, 6_31_12_99_999999_9), count), 1):
        at += rng.expovariate(1 / _GAP_MEAN_S)
        entered.append(
            {
                "election": "training-2026",
                "precinct": PRECINCT,
                "station": STATION,
                "seq": seq,
                "voter": str(voter),
                "at": datetime.fromtimestamp(int(at), UTC).isoformat(),
                "channel": "station",
                "officer": "op2",
                "sig": base64.b64encode(rng.randbytes(64)).decode(),
            }
        )
    return entered


def mark_row(mark: Mark) -> tuple[object, ...]:
    """The mark as a row of `MARK_TABLE`."""
    at_s = int(datetime.fromisoformat(str(mark["at"])).timestamp())
    return (mark["seq"], mark["voter"], at_s, mark["channel"], mark["officer"], base64.b64decode(str(mark["sig"])))


def status_of(mark: Mark) -> dict[str, object]:
    """What the centre tells of a marked voter; a row of `STATUS_TABLE` in its order."""
    at_s = int(datetime.fromisoformat(str(mark["at"])).timestamp())
    change = 90_000_000 + 7 * int(mark["seq"])
    return {"voter": mark["voter"], "state": "marked", "at": at_s, "by": mark["station"], "change": change}


def changeset_of(table: str, rows: list[tuple[object, ...]]) -> bytes:
    """A SQLite session's changeset with these rows inserted."""
    database = apsw.Connection(":memory:")
    database.execute(f"CREATE TABLE {table}")
    session = apsw.Session(database, "main")
    session.attach()
    places = ", ".join("?" * len(rows[0]))
    database.executemany(f"INSERT INTO {table.split(maxsplit=1)[0]} VALUES ({places})", rows)  # noqa: S608 - our own tables
    return session.changeset()
