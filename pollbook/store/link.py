"""Where the register is, and the keys by which it and this device know each other."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from cryptography import x509
from sqlalchemy import Connection

from pollbook.failures import Failure, InputInvalid, WeFailed
from pollbook.signing import REGISTER_SUBJECT, SigningKey, certified_key


@dataclass(frozen=True, slots=True)
class Link:
    """What enrolment left in the book: the register's address, the election's authority, both certificates, our key."""

    url: str
    authority_pem: str
    register_certificate: bytes
    device_certificate: bytes
    device_key: SigningKey

    def register_key(self) -> bytes:
        """The register's public key, as the authority certifies it; its days were checked at enrolment.

        Raises:
            InputInvalid: The certificate does not hold.
        """
        return _register_key(self.authority_pem, self.register_certificate)


@lru_cache(maxsize=8)
def _register_key(authority_pem: str, certificate: bytes) -> bytes:
    # Asked for at each opening and each answer, always of the same two certificates: proven once.
    authority = x509.load_pem_x509_certificate(authority_pem.encode())
    return certified_key(certificate, authority, REGISTER_SUBJECT, None)


def write_link(connection: Connection, link: Link) -> None:
    """The book knows this link and no other."""
    connection.exec_driver_sql(
        "INSERT OR REPLACE INTO link VALUES (1, ?, ?, ?, ?, ?)",
        (link.url, link.authority_pem, link.register_certificate, link.device_certificate, link.device_key.seed),
    )


def read_link(connection: Connection) -> Link:
    """The link that enrolment wrote."""
    row = connection.exec_driver_sql("SELECT * FROM link WHERE id = 1").one()
    return Link(row.url, row.authority_pem, row.register_certificate, row.device_certificate, _key(row.device_seed))


def _key(seed: bytes) -> SigningKey:
    try:
        return SigningKey.from_seed(seed)
    except (ValueError, InputInvalid) as error:
        raise WeFailed(Failure.BOOK_DAMAGED, "the device's key") from error
