"""`write-off`, `recovered`, `resolve` and `change`: what two officers of the register settle."""

from __future__ import annotations

import argparse

from pollbook.commanding import Answer, Console, WrongUsage
from pollbook.failures import Failure, WorldFailed
from pollbook.types import line_text, parse_line
from register import settling
from register.authority import load_keys
from register.centre import Centre
from register.commands.opening import OpenRegister, open_register
from register.commands.stations import book_named
from register.commands.voters import two_officers
from register.store import stations
from register.store.engine import Transaction
from register.store.stations import Station


def write_off(arguments: argparse.Namespace, _console: Console) -> Answer:
    """Say that nothing more will come of a book that was taken over."""
    with open_register(arguments) as register:
        act = two_officers(arguments, register)
        with register.database.write() as connection:
            old = _station(connection, arguments.station)
            settling.write_off(connection, _centre(register), old, act)
    return Answer({"written_off": str(old.book)}, f"Nothing more is expected of book {old.book}")


def recovered(arguments: argparse.Namespace, _console: Console) -> Answer:
    """Say that the register, which was rolled back, has everything again."""
    with open_register(arguments) as register:
        act = two_officers(arguments, register)
        with register.database.write() as connection:
            settling.note_recovered(connection, _centre(register), act)
    return Answer({"recovered": True}, "The register grants lines again")


def resolve(arguments: argparse.Namespace, _console: Console) -> Answer:
    """Settle which of two marks on a line counts."""
    line = parse_line(arguments.line)
    if line is None:
        raise WorldFailed(Failure.UNKNOWN_VOTER)
    with open_register(arguments) as register:
        act = two_officers(arguments, register)
        with register.database.write() as connection:
            keep = _station(connection, arguments.keep)
            settling.resolve_dispute(connection, _centre(register), line, keep, act)
    return Answer({"line": line_text(line), "kept": str(keep.book)}, f"The mark of book {keep.book} counts")


def change(arguments: argparse.Namespace, _console: Console) -> Answer:
    """Change a voter's data, here and at the stations that have the line."""
    changes = dict(_pair(text) for text in arguments.set)
    with open_register(arguments) as register:
        act = two_officers(arguments, register)
        with register.database.write() as connection:
            line = settling.change_voter(connection, _centre(register), arguments.pinfl, changes, arguments.source, act)
    return Answer({"line": line_text(line), "changed": sorted(changes)}, "Changed: " + ", ".join(sorted(changes)))


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not value.strip():
        raise WrongUsage("--set takes FIELD=VALUE")
    return name.strip(), " ".join(value.split())


def _centre(register: OpenRegister) -> Centre:
    return Centre(register.election, load_keys(register.home))


def _station(connection: Transaction, text: str) -> Station:
    name = book_named(text)
    found = stations.find_station(connection, name) if name else None
    if found is None:
        raise WorldFailed(Failure.NOTHING_TO_DECIDE, text)
    return found
