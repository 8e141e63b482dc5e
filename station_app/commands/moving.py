"""`uchastka book claim, release, accept`: lines that come and go, over the register, a file or paper."""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path

from pollbook.commanding import Answer, CommandParser, Console, WrongUsage
from pollbook.failures import Failure, Refused, WorldFailed
from pollbook.release_certificate import CERTIFICATE_OF_RELEASE_BYTES_MAX
from pollbook.store.book import Book
from pollbook.store.moving import Way
from pollbook.texts import LANGUAGES
from pollbook.types import LineId, line_text
from station_app.commands.book import on_desk, refuse
from station_app.commands.printing import write_paper
from station_app.commands.standing import claim_fields, release_fields
from station_app.moving import ClaimShown, ClaimState
from station_app.station_desk import StationDesk
from sync.alone import wake_service

FILE_BYTES_MAX = CERTIFICATE_OF_RELEASE_BYTES_MAX + 1024
STDIN = "-"


def add_commands(group: CommandParser) -> None:
    """`group` knows the commands."""
    claim = group.command("claim", "ask the register for the line of a voter who is here", partial(on_desk, _claim))
    claim.add_argument("voter", metavar="PINFL|LINE", help="who it is, by the document in your hand")
    claim.add_argument("--document", default="", metavar="NUMBER", help="the document's number")
    claim.add_argument("--again", action="store_true", help="ask once more where the register said no")
    claim.add_argument("--withdraw", action="store_true", help="the voter has left: the line need not come")
    claim.epilog = "Asking twice is one claim. The answer comes with the next syncs; ask again to hear it."
    release = group.command("release", "let lines go to the intake book of a precinct", partial(on_desk, _release))
    release.add_argument("lines", nargs="+", metavar="LINE", help="the lines' ids, or the voters' PINFLs")
    release.add_argument("--to", required=True, metavar="PRECINCT", help="where they go, for example 1708-0002")
    release.add_argument("--file", type=Path, metavar="FILE", help="the sealed release, to be carried by hand")
    release.add_argument("--pdf", type=Path, metavar="FILE", help="the certificate on paper, of one voter's line")
    release.add_argument("--language", action="append", choices=LANGUAGES, help="of the paper; two at most")
    release.epilog = (
        "Without --file and --pdf the register carries it. The same release is made again when asked again; nothing "
        "is handed out before its record is on the mirror or at the register."
    )
    accept = group.command("accept", "hold the lines of a release that was addressed here", partial(on_desk, _accept))
    accept.add_argument(
        "release", metavar="FILE|TEXT", help="the sealed file, or the text of the paper's codes; - reads standard input"
    )


def _claim(desk: StationDesk, book: Book, arguments: argparse.Namespace, console: Console) -> Answer:
    named = book.line_named(arguments.voter)
    voter = book.voter(named) if not isinstance(named, Failure) else None
    if voter is not None:
        pinfl, document = voter.pinfl, arguments.document or voter.document
    else:
        pinfl, document = arguments.voter.strip(), arguments.document
    if arguments.withdraw:
        known = desk.moving.claim_of(pinfl, document)
        withdrawn = desk.moving.withdraw(known.id) if known else Refused(Failure.CLAIM_UNKNOWN)
        if isinstance(withdrawn, Refused):
            return refuse(console, withdrawn)
        return Answer({"outcome": "withdrawn", **claim_fields(withdrawn)})
    before = desk.moving.claim_of(pinfl, document)
    claim = desk.moving.claim(pinfl, document, again=arguments.again)
    if isinstance(claim, Refused):
        return refuse(console, claim)
    wake_service(book.home)
    return _claim_answer(claim, console, is_new=before is None or before.id != claim.id)


def _claim_answer(claim: ClaimShown, console: Console, *, is_new: bool) -> Answer:
    """Asked for the first time or arrived: done; no answer yet or a no: refused."""
    fields = claim_fields(claim)
    if claim.state is ClaimState.ARRIVED:
        return Answer({"outcome": "granted", **fields})
    if is_new:
        return Answer({"outcome": "asked", **fields})
    refusal = Failure.CLAIM_WAITS if claim.is_open else Failure.CLAIM_REFUSED
    if claim.precinct:
        heard = f"{claim.heard_at:%H:%M}" if claim.heard_at else "-"
        console.tell(f"{claim.precinct}, {claim.address}, {heard}")
    return refuse(console, refusal, **fields)


def _release(desk: StationDesk, book: Book, arguments: argparse.Namespace, console: Console) -> Answer:
    if arguments.pdf is not None and len(arguments.lines) != 1:
        raise WrongUsage("--pdf is the paper of one voter: name one LINE")
    languages = arguments.language or [console.language]
    lines: list[LineId] = []
    for name in arguments.lines:
        line = book.line_named(name)
        if isinstance(line, Failure):
            return refuse(console, line, named=name if len(arguments.lines) > 1 else None)
        lines.append(line)
    way = Way.PAPER if arguments.pdf else Way.FILE if arguments.file else Way.REGISTER
    released = desk.moving.release(lines, arguments.to, way)
    if isinstance(released, Refused):
        return refuse(console, released, lines=[line_text(line) for line in lines])
    fields = release_fields(released)
    if arguments.pdf is not None:
        paper = desk.moving.release_paper(released.id, languages)
        if isinstance(paper, Refused):
            return refuse(console, paper, **fields)
        write_paper(arguments.pdf, paper)
        fields["pdf"] = str(arguments.pdf)
    if arguments.file is not None:
        sealed = desk.moving.release_file(released.id)
        if isinstance(sealed, Refused):
            return refuse(console, sealed, **fields)
        write_paper(arguments.file, sealed)
        fields["file"] = str(arguments.file)
    return Answer({"outcome": "released", **fields})


def _accept(desk: StationDesk, _book: Book, arguments: argparse.Namespace, console: Console) -> Answer:
    accepted = desk.moving.accept(_read(arguments.release))
    if isinstance(accepted, Refused):
        return refuse(console, accepted)
    lines = [line_text(line) for line in accepted.lines]
    return Answer({"outcome": "accepted", "entry": accepted.number, "lines": lines, "safe": accepted.is_safe})


def _read(untrusted: str) -> bytes | str:
    """The file of this name, or the text itself."""
    from station_app.papers.release_text import is_release_text  # noqa: PLC0415 - papers are rare

    if untrusted == STDIN:
        return sys.stdin.read(FILE_BYTES_MAX)
    if is_release_text(untrusted):
        return untrusted
    try:
        with Path(untrusted).open("rb") as file:
            content = file.read(FILE_BYTES_MAX)
    except (OSError, ValueError) as error:
        raise WorldFailed(Failure.FILE_UNREADABLE, path=untrusted[:200]) from error
    text = content.decode("utf-8", "replace")
    return text if is_release_text(text) else content
