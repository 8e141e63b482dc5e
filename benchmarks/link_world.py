"""A real register and a real station at the two ends of a link: made once, and copied for each measurement."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.satellite import REGISTER, Link
from benchmarks.wire_client import DayClock
from pollbook.bundle import resource_path
from pollbook.failures import Refused
from pollbook.store.book import Book, open_book
from pollbook.store.home import StationHome
from pollbook.store.sign_in import two_signers
from pollbook.types import Channel, LineId, Role

TOOLS = Path(sys.executable).parent
PORT = 8443
URL = f"https://{REGISTER}:{PORT}"
GAP_MEAN_S = 14.4
"""Between marks: 3,000 in the twelve hours that the polls are open."""


def make_world(folder: Path, link: Link, voters: int) -> None:
    """A register and one enrolled station in `folder`, on a precinct of `voters` lines."""
    election = resource_path("elections", "training.toml").read_text("utf-8")
    file = folder / "election.toml"
    file.write_text(election.replace("lines_max = 3000", f"lines_max = {voters + 1000}"), "utf-8")
    home, lists = folder / "register", folder / "lists"
    _tool("uchastka-register", "init", "--home", home, "--election", file)
    _tool("uchastka-register", "synthesise", "--precincts", "1", "--voters", str(voters), "--seed", "7", "--out", lists)
    _tool("uchastka-register", "import", "--home", home, lists / "voters.csv", "--totals", lists / "totals.csv")
    precinct = (lists / "totals.csv").read_text("utf-8").splitlines()[1].split(",")[0]
    invitation = folder / "station.enrol"
    code = ("enrol", "--home", home, "--precinct", precinct, "--url", URL, "--out", invitation)
    _tool("uchastka-register", *code)
    with serving(home, link), client(link, folder / "station") as process:
        tell(process, f"enrol {invitation} {day_before().isoformat()}")


def day_before() -> datetime:
    """When the polls opened yesterday: a whole day's marks are then in the past of the register's clock."""
    return datetime.now(UTC).replace(hour=3, minute=0, second=0, microsecond=0) - timedelta(days=1)


def mark(home: StationHome, count: int) -> None:
    """Enter `count` marks of a day, on lines in the order of chance."""
    clock = DayClock(day_before())
    with open_book(home, clock, writer=True) as book:
        lines = [LineId(row.line) for row in book.connection.exec_driver_sql("SELECT line FROM voter ORDER BY line")]
        clock.rng.shuffle(lines)
        _open_the_day(book, home)
        operator = next(number for number, person in book.people.items() if person.role is Role.OPERATOR)
        mean_s = min(GAP_MEAN_S, 12 * 3600 / count)
        marked = 0
        for line in lines:
            if marked == count:
                return
            clock.next_voter(mean_s)
            marked += isinstance(book.mark(line, Channel.STATION, operator), int)
    sys.exit(f"only {marked} of {count} could be marked")


def _open_the_day(book: Book, home: StationHome) -> None:
    pins = json.loads(home.training_pins.read_text("utf-8"))
    officers = [number for number, person in book.people.items() if person.is_officer][:2]
    signers = two_signers(book, *((number, pins[book.people[number].key]["pin"]) for number in officers))
    assert not isinstance(signers, Refused)
    book.open_the_day(book.clock.now().date(), *signers)


@contextlib.contextmanager
def serving(home: Path, link: Link) -> Iterator[None]:
    """The register serves at its end of the link."""
    command = [TOOLS / "uchastka-register", "serve", "--home", home, "--host", REGISTER, "--port", str(PORT)]
    with subprocess.Popen(link.at_register(command), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        if not process.stdout.readline():
            sys.exit("the register does not serve")
        try:
            yield
        finally:
            process.terminate()
            process.stdout.read()


@contextlib.contextmanager
def copied(world: Path, link: Link) -> Iterator[Path]:
    """A copy of the world in which the register serves; gone afterwards."""
    copy = world.with_name(f"{world.name}-copy")
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(world, copy)
    try:
        with serving(copy / "register", link):
            yield copy
    finally:
        shutil.rmtree(copy)


@contextlib.contextmanager
def client(link: Link, home: Path) -> Iterator[subprocess.Popen[str]]:
    """A station's program at its end of the link; `tell` says what it does."""
    command = link.at_station([sys.executable, "-m", "benchmarks.wire_client", home])
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process  # and at the end its standard input is closed, by which it ends


def tell(process: subprocess.Popen[str], line: str) -> dict[str, Any]:
    """What the program answers to `line`."""
    assert process.stdin is not None
    process.stdin.write(line + "\n")
    process.stdin.flush()
    return heard(process)


def heard(process: subprocess.Popen[str]) -> dict[str, Any]:
    """What the program answers next."""
    assert process.stdout is not None
    answer = process.stdout.readline()
    if not answer:
        sys.exit("the station's program ended")
    answered: dict[str, Any] = json.loads(answer)
    return answered


def _tool(*command: str | Path) -> None:
    done = subprocess.run([TOOLS / str(command[0]), *command[1:]], check=False, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{command[1]} ended with {done.returncode}: {done.stderr}")
