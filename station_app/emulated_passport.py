"""A made-up passport or ID card whose chip lies in a virtual reader: readers are tried without documents."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from cryptography.hazmat.primitives.asymmetric import ec

from devices.emrtd.ciphers import Suite
from devices.emrtd.emulator.authorities import Scheme, make_authority, make_signer
from devices.emrtd.emulator.behaviour import ROWS, Behaviour
from devices.emrtd.emulator.chip import Chip
from devices.emrtd.emulator.issuing import ChipKeys, Features, PaceOffer, issue
from devices.emrtd.emulator.personalisation import personalise
from devices.emrtd.emulator.strange import STRANGE
from devices.emrtd.emulator.writing import Holder
from devices.emrtd.mrz_layouts import Form
from devices.emrtd.security_infos import Agreement, PaceMapping

CAN = "271828"
_P256 = 12
ROW_NAMES = tuple(sorted((*ROWS, *STRANGE), key=lambda name: (int(name.split("-")[0]), name)))
"""In what ways chip or document may differ from the standard; the number is the row of what real ones do."""


class Offer(StrEnum):
    """How the chip may be opened."""

    BAC = "bac"
    GENERIC = "gm"
    INTEGRATED = "im"
    CHIP_MAPPING = "cam"


_MAPPING_OF = {
    Offer.GENERIC: PaceMapping.GENERIC,
    Offer.INTEGRATED: PaceMapping.INTEGRATED,
    Offer.CHIP_MAPPING: PaceMapping.CHIP_AUTHENTICATION,
}


@dataclass(frozen=True, slots=True)
class Wish:
    """What document is wanted.

    Attributes:
        offer: How it may be opened; BAC opens it always.
        is_card: An ID card; else a passport.
        row: A way of `ROW_NAMES`, or None.
        pulled_at_byte: It leaves the reader when so many bytes have gone to and fro.
        is_copy: It has the files and not the keys.
    """

    offer: Offer = Offer.GENERIC
    is_card: bool = False
    row: str | None = None
    pulled_at_byte: int | None = None
    is_copy: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class Made:
    """The chip, the printed lines one after the other, and the certificate of its made-up authority."""

    chip: Chip
    mrz: str
    authority_certificate: bytes


SOMEBODY = Holder(
    surname="NAMUNAVIY",
    given_names="SAYLOVCHI",
    document_number="ZZ0000001",
    personal_number="30101900000014",
    birth_date=date(1990, 1, 1),
    sex="M",
    expiry_date=date(2035, 12, 31),
)


def make(wish: Wish, holder: Holder = SOMEBODY) -> Made:
    """Return the document, signed under an authority that is new each time and called TRAINING."""
    authority = make_authority("UZ")
    keys = _keys(with_mapping=wish.offer is Offer.CHIP_MAPPING)
    mapping = _MAPPING_OF.get(wish.offer)
    offers = () if mapping is None else (PaceOffer(Agreement.ECDH, mapping, Suite.AES_128, _P256),)
    features = Features(form=Form.TD1 if wish.is_card else Form.TD3, pace=offers)
    strange = STRANGE.get(wish.row or "")
    if strange is not None:
        document = strange(holder, authority, keys, features)
    else:
        document = issue(holder, make_signer(authority, Scheme.ECDSA), keys, features)
    written = personalise(document, can=CAN)
    if wish.is_copy:
        other = _keys(with_mapping=wish.offer is Offer.CHIP_MAPPING)
        written = personalise(replace(document, keys=other), can=CAN)
    behaviour = ROWS.get(wish.row or "", Behaviour())
    if wish.pulled_at_byte is not None:
        behaviour = replace(behaviour, pulled_at_byte=wish.pulled_at_byte)
    return Made(Chip(written, behaviour), document.mrz, authority.certificate)


def _keys(*, with_mapping: bool) -> ChipKeys:
    return ChipKeys(
        chip_authentication=ec.generate_private_key(ec.SECP256R1()),
        active_authentication=ec.generate_private_key(ec.SECP256R1()),
        chip_mapping=ec.generate_private_key(ec.SECP256R1()) if with_mapping else None,
    )
