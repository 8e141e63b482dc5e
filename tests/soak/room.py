"""A room with three desks in network namespaces, a switch and no route to anywhere: by multicast alone.

Run by `python3 dev.py soak room`, as root on Linux. Real `uchastka` processes on real homes: the list is divided, the
cable of the desk that holds a line is pulled (the voter is sent to it by name) and put back (the line comes). At the
end each line is in one book. What is made is taken away again.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pollbook.clock import SystemClock
from pollbook.store import desks
from pollbook.store.book import open_book
from tests.making import Station
from tests.station_app.neighbours.precinct import make_desks

DESKS = 3
LINES = 900
STAYS_S = 25
SWITCH = "room-switch"
Json = dict[str, Any]


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)


@contextmanager
def room() -> Iterator[None]:
    """A namespace for each desk and one with the switch that joins them."""
    names = [SWITCH, *(f"room-desk{desk}" for desk in range(1, DESKS + 1))]
    try:
        for name in names:
            ip("netns", "add", name)
            ip("-n", name, "link", "set", "lo", "up")
        ip("-n", SWITCH, "link", "add", "switch", "type", "bridge", "mcast_snooping", "0")
        ip("-n", SWITCH, "link", "set", "switch", "up")
        for desk, name in enumerate(names[1:], 1):
            ip("link", "add", "lan", "netns", name, "type", "veth", "peer", "name", f"port{desk}", "netns", SWITCH)
            ip("-n", SWITCH, "link", "set", f"port{desk}", "master", "switch", "up")
            ip("-n", name, "addr", "add", f"10.77.0.{desk}/24", "dev", "lan")
            ip("-n", name, "link", "set", "lan", "up")
        yield
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)


def begun(station: Station, desk: int, *words: str) -> subprocess.Popen[str]:
    command = ["ip", "netns", "exec", f"room-desk{desk}", sys.executable, "-m", "station_app", "book", *words]
    command += ["--home", str(station.home.path), "--json"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8")


def said(process: subprocess.Popen[str]) -> Json:
    out, told = process.communicate(timeout=120)
    assert out, told
    answer: Json = json.loads(out)
    return answer


def cable(desk: int, state: str) -> None:
    ip("-n", SWITCH, "link", "set", f"port{desk}", state)


def tell(what: str, answer: Json, began: float) -> None:
    print(f"{what}: {json.dumps(answer)} ({time.monotonic() - began:.1f} s with the process's start)")


def rehearse(stations: list[Station]) -> None:
    first, _, third = stations
    beside = [
        begun(station, desk, "neighbours", "--wait", str(STAYS_S)) for desk, station in enumerate(stations[1:], 2)
    ]
    began = time.monotonic()
    divided = said(begun(first, 1, "divide", "--desks", str(DESKS), "--wait", "20"))
    tell("divided", divided, began)
    assert divided["arrived"] is True
    assert sum(desk["given"] for desk in divided["desks"]) == LINES * 2 // 3
    there = [said(process) for process in beside]
    assert [desk["held"] for desk in there] == [LINES // 3] * 2

    line = third.voters[-1].pinfl
    beside = [begun(third, 3, "neighbours", "--wait", str(STAYS_S))]
    cable(3, "down")
    began = time.monotonic()
    away = said(begun(first, 1, "fetch", line, "--wait", "4"))
    tell("with the cable pulled", away, began)
    assert (away["failure"], away["desk"]) == ("neighbour_away", 3)
    cable(3, "up")
    began = time.monotonic()
    fetched = said(begun(first, 1, "fetch", line, "--wait", "20"))
    tell("with the cable back", fetched, began)
    assert (fetched["outcome"], fetched["desk"]) == ("fetched", 3)
    assert said(beside[0])["held"] == LINES // 3 - 1


def main() -> int:
    """Run it; 0 where everything held."""
    with tempfile.TemporaryDirectory() as folder, room():
        stations = make_desks(Path(folder), DESKS, LINES)
        for desk, station in enumerate(stations, 1):
            stick = Path(folder) / f"stick{desk}"
            stick.mkdir()
            said(begun(station, desk, "mirror", str(stick)))
        rehearse(stations)
        held = []
        for station in stations:
            with open_book(station.home, SystemClock(), writer=False) as book:
                held.append(desks.holdings(book).held)
        print(f"held at the end: {held}")
        assert sum(held) == LINES
    print("each line is in one book")
    return 0


if __name__ == "__main__":
    sys.exit(main())
