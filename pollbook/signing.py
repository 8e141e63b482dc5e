"""Ed25519 keys, the devices' and the register's certificates, and the envelope that a signature travels in."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.utils import CryptographyDeprecationWarning

from pollbook import cbor
from pollbook.cbor import Fields
from pollbook.failures import InputInvalid
from pollbook.types import DeviceId

ALGORITHM = "Ed25519"
REGISTER_SUBJECT = "register"
"""The name in the register's own certificate; every other one names a device by its id."""
CERTIFICATE_BYTES_MAX = 4096
DEVICE_ID_BYTES = 16
_NO_CERTIFICATE = (
    ValueError,
    TypeError,
    InvalidSignature,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    CryptographyDeprecationWarning,  # where warnings are made errors: a serial number of zero, and the like
)
# An array of four: a text of up to 20 bytes, 16 bytes, and a byte string (the body).
_HEAD = re.compile(rb"\x84[\x60-\x74].{0,20}?\x50.{16}[\x40-\x5b]", re.DOTALL)


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private Ed25519 key. Its text form shows nothing of it. Source: RFC 8032."""

    private: Ed25519PrivateKey

    @classmethod
    def generate(cls) -> SigningKey:
        """A new key from the system's randomness."""
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def from_seed(cls, seed: bytes) -> SigningKey:
        """The key whose 32-byte seed this is."""
        return cls(Ed25519PrivateKey.from_private_bytes(seed))

    @property
    def seed(self) -> bytes:
        """The 32 secret bytes, to be wrapped and stored, never logged."""
        return self.private.private_bytes_raw()

    @property
    def public(self) -> bytes:
        """The raw 32-byte public key."""
        return self.private.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        """A signature of 64 bytes."""
        return self.private.sign(message)

    def __repr__(self) -> str:
        return f"SigningKey(public={self.public.hex()})"


def is_signature(public_key: bytes, message: bytes, untrusted_signature: bytes) -> bool:
    """Whether the holder of `public_key` (32 raw bytes) signed `message`."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(untrusted_signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def device_id(public_key: bytes) -> DeviceId:
    """The name of the device that signs with this raw key: the first 16 bytes of its SHA-256."""
    return DeviceId(hashlib.sha256(public_key).digest()[:DEVICE_ID_BYTES])


def certified_key(
    untrusted_certificate: bytes, authority: x509.Certificate, subject: str, now: datetime | None
) -> bytes:
    """The raw Ed25519 key that the election's authority certifies for `subject` (the certificate's common name).

    `now` is None where a station's clock must not decide: a laptop with a dead battery still opens its book.

    Raises:
        InputInvalid: Not a certificate of this authority, for another subject, out of its days at `now`, or for
            a key of another algorithm.

    Source: RFC 5280 §6, with a path of one.
    """
    if len(untrusted_certificate) > CERTIFICATE_BYTES_MAX:
        raise InputInvalid("a certificate beyond its size")
    try:
        names, key, days = _issued(untrusted_certificate, authority)
    except _NO_CERTIFICATE as error:
        raise InputInvalid("not a certificate of this election's authority") from error
    if names != [subject]:
        raise InputInvalid("a certificate for somebody else")
    if now is not None and not days[0] <= now <= days[1]:
        raise InputInvalid("a certificate out of its days")
    if not isinstance(key, Ed25519PublicKey):
        raise InputInvalid("a certificate for a key of another algorithm")
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


@lru_cache(maxsize=1024)
def _issued(
    untrusted_certificate: bytes, authority: x509.Certificate
) -> tuple[list[str | bytes], CertificatePublicKeyTypes, tuple[datetime, datetime]]:
    """Names, key and days of a certificate that this authority signed. The same few come with every release."""
    certificate = x509.load_der_x509_certificate(untrusted_certificate)
    certificate.verify_directly_issued_by(authority)
    names = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    days = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    return [name.value for name in names], certificate.public_key(), days


def seal(purpose: str, body: bytes, key: SigningKey) -> bytes:
    """`body` in an envelope signed by `key` for one `purpose` (a message of one kind cannot pass as another)."""
    signature = key.sign(_signed_bytes(purpose, body))
    return cbor.encode([ALGORITHM, device_id(key.public), body, signature])


@dataclass(frozen=True, slots=True)
class Envelope:
    """A sealed body and who claims to have signed it; nothing is proven before `open_with`."""

    algorithm: str
    signer: DeviceId
    untrusted_body: bytes
    signature: bytes

    def open_with(self, purpose: str, public_key: bytes) -> bytes:
        """The body, signed for `purpose` by the holder of `public_key`.

        Raises:
            InputInvalid: Another algorithm, another signer or a signature that does not hold.
        """
        if self.algorithm != ALGORITHM or self.signer != device_id(public_key):
            raise InputInvalid("signed by somebody else")
        if not is_signature(public_key, _signed_bytes(purpose, self.untrusted_body), self.signature):
            raise InputInvalid("the signature does not hold")
        return self.untrusted_body


def read_envelope(untrusted: bytes, bytes_max: int) -> Envelope:
    """The parts of an envelope of at most `bytes_max` bytes, not yet proven.

    Raises:
        InputInvalid: Not an envelope.
    """
    if not _HEAD.match(untrusted):
        # Anybody may send anything: what is no envelope is refused before its items are counted and built.
        raise InputInvalid("not an envelope")
    fields = Fields(cbor.decode(untrusted, bytes_max), 4)
    return Envelope(
        fields.take_text(20),
        DeviceId(fields.take_bytes(DEVICE_ID_BYTES, DEVICE_ID_BYTES)),
        fields.take_bytes(0, bytes_max),
        fields.take_bytes(64, 64),
    )


def sign_for(purpose: str, context: bytes, payload: bytes, key: SigningKey) -> bytes:
    """A signature over `payload` for one `purpose`, where both sides know the signer and the `context`.

    What the receiver knows beforehand (who writes, and to what this is the answer) is signed and not sent.
    """
    return key.sign(_signed_bytes(purpose, _in_context(context, payload)))


def is_signed_for(purpose: str, context: bytes, payload: bytes, untrusted_signature: bytes, public_key: bytes) -> bool:
    """Whether the holder of `public_key` signed `payload` for `purpose` in this context."""
    return is_signature(public_key, _signed_bytes(purpose, _in_context(context, payload)), untrusted_signature)


def _signed_bytes(purpose: str, body: bytes) -> bytes:
    return b"uchastka " + purpose.encode("ascii") + b"\0" + body


def _in_context(context: bytes, payload: bytes) -> bytes:
    return len(context).to_bytes(2, "big") + context + payload
