"""Signatures of certificates and signed data, verified as states make them.

The algorithm's identifier may name key and hash together (sha256WithRSAEncryption), the key alone with the hash
standing elsewhere in a SignerInfo (rsaEncryption, ecPublicKey), or parameters of its own (RSA-PSS). SHA-1 is read:
documents of ten years ago have it, and what proves them is judged, not refused, here (FACTS §4, row 10).

Source: RFC 4055, RFC 5754, RFC 5758, ICAO 9303-12 §4.4.
"""

from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from devices.emrtd import der
from devices.emrtd.public_keys import EC_PUBLIC_KEY, RSA_ENCRYPTION, RSA_PSS, KeyUnknown, PublicKey
from devices.emrtd.tlv import Tlv, read_one

HASH_OIDS: Final = {
    "1.3.14.3.2.26": "sha1",
    "2.16.840.1.101.3.4.2.4": "sha224",
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
}
"""Names as hashlib has them, by object identifier."""
_HASHES: Final[dict[str, type[hashes.HashAlgorithm]]] = {
    "sha1": hashes.SHA1,
    "sha224": hashes.SHA224,
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
}
_RSA: Final = {
    "1.2.840.113549.1.1.5": "sha1",
    "1.3.14.3.2.29": "sha1",
    "1.2.840.113549.1.1.14": "sha224",
    "1.2.840.113549.1.1.11": "sha256",
    "1.2.840.113549.1.1.12": "sha384",
    "1.2.840.113549.1.1.13": "sha512",
}
_ECDSA: Final = {
    "1.2.840.10045.4.1": "sha1",
    "1.2.840.10045.4.3.1": "sha224",
    "1.2.840.10045.4.3.2": "sha256",
    "1.2.840.10045.4.3.3": "sha384",
    "1.2.840.10045.4.3.4": "sha512",
}
# BSI TR-03111 §5.2.1.1: both numbers side by side, each as long as the order, in place of DER
_PLAIN_ECDSA: Final = {
    f"0.4.0.127.0.7.1.1.4.1.{arc}": name for arc, name in enumerate(("sha1", "sha224", "sha256", "sha384", "sha512"), 1)
}
ECDSA_OID: Final = {name: oid for oid, name in _ECDSA.items() if name != "sha1"} | {"sha1": "1.2.840.10045.4.1"}
"""Of ECDSA with a hash, by the hash's name."""
RSA_OID: Final = {name: oid for oid, name in _RSA.items() if oid.startswith("1.2.840.113549")}
"""Of RSA (PKCS #1 v1.5) with a hash, by the hash's name."""
HASH_OID: Final = {name: oid for oid, name in HASH_OIDS.items()}
"""Of a hash by its name."""
_MGF1: Final = "1.2.840.113549.1.1.8"


@dataclass(frozen=True, slots=True)
class Algorithm:
    """An AlgorithmIdentifier: the object identifier in dotted form, and the parameters as they came or None."""

    oid: str
    parameters: Tlv | None = None


def read_algorithm(one: Tlv) -> Algorithm:
    """Return an AlgorithmIdentifier.

    Raises:
        ContentInvalid: It is none.
    """
    oid, *parameters = der.sequence(one, 1)
    return Algorithm(der.object_identifier(oid), parameters[0] if parameters else None)


def hash_name(algorithm: Algorithm) -> str:
    """Return the name of a hash, as hashlib has it.

    Raises:
        KeyUnknown: It is none of the SHA family.
    """
    name = HASH_OIDS.get(algorithm.oid)
    if name is None:
        raise KeyUnknown("a hash that this program does not know")
    return name


def _pss(algorithm: Algorithm) -> tuple[str, str]:
    """The hash and the hash of the mask (RFC 4055 §3.1; both SHA-1 where nothing is said)."""
    digest = mask = "sha1"
    parts = () if algorithm.parameters is None else der.sequence(algorithm.parameters)
    for part in parts:
        if part.tag == 0xA0:
            digest = hash_name(read_algorithm(read_one(part.value)))
        elif part.tag == 0xA1:
            generation = read_algorithm(read_one(part.value))
            if generation.oid != _MGF1 or generation.parameters is None:
                raise KeyUnknown("a mask that this program does not know")
            mask = hash_name(read_algorithm(generation.parameters))
    return digest, mask


def verifies(key: PublicKey, algorithm: Algorithm, signed: bytes, signature: bytes, digest: str | None = None) -> bool:
    """Tell whether `signature` over `signed` is the key's.

    Args:
        key: Of the signer.
        algorithm: Of the signature.
        signed: What was signed.
        signature: As it came.
        digest: The name of the hash that a SignerInfo tells, for algorithms that name none.

    Raises:
        KeyUnknown: The algorithm, or the pair of key and algorithm, is none that this program verifies.
        ContentInvalid: The algorithm's parameters are none.
    """
    try:
        _verify(key, algorithm, signed, signature, digest)
    except InvalidSignature:
        return False
    except (UnsupportedAlgorithm, ValueError) as error:
        # the library refuses keys too small for a hash, or an oversized signature
        raise KeyUnknown("a signature that the library refuses to verify") from error
    return True


def _verify(key: PublicKey, algorithm: Algorithm, signed: bytes, signature: bytes, digest: str | None) -> None:
    match key:
        case rsa.RSAPublicKey():
            if algorithm.oid == RSA_PSS:
                name, mask = _pss(algorithm)
                pss = padding.PSS(padding.MGF1(_HASHES[mask]()), padding.PSS.AUTO)
                key.verify(signature, signed, pss, _HASHES[name]())
                return
            named = digest if algorithm.oid == RSA_ENCRYPTION else _RSA.get(algorithm.oid)
            if named in _HASHES:
                key.verify(signature, signed, padding.PKCS1v15(), _HASHES[named]())
                return
        case ec.EllipticCurvePublicKey():
            named = digest if algorithm.oid == EC_PUBLIC_KEY else _ECDSA.get(algorithm.oid)
            if algorithm.oid in _PLAIN_ECDSA and len(signature) % 2 == 0:
                named, middle = _PLAIN_ECDSA[algorithm.oid], len(signature) // 2
                numbers = (int.from_bytes(signature[:middle]), int.from_bytes(signature[middle:]))
                signature = der.write_sequence(*map(der.write_integer, numbers))
            if named in _HASHES:
                key.verify(signature, signed, ec.ECDSA(_HASHES[named]()))
                return
        case _:
            pass
    raise KeyUnknown("a key and a signature algorithm that do not go together")
