"""Makes the passport or ID card of a synthetic voter: its files, signed, and the keys that its chip keeps.

Source: ICAO 9303-10 §4 (the LDS), 9303-11 §6 (chip keys), 9303-12 (the signatures).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from devices.emrtd.ciphers import Suite
from devices.emrtd.curves import BY_STANDARDIZED_ID
from devices.emrtd.emulator.authorities import STYLE, Authority, Style, sign_data
from devices.emrtd.emulator.portrait import HEIGHT_PX, WIDTH_PX, draw_face, jpeg_of_bytes
from devices.emrtd.emulator.writing import (
    Face,
    Holder,
    write_atr_info,
    write_com,
    write_dg1,
    write_dg2,
    write_dg11,
    write_dg12,
    write_dg15,
    write_dir,
    write_lds_security_object,
    write_mrz,
)
from devices.emrtd.files import File
from devices.emrtd.mrz_layouts import Form
from devices.emrtd.public_keys import DhPublicKey, write_public_key
from devices.emrtd.security_infos import (
    Agreement,
    PaceMapping,
    write_active_authentication_info,
    write_chip_authentication_info,
    write_chip_authentication_key,
    write_dg14,
    write_pace_info,
    write_security_infos,
)
from devices.emrtd.security_object import LDS_SECURITY_OBJECT
from devices.emrtd.signatures import ECDSA_OID
from devices.emrtd.tlv import encode

SECURITY_OBJECT: Final = "0.4.0.127.0.7.3.2.1"
PHOTOGRAPH_BYTES: Final = 16_000
"""A DG2 of about 16 KB, as common passports have."""


@dataclass(frozen=True, slots=True)
class PaceOffer:
    """A protocol of PACE that the chip offers."""

    agreement: Agreement
    mapping: PaceMapping
    suite: Suite
    parameter_id: int


@dataclass(frozen=True, slots=True, repr=False)
class DhPrivateKey:
    """A static key of Diffie-Hellman: the private number and what is public."""

    private: int
    public: DhPublicKey


@dataclass(frozen=True, slots=True, repr=False)
class ChipKeys:
    """The private keys of a chip and how it uses them; never printed.

    Attributes:
        chip_authentication: Static key of chip authentication, by elliptic curve or Diffie-Hellman; None offers none.
        chip_authentication_suite: Of the channel that it opens.
        chip_authentication_key_id: Written beside key and offer; None leaves it out.
        active_authentication: Key that signs the reader's challenges; None offers none.
        chip_mapping: Key of PACE with chip authentication mapping, proven by EF.CardSecurity; None makes none.
    """

    chip_authentication: ec.EllipticCurvePrivateKey | DhPrivateKey | None = None
    chip_authentication_suite: Suite = Suite.AES_128
    chip_authentication_key_id: int | None = None
    active_authentication: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | None = None
    chip_mapping: ec.EllipticCurvePrivateKey | None = None


@dataclass(frozen=True, slots=True)
class Features:
    """What a document has and in which form.

    Attributes:
        form: TD3 for a passport, TD1 for an ID card.
        pace: Offers in EF.CardAccess; empty makes a chip of BAC only.
        digest: The hash of the data groups.
        style: Of the signature in EF.SOD.
        extended_lengths: Bytes of a command and a response that EF.ATR/INFO announces; None announces none.
        photograph_bytes_max: Of the JPEG that is drawn when no faces are given.
        faces: Photographs of the caller's own.
        dg2: EF.DG2 in full of the caller's own.
    """

    form: Form = Form.TD3
    pace: tuple[PaceOffer, ...] = ()
    digest: str = "sha256"
    style: Style = STYLE
    extended_lengths: tuple[int, int] | None = None
    photograph_bytes_max: int = PHOTOGRAPH_BYTES
    faces: tuple[Face, ...] = ()
    dg2: bytes | None = None


NO_KEYS: Final = ChipKeys()
PLAIN: Final = Features()


@dataclass(frozen=True, slots=True, repr=False)
class IssuedDocument:
    """A document as its issuer hands it to the chip; never printed.

    Attributes:
        files: Each file's whole content; what is absent does not exist on the chip.
        keys: What the chip keeps to itself.
        mrz: All lines one after the other.
        features: What it was made with.
    """

    files: Mapping[File, bytes]
    keys: ChipKeys
    mrz: str
    features: Features

    def __repr__(self) -> str:
        return f"IssuedDocument({self.features.form.value}, files={len(self.files)})"


def standardized_id(key: ec.EllipticCurvePrivateKey) -> int:
    """Return the number of a key's curve among the standardized domain parameters."""
    return next(number for number, curve in BY_STANDARDIZED_ID.items() if curve.library.name == key.curve.name)


def _chip_authentication_infos(keys: ChipKeys) -> list[bytes]:
    key, key_id = keys.chip_authentication, keys.chip_authentication_key_id
    if key is None:
        return []
    if isinstance(key, DhPrivateKey):
        agreement, spki = Agreement.DH, write_public_key(key.public)
    else:
        agreement, spki = Agreement.ECDH, write_public_key(key.public_key(), written_out=True)
    return [
        write_chip_authentication_info(agreement, keys.chip_authentication_suite, key_id),
        write_chip_authentication_key(agreement, spki, key_id),
    ]


def _active_authentication_infos(keys: ChipKeys) -> list[bytes]:
    key = keys.active_authentication
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        return []
    # Part 11 §6.1: a hash no longer than the key
    digest = "sha256" if key.key_size >= 256 else "sha224" if key.key_size >= 224 else "sha1"
    return [write_active_authentication_info(ECDSA_OID[digest])]


def security_infos_of(keys: ChipKeys, features: Features) -> tuple[list[bytes], list[bytes]]:
    """Return the infos of PACE, which EF.CardAccess and DG14 both have, and all others, which DG14 alone has."""
    pace = [write_pace_info(offer.agreement, offer.mapping, offer.suite, offer.parameter_id) for offer in features.pace]
    return pace, [*_chip_authentication_infos(keys), *_active_authentication_infos(keys)]


def _photograph(holder: Holder, features: Features) -> bytes:
    if features.dg2 is not None:
        return features.dg2
    if features.faces:
        return write_dg2(features.faces)
    seed = sum(holder.document_number.encode()) + holder.birth_date.toordinal()
    return write_dg2([Face(jpeg_of_bytes(draw_face(seed), features.photograph_bytes_max), WIDTH_PX, HEIGHT_PX)])


def issue(holder: Holder, signer: Authority, keys: ChipKeys = NO_KEYS, features: Features = PLAIN) -> IssuedDocument:
    """Return a document of `holder`, signed by a document signer.

    It has DG1, DG2, DG11 and DG12; DG14 if there is PACE, chip authentication or active authentication on an elliptic
    curve; DG15 with active authentication; EF.CardAccess with PACE; EF.CardSecurity with chip authentication mapping.
    """
    mrz = write_mrz(features.form, holder)
    full_name = f"{holder.surname}<<{holder.given_names}".replace(" ", "<")
    groups = {
        File.DG1: write_dg1(mrz),
        File.DG2: _photograph(holder, features),
        File.DG11: write_dg11(holder, full_name),
        File.DG12: write_dg12("TRAINING", date(2024, 1, 15)),
    }
    pace, others = security_infos_of(keys, features)
    if pace or others:
        groups[File.DG14] = write_dg14(*pace, *others)
    if keys.active_authentication is not None:
        groups[File.DG15] = write_dg15(write_public_key(keys.active_authentication.public_key()))
    files = {
        File.ATR_INFO: write_atr_info(*(features.extended_lengths or (None, None))),
        File.DIR: write_dir(),
        **groups,
        File.COM: write_com(list(groups)),
        File.SOD: seal_hashes(groups, signer, features),
    }
    if pace:
        files[File.CARD_ACCESS] = write_security_infos(*pace)
    if keys.chip_mapping is not None:
        public = write_public_key(keys.chip_mapping.public_key())
        key_id = standardized_id(keys.chip_mapping)
        content = write_security_infos(*pace, write_chip_authentication_key(Agreement.ECDH, public, key_id))
        files[File.CARD_SECURITY] = sign_data(SECURITY_OBJECT, content, signer)
    return IssuedDocument(files, keys, mrz, features)


def seal_hashes(groups: Mapping[File, bytes], signer: Authority, features: Features = PLAIN) -> bytes:
    """Return the EF.SOD over data groups."""
    content = write_lds_security_object(groups, features.digest)
    return encode(File.SOD.tag, sign_data(LDS_SECURITY_OBJECT, content, signer, style=features.style))
