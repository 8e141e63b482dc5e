"""Cameras on loopback: films made once, an RTSP server that plays them, and hosts that misbehave."""

from __future__ import annotations

import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

SERVER = Path(__file__).with_name("rtsp_server.py")
SYSTEM_PYTHON = "/usr/bin/python3"
"""GStreamer's bindings come from Debian and are for its own Python."""


def make_film(
    path: Path, *, size: str = "320x240", rate: int = 10, seconds: int = 20, seed: int = 1, kbit_s: int = 0
) -> Path:
    """A noisy film of `seconds` that repeats nothing, with two key frames a second."""
    codec = ["-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-x264-params", "aud=1:scenecut=0"]
    if path.suffix == ".h265":
        settings = "aud=1:log-level=0:bframes=0:open-gop=0"
        codec = ["-c:v", "libx265", "-preset", "ultrafast", "-tune", "zerolatency", "-x265-params", settings]
    noise = f"noise=alls=12:allf=t:all_seed={seed}"
    shown = f"testsrc2=s={size}:r={rate}:d={seconds}"
    bits = ["-b:v", f"{kbit_s}k", "-maxrate", f"{kbit_s}k", "-bufsize", f"{kbit_s}k"] if kbit_s else []
    form = "hevc" if path.suffix == ".h265" else "h264"
    words = ["ffmpeg", "-loglevel", "error", "-y", "-f", "lavfi", "-i", shown, "-vf", noise, *codec]
    subprocess.run([*words, *bits, "-g", str(rate // 2), "-pix_fmt", "yuv420p", "-f", form, str(path)], check=True)
    return path


class RtspServer:
    """The server's process; each mount is a camera."""

    def __init__(self, *words: str) -> None:
        self.process = subprocess.Popen(
            [SYSTEM_PYTHON, str(SERVER), *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline())

    def url(self, mount: str) -> str:
        return f"rtsp://127.0.0.1:{self.port}/{mount}"

    def tell(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def close(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


@contextmanager
def rtsp_server(*words: str) -> Iterator[RtspServer]:
    server = RtspServer(*words)
    try:
        yield server
    finally:
        server.close()


@contextmanager
def answering(answer: Callable[[socket.socket], None]) -> Iterator[int]:
    """A host that takes connections and does what `answer` does with each; its port."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=_serve_one, args=(connection, answer), daemon=True).start()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listening.getsockname()[1]
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join()


def _serve_one(connection: socket.socket, answer: Callable[[socket.socket], None]) -> None:
    with connection:
        try:
            answer(connection)
        except OSError:
            return


def says_nothing(connection: socket.socket) -> None:
    while connection.recv(4096):
        pass


def answers_with(head: str) -> Callable[[socket.socket], None]:
    def answer(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(head.replace("\n", "\r\n").encode())

    return answer
