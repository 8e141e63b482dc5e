"""A spare: a laptop with a key, a certificate and a link, and no list until it takes over a book (DESIGN §1)."""

from __future__ import annotations

from pollbook import cbor
from pollbook.cbor import Fields
from pollbook.failures import Failure, InputInvalid, WorldFailed
from pollbook.files import write_secret
from pollbook.signing import CERTIFICATE_BYTES_MAX, SigningKey
from pollbook.store.home import StationHome
from pollbook.store.keys import machine_unwraps, machine_wraps
from pollbook.store.link import Link

_VERSION = 1
_BYTES_MAX = 64 * 1024
_TEXT_MAX = 32 * 1024


def keep_spare(home: StationHome, link: Link) -> None:
    """`home` is a spare's, with this link; only this machine can read it.

    Raises:
        OSError: The disk did not take it.
    """
    fields = [_VERSION, link.url, link.authority_pem, link.register_certificate, link.device_certificate]
    write_secret(home.spare, machine_wraps(home, cbor.encode([*fields, link.device_key.seed])))


def is_spare(home: StationHome) -> bool:
    """Whether a spare that has not taken over yet lives in `home`."""
    return home.spare.exists() and not home.exists()


def read_spare(home: StationHome) -> Link:
    """The spare's link.

    Raises:
        WorldFailed: `NOT_A_SPARE`; `BOOK_KEY_MISSING`: this machine cannot open what is there.
    """
    try:
        wrapped = home.spare.read_bytes()
    except OSError as error:
        raise WorldFailed(Failure.NOT_A_SPARE, path=home.path) from error
    opened = machine_unwraps(home, wrapped)
    if opened is None:
        raise WorldFailed(Failure.BOOK_KEY_MISSING, path=home.spare)
    try:
        fields = Fields(cbor.decode(opened, _BYTES_MAX), 6)
        fields.take_int(_VERSION, _VERSION)
        url, authority_pem = fields.take_text(_TEXT_MAX), fields.take_text(_TEXT_MAX)
        register, device = (fields.take_bytes(1, CERTIFICATE_BYTES_MAX) for _ in range(2))
        return Link(url, authority_pem, register, device, SigningKey.from_seed(fields.take_bytes(32, 32)))
    except InputInvalid as error:
        raise WorldFailed(Failure.BOOK_KEY_MISSING, path=home.spare) from error
