"""30,000 marks over a link that loses packets, and over one that is cut in mid-transfer for 10, 20 and 90 seconds.

Each against the same transfer over the same link when it holds, in the same run: the bytes on all layers, and for the
cuts the time beyond the cut itself. The cut comes when a third of the marks are through.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks import satellite
from benchmarks.link_world import client, copied, make_world, mark, tell
from benchmarks.measuring import figure
from benchmarks.satellite import FAST, SAT, SAT_POOR, Link, Profile
from pollbook.store.home import StationHome

MARKS = 30_000
CUTS_S = (10, 20, 90)
BATCHES_MIN = 10
SETTLE_S = 1.5


@dataclass(frozen=True, slots=True)
class Transfer:
    """What it took until nothing was pending."""

    seconds: float
    bytes_up: int
    bytes_all: int
    round_trips: int
    connections: int


def transfer(world: Path, link: Link, profile: Profile, cut: tuple[int, float] | None = None) -> Transfer:
    """All marks go up; a cut is given by the bytes that are up before it, and its seconds."""
    with copied(world, link) as copy, client(link, copy / "station") as station:
        tell(station, "pause 0")
        link.profile = profile
        with link.metered() as counters:
            begun_at = replace(link.counters).bytes_up
            cutter = threading.Thread(target=_cut, args=(link, begun_at, cut))
            cutter.start()
            told = tell(station, "drain")
            cutter.join()
            time.sleep(SETTLE_S)
        link.profile = FAST
    if told["pending"]:
        sys.exit(f"the transfer did not finish: {told}")
    both = counters.bytes_up + counters.bytes_down
    return Transfer(told["seconds"], counters.bytes_up, both, told["round_trips"], counters.connections)


def _cut(link: Link, begun_at: int, cut: tuple[int, float] | None) -> None:
    if cut is None:
        return
    after_bytes, seconds = cut
    until = time.monotonic() + 600
    while link.counters.bytes_up - begun_at < after_bytes:
        if time.monotonic() > until:
            sys.exit("the transfer never came so far")
        time.sleep(0.01)
    link.is_cut = True
    time.sleep(seconds)
    link.is_cut = False


def main(folder: Path) -> None:
    world = folder / "world"
    world.mkdir()
    with Link() as link:
        make_world(world, link, MARKS + 500)
        mark(StationHome(world / "station"), MARKS)
        clear_poor = transfer(world, link, SAT_POOR.without_loss())
        batches = clear_poor.round_trips - 2
        figure("batches of 30,000 marks", batches, "", f"≥ {BATCHES_MIN}", batches >= BATCHES_MIN)
        poor = transfer(world, link, SAT_POOR)
        ratio = poor.bytes_all / clear_poor.bytes_all
        detail = f"{poor.bytes_all / 1000:.0f} kB in {poor.seconds:.0f} s; without loss {clear_poor.seconds:.0f} s"
        figure("30,000 marks, sat-poor with 5 % loss: bytes / without", ratio, "times", "≤ 1.3", ratio <= 1.3, detail)
        whole = transfer(world, link, SAT.without_loss())
        for cut_s in CUTS_S:
            cut = transfer(world, link, SAT.without_loss(), (whole.bytes_up // 3, cut_s))
            ratio, beyond_s = cut.bytes_all / whole.bytes_all, cut.seconds - whole.seconds - cut_s
            detail = (
                f"{cut.connections} connections tried; whole {whole.seconds:.1f} s, {whole.bytes_all / 1000:.0f} kB"
            )
            name = f"30,000 marks, cut for {cut_s} s"
            figure(f"{name}: bytes / without", ratio, "times", "≤ 1.3", ratio <= 1.3, detail)
            figure(f"{name}: time beyond the cut", beyond_s, "s", "≤ 5", beyond_s <= 5)


if __name__ == "__main__":
    satellite.enter()
    Path("build").mkdir(exist_ok=True)
    place = Path(tempfile.mkdtemp(prefix="wire-outage-", dir="build")).resolve()
    try:
        main(place)
    finally:
        shutil.rmtree(place, ignore_errors=True)
