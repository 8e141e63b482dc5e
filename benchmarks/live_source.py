"""The RTSP server of the tests, which also says when it sent each picture; started by the system's Python.

    /usr/bin/python3 live_source.py MOUNT=FILE@RATE ...

prints its port, then a line for each picture: MOUNT, its place in the film, and the monotonic time in ns.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "devices" / "camera"))

import rtsp_server


class ToldFilm(rtsp_server.Film):
    """A film whose pictures are told as they leave."""

    def unit(self, number: int) -> bytes:
        unit: bytes = super().unit(number)
        sys.stdout.write(f"{number % len(self.units)} {time.monotonic_ns()}\n")
        sys.stdout.flush()
        return unit


if __name__ == "__main__":
    rtsp_server.Film = ToldFilm
    rtsp_server.main(sys.argv[1:])
