"""What passive authentication claims of a document and how each claim stands: values for screens and records.

A proof never says less than it knows: what could not be checked is told apart from what fails, with the reason.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from devices.emrtd.files import File


class Claim(Enum):
    """What a proof is about."""

    SECURITY_OBJECT = "security_object"
    """EF.SOD is signed by the document signer that it names."""
    SIGNER = "signer"
    """An authority that this station trusts has certified the document signer."""
    SIGNER_VALIDITY = "signer_validity"
    """The signer's and the authority's certificates are valid today."""
    REVOCATION = "revocation"
    """The authority has not revoked the signer."""
    COUNTRY = "country"
    """The document's issuer, its signer and the authority are of one country."""
    CONTENT = "content"
    """A file's bytes are those that the issuer signed."""
    EXPIRY = "expiry"
    """The document has not expired; an expired one is shown and not refused."""
    PACE_OFFER = "pace_offer"
    """What EF.CardAccess offered unsigned is what the signed files offer: nobody has lowered the protection."""
    CARD_SECURITY = "card_security"
    """EF.CardSecurity, with the key of chip authentication mapping, is signed like EF.SOD."""
    CHIP_MAPPING = "chip_mapping"
    """The chip has the private key of EF.CardSecurity: it is no copy."""
    CHIP_AUTHENTICATION = "chip_authentication"
    """The chip has the private key of DG14: it is no copy."""
    ACTIVE_AUTHENTICATION = "active_authentication"
    """The chip has the private key of DG15: it is no copy."""


class Standing(Enum):
    """How a claim stands."""

    HOLDS = "holds"
    FAILS = "fails"
    NOT_OFFERED = "not_offered"
    NOT_CHECKED = "not_checked"


class Reason(Enum):
    """Why a claim fails or could not be checked."""

    UNREADABLE = "unreadable"
    """The file is none of its kind."""
    NOT_READ = "not_read"
    """The file was not there, or reading it failed."""
    NOT_LISTED = "not_listed"
    """The issuer did not sign such a file."""
    HASH_DIFFERS = "hash_differs"
    """The file was altered, or belongs to another document."""
    SIGNATURE_WRONG = "signature_wrong"
    """The signature is not the signer's."""
    ALGORITHM_UNKNOWN = "algorithm_unknown"
    """Key, curve or algorithm is none that this program computes with."""
    SIGNER_ABSENT = "signer_absent"
    """The signer's certificate did not come with the signature."""
    NO_AUTHORITY = "no_authority"
    """No authority of the country is known here: import its master list."""
    NOT_CERTIFIED = "not_certified"
    """Authorities of the country are known here, and none of them has certified the signer."""
    NOT_A_DOCUMENT_SIGNER = "not_a_document_signer"
    """The signer's certificate is for something else, such as master lists."""
    NOT_YET_VALID = "not_yet_valid"
    EXPIRED = "expired"
    REVOKED = "revoked"
    NO_REVOCATION_LIST = "no_revocation_list"
    """No list of revoked signers of this authority is known here."""
    REVOCATION_LIST_OLD = "revocation_list_old"
    """The newest list known here is past its date."""
    COUNTRY_DIFFERS = "country_differs"
    COUNTRY_UNKNOWN = "country_unknown"
    OFFER_DIFFERS = "offer_differs"
    """EF.CardAccess offers another choice than the signed file does."""
    DATE_UNKNOWN = "date_unknown"
    CHIP_ANSWER_WRONG = "chip_answer_wrong"
    """The chip did not prove its key: it may be a copy."""
    CHIP_SILENT = "chip_silent"
    """The chip broke off or refused before it could prove its key."""


@dataclass(frozen=True, slots=True)
class Proof:
    """One claim and how it stands; `file` tells which file a claim about content is of."""

    claim: Claim
    standing: Standing
    reason: Reason | None = None
    file: File | None = None

    @property
    def holds(self) -> bool:
        return self.standing is Standing.HOLDS


def holds(claim: Claim, file: File | None = None) -> Proof:
    """Return the proof of a claim that holds."""
    return Proof(claim, Standing.HOLDS, None, file)


def fails(claim: Claim, reason: Reason, file: File | None = None) -> Proof:
    """Return the disproof of a claim."""
    return Proof(claim, Standing.FAILS, reason, file)


def not_checked(claim: Claim, reason: Reason, file: File | None = None) -> Proof:
    """Return that a claim could not be checked."""
    return Proof(claim, Standing.NOT_CHECKED, reason, file)


def not_offered(claim: Claim) -> Proof:
    """Return that the document has nothing to prove this claim by."""
    return Proof(claim, Standing.NOT_OFFERED)


def proof_of(proofs: Iterable[Proof], claim: Claim, file: File | None = None) -> Proof | None:
    """Return the proof of a claim (about a file), or None."""
    return next((one for one in proofs if one.claim is claim and one.file is file), None)
