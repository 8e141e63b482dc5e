"""A synthetic election to try the program on: a register on loopback and one station, kept between runs.

A first run that was broken off leaves no `READY` file and is made again from nothing.
"""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

from development.console import BUILD, ROOT, StepFailed, Stopped, Words, complain, exit_status_of, say, step
from development.setup import BIN, PYTHON

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path
    from types import FrameType

DEMO = BUILD / "demo"
REGISTER_HOME = DEMO / "register"
STATION_HOME = DEMO / "station"
READY = DEMO / "ready.json"
SCREENS = BUILD / "screens"

USUAL_PORT = 8443
LISTENING_WITHIN_S = 60
ENDING_WITHIN_S = 10
OFFSCREEN = {"QT_QPA_PLATFORM": "offscreen"}


def run(*, fresh: bool, offscreen: bool) -> int:
    """Open the desktop on the synthetic election, or play a check-in offscreen where no window can be opened.

    Afterwards nothing that was started here is running any more.

    Args:
        fresh: Throw the election of earlier runs away first.
        offscreen: Play the scripted check-in even where there is a display.

    Returns:
        The desktop's exit status.
    """
    # A shell that starts a script in the background lets it ignore SIGINT; what was started must still be ended.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, _end_as_by_ctrl_c)
    signal.signal(signal.SIGHUP, _end_as_by_ctrl_c)
    ready = read_ready()
    if DEMO.exists() and (fresh or ready is None):
        say("Clearing build/demo" + ("" if fresh else ": an earlier first run was not finished"))
        shutil.rmtree(DEMO)
        ready = None
    try:
        if ready is None:
            _make_election()
        with _register_serving(free_port(ready["port"] if ready else USUAL_PORT)) as port:
            if ready is None:
                _enrol_station()
                READY.write_text(json.dumps({"port": port}), encoding="utf-8")
            elif port != ready["port"]:
                complain(
                    f"Port {ready['port']}, where the station looks for the register, is taken by another program. "
                    f"The register listens on {port} this time;\nthe station works on without a link. To have it, "
                    "free the port, or make a new election: python3 dev.py run --fresh"
                )
            _show_pins()
            return _open_desktop(offscreen=offscreen)
    except StepFailed as failed:
        raise Stopped(f"{failed}. It said:\n{failed.tail}", exit_status=1) from failed


def read_ready() -> dict[str, int] | None:
    """Return what a finished first run left, or None."""
    try:
        ready = json.loads(READY.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return ready if isinstance(ready, dict) and isinstance(ready.get("port"), int) else None


def free_port(wanted: int) -> int:
    """Return `wanted` if it is free on loopback, else one that is."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise Stopped("No free port on the loopback interface.")


def why_no_window(environ: Mapping[str, str]) -> str | None:
    """Return why no window can be opened, or None if one can."""
    display = environ.get("WAYLAND_DISPLAY") or environ.get("DISPLAY")
    if not display:
        return "There is no display (neither DISPLAY nor WAYLAND_DISPLAY is set)"
    probe = "from PySide6.QtGui import QGuiApplication; QGuiApplication([])"
    opened = subprocess.run([PYTHON, "-c", probe], check=False, capture_output=True, env=dict(environ))
    return None if opened.returncode == 0 else f"No window can be opened on the display {display}"


def _make_election() -> None:
    DEMO.mkdir(parents=True)
    data = DEMO / "data"
    register = BIN / "uchastka-register"
    step("Making a training election", [register, "init", "--home", REGISTER_HOME, "--training"])
    step(
        "Making up two precincts with 1,900 voters each",
        [register, "synthesise", "--precincts", "2", "--voters", "1900", "--seed", "7", "--out", data],
    )
    lists: Words = [data / "voters.csv", "--totals", data / "totals.csv", "--officers", data / "officers.csv"]
    step("Importing their lists", [register, "import", "--home", REGISTER_HOME, *lists, "--json"])


def first_precinct(totals: Path) -> str:
    """Return the code of the first precinct that totals.csv (`precinct,voters`) names."""
    with totals.open(encoding="utf-8-sig", newline="") as rows:
        return next(csv.DictReader(rows))["precinct"]


def _enrol_station() -> None:
    precinct = first_precinct(DEMO / "data" / "totals.csv")
    ticket = DEMO / "s1.enrol"
    register: Words = [BIN / "uchastka-register", "enrol", "--home", REGISTER_HOME]
    step(f"Letting one station into precinct {precinct}", [*register, "--precinct", precinct, "--out", ticket])
    step("Enrolling the station", [BIN / "uchastka", "enrol", ticket, "--home", STATION_HOME])


def _show_pins() -> None:
    """Print the training PINs, which the station's enrolment left in its folder."""
    path = STATION_HOME / "training-pins.json"
    if path.exists():
        say(f"PINs of this training election ({path.relative_to(ROOT)}):")
        for line in _lines_of(json.loads(path.read_text(encoding="utf-8"))):
            say(f"    {line}")


def _lines_of(pins: object) -> list[str]:
    if isinstance(pins, dict):
        return [f"{name}: {_in_one_line(value)}" for name, value in pins.items()]
    return [_in_one_line(value) for value in pins] if isinstance(pins, list) else [str(pins)]


def _in_one_line(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_in_one_line(inner)}" for name, inner in value.items())
    return ", ".join(map(_in_one_line, value)) if isinstance(value, list) else str(value)


@contextmanager
def _register_serving(port: int) -> Iterator[int]:
    """Have the register listen on loopback for as long as the block lasts; yields its port."""
    command: Words = [BIN / "uchastka-register", "serve", "--home", REGISTER_HOME, "--port", str(port)]
    if setpriv := shutil.which("setpriv"):  # ends the register even if this process is killed outright
        command = [setpriv, "--pdeathsig", "TERM", *command]
    said, log = DEMO / "register.out", DEMO / "register.log"
    say(f"Starting the register on port {port} of the loopback interface …")
    with said.open("wb") as out, log.open("ab") as err:
        # A session of its own: Ctrl+C reaches the desktop first, the register when the desktop has gone.
        child = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            start_new_session=True,
        )
    try:
        line = _first_line(child, said, log)
        say(f"  {line}")
        named = re.search(r":(\d{2,5})\b", line)
        yield int(named[1]) if named else port
    finally:
        end(child, "the register")


def _first_line(child: subprocess.Popen[bytes], said: Path, log: Path) -> str:
    deadline = time.monotonic() + LISTENING_WITHIN_S
    while time.monotonic() < deadline:
        text = said.read_text(encoding="utf-8", errors="replace")
        if "\n" in text:
            return text.splitlines()[0]
        if child.poll() is not None:
            tail = "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:])
            raise Stopped(f"The register ended before it listened. It said:\n{tail}", exit_status=1)
        time.sleep(0.05)
    raise Stopped(f"The register did not listen within {LISTENING_WITHIN_S} s; see {log}", exit_status=1)


def _open_desktop(*, offscreen: bool) -> int:
    command: Words = [BIN / "uchastka", "--home", STATION_HOME]
    why = "As asked" if offscreen else why_no_window(os.environ)
    if why is None:
        say("Opening the desktop; close its window (or press Ctrl+C here) to stop.")
        return _wait_for_desktop(command, {})
    say(f"{why}: playing a scripted check-in through the real window offscreen …")
    status = _wait_for_desktop([*command, "--play-script", "--screens", SCREENS], OFFSCREEN)
    pictures = sorted(SCREENS.glob("*.png"))
    say(f"{len(pictures)} screenshots are in {SCREENS.relative_to(ROOT)}/")
    return status if status or pictures else 1


def _wait_for_desktop(command: Sequence[str | Path], env: Mapping[str, str]) -> int:
    child = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **env})
    try:
        return exit_status_of(child.wait())
    finally:
        end(child, "the desktop")


def end(child: subprocess.Popen[bytes], name: str) -> None:
    """Leave `child` ended: asked first, killed if it has not gone after `ENDING_WITHIN_S` seconds."""
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(timeout=ENDING_WITHIN_S)
        except subprocess.TimeoutExpired:
            complain(f"{name.capitalize()} did not end when asked; killing it.")
            child.kill()
            child.wait()
        say(f"Ended {name}.")


def _end_as_by_ctrl_c(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt
