"""What most commands begin with: the register in `--home`, open."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from pollbook.clock import SystemClock
from pollbook.election import Election
from register.home import RegisterHome
from register.store import setup
from register.store.engine import Database, open_database


@dataclass(frozen=True, slots=True)
class OpenRegister:
    """A register that is open for one command."""

    home: RegisterHome
    database: Database
    election: Election
    clock: SystemClock


@contextmanager
def open_register(arguments: argparse.Namespace) -> Iterator[OpenRegister]:
    """The register in the command's home.

    Raises:
        WorldFailed: `REGISTER_NOT_THERE`, `REGISTER_NEWER`.
    """
    home = RegisterHome(arguments.home)
    database = open_database(home)
    home.close_to_others()
    try:
        with database.read() as connection:
            election = setup.election_of(connection)
        yield OpenRegister(home, database, election, SystemClock())
    finally:
        database.close()


def moment(at_s: int | None) -> str | None:
    """A time as the JSON answers write it; None also where a broken clock left no calendar's time."""
    try:
        return None if at_s is None else datetime.fromtimestamp(at_s, UTC).isoformat()
    except (ValueError, OverflowError, OSError):
        return None
