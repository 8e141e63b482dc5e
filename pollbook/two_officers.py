"""The signatures of the two officers who act together, as an entry carries them."""

from __future__ import annotations

from dataclasses import dataclass

from pollbook.cbor import Fields
from pollbook.failures import InputInvalid
from pollbook.releases import SIGNATURE_BYTES
from pollbook.types import PersonNumber

PERSON_NUMBER_MAX = 999


@dataclass(frozen=True, slots=True)
class OfficerSignature:
    """One officer's Ed25519 signature under an act (see `acts.py` for the bytes that are signed)."""

    person: PersonNumber
    signature: bytes


TwoOfficers = tuple[OfficerSignature, OfficerSignature]


def pack_officers(officers: TwoOfficers) -> list[object]:
    """The two signatures as a CBOR array."""
    return [[officer.person, officer.signature] for officer in officers]


def take_officers(fields: Fields) -> TwoOfficers:
    """The next item, two officers' signatures.

    Raises:
        InputInvalid: Anything else.
    """
    return officers_of(fields.take_array(2))


def officers_of(untrusted: list[object]) -> TwoOfficers:
    """The signatures that `pack_officers` made this array of.

    Raises:
        InputInvalid: Anything else.
    """
    if len(untrusted) != 2:
        raise InputInvalid("an act of two officers without two signatures")
    first, second = (_officer(Fields(item, 2)) for item in untrusted)
    return first, second


def _officer(fields: Fields) -> OfficerSignature:
    person = PersonNumber(fields.take_int(1, PERSON_NUMBER_MAX))
    return OfficerSignature(person, fields.take_bytes(SIGNATURE_BYTES, SIGNATURE_BYTES))
