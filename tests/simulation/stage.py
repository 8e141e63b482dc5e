"""A stage for one interleaving: a small world on a bad link in which a test says who does what, and when."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

from tests.simulation.faults import Disks
from tests.simulation.guarantees import broken_promises
from tests.simulation.moves import run_courier
from tests.simulation.people import TODAY
from tests.simulation.prepared import prepared
from tests.simulation.randomness import drawn_from, remembered_signatures
from tests.simulation.world import World, end, heal, make_world

SEEDS = range(4)
"""Each interleaving is played on so many kinds of weather."""


@contextmanager
def staged(seed: int, stations: int = 3) -> Iterator[World]:
    """A world whose stations are open and have synced; at the end all is healed and every promise must hold."""
    prepared()
    with drawn_from(random.Random(seed)), remembered_signatures():
        world = make_world(seed, stations=stations, disks=Disks.MEMORY)
        try:
            for station in world.stations:
                station.start()
                station.open_day(TODAY)
                run_courier(world, station)
            world.run_s(60)
            for link in world.links.values():
                link.weather.loss, link.weather.duplication, link.weather.reordering = 0.1 * seed, 0.1 * seed, 0.2
            yield world
            heal(world)
            broken = broken_promises(world)
            assert not broken, "\n".join([*map(str, broken), *world.log.lines])
        finally:
            end(world)
