"""Files of JPEG pictures, for cameras that send no H.264: each picture a part with its time, as in RFC 2046 §5.1.

The wheel of OpenCV has no encoder of H.264, and no transport stream may hold JPEG. A multipart file is written
picture by picture, survives being cut anywhere, and is played by ffmpeg (`-f mpjpeg`) and by VLC.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from devices.camera.mpegts import Frame

_HEAD = re.compile(
    rb"--picture\r\nContent-Type: image/jpeg\r\nContent-Length: (\d{1,8})\r\nX-Time-Ms: (\d{1,15})\r\n\r\n"
)


class JpegWriter:
    """Makes the parts of one file."""

    def encode(self, data: bytes, at_ms: int, *, is_key: bool) -> bytes:
        """The part of one picture."""
        del is_key
        head = f"--picture\r\nContent-Type: image/jpeg\r\nContent-Length: {len(data)}\r\nX-Time-Ms: {at_ms}\r\n\r\n"
        return head.encode("ascii") + data + b"\r\n"


def whole_bytes(content: bytes) -> int:
    """How many of the bytes are whole parts: where a torn file is cut."""
    return max((end for end, _ in _parts(content)), default=0)


def frames(untrusted: bytes) -> Iterator[Frame]:
    """The pictures in a file that `JpegWriter` made, up to the first thing that isn't one."""
    for _, frame in _parts(untrusted):
        yield frame


def _parts(untrusted: bytes) -> Iterator[tuple[int, Frame]]:
    at = 0
    while (head := _HEAD.match(untrusted, at)) is not None:
        end = head.end() + int(head[1])
        if untrusted[end : end + 2] != b"\r\n":
            return
        yield end + 2, Frame(int(head[2]), True, untrusted[head.end() : end])
        at = end + 2
