"""Reports of RTCP: a camera says what its own clock showed at a time stamp, and hears that we still receive.

Source: RFC 3550 §6.4.1 (sender report), §6.4.2 (receiver report), §6.5 (source description).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

_HEAD = struct.Struct(">BBH")
_SENDER = struct.Struct(">IQI")
_RECEIVER = struct.Struct(">BBHIIIIIII")
_SENDER_REPORT, _RECEIVER_REPORT, _DESCRIPTION = 200, 201, 202
_UNIX_EPOCH_S = 2_208_988_800
"""From the epoch of NTP, 1900, to the one of Unix, 1970."""
_NAME = b"uchastka"


@dataclass(frozen=True, slots=True)
class SenderReport:
    """What a camera reports of itself.

    Attributes:
        source: The stream that it speaks of.
        ntp: The camera's clock as it gave it: seconds since 1900 in the upper 32 bits, their fraction in the lower.
        ticks: The stream's time stamp of that moment.
        clock_s: The same as Unix time; None where it counts from when the camera was switched on, or not at all.
    """

    source: int
    ntp: int
    ticks: int
    clock_s: float | None


@dataclass(frozen=True, slots=True)
class Received:
    """What we report: whose packets, how many are missing, the highest number."""

    source: int
    missing: int
    highest: int


def read_sender_report(untrusted: bytes) -> SenderReport | None:
    """The sender report in a compound packet, or None."""
    at = 0
    while at + _HEAD.size <= len(untrusted):
        first, kind, words = _HEAD.unpack_from(untrusted, at)
        size = 4 * (words + 1)
        if first >> 6 != 2 or at + size > len(untrusted):
            return None
        if kind == _SENDER_REPORT and size >= _HEAD.size + _SENDER.size:
            source, ntp, ticks = _SENDER.unpack_from(untrusted, at + _HEAD.size)
            clock_s = ntp / 2**32 - _UNIX_EPOCH_S
            return SenderReport(source, ntp, ticks, clock_s if ntp >> 63 else None)
        at += size
    return None


def write_receiver_report(ours: int, received: Received, report: SenderReport | None, delay_s: float) -> bytes:
    """The report of one stream, with our name; `delay_s` is how long ago `report` came.

    How irregularly packets arrive is not said (0): whoever reads several pictures at a time cannot know it.
    """
    last = report.ntp >> 16 & 0xFFFFFFFF if report is not None else 0
    delay = min(int(delay_s * 65536), 0xFFFFFFFF) if report is not None else 0
    missing = min(received.missing, 0x7FFFFF)
    highest = received.highest & 0xFFFFFFFF
    block = _RECEIVER.pack(
        0x81, _RECEIVER_REPORT, 7, ours, received.source, missing, highest, 0, last, delay,
    )  # fmt: skip
    item = struct.pack(">IBB", ours, 1, len(_NAME)) + _NAME + b"\0"
    item += b"\0" * (-len(item) % 4)
    return block + _HEAD.pack(0x81, _DESCRIPTION, len(item) // 4) + item
