"""What the other desks of the station need to know of a book, counted cheaply: it is asked every few seconds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pollbook.clock import COUNTER_BITS
from pollbook.line_state import Place, Proof
from pollbook.store import engine
from pollbook.store.book import Book
from pollbook.types import LineId

_HERE = f"coalesce(s.place, ?) = {Place.HERE:d}"
_FROM = "FROM voter v LEFT JOIN line_state s ON s.line = v.line"
_HELD_SQL = f"SELECT count(*) AS held, coalesce(sum(s.mark IS NULL), 0) AS unmarked {_FROM} WHERE {_HERE}"
_PAGES_SQL = f"SELECT DISTINCT v.page {_FROM} WHERE {_HERE} ORDER BY v.page"
_FREE_SQL = (
    f"SELECT v.line, v.page {_FROM} LEFT JOIN line_lock k ON k.line = v.line"
    f" WHERE {_HERE} AND s.mark IS NULL AND coalesce(s.proof, {Proof.PROVEN:d}) = {Proof.PROVEN:d} AND k.line IS NULL"
)
_SERVED_SQL = f"SELECT count(*) FROM line_state WHERE mark IS NOT NULL AND (at >> {COUNTER_BITS}) >= ?"  # noqa: S608


@dataclass(frozen=True, slots=True)
class Holdings:
    """How many lines are here, and those of them without a mark."""

    held: int
    unmarked: int


def slice_of(book: Book) -> bytes:
    """The slice as the register issued it."""
    with engine.translated():
        stored: bytes = book.connection.exec_driver_sql("SELECT slice FROM issued").scalar_one()
    return stored


def first_entries(book: Book) -> tuple[bytes, ...]:
    """The entry by which each successor in the book's chain began, oldest first."""
    numbers = [takeover.head.number + 1 for takeover in book.chain.takeovers]
    with engine.translated():
        return tuple(
            book.connection.exec_driver_sql("SELECT bytes FROM entry WHERE number = ?", (number,)).scalar_one()
            for number in numbers
        )


def holdings(book: Book) -> Holdings:
    """The lines that are here."""
    with engine.translated():
        row = book.connection.exec_driver_sql(_HELD_SQL, (int(book.unmoved.place),)).one()
    return Holdings(row.held, row.unmarked)


def held_pages(book: Book) -> tuple[tuple[int, int], ...]:
    """The pages of which any line is here, as runs (first, last)."""
    with engine.translated():
        pages = book.connection.exec_driver_sql(_PAGES_SQL, (int(book.unmoved.place),)).scalars().all()
    runs: list[tuple[int, int]] = []
    for page in pages:
        if runs and page == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], page)
        else:
            runs.append((page, page))
    return tuple(runs)


def free_lines(book: Book) -> dict[LineId, int]:
    """The lines that are here, unmarked, proven and not kept by anything, each with its page of the list."""
    with engine.translated():
        rows = book.connection.exec_driver_sql(_FREE_SQL, (int(book.unmoved.place),)).all()
    return {LineId(row.line): row.page for row in rows}


def listed_pages(book: Book) -> tuple[int, ...]:
    """The pages of the list as the register issued it, wherever their lines are now."""
    with engine.translated():
        pages = book.connection.exec_driver_sql(
            "SELECT DISTINCT page FROM voter WHERE id <= ? ORDER BY page", (book.header.line_count,)
        )
        return tuple(pages.scalars())


def served_since(book: Book, since_s: int) -> int:
    """How many voters have a mark that was made here since then (seconds since 1970)."""
    with engine.translated():
        served: int = book.connection.exec_driver_sql(_SERVED_SQL, (since_s,)).scalar_one()
    return served


def note_arrived(book: Book, releases: Sequence[bytes]) -> None:
    """Their receiver has accepted these releases: one transaction for all of them."""
    if releases:
        with book.writing():
            book.connection.exec_driver_sql(
                "UPDATE sent_release SET arrived = 1 WHERE id = ?", [(release,) for release in releases]
            )
