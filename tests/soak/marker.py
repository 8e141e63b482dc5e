"""An operator who marks voter after voter, and says each mark only when it is done. Killed at any moment by `kills`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from pollbook.clock import SystemClock
from pollbook.failures import Failure, WorldFailed
from pollbook.store.book import Book, open_book
from pollbook.store.home import StationHome
from pollbook.types import Channel, EntryNumber, LineId, line_text
from station_app.desk import MarkShown
from station_app.station_desk import StationDesk

BURST = 12
"""Marks between two closings of the book, so that the sync process gets its turn at the lock."""


def desk_of(book: Book) -> StationDesk:
    """The desk with the day opened and the operator signed in, by the training PINs."""
    desk = StationDesk(book)
    kept = json.loads(book.home.training_pins.read_text("utf-8"))
    pins = {key: person["pin"] for key, person in kept.items()}
    officers = [person for person in book.people.values() if person.is_officer][:2]
    if not desk.is_day_open():
        first, second = officers
        desk.open_day(first.number, pins[first.key], second.number, pins[second.key])
    desk.sign_in(officers[0].number, pins[officers[0].key])
    return desk


def unmarked(book: Book) -> list[LineId]:
    """Lines to which nothing has happened yet."""
    rows = book.connection.exec_driver_sql("SELECT line FROM voter WHERE line NOT IN (SELECT line FROM line_state)")
    return [LineId(row.line) for row in rows]


def main(home: StationHome) -> None:
    """Mark until nobody is left; `done ENTRY LINE` is printed when the mark is on the disk."""
    while True:
        try:
            with open_book(home, SystemClock(), writer=True) as book:
                desk, lines = desk_of(book), unmarked(book)
                if not lines:
                    return
                for line in lines[:BURST]:
                    marked = desk.mark(line, Channel.STATION)
                    if isinstance(marked, MarkShown):
                        say(marked.number, line)
        except WorldFailed as error:
            if error.failure is not Failure.BOOK_IN_USE:
                raise


def say(number: EntryNumber, line: LineId) -> None:
    """One line, out of this process at once."""
    sys.stdout.write(f"done {number} {line_text(line)}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(StationHome(Path(sys.argv[1])))
