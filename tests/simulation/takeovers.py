"""A laptop dies, and a spare goes on from its stick: real mirrors and takeovers, on files."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pollbook.store import mirror, mirror_set_up
from pollbook.store.home import StationHome
from pollbook.store.keys import machine_opens
from pollbook.store.media import folder_name
from pollbook.store.mirror import Mirror
from pollbook.store.takeover import TakenOver, look_into, take_over
from pollbook.types import Channel, LineId
from tests.making import CHEAP
from tests.pollbook.store.sticks import Drawer
from tests.simulation.cipher_disks import CipherDisk
from tests.simulation.station import SimulatedStation

if TYPE_CHECKING:
    from tests.simulation.world import World


@dataclass
class Stick:
    """A station's mirror: the stick, the code in the sealed envelope, and what follows the book."""

    station: SimulatedStation
    drawer: Drawer
    root: Path
    code: str
    following: Mirror

    @property
    def folder(self) -> Path:
        """Where on the stick this desk's mirror lies."""
        return self.root / folder_name(self.station.prepared.precinct, 1)

    def follow_anew(self) -> None:
        """The program was started again: the stick is looked at anew."""
        self.following.close()
        assert self.station.book is not None
        self.following = Mirror(self.station.book, self.drawer.surroundings())

    def copied(self, root: Path) -> Path:
        """The mirror's folder on another stick, byte for byte."""
        copy = root / self.folder.name
        shutil.copytree(self.folder, copy)
        return copy


def mirrored(world: World, station: SimulatedStation, root: Path) -> Stick:
    """The station is mirrored on a stick, which holds all of its book."""
    assert station.book is not None
    drawer = Drawer()
    drawer.plug_in(root)
    code = mirror_set_up.set_up(station.book).code
    stick = Stick(station, drawer, root, code, Mirror(station.book, drawer.surroundings()))
    station.do(lambda _book: stick.following.fill())
    world.log.note(f"{station.name} mirrored")
    return stick


def mark_and_mirror(stick: Stick, line: LineId) -> tuple[str, mirror.Outcome | None]:
    """What the operator is told: the mark, and how its mirror stands."""
    said = stick.station.mark(line, Channel.STATION)
    return said, stick.station.do(lambda _book: stick.following.write())


def die(station: SimulatedStation) -> None:
    """The laptop is broken: nothing of it starts again until somebody mends it."""
    station.killed()
    station.is_broken = True


def spare_takes_over(
    world: World, folder: Path, code: str, old: SimulatedStation, spare: int, home: Path
) -> SimulatedStation:
    """A spare goes on for the old laptop from the mirror in `folder`, by two officers' PINs."""
    shutil.copytree(world.prepared.spares[spare].path, home)
    pins = [(number, old.prepared.pins[number]) for number in old.prepared.officers[:2]]
    content = look_into(StationHome(home), folder, code)
    taken = take_over(StationHome(home), content, pins[0], pins[1], old.clock, CHEAP)
    assert isinstance(taken, TakenOver), taken
    old.is_suspect = True  # from here on two laptops may speak for this list
    prepared = replace(old.prepared, book=taken.book)
    successor = world.add_station(f"successor of {old.name}", prepared)
    successor.disk.throw_away()
    successor.disk = CipherDisk(StationHome(home), machine_opens(StationHome(home)))
    successor.is_suspect = True
    successor.start()
    return successor
