"""Active authentication as the chip runs it: it signs whatever challenge it gets.

Source: ICAO 9303-11 §6.1, ISO/IEC 9796-2 §8 (scheme 1, partial recovery).
"""

import hashlib

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature

from devices.emrtd.active_authentication import TRAILERS
from devices.emrtd.emulator.behaviour import SignatureForm
from devices.emrtd.emulator.personalisation import SigningKey
from devices.emrtd.key_agreement import Random

_HASHES = {
    "sha1": hashes.SHA1(),  # noqa: S303 - what old documents do
    "sha224": hashes.SHA224(),
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}


def sign_challenge(key: SigningKey, challenge: bytes, hash_name: str, form: SignatureForm, random: Random) -> bytes:
    """Return the signature over a challenge."""
    if isinstance(key, rsa.RSAPrivateKey):
        return _sign_with_recovery(key, challenge, hash_name, random)
    digest = hashlib.new(hash_name, challenge).digest()
    der = key.sign(digest, ec.ECDSA(Prehashed(_HASHES[hash_name])))
    if form is SignatureForm.DER:
        return der
    size = (key.key_size + 7) // 8 + (form is SignatureForm.PLAIN_LONGER)
    return b"".join(number.to_bytes(size) for number in decode_dss_signature(der))


def _sign_with_recovery(key: rsa.RSAPrivateKey, challenge: bytes, hash_name: str, random: Random) -> bytes:
    numbers = key.private_numbers()
    modulus = numbers.public_numbers.n
    size = (modulus.bit_length() + 7) // 8
    number = next(trailer for trailer, name in TRAILERS.items() if name == hash_name)
    trailer = b"\xbc" if hash_name == "sha1" else bytes((number, 0xCC))
    digest_bytes = hashlib.new(hash_name).digest_size
    recovered = random(size - 1 - digest_bytes - len(trailer))
    digest = hashlib.new(hash_name, recovered + challenge).digest()
    representative = int.from_bytes(b"\x6a" + recovered + digest + trailer)
    return pow(representative, numbers.d, modulus).to_bytes(size)
