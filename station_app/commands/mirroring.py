"""`uchastka book mirror` and `takeover`: the mirror's sticks and its code, and a spare that goes on from one."""

from __future__ import annotations

import argparse
from contextlib import closing
from pathlib import Path

from pollbook.clock import SystemClock
from pollbook.commanding import Answer, CommandParser, Console
from pollbook.failures import Failure, Refused, WorldFailed
from pollbook.mirror_file import HEADER_NAME
from pollbook.people import PinCost
from pollbook.store import mirror_set_up, takeover
from pollbook.store.book import Book, open_book
from pollbook.store.home import StationHome
from pollbook.store.mirror import Mirror
from pollbook.store.mirror_content import MirrorContent, folder_of
from pollbook.store.records import MirrorState, MirrorStatus
from station_app.commands.book import add_officers, refuse, two_named
from station_app.commands.naming import person_named
from station_app.commands.pins import called
from station_app.commands.presence import OfficerPin, kept_pins
from station_app.commands.terminal import Terminal

STATUS, STOP = "status", "stop"


def add_commands(group: CommandParser) -> None:
    """`group` knows the commands."""
    mirror = group.command("mirror", "keep the mirror on a stick, or tell how it stands", _mirror)
    mirror.add_argument("what", metavar="PATH|status|stop", help="the stick or a folder; how it stands; no mirror more")
    mirror.add_argument("--new-code", action="store_true", help="begin new mirrors under a new code")
    mirror.epilog = (
        "The code of the mirror is shown once, when it is made: write it on the sheet for the sealed envelope. "
        "A stick that is named here is used whatever else is on it; further empty sticks are found by themselves."
    )
    take = group.command("takeover", "a spare goes on from the mirror of a laptop that died", _take_over)
    take.add_argument("mirror", type=Path, metavar="MIRROR", help="the stick, or the mirror's folder on it")
    take.add_argument("--code", metavar="CODE", help="the code from the sealed envelope (asked otherwise)")
    take.add_argument("--accept-damage", action="store_true", help="go on with what a damaged mirror still says")
    add_officers(take, required=True)


def _mirror(arguments: argparse.Namespace, console: Console) -> Answer:
    with open_book(StationHome(arguments.home), SystemClock(), writer=True) as book:
        if arguments.what == STOP:
            mirror_set_up.stop_mirroring(book)
            return Answer({"outcome": "stopped"})
        code = None if arguments.what == STATUS else _keep_on(book, Path(arguments.what), new_code=arguments.new_code)
        with closing(Mirror(book)) as following:
            status = following.fill(lambda status: _tell(console, status))
        return _answer(status, code, console)


def _keep_on(book: Book, path: Path, *, new_code: bool) -> str | None:
    """The mirror is kept at `path`; the code, where one was made.

    Raises:
        WorldFailed: `FILE_UNREADABLE`: no such folder; `MIRROR_OTHER_BOOK`: the folder of another book's mirror.
    """
    path = path.absolute()
    if not path.is_dir():
        raise WorldFailed(Failure.FILE_UNREADABLE, path=path)
    if (path / HEADER_NAME).exists():
        if not mirror_set_up.is_own_folder(book, path):
            raise WorldFailed(Failure.MIRROR_OTHER_BOOK, path=path)
        path = path.parent
    code = None
    if new_code or not mirror_set_up.is_set_up(book):
        code = mirror_set_up.set_up(book).code
    mirror_set_up.name_place(book, path)
    return code


def _tell(console: Console, status: MirrorStatus) -> None:
    if not console.as_json and status.state is MirrorState.FILLING:
        console.tell(f"{status.mirrored} / {status.entries} …")


def _answer(status: MirrorStatus, code: str | None, console: Console) -> Answer:
    data: dict[str, object] = {
        "state": status.state.value,
        "mirrored": status.mirrored,
        "entries": status.entries,
        "failure": status.failure.key if status.failure else None,
        "sticks": [
            {
                "folder": str(stick.folder),
                "mirrored": stick.mirrored,
                "failure": stick.failure.key if stick.failure else None,
            }
            for stick in status.sticks
        ],
    }
    words = [f"{status.state.value}: {status.mirrored} / {status.entries}"]
    words += [f"  {stick.folder}  {stick.mirrored}" for stick in status.sticks]
    if code is not None:
        data["sealed_code"] = code
        words.append(f"The code for the sealed envelope, shown this once:  {code}")
    if status.failure is not None:
        console.tell_failure(status.failure)
        return Answer({**data, "code": status.failure.code}, "\n".join(words), status.failure.exit)
    return Answer(data, "\n".join(words))


def _take_over(arguments: argparse.Namespace, console: Console) -> Answer:
    home, clock, named = StationHome(arguments.home), SystemClock(), two_named(arguments)
    folder = folder_of(arguments.mirror)
    code = arguments.code or arguments.terminal.ask_secret("The code from the sealed envelope")
    content = takeover.look_into(home, folder, code)
    officers = _two_officers(home, content, named, arguments.terminal)
    if isinstance(officers, Refused):
        return refuse(console, officers)
    taken = takeover.take_over(home, content, *officers, clock, PinCost(), accept_damage=arguments.accept_damage)
    if isinstance(taken, Refused):
        return refuse(console, taken)
    if taken.mirror_told is not None:
        console.tell_failure(taken.mirror_told, {"found": taken.entries})
    with open_book(home, clock, writer=True) as book:
        status = takeover.mirror_on(book, content)
    header = content.issued.header
    data = {
        "outcome": "took_over",
        "precinct": header.precinct,
        "desk": header.desk,
        "book": str(taken.book),
        "predecessor": str(taken.predecessor),
        "entries": taken.entries,
        "lines": taken.lines,
        "unproven": taken.unproven,
        "old_mirror": "told" if taken.mirror_told is None else taken.mirror_told.key,
        "mirror": status.state.value,
    }
    words = (
        f"{header.precinct} {header.precinct_name}, {header.desk}: {taken.entries} entries taken over; "
        f"{taken.unproven} lines are marked only after two officers have seen their row in the paper list."
    )
    return Answer(data, words)


def _two_officers(
    home: StationHome, content: MirrorContent, untrusted_names: list[str], terminal: Terminal
) -> tuple[OfficerPin, OfficerPin] | Refused:
    header = content.issued.header
    kept = kept_pins(home, is_training=header.election.training)
    found: list[OfficerPin] = []
    for name in untrusted_names:
        person = person_named(header.people, name)
        if isinstance(person, Refused):
            return person
        if not person.is_officer:
            return Refused(Failure.NOT_AN_OFFICER)
        if person.number in {number for number, _ in found}:
            return Refused(Failure.SAME_OFFICER_TWICE)
        pin = kept.get(person.key)
        found.append((person.number, pin if pin is not None else terminal.ask_secret(f"PIN, {called(person)}")))
    first, second = found
    return first, second
