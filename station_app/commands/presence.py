"""Who is there for a command: the session of `book unlock`, or in a training election the PINs it was enrolled with.

A real election asks every PIN at the terminal. A training election reads them from `training-pins.json` (written at
enrolment), or from the TOML file that `UCHASTKA_PIN_FILE` names (`"1708-0001-01" = "482915"`), so that a rehearsal
is a script; in a real election that variable is refused.
"""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path

from pollbook.failures import Failure, Refused, WorldFailed
from pollbook.store import sign_in
from pollbook.store.book import Book
from pollbook.store.home import StationHome
from pollbook.types import Person, PersonNumber, Role
from station_app.commands.naming import person_named
from station_app.commands.pins import called
from station_app.commands.terminal import Terminal
from station_app.station_desk import StationDesk

PIN_FILE = "UCHASTKA_PIN_FILE"
OfficerPin = tuple[PersonNumber, str]


class Presence:
    """Gives each person's PIN for an open book, and sees to it that somebody is signed in."""

    def __init__(self, book: Book, terminal: Terminal) -> None:
        self._book = book
        self._terminal = terminal
        self.pins = kept_pins(book.home, is_training=book.election.training)

    @property
    def is_unattended(self) -> bool:
        """Whether PINs are kept in a file, as only a training election may."""
        return bool(self.pins)

    def person(self, untrusted_name: str) -> Person | Refused:
        """The person of this precinct that a word on the command line names."""
        return person_named(tuple(self._book.people.values()), untrusted_name)

    def pin(self, person: Person) -> str:
        """The person's PIN, from the rehearsal's file or typed unseen."""
        kept = self.pins.get(person.key)
        return kept if kept is not None else self._terminal.ask_secret(f"PIN, {called(person)}")

    def two_officers(self, untrusted_names: list[str]) -> tuple[OfficerPin, OfficerPin] | Refused:
        """Two people with their PINs, for an act of two officers; both are named before a PIN is asked."""
        found: list[Person] = []
        for name in untrusted_names:
            person = self.person(name)
            if isinstance(person, Refused):
                return person
            if not person.is_officer:
                return Refused(Failure.NOT_AN_OFFICER)
            found.append(person)
        first, second = found
        if first.number == second.number:
            return Refused(Failure.SAME_OFFICER_TWICE)
        return (first.number, self.pin(first)), (second.number, self.pin(second))

    def someone(self) -> Person | Refused:
        """Who is signed in; in a rehearsal the day is opened and the operator signed in for it.

        The session goes on from here for the election's idle time.
        """
        person = sign_in.session(self._book)
        if person is None or not StationDesk(self._book).is_day_open():
            if not self.is_unattended:
                return Refused(Failure.NOT_SIGNED_IN)
            unlocked = self.unlock([], None)
            if isinstance(unlocked, Refused):
                return unlocked
            person = unlocked
        sign_in.begin_session(self._book, person.number)
        return person

    def unlock(self, untrusted_officers: list[str], untrusted_person: str | None) -> Person | Refused:
        """The day is open, by two officers where it was not yet, and the person signed in for the commands."""
        desk = StationDesk(self._book)
        if not desk.is_day_open():
            officers = self.two_officers(untrusted_officers or self._two_names())
            if isinstance(officers, Refused):
                return officers
            (first, first_pin), (second, second_pin) = officers
            if (refused := desk.open_day(first, first_pin, second, second_pin)) is not None:
                return refused
        person = self.person(untrusted_person if untrusted_person is not None else self._operator())
        if isinstance(person, Refused):
            return person
        signed_in = desk.sign_in(person.number, self.pin(person))
        if isinstance(signed_in, Person):
            sign_in.begin_session(self._book, signed_in.number)
        return signed_in

    def _two_names(self) -> list[str]:
        if self.is_unattended:
            officers = [person.key for person in self._with_kept_pin() if person.is_officer]
            if len(officers) >= 2:
                return officers[:2]
        return [self._terminal.ask("First officer"), self._terminal.ask("Second officer")]

    def _operator(self) -> str:
        if self.is_unattended and (people := self._with_kept_pin()):
            return min(people, key=lambda person: person.role is not Role.OPERATOR).key
        return self._terminal.ask("Who signs in")

    def _with_kept_pin(self) -> list[Person]:
        return [person for person in self._book.people.values() if person.key in self.pins]


def kept_pins(home: StationHome, *, is_training: bool) -> Mapping[str, str]:
    """The PINs of a rehearsal by person key; empty where there is no file of them, and in a real election.

    Raises:
        WorldFailed: `FILE_UNREADABLE`; `WRONG_USAGE` where a file of PINs is named for a real election.
    """
    if not is_training:
        return _no_pins()
    named = os.environ.get(PIN_FILE)
    try:
        if named:
            table: object = tomllib.loads(Path(named).read_text("utf-8"))
        elif home.training_pins.exists():
            table = json.loads(home.training_pins.read_text("utf-8"))
        else:
            return {}
    except (OSError, ValueError) as error:
        raise WorldFailed(Failure.FILE_UNREADABLE, path=named or home.training_pins) from error
    if not isinstance(table, dict):
        raise WorldFailed(Failure.FILE_UNREADABLE, path=named or home.training_pins)
    pins = {key: value.get("pin") if isinstance(value, dict) else value for key, value in table.items()}
    return {key: pin for key, pin in pins.items() if isinstance(pin, str)}


def _no_pins() -> Mapping[str, str]:
    if os.environ.get(PIN_FILE):
        raise WorldFailed(Failure.WRONG_USAGE, f"{PIN_FILE} is for training elections only")
    return {}
