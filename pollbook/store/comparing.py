"""Naming the lines in which book and register differ (`pollbook.differences`): what is asked, and what was found."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from pollbook.asks import ASK_ID_BYTES, CompareLines, NameLines
from pollbook.differences import (
    LINES_NAMED_MAX,
    LinesCompared,
    bucket_digests,
    differing_lines,
    pack_lines,
    unpack_lines,
)
from pollbook.store import asking, engine
from pollbook.store.book import Book
from pollbook.types import EntryNumber, LineId


@dataclass(frozen=True, slots=True)
class Differing:
    """The lines in which the register had something else, after the book's entry `number`; at most 256."""

    number: EntryNumber
    lines: tuple[LineId, ...]


def differing(book: Book) -> Differing | None:
    """What was found when digests last differed; None once they agree again, or where none ever differed."""
    with engine.translated():
        rows = engine.look(book.connection, "SELECT number, lines FROM comparison")
    return Differing(EntryNumber(rows[0][0]), unpack_lines(rows[0][1], LINES_NAMED_MAX)) if rows else None


def compare_further(book: Book) -> bool:
    """Whether the next request has something to name the differing lines by; begins where nothing is under way.

    Digests differ at the newest entry. False once its lines are named: there is nothing further to ask.
    """
    number = book.head.number
    ids = (_ask_id(b"compare", number), _ask_id(b"name", number))
    if asking.is_any_open(book, ids):
        return True
    found = differing(book)
    if found is not None and found.number == number:
        return False
    with book.writing():
        asking.keep_in_transaction(book, CompareLines(ids[0], number, bucket_digests(book.line_digests().by_line)))
    return True


def note_compared(book: Book, answer: LinesCompared) -> None:
    """The register's lines are compared with the book's, and those that differ are named to it; only inside `writing`.

    An answer for an entry that is not the newest any more is dropped: other lines may have changed since.
    """
    number = EntryNumber(answer.number)
    asking.close_asks(book, (_ask_id(b"compare", number),))
    if number != book.head.number:
        return
    lines = differing_lines(book.line_digests().by_line, answer)
    book.connection.exec_driver_sql("INSERT OR REPLACE INTO comparison VALUES (1, ?, ?)", (number, pack_lines(lines)))
    asking.keep_in_transaction(book, NameLines(_ask_id(b"name", number), number, lines))


def note_agreed(book: Book) -> None:
    """Book and register agree: nothing differs any more."""
    if differing(book) is not None:
        with book.writing():
            book.connection.exec_driver_sql("DELETE FROM comparison")


def _ask_id(what: bytes, number: EntryNumber) -> bytes:
    return hashlib.sha256(what + number.to_bytes(8, "big")).digest()[:ASK_ID_BYTES]
