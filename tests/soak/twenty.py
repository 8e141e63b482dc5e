"""Twenty stations and a register on PostgreSQL over a bad link, all killed at random; then: do all books agree with it?

    python3 dev.py soak twenty --minutes 10

As root. A real register process on a private PostgreSQL; at each station a scheduled `uchastka-sync` and people at the
table (`table.py`: marks, voids, claims of other precincts' voters). Between them a link that loses and delays packets
and is cut now and then (`benchmarks.satellite`), and boxes that break connections (`proxy.py`). Every second or so one
of all these processes ends by SIGKILL and is started again. It stops by itself, lets everybody talk, and compares.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # `enter` starts this file anew, by its path

from benchmarks.satellite import FAST, REGISTER, Link, Profile, enter
from development.postgresql import private_cluster
from tests.soak.agreeing import Agreement, agreement
from tests.soak.kills import ROOT, TOOLS, Worker, tool, wait_until_listening

PORT, FIRST_PROXY_PORT = 8443, 9001
PROXIES = 4
LINK = Profile("twenty", 4_000, 4_000, 0.3, 0.02)
"""What twenty stations share: a third of a second, and one packet in fifty is lost."""
LIFE_S = (0.4, 2.4)
"""From one kill to the next."""
WEIGHTS = {"register": 4, "proxy": 12, "sync": 42, "table": 42}
"""Of a hundred kills. A register that dies more often than stations come back proves nothing about them."""
CUT_EVERY_S, CUT_S = (30.0, 70.0), (3.0, 15.0)
SETTLE_ROUNDS = 40
AT_ONCE = 4


@dataclass
class Cast:
    """Everybody who runs."""

    link: Link
    folder: Path
    register: Worker
    proxies: list[Worker]
    syncs: list[Worker] = field(default_factory=list)
    tables: list[Worker] = field(default_factory=list)

    def of(self, kind: str) -> list[Worker]:
        """All processes of this kind."""
        kinds = {"register": [self.register], "proxy": self.proxies, "sync": self.syncs, "table": self.tables}
        return kinds[kind]

    @property
    def everybody(self) -> list[Worker]:
        """All processes."""
        return [worker for kind in WEIGHTS for worker in self.of(kind)]

    def homes(self) -> list[Path]:
        """The stations' folders."""
        return sorted(self.folder.glob("station-*"))

    def end(self) -> None:
        """Nobody runs any more."""
        for worker in self.everybody:
            if worker.process is not None and worker.process.poll() is None:
                worker.process.kill()
                worker.process.wait()


def rehearse(folder: Path, stations: int, voters: int, minutes: float, seed: int) -> dict[str, object]:
    """Set up, work under kills, let everybody talk, compare."""
    with private_cluster() as cluster, Link(seed) as link, (folder / "stderr.log").open("wb") as log:
        home = folder / "register"
        tool("uchastka-register", "init", "--home", home, "--training", "--database", cluster.url())
        lists = ["--precincts", stations, "--voters", voters, "--seed", seed, "--out", folder]
        tool("uchastka-register", "synthesise", *lists)
        tool("uchastka-register", "import", "--home", home, folder / "voters.csv", "--totals", folder / "totals.csv")
        precincts = write_others(folder)
        listen = ["--home", home, "--host", REGISTER, "--port", str(PORT), "--name", "127.0.0.1"]
        serve = Worker("register", words(link.at_register([TOOLS / "uchastka-register", "serve", *listen])), log)
        proxies = [
            Worker("proxy", words(link.at_station(module("proxy", FIRST_PROXY_PORT + n, REGISTER, PORT, n))), log)
            for n in range(PROXIES)
        ]
        cast = Cast(link, folder, serve, proxies)
        try:
            for worker in cast.everybody:
                worker.start()
            wait_until_listening(serve)
            enrol(cast, home, precincts, seed, log)
            link.profile = LINK
            print(f"{len(precincts)} stations at work", file=sys.stderr, flush=True)
            cuts, memory_mb = work(cast, minutes * 60, random.Random(seed))
            return verdict(cast, home, settle(cast), {"cuts": cuts, "register_memory_mb": memory_mb})
        finally:
            cast.end()


def write_others(folder: Path) -> list[str]:
    """The precincts; whom a table may ask for is in `others.json`."""
    others: dict[str, list[list[str]]] = {}
    with (folder / "voters.csv").open(encoding="utf-8", newline="") as rows:
        for row in csv.DictReader(rows):
            if row["pinfl"] and row["document"]:
                others.setdefault(row["precinct"], []).append([row["pinfl"], row["document"]])
    (folder / "others.json").write_text(json.dumps(others), "utf-8")
    return sorted(others)


def enrol(cast: Cast, home: Path, precincts: list[str], seed: int, log: IO[bytes]) -> None:
    """A station for each precinct, its two programs not yet started."""

    def one(number: int, precinct: str) -> None:
        file, station = cast.folder / f"{number}.enrol", cast.folder / f"station-{number:02}"
        url = f"https://127.0.0.1:{FIRST_PROXY_PORT + number % PROXIES}"
        tool("uchastka-register", "enrol", "--home", home, "--precinct", precinct, "--out", file, "--url", url)
        for _ in range(20):  # a box on the way may break it
            if not asked(cast, "uchastka", "enrol", file, "--home", station).get("failure"):
                return
        sys.exit(f"{precinct} could not be enrolled")

    with ThreadPoolExecutor(AT_ONCE) as pool:
        for done in [pool.submit(one, number, precinct) for number, precinct in enumerate(precincts)]:
            done.result()
    for number, station in enumerate(cast.homes()):
        sync = cast.link.at_station([TOOLS / "uchastka-sync", "--home", station])
        table = module("table", station, cast.folder / "others.json", f"{seed}-{number}")
        cast.syncs.append(Worker("sync", words(sync), log))
        cast.tables.append(Worker("table", words(cast.link.at_station(table)), log))


def work(cast: Cast, lasts_s: float, rng: random.Random) -> tuple[int, int]:
    """Everybody works; one after the other is killed and started again. The cuts, and the register's most memory."""
    until = time.monotonic() + lasts_s
    cut_at, mend_at, cuts, most_mb, told_at = time.monotonic() + rng.uniform(*CUT_EVERY_S), 0.0, 0, 0, 0.0
    kinds, weights = list(WEIGHTS), list(WEIGHTS.values())
    while (now := time.monotonic()) < until:
        for worker in cast.everybody:
            worker.keep_running()
        if now > mend_at:
            cast.link.is_cut = False
        if now > cut_at:
            cast.link.is_cut, cuts = True, cuts + 1
            mend_at = now + rng.uniform(*CUT_S)
            cut_at = mend_at + rng.uniform(*CUT_EVERY_S)
        time.sleep(rng.uniform(*LIFE_S))
        most_mb = max(most_mb, memory_mb(cast.register))
        rng.choice(cast.of(*rng.choices(kinds, weights))).kill()
        if now > told_at + 30:
            told_at = now
            print(f"{until - now:.0f} s left, kills {dict(kills(cast))}", file=sys.stderr, flush=True)
    return cuts, most_mb


def settle(cast: Cast) -> dict[str, int]:
    """No more kills and no more loss; cycles until nobody has anything to tell or to be told, twice over."""
    for worker in (*cast.syncs, *cast.tables, *cast.proxies):
        worker.stop()
    for proxy in cast.proxies:
        proxy.command.append("calm")
    cast.link.profile, cast.link.is_cut = FAST, False
    for worker in (cast.register, *cast.proxies):
        worker.keep_running()
    wait_until_listening(cast.register)

    def once(home: Path) -> dict[str, object]:
        return asked(cast, "uchastka-sync", "--once", "--home", home)

    quiet = rounds = 0
    with ThreadPoolExecutor(AT_ONCE) as pool:
        while quiet < 2 and rounds < SETTLE_ROUNDS:
            rounds += 1
            told = list(pool.map(once, cast.homes()))
            waits = [each for each in told if each.get("pending") != 0 or each.get("feed") or each.get("failure")]
            quiet = 0 if waits else quiet + 1
            print(f"round {rounds}: {len(waits)} stations still had something", file=sys.stderr, flush=True)
    return {"rounds": rounds, "quiet": quiet}


def verdict(cast: Cast, home: Path, settled: dict[str, int], counts: dict[str, int]) -> dict[str, object]:
    """What was told, what is there, and whether they agree."""
    told = [[line.split() for line in table.said] for table in cast.tables]
    found: Agreement = agreement(home, cast.homes(), told)
    status = tool("uchastka-register", "status", "--home", home)
    register_check = tool("uchastka-register", "check", "--home", home)
    checks = [tool("uchastka", "book", "check", "--home", station) for station in cast.homes()]
    killed = kills(cast)
    agrees = {
        "everybody was killed at some time": all(killed[kind] for kind in WEIGHTS),
        "everybody had nothing more to say": settled["quiet"] == 2,
        "every act told as done is in its book, under its number": not found.lost,
        "every book's entries are in the register, byte for byte": not found.differing,
        "no line is marked in two books": not found.twice_marked,
        "every line is held by one book, or by none while it travels": not found.twice_held,
        "no line is left on its way": not found.nowhere,
        "the register counts the books' marks": status["marks"] == found.marks,
        "the register saw no anomaly": status["anomalies"] == [],
        "every book proves itself": all(check["ok"] is True for check in checks),
        "the register proves itself": register_check["ok"] is True,
    }
    said = Counter(line[0] for table in told for line in table if line)
    return {
        "ok": all(agrees.values()),
        "stations": len(cast.homes()),
        "kills": dict(killed),
        **counts,
        "settled_in_rounds": settled["rounds"],
        "told": dict(said),
        "entries": found.entries,
        "marks": found.marks,
        "lines_that_moved": found.moved,
        "packets_up": cast.link.counters.packets_up,
        "packets_down": cast.link.counters.packets_down,
        "connections": cast.link.counters.connections,
        "wrong": found.wrongs()[:20],
        "anomalies": status["anomalies"],
        "agrees": agrees,
    }


def asked(cast: Cast, name: str, *arguments: object) -> dict[str, object]:
    """The JSON object that one of our commands prints at a station, however it went."""
    command = cast.link.at_station([TOOLS / name, *map(str, arguments), "--json"])
    ran = subprocess.run(words(command), capture_output=True, text=True, check=False, cwd=ROOT)
    try:
        return dict(json.loads(ran.stdout))
    except ValueError:
        return {"failure": f"no JSON, exit {ran.returncode}"}


def kills(cast: Cast) -> Counter[str]:
    """How many of each kind were running when they were killed."""
    return Counter({kind: sum(worker.kills for worker in cast.of(kind)) for kind in WEIGHTS})


def memory_mb(worker: Worker) -> int:
    """What the process holds in memory now, 0 where it is gone."""
    try:
        status = Path(f"/proc/{worker.process.pid if worker.process else 0}/status").read_text("utf-8")
    except OSError:
        return 0
    return next((int(line.split()[1]) // 1024 for line in status.splitlines() if line.startswith("VmRSS")), 0)


def module(name: str, *arguments: object) -> list[str | Path]:
    """The command that runs a module of this folder."""
    return [sys.executable, "-m", f"tests.soak.{name}", *map(str, arguments)]


def words(command: list[str | Path]) -> list[str]:
    """The command as text."""
    return [str(word) for word in command]


def main() -> int:
    """Rehearse and print one JSON object; exit 0 when everything agrees."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--stations", type=int, default=20)
    parser.add_argument("--voters", type=int, default=600, help="in each precinct")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--keep", action="store_true", help="leave the folders for a look")
    asked = parser.parse_args()
    enter()
    os.chdir(ROOT)
    folder = Path(tempfile.mkdtemp(prefix="uchastka-twenty-"))
    try:
        found = rehearse(folder, asked.stations, asked.voters, asked.minutes, asked.seed)
    finally:
        if asked.keep:
            print(folder, file=sys.stderr)
        else:
            shutil.rmtree(folder, ignore_errors=True)
    found["load_average"] = [round(each, 1) for each in os.getloadavg()]
    print(json.dumps(found, indent=2))
    return 0 if found["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
