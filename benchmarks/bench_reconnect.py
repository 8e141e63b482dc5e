"""All of the nation's stations come at once with a day's marks: 10,260 of them against the real register on PostgreSQL.

Each has about 1,400 marks, packed as the wire has them, in a request of its own. The register is `uchastka-register
serve`, TLS and all, in a process of its own. The stations are threads of other processes: at first all within a minute,
then each as the register tells it (Retry-After with the stations' own jitter, `sync.backoff`), until all are
acknowledged. Nothing is compressed in time. Stations are written into the database as enrolment leaves them, their day
opened, for enrolling is not what is measured.

The reference in the same run: the same register and the same requests, one station after the other.
"""

from __future__ import annotations

import argparse
import http.client
import json
import multiprocessing
import os
import random
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import psutil
import psycopg

from benchmarks.measuring import figure
from development.postgresql import Cluster, private_cluster
from pollbook.clock import COUNTER_BITS
from pollbook.failures import Failure
from pollbook.ledger import Head, extend_all, sign_head
from pollbook.line_state import LineState, Mark, digest
from pollbook.packing import SliceOrder
from pollbook.plain_marks import encode_mark
from pollbook.signing import SigningKey, device_id
from pollbook.sync_request import Address, SyncRequest, encode_sync_request
from pollbook.types import BookName, Channel, EntryNumber, LineId, PersonNumber
from pollbook.wire import short_digest
from register.making import training_election
from sync.backoff import Backoff
from tests.register.stand_in import Centre, make_centre

STATIONS, MARKS = 10_260, 1400
OPENING = 4
"""Entries of a day's opening, which the register has."""
WITHIN_S = 60.0
COME_BACK = (429, 503)
"""Answers that say when to come back: to an address or a book that has spent its share, and to all."""
MEMORY_MB = 1024
REFERENCE = 100
SETTINGS = {"shared_buffers": "512MB", "max_wal_size": "8GB", "max_connections": "60"}
TOOL = Path(sys.executable).parent / "uchastka-register"
OPERATOR = PersonNumber(3)


@dataclass(frozen=True)
class Sent:
    """A station's request, and where it goes."""

    path: str
    body: bytes


@dataclass(frozen=True)
class Made:
    """A station as enrolment leaves it, and what it sends."""

    device: bytes
    public_key: bytes
    head: bytes
    lines: bytes
    sent: Sent


def make_station(number: int, marks: int, now_s: int) -> Made:
    """One station with its day's marks, from its number alone."""
    made = random.Random(number)
    key = SigningKey.from_seed(made.randbytes(32))
    book = BookName(device_id(key.public), 1)
    start = Head(EntryNumber(OPENING), made.randbytes(32))
    lines = sorted((number << 40 | made.getrandbits(40)) << 1 | 1 << 62 for _ in range(marks))
    order = made.sample(lines, marks)
    at = [(now_s - marks * 20 + place * 20) << COUNTER_BITS for place in range(marks)]
    entries = tuple(encode_mark(when, OPERATOR, line, 0) for when, line in zip(at, order, strict=True))
    states = (
        (LineId(line), LineState(Mark(EntryNumber(OPENING + 1 + place), Channel.STATION, when, OPERATOR)))  # type: ignore[arg-type]
        for place, (line, when) in enumerate(zip(order, at, strict=True))
    )
    origin = Head(EntryNumber(0), start.hash)
    request = SyncRequest(
        book=book,
        first=EntryNumber(OPENING + 1),
        entries=entries,
        head=sign_head(origin, extend_all(start, entries), key),
        digest=short_digest(digest(states)),
        feed_cursor=0,
        sent_at_s=now_s,
        pending=0,
        software="bench",
    )
    body = encode_sync_request(request, key, SliceOrder.of(map(LineId, lines)))
    packed = struct.pack(f">{marks}q", *lines)
    path = Address(book, EntryNumber(OPENING + 1)).path
    return Made(book.device, key.public, start.hash, packed, Sent(path, body))


def prepare(cluster: Cluster, stations: int, marks: int) -> list[Sent]:
    """Every station stands in the database; returns what they send."""
    now_s = int(time.time())
    with multiprocessing.get_context("fork").Pool(os.cpu_count()) as pool:
        made = pool.starmap(make_station, [(number, marks, now_s) for number in range(1, stations + 1)], 64)
    with psycopg.connect(cluster.conninfo("reconnect")) as connection:
        cursor = connection.cursor()
        codes = [precinct_of(number) for number in range(1, len(made) + 1)]
        _copy(cursor, "precinct (code, name, version, loaded)", [(code, "", 1, 0) for code in codes])
        people = [(code, number, f"{code}-{number}", "A", "B", role) for code in codes for number, role in PEOPLE]
        _copy(cursor, "person (precinct, number, key, surname, given_name, role)", people)
        names = "id, device, epoch, public_key, precinct, desk, list_version, line_count, issued_at_s, start_hash"
        rows: list[tuple[object, ...]] = [
            (number, each.device, 1, each.public_key, precinct_of(number), 1, 1, marks, now_s, each.head)
            for number, each in enumerate(made, 1)
        ]
        _copy(cursor, f"station ({names})", rows)
        _copy(
            cursor,
            "issued (station, answer, lines)",
            [(number, b"", each.lines) for number, each in enumerate(made, 1)],
        )
        names = "station, acknowledged, head_hash, digest, last_at, day, pending, software, forked, adjudicated"
        rows = [
            (number, OPENING, each.head, bytes(32), 1, "2026-12-20", 0, "", False, OPENING)
            for number, each in enumerate(made, 1)
        ]
        _copy(cursor, f"book ({names})", rows)
    return [each.sent for each in made]


def precinct_of(number: int) -> str:
    """The precinct of this station, which is its only one."""
    return f"{1700 + number // 1000:04}-{number % 1000:04}"


PEOPLE = ((1, "chair"), (2, "secretary"), (3, "operator"))


def _copy(cursor: psycopg.Cursor, into: str, rows: Sequence[tuple[object, ...]]) -> None:
    with cursor.copy(f"COPY {into} FROM STDIN") as copy:  # type: ignore[call-overload]
        for row in rows:
            copy.write_row(row)


def ask(port: int, trust: ssl.SSLContext, sent: Sent) -> tuple[int, int]:
    """One request on a connection of its own: the status, and the seconds of Retry-After, 0 without."""
    connection = http.client.HTTPSConnection("127.0.0.1", port, context=trust, timeout=120)
    try:
        connection.request("PUT", sent.path, sent.body)
        response = connection.getresponse()
        response.read()
        return response.status, int(response.headers.get("Retry-After", "0"))
    finally:
        connection.close()


def come(port: int, authority: str, share: Sequence[Sent], seed: int, told: Any) -> None:  # noqa: ANN401 - a queue
    """A process of stations: each comes within a minute, and again when it was told to, until it is acknowledged."""
    trust = ssl.create_default_context(cadata=authority)
    drawn, counts = random.Random(seed), Counter[str]()
    due: list[tuple[float, int, Backoff]] = [
        (time.monotonic() + drawn.random() * WITHIN_S, place, Backoff()) for place in range(len(share))
    ]
    lock, queue = threading.Lock(), SimpleQueue[tuple[float, int, Backoff] | None]()

    def visit() -> None:
        while (item := queue.get()) is not None:
            _, place, backoff = item
            try:
                status, retry_after_s = ask(port, trust, share[place])
            except OSError as error:
                status, retry_after_s = -1, 0
                name = type(error).__name__
            else:
                is_silent = status in COME_BACK and not retry_after_s
                name = f"{status} without Retry-After" if is_silent else str(status)
            with lock:
                counts[name] += 1
                if status != 200:
                    failure = Failure.REGISTER_BUSY if status in COME_BACK else Failure.REGISTER_UNREACHABLE
                    wait_s = backoff.after_failure(failure, retry_after_s, drawn.random())
                    due.append((time.monotonic() + wait_s, place, backoff))

    workers = [threading.Thread(target=visit) for _ in range(64)]
    for worker in workers:
        worker.start()
    while True:
        with lock:
            now = time.monotonic()
            ready = [item for item in due if item[0] <= now]
            due[:] = [item for item in due if item[0] > now]
            is_done = counts["200"] == len(share)
        for item in ready:
            queue.put(item)
        if is_done:
            break
        time.sleep(0.05)
    for _ in workers:
        queue.put(None)
    for worker in workers:
        worker.join()
    told.put(dict(counts))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--stations", type=int, default=STATIONS)
    parser.add_argument("--marks", type=int, default=MARKS)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, private_cluster(SETTINGS) as cluster:
        with psycopg.connect(cluster.conninfo(), autocommit=True) as connection:
            connection.execute("CREATE DATABASE reconnect")
        centre = make_centre(Path(name) / "register", training_election(), url=cluster.url("reconnect"))
        sent = prepare(cluster, asked.stations + REFERENCE, asked.marks)
        centre.database.close()
        serve = [TOOL, "serve", "--home", centre.home.path, "--port", "0", "--json"]
        register = subprocess.Popen(serve, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="utf-8")
        try:
            assert register.stdout is not None
            port = int(json.loads(register.stdout.readline())["url"].rsplit(":", 1)[1])
            measure(centre, register.pid, port, sent, asked.marks)
        finally:
            register.terminate()
            register.wait()
        with psycopg.connect(cluster.conninfo("reconnect")) as connection:
            row = connection.execute("SELECT count(*) FROM effective_mark").fetchone()
            assert row is not None
            assert row[0] == len(sent) * asked.marks, row


def measure(centre: Centre, register: int, port: int, sent: Sequence[Sent], marks: int) -> None:
    """Let the reference come one by one, then all others at once, and print what came of it."""
    authority = centre.keys.authority.pem.decode()
    trust = ssl.create_default_context(cadata=authority)
    began = time.perf_counter()
    assert all(ask(port, trust, each)[0] == 200 for each in sent[:REFERENCE])
    alone_per_s = REFERENCE / (time.perf_counter() - began)
    rest, clients = sent[REFERENCE:], os.cpu_count() or 1
    context = multiprocessing.get_context("fork")
    told: Any = context.Queue()
    shares = [rest[at::clients] for at in range(clients)]
    stations = [
        context.Process(target=come, args=(port, authority, share, seed, told)) for seed, share in enumerate(shares)
    ]
    began = time.perf_counter()
    for process in stations:
        process.start()
    peak = 0
    while any(process.is_alive() for process in stations) and told.qsize() != clients:
        whole = [psutil.Process(register), *psutil.Process(register).children(recursive=True)]
        peak = max(peak, sum(process.memory_info().rss for process in whole))
        time.sleep(0.2)
    seconds = time.perf_counter() - began
    counts: Counter[str] = sum((Counter(told.get()) for _ in stations), Counter())
    for process in stations:
        process.join()
    ratio = len(rest) / seconds / alone_per_s
    answers = ", ".join(f"{name}: {count}" for name, count in sorted(counts.items()))
    detail = f"{len(rest)} stations of {marks} marks in {seconds:.0f} s; answers {answers}"
    figure(
        "stations acknowledged a second, of one after the other",
        ratio,
        "×",
        "≥ 0.8",
        ratio >= 0.8,
        detail,
    )
    strange = sum(count for name, count in counts.items() if name not in {"200", *map(str, COME_BACK)})
    figure("answers that are neither 200 nor 429 or 503 with Retry-After", strange, "", "0", strange == 0)
    figure("the register's memory", peak / 2**20, "MB", f"≤ {MEMORY_MB}", peak <= MEMORY_MB * 2**20)


if __name__ == "__main__":
    main()
