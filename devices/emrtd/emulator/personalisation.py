"""What is written into an emulated chip: its files, what opens it and its private keys. All of it synthetic."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from devices.emrtd.chip_proofs import signature_hash_of
from devices.emrtd.emulator.issuing import DhPrivateKey, IssuedDocument
from devices.emrtd.files import File
from devices.emrtd.key_agreement import Domain, domain_of_key
from devices.emrtd.keys import AccessKey, key_of_can, key_of_mrz
from devices.emrtd.mrz import parse

SigningKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@dataclass(frozen=True, slots=True, repr=False)
class AgreementKey:
    """A private key for chip authentication, or for PACE with chip authentication mapping.

    Attributes:
        domain: Where it lies.
        private: The number.
        key_id: As DG14 tells it, or None.
    """

    domain: Domain
    private: int
    key_id: int | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Personalisation:
    """One document's chip.

    Attributes:
        files: What it holds; PACE is offered as EF.CardAccess says.
        mrz_key: What opens it.
        can_key: The card access number, if one is printed.
        has_bac: BAC opens it too.
        is_open: It is of before access control: anybody reads it, and it knows no GET CHALLENGE.
        chip_keys: For chip authentication.
        mapping_key: For PACE with chip authentication mapping; EF.CardSecurity has its public key.
        signing_key: For active authentication.
        signature_hash: Of active authentication over a curve.
    """

    files: Mapping[File, bytes]
    mrz_key: AccessKey
    can_key: AccessKey | None = None
    has_bac: bool = True
    is_open: bool = False
    chip_keys: tuple[AgreementKey, ...] = field(default=())
    mapping_key: AgreementKey | None = None
    signing_key: SigningKey | None = None
    signature_hash: str = "sha256"

    def __repr__(self) -> str:
        return f"Personalisation({len(self.files)} files)"


def personalise(document: IssuedDocument, *, can: str | None = None, has_bac: bool = True) -> Personalisation:
    """Return what is written into the chip of an issued document."""
    keys = document.keys
    signing_key = keys.active_authentication
    chip_keys: tuple[AgreementKey, ...] = ()
    if keys.chip_authentication is not None:
        chip_keys = (_agreement_key(keys.chip_authentication, keys.chip_authentication_key_id),)
    return Personalisation(
        files=document.files,
        mrz_key=key_of_mrz(parse(document.mrz)),
        can_key=key_of_can(can) if can is not None else None,
        has_bac=has_bac,
        chip_keys=chip_keys,
        mapping_key=_agreement_key(keys.chip_mapping, None) if keys.chip_mapping is not None else None,
        signing_key=signing_key,
        signature_hash=_hash_of(document, signing_key),
    )


def _agreement_key(key: ec.EllipticCurvePrivateKey | DhPrivateKey, key_id: int | None) -> AgreementKey:
    if isinstance(key, DhPrivateKey):
        return AgreementKey(domain_of_key(key.public)[0], key.private, key_id)
    return AgreementKey(domain_of_key(key.public_key())[0], key.private_numbers().private_value, key_id)


def _hash_of(document: IssuedDocument, key: SigningKey | None) -> str:
    """As DG14 tells it; with RSA there is nothing to tell, and the trailer names it."""
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return signature_hash_of(document.files.get(File.DG14)) or "sha1"
    return "sha256"
