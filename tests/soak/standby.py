"""The primary of a register's database is lost under load, again and again; then: is every acknowledged entry there?

Run by `python3 dev.py soak standby` as root. Hosts are network namespaces on one bridge: etcd, three PostgreSQL under
Patroni with pgbouncer beside them, all run by the samples in `resources/service`, and two register processes, one
straight on PostgreSQL and one through pgbouncer. Stations mark and sync without a pause and keep every entry that the
register acknowledged. Everything on the primary's host ends by SIGKILL; of three times one is just that, one with its
cable pulled first, and one so after its standbys had been cut off for two seconds. Between two losses a register
process is killed too. With `--careless` standbys are not waited for, and acknowledged entries must be found lost. It
stops by itself.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

from pollbook.clock import SystemClock, tick
from pollbook.entries import Entry, Fact, encode_entry
from pollbook.failures import WorldFailed
from pollbook.ledger import extend_all
from pollbook.signing import SigningKey
from pollbook.types import EntryNumber, PersonNumber
from register.authority import load_keys
from register.home import RegisterHome
from register.making import training_election
from register.store import ledgers, stations
from register.store.engine import open_database
from register.store.postgresql import normal_url
from sync.client import RegisterClient
from sync.pace import Patience
from tests.register.stand_in import Centre, Station, enrol_request, take_enrolment
from tests.soak.cluster import Cluster
from tests.soak.hosts import Host, NoNetwork, network
from tests.soak.kills import TOOLS, tool

ROOT = Path(__file__).resolve().parents[2]
DATABASES, REGISTERS = ("db1", "db2", "db3"), ("reg1", "reg2")
PORT = 8443
VOTERS = 2400
"""In each precinct."""
BATCH = 3
"""Marks that one request carries."""
PAUSE_S, RETRY_S = 0.15, 0.5
SWITCH_AFTER = 20
"""Syncs of a station with one register before it goes to the other."""
CUT_OFF_S = 2.0
WAYS = ("SIGKILL", "unplugged, then SIGKILL", "standbys cut off, then as before")
CALM_S = 6.0
"""Between losses everything is well for so long, and the load is measured."""
SERVICE_WITHIN_S = 120
PATIENCE = Patience(connect_s=3.0, silence_s=15.0)


class LiveStation(Station):
    """A station whose entries are of now."""

    def enter(self, fact: Fact, actor: int) -> EntryNumber:
        self.last_at = tick(self.last_at, datetime.now(UTC))
        self.entries.append(encode_entry(Entry(self.last_at, PersonNumber(actor), fact)))
        return EntryNumber(len(self.entries))


@dataclass
class Acknowledged:
    """When anybody was acknowledged anything, and what went wrong; shared by the stations' threads."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    at_s: list[float] = field(default_factory=list)
    marks: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    wrongs: list[str] = field(default_factory=list)
    taken_back: int = 0
    by_register: list[int] = field(default_factory=lambda: [0, 0])

    def note(self, entries: int, register: int) -> None:
        """So many more entries were acknowledged, now, by this register process."""
        with self.lock:
            self.at_s.append(time.monotonic())
            self.marks += entries
            self.by_register[register] += entries

    def note_taken_back(self, entries: int) -> None:
        """So many entries that were acknowledged are not any more."""
        with self.lock:
            self.taken_back += entries

    def note_failure(self, key: str) -> None:
        """A request was not answered with an acknowledgement."""
        with self.lock:
            self.refused[key] = self.refused.get(key, 0) + 1

    def longest_gap_s(self, since_s: float) -> float:
        """The longest time without an acknowledgement from `since_s` until now."""
        with self.lock:
            moments = [since_s, *(at_s for at_s in self.at_s if at_s > since_s), time.monotonic()]
        return max(after - before for before, after in pairwise(moments))

    def has_since(self, since_s: float) -> bool:
        """Whether anything was acknowledged later than `since_s`."""
        with self.lock:
            return bool(self.at_s) and self.at_s[-1] > since_s


@dataclass
class Load:
    """One station that marks and syncs until it is told to stop; whoever fails it, it tries the other register."""

    station: LiveStation
    clients: list[RegisterClient]
    seen: Acknowledged
    stop: threading.Event
    served_by: int = 0
    syncs: int = 0

    def run(self) -> None:
        """Everything that is marked is acknowledged at the end, or what is not shows in the verdict."""
        waiting = iter(self.station.lines)
        ended_at_s: float | None = None
        while True:
            if self.stop.is_set() and ended_at_s is None:
                ended_at_s = time.monotonic()
            if ended_at_s is None:
                for _ in range(BATCH if self.pending < VOTERS // 10 else 0):
                    line = next(waiting, None)
                    if line is not None:
                        self.station.mark(line)
            elif not self.pending or time.monotonic() - ended_at_s > SERVICE_WITHIN_S:
                return
            self.stop.wait(PAUSE_S if self._sync() else RETRY_S)

    @property
    def pending(self) -> int:
        """Entries that nobody acknowledged yet."""
        return len(self.station.entries) - self.station.acknowledged

    def _sync(self) -> bool:
        station, first = self.station, self.station.acknowledged + 1
        request = station.request(first, sent_at_s=int(time.time()))
        try:
            untrusted = self.clients[self.served_by].sync(station.book, EntryNumber(first), request)
            answer = station.read_answer(untrusted, request, first)
        except WorldFailed as error:
            self.seen.note_failure(error.failure.key)
            self.served_by = 1 - self.served_by
            return False
        number = answer.acknowledged.number
        if number < station.acknowledged:
            self.seen.note_taken_back(station.acknowledged - number)
        if answer.acknowledged != extend_all(station.start, station.entries[:number]):
            self.seen.wrongs.append(f"{station.book}: another history is acknowledged at {number}")
        if number > station.acknowledged:
            self.seen.note(number - station.acknowledged, self.served_by)
        station.acknowledged = number
        station.hear(answer)
        self.syncs += 1
        if self.syncs % SWITCH_AFTER == 0:
            self.served_by = 1 - self.served_by
        return True


@dataclass
class Centres:
    """The register processes: a folder and a host each."""

    hosts: list[Host]
    homes: list[Path]

    def start(self, number: int) -> None:
        """This register process runs and answers, or will."""
        host, home = self.hosts[number], self.homes[number]
        listen = ["--host", host.address, "--port", str(PORT), "--name", host.address]
        host.start([TOOLS / "uchastka-register", "serve", "--home", home, *listen], ROOT)


def make_register(cluster: Cluster, folder: Path, hosts: list[Host], precincts: int) -> Centres:
    """A training register in the cluster's database with a folder for each process, one of them through pgbouncer."""
    homes = [folder / host.name for host in hosts]
    tool("uchastka-register", "init", "--home", homes[0], "--training", "--database", cluster.url(pooled=False))
    tool(
        "uchastka-register", "synthesise", "--precincts", precincts, "--voters", VOTERS, "--seed", 5,
        "--out", folder,
    )  # fmt: skip
    tool("uchastka-register", "import", "--home", homes[0], folder / "voters.csv", "--totals", folder / "totals.csv")
    for home in homes[1:]:
        shutil.copytree(homes[0], home)
        RegisterHome(home).note_database(normal_url(cluster.url(pooled=True)))
    centres = Centres(hosts, homes)
    for number in range(len(hosts)):
        centres.start(number)
    return centres


def enrolled(centres: Centres, count: int, seen: Acknowledged, stop: threading.Event) -> list[Load]:
    """Stations that were let in over the wire, their day opened."""
    home = RegisterHome(centres.homes[0])
    database = open_database(home)
    try:
        centre = Centre(home, database, load_keys(home), training_election(), datetime.now(UTC))
        codes = [str(code) for (code,) in centre.rows("SELECT code FROM precinct ORDER BY code")][:count]
        loads = []
        for number, code in enumerate(codes):
            clients = [
                RegisterClient(
                    f"https://{host.address}:{PORT}", centre.keys.authority.pem, SystemClock(), Patience(5.0, 15.0)
                )
                for host in centres.hosts
            ]
            key = SigningKey.generate()
            request = enrol_request(centre.code(code), key)
            answer = ask_until_answered(clients[number % 2], request)
            made = take_enrolment(centre, answer, key)
            station = LiveStation(made.key, made.slice, made.start, made.register_key, order_sent=made.order_sent)
            station.receive_slice()
            station.bind_officers()
            station.open_day(f"{datetime.now(UTC):%Y-%m-%d}")
            loads.append(Load(station, clients, seen, stop, number % 2))
    finally:
        database.close()
    return loads


def ask_until_answered(client: RegisterClient, request: bytes) -> bytes:
    """The answer to an enrol request, however long the register takes to start."""
    until = time.monotonic() + SERVICE_WITHIN_S
    while True:
        try:
            return client.enrol(request)
        except WorldFailed:
            if time.monotonic() > until:
                raise
            time.sleep(RETRY_S)


def lose_primaries(cluster: Cluster, centres: Centres, seen: Acknowledged, losses: int) -> list[dict[str, object]]:
    """What each loss of the primary cost; between them a register process is lost."""
    told: list[dict[str, object]] = []
    for number in range(losses):
        primary = cluster.wait_for_primary(len(cluster.databases) - 1)
        before, calm_since_s = seen.marks, time.monotonic()
        time.sleep(CALM_S)
        rate = (seen.marks - before) / (time.monotonic() - calm_since_s)
        way = WAYS[2 if cluster.is_careless else number % len(WAYS)]
        standbys = [host for host in cluster.databases if host is not primary]
        cut_off = standbys if way == WAYS[2] else []
        for host in cut_off:
            host.unplug()
        if cut_off:
            time.sleep(CUT_OFF_S)
        lost_at_s = time.monotonic()
        killed = primary.lose(unplugged_first=way != WAYS[0])
        for host in cut_off:
            host.plug_in()
        promoted = cluster.wait_for_primary(len(cluster.databases) - 2, besides=primary)
        promoted_s = time.monotonic() - lost_at_s
        wait_until_served(seen, time.monotonic())
        gap_s, served = seen.longest_gap_s(lost_at_s), list(seen.by_register)
        primary.plug_in()
        cluster.start_database(primary)
        came_back_at_s = time.monotonic()
        cluster.wait_for_primary(len(cluster.databases) - 1)
        back_s = time.monotonic() - came_back_at_s
        both = wait_until_both_served(seen, served)
        register = number % 2
        centres.hosts[register].lose(unplugged_first=False)
        centres.start(register)
        told.append(
            {
                "lost": primary.name,
                "how": way,
                "processes_killed": killed,
                "promoted": promoted.name,
                "entries_per_s_before": round(rate, 1),
                "promoted_after_s": round(promoted_s, 1),
                "without_service_s": round(gap_s, 1),
                "both_ways_served_again": both,
                "back_as_standby_after_s": round(back_s, 1),
            }
        )
        print(json.dumps(told[-1]), file=sys.stderr, flush=True)
    return told


def wait_until_served(seen: Acknowledged, since_s: float) -> None:
    """Something was acknowledged later than `since_s`, or nothing was for two minutes, which the verdict shows."""
    while not seen.has_since(since_s) and time.monotonic() < since_s + SERVICE_WITHIN_S:
        time.sleep(0.05)


def wait_until_both_served(seen: Acknowledged, before: list[int]) -> bool:
    """Whether each register process has acknowledged more than `before`, within two minutes."""
    until = time.monotonic() + SERVICE_WITHIN_S
    while time.monotonic() < until:
        if all(now > then for now, then in zip(seen.by_register, before, strict=True)):
            return True
        time.sleep(0.05)
    return False


def verdict(
    centres: Centres, loads: list[Load], seen: Acknowledged, told: list[dict[str, object]]
) -> dict[str, object]:
    """Every acknowledged entry is looked up in the register, byte for byte."""
    missing = compared = 0
    database = open_database(RegisterHome(centres.homes[0]))
    try:
        with database.read() as connection:
            for load in loads:
                station = stations.find_station(connection, load.station.book)
                assert station is not None
                last = load.station.acknowledged
                stored = ledgers.entry_bytes(connection, station.id, 1, last)
                expected = dict(enumerate(load.station.entries[:last], 1))
                compared += last
                missing += sum(stored.get(number) != content for number, content in expected.items())
    finally:
        database.close()
    check = tool("uchastka-register", "check", "--home", centres.homes[0])
    status = tool("uchastka-register", "status", "--home", centres.homes[0])
    marks = sum(len(load.station.states) for load in loads)
    agrees = {
        "every acknowledged entry is in the register, byte for byte": missing == 0 and compared > 0,
        "no acknowledgement was ever taken back": not seen.taken_back,
        "every acknowledgement was of the station's own history": not seen.wrongs,
        "every station went on to its end": all(
            load.station.acknowledged == len(load.station.entries) for load in loads
        ),
        "the register has every mark": status["marks"] == marks,
        "the register saw no anomaly": status["anomalies"] == [],
        "the register proves itself": check["ok"] is True,
        "both ways to the database served after each loss": all(loss["both_ways_served_again"] for loss in told),
    }
    gaps = [float(str(loss["without_service_s"])) for loss in told]
    return {
        "ok": all(agrees.values()),
        "stations": len(loads),
        "losses": told,
        "without_service_s": {"median": statistics.median(gaps), "longest": max(gaps)},
        "acknowledged_entries": compared,
        "missing_or_changed": missing,
        "acknowledgements_taken_back": seen.taken_back,
        "acknowledged_by": {"straight": seen.by_register[0], "through pgbouncer": seen.by_register[1]},
        "requests_that_failed": seen.refused,
        "wrongs": seen.wrongs,
        "agrees": agrees,
    }


def rehearse(folder: Path, losses: int, count: int, *, is_careless: bool) -> dict[str, object]:
    """Hosts, cluster, registers, load, losses, verdict; nothing of them runs at the end."""
    with network(folder, ["etcd", *DATABASES, *REGISTERS]) as hosts:
        cluster = Cluster(hosts["etcd"], [hosts[name] for name in DATABASES], folder, is_careless)
        cluster.start()
        centres = make_register(cluster, folder, [hosts[name] for name in REGISTERS], count)
        seen, stop = Acknowledged(), threading.Event()
        loads = enrolled(centres, count, seen, stop)
        threads = [threading.Thread(target=load.run) for load in loads]
        for thread in threads:
            thread.start()
        try:
            wait_until_served(seen, time.monotonic())
            told = lose_primaries(cluster, centres, seen, losses)
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        return verdict(centres, loads, seen, told)


def main() -> int:
    """Rehearse and print one JSON object; exit 0 when nothing that was acknowledged is lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--losses", type=int, default=6, help="how often the primary is lost")
    parser.add_argument("--stations", type=int, default=8)
    parser.add_argument("--careless", action="store_true", help="wait for no standby: entries must be found lost")
    parser.add_argument("--keep", action="store_true", help="leave the folders and logs for a look")
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="uchastka-standby-"))
    folder.chmod(0o711)  # the databases' owner goes through it to folders of his own
    try:
        found = rehearse(folder, asked.losses, asked.stations, is_careless=asked.careless)
    except NoNetwork as error:
        print(f"no network namespaces here: {error}", file=sys.stderr)
        return 4
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
