"""Packets without a camera, and clocks that go where the test sends them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from devices.camera import annexb
from devices.camera.folder import Row
from devices.camera.recording import Recording
from devices.camera.values import Codec, Packet, StreamFacts

START_MS = 1_797_735_600_000
SPS_320_240 = bytes.fromhex("6764000dacd94141fb011000000300100000030140f14299 60".replace(" ", ""))
PPS = bytes.fromhex("68ebe3cb22c0")
SETS = b"\0\0\0\1" + SPS_320_240 + b"\0\0\0\1" + PPS
FACTS = StreamFacts(Codec.H264, 320, 240, 10.0, SETS)


@dataclass
class FakeTimes:
    """A wall clock that may be set, and one that nobody sets."""

    passed_s: float = 0.0
    set_by_ms: int = 0

    def now_ms(self) -> int:
        return round(START_MS + self.passed_s * 1000) + self.set_by_ms

    def monotonic_s(self) -> float:
        return 1000.0 + self.passed_s


def unit(number: int, *, is_key: bool, sets: bytes = b"") -> bytes:
    """An access unit that looks like one and is different for each number."""
    return sets + b"\0\0\0\1" + bytes([0x65 if is_key else 0x41]) + number.to_bytes(4, "big").hex().encode() * 40


@dataclass
class Recorder:
    """A recording of a camera that sends ten pictures a second and a key frame a second, in virtual time."""

    root: Path
    times: FakeTimes = field(default_factory=FakeTimes)
    rows: list[Row] = field(default_factory=list)
    free: int = 10**12
    number: int = 0
    stream_s: float = 0.0
    camera: str = "hall"

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        self.recording = Recording(
            self.root, self.camera, self.times, self.rows.append, room=lambda _root: self.free, reserve_bytes=10**6
        )
        self.recording.begin(FACTS)

    def send(self, seconds: float, *, sets: bytes = b"", rate: float = 10.0) -> None:
        for _ in range(round(seconds * rate)):
            is_key = self.number % 10 == 0
            data = unit(self.number, is_key=is_key, sets=sets if is_key else b"")
            self.recording.take(Packet(data, self.stream_s, annexb.is_key_frame(data, Codec.H264)))
            self.number += 1
            self.wait(1 / rate)

    def wait(self, seconds: float) -> None:
        self.times.passed_s += seconds
        self.stream_s += seconds
