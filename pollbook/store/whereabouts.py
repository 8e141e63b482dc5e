"""What a book can tell of lines that are not here, or not for good: where they went, and what is still under way."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Row

from pollbook.clock import wall_time
from pollbook.effects import Anomaly
from pollbook.entries import Entry, LineReleased, decode_entry
from pollbook.feed_items import FeedItem, FeedKind, Intake, LinesNamed
from pollbook.permission import Lock
from pollbook.store import engine, feeding
from pollbook.store.book import Book
from pollbook.store.moving import SentRelease, Way
from pollbook.types import BookName, DeviceId, EntryNumber, LineId, PrecinctCode


def intake_named(book: Book, name: BookName) -> Intake | None:
    """The precinct whose intake book this is, as far as the register has named it."""
    with engine.translated():
        row = book.connection.exec_driver_sql(
            "SELECT * FROM intake WHERE device = ? AND epoch = ?", (name.device, name.epoch)
        ).one_or_none()
    if row is None:
        return None
    return Intake(PrecinctCode(row.precinct), row.address, BookName(DeviceId(row.device), row.epoch), row.box_key)


def is_visitor(book: Book, line: LineId) -> bool:
    """Whether the voter stands here beyond the slice: a line that came from another precinct."""
    with engine.translated():
        number = book.connection.exec_driver_sql("SELECT id FROM voter WHERE line = ?", (line,)).scalar_one_or_none()
    return number is not None and number > book.header.line_count


def sent_release(book: Book, release_id: bytes) -> SentRelease | None:
    """The release of this book with this id, or None."""
    with engine.translated():
        row = book.connection.exec_driver_sql("SELECT * FROM sent_release WHERE id = ?", (release_id,)).one_or_none()
    return None if row is None else _release(row)


def releases_in_flight(book: Book) -> tuple[SentRelease, ...]:
    """Releases of this book whose receiver is not known to have them, oldest first, safe to leave or not."""
    with engine.translated():
        rows = book.connection.exec_driver_sql("SELECT * FROM sent_release WHERE arrived = 0 ORDER BY entry").all()
    return tuple(_release(row) for row in rows)


def released_by(book: Book, number: EntryNumber) -> LineReleased:
    """What this entry of the book, which is a release, let go."""
    fact = _entry(book, number).fact
    assert isinstance(fact, LineReleased)  # noqa: S101 - the callers name releases
    return fact


def time_of(book: Book, number: EntryNumber) -> datetime:
    """When this entry of the book was made."""
    return wall_time(_entry(book, number).at)


def items_of(book: Book, *kinds: FeedKind) -> tuple[FeedItem, ...]:
    """What the register has told this book of these kinds, oldest first."""
    places = ",".join("?" * len(kinds))
    with engine.translated():
        rows = book.connection.exec_driver_sql(
            f"SELECT * FROM feed WHERE kind IN ({places}) ORDER BY number",  # noqa: S608 - question marks
            tuple(int(kind) for kind in kinds),
        ).all()
    return tuple(FeedItem(row.number, FeedKind(row.kind), row.text, row.entry, row.content) for row in rows)


def disputed_lines(book: Book) -> frozenset[LineId]:
    """The lines that the register named as disputed and that people have not resolved since."""
    disputed: set[LineId] = set()
    for item in items_of(book, FeedKind.DISPUTED, FeedKind.DISPUTE_RESOLVED):
        content = feeding.content_of(item)
        if isinstance(content, LinesNamed):
            change = disputed.update if item.kind is FeedKind.DISPUTED else disputed.difference_update
            change(content.lines)
    return frozenset(disputed)


def disputed_entries(book: Book) -> frozenset[int]:
    """The entries of this book of which the register told that something is wrong, until people look into it.

    Not those that another book's mark contradicts: they are disputed by their line, until that is resolved.
    """
    told = items_of(book, FeedKind.ANOMALY)
    return frozenset(item.entry for item in told if item.entry and item.text != Anomaly.SECOND_MARK)


def close_open_cards(book: Book) -> None:
    """No line is open at a table: locks that a program left which ended without a word keep nothing here any more."""
    with book.writing():
        book.connection.exec_driver_sql("DELETE FROM line_lock WHERE why = ?", (Lock.OPEN.value,))


def lines_with_team(book: Book) -> tuple[LineId, ...]:
    """The lines that are out with a mobile team."""
    with engine.translated():
        rows = book.connection.exec_driver_sql(
            "SELECT line FROM line_lock WHERE why = ? ORDER BY line", (Lock.TEAM.value,)
        )
        return tuple(LineId(row.line) for row in rows)


def _entry(book: Book, number: EntryNumber) -> Entry:
    with engine.translated():
        stored = book.connection.exec_driver_sql("SELECT bytes FROM entry WHERE number = ?", (number,)).scalar_one()
    return decode_entry(stored)


def _release(row: Row[tuple[object, ...]]) -> SentRelease:
    return SentRelease(row.id, EntryNumber(row.entry), Way(row.way), row.certificate, bool(row.arrived))
