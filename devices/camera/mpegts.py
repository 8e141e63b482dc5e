"""MPEG transport streams with one video stream: each picture becomes whole packets that can be written at once.

OpenCV's writer keeps up to 32 KB back, which of a quiet camera is many seconds; here a picture is on its way to the
disk before the next one is read. Times are Unix times in milliseconds, kept modulo 2^33 ticks of 90 kHz (26.5 hours),
so that the file itself tells when it was recorded and a gap stays a gap.

Source: ISO/IEC 13818-1 §2.4.3 (packets, adaptation field, PES), §2.4.4 (tables, CRC).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from devices.camera.values import Codec

PACKET_BYTES = 188
TICKS_PER_MS = 90
WRAP_TICKS = 2**33
WRAP_MS = WRAP_TICKS / TICKS_PER_MS
_SYNC, _VIDEO_PID, _TABLE_PID = 0x47, 0x100, 0x1000
_STREAM_TYPES = {Codec.H264: 0x1B, Codec.H265: 0x24}
_FIRST_PAYLOAD_BYTES, _PAYLOAD_BYTES = 176, 184
_AT_ONCE = 2048
"""Packets of one copy: 376 KiB of a picture."""
_PCR_AHEAD_TICKS = 100 * TICKS_PER_MS
"""The reference clock stands this much before the picture it comes with, as a receiver's buffer wants."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A picture of a recording: `at_ms` is its time, modulo `WRAP_MS` where it comes from a transport stream."""

    at_ms: int
    is_key: bool
    data: bytes


class TsWriter:
    """Makes the packets of one file; the counters of continuity are all that it remembers."""

    def __init__(self, codec: Codec) -> None:
        self._tables = _Tables(codec)
        self._count = 0
        # Packets without content, counted: those of a picture are copied into a stretch that begins at its number.
        self._blank = np.empty((_AT_ONCE + 16, PACKET_BYTES), np.uint8)
        self._blank[:, :3] = (_SYNC, _VIDEO_PID >> 8, _VIDEO_PID & 0xFF)
        self._blank[:, 3] = 0x10 | np.arange(_AT_ONCE + 16) & 15

    def encode(self, data: bytes, at_ms: int, *, is_key: bool) -> bytes:
        """The packets of one picture, with the tables before each key frame."""
        ticks = at_ms * TICKS_PER_MS % WRAP_TICKS
        tables = self._tables.next() if is_key else b""
        clock = (ticks - _PCR_AHEAD_TICKS) % WRAP_TICKS << 15 | 0x7E00
        head = b"\0\0\1\xe0\0\0\x80\x80\x05" + _pts(ticks)
        inside = _FIRST_PAYLOAD_BYTES - len(head)
        stuffing = max(inside - len(data), 0)
        field = bytes((7 + stuffing, 0x50 if is_key else 0x10)) + clock.to_bytes(6, "big") + b"\xff" * stuffing
        parts: list[bytes | memoryview] = [tables, self._head(0x40), field, head, data[:inside]]
        full, rest = divmod(max(len(data) - inside, 0), _PAYLOAD_BYTES)
        if full:
            body = np.frombuffer(data, np.uint8, full * _PAYLOAD_BYTES, inside).reshape(full, _PAYLOAD_BYTES)
            for at in range(0, full, _AT_ONCE):
                some = body[at : at + _AT_ONCE]
                filled = self._blank[self._count : self._count + len(some)]
                filled[:, 4:] = some
                parts.append(filled.data if full <= _AT_ONCE else filled.tobytes())
                self._count = (self._count + len(some)) & 15
        if rest:
            room = _PAYLOAD_BYTES - rest - 1
            stuffed = bytes((room,)) + (b"\0" + b"\xff" * (room - 1) if room else b"")
            parts += (self._head(0), stuffed, data[-rest:])
        return b"".join(parts)

    def _head(self, start: int) -> bytes:
        """Of a packet with an adaptation field."""
        head = bytes((_SYNC, start | _VIDEO_PID >> 8, _VIDEO_PID & 0xFF, 0x30 | self._count))
        self._count = (self._count + 1) & 15
        return head


class _Tables:
    """The two tables that say what is in the stream."""

    def __init__(self, codec: Codec) -> None:
        self._count = 0
        programs = _section(0x00, 1, bytes([0, 1, 0xE0 | _TABLE_PID >> 8, _TABLE_PID & 0xFF]))
        pid = bytes([0xE0 | _VIDEO_PID >> 8, _VIDEO_PID & 0xFF])
        streams = _section(0x02, 1, pid + b"\xf0\0" + bytes([_STREAM_TYPES[codec]]) + pid + b"\xf0\0")
        self._sections = ((0, programs), (_TABLE_PID, streams))

    def next(self) -> bytes:
        packets = b""
        for pid, section in self._sections:
            head = bytes([_SYNC, 0x40 | pid >> 8, pid & 0xFF, 0x10 | self._count, 0])
            packets += (head + section).ljust(PACKET_BYTES, b"\xff")
        self._count = (self._count + 1) & 15
        return packets


def _section(table: int, number: int, body: bytes) -> bytes:
    inside = number.to_bytes(2, "big") + b"\xc1\0\0" + body
    section = bytes([table]) + (0xB000 | len(inside) + 4).to_bytes(2, "big") + inside
    return section + _crc(section).to_bytes(4, "big")


def _crc(data: bytes) -> int:
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte << 24
        for _ in range(8):
            value = (value << 1 ^ 0x04C11DB7 if value & 0x80000000 else value << 1) & 0xFFFFFFFF
    return value


def _pts(ticks: int) -> bytes:
    low = (ticks & 0x7FFF) << 1 | 1
    middle = (ticks >> 15 & 0x7FFF) << 1 | 1
    return bytes([0x21 | ticks >> 29 & 0x0E]) + middle.to_bytes(2, "big") + low.to_bytes(2, "big")


def whole_bytes(content: bytes) -> int:
    """How many of the bytes are whole packets that begin as packets do: where a torn file is cut."""
    packets = _rows(content)
    broken = np.flatnonzero(packets[:, 0] != _SYNC)
    return int(broken[0] if len(broken) else len(packets)) * PACKET_BYTES


def frames(untrusted: bytes) -> Iterator[Frame]:
    """The pictures in a file that `TsWriter` made; what isn't one is passed over."""
    packets = _rows(untrusted[: whole_bytes(untrusted)])
    pid = (packets[:, 1].astype(np.uint16) & 0x1F) << 8 | packets[:, 2]
    video = packets[pid == _VIDEO_PID]
    starts = np.flatnonzero(video[:, 1] & 0x40)
    for begin, end in pairwise([*starts.tolist(), len(video)]):
        frame = _frame(video[begin:end])
        if frame is not None:
            yield frame


def _frame(packets: npt.NDArray[np.uint8]) -> Frame | None:
    payload = b"".join(_payloads(packets))
    if payload[:3] != b"\0\0\1" or len(payload) < 14:
        return None
    raw = payload[9:14]
    ticks = (raw[0] & 0x0E) << 29 | (int.from_bytes(raw[1:3], "big") >> 1) << 15 | int.from_bytes(raw[3:5], "big") >> 1
    is_key = bool(packets[0, 3] & 0x20 and packets[0, 4] and packets[0, 5] & 0x40)
    return Frame(round(ticks / TICKS_PER_MS), is_key, payload[9 + payload[8] :])


def _payloads(packets: npt.NDArray[np.uint8]) -> Iterator[bytes]:
    """The payloads; packets without an adaptation field are taken in one piece."""
    has_field = packets[:, 3] & 0x20 != 0
    at = 0
    for index in np.flatnonzero(has_field).tolist():
        yield packets[at:index, 4:].tobytes()
        yield _payload(packets[index])
        at = index + 1
    yield packets[at:, 4:].tobytes()


def _payload(packet: npt.NDArray[np.uint8]) -> bytes:
    return packet[5 + int(packet[4]) if packet[3] & 0x20 else 4 :].tobytes()


def _rows(content: bytes) -> npt.NDArray[np.uint8]:
    count = len(content) // PACKET_BYTES
    return np.frombuffer(content, np.uint8, count * PACKET_BYTES).reshape(count, PACKET_BYTES)
