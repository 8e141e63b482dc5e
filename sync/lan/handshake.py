"""How two desks prove themselves to each other and agree on keys that nobody else has, without a socket.

Three messages, I the desk that connects, R the one that listens:

    1. I -> R   [1, election, precinct, X]                                   in the clear
    2. R -> I   Y || seal_R([device R, certificate R, signature R, MAC R])
    3. I -> R   seal_I([device I, certificate I, signature I, MAC I])

X and Y are fresh X25519 keys. With `th` the SHA-256 of everything before, each signature is over a name of the role
and SHA-256(th || device || certificate), each MAC (HMAC-SHA-256) over the same with the signature, under a key from
the exchange: the Certificate, CertificateVerify and Finished of TLS 1.3. The keys come by HKDF-SHA-256 from
X25519(X, Y), salted with `th`.
What is signed names both fresh keys, so nothing of one connection is of use in another; the roles have their own
names and keys, so nothing can be sent back to who said it; the MAC ties each identity to the exchange, so nobody can
put his own name under somebody else's.

Source: Krawczyk, "SIGMA: the SIGn-and-MAc approach", CRYPTO 2003, §5.2 (SIGMA-I); RFC 8446 §4.4; RFC 7748; RFC 5869.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from pollbook import cbor
from pollbook.cbor import Fields
from pollbook.clock import Clock
from pollbook.failures import Failure, InputInvalid, WorldFailed
from pollbook.signing import CERTIFICATE_BYTES_MAX, is_signature
from pollbook.types import DeviceId
from sync.lan.credentials import Credentials, proven_key

VERSION = 1
HANDSHAKE_BYTES_MAX = 8192
"""Nobody is known yet: little is read."""
_NAME = b"uchastka lan 1\0"
_KEY_BYTES = 32
_NONCE = bytes(12)
"""Each key of the handshake seals one message."""
_INITIATOR, _RESPONDER = b"initiator", b"responder"


@dataclass(frozen=True, slots=True)
class Proven:
    """The device at the other end and the keys for what follows, one for each direction. Its text shows no key."""

    device: DeviceId
    certificate: bytes
    sending: ChaCha20Poly1305
    receiving: ChaCha20Poly1305


class Initiator:
    """The desk that connects."""

    def __init__(self, credentials: Credentials, clock: Clock) -> None:
        self._credentials, self._clock = credentials, clock
        self._fresh = X25519PrivateKey.generate()
        public = self._fresh.public_key().public_bytes_raw()
        self.first = cbor.encode([VERSION, credentials.election, credentials.precinct, public])
        """The first message."""

    def finish(self, untrusted_second: bytes) -> tuple[bytes, Proven]:
        """The third message and who is at the other end.

        Raises:
            WorldFailed: `NEIGHBOUR_NOT_TRUSTED`, `NEIGHBOUR_NOT_UNDERSTOOD`.
        """
        theirs, sealed = untrusted_second[:_KEY_BYTES], untrusted_second[_KEY_BYTES:]
        keys = _agree(self._fresh, theirs, _NAME + self.first + theirs)
        device, certificate = _open(keys, _RESPONDER, sealed, self._credentials, self._clock)
        keys = keys.after(sealed)
        third = _seal(keys, _INITIATOR, self._credentials)
        keys = keys.after(third)
        return third, Proven(device, certificate, keys.cipher(_INITIATOR), keys.cipher(_RESPONDER))


class Responder:
    """The desk that listens."""

    def __init__(self, credentials: Credentials, clock: Clock) -> None:
        self._credentials, self._clock = credentials, clock
        self._keys: _Keys | None = None

    def answer(self, untrusted_first: bytes) -> bytes:
        """The second message.

        Raises:
            WorldFailed: `NEIGHBOUR_OTHER_ELECTION`, `NEIGHBOUR_OTHER_PRECINCT`, `NEIGHBOUR_NOT_UNDERSTOOD`.
        """
        try:
            fields = Fields(cbor.decode(untrusted_first, HANDSHAKE_BYTES_MAX), 4)
            fields.take_int(VERSION, VERSION)
            election, precinct = fields.take_text(100), fields.take_text(9)
            theirs = fields.take_bytes(_KEY_BYTES, _KEY_BYTES)
        except InputInvalid as error:
            raise WorldFailed(Failure.NEIGHBOUR_NOT_UNDERSTOOD, str(error)) from error
        if election != self._credentials.election:
            raise WorldFailed(Failure.NEIGHBOUR_OTHER_ELECTION)
        if precinct != self._credentials.precinct:
            raise WorldFailed(Failure.NEIGHBOUR_OTHER_PRECINCT)
        fresh = X25519PrivateKey.generate()
        public = fresh.public_key().public_bytes_raw()
        keys = _agree(fresh, theirs, _NAME + untrusted_first + public)
        sealed = _seal(keys, _RESPONDER, self._credentials)
        self._keys = keys.after(sealed)
        return public + sealed

    def finish(self, untrusted_third: bytes) -> Proven:
        """Who is at the other end.

        Raises:
            WorldFailed: `NEIGHBOUR_NOT_TRUSTED`.
        """
        if self._keys is None:
            raise WorldFailed(Failure.NEIGHBOUR_NOT_UNDERSTOOD, "a third message before the second")
        device, certificate = _open(self._keys, _INITIATOR, untrusted_third, self._credentials, self._clock)
        keys = self._keys.after(untrusted_third)
        return Proven(device, certificate, keys.cipher(_RESPONDER), keys.cipher(_INITIATOR))


@dataclass(frozen=True, slots=True, repr=False)
class _Keys:
    """The exchange's secret, and the hash of all that has been said since."""

    secret: bytes
    said: bytes

    def after(self, message: bytes) -> _Keys:
        return _Keys(self.secret, hashlib.sha256(self.said + message).digest())

    def derive(self, purpose: bytes) -> bytes:
        return HKDF(SHA256(), _KEY_BYTES, self.said, _NAME + purpose).derive(self.secret)

    def cipher(self, role: bytes) -> ChaCha20Poly1305:
        return ChaCha20Poly1305(self.derive(role + b" frames"))


def _agree(fresh: X25519PrivateKey, untrusted_public: bytes, said: bytes) -> _Keys:
    try:
        secret = fresh.exchange(X25519PublicKey.from_public_bytes(untrusted_public))
    except ValueError as error:  # not 32 bytes, or a point of small order
        raise WorldFailed(Failure.NEIGHBOUR_NOT_UNDERSTOOD, "not a fresh key") from error
    return _Keys(secret, hashlib.sha256(said).digest())


def _seal(keys: _Keys, role: bytes, credentials: Credentials) -> bytes:
    device, certificate = credentials.device, credentials.certificate
    signature = credentials.key.sign(_signed(keys, role, device, certificate))
    mac = _mac(keys, role, device, certificate, signature)
    plain = cbor.encode([device, certificate, signature, mac])
    return ChaCha20Poly1305(keys.derive(role + b" proof")).encrypt(_NONCE, plain, None)


def _open(
    keys: _Keys, role: bytes, untrusted_sealed: bytes, credentials: Credentials, clock: Clock
) -> tuple[DeviceId, bytes]:
    try:
        plain = ChaCha20Poly1305(keys.derive(role + b" proof")).decrypt(_NONCE, untrusted_sealed, None)
        fields = Fields(cbor.decode(plain, HANDSHAKE_BYTES_MAX), 4)
        device = DeviceId(fields.take_bytes(16, 16))
        certificate, signature = fields.take_bytes(1, CERTIFICATE_BYTES_MAX), fields.take_bytes(64, 64)
        mac = fields.take_bytes(32, 32)
    except (InvalidTag, InputInvalid) as error:
        raise WorldFailed(Failure.NEIGHBOUR_NOT_TRUSTED, "not the proof of a device") from error
    key = proven_key(credentials, device, certificate, clock)
    if not is_signature(key, _signed(keys, role, device, certificate), signature):
        raise WorldFailed(Failure.NEIGHBOUR_NOT_TRUSTED, "the signature does not hold")
    if not hmac.compare_digest(mac, _mac(keys, role, device, certificate, signature)):
        raise WorldFailed(Failure.NEIGHBOUR_NOT_TRUSTED, "the MAC does not hold")
    return device, certificate


def _signed(keys: _Keys, role: bytes, device: DeviceId, certificate: bytes) -> bytes:
    return _NAME + role + b"\0" + hashlib.sha256(keys.said + device + certificate).digest()


def _mac(keys: _Keys, role: bytes, device: DeviceId, certificate: bytes, signature: bytes) -> bytes:
    said = hashlib.sha256(keys.said + device + certificate + signature).digest()
    return hmac.digest(keys.derive(role + b" mac"), said, "sha256")
