"""Four cameras under a script of faults; then: is every segment there, and every gap one that the script made?

Run by `python3 dev.py soak cameras`. An RTSP server plays four cameras on loopback. Cameras freeze, send garbage,
slow down, change their size, their host stops; recorders are killed and the disk of the recordings is pulled out. At
the end the folder is proven, each gap is held against the script, and one segment is tampered with, which has to be
found.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from devices.camera import folder
from devices.camera.place import place_of
from pollbook.camera_entries import GapNoted
from pollbook.clock import SystemClock
from station_app.cameras.checking import Report, check_folder
from station_app.cameras.joining import Cameras
from station_app.cameras.settings import CameraSetting, Limits
from tests.devices.camera.servers import RtspServer, make_film, rtsp_server
from tests.making import make_station

NAMES = ("hall", "door", "urn", "yard")
AROUND_MS = 15_000
"""A gap belongs to a fault that it meets within this: a machine under load is late."""
PAUSE_S = (12.0, 30.0)


@dataclass(frozen=True)
class Done:
    """What the script did to a camera (to all where it is None), from when to when."""

    fault: str
    camera: str | None
    began_ms: int
    ended_ms: int


@dataclass
class Stage:
    """What the faults act on."""

    server: RtspServer
    cameras: Cameras
    root: Path
    films: tuple[Path, Path]

    def pass_time(self, seconds: float) -> None:
        """The cameras are looked after for so long."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            time.sleep(0.2)
            self.cameras.poll()


def now_ms() -> int:
    return time.time_ns() // 1_000_000


@contextmanager
def said(stage: Stage, camera: str, begin: str, end: str) -> Iterator[None]:
    stage.server.tell(f"{camera} {begin}")
    yield
    stage.server.tell(f"{camera} {end}")


def do(stage: Stage, fault: str, camera: str, seconds: float) -> Done:
    """The fault has happened and is over."""
    began = now_ms()
    everybody = fault in {"host stops", "disk pulled"}
    match fault:
        case "freezes":
            with said(stage, camera, "stall", "go"):
                stage.pass_time(seconds)
        case "garbage":
            with said(stage, camera, "garbage on", "garbage off"):
                stage.pass_time(seconds)
        case "slow":
            with said(stage, camera, "rate 1", "rate 10"):
                stage.pass_time(2 * seconds)
        case "other size":
            with said(stage, camera, f"play {stage.films[1]}", f"play {stage.films[0]}"):
                stage.pass_time(seconds)
        case "killed":
            pid = stage.cameras.pid(camera)
            if pid is not None:
                os.kill(pid, signal.SIGKILL)
        case "host stops":
            stage.server.process.send_signal(signal.SIGSTOP)
            stage.pass_time(seconds)
            stage.server.process.send_signal(signal.SIGCONT)
        case "disk pulled":
            pulled = stage.root.with_name("pulled")
            stage.root.rename(pulled)
            stage.pass_time(seconds)
            pulled.rename(stage.root)
    return Done(fault, None if everybody else camera, began, now_ms())


FAULTS = ("freezes", "garbage", "slow", "other size", "killed", "host stops", "disk pulled")


def run_script(stage: Stage, seconds: float, seed: int) -> list[Done]:
    """What was done until the time was over; the last pause is quiet, so that all is well again."""
    rng, done = random.Random(seed), list[Done]()
    until = time.monotonic() + seconds - 40
    stage.pass_time(15)
    while time.monotonic() < until:
        fault = FAULTS[len(done) % len(FAULTS)] if len(done) < 2 * len(FAULTS) else rng.choice(FAULTS)
        done.append(do(stage, fault, rng.choice(NAMES), rng.uniform(3, 8)))
        stage.pass_time(rng.uniform(*PAUSE_S))
    stage.pass_time(40)
    return done


def is_explained(gap: GapNoted, done: list[Done]) -> bool:
    """Whether the script made this gap; the one before a camera's first picture is nobody's fault."""
    if gap.reason == "not_started":
        return True
    return any(
        fault.camera in {None, gap.camera}
        and gap.began_ms < fault.ended_ms + AROUND_MS
        and gap.ended_ms > fault.began_ms - AROUND_MS
        for fault in done
    )


def tell(report: Report, done: list[Done]) -> bool:
    """Print what came of it; whether all of it is as it must be."""
    unexplained = [gap for camera in report.cameras.values() for gap in camera.gaps if not is_explained(gap, done)]
    for fault in FAULTS:
        print(f"{fault}: {sum(each.fault == fault for each in done)} times")
    for name, camera in report.cameras.items():
        lost_s = sum(abs(gap.ended_ms - gap.began_ms) for gap in camera.gaps) / 1000
        print(
            f"{name}: {camera.segments} segments, {camera.frames} pictures, {camera.size / 1e6:.0f} MB,"
            f" {len(camera.gaps)} gaps of {lost_s:.0f} s together"
        )
    print(f"entries {report.entries}; problems {[problem.failure.key for problem in report.problems]}")
    print(f"gaps that the script did not make: {[(gap.camera, gap.after, gap.reason) for gap in unexplained]}")
    return report.ok and not unexplained


def tampered(root: Path) -> list[str]:
    """What the proof finds after a byte of one segment was changed."""
    path = folder.segment_files(root, NAMES[0])[2][0]
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    return [f"{problem.failure.key} {problem.camera} {problem.number}" for problem in check_folder(root).problems]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        place = Path(made)
        film = make_film(place / "long.h264", seconds=round(asked.minutes * 60) + 120)
        wide = make_film(place / "wide.h264", size="480x272", seconds=20, seed=2)
        station = make_station(place / "station")
        root = place / "recordings"
        with rtsp_server(*(f"{name}={film}@10" for name in NAMES)) as server, station.open() as book:
            settings = [CameraSetting(name, place_of(server.url(name), None, None)) for name in NAMES]
            with Cameras(book, SystemClock(), root) as cameras:
                cameras.use(settings, Limits())
                done = run_script(Stage(server, cameras, root, (film, wide)), asked.minutes * 60, asked.seed)
            as_it_must_be = tell(check_folder(root, book.link.authority_pem), done)
        found = tampered(root)
        print(f"after a byte of a segment was changed: {found}")
        print(f"load {os.getloadavg()[0]:.1f}")
    raise SystemExit(not as_it_must_be or found != [f"segment_changed {NAMES[0]} 2"])


if __name__ == "__main__":
    main()
