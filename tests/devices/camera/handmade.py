"""A camera made by hand: it answers RTSP as a test says, and sends whatever bytes the test gives it."""

from __future__ import annotations

import base64
import socket
import struct
from collections.abc import Callable, Mapping, Sequence

from devices.camera.values import Codec
from tests.devices.camera.streams import PPS, SPS_320_240

SOURCE, PAYLOAD_TYPE = 0x1234ABCD, 96
SETS = ",".join(base64.b64encode(unit).decode() for unit in (SPS_320_240, PPS))
DESCRIPTION = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=hall\r\nt=0 0\r\nm=audio 0 RTP/AVP 0\r\na=control:audio\r\n"
    "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=framerate:10\r\n"
    f"a=fmtp:96 packetization-mode=1;sprop-parameter-sets={SETS}\r\na=control:track1\r\n"
)
Answer = Callable[[str, Mapping[str, str]], str | None]
"""From a request line and its fields to an answer in place of the usual one, or None for that."""


def packets(
    pictures: Sequence[tuple[Sequence[bytes], int]], codec: Codec, *, part_bytes: int = 1400, first: int = 0
) -> list[bytes]:
    """Pictures, each of units with a time stamp, as packets of RTP; what is longer than a part comes in fragments."""
    made: list[bytes] = []
    for units, stamp in pictures:
        payloads = [payload for unit in units for payload in _payloads(unit, codec, part_bytes)]
        for number, payload in enumerate(payloads):
            second = PAYLOAD_TYPE | (0x80 if number == len(payloads) - 1 else 0)
            head = struct.pack(">BBHII", 0x80, second, (first + len(made)) & 0xFFFF, stamp & 0xFFFFFFFF, SOURCE)
            made.append(head + payload)
    return made


def _payloads(unit: bytes, codec: Codec, part_bytes: int) -> list[bytes]:
    if len(unit) <= part_bytes:
        return [unit]
    if codec is Codec.H264:
        head, kind, body = bytes([unit[0] & 0xE0 | 28]), unit[0] & 31, unit[1:]
    else:
        head, kind, body = bytes([unit[0] & 0x81 | 49 << 1, unit[1]]), unit[0] >> 1 & 63, unit[2:]
    parts = [body[at : at + part_bytes] for at in range(0, len(body), part_bytes)]
    last = len(parts) - 1
    flags = [0x80 * (number == 0) | 0x40 * (number == last) for number in range(len(parts))]
    return [head + bytes([flag | kind]) + part for flag, part in zip(flags, parts, strict=True)]


def aggregated(units: Sequence[bytes], codec: Codec) -> bytes:
    """Several units as the payload of one packet."""
    head = b"\x78" if codec is Codec.H264 else b"\x60\x01"
    return head + b"".join(len(unit).to_bytes(2) + unit for unit in units)


def interleaved(made: Sequence[bytes], channel: int = 0) -> bytes:
    """Packets as they lie in the connection."""
    return b"".join(b"$" + bytes([channel]) + len(each).to_bytes(2) + each for each in made)


def sender_report(clock_s: float, stamp: int) -> bytes:
    """What the camera's clock showed at the time stamp, in the connection."""
    ntp = round((clock_s + 2_208_988_800) * 2**32)
    report = struct.pack(">BBHIQIII", 0x80, 200, 6, SOURCE, ntp, stamp & 0xFFFFFFFF, 0, 0)
    return interleaved([report], 1)


def camera(sent: bytes, answer: Answer | None = None, *, hangs_up: bool = False) -> Callable[[socket.socket], None]:
    """For `servers.answering`: a camera that plays these bytes, once, and then says nothing until it is left."""

    def serve(connection: socket.socket) -> None:
        with connection.makefile("rb") as lines:
            while first := lines.read(1):
                if first == b"$":  # a report of the receiver
                    lines.read(int.from_bytes(lines.read(3)[1:]))
                    continue
                request, fields = (first + lines.readline()).decode().strip(), {}
                while field := lines.readline().decode().strip():
                    name, _, value = field.partition(":")
                    fields[name.strip().lower()] = value.strip()
                said = answer(request, fields) if answer is not None else None
                if request.startswith("RTSP/"):
                    continue
                connection.sendall((said or usual(request, fields)).replace("#", fields["cseq"]).encode())
                if request.startswith("PLAY"):
                    connection.sendall(sent)
                    if hangs_up:
                        return

    return serve


def usual(request: str, _fields: Mapping[str, str]) -> str:
    """What an ordinary camera answers; `#` stands for the number of the request."""
    match request.split(maxsplit=1)[0]:
        case "OPTIONS":
            return "RTSP/1.0 200 OK\r\nCSeq: #\r\nPublic: DESCRIBE, SETUP, PLAY, GET_PARAMETER\r\n\r\n"
        case "DESCRIBE":
            return f"RTSP/1.0 200 OK\r\nCSeq: #\r\nContent-Length: {len(DESCRIPTION)}\r\n\r\n{DESCRIPTION}"
        case "SETUP":
            where = "RTP/AVP/TCP;unicast;interleaved=0-1"
            return f"RTSP/1.0 200 OK\r\nCSeq: #\r\nSession: 42;timeout=60\r\nTransport: {where}\r\n\r\n"
        case _:
            return "RTSP/1.0 200 OK\r\nCSeq: #\r\nSession: 42\r\n\r\n"
