"""The USB cameras that are plugged in, and which of them is the one that was chosen."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from devices.camera.values import CameraFailed, Trouble

_CLASS = Path("/sys/class/video4linux")
_NUMBERS_MAX = 10


@dataclass(frozen=True, slots=True)
class UsbDevice:
    """A camera on this machine: the number that it is opened by today, and the name that it keeps."""

    number: int
    name: str


def list_usb(folder: Path = _CLASS) -> list[UsbDevice]:
    """The cameras that the system knows; on Windows without names, because only opening one would tell."""
    if sys.platform == "win32":
        return [UsbDevice(number, "") for number in range(_NUMBERS_MAX)]
    found = []
    for path in sorted(folder.glob("video*")):
        number = path.name.removeprefix("video")
        # A camera has further nodes for what is no picture; the first of each is the one that shows.
        is_first = not (path / "index").is_file() or (path / "index").read_text("ascii").strip() == "0"
        if number.isdecimal() and is_first and (path / "name").is_file():
            found.append(UsbDevice(int(number), (path / "name").read_text("utf-8", "replace").strip()))
    return sorted(found, key=lambda device: device.number)


def number_now(chosen: UsbDevice, present: list[UsbDevice]) -> int:
    """The number by which the chosen camera is opened now: it may have come back as another one.

    Raises:
        CameraFailed: `UNPLUGGED`.
    """
    same = [device for device in present if not chosen.name or device.name == chosen.name]
    if any(device.number == chosen.number for device in same):
        return chosen.number
    if not chosen.name or not same:
        raise CameraFailed(Trouble.UNPLUGGED)
    return same[0].number
