"""What a hostile chip can make the readers of its files spend: the worst of many made-up files at their limits.

Each reader gets files as large as it takes, full of what such readers are weak at: countless objects, nesting,
padding, image marks, templates. The reference for time is hashing the same bytes with SHA-256, which passive
authentication does anyway, in the same run; for memory, the file itself. The bound on memory is the deepest nesting
that is read, since each level may keep a copy.
"""

from __future__ import annotations

import hashlib
import time
import tracemalloc
from collections.abc import Callable, Iterator

from benchmarks.measuring import RUNS, figure
from devices.emrtd import lds
from devices.emrtd.face_images import DG2_BYTES_MAX, read_dg2
from devices.emrtd.files import File
from devices.emrtd.security_infos import read_dg14
from devices.emrtd.security_object import read_security_object
from devices.emrtd.tlv import LIMITS, ContentInvalid, encode

HEADER_BYTES = 16
READERS: list[tuple[File, Callable[[bytes], object], int]] = [
    (File.COM, lds.read_com, 65_536),
    (File.DG1, lds.read_dg1, 65_536),
    (File.DG2, read_dg2, DG2_BYTES_MAX),
    (File.DG11, lds.read_dg11, 65_536),
    (File.DG12, lds.read_dg12, 65_536),
    (File.DG14, read_dg14, 65_536),
    (File.DG15, lds.read_dg15, 65_536),
    (File.SOD, read_security_object, 1 << 18),
]


def nested(tag: int, depth: int, inside: bytes) -> bytes:
    for _ in range(depth):
        inside = encode(tag, inside)
    return inside


def contents(size: int) -> Iterator[bytes]:
    """Contents of at most `size` bytes, each hard on some reader."""
    yield b"\x80\x00" * (size // 2)
    yield bytes(size)
    yield b"\x30\x80" * (size // 2)
    yield b"\xff\xd8\xff" * (size // 3)
    yield b"\xff\x4f\xff\x51" * (size // 4)
    yield nested(0x30, LIMITS.depth_max - 4, b"\x80\x00" * ((size - 200) // 2))
    yield encode(0x30, b"\x30\x00" * ((size - 10) // 2))
    template = encode(
        0x7F61, encode(0x7F60, encode(0x5F2E, b"FAC\x00010\x00", bytes(4), b"\x00\x08", bytes(1500))) * 20
    )
    yield template * (size // len(template))
    elements = encode(0xA1, b"\x80\x00" * 500)
    deep = nested(0xA1, 12, elements * ((size - 200) // len(elements)))
    yield encode(0x7F61, encode(0x7F60, encode(0x7F2E, deep)))
    marked = b"FAC\x00010\x00" + b"\xff" * 6 + b"\xff\xd8\xff\x00" * ((size - 100) // 4)
    yield encode(0x7F61, encode(0x7F60, encode(0x5F2E, marked)))


def main() -> None:
    slowest, largest = (0.0, ""), (0.0, "")
    files = 0
    for file, read, limit in READERS:
        for number, content in enumerate(contents(limit - HEADER_BYTES)):
            untrusted = encode(file.tag, content)
            hashing_s = shortest(lambda untrusted=untrusted: hashlib.sha256(untrusted).digest())
            reading_s = shortest(lambda read=read, untrusted=untrusted: attempt(read, untrusted))
            tracemalloc.start()
            attempt(read, untrusted)
            peak_bytes = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            files += 1
            what = f"{file.label}, content {number}, {len(untrusted):,} bytes in {reading_s * 1e3:.1f} ms"
            slowest = max(slowest, (reading_s / hashing_s, what))
            largest = max(largest, (peak_bytes / len(untrusted), what))
    must = LIMITS.depth_max + 1
    ratio, what = slowest
    figure("hostile files: longest reading / hashing the same bytes", ratio, "times", "≤ 100", ratio <= 100, what)
    ratio, what = largest
    name = f"hostile files: most memory / the file, of {files}"
    figure(name, ratio, "times", f"≤ {must}", ratio <= must, what)


def shortest(work: Callable[[], object]) -> float:
    """The shortest of a few runs, in seconds: what the machine does beside it is nobody's fault here."""
    took = []
    for _ in range(RUNS):
        began = time.perf_counter()
        work()
        took.append(time.perf_counter() - began)
    return min(took)


def attempt(read: Callable[[bytes], object], untrusted: bytes) -> None:
    try:
        read(untrusted)
    except ContentInvalid:
        return


if __name__ == "__main__":
    main()
