"""What every world begins with, made once a process: a register with its lists, and stations enrolled at it.

All of it comes from real code (`import`, `enrol`, `create_book` on SQLCipher files) with randomness from one fixed
seed, so that two processes make the same bytes; a world then begins by copying images of the databases.
"""

from __future__ import annotations

import random
import shutil
import sqlite3
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import sqlcipher3.dbapi2 as sqlcipher

from pollbook.election import Election
from pollbook.enrolment_messages import decode_enrol_answer, untrusted_register_certificate
from pollbook.signing import SigningKey, certified_key, device_id
from pollbook.slice import Expected, Slice, read_slice
from pollbook.store.creation import create_book
from pollbook.store.home import StationHome
from pollbook.store.keys import machine_opens
from pollbook.store.link import Link
from pollbook.types import BookName, LineId, PersonNumber, PrecinctCode, Role
from register.authority import RegisterKeys
from register.making import training_election
from tests.crossing.worlds import enrol_spare
from tests.making import CHEAP, FakeClock
from tests.register.lists_of_voters import voter, voters, write_list
from tests.register.stand_in import Centre, enrol_request, make_centre
from tests.simulation.randomness import drawn_from

MORNING = datetime(2026, 12, 20, 3, 0, tzinfo=UTC)
SIZES = (12, 20, 32, 60)
"""Voters in each precinct."""
_FIXED = 20261220


@dataclass(frozen=True)
class PreparedStation:
    """One enrolled station: its database as it stands before the day is opened, and who works there."""

    precinct: PrecinctCode
    book: BookName
    home: StationHome
    key: bytes
    image: bytes
    lines: tuple[LineId, ...]
    pinfls: tuple[str, ...]
    documents: tuple[str, ...]
    officers: tuple[PersonNumber, ...]
    operators: tuple[PersonNumber, ...]
    pins: dict[PersonNumber, str] = field(repr=False)


@dataclass(frozen=True)
class Prepared:
    """The register before the first sync, and its stations."""

    election: Election
    keys: RegisterKeys
    image: bytes
    stations: tuple[PreparedStation, ...]
    folder: Path
    held_back: tuple[str, ...]
    spares: tuple[StationHome, ...]


@cache
def prepared() -> Prepared:
    """The beginning of every world; the files lie in a temporary folder that goes with the process."""
    folder = tempfile.TemporaryDirectory(prefix="uchastka-simulation-")
    _KEPT.append(folder)
    path = Path(folder.name)
    with drawn_from(random.Random(_FIXED)):
        centre = make_centre(path / "register", training_election())
        centre.now = MORNING - timedelta(days=1)
        codes = [PrecinctCode(f"1708-{number:04d}") for number in range(1, len(SIZES) + 1)]
        rows, first = [], 0
        for code, size in zip(codes, SIZES, strict=True):
            rows += voters(size, code, first)
            first += size
        twice = [voter(first, codes[0], row="999"), voter(first, codes[1], row="999")]
        rows += twice
        centre.load(write_list(path / "voters.csv", rows))
        stations = tuple(_enrol(centre, path, code) for code in codes)
        spares = tuple(enrol_spare(centre, path / f"spare-{number}") for number in (1, 2))
        centre.database.close()
    with sqlite3.connect(path / "register" / "register.db") as database:
        database.execute("PRAGMA journal_mode = DELETE")
        image = database.serialize()
    database.close()
    return Prepared(centre.election, centre.keys, image, stations, path, tuple(row["pinfl"] for row in twice), spares)


_KEPT: list[tempfile.TemporaryDirectory[str]] = []


def _enrol(centre: Centre, path: Path, precinct: PrecinctCode) -> PreparedStation:
    key = SigningKey.generate()
    answer = centre.enrol(enrol_request(centre.code(precinct), key))
    authority = centre.keys.authority.certificate
    certificate = untrusted_register_certificate(answer)
    register_key = certified_key(certificate, authority, "register", centre.now)
    enrolled = decode_enrol_answer(answer, register_key)
    book = BookName(device_id(key.public), 1)
    issued = read_slice(enrolled.slice, register_key, Expected(centre.election.id, book))
    link = Link(
        "https://127.0.0.1:1", centre.keys.authority.pem.decode(), certificate, enrolled.device_certificate, key
    )
    pins = {person.number: f"{739100 + 7 * person.number}" for person in issued.header.people}
    home = StationHome(path / precinct)
    create_book(home, link, enrolled.slice, issued, pins, FakeClock(centre.now), CHEAP)
    return _photographed(home, issued, pins)


def _photographed(home: StationHome, issued: Slice, pins: dict[PersonNumber, str]) -> PreparedStation:
    key = machine_opens(home)
    plain = home.path / "plain.db"
    database = sqlcipher.connect(str(home.book))
    database.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
    database.execute("ATTACH DATABASE ? AS plain KEY ''", (str(plain),))
    database.execute("SELECT sqlcipher_export('plain')")
    database.execute("DETACH DATABASE plain")
    database.close()
    image = plain.read_bytes()
    plain.unlink()
    people = issued.header.people
    return PreparedStation(
        precinct=issued.header.precinct,
        book=issued.header.book,
        home=home,
        key=key,
        image=image,
        lines=tuple(voter.line for voter in issued.voters),
        pinfls=tuple(voter.pinfl for voter in issued.voters),
        documents=tuple(voter.document for voter in issued.voters),
        officers=tuple(person.number for person in people if person.is_officer),
        operators=tuple(person.number for person in people if person.role is Role.OPERATOR),
        pins=pins,
    )


def copied_home(station: PreparedStation, folder: Path) -> StationHome:
    """A copy of the station's encrypted files in `folder`."""
    home = StationHome(folder)
    shutil.copytree(station.home.path, folder)
    return home
