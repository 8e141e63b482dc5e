"""One connection to a camera: what comes is sorted into pictures, reports and messages, several pictures at a time.

Nothing here waits for longer than it is told to, and nothing that a camera sends grows without end.
"""

from __future__ import annotations

import select
import ssl
import time
from collections import deque
from typing import Protocol

from devices.camera.rtsp.depacketising import Pictures
from devices.camera.rtsp.messages import Message, read_message
from devices.camera.values import CameraFailed, Trouble

CAPACITY_BYTES = 512 * 1024
"""A second of a stream of 4 Mbit/s; the longest packet is 64 KiB."""
SETTLE_S = 0.004
"""The packets of a picture follow one another within this; reading them one by one costs as much as decoding them."""
_SPARE_BYTES = 32
_WAITING_MAX = 64
"""So many messages or reports at once, and it is no camera."""
_SEARCHED_BYTES_MAX = 256 * 1024
_DOLLAR = 0x24
_NOTHING_YET = (BlockingIOError, ssl.SSLWantReadError)


class Ended(Exception):
    """The camera, or what is between, ended the connection."""


class Connection(Protocol):
    """As a socket is one."""

    def setblocking(self, flag: bool, /) -> None:
        """Whether calls wait."""

    def recv_into(self, buffer: memoryview, /) -> int:
        """So many bytes came; 0: no more will."""

    def send(self, data: bytes, /) -> int:
        """So many were taken."""

    def fileno(self) -> int:
        """What the system waits for."""

    def close(self) -> None:
        """Let go of it."""


class Wire:
    """The connection, and what came through it."""

    def __init__(self, connection: Connection) -> None:
        connection.setblocking(False)
        self._connection = connection
        self._is_plain = not isinstance(connection, ssl.SSLSocket)
        self._buffer = bytearray(CAPACITY_BYTES + _SPARE_BYTES)
        self._filled = 0
        self._searched = 0
        self.is_drained = False
        self.pictures: Pictures | None = None
        self.channels: tuple[int, int] = (0, 1)
        self.messages: deque[Message] = deque()
        self.reports: deque[bytes] = deque()

    def send(self, data: bytes) -> None:
        """The camera's system has it.

        Raises:
            Ended: It takes nothing any more.
        """
        try:
            sent = self._connection.send(data)
        except OSError as error:
            raise Ended from error
        if sent < len(data):
            raise Ended

    def receive(self, timeout_s: float) -> bool:
        """Sort what is there; wait for it where nothing is, and for what comes with it. False: nothing came in time.

        Raises:
            Ended: It is over.
            CameraFailed: `NO_VIDEO`: what comes is nothing that a camera says.
        """
        if not self._read():
            try:
                select.select([self._connection], [], [], max(timeout_s, 0))
            except (OSError, ValueError) as error:
                raise Ended from error
            if timeout_s > SETTLE_S:
                time.sleep(SETTLE_S)
            if not self._read():
                return False
        self._sort()
        return True

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()

    def _read(self) -> bool:
        """Whether anything was there."""
        before, self.is_drained = self._filled, True
        with memoryview(self._buffer) as view:
            while (room := CAPACITY_BYTES - self._filled) > 0:
                try:
                    count = self._connection.recv_into(view[self._filled : CAPACITY_BYTES])
                except _NOTHING_YET:
                    break
                except (OSError, ValueError) as error:
                    raise Ended from error
                if not count:
                    if self._filled == before:
                        raise Ended
                    break
                self._filled += count
                if self._is_plain and count < room:
                    return True
            else:
                self.is_drained = False
        return self._filled > before

    def _sort(self) -> None:
        buffer, at, end = self._buffer, 0, self._filled
        while at < end:
            if self.pictures is not None:
                at = self.pictures.take(buffer, at, end)
            if at >= end:
                break
            if buffer[at] == _DOLLAR:
                if at + 4 > end:
                    break
                channel, ending = buffer[at + 1], at + 4 + int.from_bytes(buffer[at + 2 : at + 4])
                if ending > end:
                    break
                if channel == self.channels[1]:
                    self.reports.append(bytes(buffer[at + 4 : ending]))
                at = ending
            elif buffer[at] in b"\r\n":
                at += 1
            else:
                following = self._message(at, end)
                if following is None:
                    break
                at = following
            if max(len(self.messages), len(self.reports)) > _WAITING_MAX:
                raise CameraFailed(Trouble.NO_VIDEO, "more than a camera says")
        if self.pictures is not None:
            self.pictures.keep()
        buffer[: end - at] = buffer[at:end]
        self._filled = end - at

    def _message(self, at: int, end: int) -> int | None:
        """Where what follows the message begins; None where it is not whole yet."""
        try:
            found = read_message(self._buffer, at, end)
        except CameraFailed:
            if self.pictures is None:
                raise
            # A camera that lied about a length: packets are looked for where they may begin again.
            following = self._buffer.find(bytes([_DOLLAR, self.channels[0]]), at + 1, end)
            self._searched += (following if following >= 0 else end) - at
            if self._searched > _SEARCHED_BYTES_MAX:
                raise
            return following if following >= 0 else end
        if found is None:
            return None
        self.messages.append(found[0])
        return found[1]
