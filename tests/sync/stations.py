"""Real stations for tests: enrolled by the real enrolment, with cheap PINs."""

from __future__ import annotations

import json
from pathlib import Path

from pollbook.clock import Clock, SystemClock
from pollbook.enrol_file import EnrolFile, write_enrol_file
from pollbook.failures import Refused
from pollbook.people import PinCost
from pollbook.slice import SliceHeader
from pollbook.store.book import Book, open_book
from pollbook.store.home import StationHome
from pollbook.store.sign_in import two_signers
from pollbook.types import Channel, LineId, PersonNumber, PrecinctCode
from sync.enrolment import Enrolled, Stage, enrol
from tests.sync.centre import Centre
from tests.sync.fake_register import FakeRegister

CHEAP = PinCost(memory_kib=16, passes=1, lanes=1)
CHAIR, SECRETARY, OPERATOR = PersonNumber(1), PersonNumber(2), PersonNumber(3)
PINS = {CHAIR: "482915", SECRETARY: "593026", OPERATOR: "715048"}


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


def open_the_day(book: Book) -> None:
    """Two officers have opened the book's day; opening it again changes nothing."""
    if not book.opened_days():
        pins = dict(PINS)
        if book.home.training_pins.exists():
            made_up = json.loads(book.home.training_pins.read_text("utf-8"))
            pins = {number: made_up[person.key]["pin"] for number, person in book.people.items()}
        signers = two_signers(book, (CHAIR, pins[CHAIR]), (SECRETARY, pins[SECRETARY]))
        assert not isinstance(signers, Refused)
        book.open_the_day(book.clock.now().date(), *signers)


def mark(path: Path, centre: Centre, first: int, count: int) -> list[LineId]:
    """Mark `count` voters from place `first` on; the day is opened before the first of them."""
    lines = [voter.line for voter in centre.voters[first : first + count]]
    with opened(path) as book:
        open_the_day(book)
        for line in lines:
            assert isinstance(book.mark(line, Channel.STATION, OPERATOR), int)
    return lines
