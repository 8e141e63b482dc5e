"""A real register and real stations that reach it without a network: for stories in which lines move."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from pollbook.enrolment_messages import decode_enrol_answer, untrusted_register_certificate
from pollbook.failures import Refused
from pollbook.signing import SigningKey, certified_key, device_id
from pollbook.slice import Expected, read_slice
from pollbook.store.book import Book, open_book
from pollbook.store.creation import create_book
from pollbook.store.home import StationHome
from pollbook.store.link import Link
from pollbook.store.sign_in import two_signers
from pollbook.store.spare import keep_spare
from pollbook.store.takeover import TakenOver, look_into, take_over
from pollbook.sync_request import Address
from pollbook.types import BookName, EntryNumber, LineId, PersonNumber, PrecinctCode, Role
from pollbook.voters import Voter
from register.enrolment import make_code, make_spare_code
from sync.cycle import CycleReport, run_cycle
from sync.pace import Traffic
from tests.making import CHEAP, FakeClock
from tests.register.stand_in import NOON, Centre, enrol_request

T = TypeVar("T")


@dataclass
class Straight:
    """The register, reached by a call."""

    centre: Centre
    traffic: Traffic = field(default_factory=Traffic)
    requests: int = 0
    is_down: bool = False

    def batch_bytes(self) -> int:
        return 100_000

    def sync(self, book: BookName, first: EntryNumber, request: bytes) -> bytes:
        self.requests += 1
        return self.centre.sync(book, first, request)


@dataclass
class Laptop:
    """One station: its open book, who works there, and its way to the register."""

    home: StationHome
    book: Book
    clock: FakeClock
    register: Straight
    pins: dict[PersonNumber, str]
    voters: tuple[Voter, ...]

    def step(self, action: Callable[[Book], T]) -> T:
        return action(self.book)

    def sync(self) -> CycleReport:
        """One cycle at the register's time, which goes on by a second."""
        self.clock.advance(1)
        self.register.centre.now = self.clock.at
        return run_cycle(self, self.register, self.clock)

    @property
    def name(self) -> BookName:
        return self.book.name

    @property
    def operator(self) -> PersonNumber:
        return next(person.number for person in self.book.people.values() if person.role is Role.OPERATOR)

    @property
    def officers(self) -> tuple[PersonNumber, PersonNumber]:
        first, second, *_ = (person.number for person in self.book.people.values() if person.is_officer)
        return first, second

    def signers(self):  # noqa: ANN201 - two acts.Signer
        first, second = self.officers
        signers = two_signers(self.book, (first, self.pins[first]), (second, self.pins[second]))
        assert not isinstance(signers, Refused)
        return signers

    def line(self, at: int) -> LineId:
        return self.voters[at].line


def enrol_laptop(centre: Centre, folder: Path, precinct: str, desk: int = 1, *, opened: bool = True) -> Laptop:
    """A laptop of this desk with its real book, its day opened."""
    key = SigningKey.generate()
    with centre.database.write() as connection:
        code = make_code(connection, centre.election, PrecinctCode(precinct), desk, centre.now)[0]
    answer = centre.enrol(enrol_request(code, key))
    authority = centre.keys.authority.certificate
    register_key = certified_key(untrusted_register_certificate(answer), authority, "register", centre.now)
    enrolled = decode_enrol_answer(answer, register_key)
    book_name = BookName(device_id(key.public), 1)
    issued = read_slice(enrolled.slice, register_key, Expected(centre.election.id, book_name))
    pem = centre.keys.authority.pem.decode()
    link = Link("https://127.0.0.1:1", pem, enrolled.register_certificate, enrolled.device_certificate, key)
    pins = {person.number: f"{739100 + 7 * person.number}" for person in issued.header.people}
    home, clock = StationHome(folder), FakeClock(NOON)
    create_book(home, link, enrolled.slice, issued, pins, clock, CHEAP)
    book = open_book(home, clock, writer=True)
    laptop = Laptop(home, book, clock, Straight(centre), pins, issued.voters)
    if opened:
        book.open_the_day((clock.at + timedelta(hours=5)).date(), *laptop.signers())
    return laptop


def address_of(book: BookName, first: int) -> Address:
    """Where a request goes."""
    return Address(book, EntryNumber(first))


def enrol_spare(centre: Centre, folder: Path) -> StationHome:
    """A laptop with a key, a certificate and a link, of no precinct yet."""
    key = SigningKey.generate()
    with centre.database.write() as connection:
        code = make_spare_code(connection, centre.election, centre.now)[0]
    answer = centre.enrol(enrol_request(code, key))
    authority = centre.keys.authority.certificate
    register_key = certified_key(untrusted_register_certificate(answer), authority, "register", centre.now)
    enrolled = decode_enrol_answer(answer, register_key)
    home = StationHome(folder)
    home.make()
    pem = centre.keys.authority.pem.decode()
    keep_spare(
        home,
        Link("https://127.0.0.1:1", pem, enrolled.register_certificate, enrolled.device_certificate, key),
    )
    return home


def take_over_from(old: Laptop, mirror_folder: Path, code: str, home: StationHome) -> Laptop:
    """The spare in `home` goes on for `old` from its mirror, by two officers."""
    first, second = old.officers
    content = look_into(home, mirror_folder, code)
    pins = ((first, old.pins[first]), (second, old.pins[second]))
    taken = take_over(home, content, *pins, old.clock, CHEAP)
    assert isinstance(taken, TakenOver), taken
    book = open_book(home, old.clock, writer=True)
    return Laptop(home, book, old.clock, Straight(old.register.centre), old.pins, old.voters)
