"""What opens a chip: the data of the machine readable zone, or the card access number (CAN).

Source: ICAO 9303-11 §4.3.2 (BAC), §4.4.4.1 (PACE passwords).
"""

import hashlib
import re
from dataclasses import dataclass
from enum import IntEnum

from devices.emrtd.mrz import FILLER, Mrz, check_digit, mrz_information


class PasswordKind(IntEnum):
    """The password of PACE; the value is the reference that MSE:Set AT names."""

    MRZ = 1
    CAN = 2


class KeyInvalid(ValueError):
    """What was typed can't be a document number, date or CAN; the message doesn't repeat it."""


@dataclass(frozen=True, slots=True, repr=False)
class AccessKey:
    """One of the two; never printed.

    Attributes:
        kind: Which one.
        text: The MRZ information (number, birth, expiry with check digits), or the CAN.
    """

    kind: PasswordKind
    text: str

    def __repr__(self) -> str:
        return f"AccessKey({self.kind.name})"

    @property
    def pace_secret(self) -> bytes:
        """What the password key of PACE is derived from (Part 11 §9.7.3)."""
        encoded = self.text.encode("latin-1")
        return hashlib.sha1(encoded).digest() if self.kind is PasswordKind.MRZ else encoded  # noqa: S324

    @property
    def bac_seed(self) -> bytes:
        """What the keys of BAC are derived from (Part 11 §9.7.2); of an MRZ only."""
        return hashlib.sha1(self.text.encode("latin-1")).digest()[:16]  # noqa: S324 - the standard's hash


def key_of_mrz(mrz: Mrz) -> AccessKey:
    """Return the key of a whole MRZ."""
    return AccessKey(PasswordKind.MRZ, mrz_information(mrz))


def key_of_data(document_number: str, birth_date: str, expiry_date: str) -> AccessKey:
    """Return the key of what is typed from a document.

    Args:
        document_number: As printed, 1 to 22 letters and digits; spaces and hyphens are fillers.
        birth_date: YYMMDD, X or < for what is unknown.
        expiry_date: YYMMDD.

    Raises:
        KeyInvalid: One of them isn't that.
    """
    number = re.sub("[ -]", FILLER, document_number.strip().upper()).rstrip(FILLER)
    if not re.fullmatch("[A-Z0-9<]{1,22}", number):
        raise KeyInvalid("document number")
    birth = birth_date.strip().upper().replace("X", FILLER)
    if not re.fullmatch("[0-9<]{6}", birth):
        raise KeyInvalid("date of birth")
    expiry = expiry_date.strip().replace("X", FILLER)
    if not re.fullmatch("[0-9<]{6}", expiry):
        raise KeyInvalid("date of expiry")
    parts = (number.ljust(9, FILLER), birth, expiry)
    return AccessKey(PasswordKind.MRZ, "".join(part + check_digit(part) for part in parts))


def key_of_can(can: str) -> AccessKey:
    """Return the key of a card access number.

    Raises:
        KeyInvalid: It isn't six digits (Part 11 §4.4.4.1 has six; a few States print more: up to 16 are taken).
    """
    if not re.fullmatch("[0-9]{6,16}", can.strip()):
        raise KeyInvalid("card access number")
    return AccessKey(PasswordKind.CAN, can.strip())
