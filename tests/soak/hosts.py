"""Hosts in network namespaces on one bridge, and the loss of one as a fact: nothing of it runs any more.

Whoever makes the network moves into a network namespace of its own, which holds the bridge; nothing is changed in the
machine's own, and what is left ends with the process.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

PREFIX = "10.213.0"
NETWORK = f"{PREFIX}.0/24"
_NEW_NETWORK = 0x40000000
"""CLONE_NEWNET of unshare(2)."""
_GONE_WITHIN_S = 10


class NoNetwork(Exception):
    """A namespace could not be made, which needs root."""


@dataclass
class Host:
    """One host: its namespace, its address, and the processes that were started in it."""

    name: str
    number: int
    tag: str
    log: Path
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"{PREFIX}.{self.number}"

    @property
    def namespace(self) -> str:
        return f"{self.tag}-{self.name}"

    @property
    def port(self) -> str:
        """The bridge's end of the host's cable."""
        return f"to-{self.name}"

    def start(self, words: Sequence[str | Path], cwd: Path) -> subprocess.Popen[bytes]:
        """The command runs on this host; what it says is added to the host's log."""
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                ["ip", "netns", "exec", self.namespace, *words],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=cwd,
            )
        self.started.append(process)
        return process

    def lose(self, *, unplugged_first: bool) -> int:
        """How many processes SIGKILL ended: all that ran here. Unplugged first, they could not even say goodbye."""
        if unplugged_first:
            self.unplug()
        killed = self._kill_all()
        for process in self.started:
            process.wait()
        self.started.clear()
        return killed

    def unplug(self) -> None:
        """Nothing reaches this host or leaves it; what runs there runs on."""
        run("ip", "link", "set", self.port, "down")

    def plug_in(self) -> None:
        """The cable is in again."""
        run("ip", "link", "set", self.port, "up")

    def processes(self) -> list[int]:
        """The ids of what runs in this host's namespace."""
        return [int(pid) for pid in run("ip", "netns", "pids", self.namespace).split()]

    def _kill_all(self) -> int:
        killed: set[int] = set()
        until = time.monotonic() + _GONE_WITHIN_S
        while (here := self.processes()) and time.monotonic() < until:
            for pid in here:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                    killed.add(pid)
            time.sleep(0.02)
        return len(killed)


@contextlib.contextmanager
def network(folder: Path, names: Sequence[str]) -> Iterator[dict[str, Host]]:
    """Hosts of these names at `PREFIX`.11 and on, joined by a bridge at `PREFIX`.1, which is this process's own.

    At the end of the block nothing runs on them and they are gone.

    Raises:
        NoNetwork: Not root, or no `ip` here.
    """
    if ctypes.CDLL(None, use_errno=True).unshare(_NEW_NETWORK):
        raise NoNetwork(os.strerror(ctypes.get_errno()))
    hosts: dict[str, Host] = {}
    try:
        run("ip", "link", "set", "lo", "up")
        run("ip", "link", "add", "bridge", "type", "bridge")
        run("ip", "addr", "add", f"{PREFIX}.1/24", "dev", "bridge")
        run("ip", "link", "set", "bridge", "up")
        for number, name in enumerate(names, 11):
            host = hosts[name] = Host(name, number, f"uchastka{os.getpid()}", folder / f"{name}.log")
            run("ip", "netns", "add", host.namespace)
            run("ip", "link", "add", host.port, "type", "veth", "peer", "name", "eth0", "netns", host.namespace)
            run("ip", "link", "set", host.port, "master", "bridge", "up")
            for words in ("link set lo up", f"addr add {host.address}/24 dev eth0", "link set eth0 up"):
                run("ip", "-n", host.namespace, *words.split())
        yield hosts
    finally:
        for host in hosts.values():
            with contextlib.suppress(NoNetwork):
                host.lose(unplugged_first=False)
                run("ip", "netns", "del", host.namespace)


def run(*words: str) -> str:
    """What the command prints.

    Raises:
        NoNetwork: It failed.
    """
    try:
        ran = subprocess.run(words, capture_output=True, text=True, check=False)
    except OSError as error:
        raise NoNetwork(str(error)) from error
    if ran.returncode:
        raise NoNetwork(f"{' '.join(words)}: {ran.stderr.strip()}")
    return ran.stdout
