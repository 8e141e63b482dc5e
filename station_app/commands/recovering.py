"""`uchastka book recover`: two officers open a book whose machine key is lost, and this laptop may open it again."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping

from pollbook.clock import SystemClock
from pollbook.commanding import Answer, CommandParser, Console, WrongUsage
from pollbook.failures import Failure, WorldFailed
from pollbook.store import keys
from pollbook.store.book import open_book
from pollbook.store.home import StationHome
from station_app.commands.book import add_officers, refuse, two_named


def add_command(group: CommandParser) -> None:
    """`group` knows the command."""
    recover = group.command("recover", "open a book whose machine key is lost, by two officers' PINs", _recover)
    add_officers(recover, required=True, named="by the register's key (1708-0001-01)")
    recover.epilog = (
        "While the book is shut its people's names are too, so only their keys will do. "
        "A book that opens by itself is left as it is."
    )


def _recover(arguments: argparse.Namespace, console: Console) -> Answer:
    first, second = two_named(arguments)
    if first == second:
        raise WrongUsage("the two officers are different people")
    home = StationHome(arguments.home)
    if not home.exists():
        raise WorldFailed(Failure.NOT_ENROLLED, path=home.path)
    was_lost = not _opens(home)
    if was_lost:
        kept = _kept_pins(home)
        pins = [kept.get(name) or arguments.terminal.ask_secret(f"PIN of {name}") for name in (first, second)]
        if keys.officers_open(home, (first, pins[0]), (second, pins[1])) is None:
            return refuse(console, Failure.WRONG_PIN)
    with open_book(home, SystemClock(), writer=False) as book:
        return Answer({"outcome": "recovered" if was_lost else "not_needed", "entries": book.head.number})


def _opens(home: StationHome) -> bool:
    try:
        keys.machine_opens(home)
    except WorldFailed as error:
        if error.failure is not Failure.BOOK_KEY_MISSING:
            raise
        return False
    return True


def _kept_pins(home: StationHome) -> Mapping[str, str]:
    """A training election's PINs, by person key; empty in a real one."""
    if not home.training_pins.exists():
        return {}
    try:
        table = json.loads(home.training_pins.read_text("utf-8"))
        return {key: person["pin"] for key, person in table.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise WorldFailed(Failure.FILE_UNREADABLE, path=home.training_pins) from error
