"""Live view: from the source's clock to the painted picture; and what four recorded cameras cost whoever types.

Latency: a film of VGA pictures, each with its number drawn as black and white squares, is sent over RTSP; the server
says when each left. The real process of a camera takes it, the real screen paints it, and the number is read from the
pixels that were painted. The desk: the real desktop in a process of its own, with and without four cameras of 1080p
recorded and previewed by it, in turn; a keystroke counts until its list is painted. `--only NAME` (latency, desk).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

from benchmarks.measuring import figure, percentile
from devices.camera import folder as camera_folder
from tests.devices.camera.servers import SYSTEM_PYTHON, make_film, rtsp_server
from tests.making import CHAIR, DEPUTY, PINS, make_listed_station

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent

WIDTH, HEIGHT, RATE, PICTURES, SQUARE, BITS = 640, 480, 25, 500, 32, 10
WARM_S, SECONDS = 4.0, 20.0
TURNS = 3
WORDS = ("karimov", "xudoyber", "yusupova", "oʻrinboy", "1979", "shodiyev ali")
DESK = """
import sys
from benchmarks.bench_live import keystrokes
keystrokes(sys.argv[1], sys.argv[2], sys.argv[3])
"""


def numbered_film(path: Path) -> Path:
    """A noisy film in which each picture's number stands in its upper left corner, ten squares wide."""
    words = ["ffmpeg", "-loglevel", "error", "-y", "-f", "rawvideo", "-pix_fmt", "gray", "-s", f"{WIDTH}x{HEIGHT}"]
    words += ["-r", str(RATE), "-i", "-", "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency"]
    words += [
        "-x264-params",
        "aud=1:scenecut=0:sliced-threads=0",
        "-g",
        str(RATE),
        "-pix_fmt",
        "yuv420p",
        "-f",
        "h264",
        str(path),
    ]
    random = np.random.default_rng(1)
    ground = random.integers(40, 200, (HEIGHT // 16, WIDTH // 16)).repeat(16, 0).repeat(16, 1)
    with subprocess.Popen(words, stdin=subprocess.PIPE) as ffmpeg:
        assert ffmpeg.stdin is not None
        for number in range(PICTURES):
            picture = np.clip(ground + random.normal(0, 3, ground.shape), 0, 255).astype(np.uint8)
            for bit in range(BITS):
                picture[:SQUARE, bit * SQUARE : (bit + 1) * SQUARE] = 255 if number >> bit & 1 else 0
            ffmpeg.stdin.write(picture.tobytes())
        ffmpeg.stdin.close()
        assert ffmpeg.wait() == 0
    return path


def number_in(pixels: np.ndarray) -> int:
    """The number that is drawn in a picture."""
    middle = SQUARE // 2
    return sum(
        1 << bit
        for bit in range(BITS)
        if pixels[middle - 4 : middle + 4, bit * SQUARE + middle - 4 : bit * SQUARE + middle + 4].mean() > 127
    )


@contextmanager
def told_source(film: Path) -> Iterator[tuple[str, dict[int, int]]]:
    """The address of a camera that plays the film, and when each of its pictures was sent last, in monotonic ns."""
    script = Path(__file__).with_name("live_source.py")
    process = subprocess.Popen(
        [SYSTEM_PYTHON, str(script), f"vga={film}@{RATE}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    port, sent = int(process.stdout.readline()), dict[int, int]()

    def hear() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            place, at_ns = line.split()
            sent[int(place)] = int(at_ns)

    hearing = threading.Thread(target=hear, daemon=True)
    hearing.start()
    try:
        yield f"rtsp://127.0.0.1:{port}/vga", sent
    finally:
        process.kill()
        process.wait()
        hearing.join()
        assert process.stdin is not None
        process.stdin.close()
        process.stdout.close()


def latency() -> None:
    """The figure of the live view."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtWidgets import QApplication  # noqa: PLC0415 - the desk's part needs none here

    from devices.camera.job import Job  # noqa: PLC0415
    from devices.camera.place import place_of  # noqa: PLC0415
    from devices.camera.supervised import Supervised  # noqa: PLC0415
    from pollbook.texts import load_texts  # noqa: PLC0415
    from station_app.app import make_application  # noqa: PLC0415
    from station_app.ui.camera_picture import CameraPicture  # noqa: PLC0415
    from station_app.ui.camera_screen import CameraScreen  # noqa: PLC0415
    from station_app.ui.theme import Theme  # noqa: PLC0415
    from tests.station_app.live.rooms import DemoHouse  # noqa: PLC0415

    painted: list[tuple[int, float]] = []
    paint = CameraPicture.paintEvent

    def noting(self: CameraPicture, event: QPaintEvent) -> None:
        paint(self, event)
        if self.shown is not None:
            painted.append((number_in(self.shown.pixels), time.monotonic()))

    CameraPicture.paintEvent = noting  # type: ignore[method-assign]
    make_application()
    with tempfile.TemporaryDirectory() as folder, told_source(numbered_film(Path(folder) / "vga.h264")) as (url, sent):
        place = place_of(url, None, None)
        camera = Supervised(Job("vga", Path(folder) / "kept", place, place), lambda _row: None, with_pictures=True)
        house = DemoHouse("vga", masks=())
        assert camera.pictures is not None
        pictures = camera.pictures
        house.picture = lambda _name, after=0: pictures.newest(after)  # type: ignore[method-assign]
        camera.start()
        screen = CameraScreen(load_texts("en"), Theme(), ZoneInfo("Asia/Tashkent"))
        screen.resize(1366, 768)
        screen.show()
        screen.use_room(house)
        late_ms: list[float] = []
        while not painted:
            QApplication.processEvents()
            threading.Event().wait(0.001)
        begins = time.monotonic() + WARM_S
        while time.monotonic() < begins + SECONDS:
            QApplication.processEvents()
            for number, at_s in painted:
                if at_s >= begins and number in sent:
                    late_ms.append(at_s * 1000 - sent[number] / 1e6)
            painted.clear()
            threading.Event().wait(0.001)
        screen.close()
        camera.close()
    CameraPicture.paintEvent = paint  # type: ignore[method-assign]
    usual, most = percentile(late_ms, 0.5), percentile(late_ms, 0.95)
    detail = f"p95 {most:.0f} ms, {len(late_ms)} pictures painted in {SECONDS:.0f} s"
    figure("live latency at VGA, source to painted picture", usual, "ms", "≤ 150", usual <= 150, detail)


def keystrokes(home: str, first_pin: str, second_pin: str) -> None:
    """In a process of its own: type, and print how long each keystroke took until its list was painted, in ms."""
    from benchmarks.desktop_probe import Probe  # noqa: PLC0415 - in the desktop's process only

    probe = Probe(Path(home))
    probe.open()
    probe.search((CHAIR, first_pin), (DEPUTY, second_pin))
    window, desk = probe.window, probe.window.cameras
    if probe.desktop.cameras.is_wanted:
        probe.desktop.cameras.begin()
        desk = window.cameras
        assert desk is not None
        probe.wait(lambda: bool(desk.cameras) and all(each.status.recorded_until_ms for each in desk.cameras))
    check_in = window.check_in
    assert check_in is not None
    took_ms: list[float] = []
    for word in WORDS * 6:
        check_in.finder.clear()
        probe.wait(lambda: not check_in.searching.is_under_way)
        for end in range(1, len(word) + 1):
            began = time.perf_counter()
            check_in.finder.box.setText(word[:end])
            check_in.finder.typed.emit(word[:end])
            probe.wait(lambda: not check_in.searching.is_under_way)
            probe.desktop.application.processEvents()
            took_ms.append((time.perf_counter() - began) * 1000)
    recorded = 0 if desk is None else sum(each.status.recorded_until_ms is not None for each in desk.cameras)
    print(json.dumps([took_ms, recorded]))
    probe.close()


def desk() -> None:
    """The figure of the desk."""
    from devices.camera.place import place_of  # noqa: PLC0415
    from pollbook.store.home import StationHome  # noqa: PLC0415
    from station_app.cameras.settings import CameraSetting, CameraSettings, save_settings  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        # As bench_camera's: the same noise without a bound is 100 Mbit/s a camera, which no station's network carries.
        big = make_film(root / "main.h264", size="1920x1080", rate=25, seconds=12, kbit_s=4000)
        small = make_film(root / "view.h264", size="640x480", rate=10, seconds=60, kbit_s=500)
        homes = {name: root / name for name in ("without", "with")}
        for home in homes.values():
            make_listed_station(home, 3000)
        mounts = [
            f"{kind}{number}={film}@{rate}"
            for number in range(4)
            for kind, film, rate in (("m", big, 25), ("v", small, 10))
        ]
        samples: dict[str, list[float]] = {"without": [], "with": []}
        with rtsp_server(*mounts) as server:
            save_settings(
                StationHome(homes["with"]),
                CameraSettings(
                    tuple(
                        CameraSetting(
                            f"hall-{number}",
                            place_of(server.url(f"m{number}"), None, None),
                            place_of(server.url(f"v{number}"), None, None),
                        )
                        for number in range(4)
                    )
                ),
            )
            still, gaps, spans_s = 4, list[str](), list[float]()
            for _ in range(TURNS):
                for name, home in homes.items():
                    began_ms = time.time_ns() // 1_000_000
                    took_ms, recorded = typed_in(home)
                    samples[name].append(percentile(took_ms, 0.99))
                    if name == "with":
                        still = min(still, recorded)
                        gaps += gaps_since(home, began_ms)
                        spans_s.append(sum(took_ms) / 1000)
        with_ms, without_ms = median(samples["with"]), median(samples["without"])
        ratio, is_recorded = with_ms / without_ms, still == 4
        detail = (
            f"{with_ms:.1f} against {without_ms:.1f} ms; {still} of 4 recorded at the end of each turn, "
            f"gaps while it ran: {', '.join(gaps) or 'none'}; "
            f"{sum(spans_s):.0f} s of typing; the server shares the cores"
        )
        figure(
            "desk keystroke to painted list p99, four cameras recorded", ratio, "times", "≤ 1.2",
            ratio <= 1.2 and is_recorded, detail,
        )  # fmt: skip


def gaps_since(home: Path, began_ms: int) -> list[str]:
    """The gaps of this turn's recordings, each as camera, reason and length; not those between two turns."""
    return [
        f"{name} {row.reason} {(row.ended_ms - row.began_ms) / 1000:.1f} s"
        for root in (home / "recordings").iterdir()
        for name in camera_folder.cameras(root)
        for row in camera_folder.all_rows(root, name)
        if isinstance(row, camera_folder.GapRow) and began_ms < row.began_ms < row.ended_ms
    ]


def typed_in(home: Path) -> tuple[list[float], int]:
    """What `keystrokes` printed."""
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(Path.cwd())}
    ran = subprocess.run(
        [sys.executable, "-c", DESK, str(home), PINS[CHAIR], PINS[DEPUTY]],
        capture_output=True, text=True, check=True, env=environment,
    )  # fmt: skip
    took_ms, recorded = json.loads(ran.stdout.splitlines()[-1])
    return took_ms, recorded


def main() -> None:
    """All parts, or the one that `--only` names."""
    only = sys.argv[sys.argv.index("--only") + 1] if "--only" in sys.argv else ""
    for name, part in (("latency", latency), ("desk", desk)):
        if only in {"", name}:
            part()


if __name__ == "__main__":
    main()
