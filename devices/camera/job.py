"""What a camera's process is told and what it tells: lines of JSON over its pipes, secrets among them on stdin only.

The first line in is the job; later ones tell how much the recordings may take, as often as that changes.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from devices.camera.address import Credentials, split_address
from devices.camera.folder import Row, row_fields, row_of_fields
from devices.camera.health import Expected, Light
from devices.camera.place import Place
from devices.camera.recording import RESERVE_BYTES
from devices.camera.values import Codec, Trouble


@dataclass(frozen=True, slots=True)
class Job:
    """One camera to record and watch.

    Attributes:
        camera: Its name, as folders have it.
        root: The folder of recordings; None where it is only watched.
        place: The stream that is recorded.
        view: The smaller stream that is looked at, where the camera has one.
        expected: What it was set up to send.
        reserve_bytes: Recording stops where the disk has less room than this.
        quota_bytes: What all recordings together may take; None: as much as the disk has.
        slot: The name of the `FrameSlot` that its pictures go to, or nothing.
    """

    camera: str
    root: Path | None
    place: Place
    view: Place | None = None
    expected: Expected = field(default_factory=Expected)
    reserve_bytes: int = RESERVE_BYTES
    quota_bytes: int | None = None
    slot: str = ""


@dataclass(frozen=True, slots=True)
class Status:
    """How a camera is, told every second and whenever it changes.

    Attributes:
        light: The traffic light.
        alarms: What is wrong, by the Unix time in ms at which it began.
        trouble: Why no picture comes, or why it isn't kept.
        recorded_until_ms: Up to when pictures are in the open segment.
        codec: Of the stream, where it is known.
        width: In pixels.
        height: In pixels.
        rate: Pictures a second.
        bits_per_s: What the camera sends.
        is_encoded_here: Whether its pictures are compressed on this machine.
        is_direct: Whether our own receiver reads it, rather than OpenCV.
    """

    light: Light
    alarms: dict[str, int]
    trouble: Trouble | None = None
    recorded_until_ms: int | None = None
    codec: Codec | None = None
    width: int = 0
    height: int = 0
    rate: float = 0.0
    bits_per_s: float = 0.0
    is_encoded_here: bool = False
    is_direct: bool = False


def write_job(job: Job) -> str:
    """The line that `read_job` reads."""
    fields = {
        "camera": job.camera,
        "root": None if job.root is None else str(job.root),
        "place": _place_fields(job.place),
        "view": None if job.view is None else _place_fields(job.view),
        "expected": asdict(job.expected),
        "reserve_bytes": job.reserve_bytes,
        "quota_bytes": job.quota_bytes,
        "slot": job.slot,
    }
    return json.dumps(fields) + "\n"


def read_job(line: str) -> Job:
    """The job that was written."""
    fields = json.loads(line)
    return Job(
        fields["camera"],
        None if fields["root"] is None else Path(fields["root"]),
        _place(fields["place"]),
        None if fields["view"] is None else _place(fields["view"]),
        Expected(**fields["expected"]),
        fields["reserve_bytes"],
        fields["quota_bytes"],
        fields["slot"],
    )


def write_allowed(quota_bytes: int | None) -> str:
    """The line after the job's that `read_allowed` reads: what all recordings together may take from now on."""
    return json.dumps({"quota_bytes": quota_bytes}) + "\n"


def read_allowed(line: str) -> int | None:
    """The quota that was written, in bytes."""
    quota_bytes = json.loads(line)["quota_bytes"]
    return None if quota_bytes is None else int(quota_bytes)


def write_message(message: Row | Status) -> str:
    """The line that `read_message` reads."""
    if not isinstance(message, Status):
        return json.dumps(row_fields(message)) + "\n"
    fields = asdict(message) | {
        "kind": "status",
        "light": int(message.light),
        "trouble": message.trouble.value if message.trouble else None,
        "codec": message.codec.value if message.codec else None,
    }
    return json.dumps(fields) + "\n"


def read_message(line: str) -> Row | Status | None:
    """The message that was written, or None where the line is none."""
    try:
        fields = json.loads(line)
        if fields.get("kind") != "status":
            return row_of_fields(fields)
        del fields["kind"]
        return Status(
            **fields
            | {
                "light": Light(fields["light"]),
                "trouble": Trouble(fields["trouble"]) if fields["trouble"] else None,
                "codec": Codec(fields["codec"]) if fields["codec"] else None,
            }
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def _place_fields(place: Place) -> dict[str, object]:
    who = place.credentials
    secret = None if who is None else [who.user, who.password]
    return {"address": place.address.text, "credentials": secret, "device": place.device}


def _place(fields: dict[str, object]) -> Place:
    address, _ = split_address(str(fields["address"]))
    secret = fields["credentials"]
    credentials = Credentials(*map(str, secret)) if isinstance(secret, list) else None
    return Place(address, credentials, str(fields["device"]))
