"""Active authentication: the chip signs a challenge with a key that it can't give away.

RSA signatures with message recovery (ISO/IEC 9796-2, scheme 1) and ECDSA, plain or in DER. Unlike that of chip
authentication, this proof convinces anybody who trusts that the challenge was drawn freshly.

Source: ICAO 9303-11 §6.1; ISO/IEC 9796-2 §8; BSI TR-03111 §5.2.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature, encode_dss_signature

from devices.emrtd.faults import Protocol, ProtocolFailed
from devices.emrtd.key_agreement import Random
from devices.smartcard.apdu import SHORT_EXPECTED_MAX, Command
from devices.smartcard.transport import Transport

CHALLENGE_BYTES: Final = 8
INTERNAL_AUTHENTICATE: Final = 0x88
_SIGNATURE_BYTES_MAX: Final = 1024
# With what secure messaging adds, a longer signature does not fit the short form.
_LONG_SIGNATURE_BYTES: Final = 224
# ISO/IEC 9796-2 §8.1.4: the trailer names the hash; BC names none, which is SHA-1.
TRAILERS: Final = {0x33: "sha1", 0x34: "sha256", 0x35: "sha512", 0x36: "sha384", 0x38: "sha224"}
_HASHES: Final = {
    "sha1": hashes.SHA1(),  # noqa: S303 - documents of before 2012 have it
    "sha224": hashes.SHA224(),
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}

AuthenticationKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey


@dataclass(frozen=True, slots=True, repr=False)
class ActiveTranscript:
    """What one run leaves: our challenge and the chip's signature."""

    challenge: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Form:
    """One way to ask: how many bytes are expected, and whether the command may be extended unannounced."""

    expected: int
    may_extend: bool = False


def forms_for(key: AuthenticationKey) -> tuple[Form, ...]:
    """Return the ways to ask, best first: chips take the exact number only, the greatest only, or the long form."""
    exact = (key.key_size + 7) // 8 if isinstance(key, rsa.RSAPublicKey) else 0
    if exact < _LONG_SIGNATURE_BYTES:
        return (Form(SHORT_EXPECTED_MAX), Form(exact)) if exact else (Form(SHORT_EXPECTED_MAX),)
    return Form(max(exact, SHORT_EXPECTED_MAX)), Form(max(exact, SHORT_EXPECTED_MAX), may_extend=True), Form(exact)


def authenticate(transport: Transport, form: Form, random: Random) -> ActiveTranscript:
    """Return what the chip signed, not looked at yet.

    Raises:
        ProtocolFailed: The chip refused.
        CardFault: As the transport.
    """
    challenge = random(CHALLENGE_BYTES)
    command = Command(0, INTERNAL_AUTHENTICATE, 0, 0, challenge, form.expected, form.may_extend)
    response = transport.transmit(command)
    if not response.is_ok or not response.data:
        raise ProtocolFailed(Protocol.ACTIVE_AUTHENTICATION, "refused", response.status)
    if len(response.data) > _SIGNATURE_BYTES_MAX:
        raise ProtocolFailed(Protocol.ACTIVE_AUTHENTICATION, "a signature longer than any")
    return ActiveTranscript(challenge, response.data)


def is_proven(transcript: ActiveTranscript, key: AuthenticationKey, hash_name: str | None = None) -> bool:
    """Tell whether the challenge was signed with the private key of `key`.

    Args:
        transcript: What the chip signed.
        key: The key of DG15.
        hash_name: Of ECDSA, as DG14 tells it (sha1, sha224, sha256, sha384, sha512); None if it doesn't.
    """
    if len(transcript.challenge) != CHALLENGE_BYTES:
        return False
    if isinstance(key, rsa.RSAPublicKey):
        return _is_recovered(transcript, key)
    names = [hash_name] if hash_name in _HASHES else list(_HASHES)
    return any(
        _is_signed(transcript.challenge, signature, key, name)
        for signature in _as_der(transcript.signature, key)
        for name in names
    )


def _is_recovered(transcript: ActiveTranscript, key: rsa.RSAPublicKey) -> bool:
    numbers = key.public_numbers()
    number = int.from_bytes(transcript.signature)
    if number >= numbers.n:
        return False
    opened = pow(number, numbers.e, numbers.n)
    # The signer may have taken the smaller of s and n - s; the representative always ends in the nibble C.
    return any(
        _is_representative(one.to_bytes((numbers.n.bit_length() + 7) // 8), transcript.challenge)
        for one in (opened, numbers.n - opened)
    )


def _is_representative(representative: bytes, challenge: bytes) -> bool:
    """F = header ‖ M1 ‖ H(M1 ‖ M2) ‖ trailer; the header of partial recovery without padding is 6A."""
    if representative[-1:] == b"\xbc":
        name, content = "sha1", representative[:-1]
    elif representative[-1:] == b"\xcc" and representative[-2] in TRAILERS:
        name, content = TRAILERS[representative[-2]], representative[:-2]
    else:
        return False
    content = content.lstrip(b"\x00")  # a modulus whose bits don't fill its bytes
    digest_bytes = hashlib.new(name).digest_size
    if content[:1] != b"\x6a" or len(content) < 1 + digest_bytes:
        return False
    recovered, digest = content[1:-digest_bytes], content[-digest_bytes:]
    return hashlib.new(name, recovered + challenge).digest() == digest


def _as_der(untrusted: bytes, key: ec.EllipticCurvePublicKey) -> Iterable[bytes]:
    """The signature as the library takes it: it may have come plain, or be DER already."""
    order_bytes = (key.key_size + 7) // 8
    if len(untrusted) % 2 == 0 and len(untrusted) <= 2 * order_bytes + 2:
        half = len(untrusted) // 2
        yield encode_dss_signature(int.from_bytes(untrusted[:half]), int.from_bytes(untrusted[half:]))
    try:
        yield encode_dss_signature(*decode_dss_signature(untrusted))
    except ValueError:
        return


def _is_signed(challenge: bytes, signature: bytes, key: ec.EllipticCurvePublicKey, hash_name: str) -> bool:
    digest = hashlib.new(hash_name, challenge).digest()
    try:
        key.verify(signature, digest, ec.ECDSA(Prehashed(_HASHES[hash_name])))
    except (InvalidSignature, ValueError):
        return False
    return True
