"""A counter outside the database: how far the ledger had come, so that a database put back from a copy is noticed.

It is written after the entries are on the disk and never before, hence it is behind the ledger or level with it; one
that is ahead, or of another history, shows that the database is older than this machine remembers (custody rule 8).
It finds the copy of a database put back alone. Whoever puts back the whole folder is found by the mirror and by the
register; where the counter is missing or was damaged by a crash, they decide alone.

    counter = CBOR [1, number, hash, MAC]; MAC = HMAC-SHA-256 under a key derived from the database's

Source: RFC 2104 (HMAC), RFC 5869 (HKDF).
"""

from __future__ import annotations

import hashlib
import hmac

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from pollbook import cbor
from pollbook.cbor import Fields
from pollbook.failures import InputInvalid
from pollbook.files import write_secret
from pollbook.ledger import HEAD_BYTES, Head
from pollbook.store.home import StationHome
from pollbook.types import EntryNumber

_VERSION = 1
_BYTES_MAX = 200
_MAC_BYTES = 32


def counter_key(database_key: bytes) -> bytes:
    """The key of the counter's MAC, which says nothing of the database's. Source: RFC 5869."""
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"uchastka head counter 1").derive(database_key)


def write_counter(home: StationHome, key: bytes, head: Head) -> None:
    """The counter says `head`, on the disk, under `counter_key`'s key; that entry must be there already.

    Raises:
        OSError: The disk did not take it; the counter is as it was.
    """
    write_secret(home.counter, cbor.encode([_VERSION, head.number, head.hash, _mac(key, head)]))


def read_counter(home: StationHome, key: bytes) -> Head | None:
    """The head that was last counted; None where no counter of this book is there."""
    try:
        with home.counter.open("rb") as file:
            fields = Fields(cbor.decode(file.read(_BYTES_MAX), _BYTES_MAX), 4)
        fields.take_int(_VERSION, _VERSION)
        head = Head(EntryNumber(fields.take_int()), fields.take_bytes(HEAD_BYTES, HEAD_BYTES))
        untrusted_mac = fields.take_bytes(_MAC_BYTES, _MAC_BYTES)
    except (OSError, InputInvalid):
        return None
    return head if hmac.compare_digest(untrusted_mac, _mac(key, head)) else None


def _mac(key: bytes, head: Head) -> bytes:
    return hmac.new(key, head.number.to_bytes(8, "big") + head.hash, hashlib.sha256).digest()
