"""What the screens and commands count in a book."""

from __future__ import annotations

from collections.abc import Mapping

from pollbook.clock import COUNTER_BITS
from pollbook.entries import Marked, MarkVoided, decode_entry
from pollbook.line_state import Place
from pollbook.store import engine, syncing
from pollbook.store.book import Book
from pollbook.store.records import Counts, RecentMark
from pollbook.types import Channel, EntryNumber

_MOVED_SQL = f"""
    SELECT coalesce(sum(s.place = {Place.HERE:d}), 0) AS here,
           coalesce(sum(s.place <> {Place.HERE:d} AND v.id <= ?), 0) AS gone,
           coalesce(sum(s.place = {Place.HERE:d} AND v.id > ?), 0) AS arrived
    FROM line_state s JOIN voter v ON v.line = s.line WHERE s.custody > 0"""  # noqa: S608  (constants)


def counts(book: Book) -> Counts:
    """How many lines are held here and what happened to them."""
    slice_lines = book.header.line_count
    with engine.translated():
        moved = book.connection.exec_driver_sql(_MOVED_SQL, (slice_lines, slice_lines)).one()
        rows = book.connection.exec_driver_sql(
            "SELECT channel, count(*) AS lines FROM line_state WHERE mark IS NOT NULL GROUP BY channel"
        ).all()
        voids = book.connection.exec_driver_sql("SELECT voids FROM line_state WHERE voids <> ''").all()
        others = book.connection.exec_driver_sql(
            "SELECT coalesce(sum(annexed), 0) AS annexed, coalesce(sum(place = ?), 0) AS provisional FROM line_state",
            (int(Place.PROVISIONAL),),
        ).one()
    by_channel = dict.fromkeys(Channel, 0) | {Channel(row.channel): row.lines for row in rows}
    lines = slice_lines - moved.gone + moved.arrived if book.header.holds else moved.here
    voided = sum(len(row.voids.split(",")) for row in voids)
    return Counts(lines, sum(by_channel.values()), by_channel, voided, others.annexed, others.provisional)


def marks_by_hour(book: Book, opened_s: int) -> Mapping[int, int]:
    """Effective marks in each hour since `opened_s` (seconds since 1970): coarse on purpose (DOMAIN §4)."""
    with engine.translated():
        rows = book.connection.exec_driver_sql(
            f"SELECT ((at >> {COUNTER_BITS}) - ?) / 3600 AS hour, count(*) AS lines FROM line_state"  # noqa: S608
            f" WHERE mark IS NOT NULL AND (at >> {COUNTER_BITS}) >= ? GROUP BY hour",
            (opened_s, opened_s),
        )
        return {row.hour: row.lines for row in rows}


def recent_marks(book: Book, limit: int) -> tuple[RecentMark, ...]:
    """The newest marks, newest first, voided ones included."""
    marks: list[RecentMark] = []
    confirmed = syncing.confirmed(book)
    before = book.head.number + 1
    voided: set[int] = set()
    while len(marks) < limit and before > 1:
        with engine.translated():
            rows = book.connection.exec_driver_sql(
                "SELECT number, bytes FROM entry WHERE number < ? ORDER BY number DESC LIMIT ?", (before, 4 * limit)
            ).all()
        for number, stored in rows:
            entry = decode_entry(stored)
            if isinstance(entry.fact, MarkVoided):
                voided.add(entry.fact.mark)
            elif isinstance(entry.fact, Marked) and len(marks) < limit:
                marks.append(
                    RecentMark(
                        EntryNumber(number),
                        entry.fact.line,
                        entry.at,
                        entry.fact.channel,
                        entry.actor,
                        number in voided,
                        number <= confirmed,
                    )
                )
        before = rows[-1].number if rows else 1
    return tuple(marks)
