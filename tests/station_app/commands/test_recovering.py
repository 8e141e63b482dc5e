from __future__ import annotations

import pytest

from pollbook.store.home import StationHome
from tests.station_app.commands.conftest import Shell
from tests.sync.stations import PINS

CHAIR_PIN, SECRETARY_PIN, OPERATOR_PIN = PINS.values()
OFFICERS = ("--officer", "1708-0001-01", "--officer", "1708-0001-02")


def lose_the_machine_key(shell: Shell) -> None:
    StationHome(shell.home).machine_key.unlink()
    assert shell.run("book", "status")[1]["code"] == "S05"


def test_two_officers_open_a_book_whose_machine_key_is_lost(station: Shell) -> None:
    lose_the_machine_key(station)
    station.terminal.answers = [CHAIR_PIN, SECRETARY_PIN]
    status, answer = station.run("book", "recover", *OFFICERS)
    assert (status, answer["outcome"]) == (0, "recovered")
    assert station.run("book", "check")[1]["ok"] is True


def test_a_wrong_pin_recovers_nothing(station: Shell) -> None:
    lose_the_machine_key(station)
    station.terminal.answers = [CHAIR_PIN, "000001"]
    assert station.run("book", "recover", *OFFICERS)[1]["refusal"] == "wrong_pin"
    assert station.run("book", "status")[1]["code"] == "S05"


def test_a_rehearsal_recovers_unattended(rehearsal: Shell) -> None:
    lose_the_machine_key(rehearsal)
    assert rehearsal.run("book", "recover", *OFFICERS)[0] == 0
    assert rehearsal.terminal.asked == []


def test_a_book_that_opens_is_left_as_it_is(station: Shell) -> None:
    status, answer = station.run("book", "recover", *OFFICERS)
    assert (status, answer["outcome"]) == (0, "not_needed")


@pytest.mark.parametrize("officers", [OFFICERS[:2], OFFICERS[:2] * 2, OFFICERS + OFFICERS[:2]])
def test_it_takes_exactly_two_different_officers(station: Shell, officers: tuple[str, ...]) -> None:
    assert station.run("book", "recover", *officers)[0] == 2


def test_a_book_with_a_flipped_byte_is_not_ok(station: Shell) -> None:
    book = StationHome(station.home).book
    flipped = bytearray(book.read_bytes())
    flipped[5000] ^= 1
    book.write_bytes(flipped)
    status, answer = station.run("book", "check")
    assert (status, answer["ok"], answer["failure"]) == (1, False, "book_damaged")
