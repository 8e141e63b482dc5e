"""The people at one station's table: they mark, undo a mark, and ask for voters of other precincts, until killed.

    python -m tests.soak.table HOME OTHERS SEED

Each act is said only when it is done: `done ENTRY LINE`, `voided ENTRY LINE`, `claimed`. OTHERS holds a JSON object:
for each precinct, the PINFL and document of its voters.
"""

from __future__ import annotations

import json
import random
import sys
import time
from pathlib import Path

from pollbook.clock import SystemClock
from pollbook.failures import Failure, WorldFailed
from pollbook.store.book import Book, open_book
from pollbook.store.home import StationHome
from pollbook.types import Channel, LineId, Person, line_text
from station_app.desk import MarkShown
from station_app.moving import ClaimShown, ClaimState
from station_app.station_desk import StationDesk
from sync.alone import wake_service
from tests.soak.marker import desk_of, unmarked

MARKS_MAX = 8
REST_S = (1.5, 5.0)
"""Between two times at the book, so that the sync service gets its turn at the lock."""
VOIDS, CLAIMS = 0.06, 0.25
"""Of the times at the book."""
IN_USE_S = 0.05


def main(home: StationHome, others: dict[str, list[list[str]]], rng: random.Random) -> None:
    """Work until killed."""
    signed_in: Person | None = None
    while True:
        try:
            with open_book(home, SystemClock(), writer=True) as book:
                desk = desk_of(book) if signed_in is None else StationDesk(book, signed_in)
                signed_in = desk.signed_in
                before = book.head
                work(book, desk, others, rng)
                if book.head != before:
                    wake_service(home)
        except WorldFailed as error:
            if error.failure is not Failure.BOOK_IN_USE:
                raise
            time.sleep(IN_USE_S)
        else:
            time.sleep(rng.uniform(*REST_S))


def work(book: Book, desk: StationDesk, others: dict[str, list[list[str]]], rng: random.Random) -> None:
    """One time at the book: who came by a claim, some of the own voters, now and then a void or a new claim."""
    lines = unmarked(book)
    arrived = [claim.line for claim in desk.moving.claims() if claim.state is ClaimState.ARRIVED and claim.line]
    waiting = [line for line in arrived if (state := book.line(line)) is not None and state.mark is None]
    chosen = rng.sample(lines, min(len(lines), rng.randint(1, MARKS_MAX)))
    for line in [*waiting, *chosen]:
        marked = desk.mark(line, Channel.STATION)
        if isinstance(marked, MarkShown):
            say("done", marked.number, line)
    if rng.random() < VOIDS:
        undo(book, desk, rng)
    if rng.random() < CLAIMS:
        precinct = rng.choice([code for code in others if code != book.header.precinct])
        pinfl, document = rng.choice(others[precinct])
        if isinstance(desk.moving.claim(pinfl, document), ClaimShown):
            print("claimed", flush=True)


def undo(book: Book, desk: StationDesk, rng: random.Random) -> None:
    """Two officers void one of the newest marks."""
    kept = json.loads(book.home.training_pins.read_text("utf-8"))
    first, second = [person for person in book.people.values() if person.is_officer][:2]
    marks = [mark for mark in desk.recent_marks() if not mark.voided]
    if marks:
        mark = rng.choice(marks)
        pins = [kept[person.key]["pin"] for person in (first, second)]
        voided = desk.void(mark.line, "wrong row", first.number, pins[0], second.number, pins[1])
        if isinstance(voided, MarkShown):
            say("voided", voided.number, mark.line)


def say(what: str, number: int, line: LineId) -> None:
    """One line, out of this process at once."""
    print(what, number, line_text(line), flush=True)


if __name__ == "__main__":
    main(
        StationHome(Path(sys.argv[1])),
        json.loads(Path(sys.argv[2]).read_text("utf-8")),
        random.Random(f"{sys.argv[3]} {time.time_ns()}"),
    )
