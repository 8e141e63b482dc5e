"""The book of a home for programs beside no desktop: opened for each step, so that nobody waits long for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from pollbook.clock import Clock
from pollbook.store.book import Book, open_book
from pollbook.store.home import StationHome

T = TypeVar("T")


class HomeAccess:
    """Opens the book as its writer for one step at a time; `BOOK_IN_USE` while the desktop has it."""

    def __init__(self, home: StationHome, clock: Clock) -> None:
        self._home = home
        self._clock = clock

    def step(self, action: Callable[[Book], T]) -> T:
        """What `action` returns, done on the book while no other program writes."""
        with open_book(self._home, self._clock, writer=True) as book:
            return action(book)
