"""The size of the picture as a sequence parameter set says it: what comes, whatever the camera's setting claims.

Source: ITU-T H.264 (08/2021) §7.3.2.1.1, §7.4.2.1.1; ITU-T H.265 (08/2021) §7.3.2.2.1, §7.3.3.
"""

from __future__ import annotations

from devices.camera.annexb import nal_type, parameter_sets
from devices.camera.values import Codec

_H264_SPS, _H265_SPS = 7, 33
_HIGH_PROFILES = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135})
_SETS_BYTES_MAX = 4096
_SIDE_MAX = 16_384


def picture_size(untrusted_sets: bytes, codec: Codec) -> tuple[int, int] | None:
    """Width and height in pixels, or None where no set that can be read is among the bytes."""
    wanted, read = (_H264_SPS, _h264) if codec is Codec.H264 else (_H265_SPS, _h265)
    for unit in parameter_sets(untrusted_sets[:_SETS_BYTES_MAX], codec):
        if nal_type(unit, codec) == wanted:
            try:
                width, height = read(_Bits(unit.replace(b"\0\0\3", b"\0\0")))
            except (IndexError, ValueError):
                return None
            return (width, height) if 0 < width <= _SIDE_MAX and 0 < height <= _SIDE_MAX else None
    return None


class _Bits:
    """Bits of a unit, most significant first."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def take(self, count: int) -> int:
        value = 0
        for _ in range(count):
            value = value << 1 | self._data[self._at >> 3] >> (7 - (self._at & 7)) & 1
            self._at += 1
        return value

    def golomb(self) -> int:
        """An unsigned Exp-Golomb number. Source: H.264 §9.1."""
        zeros = 0
        while not self.take(1):
            zeros += 1
            if zeros > 31:
                raise ValueError("not a number")
        return (1 << zeros) - 1 + self.take(zeros)

    def signed(self) -> int:
        number = self.golomb()
        return (number + 1) // 2 if number & 1 else -(number // 2)


def _h264(bits: _Bits) -> tuple[int, int]:
    bits.take(8)
    profile = bits.take(8)
    bits.take(16)
    bits.golomb()
    chroma = 1
    if profile in _HIGH_PROFILES:
        chroma = bits.golomb()
        if chroma == 3:
            bits.take(1)
        bits.golomb()
        bits.golomb()
        bits.take(1)
        if bits.take(1):
            for index in range(12 if chroma == 3 else 8):
                if bits.take(1):
                    _skip_scaling_list(bits, 16 if index < 6 else 64)
    bits.golomb()
    order = bits.golomb()
    if order == 0:
        bits.golomb()
    elif order == 1:
        bits.take(1)
        bits.signed()
        bits.signed()
        for _ in range(min(bits.golomb(), 255)):
            bits.signed()
    bits.golomb()
    bits.take(1)
    width, height = 16 * (bits.golomb() + 1), bits.golomb() + 1
    fields = 2 - bits.take(1)
    height *= 16 * fields
    if fields == 2:
        bits.take(1)
    bits.take(1)
    if bits.take(1):
        across, down = (2 if chroma in {1, 2} else 1), (2 if chroma == 1 else 1) * fields
        left, right, top, bottom = (bits.golomb() for _ in range(4))
        width, height = width - across * (left + right), height - down * (top + bottom)
    return width, height


def _skip_scaling_list(bits: _Bits, count: int) -> None:
    last = following = 8
    for _ in range(count):
        if following:
            following = (last + bits.signed()) % 256
        last = following or last


def _h265(bits: _Bits) -> tuple[int, int]:
    bits.take(16)
    bits.take(4)
    layers = bits.take(3)
    bits.take(1)
    bits.take(96)
    present = [(bits.take(1), bits.take(1)) for _ in range(layers)]
    if layers:
        bits.take(2 * (8 - layers))
    for has_profile, has_level in present:
        bits.take(88 * has_profile + 8 * has_level)
    bits.golomb()
    chroma = bits.golomb()
    if chroma == 3:
        bits.take(1)
    width, height = bits.golomb(), bits.golomb()
    if bits.take(1):
        across, down = (2 if chroma in {1, 2} else 1), (2 if chroma == 1 else 1)
        left, right, top, bottom = (bits.golomb() for _ in range(4))
        width, height = width - across * (left + right), height - down * (top + bottom)
    return width, height
