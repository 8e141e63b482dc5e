from __future__ import annotations

from filelock import FileLock

from pollbook.store import engine, figures
from pollbook.store.book import Book
from pollbook.store.keys import machine_opens
from pollbook.types import Channel
from tests.making import OPERATOR, Station


def test_a_book_works_on_an_open_connection_without_the_lock_of_the_home(station: Station) -> None:
    connection = engine.connect(station.home, machine_opens(station.home), writer=True)
    with (
        FileLock(station.home.lock),
        Book(station.home, b"", station.clock, writer=True, connection=connection) as book,
    ):
        assert book.mark(station.voters[0].line, Channel.STATION, OPERATOR) == book.head.number
    assert connection.closed
    with station.open(writer=False) as book:
        assert figures.counts(book).marked == 1
