"""Real stations for tests: enrolled by the real enrolment, with cheap PINs."""

from __future__ import annotations

from pathlib import Path

from pollbook.clock import Clock, SystemClock
from pollbook.enrol_file import EnrolFile, write_enrol_file
from pollbook.people import PinCost
from pollbook.slice import SliceHeader
from pollbook.store.book import Book, open_book
from pollbook.store.home import StationHome
from pollbook.types import Channel, LineId, PersonNumber, PrecinctCode
from sync.enrolment import Enrolled, Stage, enrol
from tests.sync.centre import Centre
from tests.sync.fake_register import FakeRegister

CHEAP = PinCost(memory_kib=16, passes=1, lanes=1)
OPERATOR = PersonNumber(3)
PINS = {PersonNumber(1): "482915", PersonNumber(2): "593026", OPERATOR: "715048"}


def invitation(register: FakeRegister, **changes: object) -> bytes:
    centre = register.centre
    fields: dict[str, object] = {
        "url": register.url,
        "authority_pem": centre.authority.pem,
        "election": centre.election.id,
        "precinct": PrecinctCode("1708-0001"),
        "desk": 1,
        "code": "RIGHT-CODE",
    }
    return write_enrol_file(EnrolFile(**{**fields, **changes})).encode()  # type: ignore[arg-type]


def choose(_header: SliceHeader) -> dict[PersonNumber, str]:
    return PINS


def ignore(_stage: Stage) -> None:
    pass


def enrolled(path: Path, register: FakeRegister) -> Enrolled:
    return enrol(StationHome(path), invitation(register), SystemClock(), choose, ignore, CHEAP)


def opened(path: Path, clock: Clock | None = None) -> Book:
    return open_book(StationHome(path), clock or SystemClock(), writer=True)


def mark(path: Path, centre: Centre, first: int, count: int) -> list[LineId]:
    """Mark `count` voters from place `first` on."""
    lines = [voter.line for voter in centre.voters[first : first + count]]
    with opened(path) as book:
        for line in lines:
            assert isinstance(book.mark(line, Channel.STATION, OPERATOR), int)
    return lines
