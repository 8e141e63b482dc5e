"""A day's marks up and as many status changes down in one cold sync over a satellite, against its peers.

A real book, the real engine, TLS and the real register at the two ends of an emulated link (`satellite.py`); bytes are
counted where IP packets enter it, handshakes and acknowledgements included. The peers carry the same in the same run,
over the same link. `--without-pouch` leaves out PouchDB, which takes ten minutes.

The status changes are which 3,000 of a precinct's 6,000 lines the sibling desks have marked, by chance: one item of
the feed as `pollbook.statuses` packs it, put into the register's store as it is: the world has one station, whose own
list is shorter, so its book keeps the item and shows nothing of it.
"""

from __future__ import annotations

import random
import shutil
import sqlite3
import statistics
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from benchmarks import satellite, wire_peers
from benchmarks.link_world import client, copied, make_world, mark, tell
from benchmarks.measuring import figure
from benchmarks.satellite import FAST, SAT, Link, Profile
from benchmarks.wire_peers import Spent
from pollbook.feed_items import FeedKind, encode_content
from pollbook.packing import SliceOrder
from pollbook.statuses import LineStatus, statuses_of
from pollbook.store.home import StationHome
from pollbook.types import LINE_ID_MAX, LineId, PrecinctCode

MARKS = 3000
VOTERS = 3400
PRECINCT_LINES = 6000
CLEAR_RUNS, LOSSY_RUNS = 3, 20
SETTLE_S = 0.8
"""For the last acknowledgements to cross the link before they are counted."""


def add_statuses(home: Path) -> None:
    """The only station's feed tells which lines its siblings have marked."""
    rng = random.Random(7)
    order = SliceOrder.of(map(LineId, rng.sample(range(1, LINE_ID_MAX), PRECINCT_LINES)))
    marked = LineStatus(PrecinctCode("1708-0001"), 2, is_marked=True)
    content = encode_content(statuses_of(dict.fromkeys(rng.sample(order.lines, MARKS), marked), order))
    with closing(sqlite3.connect(home / "register.db")) as database, database:
        (number,) = database.execute("SELECT coalesce(max(number), 0) + 1 FROM feed").fetchone()
        row = (number, int(FeedKind.STATUSES), content)
        database.execute(
            "INSERT INTO feed (station, number, kind, text, entry, at_s, content)"
            " SELECT id, ?, ?, '', 0, issued_at_s, ? FROM station",
            row,
        )


def cold_sync(world: Path, link: Link, profile: Profile) -> Spent:
    """One cycle of sync, from a program that has no connection yet."""
    with copied(world, link) as copy, client(link, copy / "station") as station:
        tell(station, "pause 0")
        link.profile = profile
        with link.metered() as counters:
            told = tell(station, "cycle")
            time.sleep(SETTLE_S)
        link.profile = FAST
        if told["failure"] or told["pending"] or [item["kind"] for item in told["feed"]] != ["statuses"]:
            sys.exit(f"the sync did not go through: {told}")
    return Spent(told["seconds"], counters.bytes_up, counters.bytes_down)


def median(runs: list[Spent]) -> Spent:
    """Of each value for itself."""
    return Spent(
        statistics.median(run.seconds for run in runs),
        round(statistics.median(run.bytes_up for run in runs)),
        round(statistics.median(run.bytes_down for run in runs)),
    )


def tell_ours(name: str, ours: Spent) -> None:
    a_mark = f"{ours.bytes_up / MARKS:.2f} B a mark"
    figure(f"{name}: up, all layers", ours.bytes_up / 1000, "kB", "≤ 15", ours.bytes_up <= 15_000, a_mark)
    figure(f"{name}: down, all layers", ours.bytes_down / 1000, "kB", "≤ 6", ours.bytes_down <= 6_000)
    figure(f"{name}: time", ours.seconds, "s", "≤ 3.5", ours.seconds <= 3.5)


def tell_peer(name: str, ours: Spent, peer: Spent, times: int) -> None:
    ratio = ours.seconds / peer.seconds
    detail = f"{peer.seconds:.1f} s, {peer.bytes_up / 1000:.0f} kB up, {peer.bytes_down / 1000:.0f} kB down there"
    figure(f"time of ours / {name}", ratio, "times", f"≤ 1/{times}", ratio <= 1 / times, f"1/{1 / ratio:.0f}; {detail}")


def main(folder: Path) -> None:
    with Link() as link:
        world = folder / "world"
        world.mkdir()
        make_world(world, link, VOTERS)
        mark(StationHome(world / "station"), MARKS)
        add_statuses(world / "register")
        clear = SAT.without_loss()
        ours = median([cold_sync(world, link, clear) for _ in range(CLEAR_RUNS)])
        tell_ours(f"{MARKS:,} marks, cold, {clear.name}", ours)
        lossy = median([cold_sync(world, link, SAT) for _ in range(LOSSY_RUNS)])
        tell_ours(f"{MARKS:,} marks, cold, {SAT.name} with 1 % loss, median of {LOSSY_RUNS}", lossy)
        tell_peer("SQLite changesets + zstd", ours, wire_peers.changesets(link, clear, folder, MARKS), 5)
        tell_peer("a JSON request a mark", ours, wire_peers.json_requests(link, clear, folder, MARKS), 500)
        if "--without-pouch" in sys.argv or not wire_peers.has_node():
            print("PouchDB was not measured: " + ("left out" if wire_peers.has_node() else "node is not here"))
            return
        modules = wire_peers.install_pouch(Path("build"))
        for mode, times in (("tuned", 40), ("default", 100)):
            tell_peer(f"PouchDB {mode}", ours, wire_peers.pouch(link, clear, folder, modules, mode, MARKS), times)


if __name__ == "__main__":
    Path("build").mkdir(exist_ok=True)
    if "--without-pouch" not in sys.argv and wire_peers.has_node():
        wire_peers.install_pouch(Path("build"))  # no registry is reached from inside
    satellite.enter()
    place = Path(tempfile.mkdtemp(prefix="wire-", dir="build")).resolve()
    try:
        main(place)
    finally:
        shutil.rmtree(place, ignore_errors=True)
