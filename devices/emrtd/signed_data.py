"""CMS SignedData: the envelope of EF.SOD, EF.CardSecurity and master lists.

Read as issuers really write it (FACTS §4, row 10): the algorithm in the SignerInfo alone, a key's algorithm in place
of a signature's, the signer named by key or by issuer, no signed attributes, the content's type given as plain data.

Source: RFC 5652 §5, ICAO 9303-10 §4.6.2.2.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Final

from devices.emrtd import der
from devices.emrtd.certificates import Certificate
from devices.emrtd.der import DerInvalid
from devices.emrtd.signatures import Algorithm, hash_name, read_algorithm, verifies
from devices.emrtd.tlv import Limits, Objects, Tlv, encode, read_one, with_definite_lengths

SIGNED_DATA: Final = "1.2.840.113549.1.7.2"
DATA: Final = "1.2.840.113549.1.7.1"
_CONTENT_TYPE: Final = "1.2.840.113549.1.9.3"
_MESSAGE_DIGEST: Final = "1.2.840.113549.1.9.4"
_SIGNING_TIME: Final = "1.2.840.113549.1.9.5"
SIGNED_DATA_LIMITS: Final = Limits(value_bytes_max=1 << 18, depth_max=20, siblings_max=64)
"""Of an EF.SOD or EF.CardSecurity: 2 to 4 KB in practice."""


@dataclass(frozen=True, slots=True)
class SignerInfo:
    """One signer.

    Attributes:
        issuer_raw: The name of the signer's issuer as it came; None if the signer is named by key.
        serial: Beside the issuer; None as well.
        key_id: The signer's key; None if named by issuer.
        digest: The hash's algorithm.
        attributes: The content of the signed attributes as it came; None if there are none.
        content_type: Among the attributes; so are the next two. None if absent.
        message_digest: Hash of the content.
        signing_time: As the signer claims.
        algorithm: Of the signature.
        signature: Over the attributes, or over the content without them.
    """

    issuer_raw: bytes | None
    serial: int | None
    key_id: bytes | None
    digest: Algorithm
    attributes: bytes | None
    content_type: str | None
    message_digest: bytes | None
    signing_time: datetime | None
    algorithm: Algorithm
    signature: bytes


@dataclass(frozen=True, slots=True)
class SignedData:
    """Signed content, its type, the certificates that came with it (unproven), and the signers."""

    content_type: str
    content: bytes
    certificates: tuple[bytes, ...]
    signers: tuple[SignerInfo, ...]


class SignatureFault(Enum):
    """Why a signature over signed data does not hold."""

    CONTENT_TYPE = "content type"
    MESSAGE_DIGEST = "message digest"
    SIGNATURE = "signature"


def _attributes(tagged: Tlv, limits: Limits) -> dict[str, Tlv]:
    found: dict[str, Tlv] = {}
    for attribute in tagged.children(limits):
        oid, values, *_ = der.sequence(attribute, 2, limits)
        (value, *_) = der.expect(values, der.SET).children(limits) or (None,)
        name = der.object_identifier(oid)
        # RFC 5652 §11: the attributes that matter must not be there twice
        if value is None or name in found:
            raise DerInvalid("an attribute without a value or there twice")
        found[name] = value
    return found


def _signer(one: Tlv, limits: Limits) -> SignerInfo:
    _, identifier, digest, *rest = der.sequence(one, 5, limits)
    attributes: Tlv | None = None
    if rest[0].tag == 0xA0:
        attributes, *rest = rest
    if len(rest) < 2:
        raise DerInvalid("a signer of too few parts")
    found = _attributes(attributes, limits) if attributes is not None else {}
    content_type, message_digest, signing_time = map(found.get, (_CONTENT_TYPE, _MESSAGE_DIGEST, _SIGNING_TIME))
    issuer = serial = key_id = None
    if identifier.tag == der.SEQUENCE:
        issuer, serial, *_ = der.sequence(identifier, 2, limits)
    elif identifier.tag == 0x80:
        key_id = identifier.value
    elif identifier.tag == 0xA0:  # explicitly tagged by some
        key_id = der.octets(read_one(identifier.value, limits))
    else:
        raise DerInvalid("a signer that is not named")
    return SignerInfo(
        issuer_raw=issuer.raw if issuer is not None else None,
        serial=der.integer(serial) if serial is not None else None,
        key_id=key_id,
        digest=read_algorithm(digest),
        attributes=attributes.value if attributes is not None else None,
        content_type=der.object_identifier(content_type) if content_type is not None else None,
        message_digest=der.octets(message_digest) if message_digest is not None else None,
        signing_time=der.time(signing_time) if signing_time is not None else None,
        algorithm=read_algorithm(rest[0]),
        signature=der.octets(rest[1]),
    )


def read_signed_data(untrusted: bytes, limits: Limits = SIGNED_DATA_LIMITS) -> SignedData:
    """Return signed data with one signer or more; nothing is proven by that.

    Raises:
        ContentInvalid: It is none, or has no content.
    """
    if untrusted[1:2] == b"\x80":
        untrusted = with_definite_lengths(untrusted, limits)
    kind, tagged, *_ = der.sequence(read_one(untrusted, limits), 2, limits)
    if der.object_identifier(kind) != SIGNED_DATA:
        raise DerInvalid("no signed data")
    parts = der.sequence(read_one(tagged.value, limits), 4, limits)
    content_type, *content = der.sequence(parts[2], 1, limits)
    if not content:
        raise DerInvalid("signed data without content")
    certificates = Objects(parts[3:]).first(0xA0)
    signers = der.expect(parts[-1], der.SET).children(limits)
    if not signers:
        raise DerInvalid("signed data without a signer")
    return SignedData(
        content_type=der.object_identifier(content_type),
        content=der.octets(read_one(content[0].value, limits), limits),
        certificates=tuple(one.raw for one in certificates.children(limits)) if certificates is not None else (),
        signers=tuple(_signer(one, limits) for one in signers),
    )


def is_of(signer: SignerInfo, certificate: Certificate) -> bool:
    """Tell whether a signer names this certificate."""
    if signer.key_id is not None:
        return signer.key_id == certificate.key_id
    return (signer.issuer_raw, signer.serial) == (certificate.issuer_raw, certificate.serial)


def signature_fault(
    data: SignedData, signer: SignerInfo, certificate: Certificate, content_types: frozenset[str]
) -> SignatureFault | None:
    """Return why the certificate's key did not sign this content; None if it did.

    Args:
        data: The content.
        signer: One of its signers.
        certificate: Whose key is tried.
        content_types: Of which types the content may be; a signature over another kind of content proves nothing.

    Raises:
        KeyUnknown: Key, hash or algorithm is none that this program verifies.
        ContentInvalid: The key is none.
    """
    if data.content_type not in content_types:
        return SignatureFault.CONTENT_TYPE
    digest = hash_name(signer.digest)
    signed = data.content
    if signer.attributes is not None:
        if signer.content_type is not None and signer.content_type not in content_types:
            return SignatureFault.CONTENT_TYPE
        if signer.message_digest != hashlib.new(digest, data.content).digest():
            return SignatureFault.MESSAGE_DIGEST
        # RFC 5652 §5.4: signed under the tag of a SET, whatever tag they are sent with
        signed = encode(der.SET, signer.attributes)
    if verifies(certificate.key(), signer.algorithm, signed, signer.signature, digest):
        return None
    return SignatureFault.SIGNATURE
