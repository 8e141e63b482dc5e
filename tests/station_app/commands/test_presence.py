from __future__ import annotations

import json
from pathlib import Path

import pytest

from pollbook.store import figures
from pollbook.store.home import StationHome
from tests.station_app.commands.conftest import Shell
from tests.sync.stations import OPERATOR, PINS, opened

CHAIR_PIN, SECRETARY_PIN, OPERATOR_PIN = PINS.values()
OFFICERS = ("--officer", "chair", "--officer", "secretary")


def test_a_real_election_marks_nothing_before_somebody_signed_in(station: Shell) -> None:
    status, answer = station.run("book", "mark", station.line(0))
    assert (status, answer["refusal"], answer["code"]) == (3, "not_signed_in", "P01")
    assert station.run("book", "find", "Karimov")[0] == 0, "the machine's key opens the book for reading"
    assert station.terminal.asked == []


def test_unlock_asks_two_officers_for_the_day_and_then_who_signs_in(station: Shell) -> None:
    station.terminal.answers = ["chair", "Anvar", CHAIR_PIN, SECRETARY_PIN, "Zulfiya", OPERATOR_PIN]
    status, answer = station.run("book", "unlock")
    assert (status, answer["outcome"], answer["person"]) == (0, "unlocked", "1708-0001-03")
    assert station.run("book", "mark", station.line(0))[0] == 0
    assert station.run("book", "find", "Karimov")[0] == 0
    station.terminal.answers = ["3", OPERATOR_PIN]
    assert station.run("book", "unlock")[0] == 0, "the day is open: only who signs in is asked"
    station.run("book", "lock")
    assert station.run("book", "mark", station.line(1))[1]["refusal"] == "not_signed_in"
    assert not any(PIN in station.said for PIN in PINS.values())


def test_a_void_asks_both_officers_for_their_pins(station: Shell) -> None:
    station.terminal.answers = [CHAIR_PIN, SECRETARY_PIN, OPERATOR_PIN]
    station.run("book", "unlock", *OFFICERS, "--person", "operator")
    station.run("book", "mark", station.line(0))
    words = ("book", "void", station.line(0), "--reason", "adashib", *OFFICERS)
    station.terminal.answers = [CHAIR_PIN, "000001"]
    status, answer = station.run(*words)
    assert (status, answer["refusal"]) == (3, "wrong_pin")
    station.terminal.answers = [CHAIR_PIN, SECRETARY_PIN]
    assert station.run(*words)[1]["outcome"] == "voided"


def test_a_wrong_pin_opens_nothing_and_tries_are_limited(station: Shell) -> None:
    for _ in range(4):
        station.terminal.answers = ["000001", SECRETARY_PIN]
        status, answer = station.run("book", "unlock", *OFFICERS)
        assert status == 3
    assert answer["refusal"] == "too_many_tries"
    assert isinstance(answer["wait_s"], int)
    with opened(station.home) as book:
        assert not book.opened_days()


def test_a_member_cannot_open_the_day(station: Shell) -> None:
    status, answer = station.run("book", "unlock", "--officer", "operator", "--officer", "chair")
    assert (status, answer["refusal"]) == (3, "not_an_officer")


def test_a_pin_file_is_refused_in_a_real_election(
    station: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "pins.toml"
    file.write_text(f'"1708-0001-01" = "{CHAIR_PIN}"\n"1708-0001-02" = "{SECRETARY_PIN}"\n')
    monkeypatch.setenv("UCHASTKA_PIN_FILE", str(file))
    status, answer = station.run("book", "mark", station.line(0))
    assert (status, answer["failure"]) == (2, "wrong_usage")


def test_a_rehearsal_may_bring_its_own_pin_file(
    rehearsal: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = StationHome(rehearsal.home).training_pins
    table = json.loads(kept.read_text("utf-8"))
    kept.unlink()
    assert rehearsal.run("book", "mark", rehearsal.line(0))[1]["refusal"] == "not_signed_in"
    file = tmp_path / "pins.toml"
    file.write_text("".join(f'"{key}" = "{fields["pin"]}"\n' for key, fields in table.items()), "utf-8")
    monkeypatch.setenv("UCHASTKA_PIN_FILE", str(file))
    assert rehearsal.run("book", "mark", rehearsal.line(0))[0] == 0


@pytest.mark.parametrize("content", ["{", "[]", "\xff"])
def test_a_broken_pin_file_is_told(rehearsal: Shell, content: str) -> None:
    StationHome(rehearsal.home).training_pins.write_bytes(content.encode("latin-1"))
    status, answer = rehearsal.run("book", "mark", rehearsal.line(0))
    assert (status, answer["refusal"], answer["code"]) == (3, "file_unreadable", "U02")


def test_the_operator_is_who_acts_in_a_rehearsal(rehearsal: Shell) -> None:
    rehearsal.run("book", "mark", rehearsal.line(0))
    assert rehearsal.run("book", "status")[1]["signed_in"] == "1708-0001-03"
    with opened(rehearsal.home) as book:
        assert figures.recent_marks(book, 1)[0].actor == OPERATOR
