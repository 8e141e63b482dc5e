"""PINs, and the keys they guard.

A person's own Ed25519 key is wrapped under Argon2id over the PIN; to open it is to prove the PIN, so no other
verifier is stored. The wrapped keys live inside the encrypted book: whoever has only the disk cannot try PINs.
The database key's officer wrap lies outside it, under two officers' PINs together: 10^12 tries for six digits each.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from itertools import pairwise

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from pollbook import cbor
from pollbook.cbor import Fields
from pollbook.failures import Failure

PIN_DIGITS_MIN = 6
PIN_DIGITS_MAX = 12
TRIES_FREE = 3
"""Wrong PINs that cost no wait."""
WAIT_FIRST_S = 30
WAIT_MAX_S = 3600
_SALT_BYTES, _NONCE_BYTES, _WRAP_BYTES_MAX = 16, 12, 512


@dataclass(frozen=True, slots=True)
class PinCost:
    """How dear one try of a PIN is: Argon2id's memory in KiB, passes and lanes. Source: RFC 9106 §4."""

    memory_kib: int = 64 * 1024
    passes: int = 3
    lanes: int = 2


def pin_refusal(pin: str) -> Failure | None:
    """Why this PIN may not be chosen: 6 to 12 digits, not all alike and not a plain run such as 123456."""
    if not (pin.isascii() and pin.isdigit() and PIN_DIGITS_MIN <= len(pin) <= PIN_DIGITS_MAX):
        return Failure.PIN_TOO_SIMPLE
    steps = {int(right) - int(left) for left, right in pairwise(pin)}
    return Failure.PIN_TOO_SIMPLE if steps in ({0}, {1}, {-1}) else None


def wait_s(wrong_tries: int) -> int:
    """Seconds from the latest wrong PIN until the next try is let in: none for three, then doubling from 30 to 3600."""
    if wrong_tries < TRIES_FREE:
        return 0
    return min(WAIT_FIRST_S << min(wrong_tries - TRIES_FREE, 20), WAIT_MAX_S)


def wrap(secret: bytes, cost: PinCost, *pins: str) -> bytes:
    """`secret` under all of `pins` together (AES-256-GCM under Argon2id), with everything but the PINs to open it."""
    salt, nonce = os.urandom(_SALT_BYTES), os.urandom(_NONCE_BYTES)
    box = AESGCM(_derive(pins, salt, cost)).encrypt(nonce, secret, None)
    return cbor.encode([cost.memory_kib, cost.passes, cost.lanes, salt, nonce, box])


def unwrap(wrapped: bytes, *pins: str) -> bytes | None:
    """The secret, or None where the PINs are not those it was wrapped under.

    Raises:
        InputInvalid: `wrapped` is not what `wrap` makes.
    """
    fields = Fields(cbor.decode(wrapped, _WRAP_BYTES_MAX), 6)
    cost = PinCost(fields.take_int(8, 1 << 21), fields.take_int(1, 100), fields.take_int(1, 64))
    salt, nonce = fields.take_bytes(_SALT_BYTES, _SALT_BYTES), fields.take_bytes(_NONCE_BYTES, _NONCE_BYTES)
    box = fields.take_bytes(16, _WRAP_BYTES_MAX)
    try:
        return AESGCM(_derive(pins, salt, cost)).decrypt(nonce, box, None)
    except InvalidTag:
        return None


def _derive(pins: tuple[str, ...], salt: bytes, cost: PinCost) -> bytes:
    kdf = Argon2id(salt=salt, length=32, iterations=cost.passes, lanes=cost.lanes, memory_cost=cost.memory_kib)
    return kdf.derive("\0".join(pins).encode())
