"""Passive authentication: what the issuer's signature proves of the files that were read.

1. EF.SOD is signed by its document signer: over attributes or content, whatever algorithm the SignerInfo has.
2. An authority in the trust store has certified that signer; its links are followed to a root.
3. Signer and authority are valid today, and no list of revoked signers has the signer.
4. Issuer in DG1, signer and authority are of one country.
5. Each file's raw bytes have the hash that was signed: nothing is parsed and written again in between.
6. EF.CardAccess, which nobody signs, offered what DG14 or EF.CardSecurity offers; the latter is signed likewise.

Each is a claim with its own standing. Nothing is refused here: what they mean for the voter is for people to say.
It is a function of raw bytes, trust store and time, so that a document can be proven again later.

Source: ICAO 9303-11 §5.1, 9303-12 §5 and §6.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from devices.emrtd.certificates import Certificate, Name, may_have_signed, read_certificate
from devices.emrtd.countries import two_letters
from devices.emrtd.files import File
from devices.emrtd.lds import read_dg1
from devices.emrtd.mrz import Mrz
from devices.emrtd.proofs import Claim, Proof, Reason, fails, holds, not_checked, not_offered
from devices.emrtd.public_keys import KeyUnknown
from devices.emrtd.security_infos import SecurityInfos, offers_pace_alike, read_dg14, read_security_infos
from devices.emrtd.security_object import (
    CARD_SECURITY_TYPES,
    SECURITY_OBJECT_TYPES,
    SecurityObject,
    read_card_security,
    read_security_object,
)
from devices.emrtd.signed_data import SignedData, is_of, signature_fault
from devices.emrtd.tlv import ContentInvalid
from devices.emrtd.trust import TrustStore, knows_key, path_to_root

# A document has one signer and its certificate, at times the authority's beside it. More would be a chip that wants to
# keep the station busy.
_SIGNERS_MAX: Final = 4
_CERTIFICATES_MAX: Final = 8
# A chip that lists one of these and does not give it hides a photograph or its own proof.
_MUST_BE_READ: Final = (File.DG1, File.DG2, File.DG14, File.DG15)
# 9303-12 §7.1: signers of master lists and of deviation lists, which sign no documents
_OTHER_SIGNERS: Final = frozenset({"2.23.136.1.1.3", "2.23.136.1.1.8"})


@dataclass(frozen=True, slots=True)
class PassiveAuthentication:
    """What passive authentication says.

    Attributes:
        proofs: One for each claim; a claim about content for each data group that was read or should have been.
        signer: The document signer whose key the signature is of; None if it isn't of any.
        path: The trusted certificates above the signer, its issuer first.
        data_groups: That the issuer signed hashes of.
    """

    proofs: tuple[Proof, ...]
    signer: Certificate | None
    path: tuple[Certificate, ...]
    data_groups: tuple[File, ...]

    @property
    def is_for_training(self) -> bool:
        """Whether a synthetic authority stands behind it: no State's document."""
        return any(one.is_for_training for one in (*self.path, *((self.signer,) if self.signer else ())))

    def proves(self, file: File) -> bool:
        """Whether a file's bytes are the issuer's: its content, the signature, the signer and the country hold."""
        content = Claim.CARD_SECURITY if file is File.CARD_SECURITY else Claim.CONTENT
        about = None if file is File.CARD_SECURITY else file
        needed = {
            (Claim.SECURITY_OBJECT, None),
            (Claim.SIGNER, None),
            (Claim.COUNTRY, None),
            (content, about),
        }
        revoked = any(one.claim is Claim.REVOCATION and one.reason is Reason.REVOKED for one in self.proofs)
        return needed <= {(one.claim, one.file) for one in self.proofs if one.holds} and not revoked


def _signer_of(data: SignedData, content_types: frozenset[str], known: tuple[Certificate, ...]) -> Certificate | Reason:
    """The certificate whose key signed the content, among those that came with it and those `known`."""
    certificates = list(known)
    for raw in data.certificates[:_CERTIFICATES_MAX]:
        try:
            certificates.append(read_certificate(raw))
        except ContentInvalid:
            continue
    worst = Reason.SIGNER_ABSENT
    for signer in data.signers[:_SIGNERS_MAX]:
        # a signer that names none of the certificates is tried against all: the signature decides
        named = [one for one in certificates if is_of(signer, one)] or certificates
        for certificate in named:
            try:
                fault = signature_fault(data, signer, certificate, content_types)
            except KeyUnknown:
                worst = Reason.ALGORITHM_UNKNOWN
            except ContentInvalid:
                worst = Reason.SIGNATURE_WRONG
            else:
                if fault is None:
                    return certificate
                worst = Reason.SIGNATURE_WRONG
    return worst


def _unproven(claim: Claim, reason: Reason) -> Proof:
    # without the certificate, or with an unknown algorithm, nothing speaks against the document
    may_hold = reason in {Reason.SIGNER_ABSENT, Reason.ALGORITHM_UNKNOWN, Reason.NOT_READ}
    return not_checked(claim, reason) if may_hold else fails(claim, reason)


def _certified(store: TrustStore, signer: Certificate, path: tuple[Certificate, ...]) -> Proof:
    if signer.purposes & _OTHER_SIGNERS:
        return fails(Claim.SIGNER, Reason.NOT_A_DOCUMENT_SIGNER)
    if path:
        return holds(Claim.SIGNER)
    authorities = store.authorities_of(signer.issuer.country)
    if not authorities:
        return not_checked(Claim.SIGNER, Reason.NO_AUTHORITY)
    if any(may_have_signed(one, signer) and not knows_key(one) for one in authorities):
        return not_checked(Claim.SIGNER, Reason.ALGORITHM_UNKNOWN)
    return fails(Claim.SIGNER, Reason.NOT_CERTIFIED)


def _valid(chain: tuple[Certificate, ...], now: datetime) -> Proof:
    if any(now < one.not_before for one in chain):
        return fails(Claim.SIGNER_VALIDITY, Reason.NOT_YET_VALID)
    if any(now > one.not_after for one in chain):
        return fails(Claim.SIGNER_VALIDITY, Reason.EXPIRED)
    return holds(Claim.SIGNER_VALIDITY)


def _linked_names(store: TrustStore, issuer: Name) -> frozenset[str]:
    """The names that links of the country join to an issuer's: one authority over its renewals."""
    joined = {issuer.canonical}
    links = [one for one in store.authorities_of(issuer.country) if not one.is_self_issued]
    for _ in links:
        joined |= {
            name
            for one in links
            if {one.subject.canonical, one.issuer.canonical} & joined
            for name in (one.subject.canonical, one.issuer.canonical)
        }
    return frozenset(joined)


def _not_revoked(store: TrustStore, signer: Certificate, now: datetime) -> Proof:
    # 9303-12 §7.1.4: after a renewal the newest key signs one list for all signers
    names = _linked_names(store, signer.issuer)
    lists = [one for one in store.crls_of(signer.issuer.country) if one.issuer.canonical in names]
    if any(signer.serial in one.revoked for one in lists):
        return fails(Claim.REVOCATION, Reason.REVOKED)
    if not lists:
        return not_checked(Claim.REVOCATION, Reason.NO_REVOCATION_LIST)
    if not any(one.next_update is None or now <= one.next_update for one in lists):
        return not_checked(Claim.REVOCATION, Reason.REVOCATION_LIST_OLD)
    return holds(Claim.REVOCATION)


def _country(mrz: Mrz | None, signer: Certificate, path: tuple[Certificate, ...]) -> Proof:
    if mrz is None:
        return not_checked(Claim.COUNTRY, Reason.NOT_READ)
    of_document = two_letters(mrz.issuer)
    if of_document is None:
        return not_checked(Claim.COUNTRY, Reason.COUNTRY_UNKNOWN)
    of_authority = path[0].subject.country if path else signer.issuer.country
    if {of_document} != {signer.subject.country or of_authority, of_authority}:
        return fails(Claim.COUNTRY, Reason.COUNTRY_DIFFERS)
    return holds(Claim.COUNTRY)


def _content(sod: SecurityObject | None, reason: Reason, files: Mapping[File, bytes]) -> list[Proof]:
    read = [file for file in files if file.data_group is not None]
    if sod is None:
        return [not_checked(Claim.CONTENT, reason, file) for file in read]
    proofs: list[Proof] = []
    for file in read:
        match sod.has_hash_of(file, files[file]):
            case True:
                proofs.append(holds(Claim.CONTENT, file))
            case False:
                proofs.append(fails(Claim.CONTENT, Reason.HASH_DIFFERS, file))
            case None:
                proofs.append(fails(Claim.CONTENT, Reason.NOT_LISTED, file))
    hidden = [file for file in _MUST_BE_READ if file in sod.hashes and file not in files]
    return proofs + [not_checked(Claim.CONTENT, Reason.NOT_READ, file) for file in hidden]


def _expiry(mrz: Mrz | None, now: datetime) -> Proof:
    if mrz is None:
        return not_checked(Claim.EXPIRY, Reason.NOT_READ)
    expires = mrz.expiry_day(now.date())
    if expires is None:
        return not_checked(Claim.EXPIRY, Reason.DATE_UNKNOWN)
    return holds(Claim.EXPIRY) if now.date() <= expires else fails(Claim.EXPIRY, Reason.EXPIRED)


def _mrz(files: Mapping[File, bytes]) -> Mrz | None:
    try:
        return read_dg1(files[File.DG1]) if File.DG1 in files else None
    except ContentInvalid:
        return None


def _card_security(
    files: Mapping[File, bytes], store: TrustStore, known: tuple[Certificate, ...], now: datetime
) -> tuple[Proof, SecurityInfos | None]:
    """Whether EF.CardSecurity is signed under a trusted authority of EF.SOD's country; its infos if so."""
    if File.CARD_SECURITY not in files:
        return not_offered(Claim.CARD_SECURITY), None
    try:
        data, infos = read_card_security(files[File.CARD_SECURITY])
    except ContentInvalid:
        return fails(Claim.CARD_SECURITY, Reason.UNREADABLE), None
    signer = _signer_of(data, CARD_SECURITY_TYPES, known)
    if isinstance(signer, Reason):
        return _unproven(Claim.CARD_SECURITY, signer), None
    path = path_to_root(store, signer, now)
    certified = _certified(store, signer, path)
    if not certified.holds:
        return Proof(Claim.CARD_SECURITY, certified.standing, certified.reason), None
    if known and signer.issuer.country != known[0].issuer.country:
        return fails(Claim.CARD_SECURITY, Reason.COUNTRY_DIFFERS), None
    if _not_revoked(store, signer, now).reason is Reason.REVOKED:
        return fails(Claim.CARD_SECURITY, Reason.REVOKED), None
    return holds(Claim.CARD_SECURITY), infos


def _pace_offer(files: Mapping[File, bytes], content: list[Proof], card_security: SecurityInfos | None) -> Proof:
    claimed = files.get(File.CARD_ACCESS)
    signed = card_security
    try:
        if signed is None and holds(Claim.CONTENT, File.DG14) in content:
            signed = read_dg14(files[File.DG14])
        offered = read_security_infos(claimed) if claimed is not None else SecurityInfos((), b"")
    except ContentInvalid:
        return fails(Claim.PACE_OFFER, Reason.UNREADABLE)
    if signed is None:
        return not_offered(Claim.PACE_OFFER) if not offered.pace else not_checked(Claim.PACE_OFFER, Reason.NOT_READ)
    if not signed.pace and not offered.pace:
        return not_offered(Claim.PACE_OFFER)
    return (
        holds(Claim.PACE_OFFER) if offers_pace_alike(signed, offered) else fails(Claim.PACE_OFFER, Reason.OFFER_DIFFERS)
    )


def prove(files: Mapping[File, bytes], store: TrustStore, now: datetime) -> PassiveAuthentication:
    """Return what the issuer's signature proves of `files`.

    Args:
        files: Raw bytes as they were read, whole; EF.SOD and EF.DG1 among them, else little can be said.
        store: The authorities that are trusted.
        now: By which certificates and the document must be valid.
    """
    mrz = _mrz(files)
    sod, problem, signer = None, Reason.NOT_READ, None
    path: tuple[Certificate, ...] = ()
    if File.SOD in files:
        try:
            sod = read_security_object(files[File.SOD])
        except KeyUnknown:
            problem = Reason.ALGORITHM_UNKNOWN
        except ContentInvalid:
            problem = Reason.UNREADABLE
    proofs: list[Proof]
    found = _signer_of(sod.signed, SECURITY_OBJECT_TYPES, ()) if sod is not None else problem
    if isinstance(found, Reason):
        proofs = [_unproven(Claim.SECURITY_OBJECT, found)]
        unsaid = (Claim.SIGNER, Claim.SIGNER_VALIDITY, Claim.REVOCATION, Claim.COUNTRY)
        proofs += [not_checked(claim, found) for claim in unsaid]
    else:
        signer, path = found, path_to_root(store, found, now)
        proofs = [
            holds(Claim.SECURITY_OBJECT),
            _certified(store, signer, path),
            _valid((signer, *path[:1]), now),
            _not_revoked(store, signer, now),
            _country(mrz, signer, path),
        ]
    content = _content(sod, problem, files)
    card_security, infos = _card_security(files, store, (signer,) if signer is not None else (), now)
    proofs += [*content, _expiry(mrz, now), card_security, _pace_offer(files, content, infos)]
    return PassiveAuthentication(tuple(proofs), signer, path, tuple(sod.hashes) if sod is not None else ())
