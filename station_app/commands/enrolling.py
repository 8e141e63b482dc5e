"""`uchastka enrol FILE`: this laptop becomes a station of the election that the file names."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pollbook.clock import SystemClock
from pollbook.commanding import Answer, CommandParser, Console
from pollbook.enrol_file import ENROL_FILE_BYTES_MAX, is_spare_file
from pollbook.failures import Failure, WorldFailed
from pollbook.store.home import StationHome
from station_app.commands.book import person_fields
from station_app.commands.pins import called, choose_pins

if TYPE_CHECKING:
    from sync.enrolment import Enrolled, SpareEnrolled, Stage


def add_command(top: CommandParser) -> None:
    """`top` knows how to enrol."""
    parser = top.command("enrol", "make the key, get the certificate and the list", _enrol)
    parser.add_argument("file", type=Path, metavar="FILE", help="the enrolment file from the centre")


def _enrol(arguments: argparse.Namespace, console: Console) -> Answer:
    # requests takes a tenth of a second to load, which neither the desktop nor the other commands need.
    from sync.enrolment import enrol, enrol_spare  # noqa: PLC0415

    choose = partial(choose_pins, terminal=arguments.terminal, console=console)
    try:
        with arguments.file.open("rb") as file:
            untrusted = file.read(ENROL_FILE_BYTES_MAX + 1)
    except OSError as error:
        raise WorldFailed(Failure.FILE_UNREADABLE, path=arguments.file) from error

    def report(stage: Stage) -> None:
        if not console.as_json:
            console.tell(f"{stage.value} …")

    try:
        if is_spare_file(untrusted):
            return _spare_answer(enrol_spare(StationHome(arguments.home), untrusted, SystemClock(), report))
        return _answer(enrol(StationHome(arguments.home), untrusted, SystemClock(), choose, report))
    except WorldFailed as error:
        if error.failure is Failure.ENROL_FILE_INVALID:
            raise WorldFailed(error.failure, error.detail, path=arguments.file) from error
        raise


def _spare_answer(spare: SpareEnrolled) -> Answer:
    data = {"outcome": "enrolled", "spare": True, "election": spare.election, "device": spare.device.hex()}
    return Answer(data, f"A spare of {spare.election}: it takes over any station with `uchastka book takeover`")


def _answer(enrolled: Enrolled) -> Answer:
    header = enrolled.header
    people = [
        person_fields(person) | ({"pin": enrolled.pins[person.number]} if person.number in enrolled.pins else {})
        for person in header.people
    ]
    data = {
        "outcome": "enrolled",
        "election": header.election.id,
        "training": header.election.training,
        "precinct": header.precinct,
        "precinct_name": header.precinct_name,
        "desk": header.desk,
        "book": str(header.book),
        "lines": header.line_count,
        "people": people,
    }
    words = [f"{header.precinct} {header.precinct_name}: {header.line_count} lines"]
    if enrolled.pins:
        words.append("TRAINING. PINs, shown this once:")
        words += [f"  {enrolled.pins[person.number]}  {called(person)}" for person in header.people]
    return Answer(data, "\n".join(words))
