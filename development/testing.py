"""How the tests are run: all of them shared by the cores, their files in memory, each module compiled once."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from development.console import BUILD, ROOT, complain, exit_status_of
from development.setup import PYTHON

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NO_TESTS = 5  # pytest's exit status
PROCESSES_MAX = 8
"""Each has a PostgreSQL of its own and loads every module: more of them need more memory than they save time."""
BYTECODE = BUILD / "bytecode"
"""The tests start the programs a hundred times; without this each start may compile all modules again, which takes
longer than anything else that it does (where PYTHONDONTWRITEBYTECODE is set, or the packages are another user's)."""
MEMORY = Path("/dev/shm")  # noqa: S108 - the system's own file system in memory
MEMORY_BYTES_MIN = 6 * 1024**3
"""Free, before files are kept there: all tests together leave a twentieth of it."""
_AVAILABLE = re.compile(r"^MemAvailable: +(\d+) kB$", re.MULTILINE)


def run_tests(arguments: list[str]) -> int:
    """Run pytest offscreen and return its exit status; no tests at all is a failure.

    All tests are shared among processes, and their files gone afterwards; what is chosen by arguments runs in one
    process, where a debugger can look in, and leaves its files where pytest says.
    """
    with contextlib.ExitStack() as closing:
        env = environ_of(os.environ)
        if not arguments and is_memory_ample(MEMORY) and "TMPDIR" not in env:
            env["TMPDIR"] = str(closing.enter_context(_folder_in(MEMORY)))
        options = arguments or shared_by(os.cpu_count() or 1)
        status = exit_status_of(subprocess.call([PYTHON, "-m", "pytest", *options], cwd=ROOT, env=env))
    if status == NO_TESTS:
        complain("No test was found, which counts as a failure.")
    return status


def environ_of(environ: Mapping[str, str]) -> dict[str, str]:
    """The tests' environment, made of ours: offscreen, and with one place for what is compiled."""
    kept = {name: value for name, value in environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {"PYTHONPYCACHEPREFIX": str(BYTECODE), **kept, "QT_QPA_PLATFORM": "offscreen"}


def shared_by(cores: int) -> list[str]:
    """The options with which processes share the tests: each begins with its own part, and helps at the end.

    One more than there are cores: there is always some test that waits for another program, a camera or a socket.
    """
    return ["-n", str(min(cores + 1, PROCESSES_MAX)), "--dist", "worksteal"] if cores > 1 else []


def is_memory_ample(memory: Path, known: Path = Path("/proc/meminfo")) -> bool:
    """Whether `memory` has room for the tests' files, in itself and in what `known` says is free, and may run programs.

    The tests wait for the disk a quarter of their time: whatever they write is synced. What that is worth when the
    power fails no test can tell, on any disk.
    """
    try:
        room = os.statvfs(memory)
        available = _AVAILABLE.search(known.read_text("ascii"))
    except OSError:
        return False
    if available is None or room.f_flag & os.ST_NOEXEC:
        return False
    return min(room.f_bavail * room.f_frsize, int(available[1]) * 1024) >= MEMORY_BYTES_MIN


@contextlib.contextmanager
def _folder_in(memory: Path) -> Iterator[Path]:
    """A folder that other users can go through, as the tests' PostgreSQL must, and not look into."""
    with tempfile.TemporaryDirectory(prefix="uchastka-", dir=memory, ignore_cleanup_errors=True) as made:
        folder = Path(made)
        folder.chmod(0o711)
        yield folder
