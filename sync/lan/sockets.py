"""The sockets of a desk: one that listens for TCP, one for announcements by UDP, and how both are opened anywhere.

Multicast goes out on each interface by its index, because a laptop whose default route is the modem would else
announce itself to the satellite only. A network that swallows it is crossed by unicast to a list of addresses.

Source: RFC 2365 §6.2 (the local scope); RFC 3493 §4 (interface indexes).
"""

from __future__ import annotations

import socket
import struct
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from pollbook.failures import Failure, WorldFailed

GROUP = "239.255.17.8"
UDP_PORT = 41_708
"""Neither is registered for anything; both can be set."""
_BACKLOG = 16
_DATAGRAM_BYTES = 2048
_HOPS = 1


@dataclass(frozen=True, slots=True)
class Network:
    """How a desk is on its network. Ports of 0 are chosen by the system; `others` are addresses to announce to."""

    address: str = "0.0.0.0"  # noqa: S104 - the station's own network; who connects must prove itself
    tcp_port: int = 0
    udp_port: int = UDP_PORT
    multicast: bool = True
    others: tuple[tuple[str, int], ...] = ()


LOOPBACK = Network("127.0.0.1", 0, 0, multicast=False)


def listen(network: Network) -> socket.socket:
    """A listening TCP socket that never blocks.

    Raises:
        WorldFailed: `PORT_TAKEN`.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        _own_port(listener)
        listener.bind((network.address, network.tcp_port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise WorldFailed(Failure.PORT_TAKEN, "tcp", port=network.tcp_port) from error
    listener.setblocking(False)
    return listener


def connect(address: str, port: int) -> socket.socket:
    """A TCP socket on its way to that address; it never blocks, and tells later whether it got there.

    Raises:
        WorldFailed: `NEIGHBOUR_AWAY`.
    """
    outgoing = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    outgoing.setblocking(False)
    try:
        with suppress(BlockingIOError):
            outgoing.connect((address, port))
        at_once(outgoing)
    except OSError as error:
        outgoing.close()
        raise WorldFailed(Failure.NEIGHBOUR_AWAY, "not reached") from error
    return outgoing


def at_once(connection: socket.socket) -> None:
    """Small messages aren't held back (RFC 896): a line moves by three of them."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


class Beacon:
    """Sends and hears announcements; an interface that takes none is passed over."""

    def __init__(self, network: Network) -> None:
        """Open the socket.

        Raises:
            WorldFailed: `PORT_TAKEN`.
        """
        self._network = network
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            _own_port(self.socket)
            self.socket.bind((network.address, network.udp_port))
        except OSError as error:
            self.socket.close()
            raise WorldFailed(Failure.PORT_TAKEN, "udp", port=network.udp_port) from error
        self.socket.setblocking(False)
        self._joined: set[int] = set()
        if network.multicast:
            self.socket.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, _HOPS)

    @property
    def port(self) -> int:
        """Where it hears."""
        port: int = self.socket.getsockname()[1]
        return port

    def send(self, datagram: bytes) -> None:
        """The datagram goes to everybody whom the network carries it to."""
        for other in self._network.others:
            with suppress(OSError):
                self.socket.sendto(datagram, other)
        if not self._network.multicast:
            return
        for index in _interfaces():
            with suppress(OSError):
                self._join(index)
                self.socket.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, _by_index(index))
                self.socket.sendto(datagram, (GROUP, self._network.udp_port))

    def hear(self) -> tuple[bytes, str] | None:
        """The next datagram and its sender's address; None where there is none at the moment."""
        try:
            datagram, (address, _) = self.socket.recvfrom(_DATAGRAM_BYTES)
        except OSError:  # nothing there, or an answer to a datagram that nobody took (Windows: WSAECONNRESET)
            return None
        return datagram, address

    def close(self) -> None:
        """Nothing is sent or heard any more."""
        self.socket.close()

    def _join(self, index: int) -> None:
        """An interface may come while the program runs: a cable is plugged in."""
        if index not in self._joined:
            self.socket.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, _membership(index))
            self._joined.add(index)


def _interfaces() -> Iterator[int]:
    with suppress(OSError):
        for index, _name in socket.if_nameindex():
            yield index


if sys.platform == "win32":

    def _own_port(bound: socket.socket) -> None:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)

    def _by_index(index: int) -> bytes:
        return struct.pack("!I", index)

    def _membership(index: int) -> bytes:
        return socket.inet_aton(GROUP) + _by_index(index)

else:

    def _own_port(bound: socket.socket) -> None:
        if bound.type == socket.SOCK_STREAM:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)

    def _by_index(index: int) -> bytes:
        return struct.pack("=4s4si", bytes(4), bytes(4), index)

    def _membership(index: int) -> bytes:
        return struct.pack("=4s4si", socket.inet_aton(GROUP), bytes(4), index)
