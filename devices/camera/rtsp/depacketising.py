"""Packets of RTP, interleaved in a connection, become whole pictures: H.264 and H.265, in the order in which they come.

A picture of 20 kB comes in some fourteen packets, and nearly all of them are the middle of something: those take the
short way of `Pictures.take`, which compares seven numbers and remembers where the bytes are. A picture ends with its
marker or with the next time stamp. One of which a packet is missing is left out, not patched.

Source: RFC 2326 §10.12 (interleaving), RFC 3550 §5.1 (RTP), RFC 6184 §5 (H.264), RFC 7798 §4 (H.265).
"""

from __future__ import annotations

import struct
from collections import deque
from dataclasses import dataclass

from devices.camera.values import Codec

PICTURE_BYTES_MAX = 8 * 2**20
"""A key frame of 4K takes two or three."""
_DOLLAR = 0x24
_START = b"\0\0\0\1"
_PLAIN = 0x80
_FRAME = struct.Struct(">BBH")
_RTP = struct.Struct(">BBHII")
_RTP_BYTES = 12
_SOONER, _HALF_ROUND = 2**31, 2**15
Bytes = bytes | memoryview


@dataclass(frozen=True, slots=True)
class Picture:
    """A whole picture: in Annex B form, with its time stamp as it came and counted on without wrapping."""

    data: bytes
    stamp: int
    ticks: int
    is_key: bool


@dataclass(frozen=True, slots=True)
class _Form:
    """How a codec is put into packets; types as bits."""

    header_bytes: int
    middle: struct.Struct
    pictures: int
    keys: int
    sets: int
    aggregate: int
    fragment: int


_FORMS = {
    Codec.H264: _Form(1, struct.Struct(">HHHHQ2s"), 0b111110, 1 << 5, 0b11 << 7, 24, 28),
    Codec.H265: _Form(2, struct.Struct(">HHHHQ3s"), (1 << 22) - 1, 0b111111 << 16, 0b111 << 32, 48, 49),
}


class Pictures:
    """Puts the pictures of one stream together. `ready` has those that are whole, the oldest first."""

    def __init__(self, codec: Codec, payload_type: int, channel: int) -> None:
        self.ready: deque[Picture] = deque()
        self.missing = 0
        self.source: int | None = None
        self._codec, self._form = codec, _FORMS[codec]
        self._payload_type, self._channel = payload_type, channel
        self._next = 0
        self._rounds = 0
        self._stamp: int | None = None
        self._ticks = self._last_stamp = 0
        self._pieces: list[Bytes] = []
        self._kept = 0
        self._types = 0
        self._is_whole = True
        self._begins: bool | None = None
        self._middle: bytes | None = None
        self._ended_stamp: int | None = None
        self._do_markers_lie = False

    @property
    def highest(self) -> int:
        """The highest number of a packet, counted on without wrapping."""
        return (self._rounds << 16) + ((self._next - 1) & 0xFFFF)

    def take(self, buffer: bytearray, at: int, end: int) -> int:
        """Take what lies in the buffer from `at` to `end`, up to what is not ours or not whole; returns where that is.

        The buffer is read until `keep`; it has 32 bytes more than `end`.
        """
        view, unpack, header = memoryview(buffer), self._form.middle.unpack_from, self._form.middle.size
        ours = _DOLLAR << 8 | self._channel
        plain = _PLAIN << 8 | self._payload_type
        while at + 4 <= end:
            if self._middle is not None:
                # The short way, as long as nothing else comes.
                middle, number, pieces = self._middle, self._next, self._pieces
                origin = (self._stamp or 0) << 32 | (self.source or 0)
                while at + 4 <= end:
                    first, length, kind, sequence, whence, unit = unpack(buffer, at)
                    ending = at + 4 + length
                    if (
                        unit != middle or kind != plain or sequence != number or whence != origin
                        or first != ours or ending > end or ending < at + header
                    ):  # fmt: skip
                        break
                    pieces.append(view[at + header : ending])
                    number = number + 1 & 0xFFFF
                    at = ending
                self._rounds += number < self._next
                self._next = number
                if at + 4 > end:
                    break
            dollar, channel, length = _FRAME.unpack_from(buffer, at)
            ending = at + 4 + length
            if dollar != _DOLLAR or channel != self._channel or ending > end:
                break
            if length >= _RTP_BYTES:
                self._packet(view[at + 4 : ending])
            at = ending
        return at

    def keep(self) -> None:
        """What is not whole yet stays when the buffer is used again."""
        if not self._pieces:
            return
        kept = b"".join(self._pieces)
        self._pieces[:] = [kept]
        if len(kept) > PICTURE_BYTES_MAX:
            self._spoil()

    def _spoil(self) -> None:
        self._is_whole, self._middle = False, None
        self._pieces.clear()

    def _packet(self, packet: memoryview) -> None:
        first, second, sequence, stamp, source = _RTP.unpack_from(packet)
        begin, end = _RTP_BYTES + 4 * (first & 15), len(packet)
        if first & 0x10 and begin + 4 <= end:
            begin += 4 + 4 * int.from_bytes(packet[begin + 2 : begin + 4])
        if first & 0x20:
            end -= packet[-1]
        if first >> 6 != 2 or second & 127 != self._payload_type:
            return
        if source != self.source:
            self._finish()
            self.source, self._next = source, sequence
        elif sequence != self._next:
            step = sequence - self._next & 0xFFFF
            self.missing += step if step < _HALF_ROUND else 0
            self._spoil()
        if sequence == 0xFFFF:
            self._rounds += 1
        self._next = sequence + 1 & 0xFFFF
        if stamp != self._stamp:
            self._finish()
            self._stamp = stamp
        if begin < end:
            self._payload(packet[begin:end])
        if second & 0x80 and not self._do_markers_lie and (self._types & self._form.pictures or not self._is_whole):
            self._finish()

    def _payload(self, payload: memoryview) -> None:
        form, size = self._form, self._form.header_bytes
        kind = payload[0] & 31 if self._codec is Codec.H264 else payload[0] >> 1 & 63
        if kind == form.fragment:
            self._fragment(payload)
            return
        self._is_whole, self._middle = self._is_whole and self._middle is None, None
        if kind < form.aggregate:
            self._unit(payload)
        elif kind == form.aggregate:
            at = size
            while at + 2 <= len(payload):
                length = int.from_bytes(payload[at : at + 2])
                if not length or at + 2 + length > len(payload):
                    self._spoil()
                    return
                self._unit(payload[at + 2 : at + 2 + length])
                at += 2 + length
        else:
            self._spoil()

    def _unit(self, unit: memoryview) -> None:
        size = self._form.header_bytes
        if len(unit) > size and self._note(bytes(unit[: size + 1])):
            self._pieces += (_START, unit)

    def _fragment(self, payload: memoryview) -> None:
        size = self._form.header_bytes
        if len(payload) <= size:
            self._spoil()
            return
        state = payload[size]
        if self._codec is Codec.H264:
            header = bytes([payload[0] & 0xE0 | state & 31])
        else:
            header = bytes([payload[0] & 0x81 | (state & 63) << 1, payload[1]])
        middle = bytes(payload[:size]) + bytes([state & (31 if self._codec is Codec.H264 else 63)])
        if state & 0x80 and len(payload) > size + 1:
            self._is_whole &= self._middle is None
            self._note(header + bytes(payload[size + 1 : size + 2]))
            self._pieces += (_START + header, payload[size + 1 :])
            self._middle = middle
        elif self._middle == middle:
            self._pieces.append(payload[size + 1 :])
        else:
            self._spoil()
        if state & 0x40:
            self._middle = None

    def _note(self, head: bytes) -> bool:
        """Whether the unit belongs to the picture: parameter sets between two of its slices would end it."""
        kind = head[0] & 31 if self._codec is Codec.H264 else head[0] >> 1 & 63
        if self._begins is not None and 1 << kind & self._form.sets:
            return False
        self._types |= 1 << kind
        if self._begins is None and 1 << kind & self._form.pictures:
            self._begins = bool(head[-1] & 0x80)
        return True

    def _finish(self) -> None:
        """The picture that came so far is over."""
        stamp, pieces = self._stamp, self._pieces
        if self._types and not self._types & ~self._form.sets and self._is_whole and self._middle is None:
            return  # parameter sets with a time stamp of their own belong to the picture that follows
        if stamp is not None and pieces and self._types & self._form.pictures:
            is_whole = self._is_whole and self._middle is None
            if self._begins and is_whole:
                step = (stamp - self._last_stamp) & 0xFFFFFFFF
                self._ticks += step - 2 * _SOONER if step >= _SOONER else step
                self._last_stamp = stamp
                is_key = bool(self._types & self._form.keys)
                self.ready.append(Picture(b"".join(pieces), stamp, self._ticks, is_key))
            elif is_whole and stamp == self._ended_stamp:
                # A marker stood before the picture's last slice. From now on only the next time stamp ends one.
                self._do_markers_lie = True
            self._ended_stamp = stamp
        pieces.clear()
        self._types, self._is_whole, self._begins, self._middle = 0, True, None, None
