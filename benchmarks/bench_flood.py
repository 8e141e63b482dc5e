"""One station asks as often as it can, beyond all reason, while another one works: how long does the other wait?

The register is `uchastka-register serve` over TLS with its embedded database, in a process of its own. The flood comes
from a process of its own too, from one address: valid requests of an enrolled station, written one behind the other
into as many connections as the register leaves it, without waiting for an answer; then a new connection for each
request. The other station, at another address, syncs one mark at a time. The reference in the same run: its syncs while
nobody else is there.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import http.client
import json
import re
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import psutil

from benchmarks.measuring import figure, percentile
from register.making import training_election
from tests.register.lists_of_voters import voters, write_list
from tests.register.stand_in import Centre, Station, enrolled_station, make_centre

TOOL = Path(sys.executable).parent / "uchastka-register"
FLOOD, OTHER = "127.0.0.1", "127.0.0.2"
KINDS = {"all its connections": 1600, "pipelined": 200, "a connection each": 200}
"""Connections at a time; the first are more than the register gives to one address."""
LASTS_S = 20.0
SYNCS = 60
MEMORY_MB = 1024
PIPELINED = 64
_STATUS = re.compile(rb"HTTP/1\.1 (\d{3}) ")
_RETRY = re.compile(rb"retry-after: ", re.IGNORECASE)


async def pipeline(port: int, trust: ssl.SSLContext, request: bytes, until: float, told: Counter[str]) -> None:
    """Requests go into one connection as fast as it takes them; it is made anew when it is lost."""
    while time.monotonic() < until:
        try:
            async with asyncio.timeout_at(asyncio.get_running_loop().time() + until - time.monotonic()):
                reader, writer = await asyncio.open_connection(
                    "127.0.0.1", port, ssl=trust, local_addr=(FLOOD, 0), ssl_handshake_timeout=LASTS_S
                )
        except (OSError, TimeoutError):
            told["no connection"] += 1
            await asyncio.sleep(0.2)
            continue
        told["connections"] += 1
        try:
            async with asyncio.timeout_at(asyncio.get_running_loop().time() + until - time.monotonic()):
                async with asyncio.TaskGroup() as both:
                    both.create_task(_write(writer, request, told))
                    both.create_task(_read(reader, told))
        except* OSError:  # a time-out is one too
            pass
        finally:
            writer.transport.abort()


async def _write(writer: asyncio.StreamWriter, request: bytes, told: Counter[str]) -> None:
    while not writer.is_closing():
        writer.write(request * PIPELINED)
        told["sent"] += PIPELINED
        await writer.drain()
        await asyncio.sleep(0)  # a connection that is lost is told of by the loop
    raise ConnectionError


async def _read(reader: asyncio.StreamReader, told: Counter[str]) -> None:
    while piece := await reader.read(65_536):
        _count(piece, told)
    raise ConnectionError


async def churn(port: int, trust: ssl.SSLContext, request: bytes, until: float, told: Counter[str]) -> None:
    """A new connection for each request, which is not waited for longer than its answer takes."""
    while time.monotonic() < until:
        writer = None
        try:
            async with asyncio.timeout(10):
                reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trust, local_addr=(FLOOD, 0))
                told["connections"] += 1
                writer.write(request)
                told["sent"] += 1
                _count(await reader.read(65_536), told)
        except (OSError, TimeoutError):
            told["no connection"] += 1
            await asyncio.sleep(0.05)
        finally:
            if writer is not None:
                writer.transport.abort()


def _count(piece: bytes, told: Counter[str]) -> None:
    for status in _STATUS.findall(piece):
        told[status.decode()] += 1
    told["with Retry-After"] += len(_RETRY.findall(piece))


async def flood(kind: str, port: int, authority: str, path: str, body: bytes) -> Counter[str]:
    """All connections at once, for `LASTS_S`."""
    trust = ssl.create_default_context(cadata=authority)
    head = f"PUT {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    told: Counter[str] = Counter()
    one, count = churn if kind == "a connection each" else pipeline, KINDS[kind]
    until = time.monotonic() + LASTS_S
    await asyncio.gather(*(one(port, trust, head + body, until, told) for _ in range(count)))
    return told


def sync_one_by_one(port: int, trust: ssl.SSLContext, station: Station, within_s: float) -> tuple[list[float], int]:
    """Seconds of each sync of one mark over a kept connection, until `SYNCS` or so long; and those that failed."""
    seconds, failed = [], 0
    connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=60, context=trust, source_address=(OTHER, 0))
    until = time.monotonic() + within_s
    waiting = [line for line in station.lines if line not in station.states]
    for line in waiting[:SYNCS]:
        if time.monotonic() > until:
            break
        station.mark(line)
        first = station.acknowledged + 1
        request = station.request(first, sent_at_s=int(time.time()))
        began = time.perf_counter()
        try:
            connection.request("PUT", station.path(first), request)
            response = connection.getresponse()
            answer = response.read()
            if response.status != http.HTTPStatus.OK:
                raise http.client.HTTPException(str(response.status))
            station.acknowledged = station.read_answer(answer, request, first).acknowledged.number
            seconds.append(time.perf_counter() - began)
        except (OSError, http.client.HTTPException):
            failed += 1
            connection.close()
        time.sleep(0.2)
    connection.close()
    return seconds, failed


def measure(centre: Centre, process: psutil.Process, port: int, hostile: Station, other: Station) -> None:
    """The other station alone, then under each kind of flood."""
    authority = centre.keys.authority.pem.decode()
    trust = ssl.create_default_context(cadata=authority)
    alone, failed = sync_one_by_one(port, trust, other, 60)
    assert not failed
    usual_s = statistics.median(alone)
    for kind in KINDS:
        file = centre.home.path / "hostile.bin"
        file.write_bytes(hostile.request(1, sent_at_s=int(time.time())))
        words = [sys.executable, __file__, "--flood", kind, str(port), hostile.path(1), str(file)]
        attacker = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8")
        assert attacker.stdin is not None
        attacker.stdin.write(authority)
        attacker.stdin.close()
        time.sleep(3)
        peak = process.memory_info().rss
        seconds, failed = sync_one_by_one(port, trust, other, LASTS_S - 4)
        peak = max(peak, process.memory_info().rss)
        assert attacker.stdout is not None
        told = Counter(json.loads(attacker.stdout.read()))
        attacker.wait()
        peak = max(peak, process.memory_info().rss)
        answers = ", ".join(f"{name}: {count}" for name, count in sorted(told.items()))
        print(f"{kind}: {told['sent'] / LASTS_S:,.0f} requests/s written by one address for {LASTS_S:.0f} s; {answers}")
        sent_away = told["429"] + told["503"]
        strange = sum(count for name, count in told.items() if name.isdigit() and name not in {"200", "429", "503"})
        figure(f"{kind}: answers beyond 200, 429 and 503", strange, "", "0", strange == 0)
        bare = sent_away - told["with Retry-After"]
        figure(f"{kind}: answers without Retry-After", bare, "", "0", bare == 0, f"{sent_away} sent away")
        figure(f"{kind}: syncs of the other station that failed", failed, "", "0", failed == 0, f"{len(seconds)} done")
        if seconds:
            ratio, slow = statistics.median(seconds) / usual_s, percentile(seconds, 0.95)
            detail = f"{usual_s * 1e3:.0f} ms alone, {statistics.median(seconds) * 1e3:.0f} ms, 95 % in {slow:.2f} s"
            figure(f"{kind}: a sync of the other station", ratio, "×", "as it comes", met=True, detail=detail)
        peak_mb = peak / 2**20
        figure(f"{kind}: the register's memory", peak_mb, "MB", f"≤ {MEMORY_MB}", peak_mb <= MEMORY_MB)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--flood", nargs=4, metavar=("KIND", "PORT", "PATH", "FILE"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.flood:
        kind, port, path, file = asked.flood
        told = asyncio.run(flood(kind, int(port), sys.stdin.read(), path, Path(file).read_bytes()))
        print(json.dumps(told))
        return
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as at_end:
        folder = Path(name)
        centre = make_centre(folder / "register", training_election())
        centre.now = datetime.now(UTC)
        codes = ["1708-0001", "1708-0002"]
        rows = [row for number, code in enumerate(codes) for row in voters(300, code, number * 300)]
        centre.load(write_list(folder / "voters.csv", rows))
        hostile, other = (enrolled_station(centre, code) for code in codes)
        for line in hostile.lines[:3]:
            hostile.mark(line)
        centre.database.close()
        serve = [TOOL, "serve", "--home", centre.home.path, "--port", "0", "--json"]
        register = subprocess.Popen(serve, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="utf-8")
        at_end.callback(register.wait)
        at_end.callback(register.terminate)
        assert register.stdout is not None
        port = int(json.loads(register.stdout.readline())["url"].rsplit(":", 1)[1])
        measure(centre, psutil.Process(register.pid), port, hostile, other)


if __name__ == "__main__":
    main()
