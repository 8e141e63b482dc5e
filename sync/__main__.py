"""`uchastka-sync`: the station's entries to the register and its feed back, once or until stopped (DESIGN §9)."""

from __future__ import annotations

import argparse
import logging
import random
import sys
from collections.abc import Sequence
from datetime import datetime
from queue import SimpleQueue

from pollbook.clock import Clock, SystemClock
from pollbook.commanding import Answer, CommandParser, Console, Program, default_home, refused, run_command
from pollbook.store.book import open_book
from pollbook.store.home import StationHome
from pollbook.store.link import Link
from sync.access import HomeAccess
from sync.backoff import Backoff
from sync.client import RegisterClient, client_of
from sync.cycle import CycleReport, run_cycle
from sync.loop import try_once
from sync.schedule import Ending, only_one, run_scheduled

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
        "by schedule until stopped (SIGINT or SIGTERM), or once. Needs no desktop; while the desktop is open it syncs "
        "by itself, and this program is refused.",
        epilog="exit status: 0 done; 1 a fault; 2 wrong usage; 3 refused; 4 the register or the link is not there",
    )
    parser.add_argument("--once", action="store_true", help="one cycle, then end")
    return parser


def act(arguments: argparse.Namespace, console: Console) -> Answer | None:
    """Sync the home that the arguments name."""
    home, clock = StationHome(arguments.home), SystemClock()
    if arguments.once:
        with only_one(home, ONCE_WAITS_S), client_of(link_of(home, clock), clock) as client:
            return answer_of(run_cycle(HomeAccess(home, clock), client, clock), console)
    with only_one(home, 0), client_of(link_of(home, clock), clock) as client:
        serve(home, client, clock, SimpleQueue())
    return Answer({"stopped": True}, "")


def link_of(home: StationHome, clock: Clock) -> Link:
    """How the book in `home` reaches its register."""
    with open_book(home, clock, writer=False) as book:
        return book.link


def serve(home: StationHome, client: RegisterClient, clock: Clock, ended: Ending) -> None:
    """Sync by schedule until `ended` holds anything or a signal comes."""
    logging.getLogger("sync").setLevel(logging.INFO)
    backoff, access = Backoff(), HomeAccess(home, clock)
    draw = random.SystemRandom().random

    def cycle() -> datetime:
        tried = try_once(access, client, clock, backoff, draw)
        done = "".join(f" {key}={value}" for key, value in _counts(tried.report).items())
        code = tried.failure.code if tried.failure else "none"
        logger.info("cycle%s failure=%s next_s=%.0f", done, code, tried.wait_s)
        return tried.next_try_at

    run_scheduled(cycle, ended, client.abort)


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
