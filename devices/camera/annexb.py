"""Access units of H.264 and H.265 as byte streams: where the units are, which begin a picture that stands alone.

Source: ITU-T H.264 (08/2021) §7.4.1 and Annex B; ITU-T H.265 (08/2021) §7.4.2.2 and Annex B.
"""

from __future__ import annotations

from devices.camera.values import Codec

_START = b"\0\0\1"
_H264_IDR, _H264_SETS = 5, frozenset({7, 8})
_H265_KEYS, _H265_SETS = frozenset(range(16, 22)), frozenset({32, 33, 34})
_H264_PICTURES, _H265_PICTURES = frozenset(range(1, 6)), frozenset(range(22))
_HEAD_BYTES_MAX = 4096
"""Parameter sets and the first slice begin within this much of an access unit (SEI before them are small)."""


def nal_units(data: bytes) -> list[bytes]:
    """The NAL units of an Annex B byte stream, without their start codes."""
    found, at = [], data.find(_START)
    while at >= 0:
        begin = at + 3
        at = data.find(_START, begin)
        unit = data[begin : at if at >= 0 else len(data)]
        found.append(unit.rstrip(b"\0") if at >= 0 else unit)
    return [unit for unit in found if unit]


def nal_type(unit: bytes, codec: Codec) -> int:
    """The type of a NAL unit."""
    return unit[0] & 31 if codec is Codec.H264 else unit[0] >> 1 & 63


def is_key_frame(data: bytes, codec: Codec) -> bool:
    """Whether a decoder that has the parameter sets can begin with this access unit."""
    if codec is Codec.JPEG:
        return data[:2] == b"\xff\xd8"
    keys = {_H264_IDR} if codec is Codec.H264 else _H265_KEYS
    return not keys.isdisjoint(_types(data, codec))


def has_parameter_sets(data: bytes, codec: Codec) -> bool:
    """Whether the access unit brings its own parameter sets."""
    sets = _H264_SETS if codec is Codec.H264 else _H265_SETS
    return sets <= _types(data, codec)


def is_access_unit(data: bytes, codec: Codec) -> bool:
    """Whether the bytes look like what the stream says that it is."""
    if codec is Codec.JPEG:
        return data[:3] == b"\xff\xd8\xff"
    pictures = _H264_PICTURES if codec is Codec.H264 else _H265_PICTURES
    return 0 <= data[:8].find(_START) <= 1 and not pictures.isdisjoint(_types(data, codec))


def begins_picture(data: bytes, codec: Codec) -> bool:
    """Whether the first slice in these bytes is a picture's first; FFmpeg may give a picture of several in pieces."""
    pictures, header = (_H264_PICTURES, 1) if codec is Codec.H264 else (_H265_PICTURES, 2)
    head, at = data[:_HEAD_BYTES_MAX], -1
    while (at := head.find(_START, at + 1)) >= 0:
        unit = head[at + 3 : at + 4 + header]
        if len(unit) > header and nal_type(unit, codec) in pictures:
            return bool(unit[header] & 0x80)
    return True


def slices(data: bytes, codec: Codec) -> bytes:
    """The slices alone: parameter sets between a picture's slices would end it."""
    pictures = _H264_PICTURES if codec is Codec.H264 else _H265_PICTURES
    return b"".join(b"\0" + _START + unit for unit in nal_units(data) if nal_type(unit, codec) in pictures)


def parameter_sets(data: bytes, codec: Codec) -> tuple[bytes, ...]:
    """The parameter sets in these bytes, in order, each once."""
    sets = _H264_SETS if codec is Codec.H264 else _H265_SETS
    return tuple(dict.fromkeys(unit for unit in nal_units(data) if nal_type(unit, codec) in sets))


def leading_sets(data: bytes, codec: Codec) -> tuple[bytes, ...]:
    """As `parameter_sets`, of what comes before an access unit's first slice."""
    pictures = _H264_PICTURES if codec is Codec.H264 else _H265_PICTURES
    at = -1
    while (at := data.find(_START, at + 1, _HEAD_BYTES_MAX)) >= 0:
        if at + 3 < len(data) and nal_type(data[at + 3 : at + 4], codec) in pictures:
            return parameter_sets(data[:at], codec)
    return parameter_sets(data, codec)


def _types(data: bytes, codec: Codec) -> set[int]:
    head, types, at = data[:_HEAD_BYTES_MAX], set[int](), -1
    while (at := head.find(_START, at + 1)) >= 0:
        if at + 3 < len(head):
            types.add(nal_type(head[at + 3 : at + 4], codec))
    return types
