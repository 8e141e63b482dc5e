"""`uchastka book annex, close, see-row, paper`: the annex, and acts of two officers beyond a void."""

from __future__ import annotations

import argparse
from datetime import date
from functools import partial

from pollbook.annex_person import AnnexPerson
from pollbook.commanding import Answer, CommandParser, Console
from pollbook.failures import Failure, Refused
from pollbook.store import figures
from pollbook.store.book import Book
from pollbook.types import LineId, line_text, parse_line
from station_app.commands.book import add_officers, on_book, on_desk, refuse, two_named
from station_app.commands.presence import OfficerPin, Presence
from station_app.commands.standing import provisional_fields
from station_app.station_desk import StationDesk

ON, OFF = "on", "off"


def add_commands(group: CommandParser) -> None:
    """`group` knows the commands."""
    _add_annex(group.command("annex", "voters added on election day"))
    close = group.command(
        "close", "close the book by two officers: nothing is marked after it", partial(on_desk, _close)
    )
    add_officers(close, required=True)
    see = group.command(
        "see-row", "two officers saw a row of the paper list unsigned, after a takeover", partial(on_desk, _see_row)
    )
    see.add_argument("line", metavar="LINE", help="the line's id, or the voter's PINFL")
    add_officers(see, required=True)
    paper = group.command("paper", "the station works on paper, or the paper is keyed in", partial(on_desk, _paper))
    paper.add_argument("what", choices=[ON, OFF], help="on: from now on; off: all of it is keyed in")


def _add_annex(annex: CommandParser) -> None:
    admit = annex.command("admit", "a voter whose line came here stands in the annex", partial(on_desk, _admit))
    admit.add_argument("line", metavar="LINE", help="the line's id, or the voter's PINFL")
    add = annex.command("provisional", "a voter's ballots are in a sealed envelope", partial(on_desk, _provisional))
    add.add_argument("--pinfl", default="", metavar="PINFL", help="14 digits")
    add.add_argument("--document", default="", metavar="NUMBER", help="series and number")
    add.add_argument("--surname", required=True, metavar="NAME", help="as in the document")
    add.add_argument("--given-name", required=True, metavar="NAME", help="as in the document")
    add.add_argument("--patronymic", default="", metavar="NAME", help="as in the document")
    add.add_argument("--birth-date", required=True, type=_day, metavar="DATE", help="YYYY-MM-DD")
    add.add_argument("--address", default="", metavar="TEXT", help="as in the document")
    add.add_argument("--envelope", required=True, metavar="NUMBER", help="the number on the envelope")
    annex.command("list", "the envelopes and what the register decided", partial(on_book, _list, writer=False))
    resolve = annex.command(
        "resolve", "two officers did with an envelope what the register decided", partial(on_desk, _resolve)
    )
    resolve.add_argument("line", metavar="LINE|ENVELOPE", help="the provisional line's id, or the envelope's number")
    add_officers(resolve, required=True)


def _admit(desk: StationDesk, book: Book, arguments: argparse.Namespace, console: Console) -> Answer:
    line = book.line_named(arguments.line)
    if isinstance(line, Failure):
        return refuse(console, line)
    admitted = desk.moving.admit(line)
    if isinstance(admitted, Refused):
        return refuse(console, admitted, line=line_text(line))
    return Answer({"outcome": "admitted", "entry": admitted, "line": line_text(line)})


def _provisional(desk: StationDesk, book: Book, arguments: argparse.Namespace, console: Console) -> Answer:
    person = AnnexPerson(
        pinfl=arguments.pinfl.strip(),
        document=arguments.document.strip().upper(),
        surname=arguments.surname.strip(),
        given_name=arguments.given_name.strip(),
        patronymic=arguments.patronymic.strip(),
        birth_date=arguments.birth_date,
        address=arguments.address.strip(),
    )
    added = desk.moving.add_provisional(person, arguments.envelope)
    if isinstance(added, Refused):
        return refuse(console, added)
    return Answer({"outcome": "provisional", "entry": book.head.number, **provisional_fields(added)})


def _list(book: Book, _arguments: argparse.Namespace, _console: Console) -> Answer:
    kept = [provisional_fields(shown) for shown in StationDesk(book).moving.provisionals()]
    return Answer({"provisionals": kept, "annexed": figures.counts(book).annexed})


def _resolve(desk: StationDesk, book: Book, arguments: argparse.Namespace, console: Console) -> Answer:
    line = _provisional_named(desk, arguments.line)
    officers = _officers(book, arguments)
    if line is None or isinstance(officers, Refused):
        return refuse(console, officers if isinstance(officers, Refused) else Failure.UNKNOWN_VOTER)
    resolved = desk.moving.resolve(line, *officers)
    if isinstance(resolved, Refused):
        return refuse(console, resolved, line=line_text(line))
    return Answer({"outcome": "resolved", "entry": book.head.number, **provisional_fields(resolved)})


def _close(desk: StationDesk, book: Book, arguments: argparse.Namespace, console: Console) -> Answer:
    officers = _officers(book, arguments)
    closed = officers if isinstance(officers, Refused) else desk.moving.close_book(*officers)
    if isinstance(closed, Refused):
        return refuse(console, closed)
    return Answer({"outcome": "closed", "entry": closed, "marked": figures.counts(book).marked})


def _see_row(desk: StationDesk, book: Book, arguments: argparse.Namespace, console: Console) -> Answer:
    line = book.line_named(arguments.line)
    if isinstance(line, Failure):
        return refuse(console, line)
    officers = _officers(book, arguments)
    seen = officers if isinstance(officers, Refused) else desk.moving.see_row(line, *officers)
    if isinstance(seen, Refused):
        return refuse(console, seen, line=line_text(line))
    return Answer({"outcome": "seen", "entry": seen, "line": line_text(line)})


def _paper(desk: StationDesk, _book: Book, arguments: argparse.Namespace, console: Console) -> Answer:
    refused = desk.moving.set_paper(is_on_paper=arguments.what == ON)
    if refused is not None:
        return refuse(console, refused)
    since = desk.moving.standing().paper_since
    return Answer({"outcome": f"paper_{arguments.what}", "paper_since": None if since is None else since.isoformat()})


def _officers(book: Book, arguments: argparse.Namespace) -> tuple[OfficerPin, OfficerPin] | Refused:
    return Presence(book, arguments.terminal).two_officers(two_named(arguments))


def _provisional_named(desk: StationDesk, untrusted: str) -> LineId | None:
    line = parse_line(untrusted)
    for kept in desk.moving.provisionals():
        if kept.line == line or kept.envelope == " ".join(untrusted.split()):
            return kept.line
    return None


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError("YYYY-MM-DD") from error
