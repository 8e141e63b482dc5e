"""The night: sync until nothing waits, prove the book, write down what was found and send that too.

The report names numbers, codes and places in the ledger, never a voter. It is written whatever happened: a night
without a link is what the people of the morning must know.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from pollbook.clock import Clock
from pollbook.commanding import software_name
from pollbook.failures import Failure, WorldFailed
from pollbook.files import write_secret
from pollbook.parcels import ParcelKind
from pollbook.store.book import Book
from pollbook.store.check import CheckReport, check_book
from pollbook.store.home import StationHome
from pollbook.store.parcels import queue_parcel, waiting_parcels
from pollbook.store.syncing import sync_status
from pollbook.types import line_text
from sync.backoff import Backoff
from sync.cycle import BookAccess, Register
from sync.loop import Line, Tried, try_once

UNTIL: time = time(6)
"""When a night ends, unless it is said: early enough that somebody can still act before the polls open."""
IN_USE_TRIES = 5
"""In a row, half a minute or so: a command lets go of the book by then, and a desktop does not."""
CYCLES_AFTER_REPORT_MAX = 3
"""Tries to get the report itself away; what is left goes with the next day's cycles."""


@dataclass(frozen=True, slots=True)
class Night:
    """How a night is spent.

    Attributes:
        until: After this moment nothing is tried any more.
        wait: Waits so many seconds; True where it was told to end.
        draw: Random numbers, 0 to 1.
        line: The link, with its budget and the register that takes parcels.
    """

    until: datetime
    wait: Callable[[float], bool]
    draw: Callable[[], float]
    line: Line


@dataclass(frozen=True, slots=True)
class NightReport:
    """What a night came to; `digest` is agreed, not_agreed or not_compared."""

    station: Mapping[str, object]
    began_at: datetime
    ended_at: datetime
    cycles: int
    failures: Mapping[str, int]
    acknowledged: int
    pending: int
    bytes_up: int
    bytes_down: int
    digest: str
    check: CheckReport
    parcels_waiting: int
    files: tuple[str, ...] = field(default=())

    @property
    def is_good(self) -> bool:
        """Nothing waits, both sides agree, and the book was proven."""
        return self.pending == 0 and self.digest == "agreed" and self.check.ok

    def as_json(self) -> dict[str, object]:
        """The report as it is written, sent, and printed with `--json`."""
        return {
            **self.station,
            "good": self.is_good,
            "began_at": self.began_at.isoformat(),
            "ended_at": self.ended_at.isoformat(),
            "cycles": self.cycles,
            "failures": dict(self.failures),
            "acknowledged": self.acknowledged,
            "pending": self.pending,
            "bytes_up": self.bytes_up,
            "bytes_down": self.bytes_down,
            "digest": self.digest,
            "check": {
                "ok": self.check.ok,
                "entries": self.check.entries,
                "head": self.check.head.hex(),
                "unsigned": self.check.unsigned,
                "problems": list(self.check.problems),
                "differing": [line_text(line) for line in self.check.differing],
            },
            "parcels_waiting": self.parcels_waiting,
        }

    def as_text(self) -> str:
        """The report for a person: one fact a line."""
        told = self.as_json()
        check = told.pop("check")
        assert isinstance(check, dict)  # noqa: S101 - made above
        lines = [f"{key}: {_word(value)}" for key, value in told.items()]
        return "\n".join([*lines, *(f"check {key}: {_word(value)}" for key, value in check.items())]) + "\n"


def run_overnight(access: BookAccess, register: Register, clock: Clock, home: StationHome, night: Night) -> NightReport:
    """Sync until nothing waits or the night is over, prove the book, write the report and try to send it.

    Raises:
        WorldFailed: `FILE_UNREADABLE`: the report can't be written. `BOOK_IN_USE`: the desktop was opened, which syncs
            by itself, and only once this has ended.
        UchastkaError: The book could not be used for the proof.
    """
    began_at, backoff = clock.now(), Backoff()
    tries: list[Tried] = []
    while True:
        tries.append(try_once(access, register, clock, backoff, night.draw, night.line))
        if _is_done(tries[-1]) or not _wait(tries[-1], clock, night):
            break
        if all(tried.failure is Failure.BOOK_IN_USE for tried in tries[-IN_USE_TRIES:]) and len(tries) >= IN_USE_TRIES:
            raise WorldFailed(Failure.BOOK_IN_USE, "a desktop was opened", path=home.path)
    check = access.step(check_book)
    report = access.step(partial(_report, tries=tries, check=check, began_at=began_at))
    files = _write(home, report)
    access.step(lambda book: queue_parcel(book, ParcelKind.REPORT, _bytes(report)))
    for _ in range(CYCLES_AFTER_REPORT_MAX):
        last = try_once(access, register, clock, backoff, night.draw, night.line)
        if _is_done(last) or not _wait(last, clock, night):
            break
    waiting = access.step(lambda book: len(waiting_parcels(book)))
    return replace(report, parcels_waiting=waiting, files=tuple(map(str, files)))


def end_of_night(now: datetime, zone: str, until: time) -> datetime:
    """The next moment at which the station's clocks show `until`."""
    local = now.astimezone(ZoneInfo(zone))
    end = local.replace(hour=until.hour, minute=until.minute, second=0, microsecond=0)
    return end if end > local else end + timedelta(days=1)


def _is_done(tried: Tried) -> bool:
    is_settled = tried.failure is None and tried.report is not None and tried.report.pending == 0
    return is_settled and (tried.parcels is None or tried.parcels.waiting == 0)


def _wait(tried: Tried, clock: Clock, night: Night) -> bool:
    """Whether another try fits into the night, once the wait for it is over."""
    if clock.now() + timedelta(seconds=tried.wait_s) >= night.until:
        return False
    return not night.wait(tried.wait_s)


def _report(book: Book, tries: list[Tried], check: CheckReport, began_at: datetime) -> NightReport:
    status, cycles = sync_status(book), [tried.report for tried in tries if tried.report is not None]
    failed = Counter(tried.failure.code for tried in tries if tried.failure is not None)
    digest = "not_compared"
    if any(tried.failure is Failure.DIGEST_DIFFERS for tried in tries):
        digest = "not_agreed"
    elif cycles and cycles[-1].digest_agreed:
        digest = "agreed"
    return NightReport(
        station={
            "election": book.election.id,
            "training": book.election.training,
            "precinct": book.header.precinct,
            "desk": book.header.desk,
            "book": str(book.name),
            "software": software_name(),
        },
        began_at=began_at,
        ended_at=book.clock.now(),
        cycles=len(tries),
        failures=dict(sorted(failed.items())),
        acknowledged=status.acknowledged,
        pending=status.pending,
        bytes_up=sum(cycle.traffic.bytes_up for cycle in cycles),
        bytes_down=sum(cycle.traffic.bytes_down for cycle in cycles),
        digest=digest,
        check=check,
        parcels_waiting=len(waiting_parcels(book)),
    )


def _bytes(report: NightReport) -> bytes:
    return (json.dumps(report.as_json(), ensure_ascii=False, indent=1) + "\n").encode()


def _write(home: StationHome, report: NightReport) -> tuple[Path, Path]:
    name = f"overnight-{report.ended_at:%Y%m%dT%H%M%SZ}"
    files = (home.reports / f"{name}.json", home.reports / f"{name}.txt")
    try:
        home.reports.mkdir(mode=0o700, exist_ok=True)
        write_secret(files[0], _bytes(report))
        write_secret(files[1], report.as_text().encode())
    except OSError as error:
        raise WorldFailed(Failure.FILE_UNREADABLE, f"errno {error.errno}", path=home.reports) from error
    return files


def _word(value: object) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list | bool) else str(value)
