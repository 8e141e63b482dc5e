"""The cameras joined to the book's ledger: what each camera's process tells becomes an entry, hashed and signed.

A row is in the index of its folder before it is told. What a crash kept from the ledger is caught up from the index
when the cameras are next joined, so that every closed segment has its entry.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Self

from devices.camera import folder
from devices.camera.folder import AlarmRow, GapRow, Row, SegmentRow
from devices.camera.frame_slot import Shown
from devices.camera.health import Light
from devices.camera.job import Status
from devices.camera.supervised import Supervised
from devices.camera.values import CameraFailed
from pollbook.camera_entries import AlarmNoted, CameraFact, GapNoted, SegmentClosed, ViewSigned
from pollbook.camera_health import StationHealth
from pollbook.clock import Clock
from pollbook.failures import InputInvalid, WorldFailed
from pollbook.store.book import Book
from pollbook.store.camera_health import read_health, write_health
from pollbook.store.camera_ledger import CameraLedger
from station_app.cameras.health_told import news
from station_app.cameras.identity import ledger_path, read_vouchings, vouching_of, write_vouching
from station_app.cameras.settings import CameraSetting, Limits, camera_failure, job_of

logger = logging.getLogger(__name__)


@dataclass
class Tally:
    """What one camera told since it was joined."""

    segments: int = 0
    gaps: int = 0
    frames: int = 0
    size: int = 0
    alarms: list[str] = field(default_factory=list)


class Cameras:
    """The station's cameras, recorded and watched. A context manager; `poll` is called every second or so.

    `status` and `picture` may be called from any thread, everything else from one at a time.
    """

    def __init__(self, book: Book, clock: Clock, root: Path, *, with_pictures: bool = False) -> None:
        """The ledger is open and whole, the folder is there; nothing records before `use`.

        Raises:
            WorldFailed: `CAMERAS_IN_USE`, `RECORDING_FOLDER_GONE`, `RECORDING_DISK_FULL`, `RECORDING_DISK_FAILED`.
            WeFailed: `CAMERA_LEDGER_BROKEN`.
        """
        self._clock, self._root, self._name = clock, root, book.name
        self._with_pictures = with_pictures
        self._told: SimpleQueue[Row] = SimpleQueue()
        self.tallies: dict[str, Tally] = {}
        self._guard = threading.Lock()
        self._running: dict[str, tuple[CameraSetting, Supervised]] = {}
        try:
            folder.make_root(root)
            with folder.disk_errors():
                write_vouching(root, vouching_of(book))
        except CameraFailed as error:
            raise camera_failure(error) from error
        self._health_path = book.home.camera_health(book.name)
        self._health = read_health(self._health_path) or StationHealth(0)
        self._ledger = CameraLedger(book)
        try:
            self._catch_up()
        except BaseException:
            self._ledger.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def use(self, settings: Iterable[CameraSetting], limits: Limits) -> None:
        """These cameras run, and no others; one that already runs as it is set up goes on without a gap."""
        wanted = {setting.name: setting for setting in settings}
        with self._guard:
            gone = [name for name, (setting, _) in self._running.items() if not _is_same(setting, wanted.get(name))]
            ended = [self._running.pop(name)[1] for name in gone]
        for supervised in ended:
            supervised.close()
        for _, supervised in self._running.values():
            supervised.allow(limits.quota_bytes)
        for name, setting in wanted.items():
            if name in self._running:
                continue
            self.tallies.setdefault(name, Tally())
            job = job_of(setting, self._root, limits)
            supervised = Supervised(job, self._told.put, with_pictures=self._with_pictures)
            supervised.start()
            with self._guard:
                self._running[name] = setting, supervised

    def poll(self) -> Mapping[str, Status]:
        """What was told is in the ledger; a process that ended is started again. Returns how each camera is.

        Raises:
            WorldFailed: `DISK_FULL`, `DISK_FAILED`: the ledger could not be written; it is tried again.
        """
        for _, supervised in self._running.values():
            supervised.poll()
        self._enter()
        statuses = {name: supervised.status for name, (_, supervised) in self._running.items()}
        self._tell(news(statuses, self._health, self._now_ms() // 1000))
        return statuses

    def status(self, name: str) -> Status:
        """How a camera is; one that is being started is to be looked at."""
        with self._guard:
            running = self._running.get(name)
            return Status(Light.AMBER, {}) if running is None else running[1].status

    def picture(self, name: str, after: int) -> Shown | None:
        """A camera's newest picture whose number is above `after`, or None."""
        with self._guard:
            running = self._running.get(name)
            pictures = None if running is None else running[1].pictures
            return None if pictures is None else pictures.newest(after)

    def pid(self, name: str) -> int | None:
        """Of a camera's process, while one runs."""
        with self._guard:
            return self._running[name][1].pid if name in self._running else None

    def note_view(self, view: ViewSigned) -> None:
        """That the chair signed off a view is in the ledger.

        Raises:
            WorldFailed: `DISK_FULL`, `DISK_FAILED`: nothing was added.
        """
        self._ledger.add([view], self._now_ms())
        self._copy()

    def close(self) -> None:
        """Every recording is closed and in the ledger, and the ledger is free."""
        with self._guard:
            ended, self._running = [supervised for _, supervised in self._running.values()], {}
        for supervised in ended:
            supervised.close()
        self._tell(news({}, self._health, self._now_ms() // 1000))
        try:
            self._enter()
        except WorldFailed as error:
            logger.warning("camera ledger not written code=%s", error.failure.code)  # caught up at the next start
        finally:
            self._ledger.close()

    def _tell(self, health: StationHealth | None) -> None:
        """The centre is told this with the next sync; without the disk it is told with a later change."""
        if health is not None:
            try:
                write_health(self._health_path, health)
            except OSError as error:
                logger.warning("camera health not written errno=%s", error.errno)
            self._health = health

    def _enter(self) -> None:
        rows = list[Row]()
        with suppress(Empty):
            while True:
                rows.append(self._told.get_nowait())
        if not rows:
            return
        try:
            self._ledger.add([fact_of(row) for row in rows], self._now_ms())
        except WorldFailed:
            for row in rows:
                self._told.put(row)
            raise
        for row in rows:
            self._count(self.tallies[row.camera], row)
        self._copy()

    def _count(self, tally: Tally, row: Row) -> None:
        match row:
            case SegmentRow():
                tally.segments += 1
                tally.frames += row.frames
                tally.size += row.size
            case GapRow():
                tally.gaps += row.began_ms != row.ended_ms
            case AlarmRow():
                if row.ended_ms is None:
                    tally.alarms.append(row.alarm)

    def _copy(self) -> None:
        # The folder may be gone; the ledger at home is what counts, and the copy is made good with the next row.
        with suppress(OSError):
            if folder.is_root(self._root):
                self._ledger.copy_to(ledger_path(self._root, self._name))

    def _catch_up(self) -> None:
        """What the folder's index has and no ledger in it knows is entered now."""
        known = {entry.fact for entry in self._ledger.entries} | self._known_to_others()
        missing = [
            fact
            for camera in folder.cameras(self._root)
            for row in folder.all_rows(self._root, camera)
            if (fact := fact_of(row)) not in known
        ]
        if missing:
            self._ledger.add(missing, self._now_ms())
        self._copy()

    def _known_to_others(self) -> set[CameraFact]:
        """What the ledgers of earlier books of this folder have (a laptop that took over goes on in its folder)."""
        known = set[CameraFact]()
        for vouching in read_vouchings(self._root):
            if vouching.book != self._name:
                with suppress(InputInvalid, OSError):
                    content = ledger_path(self._root, vouching.book).read_bytes()
                    known |= {entry.fact for entry in vouching.read(content).entries}
        return known

    def _now_ms(self) -> int:
        return int(self._clock.now().timestamp() * 1000)


def _is_same(running: CameraSetting, wanted: CameraSetting | None) -> bool:
    """Whether the camera may go on; its masks are no matter of its process."""
    return wanted is not None and replace(running, masks=wanted.masks) == wanted


def fact_of(row: Row) -> CameraFact:
    """The row as an entry's fact."""
    match row:
        case SegmentRow():
            sha256 = bytes.fromhex(row.sha256)
            return SegmentClosed(
                row.camera, row.number, row.began_ms, row.ended_ms, row.frames, row.size, sha256, row.recovered
            )
        case GapRow():
            return GapNoted(row.camera, row.after, row.began_ms, row.ended_ms, row.reason)
        case AlarmRow():
            return AlarmNoted(row.camera, row.alarm, row.began_ms, row.ended_ms)
