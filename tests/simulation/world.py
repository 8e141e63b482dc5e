"""One world: a register, its stations, their links, people and faults, all from one seed; run, healed, and proven."""

from __future__ import annotations

import random
import shutil
import time
import traceback
from collections import Counter
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from pollbook.failures import Failure
from register.settling import recover
from register.store import anomalies, own_ledger
from tests.simulation.centre import SimulatedCentre
from tests.simulation.cipher_disks import CipherDisk
from tests.simulation.dead_laptops import mend
from tests.simulation.disks import Disk, Drivers
from tests.simulation.faults import Disks, Plan, draw_plan, inject
from tests.simulation.guarantees import Broken, broken_promises
from tests.simulation.kernel import Log, Scheduler, seconds
from tests.simulation.moves import couriers_carry
from tests.simulation.mutations import Mutation
from tests.simulation.network import Link, Weather
from tests.simulation.people import let_people_come
from tests.simulation.prepared import Prepared, PreparedStation, copied_home, prepared
from tests.simulation.randomness import drawn_from, remembered_signatures
from tests.simulation.rarities import Envelope, Rarities, befall, draw_rarities
from tests.simulation.station import SimulatedStation
from tests.simulation.torn_disks import TornDisk

HEALED_IN_S = 900
"""After the last fault, all must agree within this time: the longest back-off is 300 s, and there may be two."""


@dataclass
class World:
    """Everything there is in one run."""

    seed: int
    rng: random.Random
    prepared: Prepared
    scheduler: Scheduler
    log: Log
    plan: Plan
    centre: SimulatedCentre
    stations: list[SimulatedStation]
    links: dict[str, Link]
    drivers: Drivers
    said: Counter[str] = field(default_factory=Counter)
    is_healed: bool = False
    violations: list[str] = field(default_factory=list)
    lans: dict[frozenset[str], Link] = field(default_factory=dict)
    rare: Rarities = field(default_factory=Rarities)
    envelopes: list[Envelope] = field(default_factory=list)
    successors: dict[str, SimulatedStation] = field(default_factory=dict)
    folders: list[Path] = field(default_factory=list)

    def at_desk_of(self, station: SimulatedStation) -> SimulatedStation:
        """The laptop that stands there now: the station's own, or the spare that took over from it."""
        return self.successors.get(station.name, station)

    def say(self, what: str, where: str) -> None:
        """Somebody was told something."""
        self.said[what] += 1
        self.log.note(f"{where} {what}")

    def anomalies_of(self, station: SimulatedStation) -> set[str]:
        """The kinds of anomaly that the register knows of this station's book."""
        with self.centre.database().read() as connection:
            every = anomalies.anomalies(connection)
        return {kind for kind, book, *_ in every if book == str(station.prepared.book)}

    def lan(self, one: SimulatedStation, other: SimulatedStation) -> Link:
        """The LAN between two stations; a quick link with the faults of all others."""
        pair = frozenset((one.name, other.name))
        if pair not in self.lans:
            weather = Weather() if self.is_healed else replace(self.links[one.name].weather, delay_us=1_000)
            self.lans[pair] = Link(self.scheduler, random.Random(self.rng.random()), self.log, weather)
        return self.lans[pair]

    def add_station(self, name: str, of: PreparedStation) -> SimulatedStation:
        """One more laptop with this station's disk, and its link to the register."""
        rng = random.Random(self.rng.random())
        disk = self.new_disk(of)
        station = SimulatedStation(name, of, disk, self.drivers, self.scheduler, rng, self.log)
        link = Link(self.scheduler, random.Random(rng.random()), self.log, Weather())
        station.connect(link, self.centre)
        self.stations.append(station)
        self.links[name] = link
        return station

    def new_disk(self, of: PreparedStation) -> Disk:
        """A disk of this world's kind with what the station was enrolled with."""
        match self.plan.disks:
            case Disks.CIPHER:
                return CipherDisk(copied_home(of, self.prepared.folder / f"world-{len(self.stations)}"), of.key)
            case Disks.TORN:
                return TornDisk(of.image, random.Random(self.rng.random()), self.log)
            case Disks.MEMORY:
                return Disk(of.image)

    def run_s(self, passes_s: float) -> None:
        """So much time passes."""
        self.scheduler.run(self.scheduler.now_us + seconds(passes_s))

    def fault_s(self, delay_s: float, action: Callable[..., None], *arguments: object) -> None:
        """`action` happens so many seconds from now, unless all is healed by then."""
        self.after_s(delay_s, self._unless_healed, action, arguments)

    def _unless_healed(self, action: Callable[..., None], arguments: tuple[object, ...]) -> None:
        if not self.is_healed:
            action(*arguments)

    def after_s(self, delay_s: float, action: Callable[..., None], *arguments: object) -> None:
        """`action` happens so many seconds from now."""
        self.scheduler.after(seconds(delay_s), action, *arguments)


@dataclass(frozen=True)
class Outcome:
    """What a run came to; `broken` is empty where every promise held."""

    seed: int
    steps: int
    hash: str
    broken: tuple[Broken, ...]
    faults: Counter[str]
    said: Counter[str]
    cycles: int
    log: tuple[str, ...]
    busy_s: float


@cache
def drivers() -> Drivers:
    """SQLAlchemy's engines, whose compiled statements all worlds of a process share."""
    return Drivers()


def make_world(seed: int, **changes: object) -> World:
    """The world of this seed as it begins; `changes` are fields of its plan that are not drawn."""
    rng = random.Random(seed)
    ready, scheduler = prepared(), Scheduler()
    log = Log(scheduler)
    plan = replace(draw_plan(rng, seed), **changes)
    drawn = random.Random(rng.random())
    disk = TornDisk(ready.image, drawn, log) if plan.disks is Disks.TORN else Disk(ready.image)
    centre = SimulatedCentre(ready, disk, drivers(), scheduler, drawn, log)
    chosen = sorted(rng.sample(range(len(ready.stations)), plan.stations))
    stations: list[SimulatedStation] = []
    links: dict[str, Link] = {}
    world = World(seed, rng, ready, scheduler, log, plan, centre, stations, links, drivers())
    for index in chosen:
        world.add_station(f"station {index + 1}", ready.stations[index])
    return world


def simulate(seed: int, mutation: Mutation = nullcontext) -> Outcome:
    """Run the world of this seed to its end; in a mutated one a rule of the product is broken."""
    prepared()  # before any rule is broken
    with drawn_from(random.Random(seed)), remembered_signatures(), mutation():
        begun = time.process_time()
        world = make_world(seed)
        world.rare = draw_rarities(seed)
        try:
            for station in world.stations:
                world.after_s(world.rng.random(), station.start)
            let_people_come(world)
            inject(world)
            befall(world)
            world.scheduler.run(seconds(world.plan.lasts_s))
            heal(world)
            broken = broken_promises(world)
        except Exception as error:  # noqa: BLE001 - whatever it is, this seed found it
            broken = [Broken("no fault inside the program", _place_of(error))]
        finally:
            end(world)
    log = world.log
    return Outcome(
        seed=seed,
        steps=world.scheduler.steps,
        hash=log.hash(),
        broken=tuple(broken),
        faults=log.faults,
        said=world.said,
        cycles=sum(station.cycles for station in world.stations),
        log=tuple(log.lines),
        busy_s=time.process_time() - begun,
    )


def _place_of(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if ".venv" not in frame.filename]
    return f"{type(error).__name__}: {error} at {Path(ours[-1].filename).name}:{ours[-1].lineno} {ours[-1].name}"


def heal(world: World) -> None:
    """No more faults; then as much time as it takes until everybody has talked, or until that takes too long."""
    world.log.note("healed")
    world.is_healed = True
    for link in (*world.links.values(), *world.lans.values()):
        link.weather = Weather()
    world.centre.disk.crash_no_more()
    world.centre.disk.empty()
    world.centre.clock.off_s = 0.0
    for station in world.stations:
        mend(station)
        station.heal()
    begun_us = world.scheduler.now_us
    while world.scheduler.now_us - begun_us < seconds(HEALED_IN_S):
        world.scheduler.run(world.scheduler.now_us + seconds(20))
        if not all(station.is_at_rest() for station in world.stations):
            continue
        _recover(world)
        if not couriers_carry(world) and not _news_waits(world):
            return


def _recover(world: World) -> None:
    """Once every book has told a restored register what it lost, two officers say that it is recovered."""
    with world.centre.database().write() as connection:
        if own_ledger.is_behind(connection):
            world.log.note("register recovered")
            recover(connection, world.centre.centre, int(world.centre.clock.now().timestamp()))


def _news_waits(world: World) -> bool:
    """Whether the register has something for a book that the book has not fetched; a revoked one asks seldom."""
    told = dict(world.centre.disk.look(_NEWEST))
    due = {device for (device,) in world.centre.disk.look(_DUE)}
    hear = [each for each in world.stations if each.last_failure in {None, Failure.BOOK_REVOKED}]
    return any(bytes(station.prepared.book.device) in due for station in hear if station.last_failure is None) or any(
        station.disk.look("SELECT feed_cursor FROM sync_state") < [(told.get(bytes(station.prepared.book.device), 0),)]
        for station in hear
    )


_DUE = "SELECT DISTINCT device FROM status_due JOIN station ON station.id = status_due.station"
_NEWEST = "SELECT device, max(number) FROM feed JOIN station ON station.id = feed.station GROUP BY device"


def end(world: World) -> None:
    """Nothing of the world is left in memory."""
    world.scheduler.forget()
    for station in world.stations:
        station.end()
    world.centre.disk.throw_away()
    for folder in world.folders:
        shutil.rmtree(folder, ignore_errors=True)
