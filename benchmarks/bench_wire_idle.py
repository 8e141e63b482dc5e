"""What a station costs on a satellite whose connection is open: one mark at once, and an hour without news.

Two hours without news. One is what the program does by itself, from its start on, with its own engine and without any
setting: its connection and `ENGINE_CYCLES` polls in real time, of which the last `CALM_CYCLES` are taken on to
the hour's end. The other is polling each minute, measured for four minutes and taken on to sixty. The connection must
stay open over the minute between, which is why the minutes are not shortened. The reference is the sync of one mark
over a connection that must be made first.
"""

from __future__ import annotations

import itertools
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from benchmarks import satellite
from benchmarks.link_world import client, copied, heard, make_world, mark, tell
from benchmarks.measuring import figure
from benchmarks.satellite import SAT, Counters, Link
from pollbook.store.home import StationHome

EARLIER_MARKS = 100
POLLS = 4
HOUR_POLLS = 60
HOUR_S = 3600
ENGINE_CYCLES, CALM_CYCLES = 14, 6
"""On a satellite it is calm after eight: about nine minutes."""
SETTLE_S = 0.8


def exchange(link: Link, station: subprocess.Popen[str], *lines: str) -> tuple[Counters, float, int]:
    """What the last of `lines` took over the link: bytes, seconds, round trips."""
    for line in lines[:-1]:
        tell(station, line)
    with link.metered() as counters:
        told = tell(station, lines[-1])
        time.sleep(SETTLE_S)
    if told["failure"] or told["pending"]:
        sys.exit(f"the sync did not go through: {told}")
    return counters, told["seconds"], told["round_trips"]


def engine_hour(link: Link, station: subprocess.Popen[str]) -> tuple[float, str]:
    """The bytes of an hour that the station's own engine makes of it, and how."""
    marks: list[tuple[float, int]] = []
    with_new = 0
    begun_at, before = time.monotonic(), replace(link.counters)
    for number in range(ENGINE_CYCLES):
        told = tell(station, f"engine {ENGINE_CYCLES}") if number == 0 else heard(station)
        if told["failure"]:
            sys.exit(f"the sync did not go through: {told}")
        time.sleep(SETTLE_S)
        spent = link.counters.since(before)
        with_new = spent.connections
        marks.append((told["at_s"] - begun_at, spent.bytes_up + spent.bytes_down))
    (calm_at, calm_bytes), (last_at, last_bytes) = marks[-1 - CALM_CYCLES], marks[-1]
    rate = (last_bytes - calm_bytes) / (last_at - calm_at)
    waits = " ".join(f"{later - sooner:.0f}" for (sooner, _), (later, _) in itertools.pairwise(marks))
    detail = f"{(last_bytes - calm_bytes) / CALM_CYCLES:.0f} B a poll, {with_new} connections, after {waits} s"
    return last_bytes + rate * (HOUR_S - last_at), detail


def main(folder: Path) -> None:
    world = folder / "world"
    world.mkdir()
    with Link() as link:
        make_world(world, link, EARLIER_MARKS + 100)
        mark(StationHome(world / "station"), EARLIER_MARKS)
        with copied(world, link) as copy, client(link, copy / "station") as station:
            link.profile = SAT.without_loss()
            exchange(link, station, "cycle")
            tell(station, "pause 0.5")
            one, seconds, trips = exchange(link, station, "mark", "cycle")
            idle = Counters()
            for _ in range(POLLS):
                tell(station, "pause 60")
                polled, _, _ = exchange(link, station, "cycle")
                idle.bytes_up += polled.bytes_up
                idle.bytes_down += polled.bytes_down
                idle.connections += polled.connections
            tell(station, "close")
            cold, _, _ = exchange(link, station, "mark", "cycle")
            tell(station, "close")
            by_itself, how = engine_hour(link, station)
    share = f"{one.bytes_up / cold.bytes_up:.2f} of {cold.bytes_up} B over a new connection"
    figure("one mark, warm link: round trips", trips, "", "1", trips == 1, f"{seconds:.2f} s")
    figure("one mark, warm link: up, all layers", one.bytes_up, "B", "≤ 500", one.bytes_up <= 500, share)
    figure("one mark, warm link: down, all layers", one.bytes_down, "B", "≤ 400", one.bytes_down <= 400)
    hour = (idle.bytes_up + idle.bytes_down) * HOUR_POLLS / POLLS / 1000
    detail = f"{POLLS} polls a minute apart, {idle.connections} new connections"
    figure("an idle hour, polled each minute, all layers", hour, "kB", "≤ 60", hour <= 60, detail)
    by_itself /= 1000
    figure("an idle hour as the program itself polls, all layers", by_itself, "kB", "≤ 60", by_itself <= 60, how)


if __name__ == "__main__":
    satellite.enter()
    Path("build").mkdir(exist_ok=True)
    place = Path(tempfile.mkdtemp(prefix="wire-idle-", dir="build")).resolve()
    try:
        main(place)
    finally:
        shutil.rmtree(place, ignore_errors=True)
