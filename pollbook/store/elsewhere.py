"""Lines that another book has, as the register told it (`pollbook.statuses`): only for people, no rule looks at them.

But one: a line that is here and never moved, of which the register says that another book marked it, is not marked a
second time. That is where a book was revoked with marks that came later, and another one was issued its lines.
"""

from __future__ import annotations

from sqlalchemy import Connection

from pollbook.line_state import LineState, Place
from pollbook.packing import SliceOrder
from pollbook.slice import issued_lines
from pollbook.statuses import LineStatus, Statuses, lines_told
from pollbook.store import engine
from pollbook.store.book import Book
from pollbook.types import LineId, PrecinctCode


def slice_order(connection: Connection) -> SliceOrder:
    """The lines as the book was issued them, whatever became of them since."""
    with engine.translated():
        issued = connection.exec_driver_sql("SELECT slice FROM issued").scalar_one()
    return SliceOrder.of(issued_lines(issued))


def take_statuses(connection: Connection, untrusted: Statuses) -> None:
    """What the register tells of these lines stands in the book; only inside `writing`.

    Raises:
        InputInvalid: It speaks of another slice.
    """
    told = lines_told(untrusted, slice_order(connection))
    gone = [(line,) for line, status in told.items() if status is None]
    there = [
        (line, status.precinct, status.desk, int(status.is_marked))
        for line, status in told.items()
        if status is not None
    ]
    if gone:
        connection.exec_driver_sql("DELETE FROM elsewhere WHERE line = ?", gone)
    if there:
        connection.exec_driver_sql("INSERT OR REPLACE INTO elsewhere VALUES (?, ?, ?, ?)", there)


def status_of(book: Book, line: LineId, state: LineState) -> LineStatus | None:
    """Where another book has the line; None where nothing was told, or where what was told is older than the line here.

    A line that came here was unmarked when it was let go, whatever the register had heard by then.
    """
    if state.mark is not None or (state.place is Place.HERE and state.custody > 0):
        return None
    with engine.translated():
        row = book.connection.exec_driver_sql("SELECT * FROM elsewhere WHERE line = ?", (line,)).one_or_none()
    if row is None or (state.place is Place.HERE and not row.marked):
        return None
    return LineStatus(PrecinctCode(row.precinct), row.desk, bool(row.marked))


def forget(connection: Connection, lines: list[LineId]) -> None:
    """These lines came here: what was told of them is over; only inside `writing`."""
    connection.exec_driver_sql("DELETE FROM elsewhere WHERE line = ?", [(line,) for line in lines])
