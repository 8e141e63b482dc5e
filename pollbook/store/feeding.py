"""What the register's feed does to a book: each item once, also where a crash comes before the feed's cursor moves."""

from __future__ import annotations

import logging
from dataclasses import replace

from pollbook.differences import LinesCompared
from pollbook.entries import TailReceived
from pollbook.failures import InputInvalid
from pollbook.feed_items import (
    Adjudicated,
    Arrived,
    ClaimAnswered,
    Content,
    FeedItem,
    FeedKind,
    Granted,
    Intake,
    LinesNamed,
    ListChanged,
    Recalled,
    Superseded,
    Tail,
    decode_content,
)
from pollbook.line_state import Place
from pollbook.permission import Refusal
from pollbook.statuses import Statuses
from pollbook.store import asking, comparing, elsewhere, moving, search_index
from pollbook.store.book import Book
from pollbook.store.projection import VOTER_UPDATE_SQL, voter_of, voter_row
from pollbook.types import MACHINE
from pollbook.voters import Voter

logger = logging.getLogger(__name__)


def keep_item(book: Book, item: FeedItem) -> None:
    """The item is in the book's feed, and what needs nothing but the tables is done once; only inside `writing`."""
    row = (item.number, int(item.kind), item.text, item.entry, item.content)
    known = book.connection.exec_driver_sql("SELECT * FROM feed WHERE number = ?", (item.number,)).one_or_none()
    if known is not None and tuple(known) == row:
        return  # a crash came before the cursor moved
    if known is not None:  # another one under that number: the register was put back to a backup since that crash
        _forget(book, FeedItem(known.number, FeedKind(known.kind), known.text, known.entry, known.content))
    book.connection.exec_driver_sql("INSERT OR REPLACE INTO feed VALUES (?, ?, ?, ?, ?)", row)
    content = content_of(item)
    match content:
        case Recalled(line, receiver, claim):
            state = book.line(line)
            if state is not None and state.place is Place.HERE:
                book.connection.exec_driver_sql(
                    "INSERT OR REPLACE INTO recall VALUES (?, ?, ?, ?)", (line, receiver.device, receiver.epoch, claim)
                )
        case ClaimAnswered():
            asking.note_answer(book, content, item.content)
        case Intake():
            asking.note_intake(book, content)
        case Adjudicated(line, outcome, number):
            book.connection.exec_driver_sql(
                "INSERT OR IGNORE INTO adjudication VALUES (?, ?, ?)", (line, number, int(outcome))
            )
        case Arrived(release):
            book.connection.exec_driver_sql("UPDATE sent_release SET arrived = 1 WHERE id = ?", (release,))
        case Statuses():
            try:
                elsewhere.take_statuses(book.connection, content)
            except InputInvalid as error:
                logger.warning("statuses not taken item=%s detail=%s", item.number, error)
        case LinesCompared():
            comparing.note_compared(book, content)
        case Tail(head, lines, is_complete, signature):
            if book.stopped is None:
                book.enter(MACHINE, TailReceived(head, lines, is_complete, signature))
        case ListChanged() | Granted() | Superseded() | LinesNamed() | None:
            pass


def act_on(book: Book, items: tuple[FeedItem, ...]) -> None:
    """What the items ask for beyond the tables is done: lines accepted, data changed, the book stopped."""
    changed = [content.voter for item in items if isinstance(content := content_of(item), ListChanged)]
    if changed:
        change_voters(book, changed)
    for item in items:
        content = content_of(item)
        if item.kind is FeedKind.REVOKED:
            book.stop(Refusal.BOOK_REVOKED)
        elif isinstance(content, Superseded):
            book.stop(Refusal.BOOK_SUPERSEDED)
        elif isinstance(content, Granted):
            outcome = moving.accept_release(book, content.certificate, MACHINE)
            if isinstance(outcome, Refusal):
                logger.warning("grant not accepted item=%s refusal=%s", item.number, outcome)


def _forget(book: Book, item: FeedItem) -> None:
    """A word on an envelope that nobody acted on is none; whoever acted on it has it in the entry."""
    content = content_of(item)
    if isinstance(content, Adjudicated):
        word = (content.line, content.number)
        book.connection.exec_driver_sql("DELETE FROM adjudication WHERE line = ? AND number = ?", word)


def content_of(item: FeedItem) -> Content | None:
    """What the item carries; None where it carries nothing, or nothing that this release reads."""
    try:
        return decode_content(item.kind, item.content)
    except InputInvalid as error:
        logger.warning("feed item not read item=%s detail=%s", item.number, error)
        return None


def change_voters(book: Book, voters: list[Voter]) -> None:
    """The voters' data are these now; lines that this book does not know, and everything else, stay (rule 12)."""
    with book.writing():
        for voter in voters:
            row = book.connection.exec_driver_sql("SELECT * FROM voter WHERE line = ?", (voter.line,)).one_or_none()
            if row is not None:
                kept = replace(voter, page=row.page, row=row.row)
                book.connection.exec_driver_sql(VOTER_UPDATE_SQL, (*voter_row(row.id, kept)[2:], voter.line))
        rows = book.connection.exec_driver_sql("SELECT * FROM voter ORDER BY id").all()
        search_index.remake(book.connection, [(row.id, voter_of(row)) for row in rows])
