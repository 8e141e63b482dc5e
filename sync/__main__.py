"""`uchastka-sync`: the station's entries to the register and its feed back, once or until stopped (DESIGN §9)."""

from __future__ import annotations

import argparse
import logging
import random
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, time
from queue import Empty, SimpleQueue

from pollbook.clock import Clock, SystemClock
from pollbook.commanding import (
    Answer,
    CommandParser,
    Console,
    Program,
    WrongUsage,
    default_home,
    refused,
    run_command,
)
from pollbook.failures import Exit, Failure, WorldFailed
from pollbook.store.book import open_book
from pollbook.store.home import StationHome
from pollbook.store.link import Link
from sync.access import HomeAccess
from sync.alone import Knocks, only_one, only_service
from sync.backoff import Backoff
from sync.client import RegisterClient, client_of
from sync.cycle import CycleReport, run_cycle
from sync.loop import Line, budget_of, try_once
from sync.overnight import UNTIL, Night, NightReport, end_of_night, run_overnight
from sync.schedule import Ending, ended_by_signals, run_scheduled

ONCE_WAITS_S = 10.0
"""`--once` lets a cycle of another `uchastka-sync` end first."""

logger = logging.getLogger("sync.service")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program; returns its exit status."""
    return run_command(Program(_parser, act), argv)


def _parser() -> CommandParser:
    parser = CommandParser(
        is_top=True,
        default_home=default_home("station"),
        prog="uchastka-sync",
        description="Sends what the register has not acknowledged and fetches what it has for this station: "
        "by schedule until stopped (SIGINT or SIGTERM), once, or overnight with a report. Needs no desktop; while the "
        "desktop is open it syncs by itself: the service waits, and the others are refused.",
        epilog="exit status: 0 done; 1 a fault; 2 wrong usage; 3 refused; 4 the register or the link is not there",
    )
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--once", action="store_true", help="one cycle, then end")
    overnight = "sync until nothing waits, prove the book, write a report and send it"
    how.add_argument("--overnight", action="store_true", help=overnight)
    parser.add_argument(
        "--until", type=_time_of_day, metavar="HH:MM", help=f"when the night ends, at the station ({UNTIL:%H:%M})"
    )
    return parser


def act(arguments: argparse.Namespace, console: Console) -> Answer | None:
    """Sync the home that the arguments name."""
    home, clock = StationHome(arguments.home), SystemClock()
    if arguments.once:
        with only_one(home, ONCE_WAITS_S), client_of(link_of(home, clock), clock) as client:
            return answer_of(run_cycle(HomeAccess(home, clock), client, clock), console)
    if arguments.overnight:
        until = arguments.until or UNTIL
        with only_one(home, ONCE_WAITS_S), client_of(link_of(home, clock), clock) as client:
            return answer_of_night(overnight(home, client, clock, until), console)
    if arguments.until is not None:
        raise WrongUsage("--until goes with --overnight")
    with only_service(home), client_of(link_of(home, clock), clock) as client:
        serve(home, client, clock, SimpleQueue())
    return Answer({"stopped": True}, "")


def link_of(home: StationHome, clock: Clock) -> Link:
    """How the book in `home` reaches its register.

    A book of an earlier release is brought up to date first: no desktop may be there to do it.
    """
    try:
        with open_book(home, clock, writer=False) as book:
            return book.link
    except WorldFailed as error:
        if error.failure is not Failure.BOOK_IN_USE:
            raise
    with open_book(home, clock, writer=True) as book:
        return book.link


def serve(home: StationHome, client: RegisterClient, clock: Clock, ended: Ending) -> None:
    """Sync by schedule until `ended` holds anything or a signal comes."""
    logging.getLogger("sync").setLevel(logging.INFO)
    backoff, access, line = Backoff(), HomeAccess(home, clock), Line.to(client, budget_of(home))
    draw, knocks = random.SystemRandom().random, Knocks(home)

    def is_woken() -> bool:
        return knocks.heard() and not backoff.failures  # while cycles fail only the back-off decides

    def cycle() -> float:
        try:
            with only_one(home, 0):
                tried = try_once(access, client, clock, backoff, draw, line)
        except WorldFailed as error:
            if error.failure is not Failure.BOOK_IN_USE:
                raise
            return backoff.after_failure(error.failure, 0, draw())  # the desktop is open and syncs by itself
        done = "".join(f" {key}={value}" for key, value in _counts(tried.report).items())
        code = tried.failure.code if tried.failure else "none"
        logger.info("cycle%s failure=%s next_s=%.0f", done, code, tried.wait_s)
        return tried.wait_s

    run_scheduled(cycle, ended, client.abort, is_woken)


def overnight(home: StationHome, client: RegisterClient, clock: Clock, until: time) -> NightReport:
    """One night, in which a signal ends the waiting."""
    with open_book(home, clock, writer=False) as book:
        end = end_of_night(clock.now(), book.election.zone, until)
    ended: Ending = SimpleQueue()

    def give_up() -> None:
        ended.put(None)
        client.abort()

    def wait(seconds: float) -> bool:
        try:
            ended.get(timeout=seconds)
        except Empty:
            return False
        ended.put(None)  # whoever waits next is told too
        return True

    with ended_by_signals(give_up):
        night = Night(end, wait, random.SystemRandom().random, Line.to(client, budget_of(home)))
        return run_overnight(HomeAccess(home, clock), client, clock, home, night)


def answer_of_night(report: NightReport, console: Console) -> Answer:
    """The report; exit 1 where the book or the digests did not hold, 4 where something still waits."""
    data = {**report.as_json(), "files": list(report.files)}
    if not report.check.ok:
        console.tell_failure(Failure.LEDGER_BROKEN, {"entry": report.check.entries})
        return Answer(data, exit=Exit.FAULT)
    if report.digest == "not_agreed":
        console.tell_failure(Failure.DIGEST_DIFFERS)
        return Answer(data, exit=Exit.FAULT)
    return Answer(data, exit=Exit.DONE if report.is_good else Exit.AWAY)


def _time_of_day(text: str) -> time:
    return datetime.strptime(text, "%H:%M").replace(tzinfo=UTC).time()


def answer_of(report: CycleReport, console: Console) -> Answer:
    """What `--once` answers: the report, with the failure that ended it."""
    if report.failure is None:
        return Answer(report.as_json())
    console.tell_failure(report.failure, report.facts)
    return refused(report.failure, report.facts, **report.as_json())


def _counts(report: CycleReport | None) -> dict[str, object]:
    data = report.as_json() if report else {}
    return {key: value for key, value in data.items() if isinstance(value, int)}


if __name__ == "__main__":
    sys.exit(main())
