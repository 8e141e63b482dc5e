from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pollbook.ledger import Head
from pollbook.store.counter import read_counter, write_counter
from pollbook.store.home import StationHome
from pollbook.types import EntryNumber

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
