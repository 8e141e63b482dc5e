from __future__ import annotations

import copy
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pytest

from pollbook import ledger
from pollbook.clock import SystemClock
from pollbook.failures import Failure, InputInvalid, WorldFailed
from pollbook.feed_items import FeedItem, FeedKind
from pollbook.line_state import UNMARKED
from pollbook.replay import Replay
from pollbook.signing import SigningKey
from pollbook.store.book import Book
from pollbook.store.home import StationHome
from pollbook.store.syncing import notices, sync_status
from pollbook.sync_answer import SyncAnswer, encode_sync_answer
from pollbook.sync_request import Address, decode_sync_request
from pollbook.types import BookName, Channel, EntryNumber
from pollbook.wire import CONTENT_TYPE
from sync.access import HomeAccess
from sync.client import RegisterClient
from sync.cycle import CycleReport, run_cycle
from sync.pace import Traffic
from tests.sync import fake_register as fake
from tests.sync.centre import Centre
from tests.sync.fake_register import FakeRegister, Request, response, sends
from tests.sync.stations import OPERATOR, mark, open_the_day, opened

T = TypeVar("T")
PEOPLE_ENTRIES = 4
"""The key of each person, entered when the book was made."""
EARLIER_ENTRIES = PEOPLE_ENTRIES + 1
"""And the day that was opened before the first mark."""


@dataclass
class StraightRegister:
    """The centre without a wire; batches as small as asked for."""

    centre: Centre
    bytes_max: int = 2048
    traffic: Traffic = field(default_factory=Traffic)

    def batch_bytes(self) -> int:
        return self.bytes_max

    def sync(self, book: BookName, first: EntryNumber, request: bytes) -> bytes:
        assert book in self.centre.shelves
        assert first >= 1
        return self.centre.sync(Address(book, first), request)


def cycle(path: Path, register: RegisterClient | StraightRegister) -> CycleReport:
    return run_cycle(HomeAccess(StationHome(path), SystemClock()), register, SystemClock())


def stored(path: Path) -> list[bytes]:
    with opened(path) as book:
        return [bytes(row.bytes) for row in book.connection.exec_driver_sql("SELECT bytes FROM entry ORDER BY number")]


def assert_both_hold_the_same(path: Path, centre: Centre) -> None:
    assert centre.shelf.entries == stored(path), "nothing lost, nothing doubled"
    assert centre.shelf.anomalies == []
    with opened(path) as book:
        assert sync_status(book).pending == 0
        for line, state in centre.shelf.lines.items():
            assert (book.line(line) or UNMARKED) == state


def test_marks_go_up_and_a_repeated_cycle_changes_nothing(
    station: Path, centre: Centre, client: RegisterClient
) -> None:
    marked = mark(station, centre, 0, 5)
    first = cycle(station, client)
    assert (first.acknowledged, first.sent, first.pending) == (EARLIER_ENTRIES + 5, EARLIER_ENTRIES + 5, 0)
    assert first.failure is None
    again = cycle(station, client)
    assert (again.acknowledged, again.sent, again.pending) == (EARLIER_ENTRIES + 5, 0, 0)
    assert again.traffic.round_trips == 1
    assert 0 < again.traffic.bytes_up < first.traffic.bytes_up
    assert sorted(centre.shelf.marked) == sorted(marked)
    assert_both_hold_the_same(station, centre)


def test_one_request_carries_what_fits_and_only_a_longer_queue_needs_more(station: Path, centre: Centre) -> None:
    mark(station, centre, 0, 10)
    register = StraightRegister(centre, bytes_max=100)
    report = cycle(station, register)
    assert report.pending == 0
    assert centre.requests > 2
    before = centre.requests
    mark(station, centre, 10, 1)
    cycle(station, register)
    assert centre.requests == before + 1
    assert_both_hold_the_same(station, centre)


def test_a_register_that_does_not_know_the_places_gets_the_lines_by_their_ids(station: Path, centre: Centre) -> None:
    class KnowsNoPlaces(StraightRegister):
        refused = 0

        def sync(self, book: BookName, first: EntryNumber, request: bytes) -> bytes:
            try:
                decode_sync_request(request, Address(book, first), centre.shelf.device_key)
            except InputInvalid as error:
                self.refused += 1
                raise WorldFailed(Failure.REQUEST_NOT_ACCEPTED) from error
            return super().sync(book, first, request)

    register = KnowsNoPlaces(centre)
    mark(station, centre, 0, 9)
    report = cycle(station, register)
    assert (report.failure, report.pending, register.refused) == (None, 0, 1)
    assert_both_hold_the_same(station, centre)


def test_the_book_is_free_while_the_network_is_waited_for(station: Path, centre: Centre) -> None:
    class MarksMeanwhile(StraightRegister):
        def sync(self, book: BookName, first: EntryNumber, request: bytes) -> bytes:
            mark(station, centre, centre.requests, 1)
            return super().sync(book, first, request)

    with opened(station) as book:
        open_the_day(book)
    report = cycle(station, MarksMeanwhile(centre))
    assert report.failure is None
    assert report.pending == 1, "entered after the request was made: the next cycle's"
    assert cycle(station, StraightRegister(centre)).pending == 0
    assert_both_hold_the_same(station, centre)


def test_feed_items_come_once_and_are_kept(station: Path, centre: Centre, client: RegisterClient) -> None:
    centre.shelf.feed.append(FeedItem(1, FeedKind.NOTICE, "Majlis soat 18:00 da"))
    assert [item.number for item in cycle(station, client).feed] == [1]
    assert cycle(station, client).feed == ()
    with opened(station) as book:
        assert [item.text for item in notices(book)] == ["Majlis soat 18:00 da"]


@pytest.mark.parametrize(
    ("behaviour", "failure"),
    [
        (sends(response(200, "text/html", b"<html>")), Failure.ANSWER_NOT_UNDERSTOOD),
        (sends(response(200, CONTENT_TYPE, b"not an answer")), Failure.ANSWER_NOT_UNDERSTOOD),
        (sends(response(500, "text/plain", b"")), Failure.REGISTER_IN_TROUBLE),
        (sends(response(429, "text/plain", b"", Retry_After="9")), Failure.REGISTER_BUSY),
        (fake.takes_it_and_answers_half, Failure.ANSWER_NOT_UNDERSTOOD),
        (fake.takes_it_and_hangs_up, Failure.REGISTER_UNREACHABLE),
        (fake.never_answers, Failure.REGISTER_SLOW),
        (fake.signs_with(SigningKey.generate()), Failure.ANSWER_NOT_SIGNED),
        (sends(fake.problem(Failure.BOOK_REVOKED, 403)), Failure.BOOK_REVOKED),
    ],
)
def test_a_failed_cycle_is_noted_loses_nothing_and_the_next_one_heals(
    station: Path,
    centre: Centre,
    register: FakeRegister,
    client: RegisterClient,
    behaviour: fake.Behaviour,
    failure: Failure,
) -> None:
    mark(station, centre, 0, 3)
    register.then(behaviour)
    report = cycle(station, client)
    assert report.failure is failure
    assert report.pending == EARLIER_ENTRIES + 3
    with opened(station) as book:
        assert sync_status(book).failure is failure
    assert cycle(station, client).failure is None
    with opened(station) as book:
        assert sync_status(book).failure is None
    assert_both_hold_the_same(station, centre)


def test_an_older_answer_played_back_is_not_believed(
    station: Path, centre: Centre, register: FakeRegister, client: RegisterClient
) -> None:
    kept: list[bytes] = []

    def keeps(register: FakeRegister, connection: ssl.SSLSocket, request: Request) -> None:
        kept.append(register.answer(request))
        connection.sendall(kept[0])

    register.then(keeps)
    assert cycle(station, client).failure is None
    mark(station, centre, 0, 1)
    register.then(sends(kept[0]))
    assert cycle(station, client).failure is Failure.ANSWER_NOT_UNDERSTOOD
    assert cycle(station, client).failure is None
    assert_both_hold_the_same(station, centre)


def test_a_register_that_was_rolled_back_gets_everything_again(station: Path, centre: Centre) -> None:
    register = StraightRegister(centre)
    mark(station, centre, 0, 4)
    cycle(station, register)
    backup = copy.deepcopy(centre.shelves)
    mark(station, centre, 4, 4)
    cycle(station, register)
    centre.shelves = backup
    report = cycle(station, register)
    assert report.failure is None
    assert_both_hold_the_same(station, centre)


def test_a_register_that_forgets_each_time_is_reported(station: Path, centre: Centre) -> None:
    register = StraightRegister(centre, bytes_max=1)
    mark(station, centre, 0, 3)
    cycle(station, register)

    class Forgets(StraightRegister):
        def sync(self, book: BookName, first: EntryNumber, request: bytes) -> bytes:
            shelf = centre.shelf
            shelf.entries, shelf.head = [], shelf.start
            states = dict.fromkeys(shelf.lines, UNMARKED)
            shelf.copy = Replay(shelf.copy.identity, shelf.start, shelf.copy.people, states)
            return super().sync(book, first, request)

    assert cycle(station, Forgets(centre, bytes_max=1)).failure is Failure.REGISTER_BEHIND


def test_a_register_with_another_ledger_is_a_fault_and_nothing_of_it_is_taken(station: Path, centre: Centre) -> None:
    register = StraightRegister(centre)
    cycle(station, register)
    centre.shelf.head = ledger.extend(centre.shelf.head, b"never written here")
    report = cycle(station, register)
    assert report.failure is Failure.LEDGER_BROKEN
    assert report.acknowledged == PEOPLE_ENTRIES


def test_differing_digests_are_a_fault(station: Path, centre: Centre) -> None:
    register = StraightRegister(centre)
    marked = mark(station, centre, 0, 2)
    cycle(station, register)
    centre.shelf.lines[marked[0]] = UNMARKED
    report = cycle(station, register)
    assert report.failure is Failure.DIGEST_DIFFERS
    assert report.pending == 0


def test_a_register_that_takes_nothing_is_reported(station: Path, centre: Centre) -> None:
    class TakesNothing(StraightRegister):
        def sync(self, book: BookName, first: EntryNumber, request: bytes) -> bytes:
            assert book in centre.shelves
            assert first == 1
            asked = centre.read_request(Address(book, first), request)
            empty = SyncAnswer(centre.shelf.start, (), None, 0, 0)
            return encode_sync_answer(empty, asked, request, centre.key)

    report = cycle(station, TakesNothing(centre))
    assert report.failure is Failure.REQUEST_NOT_ACCEPTED
    assert report.pending == PEOPLE_ENTRIES


def test_a_book_that_the_desktop_has_is_not_waited_for(station: Path, centre: Centre) -> None:
    with opened(station), pytest.raises(WorldFailed) as caught:
        cycle(station, StraightRegister(centre))
    assert caught.value.failure is Failure.BOOK_IN_USE


class InHand:
    """Access to a book that is open already, as the desktop's thread has it."""

    def __init__(self, book: Book) -> None:
        self.book = book

    def step(self, action: Callable[[Book], T]) -> T:
        return action(self.book)


def test_the_desktop_syncs_with_its_own_book(station: Path, centre: Centre) -> None:
    with opened(station) as book:
        book.mark(centre.voters[0].line, Channel.HOME, OPERATOR)
        report = run_cycle(InHand(book), StraightRegister(centre), SystemClock())
    assert report.pending == 0
    assert_both_hold_the_same(station, centre)
