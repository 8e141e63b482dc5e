"""Remake the lock, and build and try the installer's folder."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING

from development.checks import find_addresses
from development.console import BUILD, ROOT, StepFailed, Stopped, Words, say, step
from development.setup import BIN, PYPROJECT, PYTHON, REQUIREMENTS_LOCK, TOOLS_LOCK, UV

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

BUNDLE = ROOT / "dist" / "uchastka"
COMPILE = ("pip", "compile", "--quiet", "--generate-hashes", "--no-emit-index-url", "--no-header")


def installer_packages() -> list[str]:
    """Return the Debian packages that building needs: Debian keeps Python's shared library apart."""
    ask = "import sys, sysconfig; print(sysconfig.get_config_var('INSTSONAME') or '', sys.base_prefix)"
    library, prefix = subprocess.check_output([PYTHON, "-c", ask], encoding="utf-8").split(maxsplit=1)
    is_debian = prefix.strip() == "/usr" and library.startswith("libpython3.")
    # objcopy and objdump, which PyInstaller works with on Linux.
    return ["binutils", *([library.split(".so")[0].split(".a")[0]] if is_debian else [])]


def build_installer() -> int:
    """Leave a one-dir bundle with two executables that start in dist/uchastka."""
    command: Words = [BIN / "pyinstaller", "--noconfirm", "--clean", "--log-level", "WARN", "--distpath", ROOT / "dist"]
    try:
        step(
            "Building dist/uchastka (about a minute)",
            [*command, "--workpath", BUILD / "pyinstaller", ROOT / "build_installer.spec"],
            log=BUILD / "installer.log",
        )
    except StepFailed as failed:
        raise Stopped(f"{failed}. The last lines of build/installer.log:\n{failed.tail}", exit_status=1) from failed
    size_mb = sum(path.lstat().st_size for path in BUNDLE.rglob("*") if not path.is_symlink()) / 1e6
    say(f"  {size_mb:.0f} MB")
    problems = try_bundle(BUNDLE) or rehearse_with(BUNDLE)
    for problem in problems:
        say(f"    FAILED {problem}")
    say("The bundle does not work." if problems else "The bundle is in dist/uchastka and both executables start.")
    return int(bool(problems))


def try_bundle(bundle: Path) -> list[str]:
    """Start both executables; return what went wrong."""
    problems = []
    for name in ("uchastka", "uchastka-sync"):
        status, out, err = _start(bundle, [name, "--version"])
        if status or not out.strip():
            problems.append(f"{name} --version: exit status {status}: {err[-300:]}")
        else:
            say(f"    {name} --version: {out.strip()}")
    status, out, err = _start(bundle, ["uchastka", "book", "check", "--home", str(bundle / "no-home"), "--json"])
    if status == 0 or "Traceback" in err or not _is_json_object(out):
        problems.append(f"book check on a missing home: exit status {status}: {out[-300:]} {err[-300:]}")
    else:
        say(f"    book check on a missing home: exit status {status}: {out.strip()}")
    return problems


def rehearse_with(bundle: Path) -> list[str]:
    """Play the rehearsal of the README with the bundle's programs as the station; return what went wrong."""
    say("  rehearsing an election day with it …")
    played = subprocess.run(
        [PYTHON, "-m", "pytest", "-q", "tests/test_rehearsal.py"],
        cwd=ROOT,
        env={**os.environ, "UCHASTKA_BUNDLE": str(bundle), "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    return [f"the rehearsal:\n{played.stdout[-3000:]}"] if played.returncode else []


def _start(bundle: Path, words: Sequence[str]) -> tuple[int, str, str]:
    try:
        ended = subprocess.run(
            [bundle / words[0], *words[1:]],
            check=False,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
            timeout=60,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return 127, "", str(error)
    return ended.returncode, ended.stdout, ended.stderr


def _is_json_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


def remake_lock(*, upgrade: bool, uv_version: str | None) -> int:
    """Leave requirements.lock (and with `uv_version` tools.lock) newly solved, with hashes and without an address."""
    if uv_version:
        wish = BUILD / "tools.in"
        wish.write_text(f"uv=={uv_version}\n", encoding="utf-8")
        _compile([wish, "--no-annotate"], TOOLS_LOCK, upgrade=True)
    options = ["--universal", "--python-version", "3.11", "--group", "dev"]
    _compile([PYPROJECT, *options], REQUIREMENTS_LOCK, upgrade=upgrade)
    return 0


def _compile(words: Sequence[str | Path], lock: Path, *, upgrade: bool) -> None:
    """Solve into a file beside the log, and take it over only if it is whole and names no registry."""
    solved = BUILD / lock.name
    solved.write_bytes(lock.read_bytes() if lock.exists() and not upgrade else b"")
    words = [*words, *(["--upgrade"] if upgrade else [])]
    try:
        step(f"Solving {lock.name}", [UV, *COMPILE, *words, "--output-file", solved])
    except StepFailed as failed:
        raise Stopped(f"{failed}. It said:\n{failed.tail}") from failed
    if addresses := find_addresses(BUILD, [solved]):
        raise Stopped(f"{lock.name} is unchanged, an address got in:\n" + "\n".join(addresses), exit_status=1)
    before = lock.read_bytes() if lock.exists() else b""
    lock.write_bytes(solved.read_bytes())
    say(f"  {lock.name} is {'unchanged' if lock.read_bytes() == before else 'new: look at the difference'}")
