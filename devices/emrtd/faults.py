"""What can go wrong between this program and a travel document's chip.

All are `CardFault`s, so who reads needs to catch one family. No message holds keys or what the chip holds.
"""

from enum import Enum

from devices.smartcard.faults import CardFault


class Protocol(Enum):
    """The protocols of ICAO 9303-11."""

    BAC = "BAC"
    PACE = "PACE"
    CHIP_AUTHENTICATION = "chip authentication"
    ACTIVE_AUTHENTICATION = "active authentication"


class AccessDenied(CardFault):
    """The chip didn't open: the key is wrong, or the chip has a quirk. From outside both look alike.

    Attributes:
        protocol: BAC or PACE.
        status: What the chip answered.
        tries_left: Where the chip tells it.
    """

    def __init__(self, protocol: Protocol, status: int) -> None:
        super().__init__(f"{protocol.value}: status {status:04X}")
        self.protocol = protocol
        self.status = status
        self.tries_left = status & 0x0F if status & 0xFFF0 == 0x63C0 else None


class ProtocolFailed(CardFault):
    """A protocol ended before its proof.

    Attributes:
        protocol: Which one.
        status: What the chip answered, None if its answer had the wrong content.
    """

    def __init__(self, protocol: Protocol, reason: str, status: int | None = None) -> None:
        told = "" if status is None else f": status {status:04X}"
        super().__init__(f"{protocol.value}: {reason}{told}")
        self.protocol = protocol
        self.status = status


class NotATravelDocument(CardFault):
    """The chip has no application of ICAO 9303."""


class KeyDoesNotFit(CardFault):
    """The kind of key can't open this chip: a card access number where there is no PACE."""


class DowngradeRefused(CardFault):
    """The chip offers PACE, which failed or isn't known here, and the caller didn't allow BAC instead."""


class ChannelBroken(CardFault):
    """Secure messaging ended: the answer wasn't protected, or not rightly.

    Attributes:
        status: The plain status word; None if the protection itself was wrong.
    """

    def __init__(self, reason: str, status: int | None = None) -> None:
        super().__init__(reason if status is None else f"{reason}: status {status:04X}")
        self.status = status
