"""Register, sync and operator at work, each killed with SIGKILL at random; then: was anything lost or doubled?

Run by `python3 dev.py soak kills`. A real register process, a real scheduled `uchastka-sync` and an operator who marks
(`marker.py`) share one station. What the operator was told is done must be in the book, once, and at the register.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from pollbook.clock import SystemClock
from pollbook.store.book import open_book
from pollbook.store.home import StationHome
from pollbook.types import LineId, line_text

TOOLS = Path(sys.executable).parent
ROOT = Path(__file__).resolve().parents[2]
VOTERS = 3000
SETTLE_TRIES = 60
LIFE_MAX_S = 4.0
"""From one kill to the next at most; an operator needs about 1.5 s to open the book and sign in."""


@dataclass
class Worker:
    """One process that is started again whenever it has ended."""

    name: str
    command: list[str]
    log: IO[bytes]
    process: subprocess.Popen[str] | None = None
    kills: int = 0
    said: list[str] = field(default_factory=list)
    _reader: threading.Thread | None = None

    def start(self) -> None:
        """The process runs, and what it says is kept."""
        self.process = subprocess.Popen(
            self.command, stdout=subprocess.PIPE, stderr=self.log, text=True, cwd=ROOT, env=None
        )
        self._reader = threading.Thread(target=self._read, args=(self.process,), daemon=True)
        self._reader.start()

    def kill(self) -> None:
        """The process is gone at once, by SIGKILL; what it had said before is kept."""
        assert self.process is not None
        self.kills += self.process.poll() is None
        self.stop()

    def stop(self) -> None:
        """As `kill`, but that nobody counts it."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()
        assert self._reader is not None
        self._reader.join()

    def keep_running(self) -> None:
        """Started again where it has ended by itself (a register's port may still be in use, a book be locked)."""
        if self.process is None or self.process.poll() is not None:
            self.start()

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            self.said.append(line.strip())


def tool(name: str, *arguments: object) -> dict[str, object]:
    """The JSON object that one of our commands prints."""
    ran = subprocess.run([TOOLS / name, *map(str, arguments), "--json"], capture_output=True, text=True, check=False)
    try:
        answer = dict(json.loads(ran.stdout))
    except ValueError:
        answer = {"failure": "no JSON"}
    if answer.get("failure") and name != "uchastka-sync":
        sys.exit(f"{name} {arguments}: exit {ran.returncode}\n{ran.stdout}\n{ran.stderr}")
    return answer


def rehearse(folder: Path, kills: int, seed: int, voters: int) -> dict[str, object]:
    """Set up, work under kills, settle, and count."""
    register, station = folder / "register", folder / "station"
    tool("uchastka-register", "init", "--home", register, "--training")
    tool("uchastka-register", "synthesise", "--precincts", 1, "--voters", voters, "--seed", seed, "--out", folder)
    tool("uchastka-register", "import", "--home", register, folder / "voters.csv", "--totals", folder / "totals.csv")
    with (folder / "stderr.log").open("wb") as log:
        port = str(20000 + random.SystemRandom().randrange(20000))
        serve = Worker(
            "register", [str(TOOLS / "uchastka-register"), "serve", "--home", str(register), "--port", port], log
        )
        serve.start()
        wait_until_listening(serve)
        tool("uchastka-register", "enrol", "--home", register, "--precinct", "1708-0001", "--out", folder / "s.enrol")
        tool("uchastka", "enrol", folder / "s.enrol", "--home", station)
        sync = Worker("sync", [str(TOOLS / "uchastka-sync"), "--home", str(station)], log)
        operator = Worker("operator", [sys.executable, "-m", "tests.soak.marker", str(station)], log)
        workers = [serve, sync, operator]
        try:
            work(workers, kills, random.Random(seed))
            sync.kill()
            operator.kill()
            serve.keep_running()
            wait_until_listening(serve)
            last = settle(station)
            return verdict(register, station, operator, workers, last)
        finally:
            for worker in workers:
                if worker.process is not None and worker.process.poll() is None:
                    worker.process.kill()
                    worker.process.wait()


def work(workers: list[Worker], kills: int, rng: random.Random) -> None:
    """Everybody works; every now and then one of them is killed and started again."""
    done = 0
    while done < kills:
        for worker in workers:
            worker.keep_running()
        time.sleep(rng.uniform(0.05, LIFE_MAX_S))
        victim = rng.choice(workers)
        before = victim.kills
        victim.kill()
        done += victim.kills - before
        if done % 20 == 0 and victim.kills > before:
            print(f"{done} of {kills} kills", file=sys.stderr, flush=True)


def settle(station: Path) -> dict[str, object]:
    """Cycles until nothing waits."""
    last: dict[str, object] = {}
    for _ in range(SETTLE_TRIES):
        last = tool("uchastka-sync", "--once", "--home", station)
        if last.get("pending") == 0:
            break
        time.sleep(0.5)
    return last


def verdict(
    register: Path, station: Path, operator: Worker, workers: list[Worker], last: dict[str, object]
) -> dict[str, object]:
    """What was told, what is there, and whether they agree."""
    told = [line.split()[1:] for line in operator.said if line.startswith("done ") and len(line.split()) == 3]
    status = tool("uchastka-register", "status", "--home", register)
    book, check = (
        tool("uchastka", "book", "status", "--home", station),
        tool("uchastka", "book", "check", "--home", station),
    )
    register_check = tool("uchastka-register", "check", "--home", register)
    lines = [line for _, line in told]
    marked = int(str(book["marked"]))
    agrees = {
        "the operator worked": len(lines) >= operator.kills,
        "nobody was marked twice": len(lines) == len(set(lines)),
        "every mark told as done is in the book, under its number": set(map(tuple, told)) <= marks_in(station),
        "at most one untold mark a kill of the operator": marked - len(lines) <= operator.kills + 1,
        "nothing waits": last.get("pending") == 0,
        "the register has every mark": status["marks"] == marked,
        "the register saw no anomaly": status["anomalies"] == [],
        "the book proves itself": check["ok"] is True,
        "the register proves itself": register_check["ok"] is True,
    }
    counts = {worker.name: worker.kills for worker in workers}
    return {"ok": all(agrees.values()), "kills": counts, "told": len(told), "marked": marked, "agrees": agrees}


def marks_in(station: Path) -> set[tuple[str, ...]]:
    """The number and line of every mark that stands in the book."""
    with open_book(StationHome(station), SystemClock(), writer=False) as book:
        rows = book.connection.exec_driver_sql("SELECT mark, line FROM line_state WHERE mark IS NOT NULL")
        return {(str(row.mark), line_text(LineId(row.line))) for row in rows}


def wait_until_listening(serve: Worker) -> None:
    """The register has said that it listens, in this life of its process."""
    heard = len(serve.said)
    until = time.monotonic() + 30
    while len(serve.said) == heard and not any("http" in line for line in serve.said[-1:]) and time.monotonic() < until:
        serve.keep_running()
        time.sleep(0.05)


def main() -> int:
    """Rehearse and print one JSON object; exit 0 when everything agrees."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--voters", type=int, default=VOTERS)
    parser.add_argument("--keep", action="store_true", help="leave the folders for a look")
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="uchastka-kills-"))
    try:
        found = rehearse(folder, asked.kills, asked.seed, asked.voters)
    finally:
        if asked.keep:
            print(folder, file=sys.stderr)
        else:
            shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps(found, indent=2))
    return 0 if found["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
