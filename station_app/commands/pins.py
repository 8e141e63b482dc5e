"""Choosing PINs at the terminal: typed twice, refused where they are too simple."""

from __future__ import annotations

from pollbook.commanding import Console
from pollbook.failures import Failure
from pollbook.people import pin_refusal
from pollbook.slice import SliceHeader
from pollbook.types import Person, PersonNumber
from station_app.commands.terminal import Terminal


def choose_pin(person: Person, terminal: Terminal, console: Console, *, may_skip: bool = False) -> str:
    """The PIN that the person chose; empty where none was wanted and none is needed."""
    while True:
        pin = terminal.ask_secret(f"New PIN, {called(person)}{'; Enter for none' if may_skip else ''}")
        if may_skip and not pin:
            return ""
        if (failure := pin_refusal(pin)) is not None:
            console.tell_failure(failure)
        elif terminal.ask_secret("The same once more") != pin:
            console.tell_failure(Failure.WRONG_PIN)
        else:
            return pin


def choose_pins(header: SliceHeader, terminal: Terminal, console: Console) -> dict[PersonNumber, str]:
    """A PIN for each person who wants one; officers are asked first, and two of them need one."""
    pins: dict[PersonNumber, str] = {}
    for person in sorted(header.people, key=lambda person: not person.is_officer):
        officers = sum(person.is_officer for person in header.people if person.number in pins)
        pin = choose_pin(person, terminal, console, may_skip=officers >= 2 or not person.is_officer)
        if pin:
            pins[person.number] = pin
    return pins


def called(person: Person) -> str:
    """A person as the terminal names one."""
    return f"{person.surname} {person.given_name} ({person.key}, {person.role.value})"
