"""`uchastka book neighbours | fetch | divide`: the other desks of the station, for scripts and rehearsals.

While the desktop is open it is the neighbour, and these commands are refused as every writer is. Each of them is a
neighbour as long as it runs: it answers the others, gives and takes lines.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from pollbook.clock import SystemClock
from pollbook.commanding import Answer, CommandParser, Console, refused
from pollbook.failures import Failure, Refused
from pollbook.store import desks, moving
from pollbook.store.book import Book, open_book
from pollbook.store.home import StationHome
from pollbook.store.mirror import Mirror
from pollbook.types import line_text
from station_app.commands.book import refuse
from station_app.dividing import divide
from station_app.neighbours import StationNeighbour, credentials_of, place_of
from station_app.network import read_network
from sync.lan.asking import Fetched
from sync.lan.peer import Peer

WAIT_S = 10.0
TURN_S = 0.1
T = TypeVar("T")


def add_commands(group: CommandParser) -> None:
    """The book's group of commands knows those for the other desks."""
    parts = (
        ("neighbours", "be among the station's desks, and tell who is there", _neighbours),
        ("fetch", "take a line from the desk that holds it", _fetch),
        ("divide", "divide the list between the desks by whole pages", _divide),
    )
    for name, words, act in parts:
        command = group.command(name, words, partial(_among, act))
        command.add_argument("--wait", type=float, default=WAIT_S, metavar="S", help=f"seconds to wait ({WAIT_S:g})")
        if name == "fetch":
            command.add_argument("line", metavar="LINE", help="the line's id, or the voter's PINFL")
        if name == "divide":
            command.add_argument("--desks", type=int, required=True, metavar="N", help="how many, this one included")


@dataclass
class _Among:
    """An open book among its neighbours; `step` makes it its own `BookAccess`."""

    book: Book
    neighbour: StationNeighbour
    peer: Peer

    def turn_until(self, is_done: Callable[[], bool], wait_s: float) -> bool:
        """Be a neighbour until it is done, or so long."""
        ends_at_s = self.book.clock.monotonic_s() + wait_s
        while not is_done():
            if self.book.clock.monotonic_s() >= ends_at_s:
                return False
            self.peer.turn(TURN_S)
        return True


class _OpenBook:
    def __init__(self, book: Book) -> None:
        self._book = book

    def step(self, action: Callable[[Book], T]) -> T:
        return action(self._book)


@contextmanager
def _neighbourly(home: StationHome) -> Iterator[_Among]:
    network = read_network(home)
    with open_book(home, SystemClock(), writer=True) as book:
        mirror = Mirror(book)
        neighbour = StationNeighbour(_OpenBook(book), lambda _book: mirror.write(), home.neighbours)
        peer = Peer(place_of(book), credentials_of(book), neighbour, book.clock, network)
        try:
            peer.open()
            yield _Among(book, neighbour, peer)
        finally:
            peer.close()
            mirror.close()


def _among(
    act: Callable[[_Among, argparse.Namespace, Console], Answer], arguments: argparse.Namespace, console: Console
) -> Answer:
    with _neighbourly(StationHome(arguments.home)) as among:
        return act(among, arguments, console)


def _neighbours(among: _Among, arguments: argparse.Namespace, _console: Console) -> Answer:
    among.turn_until(lambda: False, arguments.wait)
    held = desks.holdings(among.book)
    there = [{"desk": each.desk, "book": str(each.book), "joined": each.is_joined} for each in among.peer.neighbours]
    ignored = {reason.value: count for reason, count in among.peer.ignored.items()}
    return Answer({"neighbours": there, "held": held.held, "unmarked": held.unmarked, "ignored": ignored})


def _fetch(among: _Among, arguments: argparse.Namespace, console: Console) -> Answer:
    line = among.book.line_named(arguments.line)
    if isinstance(line, Failure):
        return refuse(console, line)
    if (unsafe := among.neighbour.may_receive()) is not None:
        return refuse(console, unsafe, line=line_text(line))
    expected = set(among.neighbour.holders(line))
    among.turn_until(
        lambda: bool(joined := _joined(among)) and (not expected or bool(expected & joined)), arguments.wait
    )
    answer = among.peer.fetch(line)
    among.turn_until(answer.done, arguments.wait)
    outcome = answer.result(0)
    if isinstance(outcome, Fetched):
        return Answer({"outcome": "fetched", "entry": outcome.entry, "desk": outcome.desk, "line": line_text(line)})
    return refuse(console, outcome.refused, line=line_text(line), desk=outcome.desk)


def _divide(among: _Among, arguments: argparse.Namespace, console: Console) -> Answer:
    own = among.book.header.desk
    if not among.turn_until(lambda: len(_joined(among)) >= arguments.desks - 1, arguments.wait):
        console.tell_failure(Failure.NEIGHBOUR_AWAY, {})
        return refused(Failure.NEIGHBOUR_AWAY, {}, joined=sorted(_joined(among)))
    others = {each.desk: each.book for each in among.peer.neighbours if each.is_joined}
    shares = divide(_OpenBook(among.book), among.neighbour, own, others)
    among.peer.wake()
    arrived = among.turn_until(
        lambda: not any(among.neighbour.waiting(book) for book in others.values()), arguments.wait
    )
    data = {
        "desks": [
            {"desk": share.desk, "first_page": share.first_page, "last_page": share.last_page, "given": share.given}
            for share in shares
        ],
        "arrived": arrived,
        "unsent": len(moving.ready_releases(among.book)),
    }
    failures = [share.failure for share in shares if share.failure]
    return refuse(console, Refused(failures[0]), **data) if failures else Answer(data)


def _joined(among: _Among) -> set[int]:
    return {each.desk for each in among.peer.neighbours if each.is_joined}
