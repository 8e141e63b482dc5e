"""What the papers print, taken from an open book."""

from __future__ import annotations

from datetime import UTC, datetime

from pollbook.line_state import LineState, Place
from pollbook.store import whereabouts
from pollbook.store.book import Book
from pollbook.store.listing import all_lines
from pollbook.store.moving import SentRelease
from pollbook.store.syncing import sync_status
from pollbook.types import LineId
from pollbook.voters import Voter
from station_app.papers.printed_list import ListPaper, ListRow, Standing
from station_app.papers.release_certificate import PrecinctPlace, ReleasePaper
from station_app.papers.release_text import PARCEL_BYTES_MAX


def list_paper(book: Book) -> ListPaper:
    """The book's whole list as it stands at this moment."""
    disputed = whereabouts.disputed_lines(book)
    as_of, heard_s = book.clock.now(), sync_status(book).last_sync_s
    return ListPaper(
        election=book.election,
        precinct=book.header.precinct,
        precinct_name=book.header.precinct_name,
        desk=book.header.desk,
        rows=tuple(ListRow(voter, _standing(voter, state, disputed)) for voter, state in all_lines(book)),
        as_of=as_of,
        heard_at=None if heard_s is None else datetime.fromtimestamp(heard_s, UTC),
    )


def release_paper(book: Book, sent: SentRelease, parcel: bytes) -> ReleasePaper | None:
    """The paper of a release of this book, sealed as `parcel`; None where it carries more than one line or page does.

    Everything on it is of the release and its time, so that printing it again gives the same bytes.
    """
    gone = whereabouts.released_by(book, sent.number)
    intake = whereabouts.intake_named(book, gone.receiver)
    voter = book.voter(gone.lines[0].line)
    if len(gone.lines) != 1 or len(parcel) > PARCEL_BYTES_MAX or intake is None or voter is None:
        return None
    return ReleasePaper(
        election=book.election,
        voter=voter,
        issuer=PrecinctPlace(book.header.precinct, book.header.precinct_name),
        receiver=PrecinctPlace(intake.precinct, "", intake.address),
        released_at=whereabouts.time_of(book, sent.number),
        parcel=parcel,
    )


def _standing(voter: Voter, state: LineState, disputed: frozenset[LineId]) -> Standing:
    if state.mark is not None:
        return Standing(state.mark.channel.value)
    if voter.line in disputed:
        return Standing.DISPUTED
    return Standing.OPEN if state.place is Place.HERE else Standing.ELSEWHERE
