"""One camera in a process of its own: a thread reads and records, one views, the first looks, judges and tells.

Whatever a driver does, it does to this process alone. Its maker hears a status every second; a maker that hears none
ends the process and starts another, which takes the recording up where it was.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from devices.camera import folder, opencv
from devices.camera.allowance import Allowance
from devices.camera.decoding import decode_key_frame
from devices.camera.flow import Flow, Flowing
from devices.camera.folder import AlarmRow, GapReason, Row
from devices.camera.frame_slot import FrameSlot
from devices.camera.health import Alarm, Change, Observed, Watch
from devices.camera.job import Job, Status
from devices.camera.looking import Looker
from devices.camera.opening import clock_off_s, open_place, open_view, trouble_of
from devices.camera.reconnects import Reconnects
from devices.camera.recording import Recording
from devices.camera.values import Camera, CameraFailed, Codec, Look, Pixels, Trouble, Viewer

STEP_S = 0.5
STATUS_S = 1.0
LOOK_S = 0.9
"""A key frame of 1080p takes 20 ms to decode: where there is no smaller stream, one a second is looked at."""
SHOW_S = 0.4
"""Where nobody watches, pictures further apart than this are enough to look at."""
ASK_S = 1.0
ASK_AGAIN_S = 10.0
CLOCK_EVERY_S = 600.0
RETRY_S, RETRY_VIEW_S = 0.3, 1.0
RETRY_DENIED_S = 30.0
"""Some cameras lock out whoever gives a wrong password too often."""
RETRY_DISK_S = 5.0
_OF_THE_DISK = {
    Trouble.DISK_FULL: GapReason.DISK_FULL,
    Trouble.DISK_FAILED: GapReason.DISK_FULL,
    Trouble.QUOTA_USED: GapReason.QUOTA_USED,
    Trouble.FOLDER_GONE: GapReason.FOLDER_GONE,
}
"""What keeps the recording from the disk, and the reason that the gap has then."""
Tell = Callable[[Row | Status], None]


class SystemTimes:
    """The machine's clocks."""

    def now_ms(self) -> int:
        """The wall clock: Unix time in ms."""
        return time.time_ns() // 1_000_000

    def monotonic_s(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()


class Worker:
    """Records and watches one camera until it is told to stop."""

    def __init__(self, job: Job, tell: Tell) -> None:
        self._job, self._times = job, SystemTimes()
        self._telling = threading.Lock()
        self._tell_unlocked = tell
        self._stopping, self._news = threading.Event(), threading.Event()
        self._flow, self._reconnects = Flow(self._times.monotonic_s()), Reconnects()
        self._watch, self._looker = Watch(job.expected), Looker()
        self._slot = FrameSlot.join(job.slot) if job.slot else None
        self._picture: tuple[Pixels, int] | None = None
        self._looked_s = 0.0
        self._silent_s = self._clock_asked_s = float("-inf")
        self._clock_off_s: float | None = None
        self._disk: Trouble | None = None
        self._allowance = Allowance(job.quota_bytes)
        self._recorded_until_ms: int | None = None

    def stop(self) -> None:
        """`run` returns within a few seconds, with everything closed."""
        self._stopping.set()
        self._news.set()

    def allow(self, quota_bytes: int | None) -> None:
        """All recordings together may take so many bytes from now on."""
        self._allowance.use(quota_bytes)

    def run(self) -> None:
        """Record and watch until `stop`."""
        threads = [threading.Thread(target=self._guarded, args=(self._record,), daemon=True)]
        if self._job.view is not None:
            threads.append(threading.Thread(target=self._guarded, args=(self._view,), daemon=True))
        for thread in threads:
            thread.start()
        told_s = 0.0
        while not self._stopping.is_set():
            self._news.wait(STEP_S)
            self._news.clear()
            now_s = self._times.monotonic_s()
            flowing = self._flow.now(now_s)
            changes = self._judge(flowing, now_s)
            if changes or now_s - told_s >= STATUS_S:
                told_s = now_s
                self._tell(self._status(flowing))
        for thread in threads:
            thread.join(10)
        if self._slot is not None:
            self._slot.close()

    def _guarded(self, work: Callable[[], None]) -> None:
        """A fault of ours ends the process, so that its maker hears of it: half a camera is worse than none."""
        try:
            work()
        finally:
            self.stop()

    # --- reading and recording

    def _record(self) -> None:
        recording: Recording | None = None
        paused_by = GapReason.KILLED
        while not self._stopping.is_set():
            try:
                if recording is None and self._job.root is not None:
                    recording = Recording(
                        self._job.root, self._job.camera, self._times, self._tell,
                        room=self._allowance.room, reserve_bytes=self._job.reserve_bytes, paused_by=paused_by,
                    )  # fmt: skip
                    self._disk = None
                camera = self._open()
            except CameraFailed as error:
                if error.trouble in _OF_THE_DISK:
                    self._disk, paused_by = error.trouble, _OF_THE_DISK[error.trouble]
                    self._watch_only()
                else:
                    self._failed(error.trouble)
                continue
            try:
                reason = self._read(camera, recording)
            except CameraFailed as error:
                recording, paused_by, self._disk = None, _OF_THE_DISK[error.trouble], error.trouble
                self._recorded_until_ms = None
                continue
            finally:
                camera.close()
            if recording is not None:
                with suppress(CameraFailed):
                    recording.interrupt(GapReason.STOPPED if self._stopping.is_set() else reason)
                self._recorded_until_ms = None
            if not self._stopping.is_set():
                self._broke_off(Trouble.NO_VIDEO if reason is GapReason.NO_VIDEO else None)
        if recording is not None:
            with suppress(CameraFailed):
                recording.interrupt(GapReason.STOPPED)

    def _broke_off(self, trouble: Trouble | None) -> None:
        self._reconnects.note(self._times.monotonic_s())
        self._failed(trouble)

    def _failed(self, trouble: Trouble | None) -> None:
        self._flow.failed(trouble)
        self._news.set()
        self._stopping.wait(RETRY_DENIED_S if trouble is Trouble.DENIED else RETRY_S)

    def _read(self, camera: Camera, recording: Recording | None, for_s: float | None = None) -> GapReason:
        """Record what comes; returns why nothing comes any more.

        Raises:
            CameraFailed: The disk.
        """
        if recording is not None:
            recording.begin(camera.facts)
        until_s = None if for_s is None else self._times.monotonic_s() + for_s
        while not self._stopping.is_set() and (until_s is None or self._times.monotonic_s() < until_s):
            try:
                packet = camera.read()
            except CameraFailed:
                return GapReason.NO_VIDEO
            if packet is None:
                return GapReason.LOST
            facts, at_ms = camera.facts, self._times.now_ms()
            if recording is not None:
                self._recorded_until_ms = recording.take(packet)
                facts = recording.facts or facts
            self._flow.came(packet, facts, at_ms, self._times.monotonic_s())
        return GapReason.STOPPED

    def _watch_only(self) -> None:
        """The disk does not take the recording: the camera is still watched until it is tried again."""
        try:
            camera = self._open()
        except CameraFailed as error:
            self._failed(error.trouble)
            return
        try:
            if self._read(camera, None, RETRY_DISK_S) is not GapReason.STOPPED:
                self._broke_off(None)
        finally:
            camera.close()

    def _open(self) -> Camera:
        """The camera, open; a host that says nothing is not asked why each time.

        Raises:
            CameraFailed: Why not.
        """
        place, now_s = self._job.place, self._times.monotonic_s()
        try:
            camera = open_place(place)
        except CameraFailed as error:
            if error.trouble is not Trouble.NO_VIDEO:
                raise
            if now_s - self._silent_s < ASK_AGAIN_S:
                raise CameraFailed(Trouble.SILENT) from error
            trouble = trouble_of(place, ASK_S)
            self._silent_s = now_s if trouble is Trouble.SILENT else -ASK_AGAIN_S
            raise CameraFailed(trouble) from error
        if camera.facts.is_direct:
            self._clock_off_s = camera.facts.clock_off_s
        elif now_s - self._clock_asked_s >= CLOCK_EVERY_S:
            self._clock_asked_s, self._clock_off_s = now_s, clock_off_s(place, ASK_S)
        self._flow.opened(camera.facts, self._clock_off_s, self._times.monotonic_s())
        return camera

    # --- viewing

    def _view(self) -> None:
        view = self._job.view
        assert view is not None  # noqa: S101 - the thread is not started without one
        while not self._stopping.is_set():
            try:
                viewer = open_view(view, self._is_watched)
            except CameraFailed as error:
                self._stopping.wait(RETRY_DENIED_S if error.trouble is Trouble.DENIED else RETRY_VIEW_S)
                continue
            try:
                self._show(viewer)
            finally:
                viewer.close()

    def _show(self, viewer: Viewer) -> None:
        shown_s, shape = 0.0, (0, 0)
        while not self._stopping.is_set() and viewer.advance() is not None:
            now_s = self._times.monotonic_s()
            if now_s - shown_s < SHOW_S and not self._is_watched():
                continue
            at_ms = self._times.now_ms()
            is_seen = now_s - shown_s >= SHOW_S
            if self._slot is None or is_seen:
                pixels = viewer.pixels()
                if pixels is None:
                    return
                shown_s, shape, self._picture = now_s, (pixels.shape[0], pixels.shape[1]), (pixels, at_ms)
                if self._slot is not None:
                    self._slot.put(pixels, at_ms, now_s)
            elif not self._slot.fill(viewer.pixels, shape, at_ms, now_s):
                return

    def _is_watched(self) -> bool:
        return self._slot is not None and self._slot.is_watched()

    # --- judging and telling

    def _judge(self, flowing: Flowing, now_s: float) -> tuple[Change, ...]:
        look, looked_ms = self._look(flowing)
        facts = flowing.facts
        size = (facts.width, facts.height) if facts is not None and facts.width else None
        observed = Observed(
            is_lost=flowing.is_lost,
            is_reconnecting=self._reconnects.is_endless(now_s),
            is_recording=self._disk is None,
            look=look,
            looked_s=now_s - max(self._times.now_ms() - looked_ms, 0) / 1000,
            fingerprints=flowing.fingerprints,
            size=size,
            rate=flowing.rate,
            missing_share=flowing.missing_share,
            clock_off_s=flowing.clock_off_s,
            turned_back=flowing.turned_back,
        )
        changes = self._watch.observe(observed, now_s)
        for change in changes:
            began_ms = self._wall_of(change.began_s)
            ended_ms = None if change.is_raised else self._times.now_ms()
            row = AlarmRow(self._job.camera, change.alarm.value, began_ms, ended_ms)
            if self._job.root is not None:
                with suppress(CameraFailed):  # the alarm may be that the disk takes nothing
                    folder.add_row(self._job.root, row, folder.day_of(self._times.now_ms()))
            self._tell(row)
        return changes

    def _look(self, flowing: Flowing) -> tuple[Look | None, int]:
        """The newest picture's numbers, where there is one to look at, and when it came."""
        now_s = self._times.monotonic_s()
        if now_s - self._looked_s < LOOK_S:
            return None, 0
        if self._job.view is not None:
            picture, self._picture = self._picture, None
            if picture is None:
                return None, 0
            self._looked_s = now_s
            return self._looker.look(picture[0]), picture[1]
        if flowing.key_frame is None or flowing.facts is None:
            return None, 0
        self._looked_s = now_s
        packet, at_ms = flowing.key_frame
        is_jpeg = flowing.facts.codec is Codec.JPEG
        pixels = opencv.decode_jpeg(packet.data) if is_jpeg else decode_key_frame(packet.data, flowing.facts)
        if pixels is None:
            return None, 0
        if self._slot is not None:
            self._slot.put(pixels, at_ms, self._times.monotonic_s())
        return self._looker.look(pixels), at_ms

    def _status(self, flowing: Flowing) -> Status:
        health, facts = self._watch.health, flowing.facts
        alarms = {alarm.value: self._wall_of(began_s) for alarm, began_s in health.alarms.items()}
        trouble = self._disk or (flowing.trouble if Alarm.LOST in health.alarms else None)
        status = Status(health.light, alarms, trouble, self._recorded_until_ms, rate=flowing.rate or 0.0)
        if facts is None:
            return status
        return replace(
            status,
            codec=facts.codec,
            width=facts.width,
            height=facts.height,
            bits_per_s=flowing.bits_per_s,
            is_encoded_here=facts.is_encoded_here,
            is_direct=facts.is_direct,
        )

    def _wall_of(self, monotonic_s: float) -> int:
        return round(self._times.now_ms() - (self._times.monotonic_s() - monotonic_s) * 1000)

    def _tell(self, message: Row | Status) -> None:
        with self._telling:
            self._tell_unlocked(message)
