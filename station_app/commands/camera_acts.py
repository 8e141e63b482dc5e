"""What the commands of `camera` do; imported when one is given, because OpenCV takes a quarter of a second."""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from devices.camera.address import split_address
from devices.camera.folder import GapReason
from devices.camera.health import Alarm, Expected
from devices.camera.job import Status
from devices.camera.opening import clock_off_s, open_or_explain
from devices.camera.place import Place, place_of
from devices.camera.quota import WARN_DAYS
from devices.camera.usb import list_usb
from devices.camera.values import CameraFailed, StreamFacts, Trouble
from pollbook.clock import SystemClock
from pollbook.commanding import Answer, Console, WrongUsage, refused
from pollbook.failures import Exit, Failure, Refused, WorldFailed
from pollbook.store.book import Book, open_book
from pollbook.store.home import StationHome
from station_app.cameras.checking import Report, check_folder
from station_app.cameras.exporting import Wish, export_span, load_page_texts
from station_app.cameras.joining import Cameras
from station_app.cameras.keeping import days_of, room_for_a_day, room_of
from station_app.cameras.settings import (
    ALARM_FAILURES,
    FAILURES,
    CameraSetting,
    CameraSettings,
    Mask,
    camera_failure,
    is_name,
    limits_of,
    load_settings,
    save_settings,
)
from station_app.commands.book import refuse
from station_app.commands.printing import write_paper

PROBE_S = 2.0
POLL_S = 0.5


def _reader(arguments: argparse.Namespace) -> Book:
    return open_book(StationHome(arguments.home), SystemClock(), writer=False)


def _settings(arguments: argparse.Namespace) -> CameraSettings:
    return load_settings(StationHome(arguments.home))


def list_cameras(arguments: argparse.Namespace, _console: Console) -> Answer:
    """The cameras that were set up, and those that are plugged in."""
    settings = _settings(arguments)
    cameras = [_fields(camera) for camera in settings.cameras]
    plugged = [asdict(device) for device in list_usb()]
    words = [f"{camera['name']}  {camera['address']}" for camera in cameras]
    words += [f"usb:{device['number']}  {device['name']}" for device in plugged]
    folder = None if settings.folder is None else str(settings.folder)
    return Answer({"cameras": cameras, "folder": folder, "usb": plugged}, "\n".join(words))


def _fields(camera: CameraSetting) -> dict[str, object]:
    return {
        "name": camera.name,
        "address": str(camera.place.address),
        "view": None if camera.view is None else str(camera.view.address),
        "has_password": camera.place.credentials is not None,
        "masks": [asdict(mask) for mask in camera.masks],
        "expected": asdict(camera.expected),
    }


def add_camera(arguments: argparse.Namespace, console: Console) -> Answer:
    """One more camera is set up, or another one in its place."""
    if not is_name(arguments.name):
        raise WrongUsage(f"NAME: {arguments.name}: small letters, digits and hyphens, at most 31")
    settings = _settings(arguments)
    place = _place(arguments.address, arguments)
    view = None if arguments.view is None else _other_place(arguments.view, place)
    expected = Expected(arguments.size[0], arguments.size[1], arguments.rate)
    camera = CameraSetting(arguments.name, place, view, expected, tuple(Mask(*mask) for mask in arguments.mask))
    is_there = arguments.replace and not isinstance(settings.find(arguments.name), Refused)
    changed = settings.with_changed(camera) if is_there else settings.with_camera(camera)
    if isinstance(changed, Refused):
        return refuse(console, changed)
    folder = arguments.folder.absolute() if arguments.folder is not None else changed.folder
    save_settings(StationHome(arguments.home), replace(changed, folder=folder))
    kept = changed.find(camera.name)
    shown = camera if isinstance(kept, Refused) else kept
    return Answer({"outcome": "changed" if is_there else "added", **_fields(shown)})


def _place(untrusted_address: str, arguments: argparse.Namespace) -> Place:
    """The place that the command line names; the password is asked for.

    Raises:
        WrongUsage: The password stands on the command line, where everybody sees it.
        WorldFailed: `CAMERA_ADDRESS_INVALID`.
    """
    try:
        address, given = split_address(untrusted_address)
        if given is not None:
            raise WrongUsage("ADDRESS: a password on a command line is seen by everybody: give --user, it is asked for")
        password = None if arguments.user is None else arguments.terminal.ask_secret("Password")
        names = {device.number: device.name for device in list_usb()} if address.scheme == "usb" else {}
        device = names.get(address.number, "") if names else ""
        return place_of(untrusted_address, arguments.user, password, device)
    except CameraFailed as error:
        raise camera_failure(error) from error


def _other_place(untrusted_address: str, main: Place) -> Place:
    """The smaller stream of the same camera, for the same user."""
    try:
        address, given = split_address(untrusted_address)
    except CameraFailed as error:
        raise camera_failure(error) from error
    if given is not None:
        raise WrongUsage("--view: a password on a command line is seen by everybody")
    return Place(address, main.credentials if address.is_network else None)


def remove_camera(arguments: argparse.Namespace, console: Console) -> Answer:
    """A camera is not set up any more; what it recorded stays."""
    changed = _settings(arguments).without(arguments.name)
    if isinstance(changed, Refused):
        return refuse(console, changed)
    save_settings(StationHome(arguments.home), changed)
    return Answer({"outcome": "removed", "name": arguments.name})


def limit_recordings(arguments: argparse.Namespace, console: Console) -> Answer:
    """How much recordings may take and how long they are kept, as it is now, after what was asked to be changed."""
    home, settings = StationHome(arguments.home), _settings(arguments)
    with _reader(arguments) as book:
        root = settings.root(home, book.election.id)
    room = room_of(root, settings.limits)
    if arguments.quota_gb is not None or arguments.keep_days is not None:
        now = settings.limits
        quota = (
            ("" if now.quota_gb is None else str(now.quota_gb)) if arguments.quota_gb is None else arguments.quota_gb
        )
        limits = limits_of("" if quota == "none" else quota, arguments.keep_days or str(now.keep_days), room.used)
        if isinstance(limits, Refused):
            return refuse(console, limits)
        settings = replace(settings, limits=limits)
        save_settings(home, settings)
        room = room_of(root, limits)
    days = days_of(room, {}, max(len(settings.cameras), 1))
    if days < WARN_DAYS:
        console.tell_failure(Failure.RECORDING_SHORT, {"limit": round(WARN_DAYS)})
    return Answer(
        {
            "quota_gb": settings.limits.quota_gb,
            "keep_days": settings.limits.keep_days,
            "used_bytes": room.used,
            "free_bytes": room.free,
            "left_bytes": room.left,
            "days_left": round(days, 1),
            "short": days < WARN_DAYS,
        }
    )


def probe_camera(arguments: argparse.Namespace, console: Console) -> Answer:
    """What a camera sends, or why it sends nothing."""
    if ":" in arguments.camera:
        place = _place(arguments.camera, arguments)
    else:
        found = _settings(arguments).find(arguments.camera)
        if isinstance(found, Refused):
            return refuse(console, found)
        place = found.place
    try:
        facts, pictures, seconds = _try(place)
    except CameraFailed as error:
        failure = FAILURES[error.trouble]
        console.tell_failure(failure)
        return refused(failure, address=str(place.address))
    off_s = clock_off_s(place)
    return Answer(
        {
            "address": str(place.address),
            "codec": facts.codec.value,
            "width": facts.width,
            "height": facts.height,
            "rate": round(pictures / seconds, 1) if seconds else 0.0,
            "copied": not facts.is_encoded_here,
            "direct": facts.is_direct,
            "clock_off_s": None if off_s is None else round(off_s),
        }
    )


def _try(place: Place) -> tuple[StreamFacts, int, float]:
    camera = open_or_explain(place)
    try:
        if camera.read() is None:
            raise CameraFailed(Trouble.NO_VIDEO)
        began_s, pictures = time.monotonic(), 0
        while time.monotonic() - began_s < PROBE_S and camera.read() is not None:
            pictures += 1
        return camera.facts, pictures, time.monotonic() - began_s
    finally:
        camera.close()


def _chosen(arguments: argparse.Namespace, names: Sequence[str] = ()) -> tuple[CameraSetting, ...] | Refused:
    settings = _settings(arguments)
    if not settings.cameras:
        return Refused(Failure.NO_CAMERAS)
    chosen = []
    for name in names or [camera.name for camera in settings.cameras]:
        found = settings.find(name)
        if isinstance(found, Refused):
            return found
        chosen.append(found)
    return tuple(chosen)


def rehearse_cameras(arguments: argparse.Namespace, console: Console) -> Answer:
    """Whether all cameras are ready, also as a sheet of paper."""
    # Half a second that no other command pays.
    from station_app.cameras.rehearsing import light_of, rehearse  # noqa: PLC0415
    from station_app.papers.readiness import CameraLine, ReadinessPaper, readiness_sheet  # noqa: PLC0415

    chosen = _chosen(arguments)
    if isinstance(chosen, Refused):
        return refuse(console, chosen)
    with _reader(arguments) as book:
        header = book.header
        settings = _settings(arguments)
        root = settings.root(book.home, header.election.id)
    rehearsal = rehearse(chosen, root, settings.limits, arguments.seconds)
    if arguments.pdf is not None:
        lines = [
            CameraLine(camera.camera, camera.address, _sent(camera.status), camera.failures)
            for camera in rehearsal.cameras
        ]
        place = header.precinct, header.precinct_name
        paper = ReadinessPaper(header.election, *place, lines, rehearsal.days_left, datetime.now(UTC))
        write_paper(arguments.pdf, readiness_sheet(paper, arguments.language or console.language))
    for camera in rehearsal.cameras:
        for failure in camera.failures:
            console.tell(f"{camera.camera}: {console.texts.failure(failure)}")
    data: dict[str, object] = {
        "ready": rehearsal.is_ready,
        "cameras": [
            {
                "name": camera.camera,
                "ready": camera.is_ready,
                "light": light_of(camera).name.lower(),
                "failures": [failure.key for failure in camera.failures],
                **_status_fields(camera.status),
            }
            for camera in rehearsal.cameras
        ],
        "days_left": None if rehearsal.days_left == float("inf") else round(rehearsal.days_left, 1),
        "pdf": None if arguments.pdf is None else str(arguments.pdf),
    }
    return Answer(data, exit=Exit.DONE if rehearsal.is_ready else Exit.AWAY)


def _sent(status: Status) -> str:
    if status.codec is None:
        return ""
    return f"{status.codec.value.upper()}  {status.width} × {status.height}  {status.rate:.0f}/s"


def _status_fields(status: Status) -> dict[str, object]:
    return {
        "codec": status.codec.value if status.codec else None,
        "width": status.width,
        "height": status.height,
        "rate": round(status.rate, 1),
        "copied": not status.is_encoded_here,
        "direct": status.is_direct,
        "alarms": status.alarms,
    }


def record_cameras(arguments: argparse.Namespace, console: Console) -> Answer:
    """The cameras were recorded until somebody stopped it."""
    chosen = _chosen(arguments, arguments.names)
    if isinstance(chosen, Refused):
        return refuse(console, chosen)
    clock = SystemClock()
    with _reader(arguments) as book:
        settings = _settings(arguments)
        root, limits = settings.root(book.home, book.election.id), settings.limits
        deleted = room_for_a_day(root, len(chosen), clock.now(), limits)
        cameras = Cameras(book, clock, root)
    ends_s = None if arguments.seconds is None else clock.monotonic_s() + arguments.seconds
    with cameras:
        cameras.use(chosen, limits)
        statuses = cameras.poll()
        with suppress(KeyboardInterrupt):
            while ends_s is None or clock.monotonic_s() < ends_s:
                time.sleep(POLL_S)
                before, statuses = statuses, cameras.poll()
                _tell_alarms(console, before, statuses)
    days = days_of(room_of(root, limits), statuses, len(chosen))
    if days < WARN_DAYS:
        console.tell_failure(Failure.RECORDING_SHORT, {"limit": round(WARN_DAYS)})
    recorded = {name: {**asdict(cameras.tallies[name]), **_status_fields(status)} for name, status in statuses.items()}
    return Answer({"folder": str(root), "cameras": recorded, "days_left": round(days, 1), "deleted": deleted})


def _tell_alarms(console: Console, before: Mapping[str, Status], now: Mapping[str, Status]) -> None:
    for name, status in now.items():
        for alarm in status.alarms.keys() - before[name].alarms.keys():
            failure = FAILURES[status.trouble] if status.trouble is not None else ALARM_FAILURES[Alarm(alarm)]
            console.tell(f"{name}: {console.texts.failure(failure)}")


def check_recording(arguments: argparse.Namespace, console: Console) -> Answer:
    """The proof of a folder of recordings."""
    home = StationHome(arguments.home)
    trusted, root = None, arguments.folder
    if home.exists():
        with _reader(arguments) as book:
            trusted = book.link.authority_pem
            root = root or _settings(arguments).root(home, book.election.id)
    if root is None:
        raise WorldFailed(Failure.NOT_ENROLLED, path=home.path)
    if not root.is_dir():
        raise WorldFailed(Failure.FILE_UNREADABLE, path=root)
    report = check_folder(root, trusted)
    for name, camera in report.cameras.items():
        for gap in camera.gaps:
            if gap.reason == GapReason.CLOCK_SET.value:
                console.tell(f"{name} {gap.after}: {console.texts.failure(Failure.CLOCK_WAS_SET)}")
    data = _report_fields(report, is_trusted=trusted is not None)
    if report.ok:
        return Answer(data)
    for problem in report.problems:
        console.tell(f"{problem.camera} {problem.number}: {console.texts.failure(problem.failure)}")
    first = report.problems[0].failure
    return Answer({**data, "failure": first.key, "code": first.code}, exit=Exit.FAULT)


def _report_fields(report: Report, *, is_trusted: bool) -> dict[str, object]:
    cameras = {
        name: {
            "segments": camera.segments,
            "frames": camera.frames,
            "bytes": camera.size,
            "open": camera.open,
            "gaps": [
                {"after": gap.after, "began_ms": gap.began_ms, "ended_ms": gap.ended_ms, "reason": gap.reason}
                for gap in camera.gaps
            ],
        }
        for name, camera in report.cameras.items()
    }
    problems = [
        {
            "problem": problem.failure.key,
            "code": problem.failure.code,
            "camera": problem.camera,
            "segment": problem.number,
        }
        for problem in report.problems
    ]
    return {
        "ok": report.ok,
        "cameras": cameras,
        "problems": problems,
        "entries": report.entries,
        "authorities": list(report.authorities),
        # Without a book here, an inspector compares the authority with the one that he knows.
        "authority_is_this_elections": is_trusted,
    }


def export_recording(arguments: argparse.Namespace, console: Console) -> Answer:
    """A recording of a time is handed out with its proof."""
    with _reader(arguments) as book:
        election = book.election
        root = _settings(arguments).root(book.home, election.id)
    texts = load_page_texts(arguments.language or console.language)
    begins, ends = (_moment(text, election.zone) for text in (arguments.begins, arguments.ends))
    exported = export_span(root, Wish(arguments.camera, begins, ends, texts, election.zone), arguments.out)
    return Answer(
        {
            "page": str(exported.page),
            "segments": exported.segments,
            "gaps": exported.gaps,
            "bytes": exported.size,
        }
    )


def _moment(untrusted: str, zone: str) -> datetime:
    try:
        moment = datetime.fromisoformat(untrusted)
    except ValueError as error:
        raise WrongUsage(f"{untrusted}: a time is written 2026-12-20T10:00") from error
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=ZoneInfo(zone))
