"""A camera's address together with what opens it; no OpenCV, so that whoever only names cameras stays small."""

from __future__ import annotations

from dataclasses import dataclass

from devices.camera.address import Address, Credentials, split_address
from devices.camera.values import CameraFailed, Trouble


@dataclass(frozen=True, slots=True)
class Place:
    """A camera's address with what is needed to open it; the text form holds no secret.

    Attributes:
        address: Where it is.
        credentials: For whom it opens.
        device: The name that a USB camera had when it was chosen.
    """

    address: Address
    credentials: Credentials | None = None
    device: str = ""


def place_of(untrusted_address: str, user: str | None, password: str | None, device: str = "") -> Place:
    """The place that a person named, with what it is opened with; what stands in the address itself comes second.

    Raises:
        CameraFailed: `ADDRESS_INVALID`.
    """
    address, given = split_address(untrusted_address)
    if user and password is not None:
        given = Credentials(user, password)
    if given is not None and not address.is_network:
        raise CameraFailed(Trouble.ADDRESS_INVALID)
    return Place(address, given, device)
