"""A connection to a camera on the network, secured where its address says so."""

from __future__ import annotations

import socket
import ssl

from devices.camera.address import Address
from devices.camera.values import CameraFailed, Trouble


def connect(address: Address, timeout_s: float) -> socket.socket:
    """A connection to whoever is at the address; its later calls wait for at most `timeout_s` too.

    Raises:
        CameraFailed: `UNREACHABLE` or `SILENT`.
    """
    try:
        plain = socket.create_connection(address.host_and_port, timeout_s)
        if address.scheme not in {"rtsps", "https"}:
            return plain
        # Cameras have certificates of their own making. Nothing is trusted to what they show but pictures.
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        try:
            return context.wrap_socket(plain)
        except BaseException:
            plain.close()
            raise
    except TimeoutError as error:
        raise CameraFailed(Trouble.SILENT) from error
    except (OSError, ValueError) as error:
        raise CameraFailed(Trouble.UNREACHABLE, type(error).__name__) from error
