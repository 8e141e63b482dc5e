"""Making a register: its folder, keys, officers and empty database; the database appears last, and whole."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pollbook.bundle import resource_path
from pollbook.election import Election, read_election
from pollbook.failures import Failure, InputInvalid, WorldFailed
from pollbook.files import write_secret
from pollbook.people import PinCost
from register import own_ledger
from register.authority import load_keys, make_keys
from register.centre import Centre
from register.home import RegisterHome, make_folder
from register.officers import TRAINING_OFFICERS, make_officers, read_register_officers
from register.store import setup
from register.store.engine import Database, make_database, make_shared_database
from register.store.setup import Officer

_ELECTION_CHARACTERS_MAX = 256 * 1024


@dataclass(frozen=True, slots=True)
class Made:
    """A new register, and its officers' PINs, which nobody can read again in a real election."""

    election: Election
    pins: dict[str, str]


def training_election() -> Election:
    """The election that training registers are made for."""
    return read_election_file(resource_path("elections", "training.toml"))


def read_election_file(path: Path) -> Election:
    """The election that the file describes (docs/election-file.md).

    Raises:
        WorldFailed: `FILE_UNREADABLE`, `ELECTION_INVALID` naming what is wrong.
    """
    try:
        text = path.read_text("utf-8-sig")
    except OSError as error:
        raise WorldFailed(Failure.FILE_UNREADABLE, str(path), path=path) from error
    except ValueError as error:
        raise WorldFailed(Failure.ELECTION_INVALID, "not UTF-8", path=path, where="UTF-8") from error
    try:
        if len(text) > _ELECTION_CHARACTERS_MAX:
            raise InputInvalid("far longer than an election's file")
        return read_election(text)
    except InputInvalid as error:
        raise WorldFailed(Failure.ELECTION_INVALID, str(error), path=path, where=str(error)) from error
    except RecursionError as error:  # tomllib goes into arrays within arrays as deep as they are
        raise WorldFailed(Failure.ELECTION_INVALID, "nested too deep", path=path, where="TOML") from error


def make_register(
    home: RegisterHome,
    election: Election,
    officers: Path | None,
    now: datetime,
    cost: PinCost | None = None,
    database_url: str | None = None,
) -> Made:
    """A register for `election` is in `home`; its data are there too, or in the PostgreSQL database at `database_url`.

    Raises:
        WorldFailed: `REGISTER_EXISTS` (in the folder or in that database), `REGISTER_IN_USE`, `OFFICERS_UNREADABLE` (a
            real election names its officers), `DATABASE_AWAY`, `DATABASE_UNFIT`.
    """
    if home.is_made:
        raise WorldFailed(Failure.REGISTER_EXISTS, str(home.path), home=home.path)
    if officers is not None:
        names = read_register_officers(officers)
    elif election.training:
        names = list(TRAINING_OFFICERS)
    else:
        raise WorldFailed(Failure.OFFICERS_UNREADABLE, "a real election needs --officers", where="--officers")
    make_folder(home.path)
    home.close_to_others()
    with home.only_one("init"):
        made, pins = make_officers(names, cost or PinCost())
        make_keys(home, election.id, election.day, now)
        passing = home.database.with_name("register.db.part")
        for left in home.path.glob("register.db.part*"):
            left.unlink()
        database = make_database(passing) if database_url is None else make_shared_database(database_url)
        try:
            _set_up(database, Centre(election, load_keys(home)), made, now)
        finally:
            database.close()
        if election.training:
            write_secret(home.training_pins, json.dumps(pins, indent=1, ensure_ascii=False).encode())
        if database_url is None:
            passing.replace(home.database)
        else:
            home.note_database(database_url)
    return Made(election, pins)


def _set_up(database: Database, centre: Centre, officers: Sequence[Officer], now: datetime) -> None:
    with database.write() as connection:
        if setup.is_set_up(connection):
            raise WorldFailed(Failure.REGISTER_EXISTS, "the database holds a register already", home="--database")
        setup.set_up(connection, centre.election, officers, int(now.timestamp()))
        own_ledger.begin(connection, centre)
