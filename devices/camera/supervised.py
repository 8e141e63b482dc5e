"""Starts the process of a camera, hears what it tells, and starts it again where it ended or got stuck.

The job with its password goes through a pipe: it is on no command line and in no environment. What the process says
on stderr is thrown away, because foreign libraries may say an address there.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from devices.camera.folder import Row
from devices.camera.frame_slot import FrameSlot
from devices.camera.health import Alarm, Light
from devices.camera.job import Job, Status, read_message, write_allowed, write_job
from devices.camera.values import Trouble

SILENT_S = 10.0
"""A process that tells nothing for so long is stuck: opening a camera and closing one take less."""
STARTING_S = 45.0
"""Before its first word it has OpenCV to load, which took 12 s on a machine with 14 programs at each core."""
RESTART_S = 1.0
END_S = 8.0
FROZEN_PROGRAM = "uchastka-camera"
_BELOW_THE_DESK: int = getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0)
"""Of Windows; elsewhere the process says so itself (`__main__`)."""


@dataclass
class _Running:
    process: subprocess.Popen[str]
    heard_s: float
    hearing: threading.Thread
    has_spoken: bool = False


class Supervised:
    """One camera's process. `poll` is called every second or so; `tell` is called on a thread of this object's own."""

    def __init__(self, job: Job, tell: Callable[[Row], None], *, with_pictures: bool = False) -> None:
        """Nothing runs before `start`. With pictures, `pictures` has the newest one."""
        self.pictures = FrameSlot.make() if with_pictures else None
        self._job = replace(job, slot=self.pictures.name) if self.pictures is not None else job
        self._tell = tell
        self._running: _Running | None = None
        self._ended_s: float | None = None
        self._status = Status(Light.AMBER, {})
        self.restarts = 0

    @property
    def status(self) -> Status:
        """The newest status that was told."""
        return self._status

    @property
    def pid(self) -> int | None:
        """Of the process, while one runs."""
        return self._running.process.pid if self._running is not None else None

    def start(self) -> None:
        """The process runs."""
        process = subprocess.Popen(
            _program(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            encoding="utf-8", creationflags=_BELOW_THE_DESK,
        )  # fmt: skip
        hearing = threading.Thread(target=self._hear, args=(process,), daemon=True)
        self._running, self._ended_s = _Running(process, time.monotonic(), hearing), None
        assert process.stdin is not None  # noqa: S101 - it is a pipe
        with suppress(OSError):
            process.stdin.write(write_job(self._job))
            process.stdin.flush()
        hearing.start()

    def allow(self, quota_bytes: int | None) -> None:
        """All recordings together may take so many bytes from now on; the process goes on."""
        if quota_bytes == self._job.quota_bytes:
            return
        self._job = replace(self._job, quota_bytes=quota_bytes)
        if self._running is not None:
            assert self._running.process.stdin is not None  # noqa: S101 - it is a pipe
            with suppress(OSError):
                self._running.process.stdin.write(write_allowed(quota_bytes))
                self._running.process.stdin.flush()

    def poll(self) -> None:
        """A process that ended or got stuck is replaced by another."""
        running, now_s = self._running, time.monotonic()
        if running is None:
            if self._ended_s is not None and now_s - self._ended_s >= RESTART_S:
                self.restarts += 1
                self.start()
            return
        is_stuck = is_too_long(now_s - running.heard_s, has_spoken=running.has_spoken)
        if is_stuck:
            running.process.kill()
        if is_stuck or running.process.poll() is not None:
            self._let_go(running)
            since_ms = time.time_ns() // 1_000_000
            self._status = Status(Light.RED, {Alarm.LOST.value: since_ms}, Trouble.STUCK)
            self._ended_s = now_s

    def stop(self) -> None:
        """The process has ended, by itself where it could, with its recording closed."""
        running, self._ended_s = self._running, None
        if running is not None:
            assert running.process.stdin is not None  # noqa: S101 - it is a pipe
            with suppress(OSError):
                running.process.stdin.close()
            try:
                running.process.wait(END_S)
            except subprocess.TimeoutExpired:
                running.process.kill()
            self._let_go(running)

    def close(self) -> None:
        """As `stop`, and the pictures' place is gone."""
        self.stop()
        if self.pictures is not None:
            self.pictures.close()

    def _let_go(self, running: _Running) -> None:
        running.process.wait()
        running.hearing.join(END_S)
        for pipe in (running.process.stdin, running.process.stdout):
            with suppress(OSError):
                if pipe is not None:
                    pipe.close()
        self._running = None

    def _hear(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        for line in process.stdout:
            message = read_message(line)
            if self._running is not None:
                self._running.heard_s, self._running.has_spoken = time.monotonic(), True
            if isinstance(message, Status):
                self._status = message
            elif message is not None:
                self._tell(message)


def is_too_long(silent_s: float, *, has_spoken: bool) -> bool:
    """Whether a process that has told nothing for so long is stuck; one that still starts is given more time."""
    return silent_s > (SILENT_S if has_spoken else STARTING_S)


def _program() -> list[str]:
    if getattr(sys, "frozen", False):
        suffix = ".exe" if sys.platform == "win32" else ""
        return [str(Path(sys.executable).with_name(FROZEN_PROGRAM + suffix))]
    return [sys.executable, "-m", "devices.camera"]
