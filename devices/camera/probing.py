"""Who answers at a camera's address, and why nobody does: RTSP and HTTP as far as the first status line.

OpenCV says only that a camera did not open. What a person has to know (a wrong password, a wrong path, a cable) is
asked for by hand here.

Source: RFC 2326 §6-7, §10 (RTSP), RFC 9110 §6.6.1 (Date).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from time import monotonic

from devices.camera.address import Address, Credentials
from devices.camera.authentication import authorization
from devices.camera.connection import connect
from devices.camera.values import CameraFailed, Trouble

TIMEOUT_S = 3.0
_HEAD_BYTES_MAX = 16_384
_STATUS = re.compile(r"(?:RTSP|HTTP)/\d\.\d (\d{3})")
_TROUBLES = {401: Trouble.DENIED, 403: Trouble.DENIED, 404: Trouble.NOT_THERE, 454: Trouble.NOT_THERE}


@dataclass(frozen=True, slots=True)
class Answered:
    """A camera answered and will show its pictures; its own clock, where it told it."""

    clock: datetime | None


def ask(address: Address, credentials: Credentials | None, timeout_s: float = TIMEOUT_S) -> Answered:
    """What the camera at this network address says of itself.

    Raises:
        CameraFailed: `UNREACHABLE`, `SILENT`, `DENIED`, `NOT_THERE`, or `NO_VIDEO` for any other answer.
    """
    deadline = monotonic() + timeout_s
    try:
        status, fields = _ask(address, None, deadline)
        if status == 401 and credentials is not None:
            status, fields = _ask(address, _who(address, credentials, fields), deadline)
    except TimeoutError as error:
        raise CameraFailed(Trouble.SILENT) from error
    except (OSError, ValueError) as error:
        raise CameraFailed(Trouble.UNREACHABLE, type(error).__name__) from error
    if status != 200:
        raise CameraFailed(_TROUBLES.get(status, Trouble.NO_VIDEO), f"status {status}")
    return Answered(_clock(fields))


def _ask(address: Address, authorization: str | None, deadline: float) -> tuple[int, dict[str, list[str]]]:
    host, port = address.host_and_port
    is_rtsp = address.scheme.startswith("rtsp")
    lines = [f"DESCRIBE {address.text} RTSP/1.0", "CSeq: 1", "Accept: application/sdp"]
    if not is_rtsp:
        lines = [f"GET {_path_of(address)} HTTP/1.1", f"Host: {host}:{port}", "Connection: close"]
    if authorization is not None:
        lines.append(f"Authorization: {authorization}")
    with connect(address, max(deadline - monotonic(), 0.1)) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        head = b""
        while b"\r\n\r\n" not in head and len(head) < _HEAD_BYTES_MAX:
            left_s = deadline - monotonic()
            if left_s <= 0:
                raise TimeoutError
            connection.settimeout(left_s)
            more = connection.recv(4096)
            if not more:
                break
            head += more
    return _parse(head)


def _parse(untrusted: bytes) -> tuple[int, dict[str, list[str]]]:
    lines = untrusted.split(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
    found = _STATUS.match(lines[0])
    if found is None:
        raise CameraFailed(Trouble.NO_VIDEO, "neither RTSP nor HTTP")
    fields: dict[str, list[str]] = {}
    for line in lines[1:]:
        name, _, value = line.partition(":")
        fields.setdefault(name.strip().lower(), []).append(value.strip())
    return int(found[1]), fields


def _who(address: Address, credentials: Credentials, fields: dict[str, list[str]]) -> str:
    is_rtsp = address.scheme.startswith("rtsp")
    method, uri = ("DESCRIBE", address.text) if is_rtsp else ("GET", _path_of(address))
    return authorization(method, uri, credentials, fields.get("www-authenticate", ()), 1)


def _path_of(address: Address) -> str:
    return "/" + [*address.text.split("/", 3), ""][3]


def _clock(fields: dict[str, list[str]]) -> datetime | None:
    try:
        return parsedate_to_datetime(fields["date"][0]).astimezone(UTC)
    except (KeyError, ValueError, TypeError, OverflowError):
        return None
