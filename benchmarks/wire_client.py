"""A station's program for measurements: it does what each line on its standard input says and answers in JSON.

enrol FILE AT   enrol at another time, in ISO form
cycle           one cycle of sync, over the connection that is open
engine N        N cycles as the desktop's engine and the service time them by themselves: an answer after each
mark            one more mark in the book, without a sync
pause S         nothing for so many seconds
"""

from __future__ import annotations

import json
import random
import sys
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event

from pollbook.clock import SystemClock
from pollbook.store.book import open_book
from pollbook.store.home import StationHome
from pollbook.types import Channel, LineId, Role
from sync.access import HomeAccess
from sync.backoff import Backoff
from sync.client import RegisterClient, client_of
from sync.cycle import run_cycle
from sync.enrolment import enrol
from sync.loop import Line, Tried, budget_of, run, try_once


@dataclass
class DayClock:
    """A clock that goes from one voter to the next, as people come."""

    at: datetime
    rng: random.Random = field(default_factory=lambda: random.Random(7))

    def now(self) -> datetime:
        return self.at

    def monotonic_s(self) -> float:
        return time.monotonic()

    def next_voter(self, mean_s: float) -> None:
        self.at += timedelta(seconds=self.rng.expovariate(1 / mean_s))


def main(home_path: str) -> None:
    home, clock = StationHome(Path(home_path)), SystemClock()
    client: RegisterClient | None = None
    for line in sys.stdin:
        began = time.monotonic()
        answer: dict[str, object] = {}
        words = line.split()
        if words[0] in {"cycle", "drain", "engine"} and client is None:
            with open_book(home, clock, writer=False) as book:
                client = client_of(book.link, clock)
        match words:
            case ["enrol", file, at]:
                enrol(home, Path(file).read_bytes(), DayClock(datetime.fromisoformat(at)), lambda _: {}, lambda _: None)
            case ["cycle"] if client is not None:
                report = run_cycle(HomeAccess(home, clock), client, clock)
                answer = report.as_json()
                answer["failure"] = report.failure.key if report.failure else None
            case ["engine", count] if client is not None:
                engine(home, clock, client, int(count))
                continue
            case ["drain"] if client is not None:
                answer = drain(home, clock, client)
            case ["close"] if client is not None:
                client.close()
            case ["mark"]:
                mark_one(home, clock)
            case ["pause", seconds]:
                time.sleep(float(seconds))
        answer["seconds"] = time.monotonic() - began
        print(json.dumps(answer), flush=True)
    if client is not None:
        client.close()


def engine(home: StationHome, clock: SystemClock, client: RegisterClient, count: int) -> None:
    """Whoever runs in the station, as it is shipped; nobody enters anything."""
    stop, wake, done = Event(), Event(), 0

    def tell(tried: Tried | None) -> None:
        nonlocal done
        if tried is None:
            return
        done += 1
        if done == count:
            stop.set()
            wake.set()
        failure = tried.failure.key if tried.failure else None
        print(json.dumps({"at_s": time.monotonic(), "wait_s": tried.wait_s, "failure": failure}), flush=True)

    run(HomeAccess(home, clock), client, clock, wake, stop, tell, line=Line.to(client, budget_of(home)))


def drain(home: StationHome, clock: SystemClock, client: RegisterClient) -> dict[str, object]:
    """The last cycle's report, with the round trips of all and what failed on the way."""
    backoff, failures, round_trips = Backoff(), [], 0
    while True:
        tried = try_once(HomeAccess(home, clock), client, clock, backoff, random.random)
        round_trips += tried.report.traffic.round_trips if tried.report else 0
        if tried.failure is None and tried.report is not None and tried.report.pending == 0:
            return {**tried.report.as_json(), "round_trips": round_trips, "failures": failures}
        if tried.failure is not None:
            failures.append(tried.failure.key)
            time.sleep(tried.wait_s)


def mark_one(home: StationHome, clock: SystemClock) -> None:
    with open_book(home, clock, writer=True) as book:
        query = "SELECT line FROM voter WHERE line NOT IN (SELECT line FROM line_state)"
        operator = next(number for number, person in book.people.items() if person.role is Role.OPERATOR)
        for row in book.connection.exec_driver_sql(query).all():
            if isinstance(book.mark(LineId(row.line), Channel.STATION, operator), int):
                return
    sys.exit("no line is left to mark")


if __name__ == "__main__":
    main(sys.argv[1])
