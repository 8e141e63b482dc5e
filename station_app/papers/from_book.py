"""What the papers print, taken from an open book."""

from __future__ import annotations

from datetime import UTC, datetime

from pollbook.custody import LineState
from pollbook.store.book import Book
from pollbook.store.listing import all_lines
from pollbook.store.syncing import sync_status
from station_app.papers.printed_list import ListPaper, ListRow, Standing


def list_paper(book: Book) -> ListPaper:
    """The book's whole list as it stands at this moment."""
    as_of, heard_s = book.clock.now(), sync_status(book).last_sync_s
    return ListPaper(
        election=book.election,
        precinct=book.header.precinct,
        precinct_name=book.header.precinct_name,
        desk=book.header.desk,
        rows=tuple(ListRow(voter, _standing(state)) for voter, state in all_lines(book)),
        as_of=as_of,
        heard_at=None if heard_s is None else datetime.fromtimestamp(heard_s, UTC),
    )


def _standing(state: LineState) -> Standing:
    return Standing.OPEN if state.mark is None else Standing(state.mark.channel.value)
