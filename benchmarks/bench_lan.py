"""A line from desk to desk, against a bare TCP round trip and two fsynced inserts in the same run.

Two real encrypted books of 3,000 lines, each with a mirror in a folder of the same disk, two peers on threads of their
own over loopback. A move is counted from the question to the answer: the release is durable and mirrored, the
acceptance is durable and mirrored. The reference commits two rows in plain SQLite twice and sends a byte there and
back, after each move, so that both meet the same noise. A desk answers 50 questions a second (`QUESTIONS_PER_S`), far
more than people ask, so moves do not follow each other faster.
"""

from __future__ import annotations

import socket
import sqlite3
import tempfile
import time
from pathlib import Path
from queue import SimpleQueue
from threading import Event, Thread

from benchmarks.measuring import figure, percentile, runs
from pollbook.clock import SystemClock
from pollbook.store.book import open_book
from pollbook.store.mirror import Mirror
from pollbook.store.mirror_set_up import name_place, set_up
from station_app.neighbours import StationNeighbour, credentials_of, place_of
from sync.lan.asking import Fetched
from sync.lan.conversation import QUESTIONS_PER_S
from sync.lan.peer import Peer
from sync.lan.sockets import LOOPBACK, Network
from tests.making import Station
from tests.station_app.neighbours.precinct import OpenBook, make_desks

LINES = 3000
MOVES = 300
WITHIN_S = 20.0
APART_S = 1.25 / QUESTIONS_PER_S


def run_desk(station: Station, network: Network, made: SimpleQueue[Peer], stop: Event) -> None:
    """A desk's life on its own thread, as the desktop's book thread and its peer are."""
    stick = station.home.path.with_suffix(".stick")
    stick.mkdir()
    with open_book(station.home, SystemClock(), writer=True) as book:
        set_up(book)
        name_place(book, stick)
        mirror = Mirror(book)
        mirror.fill()
        neighbour = StationNeighbour(OpenBook(book), lambda _book: mirror.write(), station.home.path / "neighbours")
        peer = Peer(place_of(book), credentials_of(book), neighbour, book.clock, network)
        made.put(peer)
        peer.run(stop)
        mirror.close()


def free_ports() -> tuple[int, int]:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as two,
    ):
        one.bind(("127.0.0.1", 0))
        two.bind(("127.0.0.1", 0))
        return one.getsockname()[1], two.getsockname()[1]


def echo(server: socket.socket) -> None:
    connection, _ = server.accept()
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with connection:
        while said := connection.recv(64):
            connection.sendall(said)


def reference(plain: sqlite3.Connection, connection: socket.socket, number: int) -> float:
    began = time.perf_counter()
    connection.sendall(b"?")
    for half in (0, 1):
        plain.execute("BEGIN IMMEDIATE")
        plain.execute("INSERT INTO entry VALUES (?, ?, ?)", (2 * number + half, bytes(200), bytes(32)))
        plain.execute("INSERT INTO line_state VALUES (?, ?)", (2 * number + half, 1))
        plain.execute("COMMIT")
    connection.recv(64)
    return time.perf_counter() - began


def measure() -> tuple[float, ...]:
    with tempfile.TemporaryDirectory(dir=Path.cwd() / "build") as folder:
        stations = make_desks(Path(folder), 2, LINES)
        ports = free_ports()
        everywhere = tuple(("127.0.0.1", port) for port in ports)
        stop, peers = Event(), []
        threads = []
        for station, port in zip(stations, ports, strict=True):
            made: SimpleQueue[Peer] = SimpleQueue()
            network = Network(LOOPBACK.address, 0, port, multicast=False, others=everywhere)
            threads.append(Thread(target=run_desk, args=(station, network, made, stop)))
            threads[-1].start()
            peers.append(made.get(timeout=60))
        plain = sqlite3.connect(Path(folder) / "plain.db", isolation_level=None)
        plain.execute("PRAGMA journal_mode = WAL")
        plain.execute("PRAGMA synchronous = FULL")
        plain.execute("CREATE TABLE entry (number INTEGER PRIMARY KEY, bytes BLOB NOT NULL, hash BLOB NOT NULL)")
        plain.execute("CREATE TABLE line_state (line INTEGER PRIMARY KEY, mark INTEGER)")
        server = socket.create_server(("127.0.0.1", 0))
        Thread(target=echo, args=(server,), daemon=True).start()
        connection = socket.create_connection(server.getsockname())
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        ours, bare, worked_s, due_s = [], [], 0.0, 0.0
        try:
            while not any(neighbour.is_joined for neighbour in peers[1].neighbours):
                time.sleep(0.05)
            for number, voter in enumerate(stations[0].voters[:MOVES]):
                time.sleep(max(0.0, due_s - time.perf_counter()))
                began, worked_before_s = time.perf_counter(), time.process_time()
                due_s = began + APART_S
                outcome = peers[1].fetch(voter.line).result(WITHIN_S)
                ours.append(time.perf_counter() - began)
                worked_s += time.process_time() - worked_before_s
                assert isinstance(outcome, Fetched), outcome
                bare.append(reference(plain, connection, number))
        finally:
            stop.set()
            for peer in peers:
                peer.wake()
            for thread in threads:
                thread.join(WITHIN_S)
            connection.close()
            server.close()
            plain.close()
    values = (percentile(ours, 0.5), percentile(bare, 0.5), percentile(ours, 0.99), percentile(bare, 0.99))
    return (*values, values[0] / values[1], worked_s / len(ours))


if __name__ == "__main__":
    Path("build").mkdir(exist_ok=True)
    ours50, bare50, ours99, bare99, ratio, worked_s = runs(measure, 3)
    detail = (
        f"p50 {ours50 * 1e3:.2f} against {bare50 * 1e3:.2f} ms, p99 {ours99 * 1e3:.2f} against {bare99 * 1e3:.2f} ms; "
        f"processor time of both desks {worked_s * 1e3:.2f} ms a line"
    )
    figure("a line from desk to desk, median", ours50 * 1e3, "ms", "≤ 50", ours50 <= 0.05, detail)
    figure("a line from desk to desk, p99", ours99 * 1e3, "ms", "≤ 50", ours99 <= 0.05)
    figure("the same, median / TCP round trip and two fsynced inserts", ratio, "times", "reported", True)
