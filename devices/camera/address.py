"""Where a camera is, without its password; what a person or a log may see of it.

    rtsp://HOST[:PORT]/PATH   rtsps://…   http://…   https://…     usb:N   file:PATH   scene:SEED

A password never stands in an address that is kept: `split_address` takes it out at the door.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from devices.camera.values import CameraFailed, Trouble

NETWORK_SCHEMES = ("rtsp", "rtsps", "http", "https")
PORTS = {"rtsp": 554, "rtsps": 322, "http": 80, "https": 443}
ADDRESS_CHARACTERS_MAX = 500
_USB = re.compile(r"usb:(\d{1,3})", re.ASCII)
_SCENE = re.compile(r"scene:(\d{1,9})", re.ASCII)
_SECRET = re.compile(
    r"((?:^|[?&;])(?:pass|password|passwd|pwd|token|key|auth|user|usr|username)=)[^&;]*", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Credentials:
    """A camera's user and password. The text form shows neither."""

    user: str = field(repr=False)
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Address:
    """A camera's address; the text form is fit for a screen, a log and a command line."""

    scheme: str
    text: str = field(repr=False)

    @property
    def is_network(self) -> bool:
        """Whether it is reached over a network."""
        return self.scheme in NETWORK_SCHEMES

    @property
    def number(self) -> int:
        """The number of a USB camera, the seed of a scene."""
        return int(self.text.partition(":")[2])

    @property
    def path(self) -> Path:
        """The file of a recorded stream."""
        return Path(self.text.partition(":")[2])

    @property
    def host_and_port(self) -> tuple[str, int]:
        """Whom to call."""
        parts = urlsplit(self.text)
        return parts.hostname or "", parts.port or PORTS[self.scheme]

    def with_credentials(self, credentials: Credentials | None) -> str:
        """The address as a capture wants it: a secret, for no log, no command line and no error."""
        if credentials is None or not self.is_network:
            return self.text
        parts = urlsplit(self.text)
        who = f"{quote(credentials.user, safe='')}:{quote(credentials.password, safe='')}"
        return urlunsplit(parts._replace(netloc=f"{who}@{parts.netloc}"))

    def __str__(self) -> str:
        parts = urlsplit(self.text)
        if not self.is_network or not parts.query:
            return self.text
        return urlunsplit(parts._replace(query=_SECRET.sub(r"\1***", parts.query)))


def split_address(untrusted: str) -> tuple[Address, Credentials | None]:
    """The address, and the credentials that stood in it.

    Raises:
        CameraFailed: `ADDRESS_INVALID`.
    """
    text = untrusted.strip()
    scheme = text.partition(":")[0].lower()
    if len(text) > ADDRESS_CHARACTERS_MAX or not text.isprintable():
        raise CameraFailed(Trouble.ADDRESS_INVALID)
    if _USB.fullmatch(text) or _SCENE.fullmatch(text) or (scheme == "file" and text.partition(":")[2]):
        return Address(scheme, text), None
    if scheme not in NETWORK_SCHEMES:
        raise CameraFailed(Trouble.ADDRESS_INVALID)
    try:
        parts = urlsplit(text)
        host, _port = parts.hostname, parts.port
    except ValueError as error:
        raise CameraFailed(Trouble.ADDRESS_INVALID) from error
    if not host or any(letter.isspace() for letter in text):
        raise CameraFailed(Trouble.ADDRESS_INVALID)
    given = None
    if parts.username is not None:
        given = Credentials(unquote(parts.username), unquote(parts.password or ""))
    bare = parts._replace(scheme=scheme, netloc=parts.netloc.rpartition("@")[2], fragment="")
    return Address(scheme, urlunsplit(bare)), given
