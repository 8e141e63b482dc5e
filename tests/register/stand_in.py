"""A register on real files and a station without a store, for the tests of the register."""

from __future__ import annotations

import functools
import json
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import text

from pollbook import acts, line_state
from pollbook.clock import BEFORE_ALL, HybridTime, tick
from pollbook.election import Election
from pollbook.enrolment_messages import (
    EnrolRequest,
    decode_enrol_answer,
    encode_enrol_request,
    untrusted_register_certificate,
)
from pollbook.entries import DayOpened, Entry, Fact, KeyBound, Marked, MarkVoided, SliceReceived, encode_entry
from pollbook.feed_items import next_feed_check
from pollbook.ledger import Head, extend, extend_all, origin, sign_head
from pollbook.line_state import LineState
from pollbook.packing import SliceOrder
from pollbook.people import PinCost
from pollbook.sealing import box_key_of
from pollbook.signing import SigningKey, certified_key, device_id
from pollbook.slice import Expected, Slice, read_slice
from pollbook.sync_answer import SyncAnswer, decode_sync_answer
from pollbook.sync_request import Address, SyncRequest, decode_sync_request, encode_sync_request
from pollbook.two_officers import TwoOfficers
from pollbook.types import MACHINE, BookName, Channel, EntryNumber, LineId, PersonNumber, PrecinctCode, Role
from pollbook.wire import short_digest
from register import centre
from register.authority import RegisterKeys, load_keys
from register.enrolment import enrol, make_code
from register.home import RegisterHome
from register.ingest import ingest
from register.making import make_register
from register.officers import Act, let_reissue, prove
from register.store.engine import Database, open_database
from register.voter_list.importing import Imported, ImportFiles, import_list

CHEAP = PinCost(memory_kib=8, passes=1, lanes=1)
OPENING = 4
"""Entries before the first mark: two officers' keys, and the day that they open."""
NOON = datetime(2026, 12, 20, 7, 0, tzinfo=UTC)


@dataclass
class HandClock:
    """A clock that stands where the test puts it."""

    at: datetime

    def now(self) -> datetime:
        return self.at

    def monotonic_s(self) -> float:
        return self.at.timestamp()


@dataclass
class Centre:
    """A register in a folder, open, at noon of election day unless `now` is set otherwise."""

    home: RegisterHome
    database: Database
    keys: RegisterKeys
    election: Election
    now: datetime = NOON

    @property
    def centre(self) -> centre.Centre:
        """What the register acts with."""
        return centre.Centre(self.election, self.keys)

    def rows(self, query: str) -> list[tuple[object, ...]]:
        """What stands in the database, whichever it is."""
        with self.database.read() as connection:
            return [tuple(row) for row in connection.execute(text(query))]

    def change(self, *statements: str) -> None:
        """Change the database, whichever it is, behind the program's back; `zeroblob(N)` are N zero bytes."""
        with self.database.write() as connection:
            for statement in statements:
                if connection.dialect.name == "postgresql":
                    zeros = re.sub(r"zeroblob\((\d+)\)", r"decode(repeat('00', \1), 'hex')", statement)
                    connection.execute(text(zeros))
                else:
                    connection.execute(text(statement))

    def load(self, voters: Path, totals: Path | None = None, officers: Path | None = None) -> Imported:
        """Import a list."""
        files = ImportFiles(voters, totals, officers)
        return import_list(self.home, self.database, self.election, files, self.now)

    def code(self, precinct: str, desk: int = 1) -> str:
        """A new one-time code."""
        with self.database.write() as connection:
            return make_code(connection, self.election, PrecinctCode(precinct), desk, self.now)[0]

    def let_reissue(self, precinct: str) -> None:
        """Two officers decide that another book may follow the revoked one."""
        pins = json.loads(self.home.training_pins.read_text("utf-8"))
        act = prove(self.database, Act("the laptop is lost", ("1", "2"), pins.__getitem__, HandClock(self.now)))
        with self.database.write() as connection:
            let_reissue(connection, self.election, PrecinctCode(precinct), act)

    def enrol(self, request: bytes) -> bytes:
        """The answer to an enrol request."""
        with self.database.write() as connection:
            return enrol(connection, self.keys, self.election, request, self.now)

    def sync(self, book: BookName, first: int, request: bytes) -> bytes:
        """The answer to a sync request."""
        address = Address(book, first)
        work = functools.partial(ingest, centre=self.centre, untrusted=request, address=address, now=self.now)
        return self.database.change_book(work)


def make_centre(path: Path, election: Election, officers: Path | None = None, url: str | None = None) -> Centre:
    """A new register in `path`, its data there too or in the empty PostgreSQL database at `url`."""
    home = RegisterHome(path)
    make_register(home, election, officers, NOON - timedelta(days=30), CHEAP, url)
    return Centre(home, open_database(home), load_keys(home), election)


def copy_centre(made: Path, path: Path, election: Election) -> Centre:
    """The register that `make_centre` made in the folder `made`, once more in `path`; nobody has it open."""
    home = RegisterHome(shutil.copytree(made, path))
    return Centre(home, open_database(home), load_keys(home), election)


@dataclass
class Station:
    """A book that keeps its ledger in memory and does whatever it is told, honest or not."""

    key: SigningKey
    slice: Slice
    start: Head
    register_key: bytes
    entries: list[bytes] = field(default_factory=list)
    states: dict[LineId, LineState] = field(default_factory=dict)
    last_at: HybridTime = BEFORE_ALL
    cursor: int = 0
    feed_check: bytes = b""
    acknowledged: int = 0
    officers: dict[PersonNumber, SigningKey] = field(default_factory=dict)
    order_sent: SliceOrder | None = None

    @property
    def order(self) -> SliceOrder:
        return SliceOrder.of(self.lines)

    @property
    def book(self) -> BookName:
        return self.slice.header.book

    @property
    def lines(self) -> list[LineId]:
        return [voter.line for voter in self.slice.voters]

    @property
    def head(self) -> Head:
        return extend_all(self.start, self.entries)

    @property
    def operator(self) -> PersonNumber:
        """Who sits at the desk."""
        return next(person.number for person in self.slice.header.people if person.role is Role.OPERATOR)

    def enter(self, fact: Fact, actor: int) -> EntryNumber:
        """Append an entry, one second after the one before."""
        self.last_at = tick(self.last_at, NOON + timedelta(seconds=len(self.entries)))
        self.entries.append(encode_entry(Entry(self.last_at, PersonNumber(actor), fact)))
        return EntryNumber(len(self.entries))

    def mark(self, line: LineId, channel: Channel = Channel.STATION) -> EntryNumber:
        """Enter a mark, allowed or not."""
        number = self.enter(Marked(line, channel), self.operator)
        before = self.states.get(line, line_state.UNMARKED)
        if before.mark is None and line in set(self.lines):
            mark = line_state.Mark(number, channel, self.last_at, self.operator)
            self.states[line] = LineState(mark, before.voids)
        return number

    def receive_slice(self) -> None:
        """The ledger's first entry."""
        header = self.slice.header
        self.enter(SliceReceived(header.sha256, header.line_count, header.holds), MACHINE)

    def bind_officers(self) -> None:
        """The first two people get keys."""
        for number in (1, 2):
            key = self.officers[PersonNumber(number)] = SigningKey.generate()
            self.enter(KeyBound(PersonNumber(number), key.public), MACHINE)

    def open_day(self, day: str = "2026-12-20") -> None:
        """Both officers open the day."""
        self.enter(DayOpened(day, self._signed(acts.opening_bytes(self.start, day))), min(self.officers))

    def void(self, line: LineId, reason: str = "wrong row") -> EntryNumber:
        """Both officers void the line's mark."""
        state = self.states[line]
        assert state.mark is not None
        message = acts.void_bytes(self.start, line, state.mark.number, reason)
        number = self.enter(MarkVoided(line, state.mark.number, reason, self._signed(message)), self.operator)
        self.states[line] = LineState(None, (*state.voids, number))
        return number

    def digest(self) -> bytes:
        """The short digest of this book's lines."""
        return short_digest(line_state.digest(self.states.items()))

    def request(self, first: int, last: int | None = None, **changes: object) -> bytes:
        """A sync request with the entries from `first` to `last` (by default all that follow)."""
        last = len(self.entries) if last is None else last
        head = extend_all(self.start, self.entries[:last])
        fields: dict[str, object] = {
            "book": self.book,
            "first": EntryNumber(first),
            "entries": tuple(self.entries[first - 1 : last]),
            "head": sign_head(self.start, head, self.key),
            "digest": self.digest() if last == len(self.entries) else None,
            "feed_cursor": self.cursor,
            "sent_at_s": int(NOON.timestamp()),
            "pending": len(self.entries) - last,
            "software": "stand-in",
            "feed_check": self.feed_check,
        }
        request = SyncRequest(**(fields | changes))  # type: ignore[arg-type]
        return encode_sync_request(request, self.key, self.order_sent)

    def path(self, first: int) -> str:
        """Where a request goes whose entries begin at `first`."""
        return Address(self.book, EntryNumber(first)).path

    def read_answer(self, answer: bytes, request: bytes, first: int = 1) -> SyncAnswer:
        """The answer to a request that this station made."""
        address = Address(self.book, EntryNumber(first))
        asked = decode_sync_request(request, address, self.key.public, lambda _check: self.order)
        return decode_sync_answer(answer, asked, request, self.register_key)

    def sync(self, centre: Centre, first: int | None = None, last: int | None = None) -> SyncAnswer:
        """One request and its answer, taken."""
        first = self.acknowledged + 1 if first is None else first
        request = self.request(first, last)
        answer = self.read_answer(centre.sync(self.book, first, request), request, first)
        self.acknowledged = answer.acknowledged.number
        self.hear(answer)
        return answer

    def hear(self, answer: SyncAnswer) -> None:
        """Its feed is fetched, and the chain over it goes on."""
        for item in answer.feed:
            if item.number > self.cursor:
                self.cursor, self.feed_check = item.number, next_feed_check(self.feed_check, item)

    def _signed(self, message: bytes) -> TwoOfficers:
        first, second = self.officers.items()
        return acts.sign_act(message, (first[0], first[1].sign), (second[0], second[1].sign))


def enrol_request(code: str, key: SigningKey) -> bytes:
    """What a laptop with this key sends."""
    return encode_enrol_request(EnrolRequest(code, key.public, box_key_of(key).public, "stand-in"), key)


def take_enrolment(centre: Centre, answer: bytes, key: SigningKey, epoch: int = 1) -> Station:
    """The station that an enrolment's answer makes, everything in it proven first."""
    authority = centre.keys.authority.certificate
    register_key = certified_key(untrusted_register_certificate(answer), authority, "register", centre.now)
    enrolled = decode_enrol_answer(answer, register_key)
    device = device_id(key.public)
    assert certified_key(enrolled.device_certificate, authority, device.hex(), centre.now) == key.public
    book = BookName(device, epoch)
    issued = read_slice(enrolled.slice, register_key, Expected(centre.election.id, book))
    start = origin(centre.election.id, book, issued.header.sha256)
    station = Station(key, issued, start, register_key)
    station.order_sent = station.order
    return station


def enrolled_station(centre: Centre, precinct: str, key: SigningKey | None = None, epoch: int = 1) -> Station:
    """A station of the precinct, enrolled, its day opened: `OPENING` entries."""
    key = key or SigningKey.generate()
    answer = centre.enrol(enrol_request(centre.code(precinct), key))
    station = take_enrolment(centre, answer, key, epoch)
    station.receive_slice()
    station.bind_officers()
    station.open_day()
    return station


def rewritten(start: Head, entries: Sequence[bytes]) -> Head:
    """The head of another history."""
    head = start
    for entry in entries:
        head = extend(head, entry)
    return head
