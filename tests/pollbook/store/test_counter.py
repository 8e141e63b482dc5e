from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pollbook.ledger import Head
from pollbook.permission import Refusal
from pollbook.store.counter import read_counter, write_counter
from pollbook.store.home import StationHome
from pollbook.types import Channel, EntryNumber
from tests.making import OPERATOR, Station

KEY = bytes(range(32))
HEAD = Head(EntryNumber(41), bytes(range(100, 132)))


@pytest.fixture
def home(tmp_path: Path) -> StationHome:
    return StationHome(tmp_path)


def test_the_counter_says_what_was_written_last(home: StationHome) -> None:
    assert read_counter(home, KEY) is None
    write_counter(home, KEY, HEAD)
    later = Head(EntryNumber(42), bytes(32))
    write_counter(home, KEY, later)
    assert read_counter(home, KEY) == later


def test_a_counter_of_another_book_says_nothing(home: StationHome) -> None:
    write_counter(home, bytes(32), HEAD)
    assert read_counter(home, KEY) is None


def test_a_counter_changed_or_cut_anywhere_says_nothing(home: StationHome) -> None:
    write_counter(home, KEY, HEAD)
    whole = home.counter.read_bytes()
    for at in range(len(whole)):
        changed = bytearray(whole)
        changed[at] ^= 1
        for content in (bytes(changed), whole[:at]):
            home.counter.write_bytes(content)
            assert read_counter(home, KEY) is None


@given(untrusted=st.binary(max_size=300))
def test_any_bytes_are_no_counter(tmp_path_factory: pytest.TempPathFactory, untrusted: bytes) -> None:
    home = StationHome(tmp_path_factory.getbasetemp())
    home.counter.write_bytes(untrusted)
    assert read_counter(home, KEY) is None


def test_rule_8_a_database_put_back_alone_locks_and_stays_locked(station: Station) -> None:
    with station.open() as book:
        book.mark(station.voters[0].line, Channel.STATION, OPERATOR)
    backup = station.home.book.read_bytes()
    with station.open() as book:
        book.mark(station.voters[1].line, Channel.STATION, OPERATOR)
    station.home.book.write_bytes(backup)
    for _ in range(2):
        with station.open() as book:
            assert book.stopped is Refusal.BOOK_ROLLED_BACK
            assert book.mark(station.voters[2].line, Channel.STATION, OPERATOR) is Refusal.BOOK_ROLLED_BACK


def test_rule_8_a_database_that_went_another_way_locks(station: Station) -> None:
    backup = station.home.book.read_bytes()
    with station.open() as book:
        book.mark(station.voters[0].line, Channel.STATION, OPERATOR)
    counted = station.home.counter.read_bytes()
    station.home.book.write_bytes(backup)
    station.home.counter.unlink()
    with station.open() as book:
        book.mark(station.voters[1].line, Channel.STATION, OPERATOR)
        book.mark(station.voters[2].line, Channel.STATION, OPERATOR)
    station.home.counter.write_bytes(counted)
    with station.open() as book:
        assert book.stopped is Refusal.BOOK_ROLLED_BACK


def test_a_counter_that_is_missing_or_behind_stops_nothing(station: Station) -> None:
    old = station.home.counter.read_bytes()
    with station.open() as book:
        book.mark(station.voters[0].line, Channel.STATION, OPERATOR)
    station.home.counter.write_bytes(old)
    with station.open() as book:
        assert book.stopped is None
    station.home.counter.unlink()
    with station.open() as book:
        assert book.stopped is None


def test_the_counter_is_never_ahead_of_what_the_disk_holds(station: Station) -> None:
    """Killed right after the counter was written, the book opens: its entries were there before."""
    with station.open() as book:
        book.mark(station.voters[0].line, Channel.STATION, OPERATOR)
        book.count_head()
        counted = station.home.counter.read_bytes()
        book.mark(station.voters[1].line, Channel.STATION, OPERATOR)
        assert station.home.counter.read_bytes() == counted
