"""Real desks of one precinct for tests: encrypted books under one authority, the first of which holds the lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from queue import SimpleQueue
from threading import Event, Thread
from typing import TypeVar

from pollbook.clock import SystemClock
from pollbook.failures import Refused
from pollbook.signing import REGISTER_SUBJECT, SigningKey
from pollbook.slice import Expected, read_slice
from pollbook.store.book import Book, open_book
from pollbook.store.creation import create_book
from pollbook.store.home import StationHome
from pollbook.store.link import Link
from pollbook.store.sign_in import two_signers
from pollbook.voters import Voter
from station_app.neighbours import StationNeighbour, credentials_of, place_of
from sync.lan.peer import Peer
from sync.lan.sockets import LOOPBACK, Network
from tests.making import CHAIR, CHEAP, DEPUTY, PINS, START, Authority, FakeClock, Station, make_slice, make_voters
from tests.sync.lan.test_peer import free_udp_port

T = TypeVar("T")


def make_desks(folder: Path, count: int, lines: int = 80) -> list[Station]:
    """So many desks of one precinct, their day opened; the first one holds every line, all know every voter."""
    authority, clock, voters = Authority(), FakeClock(), make_voters(lines)
    return [make_desk(folder / f"desk{number}", authority, clock, voters, number) for number in range(1, count + 1)]


def make_desk(
    folder: Path, authority: Authority, clock: FakeClock, voters: tuple[Voter, ...], desk: int, **changes: object
) -> Station:
    """One desk, its day opened; it holds the lines if it is the first."""
    device_key = SigningKey.generate()
    header, slice_bytes = make_slice(authority, device_key, voters, desk=desk, holds=desk == 1, **changes)
    link = Link(
        "https://127.0.0.1:1",
        authority.pem,
        authority.certify(REGISTER_SUBJECT, authority.register_key.public),
        authority.certify(header.book.device.hex(), device_key.public),
        device_key,
    )
    issued = read_slice(slice_bytes, authority.register_key.public, Expected(header.election.id, header.book))
    home = StationHome(folder)
    create_book(home, link, slice_bytes, issued, PINS, clock, CHEAP)
    station = Station(home, voters, device_key, authority, clock, slice_bytes)
    with station.open() as book:
        signers = two_signers(book, (CHAIR, PINS[CHAIR]), (DEPUTY, PINS[DEPUTY]))
        assert not isinstance(signers, Refused)
        book.open_the_day(START.date(), *signers)
    return station


class OpenBook:
    """`BookAccess` over a book that the test has open; `crashes_at` ends it as a kill would, before or after a step."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.steps = 0

    def step(self, action: Callable[[Book], T]) -> T:
        self.steps += 1
        return action(self.book)


def mirrored(book: Book) -> None:
    """A stick that takes everything at once."""
    book.note_mirrored(book.head.number)


@dataclass
class OpenDesk:
    """A desk that is running: its open book, what it does for others, its peer."""

    station: Station
    book: Book
    neighbour: StationNeighbour
    peer: Peer
    make_safe: Callable[[Book], object]


@contextmanager
def running(stations: list[Station], make_safe: Callable[[Book], object] = mirrored) -> Iterator[list[OpenDesk]]:
    """All these desks with open books and peers, turned by the test."""
    ports = [free_udp_port() for _ in stations]
    everywhere = tuple(("127.0.0.1", port) for port in ports)
    with ExitStack() as stack:
        desks: list[OpenDesk] = []
        for station, port in zip(stations, ports, strict=True):
            book = stack.enter_context(station.open())
            neighbour = StationNeighbour(OpenBook(book), make_safe, station.home.path / "neighbours")
            network = replace(LOOPBACK, udp_port=port, others=everywhere)
            peer = Peer(place_of(book), credentials_of(book), neighbour, station.clock, network)
            peer.open()
            stack.callback(peer.close)
            desks.append(OpenDesk(station, book, neighbour, peer, make_safe))
        yield desks


@contextmanager
def desk_on_its_own_thread(station: Station, network: Network) -> Iterator[Peer]:
    """A whole desk beside the test, on a thread that owns its book; its entries are safe at once."""
    made: SimpleQueue[Peer] = SimpleQueue()
    stop = Event()

    def live() -> None:
        with open_book(station.home, SystemClock(), writer=True) as book:
            neighbour = StationNeighbour(OpenBook(book), mirrored, station.home.neighbours)
            peer = Peer(place_of(book), credentials_of(book), neighbour, book.clock, network)
            made.put(peer)
            peer.run(stop)

    thread = Thread(target=live)
    thread.start()
    peer = made.get(timeout=30)
    try:
        yield peer
    finally:
        stop.set()
        peer.wake()
        thread.join(30)
