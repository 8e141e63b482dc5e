"""Set up what is missing: system packages, uv, the virtual environment, the pinned packages, the project itself.

Each part is left alone when it is there. A set-up that was broken off has no stamp and is made again from nothing;
one whose lock or pyproject has changed since is brought up to date in place.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from development.console import BUILD, LOG, ROOT, StepFailed, Stopped, Words, say, step

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

VENV = ROOT / ".venv"
BIN = VENV / "bin"
PYTHON = BIN / "python"
STAMP = VENV / "uchastka-setup.json"
TOOLS = ROOT / ".tools"
UV = TOOLS / "bin" / "uv"
TOOLS_LOCK = ROOT / "tools.lock"
REQUIREMENTS_LOCK = ROOT / "requirements.lock"
PYPROJECT = ROOT / "pyproject.toml"

# What Qt's libraries and its xcb and Wayland plugins link to and the wheel doesn't bring (ldd on a minimal Debian 12).
RUN_PACKAGES = (
    "libglib2.0-0",
    "libgl1",
    "libegl1",
    "libxkbcommon0",
    "libdbus-1-3",
    "libfontconfig1",
    "libxcb-cursor0",
    "libxkbcommon-x11-0",
    "libxcb-icccm4",
    "libxcb-keysyms1",
    "libxcb-shape0",
    "libwayland-cursor0",
    "libwayland-egl1",
    # pyscard has no wheel for Linux: what it is compiled with, and the service that talks to readers.
    "gcc",
    "libc6-dev",
    "python3-dev",
    "libpcsclite-dev",
    "libpcsclite1",
    "pcscd",
)
# PostgreSQL for the register's tests, which start a cluster of their own (development/postgresql.py).
# systemd-analyze, which looks over the units of the service.
# A virtual card reader, and the RTSP server that stands in for cameras (run by the system's python3).
TEST_PACKAGES = (
    "xvfb",
    "xauth",
    "postgresql-15",
    "postgresql-client-15",
    "util-linux",
    "systemd",
    "vsmartcard-vpcd",
    "iproute2",
    "python3-gi",
    "gir1.2-gst-rtsp-server-1.0",
    "gstreamer1.0-plugins-base",
    "gstreamer1.0-plugins-good",
    "gstreamer1.0-plugins-bad",
    "gstreamer1.0-plugins-ugly",
    "ffmpeg",
)
# What one of the long rehearsals needs besides; it runs them itself, in network namespaces and as an ordinary user.
SOAK_PACKAGES = {"standby": ("patroni", "etcd-server", "pgbouncer", "iproute2")}

HASH_COMPLAINTS = ("hash mismatch", "do not match the hashes")


def system_python() -> Path:
    """Return the interpreter outside any virtual environment that dev.py was started with."""
    if sys.prefix == sys.base_prefix:
        return Path(sys.executable)
    return Path(sys.base_prefix, "bin", f"python{sys.version_info.major}.{sys.version_info.minor}")


def set_up(system_packages: Sequence[str]) -> None:
    """Leave the virtual environment, the project in it and the system packages there, fetching what is missing.

    Raises:
        Stopped: Something could not be fetched or needs root.
    """
    needed = list(system_packages)
    if not UV.is_file() and sys.prefix == sys.base_prefix and importlib.util.find_spec("pip") is None:
        needed.append("python3-pip")
    ensure_system_packages(needed, is_root=os.geteuid() == 0)
    if is_up_to_date():
        return
    with _only_one_at_a_time():
        if not is_up_to_date():
            _make_environment()


def missing_packages(names: Sequence[str]) -> list[str] | None:
    """Return the Debian packages among `names` that are not installed, or None where there is no dpkg."""
    try:
        answer = subprocess.run(
            ["dpkg-query", "--show", "--showformat=${Package} ${db:Status-Status}\n", *names],
            check=False,
            capture_output=True,
            encoding="utf-8",
        )
    except FileNotFoundError:
        return None
    installed = {line.split()[0] for line in answer.stdout.splitlines() if line.endswith(" installed")}
    return [name for name in names if name not in installed]


def ensure_system_packages(names: Sequence[str], *, is_root: bool) -> None:
    """Install the Debian packages that are missing.

    Without root nothing is changed: the message holds the one line to run, which serves both `run` and `test`.

    Raises:
        Stopped: Not root, or apt could not install them.
    """
    missing = missing_packages(names)
    if missing is None:
        if not STAMP.exists():
            say(f"No dpkg here: these Debian packages' libraries must be there already: {' '.join(names)}")
        return
    if not missing:
        return
    if not is_root:
        all_missing = missing_packages(list(dict.fromkeys([*names, *RUN_PACKAGES, *TEST_PACKAGES]))) or missing
        raise Stopped(
            "System packages are missing and only root may install them. Run this line, then the same command "
            "again\n(if apt knows no such package, its lists are old: `apt-get update` first):\n\n"
            f"sudo apt-get install --no-install-recommends {' '.join(all_missing)}"
        )
    env = {"DEBIAN_FRONTEND": "noninteractive"}
    try:
        step("Reading the lists of system packages", ["apt-get", "update"], env=env)
    except StepFailed:
        say(f"  apt-get update failed (see {LOG.relative_to(ROOT)}); trying with the lists as they are")
    try:
        step(
            f"Installing {len(missing)} system packages: {' '.join(missing)}",
            ["apt-get", "install", "--yes", "--no-install-recommends", *missing],
            env=env,
        )
    except StepFailed as failed:
        raise _could_not_fetch("the system packages", failed) from failed


def wanted_stamp() -> dict[str, str]:
    """Return what a finished set-up of this checkout with this Python says of itself."""
    contents = hashlib.sha256(REQUIREMENTS_LOCK.read_bytes() + PYPROJECT.read_bytes())
    return {
        "python": f"{sys.implementation.name} {sys.version_info.major}.{sys.version_info.minor}",
        "root": str(ROOT),
        "contents": contents.hexdigest(),
    }


def read_stamp() -> dict[str, str] | None:
    """Return what the last finished set-up left, or None if there was none or its Python is gone."""
    if not PYTHON.exists():
        return None
    try:
        stamp = json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return stamp if isinstance(stamp, dict) else None


def is_up_to_date() -> bool:
    """Tell whether the last finished set-up was of this lock, pyproject, checkout and Python."""
    return read_stamp() == wanted_stamp()


def may_be_kept(stamp: dict[str, str] | None) -> bool:
    """Tell whether the environment can be brought up to date in place.

    Its scripts hold the checkout's path and its packages fit one Python, so a moved checkout or another Python asks
    for a new one.
    """
    wanted = wanted_stamp()
    return stamp is not None and all(stamp.get(part) == wanted[part] for part in ("python", "root"))


def _make_environment() -> None:
    _install_uv()
    stamp = read_stamp()
    STAMP.unlink(missing_ok=True)
    if not may_be_kept(stamp):
        python = system_python()
        _local_step(f"Making .venv with {python}", [UV, "venv", "--quiet", "--clear", "--python", python, VENV])
    _fetch_packages()
    install: Words = [UV, "pip", "install", "--quiet", "--python", PYTHON]
    _local_step(
        "Installing the project itself into .venv, editable",
        [*install, "--no-deps", "--no-build-isolation", "--offline", "--editable", "."],
    )
    STAMP.write_text(json.dumps(wanted_stamp()), encoding="utf-8")


def _install_uv() -> None:
    """Put the pinned uv into .tools, whole or not at all."""
    pin = TOOLS_LOCK.read_text(encoding="utf-8").split()[0]
    if UV.is_file() and (TOOLS / f"{pin.replace('==', '-')}.dist-info").is_dir():
        return
    unfinished = BUILD / "tools.unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    pip: Words = [system_python(), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--retries", "2"]
    try:
        step(
            f"Fetching {pin}",
            [*pip, "--require-hashes", "--only-binary", ":all:", "--target", unfinished, "-r", TOOLS_LOCK],
            env={"PIP_USER": "0", "PIP_REQUIRE_VIRTUALENV": "0"},
        )
    except StepFailed as failed:
        raise _could_not_fetch(pin, failed) from failed
    shutil.rmtree(TOOLS, ignore_errors=True)
    unfinished.rename(TOOLS)


def _fetch_packages() -> None:
    """Make .venv hold exactly the packages of the lock."""
    count = REQUIREMENTS_LOCK.read_text(encoding="utf-8").count("==")
    env = {"UV_PYTHON_DOWNLOADS": "never"}
    try:
        step(
            f"Fetching the packages of requirements.lock (about {count}, each against its hash)",
            [UV, "pip", "sync", "--quiet", "--python", PYTHON, "--require-hashes", REQUIREMENTS_LOCK],
            env=env,
        )
    except StepFailed as failed:
        if _is_about_a_hash(failed):
            raise _could_not_fetch("the packages of requirements.lock", failed) from failed
        _fetch_packages_by_pip()


def _fetch_packages_by_pip() -> None:
    """Do what uv could not: pip reads the machine's own pip configuration (mirror, certificate), which uv doesn't."""
    pip: Words = [system_python(), "-m", "pip", "--python", PYTHON, "--disable-pip-version-check", "--retries", "2"]
    try:
        step(
            "uv could not; fetching them by pip, which is slower",
            [*pip, "install", "--quiet", "--require-hashes", "--no-deps", "-r", REQUIREMENTS_LOCK],
            env={"PIP_USER": "0", "PIP_REQUIRE_VIRTUALENV": "0"},
        )
    except StepFailed as failed:
        raise _could_not_fetch("the packages of requirements.lock", failed) from failed


def _local_step(what: str, command: Words) -> None:
    try:
        step(what, command, env={"UV_PYTHON_DOWNLOADS": "never"})
    except StepFailed as failed:
        raise Stopped(f"{failed}. It said:\n{failed.tail}", exit_status=1) from failed


def _is_about_a_hash(failed: StepFailed) -> bool:
    said = failed.output.lower()
    return any(complaint in said for complaint in HASH_COMPLAINTS)


def _could_not_fetch(what: str, failed: StepFailed) -> Stopped:
    if _is_about_a_hash(failed):
        return Stopped(f"Refused {what}: what was sent is not what was pinned.\n{failed.tail}", exit_status=1)
    return Stopped(
        f"Could not fetch {what}. Is there a network, and does this machine reach its package registry?\n"
        f"When it does, run the same command again. The last lines of {LOG.relative_to(ROOT)}:\n{failed.tail}"
    )


@contextmanager
def _only_one_at_a_time() -> Iterator[None]:
    BUILD.mkdir(exist_ok=True)
    with (BUILD / "setup.lock").open("w", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another dev.py is setting up this checkout; waiting for it …")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
