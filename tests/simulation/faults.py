"""Which faults a world has: each kind is drawn for itself, so that every mixture comes up in some seed."""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from pollbook.types import Channel
from tests.simulation.kernel import chance

if TYPE_CHECKING:
    from tests.simulation.machines import Machine
    from tests.simulation.station import SimulatedStation
    from tests.simulation.world import World

DAY_S = 86_400


DISKS_EVERY = 40
"""So many seeds have one on SQLCipher's files and one on disks that tear: 50 of each in 2,000."""


class Disks(Enum):
    """What a world's databases lie on."""

    MEMORY = "memory"
    TORN = "torn"
    CIPHER = "cipher"


@dataclass(frozen=True)
class Plan:
    """What is drawn before anything happens; shares are of segments, voters or messages, counts are of the run."""

    disks: Disks
    lasts_s: float
    stations: int
    turnout: float
    double_attempts: float
    voids: float
    papers: float
    shown_twice: float
    lan_asks: float
    claims: float
    withdrawals: float
    teams: int
    closings: float
    loss: float
    duplication: float
    reordering: float
    corruption: float
    tampering: float
    cuts: int
    crashes: int
    register_crashes: int
    register_rollbacks: int
    clock_jumps: int
    full_disks: int
    replays: int
    clones: int
    book_rollbacks: int


def draw_plan(rng: random.Random, seed: int) -> Plan:
    """A plan: half of the kinds of fault are absent from a world, the others mild or harsh."""

    def share(most: float) -> float:
        return most * rng.random() ** 2 if chance(rng, 0.5) else 0.0

    def count(most: int, odds: float = 0.5) -> int:
        return rng.randint(1, most) if chance(rng, odds) else 0

    is_long = chance(rng, 0.25)  # most days are short: as much goes wrong in them, and more of them are played
    return Plan(
        disks={0: Disks.CIPHER, DISKS_EVERY // 2: Disks.TORN}.get(seed % DISKS_EVERY, Disks.MEMORY),
        lasts_s=rng.uniform(120, 220) if is_long else rng.uniform(60, 120),
        stations=rng.choice((2, 2, 2, 2, 2, 2, 3, 3, 3, 4)),
        turnout=rng.uniform(0.1, 0.5),
        double_attempts=share(0.5),
        voids=share(0.4),
        papers=share(0.5),
        shown_twice=share(1.0),
        lan_asks=share(0.5),
        claims=share(0.5),
        withdrawals=share(0.5),
        teams=count(2, 0.3),
        closings=share(0.5),
        loss=share(0.25),
        duplication=share(0.3),
        reordering=share(0.3),
        corruption=share(0.1),
        tampering=share(0.2),
        cuts=count(4),
        crashes=count(4),
        register_crashes=count(3),
        register_rollbacks=count(1, 0.25),
        clock_jumps=count(3),
        full_disks=count(2, 0.3),
        replays=count(6, 0.3),
        clones=count(1, 0.15),
        book_rollbacks=count(1, 0.15),
    )


def inject(world: World) -> None:
    """All faults of the plan are events to come."""
    _on_links(world)
    _on_machines(world)
    _by_people(world)


def _at(world: World) -> float:
    return world.plan.lasts_s * (0.05 + 0.9 * world.rng.random())


def _on_links(world: World) -> None:
    rng, plan = world.rng, world.plan
    for name, link in world.links.items():
        weather = link.weather
        weather.loss, weather.duplication = plan.loss, plan.duplication
        weather.reordering, weather.corruption = plan.reordering, plan.corruption
        weather.delay_us = rng.choice((2_000, 20_000, 300_000))
        weather.jitter_us = weather.delay_us // 4
        weather.bytes_per_s = rng.choice((4_000, 16_000, 64_000))
        for _ in range(plan.cuts):
            world.fault_s(_at(world), _cut, world, name, rng.uniform(0.05, 90))


def _on_machines(world: World) -> None:
    rng, plan = world.rng, world.plan
    machines = (world.centre, *world.stations)
    for station in world.stations:
        station.tampering = plan.tampering
        station.clock.drift = rng.uniform(-1e-4, 1e-4)
    for _ in range(plan.crashes):
        world.fault_s(_at(world), rng.choice(world.stations).crash_within, rng.randint(1, 60))
    for _ in range(plan.register_crashes):
        world.fault_s(_at(world), world.centre.crash_within, rng.randint(1, 60))
    for _ in range(plan.register_rollbacks):
        first = _at(world)
        world.fault_s(first, world.centre.back_up)
        world.fault_s(first + rng.uniform(1, 60), world.centre.roll_back)
    for _ in range(plan.clock_jumps):
        by_s = rng.choice((-1, 1)) * DAY_S * rng.random() ** 3
        world.fault_s(_at(world), _jump, world, rng.choice(machines), by_s)
    for _ in range(plan.full_disks):
        world.fault_s(_at(world), _fill, world, rng.choice(machines), rng.uniform(5, 60))


def _by_people(world: World) -> None:
    rng, plan = world.rng, world.plan
    for _ in range(plan.clones):
        world.fault_s(_at(world), _clone, world, rng.choice(world.stations))
    for _ in range(plan.book_rollbacks):
        world.fault_s(_at(world), _photograph, world, rng.choice(world.stations), rng.uniform(5, 80))
    for _ in range(plan.replays):
        world.fault_s(_at(world), _replay, world, rng.choice(world.stations))


def _cut(world: World, name: str, lasts_s: float) -> None:
    link = world.links[name]
    world.log.fault("link cut", name)
    link.weather.is_cut = True
    world.after_s(lasts_s, _mend, world, name)


def _mend(world: World, name: str) -> None:
    world.links[name].weather.is_cut = False


def _jump(world: World, machine: Machine, by_s: float) -> None:
    world.log.fault("clock jumped", f"{machine.name} {by_s:.0f}")
    machine.clock.off_s += by_s


def _fill(world: World, machine: Machine, lasts_s: float) -> None:
    world.log.fault("disk full", machine.name)
    machine.disk.fill(0)
    world.after_s(lasts_s, machine.disk.empty)


def _replay(world: World, station: SimulatedStation) -> None:
    """Somebody who listened sends an old request once more."""
    assert station.register is not None
    if station.register.sent:
        world.log.fault("old request replayed", station.name)
        book, first, request = world.rng.choice(station.register.sent)
        world.centre.serve(book, first, request, lambda _answer: None)


def _clone(world: World, station: SimulatedStation) -> None:
    """Somebody copies the laptop's disk; the copy is used elsewhere by people who know the PINs, and marks."""
    world.log.fault("laptop cloned", station.name)
    clone = world.add_station(f"clone of {station.name}", station.prepared)
    clone.disk.restore(station.disk.image())
    station.is_suspect = clone.is_suspect = True
    clone.start()
    for line in world.rng.sample(station.prepared.lines, 3):
        world.after_s(60 * world.rng.random(), clone.mark, line, Channel.STATION)


def _photograph(world: World, station: SimulatedStation, later_s: float) -> None:
    """An image of the disk is taken, and put back later."""
    world.fault_s(later_s, station.roll_back, station.disk.image())
