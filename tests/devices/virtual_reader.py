"""A real pcscd with two virtual readers, in namespaces of its own: no other program's readers, no open port."""

from __future__ import annotations

import ctypes
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from devices.smartcard import pcsc, vpcd
from devices.smartcard.faults import ServiceAway

DRIVER = Path("/usr/lib/pcsc/drivers/serial/libifdvpcd.so")
PORT = 39_425
FIRST, SECOND = "Virtual PCD 00 00", "Virtual PCD 00 01"
_NEW_NETWORK = 0x40000000
_APART = ("unshare", "--mount", "--net")
_START = """
set -e
mount -t tmpfs none /run
mkdir /run/pcscd
mount --bind "$1" /run/pcscd
ip link set lo up
exec pcscd --foreground --error --config "$2"
"""
_WAIT_S = 20.0


def why_not() -> str | None:
    """Why there can be no virtual reader here, or None."""
    if shutil.which("pcscd", path=f"{os.environ['PATH']}:/usr/sbin:/sbin") is None:
        return "pcscd isn't installed"
    if not DRIVER.exists():
        return "the driver vsmartcard-vpcd isn't installed"
    if subprocess.run([*_APART, "true"], check=False, capture_output=True).returncode:
        return "the driver listens on every address, and only root may keep it in a network of its own"
    return None


def until(is_so: Callable[[], bool]) -> None:
    """Return once it is so; what other processes do is waited for, not slept for."""
    end = time.monotonic() + _WAIT_S
    moment = threading.Event()
    while not is_so():
        assert time.monotonic() < end, "it never came to be so"
        moment.wait(0.01)


@dataclass
class VirtualReaders:
    """pcscd and its virtual readers; it can be stopped and started again."""

    folder: Path
    process: subprocess.Popen[bytes] | None = field(default=None)

    def start(self) -> None:
        """The service runs, and its driver waits for cards."""
        (self.folder / "run").mkdir(exist_ok=True)
        config = self.folder / "reader.conf"
        config.write_text(
            f'FRIENDLYNAME "Virtual PCD"\nDEVICENAME /dev/null:{PORT:#x}\nLIBPATH {DRIVER}\nCHANNELID {PORT:#x}\n',
            "ascii",
        )
        words = [*_APART, "sh", "-c", _START, "sh", str(self.folder / "run"), str(config)]
        path = f"{os.environ['PATH']}:/usr/sbin:/sbin"
        self.process = subprocess.Popen(words, env=os.environ | {"PATH": path}, stdout=subprocess.DEVNULL)
        until(self._lists_both)

    def _lists_both(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, "pcscd ended"
        try:
            return [reader.name for reader in pcsc.list_readers()] == [FIRST, SECOND]
        except ServiceAway:
            return False

    def stop(self) -> None:
        """The service is stopped, and its readers are gone."""
        assert self.process is not None
        self.process.terminate()
        self.process.wait(_WAIT_S)
        self.process = None
        for left in (self.folder / "run").iterdir():
            left.unlink()

    @contextmanager
    def card(self, card: vpcd.Card, reader: str = FIRST) -> Iterator[threading.Thread]:
        """The card lies on a reader, and is taken off at the end if it wasn't pulled before."""
        powered, laid = threading.Event(), threading.Event()
        connections: list[socket.socket] = []

        def lie() -> None:
            self._enter_network()
            connections.append(vpcd.lay_on_reader(PORT + (reader == SECOND)))
            laid.set()
            vpcd.serve(card, connections[0], powered.set)

        thread = threading.Thread(target=lie, daemon=True)
        thread.start()
        try:
            assert laid.wait(_WAIT_S), "the driver doesn't listen"
            until(lambda: has_card(reader))
            yield thread
        finally:
            for connection in connections:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            thread.join(_WAIT_S)
            if self.process is not None:
                until(lambda: not has_card(reader))

    def _enter_network(self) -> None:
        """This thread's sockets are of the network that pcscd is in."""
        assert self.process is not None
        with Path(f"/proc/{self.process.pid}/ns/net").open("rb") as network:
            if ctypes.CDLL(None, use_errno=True).setns(network.fileno(), _NEW_NETWORK):
                raise OSError(ctypes.get_errno(), "setns")


def has_card(name: str) -> bool:
    return any(reader.name == name and reader.has_card for reader in pcsc.list_readers())
