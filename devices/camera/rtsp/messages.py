"""Messages of RTSP/1.0, in both directions, within limits: a camera may promise gigabytes or send heads without end.

Source: RFC 2326 §4, §6, §7, §12.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from devices.camera.values import CameraFailed, Trouble

HEAD_BYTES_MAX = 16_384
FIELDS_MAX = 100
BODY_BYTES_MAX = 65_536
"""A description of a camera takes one or two thousand bytes."""
_END = re.compile(rb"\r?\n\r?\n")
_ANSWER = re.compile(r"RTSP/1\.\d (\d{3})(?: .*)?")
_REQUEST = re.compile(r"([A-Z_]{3,20}) \S+ RTSP/1\.\d")
_URI = re.compile(r"[!-~]{1,1000}")


@dataclass(frozen=True, slots=True)
class Message:
    """What a camera says.

    Attributes:
        status: Of an answer; None where the camera asks something itself.
        method: What it asks, or nothing.
        fields: By their names in small letters.
        body: What follows the head.
    """

    status: int | None
    method: str
    fields: Mapping[str, Sequence[str]]
    body: bytes

    def field(self, name: str) -> str:
        """The field's first value, or nothing."""
        return next(iter(self.fields.get(name, ())), "")

    @property
    def number(self) -> int | None:
        """Which request is answered."""
        said = self.field("cseq")
        return int(said) if said.isascii() and said.isdecimal() and len(said) < 10 else None


def write_request(method: str, uri: str, number: int, fields: Mapping[str, str]) -> bytes:
    """The bytes of a request without a body."""
    lines = [f"{method} {uri} RTSP/1.0", f"CSeq: {number}", "User-Agent: uchastka"]
    lines += [f"{name}: {value}" for name, value in fields.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def write_answer(message: Message) -> bytes:
    """The answer to what a camera asks: that we are here, or that we do no such thing."""
    is_known = message.method in {"OPTIONS", "GET_PARAMETER", "SET_PARAMETER"}
    number = message.number
    return f"RTSP/1.0 {'200 OK' if is_known else '501 Not Implemented'}\r\nCSeq: {number or 0}\r\n\r\n".encode()


def read_message(untrusted: bytes | bytearray, at: int, end: int) -> tuple[Message, int] | None:
    """The message that begins at `at` and where it ends; None where it is not whole yet.

    Raises:
        CameraFailed: `NO_VIDEO`: it is none, or larger than any that we need.
    """
    found = _END.search(untrusted, at, min(end, at + HEAD_BYTES_MAX))
    if found is None:
        is_none = not b"RTSP/".startswith(untrusted[at : at + 5]) and not untrusted[at : at + 1].isupper()
        if is_none or end - at >= HEAD_BYTES_MAX:
            raise CameraFailed(Trouble.NO_VIDEO, "no message")
        return None
    lines = untrusted[at : found.start()].decode("latin-1").splitlines()
    if not lines or len(lines) > FIELDS_MAX:
        raise CameraFailed(Trouble.NO_VIDEO, "too many fields")
    answer, request = _ANSWER.fullmatch(lines[0]), _REQUEST.fullmatch(lines[0])
    if answer is None and request is None:
        raise CameraFailed(Trouble.NO_VIDEO, "no message")
    fields: dict[str, list[str]] = {}
    for line in lines[1:]:
        name, _, value = line.partition(":")
        fields.setdefault(name.strip().lower(), []).append(value.strip())
    size = _size(fields.get("content-length", ["0"])[0])
    if found.end() + size > end:
        return None
    body = bytes(untrusted[found.end() : found.end() + size])
    method = request[1] if request is not None else ""
    return Message(int(answer[1]) if answer is not None else None, method, fields, body), found.end() + size


def _size(untrusted: str) -> int:
    if not (untrusted.isascii() and untrusted.isdecimal() and len(untrusted) < 12):
        raise CameraFailed(Trouble.NO_VIDEO, "no length")
    size = int(untrusted)
    if size > BODY_BYTES_MAX:
        raise CameraFailed(Trouble.NO_VIDEO, "a body too large")
    return size


def is_uri(untrusted: str) -> bool:
    """Whether it may stand in a request line."""
    return _URI.fullmatch(untrusted) is not None
