"""Who vouches for a folder of recordings: the book's device, as a file beside its camera ledger tells it."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from pollbook import cbor
from pollbook.camera_entries import camera_origin
from pollbook.cbor import Fields
from pollbook.failures import InputInvalid
from pollbook.files import write_secret
from pollbook.ledger import Head
from pollbook.signing import certified_key
from pollbook.store.book import Book
from pollbook.store.camera_ledger import LedgerRead, read_ledger
from pollbook.types import BookName, DeviceId, ElectionId

_SCHEMA = 1
_BYTES_MAX = 64 * 1024
_FILE = re.compile(r"station-([0-9a-f]{32}\.[1-9]\d{0,8})\.cbor", re.ASCII)


@dataclass(frozen=True, slots=True)
class Vouching:
    """A device with its certificate, and the authority that the folder names; who trusts that has to know it."""

    election: ElectionId
    book: BookName
    certificate: bytes
    authority_pem: str

    @property
    def start(self) -> Head:
        """Where the device's camera ledger begins."""
        return camera_origin(self.election, self.book)

    @property
    def authority_sha256(self) -> str:
        """The authority, as it is compared with what an inspector knows."""
        authority = x509.load_pem_x509_certificate(self.authority_pem.encode())
        return hashlib.sha256(authority.public_bytes(Encoding.DER)).hexdigest()

    def public_key(self) -> bytes:
        """The device's key, as the authority certifies it.

        Raises:
            InputInvalid: It doesn't.
        """
        try:
            authority = x509.load_pem_x509_certificate(self.authority_pem.encode())
        except ValueError as error:
            raise InputInvalid("not an authority") from error
        return certified_key(self.certificate, authority, self.book.device.hex(), None)

    def read(self, untrusted_ledger: bytes) -> LedgerRead:
        """The device's camera ledger in these bytes, as far as it holds.

        Raises:
            InputInvalid: The device's certificate doesn't hold.
        """
        return read_ledger(untrusted_ledger, self.start, self.public_key())


def vouching_of(book: Book) -> Vouching:
    """The device of this book."""
    return Vouching(book.election.id, book.name, book.link.device_certificate, book.link.authority_pem)


def write_vouching(root: Path, vouching: Vouching) -> None:
    """The folder of recordings tells who vouches for it.

    Raises:
        OSError: The disk didn't take it.
    """
    path = root / f"station-{vouching.book}.cbor"
    book = [vouching.book.device, vouching.book.epoch]
    content = cbor.encode([_SCHEMA, vouching.election, book, vouching.certificate, vouching.authority_pem])
    if not path.exists() or path.read_bytes() != content:
        write_secret(path, content)


def read_vouchings(root: Path) -> list[Vouching]:
    """The devices that vouch for the folder, as it says; what can't be read is passed over."""
    found = []
    for path in sorted(root.glob("station-*.cbor")):
        if _FILE.fullmatch(path.name):
            try:
                found.append(_decode(path.read_bytes()))
            except InputInvalid:
                continue
    return found


def ledger_path(root: Path, book: BookName) -> Path:
    """The copy of the device's camera ledger in a folder of recordings."""
    return root / f"ledger-{book}.cbor"


def _decode(untrusted: bytes) -> Vouching:
    fields = Fields(cbor.decode(untrusted, _BYTES_MAX), 5)
    fields.take_int(_SCHEMA, _SCHEMA)
    election, book = fields.take_text(100), Fields(fields.take_array(2), 2)
    name = BookName(DeviceId(book.take_bytes(16, 16)), book.take_int(1))
    return Vouching(ElectionId(election), name, fields.take_bytes(1, 8192), fields.take_text(8192))
