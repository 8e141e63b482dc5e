"""`uchastka book …`: what the desktop does at the book, for scripts, IT staff and rehearsals (DESIGN §9)."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from pollbook.clock import SystemClock
from pollbook.commanding import Answer, CommandParser, Console, WrongUsage, refused
from pollbook.failures import Exit, Failure, Refused, UchastkaError
from pollbook.store import figures, sign_in, syncing
from pollbook.store.book import Book, open_book
from pollbook.store.check import check_book
from pollbook.store.home import StationHome
from pollbook.store.mirror import Mirror, Mirrored, NotMirrored
from pollbook.store.mirror_set_up import is_set_up
from pollbook.store.records import Hit
from pollbook.types import Channel, LineId, Person, line_text
from station_app.commands.presence import PIN_FILE, Presence
from station_app.commands.standing import standing_fields, where_fields
from station_app.desk import MarkShown
from station_app.station_desk import StationDesk
from sync.alone import wake_service

LIMIT = 50
BookAct = Callable[[Book, argparse.Namespace, Console], Answer]
DeskAct = Callable[[StationDesk, Book, argparse.Namespace, Console], Answer]


def add_commands(top: CommandParser) -> CommandParser:
    """`top` knows the commands of the book; the group is returned for what is added beside them."""
    group = top.command("book", "look into the book, mark and void, check it")
    group.command("status", "how the book stands", partial(on_book, _status, writer=False))
    find = group.command("find", "look for voters", partial(on_book, _find, writer=False))
    find.add_argument("text", metavar="TEXT", help="names, a birth year or date, a PINFL, a document, an MRZ")
    find.add_argument("--limit", type=_count, default=LIMIT, metavar="N", help=f"at most so many hits ({LIMIT})")
    mark = group.command("mark", "record that the voter received ballots", partial(on_book, _mark, writer=True))
    mark.add_argument("line", metavar="LINE", help="the line's id, or the voter's PINFL")
    channels = [channel.value for channel in Channel]
    mark.add_argument("--channel", choices=channels, default=Channel.STATION.value, help="where (station)")
    void = group.command("void", "undo a mark by two officers", partial(on_book, _void, writer=True))
    void.add_argument("line", metavar="LINE", help="the line's id, or the voter's PINFL")
    void.add_argument("--reason", required=True, metavar="TEXT", help="why, in a few words")
    add_officers(void, required=True)
    group.command("check", "prove the book from its first byte to its last", _check_file)
    unlock = group.command(
        "unlock",
        "sign in for the commands; opens the day with two officers first",
        partial(on_book, _unlock, writer=True),
    )
    unlock.epilog = (
        "In a training election the other commands sign in by themselves, with training-pins.json or with the TOML "
        f'file that {PIN_FILE} names (a line for each person: "1708-0001-01" = "482915").'
    )
    add_officers(unlock, required=False)
    unlock.add_argument("--person", metavar="NAME", help="who signs in (asked otherwise)")
    unlock.add_argument("line", nargs="?", metavar="LINE", help="instead: the mobile team that had this line is back")
    lock = group.command(
        "lock", "sign out; or keep a line here for a mobile team", partial(on_book, _lock, writer=True)
    )
    lock.add_argument("line", nargs="?", metavar="LINE", help="instead: this line is out with the mobile team")
    lock.add_argument("--team", action="store_true", help="why LINE stays: the mobile team has it")
    return group


ANY_NAME = "the register's key, a number, a name in any script, an office"


def add_officers(parser: CommandParser, *, required: bool, named: str = ANY_NAME) -> None:
    """`parser` takes the two officers of an act, who are `named` in these ways."""
    parser.add_argument(
        "--officer",
        action="append",
        required=required,
        default=None if required else [],
        metavar="NAME",
        help=f"one of two officers: {named}; given twice",
    )


def two_named(arguments: argparse.Namespace) -> list[str]:
    """The officers that were named: two, or none where none has to be.

    Raises:
        WrongUsage: Another number of them.
    """
    named: list[str] = arguments.officer
    if len(named) not in {0, 2}:
        raise WrongUsage("--officer NAME is given twice, once for each of the two officers")
    return named


def on_desk(act: DeskAct, arguments: argparse.Namespace, console: Console) -> Answer:
    """What `act` answers for the person who is signed in, with what it entered on the mirror (custody rule 5)."""

    def with_somebody(book: Book, mirror: Mirror) -> Answer:
        person = Presence(book, arguments.terminal).someone()
        if isinstance(person, Refused):
            return refuse(console, person)
        return act(StationDesk(book, person, mirror), book, arguments, console)

    with open_book(StationHome(arguments.home), SystemClock(), writer=True) as book:
        return _mirrored(book, partial(with_somebody, book), console)


def on_book(act: BookAct, arguments: argparse.Namespace, console: Console, *, writer: bool) -> Answer:
    """What `act` answers over the book; a reader needs no lock and runs while the desktop is open."""
    with open_book(StationHome(arguments.home), SystemClock(), writer=writer) as book:
        if writer:
            return _mirrored(book, lambda _mirror: act(book, arguments, console), console)
        return act(book, arguments, console)


def _mirrored(book: Book, act: Callable[[Mirror], Answer], console: Console) -> Answer:
    """The answer, with what is new on the mirror too before it is given, or with why it is not (custody rule 5).

    Whatever service runs beside is told of a new entry: on a quiet satellite it would look a minute later.
    """
    before = book.head
    try:
        return _on_mirror(book, act, console)
    finally:
        if book.head != before:
            wake_service(book.home)


def _on_mirror(book: Book, act: Callable[[Mirror], Answer], console: Console) -> Answer:
    with closing(Mirror(book)) as mirror:
        if isinstance(mirror.write(), NotMirrored) and not is_set_up(book):
            return act(mirror)
        before = book.head
        answer = act(mirror)
        if book.head == before:
            return answer
        outcome = mirror.write()
        if isinstance(outcome, Mirrored):
            return replace(answer, data={**answer.data, "mirror": "written"})
        console.tell_failure(outcome.why)
        return replace(answer, data={**answer.data, "mirror": outcome.why.key})


def refuse(console: Console, failed: Refused | Failure, **data: object) -> Answer:
    """The answer for a refusal, said in words too."""
    given = failed if isinstance(failed, Refused) else Refused(failed)
    console.tell_failure(given.failure, given.facts)
    return refused(given.failure, given.facts, **data)


def _status(book: Book, _arguments: argparse.Namespace, _console: Console) -> Answer:
    counts, sync, header = figures.counts(book), syncing.sync_status(book), book.header
    desk, signed_in = StationDesk(book), sign_in.session(book)
    with_pin = sign_in.people_with_pin(book)
    return Answer(
        {
            "election": header.election.id,
            "training": header.election.training,
            "precinct": header.precinct,
            "precinct_name": header.precinct_name,
            "desk": header.desk,
            "book": str(book.name),
            "list_version": header.list_version,
            "lines": counts.lines,
            "marked": counts.marked,
            "by_channel": {channel.value: count for channel, count in counts.by_channel.items()},
            "voided": counts.voided,
            "annexed": counts.annexed,
            "entries": sync.head.number,
            "acknowledged": sync.acknowledged,
            "pending": sync.pending,
            "head": sync.head.hash.hex(),
            "last_sync_at": _text_of(sync.last_sync_s),
            "last_failure": sync.failure.key if sync.failure else None,
            "register": book.link.url,
            "day_open": desk.is_day_open(),
            "day": max(book.opened_days(), default=None),
            "stopped": book.stopped.value if book.stopped else None,
            "closed": book.is_closed,
            **standing_fields(desk.moving.standing(), book),
            "signed_in": signed_in.key if signed_in else None,
            "people": [person_fields(person) | {"pin_set": person.number in with_pin} for person in header.people],
            "notices": [item.text for item in syncing.notices(book)],
        }
    )


def _find(book: Book, arguments: argparse.Namespace, _console: Console) -> Answer:
    found = StationDesk(book).find(arguments.text, arguments.limit)
    hits = [_hit_fields(hit) for hit in found.hits]
    words = [
        f"{hit['line']}  {hit['surname']} {hit['given_name']}  {hit['birth_date']}  "
        f"{hit['page']}/{hit['row']}  {hit['state']}  ({hit['tier']})"
        for hit in hits
    ]
    return Answer({"hits": hits, "more": found.more}, "\n".join([*words, *(["…"] if found.more else [])]))


def _mark(book: Book, arguments: argparse.Namespace, console: Console) -> Answer:
    line = book.line_named(arguments.line)
    if isinstance(line, Failure):
        return refuse(console, line)
    person = Presence(book, arguments.terminal).someone()
    if isinstance(person, Refused):
        return refuse(console, person)
    marked = StationDesk(book, person).mark(line, Channel(arguments.channel))
    if isinstance(marked, Refused):
        there = where_fields(StationDesk(book).moving, book, line)
        return refuse(console, marked, line=line_text(line), **_mark_there(book, line), **there)
    return Answer({"outcome": "marked", "entry": marked.number, "line": line_text(line), **_place(marked)})


def _void(book: Book, arguments: argparse.Namespace, console: Console) -> Answer:
    named = two_named(arguments)
    line = book.line_named(arguments.line)
    if isinstance(line, Failure):
        return refuse(console, line)
    presence = Presence(book, arguments.terminal)
    person = presence.someone()
    if isinstance(person, Refused):
        return refuse(console, person)
    officers = presence.two_officers(named)
    if isinstance(officers, Refused):
        return refuse(console, officers)
    (first, first_pin), (second, second_pin) = officers
    voided = StationDesk(book, person).void(line, arguments.reason, first, first_pin, second, second_pin)
    if isinstance(voided, Refused):
        return refuse(console, voided, line=line_text(line))
    fields = {"outcome": "voided", "entry": book.head.number, "line": line_text(line), "mark": voided.number}
    return Answer({**fields, **_place(voided)})


def _check_file(arguments: argparse.Namespace, console: Console) -> Answer:
    try:
        return on_book(_check, arguments, console, writer=False)
    except UchastkaError as error:
        if error.failure not in {Failure.BOOK_DAMAGED, Failure.LEDGER_BROKEN}:
            raise
        console.tell_failure(error.failure, error.facts)
        failed = {"failure": error.failure.key, "code": error.failure.code}
        return Answer({"ok": False, "entries": None, "head": None, **failed}, exit=Exit.FAULT)


def _check(book: Book, _arguments: argparse.Namespace, console: Console) -> Answer:
    report = check_book(book)
    data = {
        "ok": report.ok,
        "entries": report.entries,
        "head": report.head.hex(),
        "unsigned": report.unsigned,
        "problems": list(report.problems),
        "differing": [line_text(line) for line in report.differing],
    }
    if report.ok:
        return Answer(data)
    console.tell_failure(Failure.LEDGER_BROKEN, {"entry": report.entries})
    return Answer({**data, "failure": Failure.LEDGER_BROKEN.key, "code": Failure.LEDGER_BROKEN.code}, exit=Exit.FAULT)


def _unlock(book: Book, arguments: argparse.Namespace, console: Console) -> Answer:
    if arguments.line is not None:
        return _set_team(book, arguments, console, is_out=False)
    person = Presence(book, arguments.terminal).unlock(two_named(arguments), arguments.person)
    if isinstance(person, Refused):
        return refuse(console, person)
    return Answer({"outcome": "unlocked", "person": person.key, "lock_after_s": book.election.lock_after_s})


def _set_team(book: Book, arguments: argparse.Namespace, console: Console, *, is_out: bool) -> Answer:
    line = book.line_named(arguments.line)
    if isinstance(line, Failure):
        return refuse(console, line)
    person = Presence(book, arguments.terminal).someone()
    if isinstance(person, Refused):
        return refuse(console, person)
    refused_set = StationDesk(book, person).moving.set_team(line, is_out=is_out)
    if refused_set is not None:
        return refuse(console, refused_set, line=line_text(line))
    return Answer({"outcome": "with_team" if is_out else "back", "line": line_text(line)})


def _lock(book: Book, arguments: argparse.Namespace, console: Console) -> Answer:
    if arguments.team != (arguments.line is not None):
        raise WrongUsage("--team and a LINE go together")
    if arguments.line is not None:
        return _set_team(book, arguments, console, is_out=True)
    sign_in.end_session(book)
    return Answer({"outcome": "locked"})


def person_fields(person: Person) -> dict[str, object]:
    """A person as the JSON of every command has one."""
    return {
        "number": person.number,
        "key": person.key,
        "surname": person.surname,
        "given_name": person.given_name,
        "role": person.role.value,
    }


def _hit_fields(hit: Hit) -> dict[str, object]:
    return {
        "line": line_text(hit.line),
        "tier": hit.tier.value,
        "surname": hit.surname,
        "given_name": hit.given_name,
        "birth_date": hit.birth_date.isoformat(),
        "page": hit.page,
        "row": hit.row,
        "state": hit.status.value,
    }


def _mark_there(book: Book, line: LineId) -> Mapping[str, object]:
    state = book.line(line)
    if state is None or state.mark is None:
        return {}
    return {"entry": state.mark.number, "channel": state.mark.channel.value}


def _place(mark: MarkShown) -> dict[str, object]:
    return {"channel": mark.channel.value, "page": mark.page, "row": mark.row}


def _text_of(at_s: int | None) -> str | None:
    return None if at_s is None else datetime.fromtimestamp(at_s, UTC).isoformat()


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number
