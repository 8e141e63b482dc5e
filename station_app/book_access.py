"""The book of the desktop, opened on its own thread, and the way to it from others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import TypeVar

from pollbook.clock import Clock
from pollbook.failures import Failure, WorldFailed
from pollbook.store.book import Book, open_book
from pollbook.store.home import StationHome
from pollbook.store.mirror import Mirror
from pollbook.store.whereabouts import close_open_cards
from pollbook.types import LineId
from station_app.background import BookThread
from station_app.desk import Desk
from station_app.station_desk import StationDesk

T = TypeVar("T")


class Opener:
    """Opens the home's book on the book's thread, and is sync's way to it (`sync.cycle.BookAccess`)."""

    def __init__(self, home: StationHome, clock: Clock) -> None:
        self._home = home
        self._clock = clock
        self._book: Book | None = None
        self._mirror: Mirror | None = None
        self._desk: StationDesk | None = None

    @contextmanager
    def open(self) -> Iterator[Desk]:
        """The desk over the book, for as long as the block lasts."""
        with open_book(self._home, self._clock, writer=True) as book, closing(Mirror(book)) as mirror:
            self._book, self._mirror = book, mirror
            close_open_cards(book)  # which a program left open that ended without a word
            mirror.write()  # what it lacks, and whether it knows more than this book does, before the first mark
            self._desk = StationDesk(book, mirror=mirror)
            yield self._desk

    def on(self, thread: BookThread) -> ThreadAccess:
        """Access from other threads."""
        return ThreadAccess(thread, self)

    @property
    def book(self) -> Book:
        """The open book, on its thread."""
        if self._book is None:
            raise WorldFailed(Failure.NOT_ENROLLED)
        return self._book

    def write_mirror(self, _book: Book) -> None:
        """The newest entry is on the mirror, where one takes it; on the book's thread."""
        if self._mirror is not None:
            self._mirror.write()

    def open_line(self) -> LineId | None:
        """The line that is open at the table; on the book's thread."""
        return None if self._desk is None else self._desk.open_line


class ThreadAccess:
    """Runs a step of sync between two questions of the window."""

    def __init__(self, thread: BookThread, opener: Opener) -> None:
        self._thread = thread
        self._opener = opener

    def step(self, action: Callable[[Book], T]) -> T:
        """What `action` returns, done on the book's thread."""
        return self._thread.call(lambda _desk: action(self._opener.book))
