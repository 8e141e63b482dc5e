"""What a camera gives, and why it may give nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
"""A picture: height × width × 3 (blue, green, red), or height × width where it is grey."""


class Codec(Enum):
    """How a stream is compressed."""

    H264 = "h264"
    H265 = "h265"
    JPEG = "jpeg"


class Trouble(Enum):
    """Why a camera cannot be used, or its recording cannot be kept."""

    ADDRESS_INVALID = "address_invalid"
    UNREACHABLE = "unreachable"
    SILENT = "silent"
    DENIED = "denied"
    NOT_THERE = "not_there"
    NO_VIDEO = "no_video"
    UNPLUGGED = "unplugged"
    DISK_FULL = "disk_full"
    QUOTA_USED = "quota_used"
    FOLDER_GONE = "folder_gone"
    DISK_FAILED = "disk_failed"
    STUCK = "stuck"


class CameraFailed(Exception):
    """The world's fault: a camera, its link or the disk. The message never holds an address with its password."""

    def __init__(self, trouble: Trouble, detail: str = "") -> None:
        super().__init__(f"{trouble.value}{': ' if detail else ''}{detail}")
        self.trouble = trouble


@dataclass(frozen=True, slots=True)
class StreamFacts:
    """What is known of a stream once it is open.

    Attributes:
        codec: What its packets are.
        width: Of the picture, in pixels; 0 where it is not known yet.
        height: As `width`.
        rate: Frames a second, as the stream says; 0 where it doesn't.
        parameter_sets: What a decoder needs before the first key frame (Annex B), or nothing.
        is_encoded_here: Whether the camera sends pictures that had to be compressed on this machine.
        is_direct: Whether our own receiver reads it, rather than OpenCV.
        clock_off_s: The camera's own clock less the machine's, where it told that when it was opened.
    """

    codec: Codec
    width: int
    height: int
    rate: float
    parameter_sets: bytes = b""
    is_encoded_here: bool = False
    is_direct: bool = False
    clock_off_s: float | None = None


@dataclass(frozen=True, slots=True)
class Packet:
    """One compressed picture.

    Attributes:
        data: An access unit in Annex B form, or a JPEG file.
        stream_s: The stream's own clock, in seconds from an origin of its own.
        is_key: Whether a decoder can begin here.
        camera_s: When it was taken by the camera's own clock, as Unix time, where the camera reports that.
        behind_s: How much older it is than the newest that was read together with it; the moment of reading tells when
            that one was taken.
    """

    data: bytes
    stream_s: float
    is_key: bool
    camera_s: float | None = None
    behind_s: float = 0.0


class Camera(Protocol):
    """An open camera. `close` may be called from any thread; everything else belongs to one."""

    @property
    def facts(self) -> StreamFacts:
        """What is known of the stream."""

    def read(self) -> Packet | None:
        """The next compressed picture, or None where the stream ended or nothing came in time: close, open again."""

    def close(self) -> None:
        """Let go of the camera."""


class Viewer(Protocol):
    """An open camera of which the pictures are looked at."""

    def advance(self) -> float | None:
        """The newest picture is decoded; its time on the stream's clock, or None: close, open again."""

    def pixels(self, place: Pixels | None = None) -> Pixels | None:
        """That picture, at `place` where it has its size, or None: close, open again."""

    def close(self) -> None:
        """Let go of the camera."""


@dataclass(frozen=True, slots=True)
class Look:
    """What one picture tells, in numbers.

    Attributes:
        width: Of the picture as it came, in pixels.
        height: As `width`.
        mean: Brightness, 0 to 255.
        deviation: Contrast: the standard deviation of the brightness.
        change: From the picture before, mean absolute difference of brightness; exactly 0 where they are the same.
        detail: Sharpness against what is usual here (1 is usual), whatever the contrast.
        likeness: To what is usual here: correlation of the edges, -1 to 1, in the three of twelve blocks most alike.
        lasting: The same likeness to the first pictures, over half a minute in which nothing else was wrong.
        glare: The share of the picture that is so bright that nothing can be seen there, 0 to 1.
        fingerprint: The same for the same picture, and for no other.
        blocks: The mean brightness of 6 × 8 blocks, row by row.
    """

    width: int
    height: int
    mean: float
    deviation: float
    change: float
    detail: float
    likeness: float
    lasting: float
    glare: float
    fingerprint: int
    blocks: npt.NDArray[np.float32] = field(repr=False, compare=False)
