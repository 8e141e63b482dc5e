"""Laptops that die in mid-day: their mirror is pulled or not, one spare goes on from it, or two from copies of it."""

from __future__ import annotations

import random
import shutil
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pollbook.failures import Refused, WorldFailed
from pollbook.store import closing, mirror_set_up
from pollbook.store.book import Book
from pollbook.store.home import StationHome
from pollbook.store.keys import machine_opens
from pollbook.store.mirror import Mirror
from pollbook.store.takeover import TakenOver, look_into, take_over
from pollbook.types import Channel, EntryNumber, LineId
from tests.making import CHEAP
from tests.pollbook.store.sticks import Drawer
from tests.simulation.cipher_disks import CipherDisk
from tests.simulation.takeovers import Stick, die

if TYPE_CHECKING:
    from tests.simulation.station import SimulatedStation
    from tests.simulation.world import World

ROWS_SEEN = 4
"""Of the unproven lines, in the paper list by two officers, each time they look."""


def plan_takeover(world: World, rng: random.Random, *, is_copied: bool) -> None:
    """One station is mirrored in the morning and dies later; who goes on, and when it is mended, is drawn."""
    station, lasts_s = rng.choice(world.stations), world.plan.lasts_s
    folder = world.prepared.folder / f"sticks-{world.seed}"
    folder.mkdir()
    world.folders.append(folder)
    dies_s = lasts_s * rng.uniform(0.4, 0.7)
    world.fault_s(lasts_s * 0.1, _mirror, world, station, folder / "stick")
    if rng.random() < 0.5:
        world.fault_s(dies_s - lasts_s * rng.uniform(0.01, 0.2), _pull, world, station)
    world.fault_s(dies_s, _die, world, station, folder, rng.uniform(5, 30), is_copied)
    world.fault_s(dies_s + lasts_s * rng.uniform(0.1, 0.5), mend, station)


def _mirror(world: World, station: SimulatedStation, root: Path) -> None:
    """From now on each entry is on a stick before it is told done."""
    drawer = Drawer()
    drawer.plug_in(root)
    made = station.do(mirror_set_up.set_up)
    if made is None or station.book is None:
        return
    station.stick = Stick(station, drawer, root, made.code, Mirror(station.book, drawer.surroundings()))
    station.write_mirror()
    world.log.note(f"{station.name} mirrored")


def _pull(world: World, station: SimulatedStation) -> None:
    if station.stick is not None:
        world.log.fault("mirror pulled", station.name)
        station.stick.drawer.pull(station.stick.root)


def _die(world: World, station: SimulatedStation, folder: Path, takes_s: float, is_copied: bool) -> None:
    stick = station.stick
    if stick is None or not stick.folder.exists():
        return
    stick.following.close()
    station.stick = None
    world.log.fault("laptop died", station.name)
    die(station)
    station.is_suspect = True  # from here on two laptops may speak for this list
    world.fault_s(takes_s, _take_over, world, station, stick.folder, stick.code, 0, folder / "one")
    if is_copied:
        copy = stick.copied(folder / "copy")
        world.fault_s(takes_s * 1.5, _take_over, world, station, copy, stick.code, 1, folder / "other")


def _take_over(world: World, old: SimulatedStation, mirrored: Path, code: str, spare: int, home: Path) -> None:
    """A spare goes on from the mirror, where its content can be taken over."""
    shutil.copytree(world.prepared.spares[spare].path, home)
    pins = [(number, old.prepared.pins[number]) for number in old.prepared.officers[:2]]
    try:
        content = look_into(StationHome(home), mirrored, code)
        taken = take_over(StationHome(home), content, pins[0], pins[1], old.clock, CHEAP)
    except WorldFailed as error:
        taken = Refused(error.failure)
    if not isinstance(taken, TakenOver):
        world.say(f"takeover: {taken.failure.key}", old.name)
        return
    world.log.fault("mirror copied to two spares" if spare else "laptop taken over", old.name)
    successor = world.add_station(f"successor {spare + 1} of {old.name}", replace(old.prepared, book=taken.book))
    successor.disk.throw_away()
    successor.disk = CipherDisk(StationHome(home), machine_opens(StationHome(home)))
    successor.is_suspect = True
    successor.start()
    world.successors.setdefault(old.name, successor)
    world.after_s(10, _see_rows, world, successor)


def _see_rows(world: World, successor: SimulatedStation) -> None:
    """Two officers look at rows of the paper list, and what they saw unsigned is marked."""
    if world.is_healed:
        return
    rows = successor.disk.look("SELECT line FROM voter WHERE line NOT IN (SELECT line FROM line_state WHERE mark > 0)")
    for (line,) in world.rng.sample(rows, min(ROWS_SEEN, len(rows))):
        done = successor.do(partial(_see, successor, LineId(line)))
        if isinstance(done, int):
            if successor.book is not None and successor.book.head.number == done:
                successor.acknowledged(EntryNumber(done))
            world.say("row seen", successor.name)
            world.say(f"mark after a takeover: {successor.mark(LineId(line), Channel.STATION)}", successor.name)
        elif done is not None:
            world.say(f"row not to be seen: {done}", successor.name)
    world.after_s(15, _see_rows, world, successor)


def _see(successor: SimulatedStation, line: LineId, book: Book) -> object:
    signers = successor._signers(book)
    return None if signers is None else closing.see_row(book, line, *signers, successor.prepared.operators[0])


def mend(station: SimulatedStation) -> None:
    """The dead laptop runs again."""
    if station.is_broken:
        station.is_broken = False
        station.start()
