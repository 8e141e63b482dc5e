"""How the tools speak: one line for what is being done, one for how long it took, and one way to stop."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"
LOG = BUILD / "dev.log"

Words = list[str | Path]  # a program and its arguments

HEARTBEAT_S = 20
TAIL_LINES = 15


class Stopped(Exception):
    """The command ends here, with a message for the user and an exit status.

    4 says that something is not there (a package, the network, a right), 1 that something is wrong.
    """

    def __init__(self, message: str, exit_status: int = 4) -> None:
        super().__init__(message)
        self.exit_status = exit_status


class StepFailed(Exception):
    """A step's command ended with another status than 0."""

    def __init__(self, what: str, exit_status: int, output: str) -> None:
        super().__init__(f"{what}: exit status {exit_status}")
        self.exit_status = exit_status
        self.output = output

    @property
    def tail(self) -> str:
        """The last lines it printed."""
        return "\n".join(self.output.splitlines()[-TAIL_LINES:])


def say(text: str) -> None:
    """Print a progress line at once."""
    sys.stdout.write(f"[dev] {text}\n")
    sys.stdout.flush()


def complain(text: str) -> None:
    """Print a message to stderr; only its first line is marked as ours, so that the others can be copied."""
    sys.stdout.flush()
    sys.stderr.write(f"[dev] {text}\n")
    sys.stderr.flush()


def step(what: str, command: Sequence[str | Path], *, env: Mapping[str, str] | None = None, log: Path = LOG) -> str:
    """Run a command quietly and return what it printed.

    `what` is said before it, its duration after it, and a sign of life meanwhile. Everything it prints is appended
    to `log`.

    Args:
        what: What is being done, as a sentence without its full stop.
        command: The program and its arguments.
        env: Variables to add to the environment.
        log: Where its output is kept.

    Raises:
        StepFailed: It ended with another status than 0, or there is no such program.
    """
    say(f"{what} …")
    log.parent.mkdir(parents=True, exist_ok=True)
    words = [str(word) for word in command]
    started = time.monotonic()
    with log.open("a+b") as output:
        output.write(f"\n$ {shlex.join(words)}\n".encode())
        output.flush()
        start = output.tell()
        status = _run(words, output.fileno(), env, started)
        output.seek(start)
        text = output.read().decode(errors="replace")
    if status:
        raise StepFailed(what, status, text)
    say(f"  done in {time.monotonic() - started:.1f} s")
    return text


def _run(words: list[str], output: int, env: Mapping[str, str] | None, started: float) -> int:
    try:
        child = subprocess.Popen(
            words,
            cwd=ROOT,
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    except FileNotFoundError:
        os.write(output, f"{words[0]}: no such program\n".encode())
        return 127
    while True:
        try:
            return child.wait(timeout=HEARTBEAT_S)
        except subprocess.TimeoutExpired:
            say(f"  still at it after {time.monotonic() - started:.0f} s")
        except BaseException:
            child.terminate()
            child.wait()
            raise


def exit_status_of(returncode: int) -> int:
    """Return a child's return code as a shell would: 128 + n for signal n."""
    return returncode if returncode >= 0 else 128 - returncode
