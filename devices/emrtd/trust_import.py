"""Takes master lists, certificates and lists of revoked ones into a trust store, each proven first.

A master list counts if its signer may sign such lists, signed this one, and is certified by an authority of its
country. That authority must be in the store already; for the very first list there is none, so it is taken from the
list itself and named by its fingerprint, which people compare with what its State publishes. A link certificate
counts if an authority in the store signed it. A root by itself counts because IT staff gave it.

Source: ICAO 9303-12 §5 (trust is brought in from outside), §8 (master lists) and §8.3 (their signers).
"""

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Final

from devices.emrtd import der
from devices.emrtd.certificates import Certificate, read_certificate, read_crl
from devices.emrtd.public_keys import KeyUnknown
from devices.emrtd.signed_data import SignedData, SignerInfo, is_of, read_signed_data, signature_fault
from devices.emrtd.tlv import ContentInvalid, Limits, read_one
from devices.emrtd.trust import TakenList, TrustStore, is_root, issuers_among

FILE_BYTES_MAX: Final = 1 << 24
"""No file of a State is larger: master lists have one megabyte."""
_LIST_LIMITS: Final = Limits(value_bytes_max=FILE_BYTES_MAX, depth_max=20, siblings_max=5000)
_MASTER_LIST_TYPES: Final = frozenset({"2.23.136.1.1.2"})
_MASTER_LIST_SIGNER: Final = "2.23.136.1.1.3"
BLOCKS_MAX: Final = 2000
"""Of one file as text: all certificates of all States are some 700."""
_PEM_BEGIN: Final = b"-----BEGIN "


class Kind(Enum):
    """What a file holds."""

    MASTER_LIST = "master_list"
    AUTHORITY = "authority"
    LINK = "link"
    REVOCATION_LIST = "revocation_list"


class TrustRefusal(Enum):
    """Why a file is not taken into the store."""

    UNREADABLE = "unreadable"
    """It is no master list, certificate or list of revoked ones."""
    TOO_LARGE = "too_large"
    SIGNATURE_WRONG = "signature_wrong"
    """Something in it was altered, or it is signed by somebody else."""
    SIGNER_ABSENT = "signer_absent"
    """The certificate of the master list's signer is not in it."""
    SIGNER_NOT_FOR_LISTS = "signer_not_for_lists"
    """Its signer may not sign master lists."""
    SIGNER_NOT_CERTIFIED = "signer_not_certified"
    """No authority of the signer's country has certified the signer."""
    SIGNER_EXPIRED = "signer_expired"
    """Its signer's certificate was not valid when it was signed."""
    AUTHORITY_UNKNOWN = "authority_unknown"
    """The authority above it is not in the store; its fingerprint must be compared and named."""
    NOT_AN_AUTHORITY = "not_an_authority"
    """The certificate is a document signer's: it comes with each document and is not imported."""
    ALGORITHM_UNKNOWN = "algorithm_unknown"
    """It is signed in a way that this program does not know."""
    REVOCATION_LIST_OLDER = "revocation_list_older"
    """A newer list of the same authority is in the store."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What taking a file in has changed.

    Attributes:
        kind: Of the file.
        country: Of its issuer.
        authority: Fingerprint of the authority that proves it; of the certificate itself for a root.
        is_anchored: An authority that was in the store before proves it. False for a root and for the first list.
        certificates: How many it holds; of a list of revoked ones, how many it revokes.
        new: How many of them the store did not have; 1 for a list of revoked ones.
        unusable: Certificates whose key or curve this program can't compute with; they are kept.
    """

    kind: Kind
    country: str
    authority: str
    is_anchored: bool
    certificates: int
    new: int
    unusable: int = 0


@dataclass(frozen=True, slots=True)
class NotTaken:
    """Why a file was refused; `authority` names the fingerprint that people must compare, else it is empty."""

    refusal: TrustRefusal
    authority: str = ""


Report = Callable[[int, int], None]
"""Is told how many certificates of how many have been looked at."""


def _say_nothing(_done: int, _total: int) -> None:
    return


def contents_of(untrusted: bytes) -> tuple[bytes, ...]:
    """Return what a file holds, in DER: each block of a file as text (PEM), or the file itself.

    A block that is no text of this kind comes as it stands, and `take` refuses it.
    """
    blocks = untrusted.split(_PEM_BEGIN)[1 : BLOCKS_MAX + 1]
    if not blocks or untrusted[:1] == b"\x30":
        return (untrusted,)
    return tuple(_from_text(block) for block in blocks)


def _from_text(block: bytes) -> bytes:
    lines = block.partition(b"-----END")[0].splitlines()[1:]
    try:
        return base64.b64decode(b"".join(line.strip() for line in lines), validate=True)
    except binascii.Error:
        return block


def take(
    store: TrustStore, untrusted: bytes, now: datetime, *, authority: str | None = None, report: Report = _say_nothing
) -> tuple[TrustStore, Taken] | NotTaken:
    """Return the store with what a file holds, and what that was; or why the file is refused.

    Args:
        store: As it is.
        untrusted: A master list, a certificate or a list of revoked ones, in DER (`contents_of`).
        now: By which a signer without a signing time must be valid.
        authority: The fingerprint of an authority that people have compared: a list under it is taken though the
            store does not have it, and a list under another is refused.
        report: Is told how far a master list has been looked at.
    """
    if len(untrusted) > FILE_BYTES_MAX:
        return NotTaken(TrustRefusal.TOO_LARGE)
    try:
        parts = der.sequence(read_one(untrusted, _LIST_LIMITS), 2, _LIST_LIMITS)
        if parts[0].tag == der.OBJECT_IDENTIFIER:
            return _take_list(store, untrusted, now, authority, report)
        # a certificate's content has six parts or more, the fourth of which is its validity: two times
        inner = der.sequence(parts[0], 3, _LIST_LIMITS)
        is_crl = any(one.tag in {der.UTC_TIME, der.GENERALIZED_TIME} for one in inner)
        return _take_crl(store, untrusted) if is_crl else _take_certificate(store, untrusted)
    except KeyUnknown:
        return NotTaken(TrustRefusal.ALGORITHM_UNKNOWN)
    except ContentInvalid:
        return NotTaken(TrustRefusal.UNREADABLE)


def _take_certificate(store: TrustStore, content: bytes) -> tuple[TrustStore, Taken] | NotTaken:
    certificate = read_certificate(content)
    if not certificate.is_authority:
        return NotTaken(TrustRefusal.NOT_AN_AUTHORITY)
    country = certificate.subject.country
    is_new = int(certificate.raw not in store.certificates.get(country, ()))
    # an authority speaks for its own country: none may link to another's
    own = [one for one in store.authorities_of(certificate.issuer.country) if one.subject.country == country]
    above = next(issuers_among(own, certificate), None)
    if is_root(certificate):
        taken = Taken(Kind.AUTHORITY, country, certificate.fingerprint, not is_new, 1, is_new)
    elif above is not None:
        taken = Taken(Kind.LINK, country, above.fingerprint, True, 1, is_new)
    elif certificate.is_self_issued and certificate.authority_key_id in {None, certificate.key_id}:
        # it says to be signed with its own key, and is not
        certificate.key()
        return NotTaken(TrustRefusal.SIGNATURE_WRONG)
    else:
        return NotTaken(TrustRefusal.AUTHORITY_UNKNOWN)
    return store.with_certificates([certificate]), taken


def _take_crl(store: TrustStore, content: bytes) -> tuple[TrustStore, Taken] | NotTaken:
    crl = read_crl(content)
    authorities = store.authorities_of(crl.issuer.country)
    signer = next(issuers_among(authorities, crl), None)
    if signer is None:
        known = any(one.subject.canonical == crl.issuer.canonical for one in authorities)
        return NotTaken(TrustRefusal.SIGNATURE_WRONG if known else TrustRefusal.AUTHORITY_UNKNOWN)
    alike = [
        one
        for one in store.crls_of(crl.issuer.country)
        if (one.issuer.canonical, one.authority_key_id) == (crl.issuer.canonical, crl.authority_key_id)
    ]
    if any(one.this_update > crl.this_update for one in alike):
        return NotTaken(TrustRefusal.REVOCATION_LIST_OLDER)
    is_new = int(all(one.raw != crl.raw for one in alike))
    taken = Taken(Kind.REVOCATION_LIST, crl.issuer.country, signer.fingerprint, True, len(crl.revoked), is_new)
    return store.with_crl(crl), taken


def _listed(data: SignedData, report: Report) -> list[Certificate]:
    _, members, *_ = der.sequence(read_one(data.content, _LIST_LIMITS), 2, _LIST_LIMITS)
    raw = der.expect(members, der.SET).children(_LIST_LIMITS)
    certificates = []
    for done, one in enumerate(raw, start=1):
        certificates.append(read_certificate(one.raw))
        report(done, len(raw))
    return certificates


def _signed_by(data: SignedData, certificates: list[Certificate]) -> tuple[SignerInfo, Certificate] | TrustRefusal:
    for signer in data.signers:
        for certificate in certificates:
            if is_of(signer, certificate):
                if signature_fault(data, signer, certificate, _MASTER_LIST_TYPES) is not None:
                    return TrustRefusal.SIGNATURE_WRONG
                return signer, certificate
    return TrustRefusal.SIGNER_ABSENT


def _take_list(
    store: TrustStore, content: bytes, now: datetime, authority: str | None, report: Report
) -> tuple[TrustStore, Taken] | NotTaken:
    data = read_signed_data(content, _LIST_LIMITS)
    carried = [read_certificate(raw) for raw in data.certificates]
    signed = _signed_by(data, carried)
    if isinstance(signed, TrustRefusal):
        return NotTaken(signed)
    signer, certificate = signed
    if _MASTER_LIST_SIGNER not in certificate.purposes:
        return NotTaken(TrustRefusal.SIGNER_NOT_FOR_LISTS)
    if not certificate.is_valid_at(signer.signing_time or now):
        return NotTaken(TrustRefusal.SIGNER_EXPIRED)
    listed = _listed(data, report)
    above = _authority_above(store, certificate, [*carried, *listed], authority)
    if isinstance(above, NotTaken):
        return above
    root, is_anchored = above
    new = sum(one.raw not in store.certificates.get(one.subject.country, ()) for one in listed)
    record = TakenList(certificate.subject.country, root.fingerprint, signer.signing_time, len(listed))
    taken = Taken(
        Kind.MASTER_LIST,
        certificate.subject.country,
        root.fingerprint,
        is_anchored,
        len(listed),
        new,
        sum(not _is_usable(one) for one in listed),
    )
    return store.with_certificates(listed).with_list(record), taken


def _is_usable(certificate: Certificate) -> bool:
    try:
        certificate.key()
    except ContentInvalid:
        return False
    return True


def _authority_above(
    store: TrustStore, signer: Certificate, beside: list[Certificate], compared: str | None
) -> tuple[Certificate, bool] | NotTaken:
    """The authority that certified a list's signer, and whether the store had it; each has the signer's country."""

    def among(certificates: "list[Certificate] | tuple[Certificate, ...]") -> list[Certificate]:
        of_country = [one for one in certificates if one.subject.country == signer.subject.country]
        return [one for one in issuers_among(of_country, signer) if one.raw != signer.raw]

    anchored = among(store.authorities_of(signer.issuer.country))
    roots = sorted(among(beside), key=lambda one: not is_root(one))
    if compared is not None:
        named = [one for one in (*anchored, *roots) if one.fingerprint == compared.lower()]
        if not named:
            best = anchored or roots
            return NotTaken(TrustRefusal.AUTHORITY_UNKNOWN, best[0].fingerprint if best else "")
        return named[0], named[0] in anchored
    if anchored:
        return anchored[0], True
    if not roots:
        return NotTaken(TrustRefusal.SIGNER_NOT_CERTIFIED)
    if store.lists:
        return NotTaken(TrustRefusal.AUTHORITY_UNKNOWN, roots[0].fingerprint)
    return roots[0], False
