"""Encrypting to one receiver, so that whoever carries the bytes (a USB stick, a paper, a neighbour) reads nothing.

    ephemeral = X25519 key of HKDF(secret, "uchastka seal 1 ephemeral" || purpose || receiver || SHA-256(plain))
    key, nonce = HKDF(X25519(ephemeral, receiver), "uchastka seal 1 key" || purpose || ephemeral's public || receiver)
    sealed = version (1 byte) || ephemeral's public (32 bytes) || ChaCha20-Poly1305 (plain and a tag of 16 bytes)

with each part preceded by its length (2 bytes). Sealing is deterministic, because a certificate printed again must be
the same certificate (custody rule 3). The ephemeral key hangs on the plain text, so one nonce never meets two
texts, and on the sender's secret, so that nobody else can try out what the text may have been. Who has that secret
can open what it sealed. Nothing here says who sealed: what is inside is signed by itself.

Source: RFC 7748 §6.1 (X25519), RFC 5869 (HKDF), RFC 8439 §2.8 (ChaCha20-Poly1305).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from pollbook.failures import InputInvalid
from pollbook.signing import SigningKey

PUBLIC_BYTES = 32
SECRET_BYTES_MIN = 32
PLAIN_BYTES_MAX = 64 * 1024 * 1024
"""More than a precinct's whole day; what is larger is cut before it is sealed."""
_VERSION = b"\x01"
_SEED_BYTES = 32
_KEY_BYTES, _NONCE_BYTES, _TAG_BYTES = 32, 12, 16
_PURPOSE_BYTES_MAX = 80
OVERHEAD_BYTES = len(_VERSION) + PUBLIC_BYTES + _TAG_BYTES
"""By how much the sealed bytes are longer than the plain ones."""


@dataclass(frozen=True, slots=True)
class BoxKey:
    """A private X25519 key, to which others encrypt. Its text form shows nothing of it. Source: RFC 7748."""

    private: X25519PrivateKey

    @classmethod
    def from_seed(cls, seed: bytes) -> BoxKey:
        """The key whose 32 secret bytes these are."""
        return cls(X25519PrivateKey.from_private_bytes(seed))

    @property
    def seed(self) -> bytes:
        """The 32 secret bytes, never logged."""
        return self.private.private_bytes_raw()

    @property
    def public(self) -> bytes:
        """The raw 32-byte public key, which others encrypt to."""
        return self.private.public_key().public_bytes_raw()

    def __repr__(self) -> str:
        return f"BoxKey(public={self.public.hex()})"


def box_key_of(key: SigningKey) -> BoxKey:
    """The box key that belongs to a signing key: always the same one, so nothing more has to be stored.

    Source: RFC 5869; the signing key's 32 random bytes are the keying material.
    """
    return BoxKey.from_seed(_derive(key.seed, b"uchastka box key 1", _SEED_BYTES))


def seal_to(receiver_public: bytes, purpose: str, plain: bytes, secret: bytes) -> bytes:
    """`plain`, to be read by the holder of one box key only; the same input gives the same bytes.

    Args:
        receiver_public: The receiver's 32-byte box key.
        purpose: What the bytes are for, up to 80 ASCII characters; they open for the same purpose only.
        plain: Up to 64 MiB.
        secret: At least 32 secret bytes of the sender's, for example the seed of its signing key.

    Returns:
        `OVERHEAD_BYTES` (49) more bytes than `plain` has.

    Raises:
        InputInvalid: `receiver_public` is no key that can be encrypted to.
        ValueError: Another argument is out of its bounds.
    """
    if len(secret) < SECRET_BYTES_MIN or len(plain) > PLAIN_BYTES_MAX:
        raise ValueError("too short a secret or too long a text")
    named = _named(purpose)
    digest = hashlib.sha256(plain).digest()
    info = _framed(b"uchastka seal 1 ephemeral", named, receiver_public, digest)
    ephemeral = BoxKey.from_seed(_derive(secret, info, _SEED_BYTES))
    public = ephemeral.public
    key, nonce = _key_and_nonce(ephemeral, receiver_public, named, (public, receiver_public))
    sealed = ChaCha20Poly1305(key).encrypt(nonce, plain, _associated(named, public, receiver_public))
    return _VERSION + public + sealed


def open_sealed(untrusted: bytes, key: BoxKey, purpose: str) -> bytes:
    """What was sealed to the holder of `key` for `purpose`; says nothing of who sealed it.

    Raises:
        InputInvalid: Not sealed bytes of this version, cut short, changed, for somebody else or for another purpose.
    """
    if not OVERHEAD_BYTES <= len(untrusted) <= PLAIN_BYTES_MAX + OVERHEAD_BYTES or untrusted[:1] != _VERSION:
        raise InputInvalid("not sealed bytes of this version")
    named = _named(purpose)
    ephemeral, sealed = untrusted[1 : 1 + PUBLIC_BYTES], untrusted[1 + PUBLIC_BYTES :]
    box_key, nonce = _key_and_nonce(key, ephemeral, named, (ephemeral, key.public))
    try:
        return ChaCha20Poly1305(box_key).decrypt(nonce, sealed, _associated(named, ephemeral, key.public))
    except InvalidTag as error:
        raise InputInvalid("changed, or sealed to somebody else or for something else") from error


def _key_and_nonce(ours: BoxKey, theirs: bytes, purpose: bytes, publics: tuple[bytes, bytes]) -> tuple[bytes, bytes]:
    try:
        shared = ours.private.exchange(X25519PublicKey.from_public_bytes(theirs))
    except ValueError as error:  # of another length, or of a small order, where everybody could know the outcome
        raise InputInvalid("not a key that can be encrypted to") from error
    derived = _derive(shared, _framed(b"uchastka seal 1 key", purpose, *publics), _KEY_BYTES + _NONCE_BYTES)
    return derived[:_KEY_BYTES], derived[_KEY_BYTES:]


def _associated(purpose: bytes, ephemeral: bytes, receiver: bytes) -> bytes:
    return _framed(_VERSION, purpose, ephemeral, receiver)


def _derive(material: bytes, info: bytes, length_bytes: int) -> bytes:
    return HKDF(SHA256(), length_bytes, salt=None, info=info).derive(material)


def _named(purpose: str) -> bytes:
    named = purpose.encode("ascii")
    if not 0 < len(named) <= _PURPOSE_BYTES_MAX:
        raise ValueError("a purpose without a name, or too long a one")
    return named


def _framed(*parts: bytes) -> bytes:
    return b"".join(len(part).to_bytes(2, "big") + part for part in parts)
