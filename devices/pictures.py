"""Decodes photographs: JPEG, JPEG 2000 files and bare JPEG 2000 codestreams, as documents hold them.

What a picture claims of its size is read and bounded before anything is decoded, so that a small file cannot ask for
gigabytes.

Source: ITU-T T.81 §B.2.2 (JPEG frame header), ITU-T T.800 §A.5.1 (JPEG 2000 SIZ); ICAO 9303-9 for what documents hold.
"""

import struct
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

PIXELS_MAX: Final = 1 << 24
"""Four times the largest photograph that a document has."""
SHOWN_HEIGHT_MAX: Final = 640
_SIDE_MIN: Final = 8
_STREAM: Final = b"\xff\x4f\xff\x51"
_JPEG: Final = b"\xff\xd8"
_FRAMES: Final = frozenset({*range(0xC0, 0xD0)}) - {0xC4, 0xC8, 0xCC}
_SEGMENTS_MAX: Final = 256


class PictureInvalid(ValueError):
    """The bytes are no picture that can be decoded, or one of a size that no photograph has."""


@dataclass(frozen=True, slots=True, repr=False)
class Picture:
    """Rows of red, green, blue from the top; never printed."""

    width: int
    height: int
    rgb: bytes

    def __repr__(self) -> str:
        return f"Picture({self.width} x {self.height})"


def decode_picture(untrusted: bytes, height_max: int = SHOWN_HEIGHT_MAX) -> Picture:
    """Return the picture, made smaller where it is higher than `height_max`.

    Raises:
        PictureInvalid: It is none, or too large, or too small to show anybody.
    """
    width, height = claimed_size(untrusted)
    if width * height > PIXELS_MAX or min(width, height) < _SIDE_MIN:
        raise PictureInvalid(f"a picture of {width} x {height}")
    try:
        decoded = cv2.imdecode(np.frombuffer(untrusted, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error as error:
        raise PictureInvalid("it can't be decoded") from error
    if decoded is None:
        raise PictureInvalid("it can't be decoded")
    rows = decoded.shape[0]
    if rows > height_max:
        columns = max(_SIDE_MIN, round(decoded.shape[1] * height_max / rows))
        decoded = cv2.resize(decoded, (columns, height_max), interpolation=cv2.INTER_AREA)
    rgb = cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB)
    return Picture(rgb.shape[1], rgb.shape[0], rgb.tobytes())


def claimed_size(untrusted: bytes) -> tuple[int, int]:
    """Return width and height as the picture's own header claims them.

    Raises:
        PictureInvalid: It has no such header.
    """
    size = _jpeg_size(untrusted) if untrusted.startswith(_JPEG) else _stream_size(untrusted)
    if size is None:
        raise PictureInvalid("no header of a picture")
    return size


def _jpeg_size(untrusted: bytes) -> tuple[int, int] | None:
    at = 2
    for _ in range(_SEGMENTS_MAX):
        while at < len(untrusted) and untrusted[at] == 0xFF:
            at += 1
        if at + 8 > len(untrusted):
            return None
        marker, length = untrusted[at], int.from_bytes(untrusted[at + 1 : at + 3])
        if marker in _FRAMES:
            height, width = struct.unpack_from(">HH", untrusted, at + 4)
            return width, height
        at += 1 + length
    return None


def _stream_size(untrusted: bytes) -> tuple[int, int] | None:
    at = untrusted.find(_STREAM)
    if at < 0 or at + 24 > len(untrusted):
        return None
    right, bottom, left, top = struct.unpack_from(">IIII", untrusted, at + 8)
    return (right - left, bottom - top) if right > left and bottom > top else None
