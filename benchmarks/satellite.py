"""A satellite link in two network namespaces: real TCP at both ends, between them a relay with rate, delay and loss.

    station 10.9.0.1  ── veth ──  relay (this process)  ── veth ──  10.9.0.2 register

Every IP packet is counted where it enters the link, lost ones too: that is what the wire costs on all layers. Needs
no kernel module for emulation; runs as root, or as an ordinary user where user namespaces are allowed.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import heapq
import os
import random
import select
import shutil
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

STATION, REGISTER = "10.9.0.1", "10.9.0.2"
_INSIDE = "UCHASTKA_SATELLITE"
_ETH_P_ALL = 0x0003
_ETHERNET_BYTES = 14
_PACKET_OUTGOING = 4
_SIOCETHTOOL = 0x8946
_NO_OFFLOAD = (0x17, 0x1F, 0x24, 0x2C)
"""ETHTOOL_STXCSUM, STSO, SGSO, SGRO: what enters the relay are packets as a modem would see them."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What a link does to packets: `queue_s` is how much waits in each direction before more is dropped."""

    name: str
    up_kbit: float
    down_kbit: float
    round_trip_s: float
    loss: float = 0.0
    queue_s: float = 2.0

    def without_loss(self) -> Profile:
        """The same link on a clear day."""
        return replace(self, name=f"{self.name} without loss", loss=0.0)


SAT = Profile("sat", 128, 128, 0.6, 0.01)
SAT_POOR = Profile("sat-poor", 64, 512, 0.6, 0.05)
FAST = Profile("fast", 1_000_000, 1_000_000, 0.0)
"""For setting up."""


@dataclass(slots=True)
class Counters:
    """IP bytes and packets since the start, in each direction; connections by their first packets."""

    bytes_up: int = 0
    bytes_down: int = 0
    packets_up: int = 0
    packets_down: int = 0
    connections: int = 0

    def since(self, earlier: Counters) -> Counters:
        """What came on top of `earlier`."""
        return Counters(*(getattr(self, name) - getattr(earlier, name) for name in Counters.__slots__))


def enter() -> None:
    """Go on in a network namespace of our own; ends the program with status 4 where the system allows none."""
    if os.environ.get(_INSIDE) == "1":
        return
    unshare = [*("unshare", "-n"), *(() if os.geteuid() == 0 else ("-U", "-r"))]
    if not shutil.which("ip") or subprocess.run([*unshare, "true"], check=False, capture_output=True).returncode:
        print("The link cannot be emulated here: it takes iproute2 and network namespaces.", file=sys.stderr)
        sys.exit(4)
    environment = {**os.environ, _INSIDE: "1"}
    os.execvpe(unshare[0], [*unshare, sys.executable, *sys.argv], environment)  # noqa: S606 - itself, in a namespace


class Link:
    """The two namespaces and the relay between them; `profile` and `is_cut` may be changed while it runs."""

    def __init__(self, seed: int = 1) -> None:
        self.profile = FAST
        self.is_cut = False
        self.counters = Counters()
        self._random = random.Random(seed)
        self._ends = [subprocess.Popen(["unshare", "-n", "sleep", "infinity"]) for _ in range(2)]
        self._is_ending = threading.Event()
        try:
            self._sockets = self._join()
        except BaseException:
            self._end()
            raise
        self._thread = threading.Thread(target=self._relay)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._is_ending.set()
        self._thread.join()
        for packets in self._sockets:
            packets.close()
        self._end()

    def _end(self) -> None:
        for end in self._ends:
            end.kill()
            end.wait()

    def at_station(self, command: Sequence[str | Path]) -> list[str | Path]:
        """The command, run in the station's namespace."""
        return self._inside(0, command)

    def at_register(self, command: Sequence[str | Path]) -> list[str | Path]:
        """The command, run in the register's namespace."""
        return self._inside(1, command)

    @contextlib.contextmanager
    def metered(self) -> Iterator[Counters]:
        """Counters that hold, at the end of the block, what went over the link in it."""
        before, found = replace(self.counters), Counters()
        yield found
        spent = self.counters.since(before)
        for name in Counters.__slots__:
            setattr(found, name, getattr(spent, name))

    def _inside(self, end: int, command: Sequence[str | Path]) -> list[str | Path]:
        return ["nsenter", "-t", str(self._ends[end].pid), "-n", *command]

    def _join(self) -> tuple[socket.socket, socket.socket]:
        _wait_for_namespaces([end.pid for end in self._ends])
        _run("ip link set lo up")
        for name, relay in (("station", "relay0"), ("register", "relay1")):
            _run(f"ip link add {name} type veth peer name {relay}")
            _run(f"sysctl -qw net.ipv6.conf.{relay}.disable_ipv6=1")
            for each in (name, relay):
                _no_offload(each)
            _run(f"ip link set {relay} up")
        addresses = [_address_of(name) for name in ("station", "register")]
        for number, (name, own, other) in enumerate((("station", STATION, REGISTER), ("register", REGISTER, STATION))):
            _run(f"ip link set {name} netns {self._ends[number].pid}")
            for command in (
                f"sysctl -qw net.ipv6.conf.{name}.disable_ipv6=1",
                "ip link set lo up",
                f"ip addr add {own}/24 dev {name}",
                f"ip link set {name} up",
                f"ip neigh replace {other} lladdr {addresses[1 - number]} dev {name} nud permanent",
                "sysctl -qw net.ipv4.tcp_no_metrics_save=1",
            ):
                _run(command, self._inside(number, []))
        station, register = (socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.ntohs(_ETH_P_ALL)) for _ in "ab")
        for packets, relay in ((station, "relay0"), (register, "relay1")):
            packets.bind((relay, _ETH_P_ALL))
            packets.setblocking(False)
        return station, register

    def _relay(self) -> None:
        station, register = self._sockets
        on_the_way: list[tuple[float, int, socket.socket, bytes]] = []
        free_at = {station: 0.0, register: 0.0}
        number = 0
        while not self._is_ending.is_set():
            while on_the_way and on_the_way[0][0] <= time.monotonic():
                _, _, out, frame = heapq.heappop(on_the_way)
                with contextlib.suppress(OSError):
                    out.send(frame)
            wait_s = min(0.02, max(0.0, on_the_way[0][0] - time.monotonic())) if on_the_way else 0.02
            for packets in select.select([station, register], [], [], wait_s)[0]:
                for frame in _frames(packets):
                    arrives_at = self._arrives_at(frame, packets is station, free_at, packets)
                    if arrives_at is not None:
                        number += 1
                        out = register if packets is station else station
                        heapq.heappush(on_the_way, (arrives_at, number, out, frame))

    def _arrives_at(
        self, frame: bytes, is_up: bool, free_at: dict[socket.socket, float], source: socket.socket
    ) -> float | None:
        """When the frame is at the other end; None where it is lost."""
        profile, now = self.profile, time.monotonic()
        size = len(frame) - _ETHERNET_BYTES
        starts_at = max(now, free_at[source])
        if starts_at - now > profile.queue_s:
            return None
        self._count(frame, size, is_up)
        free_at[source] = starts_at + size * 8 / 1000 / (profile.up_kbit if is_up else profile.down_kbit)
        if self.is_cut or self._random.random() < profile.loss:
            return None
        return free_at[source] + profile.round_trip_s / 2

    def _count(self, frame: bytes, size: int, is_up: bool) -> None:
        if is_up:
            self.counters.bytes_up += size
            self.counters.packets_up += 1
        else:
            self.counters.bytes_down += size
            self.counters.packets_down += 1
        flags_at = _ETHERNET_BYTES + 4 * (frame[_ETHERNET_BYTES] & 15) + 13
        is_tcp = frame[12:14] == b"\x08\x00" and frame[23] == socket.IPPROTO_TCP
        self.counters.connections += is_tcp and frame[flags_at] & 0x12 == 2


def _frames(packets: socket.socket) -> Iterator[bytes]:
    for _ in range(64):
        try:
            frame, address = packets.recvfrom(70_000)
        except BlockingIOError:
            return
        if address[2] != _PACKET_OUTGOING:
            yield frame


def _wait_for_namespaces(pids: Sequence[int]) -> None:
    own = Path("/proc/self/ns/net").readlink()
    until = time.monotonic() + 5
    while any(Path(f"/proc/{pid}/ns/net").readlink() == own for pid in pids):
        if time.monotonic() > until:
            sys.exit("the namespaces do not come")
        time.sleep(0.01)


def _address_of(interface: str) -> str:
    shown = subprocess.check_output(["ip", "-o", "link", "show", interface], text=True)
    return shown.partition("link/ether ")[2].split()[0]


def _run(command: str, inside: Sequence[str | Path] = ()) -> None:
    subprocess.run([*inside, *command.split()], check=True)


def _no_offload(interface: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        for command in _NO_OFFLOAD:
            value = ctypes.create_string_buffer(struct.pack("II", command, 0))
            request = struct.pack("16sP", interface.encode(), ctypes.addressof(value))
            with contextlib.suppress(OSError):  # what an interface cannot do at all needs no switching off
                fcntl.ioctl(control, _SIOCETHTOOL, request)
