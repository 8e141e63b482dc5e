"""Synthetic authorities: a country's signing authority (CSCA), its document signers, link certificates, revocations.

They stand for no State: every subject's organization is `TRAINING`, by which screens tell their documents apart.

Source: ICAO 9303-12 §7.1 (profiles of certificates), §7.1.4 (CRL), §8 (master lists).
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from devices.emrtd import der
from devices.emrtd.certificates import TRAINING_ORGANIZATION
from devices.emrtd.public_keys import EC_PUBLIC_KEY, RSA_ENCRYPTION, RSA_PSS, write_algorithm, write_public_key
from devices.emrtd.signatures import ECDSA_OID, HASH_OID, RSA_OID
from devices.emrtd.signed_data import DATA, SIGNED_DATA
from devices.emrtd.tlv import encode, read_one

_MASTER_LIST: Final = "2.23.136.1.1.2"
_MASTER_LIST_SIGNER: Final = "2.23.136.1.1.3"
_CONTENT_TYPE: Final = "1.2.840.113549.1.9.3"
_MESSAGE_DIGEST: Final = "1.2.840.113549.1.9.4"
_SIGNING_TIME: Final = "1.2.840.113549.1.9.5"
_MGF1: Final = "1.2.840.113549.1.1.8"

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


class Scheme(Enum):
    """How an authority or a signer signs; the elliptic curves are written out as States do, but for `ECDSA_NAMED`."""

    RSA = "RSA, PKCS #1 v1.5"
    RSA_PSS = "RSA-PSS"
    ECDSA_NAMED = "ECDSA, P-256 by its name"
    ECDSA = "ECDSA, P-256 written out"
    ECDSA_BRAINPOOL = "ECDSA, brainpoolP384r1 written out"

    @property
    def writes_curve_out(self) -> bool:
        return self is not Scheme.ECDSA_NAMED


def make_key(scheme: Scheme) -> PrivateKey:
    """Return a new key for a scheme; RSA has 2048 bits."""
    match scheme:
        case Scheme.RSA | Scheme.RSA_PSS:
            return rsa.generate_private_key(65_537, 2048)
        case Scheme.ECDSA_NAMED | Scheme.ECDSA:
            return ec.generate_private_key(ec.SECP256R1())
        case Scheme.ECDSA_BRAINPOOL:
            return ec.generate_private_key(ec.BrainpoolP384R1())


_LIBRARY_HASHES: Final[dict[str, type[hashes.HashAlgorithm]]] = {
    "sha1": hashes.SHA1,
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
}


def signature_algorithm(scheme: Scheme, digest: str) -> bytes:
    """Return the AlgorithmIdentifier of a scheme's signatures with a hash."""
    null = encode(der.NULL)
    if scheme is Scheme.RSA:
        return write_algorithm(RSA_OID[digest], null)
    if scheme is Scheme.RSA_PSS:
        hashed = write_algorithm(HASH_OID[digest], null)
        salt_bytes = der.write_integer(hashlib.new(digest).digest_size)
        parts = ((0xA0, hashed), (0xA1, write_algorithm(_MGF1, hashed)), (0xA2, salt_bytes))
        return write_algorithm(RSA_PSS, der.write_sequence(*(encode(tag, part) for tag, part in parts)))
    return write_algorithm(ECDSA_OID[digest])


def sign(key: PrivateKey, scheme: Scheme, digest: str, signed: bytes) -> bytes:
    """Return a signature of a scheme with a hash (sha1, sha256, sha384)."""
    hashed = _LIBRARY_HASHES[digest]()
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key.sign(signed, ec.ECDSA(hashed))
    if scheme is Scheme.RSA_PSS:
        return key.sign(signed, padding.PSS(padding.MGF1(hashed), hashed.digest_size), hashed)
    return key.sign(signed, padding.PKCS1v15(), hashed)


def digest_of(scheme: Scheme) -> str:
    """Return the hash that fits a scheme's key."""
    return "sha384" if scheme is Scheme.ECDSA_BRAINPOOL else "sha256"


def write_name(country: str, common_name: str) -> bytes:
    """Return a distinguished name; `country` has two letters."""
    parts = (("2.5.4.6", country), ("2.5.4.10", TRAINING_ORGANIZATION), ("2.5.4.3", common_name))
    return der.write_sequence(
        *(
            der.write_set(
                der.write_sequence(der.write_object_identifier(oid), encode(der.PRINTABLE_STRING, text.encode()))
            )
            for oid, text in parts
        )
    )


@dataclass(frozen=True, slots=True, repr=False)
class Authority:
    """A country's signing authority, or a signer of its documents or lists: a certificate and its key."""

    country: str
    name: bytes
    scheme: Scheme
    key: PrivateKey
    certificate: bytes
    serial: int

    def __repr__(self) -> str:
        return f"Authority({self.country}, serial={self.serial})"


@dataclass(frozen=True, slots=True)
class Validity:
    """From when until when a certificate is valid."""

    not_before: datetime
    not_after: datetime


VALIDITY: Final = Validity(datetime(2024, 1, 1, tzinfo=UTC), datetime(2038, 1, 1, tzinfo=UTC))


def _key_id(spki: bytes) -> bytes:
    return hashlib.sha1(spki, usedforsecurity=False).digest()


def _extension(oid: str, value: bytes, *, is_critical: bool = False) -> bytes:
    critical = (encode(der.BOOLEAN, b"\xff"),) if is_critical else ()
    return der.write_sequence(der.write_object_identifier(oid), *critical, encode(der.OCTET_STRING, value))


@dataclass(frozen=True, slots=True)
class _Subject:
    name: bytes
    spki: bytes
    serial: int
    validity: Validity
    extensions: tuple[bytes, ...]


# Bits 5 (keyCertSign) and 6 (cRLSign); bit 0 (digitalSignature)
_SIGNS_CERTIFICATES: Final = bytes.fromhex("03020106")
_SIGNS_DATA: Final = bytes.fromhex("03020780")


def _certificate(subject: _Subject, issuer_name: bytes, issuer_spki: bytes, scheme: Scheme, key: PrivateKey) -> bytes:
    algorithm, digest = signature_algorithm(scheme, digest_of(scheme)), digest_of(scheme)
    extensions = (
        _extension("2.5.29.35", der.write_sequence(encode(0x80, _key_id(issuer_spki)))),
        _extension("2.5.29.14", encode(der.OCTET_STRING, _key_id(subject.spki))),
        *subject.extensions,
    )
    to_be_signed = der.write_sequence(
        encode(0xA0, der.write_integer(2)),
        der.write_integer(subject.serial),
        algorithm,
        issuer_name,
        der.write_sequence(der.write_time(subject.validity.not_before), der.write_time(subject.validity.not_after)),
        subject.name,
        subject.spki,
        encode(0xA3, der.write_sequence(*extensions)),
    )
    return der.write_sequence(to_be_signed, algorithm, der.write_bits(sign(key, scheme, digest, to_be_signed)))


def _spki(key: PrivateKey, scheme: Scheme) -> bytes:
    return write_public_key(key.public_key(), written_out=scheme.writes_curve_out)


_AUTHORITY_EXTENSIONS: Final = (
    _extension("2.5.29.15", _SIGNS_CERTIFICATES, is_critical=True),
    _extension("2.5.29.19", der.write_sequence(encode(der.BOOLEAN, b"\xff"), der.write_integer(0)), is_critical=True),
)


def make_authority(
    country: str, scheme: Scheme = Scheme.ECDSA_BRAINPOOL, *, serial: int = 1, validity: Validity = VALIDITY
) -> Authority:
    """Return a new authority of a country (two letters), whose certificate it signs itself."""
    key = make_key(scheme)
    name = write_name(country, f"CSCA {TRAINING_ORGANIZATION} {serial}")
    spki = _spki(key, scheme)
    subject = _Subject(name, spki, serial, validity, _AUTHORITY_EXTENSIONS)
    return Authority(country, name, scheme, key, _certificate(subject, name, spki, scheme, key), serial)


def make_link(old: Authority, new: Authority, *, serial: int = 1000, validity: Validity = VALIDITY) -> bytes:
    """Return a link certificate: the new authority's name and key, signed by the old one."""
    subject = _Subject(new.name, _spki(new.key, new.scheme), serial, validity, _AUTHORITY_EXTENSIONS)
    return _certificate(subject, old.name, _spki(old.key, old.scheme), old.scheme, old.key)


def make_signer(
    authority: Authority,
    scheme: Scheme = Scheme.ECDSA,
    *,
    serial: int = 2,
    validity: Validity = VALIDITY,
    country: str | None = None,
    signs_lists: bool = False,
) -> Authority:
    """Return a signer of documents, or of master lists, under an authority."""
    key = make_key(scheme)
    what = "Master List Signer" if signs_lists else "Document Signer"
    name = write_name(country or authority.country, f"{what} {serial}")
    usage = der.write_sequence(der.write_object_identifier(_MASTER_LIST_SIGNER))
    extensions = (
        _extension("2.5.29.15", _SIGNS_DATA, is_critical=True),
        *((_extension("2.5.29.37", usage, is_critical=True),) if signs_lists else ()),
    )
    subject = _Subject(name, _spki(key, scheme), serial, validity, extensions)
    issuer_spki = _spki(authority.key, authority.scheme)
    certificate = _certificate(subject, authority.name, issuer_spki, authority.scheme, authority.key)
    return Authority(country or authority.country, name, scheme, key, certificate, serial)


def make_crl(
    authority: Authority,
    revoked_serials: Sequence[int] = (),
    *,
    this_update: datetime = VALIDITY.not_before,
    next_update: datetime | None = None,
) -> bytes:
    """Return a list of revoked certificates, signed by an authority; without `next_update` it holds for 90 days."""
    digest = digest_of(authority.scheme)
    algorithm = signature_algorithm(authority.scheme, digest)
    revoked = [der.write_sequence(der.write_integer(one), der.write_time(this_update)) for one in revoked_serials]
    key_id = _key_id(_spki(authority.key, authority.scheme))
    to_be_signed = der.write_sequence(
        der.write_integer(1),
        algorithm,
        authority.name,
        der.write_time(this_update),
        der.write_time(next_update or this_update + timedelta(days=90)),
        *((der.write_sequence(*revoked),) if revoked else ()),
        encode(0xA0, der.write_sequence(_extension("2.5.29.35", der.write_sequence(encode(0x80, key_id))))),
    )
    signature = sign(authority.key, authority.scheme, digest, to_be_signed)
    return der.write_sequence(to_be_signed, algorithm, der.write_bits(signature))


@dataclass(frozen=True, slots=True)
class Style:
    """How signed data are written, with the liberties that issuers take (FACTS §4, row 10).

    Attributes:
        digest: The hash of the signature; None for the one that fits the key.
        names_key_only: `rsaEncryption` or `ecPublicKey` stands as signature algorithm.
        content_is_data: The content's type is id-data in place of its own.
        has_attributes: The signer's attributes are there; without them the content itself is signed.
        names_signer_by_key: The signer is named by key identifier in place of issuer and serial number.
        lists_digests: The hash stands in `digestAlgorithms` too, and not in the SignerInfo alone.
        signing_time: Stands among the attributes.
    """

    digest: str | None = None
    names_key_only: bool = False
    content_is_data: bool = False
    has_attributes: bool = True
    names_signer_by_key: bool = False
    lists_digests: bool = True
    signing_time: datetime | None = None


STYLE: Final = Style()


def sign_data(
    content_type: str, content: bytes, signer: Authority, others: Sequence[bytes] = (), style: Style = STYLE
) -> bytes:
    """Return CMS SignedData over `content`, with the signer's certificate and `others` in it.

    Source: RFC 5652 §5.
    """
    digest = style.digest or digest_of(signer.scheme)
    hashed = write_algorithm(HASH_OID[digest])
    written_type = der.write_object_identifier(DATA if style.content_is_data else content_type)
    attributes = [
        (_CONTENT_TYPE, written_type),
        (_MESSAGE_DIGEST, encode(der.OCTET_STRING, hashlib.new(digest, content).digest())),
    ]
    if style.signing_time is not None:
        attributes.append((_SIGNING_TIME, der.write_time(style.signing_time)))
    signed = der.write_set(
        *(der.write_sequence(der.write_object_identifier(oid), der.write_set(value)) for oid, value in attributes)
    )
    signature = sign(signer.key, signer.scheme, digest, signed if style.has_attributes else content)
    attributes_part = (b"\xa0" + signed[1:],) if style.has_attributes else ()
    algorithm = signature_algorithm(signer.scheme, digest)
    if style.names_key_only:
        is_rsa = signer.scheme in {Scheme.RSA, Scheme.RSA_PSS}
        algorithm = write_algorithm(RSA_ENCRYPTION if is_rsa else EC_PUBLIC_KEY, encode(der.NULL))
    signer_info = der.write_sequence(
        der.write_integer(3 if style.names_signer_by_key else 1),
        _signer_id(signer, style),
        hashed,
        *attributes_part,
        algorithm,
        encode(der.OCTET_STRING, signature),
    )
    signed_data = der.write_sequence(
        der.write_integer(3),
        der.write_set(*((hashed,) if style.lists_digests else ())),
        der.write_sequence(written_type, encode(0xA0, encode(der.OCTET_STRING, content))),
        encode(0xA0, signer.certificate, *others),
        der.write_set(signer_info),
    )
    return der.write_sequence(der.write_object_identifier(SIGNED_DATA), encode(0xA0, signed_data))


def _signer_id(signer: Authority, style: Style) -> bytes:
    if style.names_signer_by_key:
        return encode(0x80, _key_id(_spki(signer.key, signer.scheme)))
    # the issuer's name is the fourth part of the certificate, after version, serial number and algorithm
    issuer = der.sequence(der.sequence(read_one(signer.certificate))[0])[3]
    return der.write_sequence(issuer.raw, der.write_integer(signer.serial))


def make_master_list(
    signer: Authority, authority: Authority, certificates: Sequence[bytes], style: Style = STYLE
) -> bytes:
    """Return a master list of certificates, with the signer's and its authority's own beside them."""
    content = der.write_sequence(der.write_integer(0), der.write_set(*certificates))
    return sign_data(_MASTER_LIST, content, signer, [authority.certificate], style)
