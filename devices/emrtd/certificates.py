"""Certificates and lists of revoked ones, as States issue them for their documents.

They are read leniently (profiles are broken in every list of States) and proven strictly: what counts is the
signature, the country and the dates. Everything signed is kept as it came.

Source: RFC 5280 §4 and §5, ICAO 9303-12 §7.1.
"""

import hashlib
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from devices.emrtd import der
from devices.emrtd.der import DerInvalid
from devices.emrtd.public_keys import PublicKey, read_public_key
from devices.emrtd.signatures import Algorithm, read_algorithm, verifies
from devices.emrtd.tlv import Limits, Objects, Tlv, read_one

CERTIFICATE_LIMITS: Final = Limits(value_bytes_max=16_384, depth_max=16, siblings_max=128)
# 100 000 revoked signers of one State would be some 3 MB; the largest lists known have a few hundred.
CRL_LIMITS: Final = Limits(value_bytes_max=1 << 22, depth_max=12, siblings_max=100_000)
TRAINING_ORGANIZATION: Final = "TRAINING"
"""The organization of synthetic authorities (`emulator.authorities`); no State has it."""
_COUNTRY: Final = "2.5.4.6"
_ORGANIZATION: Final = "2.5.4.10"
_COMMON_NAME: Final = "2.5.4.3"
_KEY_IDENTIFIER: Final = "2.5.29.14"
_KEY_USAGE: Final = "2.5.29.15"
_BASIC_CONSTRAINTS: Final = "2.5.29.19"
_AUTHORITY_KEY_IDENTIFIER: Final = "2.5.29.35"
_EXTENDED_KEY_USAGE: Final = "2.5.29.37"
_SIGNS_CERTIFICATES: Final = 5


@dataclass(frozen=True, slots=True)
class Name:
    """A distinguished name.

    Attributes:
        country: Two capital letters as a rule; empty if it has none.
        organization: Empty if it has none; so is the common name.
        common_name: What a person calls it.
        canonical: All attributes in one form, by which names are compared: issuers write one name in several
            encodings and cases.
    """

    country: str
    organization: str
    common_name: str
    canonical: str


@dataclass(frozen=True, slots=True)
class _Signed:
    to_be_signed: bytes
    algorithm: Algorithm
    signature: bytes


@dataclass(frozen=True, slots=True, repr=False)
class Certificate:
    """A certificate of a signing authority, a link between two, or a signer of documents or lists.

    Attributes:
        raw: The whole certificate.
        serial: The issuer's number for it.
        subject: Whose it is.
        issuer: Who signed it.
        issuer_raw: The issuer's name as it came.
        not_before: From when it is valid.
        not_after: Until when.
        spki: The key.
        key_id: As the issuer numbered the key; None if it says none.
        authority_key_id: The number of the key that signed it; None if it says none.
        is_authority: It may sign certificates.
        purposes: Object identifiers of the extended key usage; empty if not restricted.
        signed: What the issuer signed and how.
    """

    raw: bytes
    serial: int
    subject: Name
    issuer: Name
    issuer_raw: bytes
    not_before: datetime
    not_after: datetime
    spki: bytes
    key_id: bytes | None
    authority_key_id: bytes | None
    is_authority: bool
    purposes: frozenset[str]
    signed: _Signed

    def __repr__(self) -> str:
        return f"Certificate({self.subject.country}, {self.fingerprint[:16]})"

    @property
    def fingerprint(self) -> str:
        """SHA-256 over the whole certificate, in hexadecimal: what people compare."""
        return hashlib.sha256(self.raw).hexdigest()

    @property
    def is_for_training(self) -> bool:
        """Whether a synthetic authority issued it or it is one."""
        return TRAINING_ORGANIZATION in {self.subject.organization, self.issuer.organization}

    @property
    def is_self_issued(self) -> bool:
        """Whether its issuer says to be the subject: a root, or a link that keeps the name."""
        return self.subject.canonical == self.issuer.canonical

    def key(self) -> PublicKey:
        """Return the key.

        Raises:
            KeyUnknown: Its algorithm or curve is none that this program computes with.
            ContentInvalid: It is none.
        """
        return read_public_key(self.spki)

    def is_valid_at(self, now: datetime) -> bool:
        return self.not_before <= now <= self.not_after


def _text(one: Tlv) -> str:
    encoding = {0x1E: "utf-16-be", 0x14: "latin-1"}.get(one.tag, "utf-8")
    return one.value.decode(encoding, "replace")


def _attributes(name: Tlv) -> Iterator[tuple[str, str]]:
    for relative in der.sequence(name, limits=CERTIFICATE_LIMITS):
        for pair in der.expect(relative, der.SET).children(CERTIFICATE_LIMITS):
            oid, value, *_ = der.sequence(pair, 2, CERTIFICATE_LIMITS)
            yield der.object_identifier(oid), _text(value)


def _canonical(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def read_name(one: Tlv) -> Name:
    """Return a distinguished name.

    Raises:
        ContentInvalid: It is none.
    """
    attributes = list(_attributes(one))
    found = dict(reversed(attributes))
    return Name(
        found.get(_COUNTRY, "").strip().upper(),
        found.get(_ORGANIZATION, ""),
        found.get(_COMMON_NAME, ""),
        "\n".join(sorted(f"{oid}={_canonical(text)}" for oid, text in attributes)),
    )


def _extensions(tagged: Tlv | None, limits: Limits) -> dict[str, Tlv]:
    if tagged is None:
        return {}
    found: dict[str, Tlv] = {}
    for extension in der.sequence(read_one(tagged.value, limits), limits=limits):
        oid, *rest = der.sequence(extension, 2, limits)
        found[der.object_identifier(oid)] = read_one(der.octets(rest[-1]), limits)
    return found


def _authority_key_id(extension: Tlv | None) -> bytes | None:
    if extension is None:
        return None
    found = der.sequence(extension, limits=CERTIFICATE_LIMITS).first(0x80)
    return found.value if found is not None else None


def _is_authority(extensions: dict[str, Tlv]) -> bool:
    constraints, usage = extensions.get(_BASIC_CONSTRAINTS), extensions.get(_KEY_USAGE)
    if constraints is None:
        return False
    parts = der.sequence(constraints)
    is_one = bool(parts) and parts[0].tag == der.BOOLEAN and der.boolean(parts[0])
    return is_one and (usage is None or _SIGNS_CERTIFICATES in der.named_bits(usage))


def _signed(untrusted: bytes, limits: Limits) -> tuple[Tlv, _Signed, Objects]:
    whole = read_one(untrusted, limits)
    to_be_signed, algorithm, signature, *_ = der.sequence(whole, 3, limits)
    content = der.sequence(to_be_signed, limits=limits)
    return whole, _Signed(to_be_signed.raw, read_algorithm(algorithm), der.bits(signature)), content


def read_certificate(untrusted: bytes) -> Certificate:
    """Return a certificate in DER; what follows it is left alone.

    Raises:
        ContentInvalid: It is none.
    """
    whole, signed, parts = _signed(untrusted, CERTIFICATE_LIMITS)
    if parts and parts[0].tag == 0xA0:
        parts = Objects(parts[1:])
    if len(parts) < 6:
        raise DerInvalid("a certificate of too few parts")
    serial, _, issuer, validity, subject, spki, *optional = parts
    not_before, not_after, *_ = der.sequence(validity, 2)
    extensions = _extensions(Objects(optional).first(0xA3), CERTIFICATE_LIMITS)
    key_id, usage = extensions.get(_KEY_IDENTIFIER), extensions.get(_EXTENDED_KEY_USAGE)
    return Certificate(
        raw=whole.raw,
        serial=der.integer(serial),
        subject=read_name(subject),
        issuer=read_name(issuer),
        issuer_raw=issuer.raw,
        not_before=der.time(not_before),
        not_after=der.time(not_after),
        spki=spki.raw,
        key_id=der.octets(key_id) if key_id is not None else None,
        authority_key_id=_authority_key_id(extensions.get(_AUTHORITY_KEY_IDENTIFIER)),
        is_authority=_is_authority(extensions),
        purposes=frozenset(map(der.object_identifier, der.sequence(usage))) if usage is not None else frozenset(),
        signed=signed,
    )


def is_signed_by(signed: "Certificate | Crl", issuer: Certificate) -> bool:
    """Tell whether the issuer's key signed a certificate or a list of revoked ones; names and dates are not looked at.

    Raises:
        KeyUnknown: The key or algorithm is none that this program verifies.
        ContentInvalid: The issuer's key is none.
    """
    parts = signed.signed
    return verifies(issuer.key(), parts.algorithm, parts.to_be_signed, parts.signature)


def may_have_signed(issuer: Certificate, signed: "Certificate | Crl") -> bool:
    """Tell whether names or key numbers speak for this issuer: cheap, and proves nothing."""
    if signed.authority_key_id is not None and issuer.key_id is not None:
        return signed.authority_key_id == issuer.key_id
    return signed.issuer.canonical == issuer.subject.canonical


@dataclass(frozen=True, slots=True, repr=False)
class Crl:
    """A list of an authority's revoked certificates.

    Attributes:
        raw: The whole list.
        issuer: Whose it is.
        this_update: When it was made.
        next_update: When the next is due; None if it doesn't say.
        revoked: Serial numbers.
        authority_key_id: The number of the key that signed it; None if it says none.
        signed: What the issuer signed and how.
    """

    raw: bytes
    issuer: Name
    this_update: datetime
    next_update: datetime | None
    revoked: frozenset[int]
    authority_key_id: bytes | None
    signed: _Signed

    def __repr__(self) -> str:
        return f"Crl({self.issuer.country}, revoked={len(self.revoked)})"


def _revoked(parts: list[Tlv]) -> frozenset[int]:
    listed = next((one for one in parts if one.tag == der.SEQUENCE), None)
    if listed is None:
        return frozenset()
    return frozenset(der.integer(der.sequence(one, 1)[0]) for one in der.sequence(listed, limits=CRL_LIMITS))


def read_crl(untrusted: bytes) -> Crl:
    """Return a list of revoked certificates in DER.

    Raises:
        ContentInvalid: It is none.
    """
    whole, signed, parts = _signed(untrusted, CRL_LIMITS)
    if parts and parts[0].tag == der.INTEGER:
        parts = Objects(parts[1:])
    if len(parts) < 3:
        raise DerInvalid("a list of revoked certificates of too few parts")
    _, issuer, this_update, *optional = parts
    has_next = bool(optional) and optional[0].tag in {der.UTC_TIME, der.GENERALIZED_TIME}
    extensions = _extensions(Objects(optional).first(0xA0), CRL_LIMITS)
    return Crl(
        raw=whole.raw,
        issuer=read_name(issuer),
        this_update=der.time(this_update),
        next_update=der.time(optional[0]) if has_next else None,
        revoked=_revoked(optional),
        authority_key_id=_authority_key_id(extensions.get(_AUTHORITY_KEY_IDENTIFIER)),
        signed=signed,
    )
