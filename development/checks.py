"""What `dev.py check` looks at: the linters, the types, who imports whom, and two things of our own."""

from __future__ import annotations

import os
import re
import subprocess
import time
from typing import TYPE_CHECKING

from development.console import ROOT, exit_status_of, say
from development.setup import BIN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

# Written in pieces, so that this file doesn't hold what it looks for.
REGISTRY_HOSTS = tuple(
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("pypi", "python", "org"),
        ("deb", "debian", "org"),
        ("security", "debian", "org"),
        ("snapshot", "debian", "org"),
        ("ftp", "debian", "org"),
        ("archive", "ubuntu", "com"),
        ("registry", "npmjs"),
        ("registry", "yarnpkg"),
        ("conda", "anaconda", "org"),
        ("crates", "io"),
        ("proxy", "golang", "org"),
    )
)
REGISTRY_OPTION = re.compile(r"--(extra-)?index-url[ =]|\b(extra-)?index[-_]url *= *[\"']?(https?|file):", re.ASCII)

NOT_OURS = frozenset(
    {".git", ".venv", ".tools", "build", "dist", "__pycache__", ".mypy_cache", ".ruff_cache"}
    | {".pytest_cache", ".hypothesis", ".import_linter_cache", ".grimp_cache"}
)
FILE_LINES_MAX = 400


def check() -> int:
    """Run every check, whatever the earlier ones said; return 0 only if none found anything."""
    checks: list[tuple[str, Callable[[], int]]] = [
        ("ruff check", lambda: _call(["ruff", "check", "."])),
        ("ruff format", lambda: _call(["ruff", "format", "--check", "."])),
        ("mypy --strict", lambda: _call(["mypy"])),
        ("mypy of the tools", lambda: _call(["mypy", "dev.py", "development"])),
        ("import-linter", lambda: _call(["lint-imports", "--no-logo"])),
        ("registry addresses", lambda: _report(find_addresses(ROOT, committed_files(ROOT)))),
    ]
    found = []
    for name, look in checks:
        say(f"{name} …")
        started = time.monotonic()
        status = look()
        found.append((name, status, time.monotonic() - started))
    for line in long_files(ROOT, committed_files(ROOT)):
        say(f"long, but no failure: {line}")
    say("Summary:")
    for name, status, took in found:
        say(f"    {'ok    ' if status == 0 else 'FAILED'} {name} ({took:.1f} s)")
    return int(any(status for _, status, _ in found))


def _call(command: Sequence[str]) -> int:
    return exit_status_of(subprocess.call([BIN / command[0], *command[1:]], cwd=ROOT))


def _report(lines: Iterable[str]) -> int:
    status = 0
    for line in lines:
        say(f"    {line}")
        status = 1
    return status


def committed_files(root: Path) -> list[Path]:
    """Return the files that git holds or would take with `git add`; without git, all but the generated ones."""
    git = ["git", "-c", f"safe.directory={root}", "-C", str(root)]
    try:
        answer = subprocess.run(
            [*git, "ls-files", "-z", "--cached", "--others", "--exclude-standard"], check=True, capture_output=True
        )
    except (FileNotFoundError, subprocess.CalledProcessError):
        return sorted(_walk(root))
    names = {root / os.fsdecode(name) for name in answer.stdout.split(b"\0") if name}
    return sorted(path for path in names if path.is_file())


def _walk(root: Path) -> Iterable[Path]:
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if name not in NOT_OURS and not name.endswith(".egg-info")]
        yield from (root / folder / name for name in files)


def find_addresses(root: Path, paths: Iterable[Path]) -> list[str]:
    """Return `path:line: text` for each line that names a package registry or an option that sets one."""
    found = []
    for path in paths:
        text = path.read_bytes()
        if b"\0" in text[:8192]:
            continue
        for number, line in enumerate(text.decode(errors="replace").splitlines(), start=1):
            if any(host in line.lower() for host in REGISTRY_HOSTS) or REGISTRY_OPTION.search(line):
                found.append(f"{path.relative_to(root)}:{number}: {line.strip()[:100]}")
    return found


def long_files(root: Path, paths: Iterable[Path]) -> list[str]:
    """Return the Python files above `FILE_LINES_MAX` lines, longest first."""
    counted = [(path.read_bytes().count(b"\n"), path) for path in paths if path.suffix == ".py"]
    return [
        f"{path.relative_to(root)} has {lines} lines"
        for lines, path in sorted(counted, reverse=True)
        if lines > FILE_LINES_MAX
    ]
