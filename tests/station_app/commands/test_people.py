from __future__ import annotations

import json

import pytest

from pollbook.failures import Refused
from pollbook.store.home import StationHome
from pollbook.types import Person, PersonNumber, Role
from station_app.commands.naming import person_named
from tests.station_app.commands.conftest import Shell
from tests.sync.stations import PINS

CHAIR_PIN, SECRETARY_PIN, _ = PINS.values()
OFFICERS = ("--officer", "chair", "--officer", "secretary")
PEOPLE = (
    Person(PersonNumber(1), "1708-0001-01", "Karimova", "Nodira", Role.CHAIR),
    Person(PersonNumber(2), "1708-0001-02", "Yoʻldoshev", "Anvar", Role.DEPUTY_CHAIR),
    Person(PersonNumber(3), "1708-0001-03", "Karimova", "Zulfiya", Role.OPERATOR),
    Person(PersonNumber(4), "1708-0001-04", "Gʻaniyev", "Anvar", Role.OPERATOR),
)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1708-0001-02", 2),
        ("3", 3),
        ("Karimova Nodira", 1),
        ("nodira karimova", 1),
        ("КАРИМОВА НОДИРА", 1),
        ("Yo'ldoshev", 2),
        ("Йўлдошев", 2),
        ("YULDASHEV", None),
        ("Yoldoshev", 2),
        ("G`aniyev Anvar", 4),
        ("Zulfiya", 3),
        ("chair", 1),
        ("deputy_chair", 2),
        ("deputy-chair", 2),
        ("Karimova", None),
        ("Anvar", None),
        ("operator", None),
        ("99", None),
        ("", None),
        ("🙂", None),
    ],
)
def test_a_person_is_named_in_any_script_but_never_guessed(text: str, number: int | None) -> None:
    found = person_named(PEOPLE, text)
    assert (None if isinstance(found, Refused) else found.number) == number


def test_several_are_told_by_their_keys() -> None:
    found = person_named(PEOPLE, "Karimova")
    assert isinstance(found, Refused)
    assert found.facts == {"several": ["1708-0001-01", "1708-0001-03"]}


def test_the_list_says_who_can_sign_in(station: Shell) -> None:
    status, answer = station.run("people", "list")
    people = answer["people"]
    assert isinstance(people, list)
    assert (status, [person["pin_set"] for person in people]) == (0, [True, True, True])


def test_two_officers_give_somebody_a_new_pin(station: Shell) -> None:
    station.terminal.answers = [CHAIR_PIN, SECRETARY_PIN, "123456", "628150", "628151", "628150", "628150"]
    status, answer = station.run("people", "set-pin", "Zulfiya", *OFFICERS)
    assert (status, answer) == (0, {"outcome": "pin_set", "person": "1708-0001-03"})
    assert "(P08)" in station.said, "a run of digits was refused first"
    station.terminal.answers = [CHAIR_PIN, SECRETARY_PIN, "628150"]
    assert station.run("book", "unlock", *OFFICERS, "--person", "3")[0] == 0


def test_a_new_pin_needs_the_officers_pins(station: Shell) -> None:
    station.terminal.answers = ["000001", SECRETARY_PIN, "628150", "628150"]
    status, answer = station.run("people", "set-pin", "3", *OFFICERS)
    assert (status, answer["refusal"]) == (3, "wrong_pin")


def test_a_rehearsal_makes_the_new_pin_up_and_keeps_it(rehearsal: Shell) -> None:
    status, answer = rehearsal.run("people", "set-pin", "3", *OFFICERS)
    kept = json.loads(StationHome(rehearsal.home).training_pins.read_text("utf-8"))
    assert (status, kept["1708-0001-03"]["pin"]) == (0, answer["pin"])
    assert rehearsal.run("book", "mark", rehearsal.line(0))[0] == 0
