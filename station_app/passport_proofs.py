"""What a reading proved, in the five proofs that the screens show, each with its reason where it needs one."""

from __future__ import annotations

from collections.abc import Iterable

from devices.emrtd.access import AccessProtocol, Downgrade
from devices.emrtd.document import Reading
from devices.emrtd.proofs import Claim, Reason, Standing
from devices.emrtd.proofs import Proof as ClaimProof
from devices.emrtd.verification import Copy, Verification
from station_app.passports import Holds, Proof, ProofShown, Why

_CHIP_CLAIMS = frozenset({Claim.CHIP_AUTHENTICATION, Claim.ACTIVE_AUTHENTICATION, Claim.CHIP_MAPPING})
_SIGNED_CLAIMS = frozenset({Claim.SECURITY_OBJECT, Claim.CONTENT, Claim.CARD_SECURITY, Claim.PACE_OFFER})
_ISSUER_CLAIMS = frozenset({Claim.SIGNER, Claim.SIGNER_VALIDITY, Claim.COUNTRY})
_WHY = {
    Reason.NO_AUTHORITY: Why.NO_ISSUER,
    Reason.ALGORITHM_UNKNOWN: Why.UNKNOWN_METHOD,
    Reason.NO_REVOCATION_LIST: Why.NO_REVOCATION_LIST,
    Reason.REVOCATION_LIST_OLD: Why.OLD_REVOCATION_LIST,
    Reason.EXPIRED: Why.EXPIRED_SIGNER,
    Reason.NOT_YET_VALID: Why.EXPIRED_SIGNER,
    Reason.CHIP_SILENT: Why.CHIP_REFUSED,
    Reason.NOT_READ: Why.NOT_READ,
}


def proofs_shown(reading: Reading, verification: Verification, *, is_training: bool) -> tuple[ProofShown, ...]:
    """The five proofs in the order of the screens; only a training election takes a made-up State for one."""
    passive = verification.passive.proofs
    signed = _signed([one for one in passive if one.claim in _SIGNED_CLAIMS])
    issuer = _issuer([one for one in passive if one.claim in _ISSUER_CLAIMS], signed)
    if verification.passive.is_for_training and issuer.holds in {Holds.HOLDS, Holds.WEAKER}:
        holds = issuer.holds if is_training else Holds.FAILS
        issuer = ProofShown(Proof.ISSUER, holds, Why.MADE_UP_STATE)
    return (
        signed,
        issuer,
        _not_revoked([one for one in passive if one.claim is Claim.REVOCATION], issuer),
        _chip(verification),
        _connection(reading),
    )


def _signed(claims: list[ClaimProof]) -> ProofShown:
    security_object = [one for one in claims if one.claim is Claim.SECURITY_OBJECT]
    if _standing(claims) is Standing.FAILS:
        return ProofShown(Proof.SIGNED, Holds.FAILS)
    if not security_object or all(one.reason is Reason.NOT_READ for one in security_object):
        return ProofShown(Proof.SIGNED, Holds.NOT_OFFERED)
    unchecked = [one for one in claims if one.standing is Standing.NOT_CHECKED]
    if unchecked:
        return ProofShown(Proof.SIGNED, Holds.NOT_CHECKED, _why(unchecked))
    return ProofShown(Proof.SIGNED, Holds.HOLDS)


def _issuer(claims: list[ClaimProof], signed: ProofShown) -> ProofShown:
    if signed.holds is not Holds.HOLDS and signed.holds is not Holds.FAILS:
        return ProofShown(Proof.ISSUER, Holds.NOT_CHECKED, Why.NOT_SIGNED)
    # An expired certificate is no false one: documents outlive their signers, and an expired document is shown.
    decisive = [one for one in claims if one.claim is not Claim.SIGNER_VALIDITY]
    if _standing(decisive) is Standing.FAILS:
        return ProofShown(Proof.ISSUER, Holds.FAILS)
    signer = [one for one in claims if one.claim is Claim.SIGNER]
    if not signer or _standing(signer) is not Standing.HOLDS:
        return ProofShown(Proof.ISSUER, Holds.NOT_CHECKED, _why(signer) or Why.NOT_SIGNED)
    late = [one for one in claims if one.standing is Standing.FAILS]
    if late:
        return ProofShown(Proof.ISSUER, Holds.WEAKER, _why(late))
    return ProofShown(Proof.ISSUER, Holds.HOLDS)


def _not_revoked(claims: list[ClaimProof], issuer: ProofShown) -> ProofShown:
    if _standing(claims) is Standing.FAILS:
        return ProofShown(Proof.NOT_REVOKED, Holds.FAILS)
    if claims and _standing(claims) is Standing.HOLDS:
        return ProofShown(Proof.NOT_REVOKED, Holds.HOLDS)
    why = _why(claims) or (issuer.why if issuer.holds is Holds.NOT_CHECKED else None)
    return ProofShown(Proof.NOT_REVOKED, Holds.NOT_CHECKED, why)


def _chip(verification: Verification) -> ProofShown:
    claims = [one for one in verification.chip if one.claim in _CHIP_CLAIMS]
    match verification.copy:
        case Copy.SUSPECTED:
            return ProofShown(Proof.CHIP, Holds.FAILS, _why(one for one in claims if one.standing is Standing.FAILS))
        case Copy.EXCLUDED:
            return ProofShown(Proof.CHIP, Holds.HOLDS)
        case Copy.NOT_EXCLUDED:
            if all(one.standing is Standing.NOT_OFFERED for one in claims):
                return ProofShown(Proof.CHIP, Holds.NOT_OFFERED, Why.OLD_DOCUMENT)
            has_key = any(one.holds for one in claims)
            why = Why.NOT_SIGNED if has_key else _why(claims)
            return ProofShown(Proof.CHIP, Holds.NOT_CHECKED, why)


def _connection(reading: Reading) -> ProofShown:
    if Downgrade.NO_ACCESS_CONTROL in reading.downgrades:
        return ProofShown(Proof.CONNECTION, Holds.NOT_OFFERED, Why.OPEN)
    if reading.downgrades:
        return ProofShown(Proof.CONNECTION, Holds.WEAKER, Why.DOWNGRADE)
    by = Why.PACE if reading.access.protocol is AccessProtocol.PACE else Why.BAC
    return ProofShown(Proof.CONNECTION, Holds.HOLDS, by)


def _standing(claims: Iterable[ClaimProof]) -> Standing:
    """The worst of them, a failure first; what is not offered counts for nothing."""
    found = {one.standing for one in claims}
    for worst in (Standing.FAILS, Standing.NOT_CHECKED, Standing.HOLDS):
        if worst in found:
            return worst
    return Standing.NOT_OFFERED


def _why(claims: Iterable[ClaimProof]) -> Why | None:
    """The first reason that has words."""
    return next((_WHY[one.reason] for one in claims if one.reason in _WHY), None)
