"""Where a book stands, as its tables have it: its newest entry, its days, whether it is stopped, how far it is safe."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from pollbook import ledger
from pollbook.clock import BEFORE_ALL, HybridTime
from pollbook.entries import decode_entry
from pollbook.failures import Failure, WeFailed
from pollbook.ledger import Head
from pollbook.permission import Refusal, Safety
from pollbook.store import engine
from pollbook.types import EntryNumber


@dataclass(frozen=True, slots=True)
class Standing:
    """What the book remembers of its own standing.

    Attributes:
        opened_days: The days that two officers have opened, each YYYY-MM-DD.
        stopped: Why the book may mark no more, or None.
        is_closed: Whether two officers closed it.
        clock_ahead_s: This machine's clock less the register's.
        safety: How far its entries are safe, and since when it works on paper.
    """

    opened_days: frozenset[str]
    stopped: Refusal | None
    is_closed: bool
    clock_ahead_s: int
    safety: Safety


def read_standing(connection: Connection) -> Standing:
    """The standing that the tables hold."""
    with engine.translated():
        days = engine.look(connection, "SELECT day FROM opened_day")
        ((stopped, closed, ahead_s, mirrored, acknowledged, paper_since_s),) = engine.look(
            connection, "SELECT stopped, closed, clock_ahead_s, mirrored, acknowledged, paper_since_s FROM sync_state"
        )
    return Standing(
        frozenset(day for (day,) in days),
        None if stopped is None else Refusal(stopped),
        closed is not None,
        ahead_s,
        Safety(EntryNumber(acknowledged), EntryNumber(mirrored), paper_since_s),
    )


def newest_entry(connection: Connection, start: Head) -> tuple[Head, HybridTime]:
    """The head of a ledger that begins at `start`, and its newest entry's time; `start` and 0 before the first.

    Raises:
        WeFailed: `LEDGER_BROKEN`: the newest entry and its hash do not fit.
    """
    with engine.translated():
        rows = connection.exec_driver_sql("SELECT number, bytes, hash FROM entry ORDER BY number DESC LIMIT 2").all()
    if not rows:
        return start, BEFORE_ALL
    newest = rows[0]
    if newest.number == start.number:  # a successor before its first entry
        return start, decode_entry(newest.bytes).at
    before = start
    if newest.number > start.number + 1:
        before = Head(EntryNumber(rows[1].number), rows[1].hash)
    head = Head(EntryNumber(newest.number), newest.hash)
    if ledger.extend(before, newest.bytes) != head:
        raise WeFailed(Failure.LEDGER_BROKEN, f"entry {newest.number}", entry=newest.number)
    return head, decode_entry(newest.bytes).at


def is_behind(connection: Connection, head: Head, counted: Head | None) -> bool:
    """Whether a ledger that ends at `head` is older than what was `counted`, or another one (custody rule 8)."""
    if counted is None:
        return False
    if counted.number > head.number:
        return True
    with engine.translated():
        there = connection.exec_driver_sql("SELECT hash FROM entry WHERE number = ?", (counted.number,))
        return there.scalar_one_or_none() not in {None, counted.hash}
