"""`uchastka people …`: who belongs to this precinct, and new PINs by the act of two officers."""

from __future__ import annotations

import argparse

from pollbook.clock import SystemClock
from pollbook.commanding import Answer, CommandParser, Console
from pollbook.failures import Refused
from pollbook.people import PinCost
from pollbook.store import sign_in
from pollbook.store.book import open_book
from pollbook.store.home import StationHome
from station_app.commands.book import add_officers, person_fields, refuse, two_named
from station_app.commands.pins import choose_pin
from station_app.commands.presence import Presence
from sync.training_pins import made_up_pin, write_training_pins


def add_commands(top: CommandParser) -> None:
    """`top` knows the commands about people."""
    group = top.command("people", "list the commission's people and set PINs")
    group.command("list", "who they are, and who can sign in", _list)
    set_pin = group.command("set-pin", "a new PIN for somebody, by two officers", _set_pin)
    set_pin.add_argument("person", metavar="NAME", help="whose: the register's key, a number, a name, an office")
    add_officers(set_pin, required=True)


def _list(arguments: argparse.Namespace, _console: Console) -> Answer:
    with open_book(StationHome(arguments.home), SystemClock(), writer=False) as book:
        with_pin = sign_in.people_with_pin(book)
        people = [person_fields(person) | {"pin_set": person.number in with_pin} for person in book.header.people]
    words = [
        f"{person['number']:>3}  {person['key']}  {person['surname']} {person['given_name']}  {person['role']}"
        f"{'' if person['pin_set'] else '  (no PIN)'}"
        for person in people
    ]
    return Answer({"people": people}, "\n".join(words))


def _set_pin(arguments: argparse.Namespace, console: Console) -> Answer:
    named = two_named(arguments)
    home = StationHome(arguments.home)
    with open_book(home, SystemClock(), writer=True) as book:
        presence = Presence(book, arguments.terminal)
        person = presence.person(arguments.person)
        if isinstance(person, Refused):
            return refuse(console, person)
        officers = presence.two_officers(named)
        if isinstance(officers, Refused):
            return refuse(console, officers)
        is_made_up = presence.is_unattended
        pin = made_up_pin() if is_made_up else choose_pin(person, arguments.terminal, console)
        if (failed := sign_in.replace_pin(book, person.number, pin, officers, PinCost())) is not None:
            return refuse(console, failed)
        data: dict[str, object] = {"outcome": "pin_set", "person": person.key}
        if is_made_up:
            kept = {book.people[number].key: given for number, given in officers}
            pins = {**presence.pins, **kept, person.key: pin}
            write_training_pins(home, [one for one in book.header.people if one.key in pins], pins)
            data["pin"] = pin
    return Answer(data)
