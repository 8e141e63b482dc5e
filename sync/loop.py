"""The engine that runs beside the desktop: cycle after cycle until stopped, woken by each new mark, never busy.

While cycles succeed a new mark starts the next one, after a moment in which further marks may gather. While they fail
only the back-off decides: marks that come in every few seconds must not make eleven thousand stations knock at once.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from threading import Event
from typing import Protocol

from pollbook.clock import Clock
from pollbook.failures import Failure, InputInvalid, UchastkaError
from pollbook.store.book import Book
from pollbook.store.home import StationHome
from pollbook.store.parcels import bytes_in_hour
from sync.backoff import COME_BACK_MIN_S, Backoff
from sync.budget import (
    BYTES_PER_HOUR_MIN,
    ROUND_TRIP_BYTES,
    UNLIMITED,
    Budget,
    Priority,
    hour_of,
    read_link_settings,
)
from sync.cycle import BookAccess, CycleReport, Register, run_cycle
from sync.pace import Rhythm, interval_s
from sync.parcels import ParcelRegister, ParcelReport, count_traffic, send_parcels

GATHER_S = 1.0
"""From the mark that woke the engine to its cycle."""

_RANDOM = random.SystemRandom()

logger = logging.getLogger(__name__)


class LinkClient(ParcelRegister, Protocol):
    """A client that also knows how fast its link is."""

    def round_trip_s(self) -> float | None:
        """What a round trip takes, None where nothing was measured yet."""


@dataclass(frozen=True, slots=True)
class Tried:
    """How one try ended; `report` is None where the book itself could not be used."""

    report: CycleReport | None
    failure: Failure | None
    wait_s: float
    next_try_at: datetime
    parcels: ParcelReport | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """The link as the engine deals with it: its budget, what a round trip takes, and whether parcels go over it.

    `parcels` is None where only the ledger is sent.
    """

    budget: Budget = UNLIMITED
    round_trip_s: Callable[[], float | None] = lambda: None
    parcels: ParcelRegister | None = None

    @classmethod
    def to(cls, client: LinkClient, budget: Budget) -> Line:
        """The whole line to a register: measured, budgeted, with parcels."""
        return cls(budget, client.round_trip_s, client)


def budget_of(home: StationHome) -> Budget:
    """The budget of `link.toml`; without the file, none.

    A file that can't be read must not stop the ledger, nor cost money: then only marks and custody go.
    """
    try:
        return read_link_settings(home.link_settings.read_bytes())
    except FileNotFoundError:
        return UNLIMITED
    except (OSError, InputInvalid) as error:
        logger.warning("link settings not read kind=%s", type(error).__name__)
        return Budget(BYTES_PER_HOUR_MIN)


LEDGER_ONLY = Line()
Tell = Callable[[Tried | None], None]
"""Told None when a try begins, and how it ended when it has."""


def try_once(
    access: BookAccess,
    register: Register,
    clock: Clock,
    backoff: Backoff,
    draw: Callable[[], float],
    line: Line = LEDGER_ONLY,
) -> Tried:
    """One cycle, then parcels, and when the next should be; failures of link, register and book are values here."""
    report: CycleReport | None = None
    sent: ParcelReport | None = None
    is_over_budget = False
    try:
        report = run_cycle(access, register, clock)
        failure, facts = report.failure, report.facts
        count_traffic(access, line.budget, clock, report.traffic)
        if failure is None and not report.pending and line.parcels is not None:
            sent = send_parcels(access, line.parcels, clock, line.budget)
        is_over_budget = line.budget.bytes_per_hour is not None and access.step(partial(_is_spent, line.budget))
    except UchastkaError as error:
        logger.info("cycle not run code=%s detail=%s", error.failure.code, error.detail)
        failure, facts = error.failure, error.facts
    if failure is None:
        rhythm = Rhythm(
            asked_s=report.come_back_s if report else None,
            round_trip_s=line.round_trip_s(),
            is_hurried=report is not None and report.is_asking,
            is_over_budget=is_over_budget,
            quiet_s=backoff.quiet_s(clock.monotonic_s(), has_news=report is not None and bool(report.feed)),
            metered_s=line.budget.polls_every_s(),
        )
        wished_s = interval_s(rhythm)
        wait_s = backoff.after_success(wished_s, draw(), min(wished_s, COME_BACK_MIN_S))
        if sent is not None:  # the ledger is where it belongs, so a parcel that failed is no failure of the link
            wait_s = max(wait_s, float(sent.retry_after_s))
    else:
        asked = facts.get("retry_after_s", 0)
        wait_s = backoff.after_failure(failure, asked if isinstance(asked, int) else 0, draw())
    return Tried(report, failure, wait_s, clock.now() + timedelta(seconds=wait_s), sent)


def _is_spent(budget: Budget, book: Book) -> bool:
    spent = bytes_in_hour(book, hour_of(book.clock.now().timestamp()))
    return not budget.may(Priority.LIST_CHANGE, ROUND_TRIP_BYTES, spent)


def run(
    access: BookAccess,
    register: Register,
    clock: Clock,
    wake: Event,
    stop: Event,
    tell: Tell,
    draw: Callable[[], float] = _RANDOM.random,
    line: Line = LEDGER_ONLY,
) -> None:
    """Sync until told to stop. Killing it at any moment loses nothing and doubles nothing.

    `wake` is set by whoever entered something new in the book; `stop`, and `wake` after it, by whoever wants the end
    (`RegisterClient.abort` ends a wait for the network). `draw` gives random numbers, 0 to 1.
    """
    backoff = Backoff()
    while not stop.is_set():
        wake.clear()
        if stop.is_set():  # set between the two lines above
            return
        tell(None)
        tried = try_once(access, register, clock, backoff, draw, line)
        tell(tried)
        if tried.failure is not None:
            stop.wait(tried.wait_s)
        elif wake.wait(tried.wait_s):
            stop.wait(GATHER_S)
