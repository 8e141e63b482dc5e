"""Sticks for tests: folders that fill up, hang, break and are pulled out when the test says so."""

from __future__ import annotations

import errno
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from pollbook.store.errands import AtOnce, Runner
from pollbook.store.mirror import Surroundings
from pollbook.store.stick import Files, StickFolder

T = TypeVar("T")


@dataclass
class Drawer:
    """The media of one test: which are plugged in, and how each behaves."""

    plugged: list[Path] = field(default_factory=list)
    room_bytes: dict[Path, int] = field(default_factory=dict)
    broken: dict[Path, int] = field(default_factory=dict)
    hanging: set[Path] = field(default_factory=set)
    sync_fails: set[Path] = field(default_factory=set)
    runners: list[HangingRunner] = field(default_factory=list)

    def surroundings(self) -> Surroundings:
        return Surroundings(lambda: tuple(self.plugged), self._runner, lambda folder: FickleStick(folder, self), 0.0)

    def plug_in(self, root: Path) -> Path:
        root.mkdir(exist_ok=True)
        if root not in self.plugged:
            self.plugged.append(root)
        return root

    def pull(self, root: Path) -> None:
        """It is gone between two calls: what is written to it fails."""
        self.broken[root] = errno.ENOENT

    def unhang(self) -> None:
        self.hanging.clear()
        for runner in self.runners:
            runner.go_on()

    def _runner(self) -> Runner:
        runner = HangingRunner(self)
        self.runners.append(runner)
        return runner


class HangingRunner:
    """Does the work at once, or, while a stick hangs, when it hangs no more."""

    def __init__(self, drawer: Drawer) -> None:
        self._drawer = drawer
        self._waiting: list[Callable[[], None]] = []

    def start(self, work: Callable[[], T]) -> Future[T]:
        if not self._drawer.hanging:
            return AtOnce().start(work)
        answer: Future[T] = Future()

        def later() -> None:
            done = AtOnce().start(work)
            if (error := done.exception()) is not None:
                answer.set_exception(error)
            else:
                answer.set_result(done.result())

        self._waiting.append(later)
        return answer

    def go_on(self) -> None:
        waiting, self._waiting = self._waiting, []
        for work in waiting:
            work()

    def close(self) -> None:
        pass


class FickleStick(StickFolder):
    """A real folder on a medium with so much room, which fails as the test says."""

    def __init__(self, folder: Path, drawer: Drawer) -> None:
        super().__init__(folder)
        self._drawer = drawer

    def _check(self) -> None:
        number = self._drawer.broken.get(self.folder.parent)
        if number is not None:
            raise OSError(number, "the test says so")

    def make(self, header: bytes) -> None:
        self._check()
        room = self._drawer.room_bytes.get(self.folder.parent)
        if room is not None and len(header) > room:
            raise OSError(errno.ENOSPC, "the test says so")
        super().make(header)

    def read(self) -> Files:
        self._check()
        return super().read()

    def append(self, at: int, tail: bytes, frame: bytes) -> None:
        self._check()
        room = self._drawer.room_bytes.get(self.folder.parent)
        if room is not None and at + len(frame) > room:
            super().append(at, tail, frame[: max(0, room - at)])  # a full medium takes what it can first
            raise OSError(errno.ENOSPC, "the test says so")
        super().append(at, tail, frame)
        if self.folder.parent in self._drawer.sync_fails:
            raise OSError(errno.EIO, "the test says so")
