"""`uchastka book print-list`: the fallback on paper; a reader's work, so it runs while the desktop is open."""

from __future__ import annotations

import argparse
from pathlib import Path

from pollbook.clock import SystemClock
from pollbook.commanding import Answer, CommandParser, Console
from pollbook.failures import Failure, WorldFailed
from pollbook.files import write_secret
from pollbook.store.book import open_book
from pollbook.store.home import StationHome
from pollbook.texts import LANGUAGES


def add_commands(book: CommandParser) -> None:
    """The group `book` knows what prints."""
    parser = book.command("print-list", "print the list with the marks it has now, as a PDF", _print_list)
    parser.add_argument("file", type=Path, metavar="FILE.pdf", help="where to; what is there is replaced")
    parser.add_argument("--language", choices=LANGUAGES, help="of the paper (that of the messages)")


def _print_list(arguments: argparse.Namespace, console: Console) -> Answer:
    # Half a second that no other command pays.
    from station_app.papers.from_book import list_paper  # noqa: PLC0415
    from station_app.papers.printed_list import printed_list  # noqa: PLC0415

    with open_book(StationHome(arguments.home), SystemClock(), writer=False) as book:
        paper = list_paper(book)
    write_paper(arguments.file, printed_list(paper, arguments.language or console.language))
    marked = sum(row.standing.is_marked for row in paper.rows)
    return Answer(
        {
            "file": str(arguments.file),
            "lines": len(paper.rows),
            "marked": marked,
            "as_of": paper.as_of.isoformat(),
            "last_sync_at": None if paper.heard_at is None else paper.heard_at.isoformat(),
        }
    )


def write_paper(path: Path, pdf: bytes) -> None:
    """The PDF is at `path`, whole, and only its owner may read it.

    Raises:
        WorldFailed: `FILE_UNREADABLE`: it can't be written there.
    """
    try:
        write_secret(path, pdf)
    except OSError as error:
        raise WorldFailed(Failure.FILE_UNREADABLE, f"errno {error.errno}", path=path) from error
