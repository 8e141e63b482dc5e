"""Whether the chip itself is the one that was issued: chip and active authentication, looked at again.

Each proof is about a key in DG14, DG15 or EF.CardSecurity, so it is worth what passive authentication says about that
file. Without it, a clone brings a key of its own.

Source: ICAO 9303-11 §6, §4.4.3.5.
"""

from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from devices.emrtd import active_authentication, chip_authentication, pace
from devices.emrtd.active_authentication import AuthenticationKey
from devices.emrtd.chip_authentication import ChipKey
from devices.emrtd.ciphers import Suite
from devices.emrtd.document import Attempt, Reading
from devices.emrtd.files import File
from devices.emrtd.key_agreement import domain_of_key, standardized_domain
from devices.emrtd.lds import read_dg15
from devices.emrtd.proofs import Claim, Proof, Reason, fails, holds, not_checked, not_offered
from devices.emrtd.public_keys import DhPublicKey, KeyUnknown, read_public_key
from devices.emrtd.security_infos import Agreement, offers_of, read_dg14
from devices.emrtd.security_object import read_card_security
from devices.emrtd.tlv import ContentInvalid

# A chip has one or two keys; each may be tried under three ids. A hostile one lists many, of slow groups.
_KEYS_MAX: Final = 6


def chip_keys_of(untrusted_dg14: bytes | None) -> tuple[tuple[ChipKey, ...], Attempt]:
    """Return the keys of chip authentication in the order to try, and what is told if there are none."""
    if untrusted_dg14 is None:
        return (), Attempt.NOT_OFFERED
    try:
        offers = offers_of(read_dg14(untrusted_dg14))
    except ContentInvalid:
        return (), Attempt.KEY_UNKNOWN
    found: list[ChipKey] = []
    for info, key in sorted(offers, key=lambda offer: offer[0].suite is Suite.TRIPLE_DES):
        try:
            public = read_public_key(key.spki)
        except ContentInvalid:
            continue
        if isinstance(public, rsa.RSAPublicKey):
            continue
        domain, sent = domain_of_key(public)
        if domain.is_elliptic is not (info.agreement is Agreement.ECDH):
            continue
        # The ids of offer and key should be one; a chip may know its key by either, or by none (FACTS §4, row 17).
        ids = dict.fromkeys((key.key_id, info.key_id, None))
        found += [ChipKey(info.oid, info.suite, domain, sent, key_id) for key_id in ids]
    if found:
        return tuple(found[:_KEYS_MAX]), Attempt.DONE
    return (), Attempt.KEY_UNKNOWN if offers else Attempt.NOT_OFFERED


def signing_key_of(untrusted_dg15: bytes | None) -> tuple[AuthenticationKey | None, Attempt]:
    """Return the key of active authentication, and what is told if there is none."""
    if untrusted_dg15 is None:
        return None, Attempt.NOT_OFFERED
    try:
        key = read_dg15(untrusted_dg15)
    except ContentInvalid:
        return None, Attempt.KEY_UNKNOWN
    return (None, Attempt.KEY_UNKNOWN) if isinstance(key, DhPublicKey) else (key, Attempt.DONE)


def prove_chip(reading: Reading) -> tuple[Proof, ...]:
    """Return what each way of proving the chip says, from the raw bytes of the reading alone."""
    return _chip_authentication(reading), _active_authentication(reading), _mapping(reading)


def _before_the_end(claim: Claim, attempt: Attempt, file: File) -> Proof | None:
    """What is told of a protocol that left nothing to look at."""
    match attempt:
        case Attempt.NOT_OFFERED:
            return not_offered(claim)
        case Attempt.NOT_TRIED:
            return not_checked(claim, Reason.NOT_READ, file)
        case Attempt.KEY_UNKNOWN:
            return not_checked(claim, Reason.ALGORITHM_UNKNOWN, file)
        case Attempt.REFUSED:
            return fails(claim, Reason.CHIP_SILENT, file)
        case Attempt.DONE:
            return None


def _chip_authentication(reading: Reading) -> Proof:
    claim, transcript = Claim.CHIP_AUTHENTICATION, reading.chip_transcript
    told = _before_the_end(claim, reading.chip_attempt, File.DG14)
    if told is not None or transcript is None:
        return told or fails(claim, Reason.CHIP_SILENT, File.DG14)
    keys, attempt = chip_keys_of(reading.files.get(File.DG14))
    if any(chip_authentication.is_proven(transcript, key) for key in keys):
        return holds(claim, File.DG14)
    return _before_the_end(claim, attempt, File.DG14) or fails(claim, Reason.CHIP_ANSWER_WRONG, File.DG14)


def _active_authentication(reading: Reading) -> Proof:
    claim, transcript = Claim.ACTIVE_AUTHENTICATION, reading.active_transcript
    told = _before_the_end(claim, reading.active_attempt, File.DG15)
    if told is not None or transcript is None:
        return told or fails(claim, Reason.CHIP_SILENT, File.DG15)
    key, attempt = signing_key_of(reading.files.get(File.DG15))
    named = signature_hash_of(reading.files.get(File.DG14))
    if key is not None and active_authentication.is_proven(transcript, key, named):
        return holds(claim, File.DG15)
    return _before_the_end(claim, attempt, File.DG15) or fails(claim, Reason.CHIP_ANSWER_WRONG, File.DG15)


# BSI TR-03111 §5.2.1.1 (plain) and ANSI X9.62: what DG14 may name for ECDSA.
_HASH_OF_SIGNATURE: Final = {
    "1.2.840.10045.4.1": "sha1",
    "1.2.840.10045.4.3.1": "sha224",
    "1.2.840.10045.4.3.2": "sha256",
    "1.2.840.10045.4.3.3": "sha384",
    "1.2.840.10045.4.3.4": "sha512",
    "0.4.0.127.0.7.1.1.4.1.1": "sha1",
    "0.4.0.127.0.7.1.1.4.1.2": "sha224",
    "0.4.0.127.0.7.1.1.4.1.3": "sha256",
    "0.4.0.127.0.7.1.1.4.1.4": "sha384",
    "0.4.0.127.0.7.1.1.4.1.5": "sha512",
}


def signature_hash_of(untrusted_dg14: bytes | None) -> str | None:
    """Return the hash that DG14 names for active authentication over a curve; None if it names none that we know."""
    if untrusted_dg14 is None:
        return None
    try:
        info = read_dg14(untrusted_dg14).active_authentication
    except ContentInvalid:
        return None
    return _HASH_OF_SIGNATURE.get(info.signature_oid) if info else None


def _mapping(reading: Reading) -> Proof:
    claim, proof = Claim.CHIP_MAPPING, reading.mapping_proof
    if proof is None:
        return not_offered(claim)
    untrusted = reading.files.get(File.CARD_SECURITY)
    domain = standardized_domain(proof.parameter_id)
    if untrusted is None:
        return not_checked(claim, Reason.NOT_READ, File.CARD_SECURITY)
    try:
        keys = () if domain is None else mapping_keys_of(untrusted, domain.name)
    except ContentInvalid:
        return not_checked(claim, Reason.UNREADABLE, File.CARD_SECURITY)
    if domain is None or not keys:
        return not_checked(claim, Reason.ALGORITHM_UNKNOWN, File.CARD_SECURITY)
    if any(pace.is_proven(proof, domain, key) for key in keys):
        return holds(claim, File.CARD_SECURITY)
    return fails(claim, Reason.CHIP_ANSWER_WRONG, File.CARD_SECURITY)


def mapping_keys_of(untrusted_card_security: bytes, domain_name: str) -> tuple[bytes, ...]:
    """Return the public keys of EF.CardSecurity that lie on a curve.

    Raises:
        ContentInvalid: The file can't be parsed.
    """
    _, infos = read_card_security(untrusted_card_security)
    found = []
    for info in infos.chip_authentication_keys:
        try:
            public = read_public_key(info.spki)
        except KeyUnknown:
            continue
        if isinstance(public, ec.EllipticCurvePublicKey):
            domain, sent = domain_of_key(public)
            if domain.name == domain_name:
                found.append(sent)
    return tuple(found)
