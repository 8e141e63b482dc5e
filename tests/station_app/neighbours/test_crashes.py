"""Either desk is killed between any two steps of a line's move: the line is in one place, and arrives later."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import pytest

from pollbook.line_state import Place
from pollbook.store import desks, moving
from pollbook.store.book import Book
from pollbook.types import Channel, LineId
from station_app.neighbours import StationNeighbour, credentials_of, place_of
from sync.lan.peer import Peer
from sync.lan.sockets import LOOPBACK
from tests.killing import Countdown, Killed
from tests.making import OPERATOR, Station
from tests.station_app.neighbours.precinct import make_desks, mirrored
from tests.sync.lan.test_peer import TURN_S, free_udp_port

T = TypeVar("T")
VOTERS = 12
TURNS_MAX = 400
KILLS_AT_LEAST = 6


NEVER = 10**9


class MortalDesk:
    """A desk's programs over its home: started, turned, killed, started again."""

    def __init__(self, station: Station, port: int, ports: list[int]) -> None:
        self.station = station
        self._network = replace(LOOPBACK, udp_port=port, others=tuple(("127.0.0.1", other) for other in ports))
        self.countdown = Countdown(NEVER)
        self.kills = 0
        self.start()

    def start(self) -> None:
        self.book = self.station.open()
        mirrored(self.book)  # as the desktop does when it opens
        home = self.station.home.path
        self.neighbour = StationNeighbour(self, self._make_safe, home / "neighbours")
        self.peer = Peer(
            place_of(self.book), credentials_of(self.book), self.neighbour, self.station.clock, self._network
        )
        self.peer.open()

    def turn(self) -> None:
        try:
            self.peer.turn(TURN_S / 2)
        except Killed:
            self.kill()
            self.start()

    def kill(self) -> None:
        self.kills += 1
        self.countdown.moments = NEVER
        with suppress(Killed):
            self.peer.close()
        self.book.connection.close()
        assert self.book._lock
        self.book._lock.release()

    def step(self, action: Callable[[Book], T]) -> T:
        self.countdown.pass_one()
        done = action(self.book)
        self.countdown.pass_one()
        return done

    def _make_safe(self, book: Book) -> None:
        self.countdown.pass_one()
        mirrored(book)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> list[Station]:
    return make_desks(tmp_path_factory.mktemp("crash"), 2, VOTERS)


@dataclass
class Pair:
    """Two desks on one network."""

    desks: list[MortalDesk]

    def turn(self, turns: int, is_done: Callable[[], bool], passes_s: float = 0.05) -> bool:
        for _ in range(turns):
            if is_done():
                return True
            self.desks[0].station.clock.advance(passes_s)
            for desk in self.desks:
                desk.turn()
        return is_done()

    def join(self) -> None:
        assert self.turn(TURNS_MAX, lambda: all(len(desk.peer._joined()) == 1 for desk in self.desks))

    def places(self, line: LineId) -> list[Place]:
        states = [desk.book.line(line) for desk in self.desks]
        return [state.place for state in states if state]

    def close(self) -> None:
        for desk in self.desks:
            desk.peer.close()
            desk.book.close()


@pytest.fixture
def pair(original: list[Station], tmp_path: Path) -> object:
    for station in original:
        shutil.copytree(station.home.path, tmp_path / station.home.path.name)
    stations = [
        replace(station, home=replace(station.home, path=tmp_path / station.home.path.name)) for station in original
    ]
    ports = [free_udp_port(), free_udp_port()]
    made = Pair([MortalDesk(station, port, ports) for station, port in zip(stations, ports, strict=True)])
    yield made
    made.close()


@pytest.mark.parametrize("victim", [0, 1])
def test_killed_at_any_moment_a_line_is_in_one_place_and_arrives(pair: Pair, victim: int) -> None:
    pair.join()
    for moment, voter in enumerate(pair.desks[0].station.voters, 1):
        line = voter.line
        desk = pair.desks[victim]
        desk.countdown.moments = moment
        pair.desks[1].peer.fetch(line)
        pair.turn(12, lambda: False, 0.25)
        desk.countdown.moments = NEVER
        assert pair.places(line).count(Place.HERE) <= 1
        pair.join()
        asked = [pair.desks[1].peer.fetch(line)]

        def has_arrived(line: LineId = line, asked: list[object] = asked) -> bool:
            if asked[-1].done() and pair.places(line)[1] is not Place.HERE:
                asked.append(pair.desks[1].peer.fetch(line))
            return pair.places(line) == [Place.RELEASED, Place.HERE] and not moving.ready_releases(pair.desks[0].book)

        assert pair.turn(TURNS_MAX, has_arrived), (moment, pair.places(line))
    assert pair.desks[victim].kills >= KILLS_AT_LEAST
    held = [desks.holdings(desk.book).held for desk in pair.desks]
    assert held == [0, VOTERS]
    for voter in pair.desks[0].station.voters:
        assert isinstance(pair.desks[1].book.mark(voter.line, Channel.STATION, OPERATOR), int)
