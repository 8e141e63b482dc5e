"""The seam to a chip: a link carries bytes, a transport carries commands, and transports stand in a chain.

A reading goes through secure messaging, over chaining, over limits, over a link. The links are a PC/SC reader
(`pcsc`), a recorded session (`replay`) and the emulator in the same process.
"""

from typing import Protocol

from devices.smartcard.apdu import Command, Response


class Link(Protocol):
    """What carries bytes to one card.

    Attributes:
        name: The reader's name, for people.
        atr: What the card said about itself when it got power; up to 33 bytes.
        data_bytes_max: How much data one command may carry through the reader; 255 if it takes short commands only,
            None if it doesn't say.
    """

    @property
    def name(self) -> str: ...

    @property
    def atr(self) -> bytes: ...

    @property
    def data_bytes_max(self) -> int | None: ...

    def exchange(self, command: bytes) -> bytes:
        """Send a command and return the answer with its status word.

        Raises:
            CardFault: There was none.
        """
        ...

    def reset(self) -> None:
        """Take the card's power and give it again; whatever was agreed with it is over.

        Raises:
            CardFault: There is no card any more.
        """
        ...


class Transport(Protocol):
    """What carries commands to one card."""

    def transmit(self, command: Command) -> Response:
        """Send a command and return its whole response.

        Raises:
            CardFault: There was none, or it can't be one.
        """
        ...
