"""`uchastka camera …`: cameras are set up, probed, rehearsed, recorded, proven and exported.

A password is never on a command line: it is asked for at the terminal, or read from stdin.
"""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

from pollbook.commanding import Act, Answer, CommandParser, Console
from pollbook.texts import LANGUAGES

REHEARSE_S = 12.0


def add_commands(top: CommandParser) -> None:
    """`top` knows the commands of the cameras."""
    group = top.command("camera", "set up, probe, record, prove and export the cameras")
    group.command("list", "the cameras that were set up, and those that are plugged in", partial(_do, "list_cameras"))
    add = group.command("add", "set up a camera; a password is asked for, never given here", partial(_do, "add_camera"))
    add.add_argument("name", metavar="NAME", help="small letters, digits, hyphens")
    add.add_argument("address", metavar="ADDRESS", help="rtsp://HOST/PATH, http://…, usb:N, file:PATH, scene:SEED")
    add.add_argument("--view", metavar="ADDRESS", help="the camera's smaller stream, for looking")
    add.add_argument("--user", metavar="USER", help="its user; the password is asked for")
    add.add_argument("--size", type=_size, default=(0, 0), metavar="WxH", help="the size that it must send")
    add.add_argument("--rate", type=float, default=0.0, metavar="N", help="the pictures a second that it must send")
    add.add_argument(
        "--mask", type=_mask, action="append", default=[], metavar="L,T,W,H",
        help="a part hidden from viewers, in thousandths of the picture; may be repeated",
    )  # fmt: skip
    add.add_argument(
        "--replace", action="store_true", help="in the place of the one of this name, which keeps its masks"
    )
    add.add_argument("--folder", type=Path, metavar="DIR", help="where all cameras' recordings go")
    remove = group.command("remove", "take a camera out; its recordings stay", partial(_do, "remove_camera"))
    remove.add_argument("name", metavar="NAME")
    limit = group.command(
        "limit", "how much recordings may take, and how long those of earlier elections are kept",
        partial(_do, "limit_recordings"),
    )  # fmt: skip
    limit.add_argument("--quota", dest="quota_gb", metavar="GB|none", help="all recordings together; none: the disk")
    limit.add_argument("--keep", dest="keep_days", metavar="DAYS", help="recordings of earlier elections (365)")
    probe = group.command("probe", "what a camera sends, or why it sends nothing", partial(_do, "probe_camera"))
    probe.add_argument("camera", metavar="NAME|ADDRESS", help="one that was set up, or an address")
    probe.add_argument("--user", metavar="USER", help="its user; the password is asked for")
    rehearse = group.command(
        "rehearse", "watch all cameras; print whether they are ready", partial(_do, "rehearse_cameras")
    )
    rehearse.add_argument("--seconds", type=float, default=REHEARSE_S, metavar="N", help=f"({REHEARSE_S:.0f})")
    rehearse.add_argument("--pdf", type=Path, metavar="FILE.pdf", help="the readiness sheet")
    rehearse.add_argument("--language", choices=LANGUAGES, help="of the sheet (that of the messages)")
    record = group.command("record", "record and watch the cameras until stopped", partial(_do, "record_cameras"))
    record.add_argument("names", nargs="*", metavar="NAME", help="these cameras (all)")
    record.add_argument("--seconds", type=float, metavar="N", help="stop by itself after so long")
    check = group.command("check", "prove a folder of recordings", partial(_do, "check_recording"))
    check.add_argument("folder", nargs="?", type=Path, metavar="DIR", help="(this election's)")
    export = group.command("export", "hand out a recording with its proof", partial(_do, "export_recording"))
    export.add_argument("camera", metavar="NAME")
    export.add_argument("--from", dest="begins", required=True, metavar="TIME", help="2026-12-20T10:00, the election's")
    export.add_argument("--to", dest="ends", required=True, metavar="TIME")
    export.add_argument("--out", required=True, type=Path, metavar="DIR", help="a folder that is made")
    export.add_argument("--language", choices=LANGUAGES, help="of the page (that of the messages)")


def _do(name: str, arguments: argparse.Namespace, console: Console) -> Answer | None:
    # OpenCV takes a quarter of a second that no other command pays.
    from station_app.commands import camera_acts  # noqa: PLC0415

    act: Act = getattr(camera_acts, name)
    return act(arguments, console)


def _size(untrusted: str) -> tuple[int, int]:
    width, _, height = untrusted.partition("x")
    return int(width), int(height)


def _mask(untrusted: str) -> tuple[int, int, int, int]:
    left, top, width, height = (int(part) for part in untrusted.split(","))
    if not all(0 <= part <= 1000 for part in (left, top, width, height, left + width, top + height)):
        raise ValueError(untrusted)
    return left, top, width, height
