"""What befalls few worlds: envelopes, revoked books, changed lists, offline clones, upgraded programs, dead laptops.

They are drawn by a chance of their own, so that a world without them is what it was. All of it is the product's: the
annex, the centre's decisions of two, its migrations, mirrors and takeovers on real files.
"""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import TYPE_CHECKING

from pollbook.annex_person import AnnexPerson
from pollbook.effects import Anomaly
from pollbook.entries import Outcome
from pollbook.store import annex
from pollbook.store.book import Book
from pollbook.types import Channel, EntryNumber, LineId
from register import settling
from register.officers import Act, prove
from register.store import stations
from tests.simulation.dead_laptops import plan_takeover
from tests.simulation.faults import Disks
from tests.simulation.kernel import chance

if TYPE_CHECKING:
    from tests.simulation.station import SimulatedStation
    from tests.simulation.world import World

TAKEOVERS_EVERY, COPIES_EVERY = 20, 40
"""So many seeds have one in which a laptop dies, and one in which two spares go on from copies of its mirror: on files,
which are slow."""
FORKS_EVERY = 15
"""So many seeds have one in which a restored register hears a clone before it hears the original again."""
ENVELOPES_WITH_RESTORE = 0.1
"""Of voters, where the register is restored."""
SECOND_ENVELOPES = 0.3
"""Of those voters who go on to a third station and have ballots sealed there too."""
RESOLVED_EVERY_S = 20.0
AGAIN_S = 10.0
"""Until people of the centre try once more where its program is down."""


@dataclass(frozen=True)
class Rarities:
    """How much of each a world has: shares are of voters, counts are of the run."""

    envelopes: float = 0.0
    revocations: int = 0
    list_changes: int = 0
    upgrades: int = 0
    takeovers: int = 0
    copies: int = 0
    forks: int = 0
    register_upgrades: int = 0


@dataclass
class Envelope:
    """A provisional ballot: where it lies, and whose it is."""

    station: SimulatedStation
    home: SimulatedStation
    index: int


def draw_rarities(seed: int) -> Rarities:
    """Most worlds have none or one of these."""
    rng = random.Random(f"rarities of {seed}")

    def count(most: int, odds: float) -> int:
        return rng.randint(1, most) if chance(rng, odds) else 0

    return Rarities(
        envelopes=0.2 * rng.random() if chance(rng, 0.15) else 0.0,
        revocations=count(1, 0.1),
        list_changes=count(3, 0.15),
        upgrades=count(2, 0.12),
        takeovers=int(seed % TAKEOVERS_EVERY == TAKEOVERS_EVERY // 2),
        copies=int(seed % COPIES_EVERY == TAKEOVERS_EVERY // 2),
        forks=int(seed % FORKS_EVERY == FORKS_EVERY // 2),
        register_upgrades=count(1, 0.08),
    )


def befall(world: World) -> None:
    """All of it is events to come."""
    rng, rare, lasts_s = random.Random(f"days of {world.seed}"), world.rare, world.plan.lasts_s

    def at() -> float:
        return lasts_s * rng.uniform(0.1, 0.9)

    # A restored register has to take back what it said of envelopes: each of its worlds has some.
    envelopes = max(rare.envelopes, ENVELOPES_WITH_RESTORE if world.plan.register_rollbacks else 0.0)
    for home in world.stations:
        for index in range(len(home.prepared.lines)):
            if rng.random() < envelopes:
                other = rng.choice([station for station in world.stations if station is not home])
                world.fault_s(at(), seal_envelope, world, Envelope(other, home, index))
                others = [station for station in world.stations if station not in {home, other}]
                if others and rng.random() < SECOND_ENVELOPES:
                    world.fault_s(at(), seal_envelope, world, Envelope(rng.choice(others), home, index))
    for _ in range(rare.revocations):
        world.fault_s(at(), _revoke, world, rng.choice(world.stations))
    for _ in range(rare.list_changes):
        station = rng.choice(world.stations)
        world.fault_s(at(), _change_voter, world, station, rng.randrange(len(station.prepared.lines)))
    for _ in range(rare.upgrades):
        station = rng.choice(world.stations)
        if world.plan.disks is Disks.MEMORY:
            world.fault_s(at(), _upgrade, world, station, rng.randint(1, 40) if rng.random() < 0.5 else None)
    if rare.takeovers and world.plan.disks is Disks.MEMORY:
        plan_takeover(world, rng, is_copied=bool(rare.copies))
    for _ in range(rare.forks):
        world.fault_s(at(), _fork, world, rng.choice(world.stations), rng)
    for _ in range(rare.register_upgrades):
        if world.plan.disks is not Disks.TORN:
            world.fault_s(at(), _upgrade_register, world, rng.randint(1, 60) if rng.random() < 0.7 else None)


# Envelopes.


def seal_envelope(world: World, envelope: Envelope) -> None:
    """The centre can't be asked where this voter's line is: the ballots go into a sealed envelope."""
    station, voter, index = envelope.station, envelope.home.prepared, envelope.index
    person = AnnexPerson(voter.pinfls[index], voter.documents[index], "A", "B", "C", date(1985, 8, 15), "here")
    number = f"E-{len(world.envelopes) + 1}"
    done = station.do(lambda book: annex.add_provisional(book, person, number, station.prepared.operators[0]))
    if isinstance(done, int):
        world.log.fault("provisional ballot sealed", station.name)
        world.envelopes.append(envelope)
        station.acknowledged(EntryNumber(done))
        world.after_s(RESOLVED_EVERY_S, resolve_envelopes, world, station)


def resolve_envelopes(world: World, station: SimulatedStation) -> None:
    """Two officers do with each envelope what the register said, as soon as it has."""
    for waiting in station.do(annex.provisionals) or ():
        if waiting.adjudicated is not None and waiting.state.outcome is None:
            done = station.do(partial(_resolve, station, waiting.line))
            if isinstance(done, int):
                world.say(f"envelope {waiting.adjudicated[1].name.lower()}", station.name)
                station.acknowledged(EntryNumber(done))
    if not world.is_healed:
        world.after_s(RESOLVED_EVERY_S, resolve_envelopes, world, station)


def _resolve(station: SimulatedStation, line: LineId, book: Book) -> object:
    signers = station._signers(book)
    return None if signers is None else annex.resolve(book, line, *signers, station.prepared.operators[0])


def wrong_envelopes(world: World) -> list[str]:
    """Envelopes that count though their voter was marked, or though another of the same voter's counts (rule 13)."""
    marked = {
        line
        for station in world.stations
        if not station.is_suspect
        for (line,) in station.disk.look("SELECT line FROM line_state WHERE mark IS NOT NULL")
    }
    wrong: list[str] = []
    counted: dict[str, SimulatedStation] = {}
    for envelope in world.envelopes:
        voter, index = envelope.home.prepared, envelope.index
        if envelope.station.is_suspect or envelope.home.is_suspect or envelope.station.book is None:
            continue
        for known in annex.provisionals(envelope.station.book):
            if known.person.pinfl == voter.pinfls[index] and known.state.outcome is Outcome.COUNTED:
                if voter.lines[index] in marked:
                    wrong.append(f"{envelope.station.name} counts the envelope of a marked voter")
                first = counted.setdefault(voter.pinfls[index], envelope.station)
                if first is not envelope.station and not _is_told(world, first, envelope.station):
                    wrong.append(f"{envelope.station.name} counts a second envelope of a voter")
    return wrong


def _is_told(world: World, *stations: SimulatedStation) -> bool:
    """Whether a register that was restored, and let a second envelope count meanwhile, says so of either."""
    is_restored = world.log.faults["register restored from a backup"] > 0
    return is_restored and any(Anomaly.NOT_ADJUDICATED in world.anomalies_of(each) for each in stations)


# The centre's decisions.


def _revoke(world: World, station: SimulatedStation) -> None:
    """The centre is told that the laptop was lost."""
    if not world.centre.is_up:
        world.fault_s(AGAIN_S, _revoke, world, station)
        return

    def act() -> bool:
        with world.centre.database().write() as connection:
            found = stations.find_station(connection, station.prepared.book)
            if found is not None and found.revoked_at_s is None:
                settling.revoke(connection, found, "the laptop was lost", int(world.centre.clock.now().timestamp()))
        return True

    world.centre.survives(act)
    name = station.prepared.book
    if world.centre.disk.look(_REVOKED, bytes(name.device), name.epoch):  # also where it was killed after the commit
        world.log.fault("book revoked", station.name)
        station.is_revoked = True


_REVOKED = "SELECT 1 FROM station WHERE device = ? AND epoch = ? AND revoked_at_s IS NOT NULL"


def _change_voter(world: World, station: SimulatedStation, index: int) -> None:
    """Two of the centre correct a voter's name."""
    if not world.centre.is_up:
        world.fault_s(AGAIN_S, _change_voter, world, station, index)
        return
    pins = json.loads((world.prepared.folder / "register" / "training-pins.json").read_text("utf-8"))

    def act() -> bool:
        database = world.centre.database()
        proven = prove(database, Act("a misprint", ("1", "2"), pins.__getitem__, world.centre.clock))
        pinfl, changes = station.prepared.pinfls[index], {"surname": "Oʻzgargan"}
        with world.centre.database().write() as connection:
            settling.change_voter(connection, world.centre.centre, pinfl, changes, "ministry", proven)
        return True

    if world.centre.survives(act):
        world.log.fault("voter's data changed", station.name)


# Clones.


def _fork(world: World, station: SimulatedStation, rng: random.Random) -> None:
    """A copy of the laptop marks where there is no network; the register forgets what the original marked meanwhile.

    The copy is heard first. The original has nothing left to send but as evidence: all that differs was acknowledged.
    """
    world.log.fault("laptop cloned, offline", station.name)
    clone = world.add_station(f"offline clone of {station.name}", station.prepared)
    clone.disk.restore(station.disk.image())
    station.is_suspect = clone.is_suspect = True
    world.links[clone.name].weather.is_cut = True
    world.centre.back_up()
    clone.start()
    last, *lines = rng.sample(station.prepared.lines, 1 + MARKS_FORGOTTEN)
    world.after_s(FORGOTTEN_S * rng.random(), clone.mark, last, Channel.STATION)
    for line in lines:
        world.after_s(FORGOTTEN_S * rng.random() / 2, station.mark, line, Channel.STATION)
    world.fault_s(FORGOTTEN_S, _hear_first, world, clone, station)


def _hear_first(world: World, clone: SimulatedStation, station: SimulatedStation) -> None:
    world.links[station.name].weather.is_cut = True
    world.links[clone.name].weather.is_cut = False
    world.centre.roll_back()
    clone.want_cycle(0)
    world.fault_s(FORGOTTEN_S, _heard, world, station)


def _heard(world: World, station: SimulatedStation) -> None:
    world.links[station.name].weather.is_cut = False


MARKS_FORGOTTEN = 6
FORGOTTEN_S = 40.0


# Programs.


def _upgrade(world: World, station: SimulatedStation, crash_within: int | None) -> None:
    """An older program ran until now: its book is opened by this one, which may be killed as it migrates."""
    if station.book is not None:
        station.killed()
    station.disk.restore(as_older(station.disk.image()))
    world.log.fault("program upgraded", station.name)
    if crash_within is not None:
        station.crash_within(crash_within)


def as_older(image: bytes) -> bytes:
    """The book as an older release had it; in the tables that it had not yet is nothing that a promise is about."""
    return _as_older(image, NEWEST, LEFT_OUT)


def _as_older(image: bytes, newest: str, left_out: Sequence[str]) -> bytes:
    with sqlite3.connect(":memory:", isolation_level=None) as database:
        database.deserialize(image)
        if database.execute("SELECT version_num FROM alembic_version").fetchall() == [(newest,)]:
            for statement in left_out:  # else an upgrade that was killed had brought it nowhere yet
                database.execute(statement)
        older = database.serialize()
    database.close()
    return older


def as_older_register(image: bytes) -> bytes:
    """The register as an older release had it."""
    return _as_older(image, NEWEST_OF_REGISTER, LEFT_OUT_OF_REGISTER)


def _upgrade_register(world: World, crash_within: int | None) -> None:
    """An older program served until now; this one brings its database up, and may be killed on either side of that."""
    world.centre.upgrade(as_older_register(world.centre.disk.image()), crash_within)


NEWEST, NEWEST_OF_REGISTER = "0008", "0012"
"""This release's revisions of a book and of a register."""
LEFT_OUT_OF_REGISTER = (
    "DROP TABLE fork_head",
    "DROP TABLE camera_health",
    'ALTER TABLE feed DROP COLUMN "check"',
    "ALTER TABLE book DROP COLUMN feed_check",
    "DROP TABLE differing_line",
    "UPDATE alembic_version SET version_num = '0008'",
)
"""What makes an older one of it: books that kept a chain over their feed begin it with the register once more."""
LEFT_OUT = (
    "ALTER TABLE sync_state DROP COLUMN feed_check",
    "ALTER TABLE sync_state DROP COLUMN evidence",
    "ALTER TABLE sync_state DROP COLUMN evidence_at",
    "DROP TABLE comparison",
    "DROP TABLE camera_view",
    "UPDATE alembic_version SET version_num = '0005'",
)
"""What makes an older one of it."""
