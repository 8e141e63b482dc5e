"""How this desk stands, and what it asks of a neighbour or gives to one so that nobody runs out of lines.

The decisions are `sharing`'s; here is what they are taken from: the book's own count, and what moved of late.
"""

from __future__ import annotations

from collections.abc import Iterable

from pollbook.clock import Clock
from sync.lan import sharing
from sync.lan.messages import State
from sync.lan.neighbourly import Neighbourly
from sync.lan.sharing import Load, Moved, Request

COUNTED_EVERY_S = 1.0


class EveningOut:
    """What one desk has and what it moved. Belongs to the peer's thread."""

    def __init__(self, desk: int, book: Neighbourly, clock: Clock) -> None:
        self._desk, self._book, self._clock = desk, book, clock
        self._moved: list[Moved] = []
        self._counted: tuple[float, State] | None = None

    def state(self) -> State:
        """How this desk stands, counted at most once a second."""
        now_s = self._clock.monotonic_s()
        if self._counted is None or now_s - self._counted[0] >= COUNTED_EVERY_S:
            self._counted = now_s, self._book.state()
        return self._counted[1]

    def request(self, others: Iterable[tuple[int, State | None]]) -> Request | None:
        """What is to be asked of which other desk, or None; `others` are joined, with their state where it is known."""
        own = self.state()
        loads = {self._desk: Load(own.unmarked, own.queue)}
        for desk, state in others:
            if state is not None:
                loads[desk] = Load(state.unmarked, state.queue)
        return sharing.request_for(self._desk, loads, self._moved, self._clock.monotonic_s())

    def may_share(self, asking: int) -> bool:
        """Whether the desk `asking` gets lines now; where it does, that is remembered."""
        if not sharing.may_give(self._desk, asking, self._moved, self._clock.monotonic_s()):
            return False
        self._note(giver=self._desk, taker=asking)
        return True

    def note_received(self, giver: int) -> None:
        """Lines came from this desk."""
        self._note(giver=giver, taker=self._desk)

    def _note(self, *, giver: int, taker: int) -> None:
        now_s = self._clock.monotonic_s()
        recent = [each for each in self._moved if each.at_s > now_s - sharing.TURN_S]
        self._moved = [*recent, Moved(giver, taker, now_s)]
