"""The database key: 256 random bits, wrapped by this machine and, pair by pair, by the officers (DESIGN §5).

The machine's wrap lets sync and reading run unattended; on Windows it is DPAPI's, elsewhere a key in a file of mode
0600, which protects against other users of the machine and not against whoever carries the disk away (ADR 0004).
The officers' wraps open the book where the machine's key is lost: any two of them, with both PINs together.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from itertools import combinations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from pollbook import cbor
from pollbook.cbor import Fields
from pollbook.failures import Failure, InputInvalid, WorldFailed
from pollbook.files import write_secret
from pollbook.people import PinCost, unwrap, wrap
from pollbook.store.home import StationHome

DATABASE_KEY_BYTES = 32
_KEYS_BYTES_MAX = 256 * 1024
_PAIRS_MAX = 4096
_NONCE_BYTES = 12


def make_keys(home: StationHome, pins: Mapping[str, str], cost: PinCost) -> bytes:
    """A new database key, wrapped by this machine and by every pair of the officers in `pins` (key to PIN)."""
    key = os.urandom(DATABASE_KEY_BYTES)
    pairs = [_pair(key, pins, pair, cost) for pair in combinations(sorted(pins), 2)]
    _write(home, _protect(home, key), pairs)
    return key


def machine_opens(home: StationHome) -> bytes:
    """The database key, by the machine's wrap.

    Raises:
        WorldFailed: `BOOK_KEY_MISSING` where this machine cannot open it; two officers can (`officers_open`).
    """
    wrapped, _ = _read(home)
    try:
        return _unprotect(home, wrapped)
    except (OSError, InvalidTag, ValueError) as error:
        raise WorldFailed(Failure.BOOK_KEY_MISSING, path=home.machine_key) from error


def officers_open(home: StationHome, first: tuple[str, str], second: tuple[str, str]) -> bytes | None:
    """The database key by two officers' (key, PIN), and this machine opens it again; None where a PIN is wrong."""
    ordered = sorted((first, second))
    _, pairs = _read(home)
    names = [person for person, _ in ordered]
    pins = [pin for _, pin in ordered]
    for one, other, wrapped in pairs:
        if [one, other] == names and (key := unwrap(wrapped, *pins)) is not None:
            _write(home, _protect(home, key), pairs)
            return key
    return None


def machine_wraps(home: StationHome, secret: bytes) -> bytes:
    """`secret`, to be opened by this machine alone: DPAPI on Windows, elsewhere under the home's machine key."""
    return _protect(home, secret)


def machine_unwraps(home: StationHome, wrapped: bytes) -> bytes | None:
    """What `machine_wraps` wrapped, or None where this machine cannot open it."""
    try:
        return _unprotect(home, wrapped)
    except (OSError, InvalidTag, ValueError):
        return None


def add_officer(home: StationHome, person: str, pins: Mapping[str, str], cost: PinCost) -> None:
    """`person`'s wraps are those with each other officer in `pins`; the ones with officers not there are dropped.

    A PIN that was changed no longer opens anything; two officers who are both in `pins` always do.
    """
    key = machine_opens(home)
    wrapped, pairs = _read(home)
    kept = [pair for pair in pairs if person not in pair[:2]]
    made = [
        _pair(key, pins, sorted_pair, cost) for sorted_pair in combinations(sorted(pins), 2) if person in sorted_pair
    ]
    _write(home, wrapped, kept + made)


def _pair(key: bytes, pins: Mapping[str, str], pair: tuple[str, ...], cost: PinCost) -> tuple[str, str, bytes]:
    one, other = pair
    return one, other, wrap(key, cost, pins[one], pins[other])


def _write(home: StationHome, wrapped: bytes, pairs: list[tuple[str, str, bytes]]) -> None:
    write_secret(home.keys, cbor.encode([1, wrapped, [list(pair) for pair in pairs]]))


def _read(home: StationHome) -> tuple[bytes, list[tuple[str, str, bytes]]]:
    try:
        fields = Fields(cbor.decode(home.keys.read_bytes(), _KEYS_BYTES_MAX), 3)
        fields.take_int(1, 1)
        wrapped = fields.take_bytes(0, 4096)
        pairs = [Fields(item, 3) for item in fields.take_array(_PAIRS_MAX)]
        return wrapped, [(pair.take_text(40), pair.take_text(40), pair.take_bytes(0, 512)) for pair in pairs]
    except (OSError, InputInvalid) as error:
        raise WorldFailed(Failure.BOOK_KEY_MISSING, path=home.keys) from error


if sys.platform == "win32":
    from pollbook.store import dpapi

    def _protect(home: StationHome, key: bytes) -> bytes:
        del home
        return dpapi.protect(key)

    def _unprotect(home: StationHome, wrapped: bytes) -> bytes:
        del home
        return dpapi.unprotect(wrapped)

else:

    def _protect(home: StationHome, key: bytes) -> bytes:
        if not home.machine_key.exists():
            write_secret(home.machine_key, AESGCM.generate_key(256))
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + AESGCM(home.machine_key.read_bytes()).encrypt(nonce, key, None)

    def _unprotect(home: StationHome, wrapped: bytes) -> bytes:
        machine = AESGCM(home.machine_key.read_bytes())
        return machine.decrypt(wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], None)
