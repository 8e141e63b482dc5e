"""All lines of the book at one moment, for what is printed."""

from __future__ import annotations

from pollbook.line_state import UNMARKED, LineState
from pollbook.store import engine
from pollbook.store.book import Book
from pollbook.store.projection import line_state, voter_of
from pollbook.types import LineId
from pollbook.voters import Voter


def all_lines(book: Book) -> list[tuple[Voter, LineState]]:
    """Every voter of the book by page and row, with the line's state; nothing is marked between two of them."""
    with engine.transaction(book.connection, writing=False):
        states = {
            LineId(row.line): line_state(row) for row in book.connection.exec_driver_sql("SELECT * FROM line_state")
        }
        voters = book.connection.exec_driver_sql("SELECT * FROM voter ORDER BY page, row, line").all()
    return [(voter, states.get(voter.line, UNMARKED)) for voter in map(voter_of, voters)]
