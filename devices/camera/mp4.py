"""A segment as an MP4 file, its pictures copied: what browsers play beside the original, which stays the evidence.

Source: ISO/IEC 14496-12 (boxes), ISO/IEC 14496-15 §5.3 (avcC), §8.3 (hvcC).
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from devices.camera.annexb import nal_type, nal_units, parameter_sets
from devices.camera.mpegts import Frame
from devices.camera.picture_size import picture_size
from devices.camera.values import CameraFailed, Codec, Trouble

TIMESCALE = 1000
_MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_DELIMITERS = {Codec.H264: 9, Codec.H265: 35}
_LAST_MS = 40


@dataclass(frozen=True, slots=True)
class _Track:
    """The one track: each sample's bytes, how long it lasts in ms, and which stand alone."""

    samples: list[bytes]
    durations: list[int]
    keys: list[int]
    entry: bytes
    size: tuple[int, int]


def to_mp4(frames: Sequence[Frame], times_ms: Sequence[int], codec: Codec) -> bytes:
    """The pictures, which begin with a key frame, as an MP4 file in which each comes when it came.

    Raises:
        CameraFailed: `NO_VIDEO`: there is no picture, or it comes without its parameter sets.
    """
    if not frames:
        raise CameraFailed(Trouble.NO_VIDEO)
    size = (0, 0) if codec is Codec.JPEG else picture_size(frames[0].data, codec)
    if size is None:
        raise CameraFailed(Trouble.NO_VIDEO)
    if codec is Codec.JPEG:
        samples, entry = [frame.data for frame in frames], _jpeg_entry()
    else:
        samples = [_sample(frame.data, codec) for frame in frames]
        entry = _entry(parameter_sets(frames[0].data, codec), codec, size)
    ends = [*times_ms[1:], times_ms[-1] + _LAST_MS]
    durations = [max(end - at, 1) for at, end in zip(times_ms, ends, strict=True)]
    keys = [number for number, frame in enumerate(frames, 1) if frame.is_key]
    track = _Track(samples, durations, keys, entry, size)
    kind = _box(b"ftyp", b"isom\0\0\2\0isomiso2avc1mp41")
    media_at = len(kind) + len(_movie(track, 0)) + 8
    return kind + _movie(track, media_at) + _box(b"mdat", b"".join(samples))


def _sample(data: bytes, codec: Codec) -> bytes:
    units = (unit for unit in nal_units(data) if nal_type(unit, codec) != _DELIMITERS[codec])
    return b"".join(len(unit).to_bytes(4, "big") + unit for unit in units)


def _box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return (len(body) + 8).to_bytes(4, "big") + kind + body


def _full(kind: bytes, flags: int, *parts: bytes) -> bytes:
    return _box(kind, flags.to_bytes(4, "big"), *parts)


def _movie(track: _Track, media_at: int) -> bytes:
    lasts = sum(track.durations)
    width, height = track.size
    head = struct.pack(">4I", 0, 0, TIMESCALE, lasts) + struct.pack(">IH10x", 0x10000, 0x100)
    sides = struct.pack(">2I", width << 16, height << 16)
    place = struct.pack(">5I8x4H", 0, 0, 1, 0, lasts, 0, 0, 0, 0) + _MATRIX + sides
    handler = _full(b"hdlr", 0, b"\0\0\0\0vide" + b"\0" * 12 + b"camera\0")
    source = _box(b"dinf", _full(b"dref", 0, b"\0\0\0\1", _full(b"url ", 1)))
    information = _box(b"minf", _full(b"vmhd", 1, b"\0" * 8), source, _table(track, media_at))
    clock = _full(b"mdhd", 0, struct.pack(">4I2H", 0, 0, TIMESCALE, lasts, 0x55C4, 0))
    media = _box(b"mdia", clock, handler, information)
    return _box(
        b"moov",
        _full(b"mvhd", 0, head, _MATRIX, b"\0" * 24, b"\0\0\0\2"),
        _box(b"trak", _full(b"tkhd", 3, place), media),
    )


def _table(track: _Track, media_at: int) -> bytes:
    count = len(track.samples)
    sizes = struct.pack(f">{count}I", *map(len, track.samples))
    times = b"".join(struct.pack(">2I", 1, duration) for duration in track.durations)
    keys = struct.pack(f">{len(track.keys)}I", *track.keys)
    return _box(
        b"stbl",
        _full(b"stsd", 0, b"\0\0\0\1", track.entry),
        _full(b"stts", 0, struct.pack(">I", count), times),
        _full(b"stss", 0, struct.pack(">I", len(track.keys)), keys),
        _full(b"stsc", 0, struct.pack(">4I", 1, 1, count, 1)),
        _full(b"stsz", 0, struct.pack(">2I", 0, count), sizes),
        _full(b"stco", 0, struct.pack(">2I", 1, media_at)),
    )


def _entry(sets: Sequence[bytes], codec: Codec, size: tuple[int, int]) -> bytes:
    kind, settings = (b"avc1", _avc(sets)) if codec is Codec.H264 else (b"hvc1", _hevc(sets))
    return _visual(kind, size, settings)


def _visual(kind: bytes, size: tuple[int, int], settings: bytes) -> bytes:
    head = b"\0" * 6 + b"\0\1" + b"\0" * 16 + struct.pack(">2H", *size)
    return _box(kind, head, struct.pack(">3IH", 0x480000, 0x480000, 0, 1), b"\0" * 32, b"\0\x18\xff\xff", settings)


def _jpeg_entry() -> bytes:
    return _visual(b"jpeg", (0, 0), b"")


def _avc(sets: Sequence[bytes]) -> bytes:
    first = [unit for unit in sets if nal_type(unit, Codec.H264) == 7]
    second = [unit for unit in sets if nal_type(unit, Codec.H264) == 8]
    if not first or not second:
        raise CameraFailed(Trouble.NO_VIDEO)
    head = bytes([1, *first[0][1:4], 0xFF, 0xE0 | len(first)])
    return _box(b"avcC", head, _units(first), bytes([len(second)]), _units(second))


def _hevc(sets: Sequence[bytes]) -> bytes:
    by_type = {kind: [unit for unit in sets if nal_type(unit, Codec.H265) == kind] for kind in (32, 33, 34)}
    if not all(by_type.values()):
        raise CameraFailed(Trouble.NO_VIDEO)
    # The profile, tier and level stand in the twelve bytes after the head of the sequence parameter set.
    level = by_type[33][0].replace(b"\0\0\3", b"\0\0")[3:15]
    head = b"\1" + level + b"\xf0\0\xfc\xfd\xf8\xf8\0\0\x0f" + bytes([len(by_type)])
    arrays = b"".join(
        bytes([0x80 | kind]) + len(units).to_bytes(2, "big") + _units(units) for kind, units in by_type.items()
    )
    return _box(b"hvcC", head, arrays)


def _units(units: Sequence[bytes]) -> bytes:
    return b"".join(len(unit).to_bytes(2, "big") + unit for unit in units)
