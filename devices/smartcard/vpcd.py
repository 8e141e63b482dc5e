"""A card in the virtual reader of vsmartcard-vpcd: whatever answers like a card lies in a real PC/SC reader.

The driver listens, the card connects to it. A message is two bytes of length and its content; content of one byte is
a control: power off, power on, reset, or the question for the ATR. Closing the connection takes the card off.

Source: the protocol of vsmartcard's virtualsmartcard (its documentation, "vpcd and vpicc").
"""

import socket
import struct
from collections.abc import Callable
from typing import Final, Protocol

from devices.smartcard.faults import CardRemoved

PORT: Final = 35_963
"""Where Debian's driver listens for a card in its first slot; the second slot is one further."""

_LENGTH: Final = struct.Struct(">H")
_CONNECT_S: Final = 5.0
# Linux alone has it: without it each answer waits 40 ms for the driver's delayed acknowledgement (FACTS §4).
_QUICK_ACKNOWLEDGEMENT: Final[int | None] = getattr(socket, "TCP_QUICKACK", None)


class Card(Protocol):
    """What can lie in the reader."""

    @property
    def atr(self) -> bytes: ...

    def exchange(self, raw: bytes) -> bytes: ...

    def reset(self) -> None: ...


def lay_on_reader(port: int = PORT, host: str = "127.0.0.1") -> socket.socket:
    """Return a connection to the driver: the card lies on the reader as long as it is open.

    Raises:
        OSError: No driver listens there.
    """
    connection = socket.create_connection((host, port), timeout=_CONNECT_S)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.settimeout(None)
    return connection


def serve(card: Card, connection: socket.socket, told: Callable[[], None] = lambda: None) -> None:
    """The card answers until the driver or whoever laid it there closes the connection, or it is pulled.

    A card that answers nothing at all is taken off: the driver would wait for it for ever.

    Args:
        card: What answers.
        connection: Of `lay_on_reader`; it is closed at the end.
        told: Called once the driver has given the card power, which is when programs see it.
    """
    with connection:
        while (message := _receive(connection)) is not None:
            try:
                answer = _answer(card, message, told)
            except CardRemoved:
                return
            if answer is not None:
                if not answer:
                    return
                try:
                    connection.sendall(_LENGTH.pack(len(answer)) + answer)
                except OSError:
                    return


def _answer(card: Card, message: bytes, told: Callable[[], None]) -> bytes | None:
    if len(message) != 1:
        return card.exchange(message)
    match message[0]:
        case 0 | 2:
            card.reset()
        case 1:
            card.reset()
            told()
        case 4:
            return card.atr
    return None


def _receive(connection: socket.socket) -> bytes | None:
    """One message; None when the connection is closed."""
    header = _exactly(connection, _LENGTH.size)
    return None if header is None else _exactly(connection, _LENGTH.unpack(header)[0])


def _exactly(connection: socket.socket, count: int) -> bytes | None:
    parts, missing = [], count
    while missing:
        if _QUICK_ACKNOWLEDGEMENT is not None:  # the system takes it back after each packet
            connection.setsockopt(socket.IPPROTO_TCP, _QUICK_ACKNOWLEDGEMENT, 1)
        try:
            part = connection.recv(missing)
        except OSError:
            return None
        if not part:
            return None
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)
