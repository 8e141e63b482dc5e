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
from threading import Event

from pollbook.clock import Clock
from pollbook.failures import Failure, UchastkaError
from sync.backoff import Backoff
from sync.cycle import BookAccess, CycleReport, Register, run_cycle

GATHER_S = 1.0
"""From the mark that woke the engine to its cycle."""

_RANDOM = random.SystemRandom()

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Tried:
    """How one try ended; `report` is None where the book itself could not be used."""

    report: CycleReport | None
    failure: Failure | None
    wait_s: float
    next_try_at: datetime


Tell = Callable[[Tried | None], None]
"""Told None when a try begins, and how it ended when it has."""


def try_once(
    access: BookAccess, register: Register, clock: Clock, backoff: Backoff, draw: Callable[[], float]
) -> Tried:
    """One cycle and when the next should be; failures of link, register and book are values here."""
    report: CycleReport | None = None
    try:
        report = run_cycle(access, register, clock)
        failure, facts = report.failure, report.facts
    except UchastkaError as error:
        logger.info("cycle not run code=%s detail=%s", error.failure.code, error.detail)
        failure, facts = error.failure, error.facts
    if failure is None:
        wait_s = backoff.after_success(report.come_back_s if report else None, draw())
    else:
        asked = facts.get("retry_after_s", 0)
        wait_s = backoff.after_failure(failure, asked if isinstance(asked, int) else 0, draw())
    return Tried(report, failure, wait_s, clock.now() + timedelta(seconds=wait_s))


def run(
    access: BookAccess,
    register: Register,
    clock: Clock,
    wake: Event,
    stop: Event,
    tell: Tell,
    draw: Callable[[], float] = _RANDOM.random,
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
        tried = try_once(access, register, clock, backoff, draw)
        tell(tried)
        if tried.failure is not None:
            stop.wait(tried.wait_s)
        elif wake.wait(tried.wait_s):
            stop.wait(GATHER_S)
