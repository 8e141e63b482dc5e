"""Closing a book: after it nothing is marked or moved, so the register may decide about what lies in envelopes."""

from __future__ import annotations

from pollbook.acts import Signer, closing_bytes, row_seen_bytes, sign_act
from pollbook.entries import BookClosed, RowSeen
from pollbook.line_state import Place, Proof
from pollbook.permission import Refusal
from pollbook.store.book import Book
from pollbook.types import EntryNumber, LineId, PersonNumber


def close_book(book: Book, first: Signer, second: Signer) -> EntryNumber | Refusal:
    """Two officers closed the book, on the disk, when a number comes back; a closed one stays as it is."""
    with book.writing():
        if (refusal := book.stopped or (Refusal.BOOK_CLOSED if book.is_closed else None)) is not None:
            return refusal
        officers = sign_act(closing_bytes(book.start), first, second)
        number = book.enter(first[0], BookClosed(officers))
    book.read_standing()
    return number


def see_row(book: Book, line: LineId, first: Signer, second: Signer, actor: PersonNumber) -> EntryNumber | Refusal:
    """Two officers saw the row of this unproven line unsigned: it may be marked, and is never released (rule 9)."""
    with book.writing():
        if (refusal := book.may_act(actor)) is not None:
            return refusal
        state = book.line(line)
        if state is None or state.place is not Place.HERE:
            return Refusal.LINE_NOT_HELD
        if state.mark is not None:
            return Refusal.ALREADY_MARKED
        if state.proof is not Proof.UNPROVEN:
            return state.since
        officers = sign_act(row_seen_bytes(book.start, line), first, second)
        return book.enter(actor, RowSeen(line, officers), state)
