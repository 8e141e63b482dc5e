"""The network: messages cut into small segments, each of which may be late, lost, doubled, reordered or damaged.

A segment is so small that the shortest request is cut in several: a link that breaks breaks in mid-message. Over the
segments runs what TCP does: a window, an acknowledgement a segment, sending again, a checksum that drops what was
damaged, and a connection that breaks after a silence. What reaches the other side is a whole message or nothing, as
from a TLS record layer; a proxy that tampers with whole messages comes on top, since what it lets through must be
refused by signatures.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from tests.simulation.kernel import Log, Scheduler, seconds

SEGMENT_BYTES = 20
WINDOW = 12
HANDSHAKE_UP_BYTES, HANDSHAKE_DOWN_BYTES = 330, 900
"""TCP's and TLS 1.3's flights, with two small certificates."""
RESEND_US = seconds(3)
SILENCE_US = seconds(15)
"""A connection that moved nothing for so long is broken (`sync.pace.Patience.silence_s`)."""
KEPT_OPEN_US = seconds(60)


@dataclass
class Weather:
    """How a link is now. Shares are of segments."""

    delay_us: int = 20_000
    jitter_us: int = 5_000
    bytes_per_s: int = 16_000
    loss: float = 0.0
    duplication: float = 0.0
    reordering: float = 0.0
    corruption: float = 0.0
    is_cut: bool = False


class Link:
    """One link between two machines; each segment's fate is drawn when it leaves."""

    def __init__(self, scheduler: Scheduler, rng: random.Random, log: Log, weather: Weather) -> None:
        self.scheduler, self.rng, self.log, self.weather = scheduler, rng, log, weather
        self._free_us = [0, 0]

    def send(self, way: int, arrive: Callable[..., None], stream: Stream, index: int) -> None:
        """A segment waits for its turn on this way (0 there, 1 back), leaves, and may arrive."""
        scheduler, weather = self.scheduler, self.weather
        starts_us = max(self._free_us[way], scheduler.now_us)
        self._free_us[way] = starts_us + SEGMENT_BYTES * 1_000_000 // weather.bytes_per_s
        scheduler.after(self._free_us[way] - scheduler.now_us, self._leave, arrive, stream, index)

    def acknowledge(self, arrive: Callable[..., None], stream: Stream, index: int) -> None:
        """A few bytes go back, which no queue delays."""
        self._leave(arrive, stream, index)

    def _leave(self, arrive: Callable[..., None], stream: Stream, index: int) -> None:
        weather, draw, faults = self.weather, self.rng.random, self.log.faults
        if weather.is_cut:
            faults["segment cut off"] += 1
            return
        if weather.loss and draw() < weather.loss:
            faults["segment lost"] += 1
            return
        if weather.corruption and draw() < weather.corruption:
            faults["segment corrupted"] += 1  # its checksum does not hold: dropped where it arrives
            return
        delay_us = weather.delay_us + int(weather.jitter_us * draw())
        if weather.reordering and draw() < weather.reordering:
            faults["segment reordered"] += 1
            delay_us += weather.delay_us
        self.scheduler.after(delay_us, arrive, stream, index)
        if weather.duplication and draw() < weather.duplication:
            faults["segment duplicated"] += 1
            self.scheduler.after(delay_us + int(weather.delay_us * draw()), arrive, stream, index)


class Stream:
    """One message on its way over a link; `arrived` is called once with it whole, or `broken` once where it isn't."""

    def __init__(
        self, link: Link, way: int, size: int, arrived: Callable[[], None], broken: Callable[[], None]
    ) -> None:
        self._link, self._way = link, way
        self._count = max(1, -(-size // SEGMENT_BYTES))
        self._arrived, self._broken = arrived, broken
        self._next = 0
        self._under_way: dict[int, int] = {}
        self._received: set[int] = set()
        self._moved_us = link.scheduler.now_us
        self._is_over = False
        self._pump()
        link.scheduler.after(RESEND_US, self._look)

    def stop(self) -> None:
        """One end is gone: nothing is told any more."""
        self._is_over = True

    def _pump(self) -> None:
        now_us = self._link.scheduler.now_us
        while self._next < self._count and len(self._under_way) < WINDOW:
            self._under_way[self._next] = now_us
            self._link.send(self._way, _arrive, self, self._next)
            self._next += 1

    def receive(self, index: int) -> None:
        """A segment is here; it is acknowledged also where it came before."""
        if self._is_over:
            return
        self._link.acknowledge(_acknowledged, self, index)
        if index not in self._received:
            self._received.add(index)
            if len(self._received) == self._count:
                self._is_over = True
                self._arrived()

    def acknowledged(self, index: int) -> None:
        """The sender knows that this segment is there."""
        if self._under_way.pop(index, None) is not None:
            self._moved_us = self._link.scheduler.now_us
            if not self._is_over:
                self._pump()

    def _look(self) -> None:
        if self._is_over:
            return
        now_us = self._link.scheduler.now_us
        if now_us - self._moved_us >= SILENCE_US:
            self._is_over = True
            self._broken()
            return
        for index, sent_us in self._under_way.items():
            if now_us - sent_us >= RESEND_US:
                self._under_way[index] = now_us
                self._link.send(self._way, _arrive, self, index)
        self._link.scheduler.after(RESEND_US, self._look)


def _arrive(stream: Stream, index: int) -> None:
    stream.receive(index)


def _acknowledged(stream: Stream, index: int) -> None:
    stream.acknowledged(index)


@dataclass
class Call:
    """One request of a client and its answer; `done` is called once, with the answer or None where the link broke."""

    link: Link
    request: bytes
    serve: Callable[[bytes, Callable[[bytes], None]], None]
    done: Callable[[bytes | None], None]
    cold: bool
    stream: Stream | None = None
    is_over: bool = False

    def begin(self) -> None:
        """The request goes out, over a new connection where none is open."""
        if self.cold:
            self.stream = Stream(self.link, 0, HANDSHAKE_UP_BYTES, self._greet, self._break)
        else:
            self._ask()

    def abandon(self) -> None:
        """The client is gone; what is under way may still arrive at the server."""
        self.is_over = True

    def _greet(self) -> None:
        self.stream = Stream(self.link, 1, HANDSHAKE_DOWN_BYTES, self._ask, self._break)

    def _ask(self) -> None:
        if not self.is_over:
            self.stream = Stream(self.link, 0, len(self.request), self._serve, self._break)

    def _serve(self) -> None:
        self.serve(self.request, self._answer)
        self.link.scheduler.after(SILENCE_US, self._wait, self.stream)

    def _wait(self, asked: Stream) -> None:
        if self.stream is asked:  # the server said nothing: it crashed
            self._break()

    def _answer(self, answer: bytes) -> None:
        if not self.is_over:
            self.stream = Stream(self.link, 1, len(answer), lambda: self._end(answer), self._break)

    def _break(self) -> None:
        self._end(None)

    def _end(self, answer: bytes | None) -> None:
        if not self.is_over:
            self.is_over = True
            self.done(answer)
