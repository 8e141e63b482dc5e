"""Emulated chips that the tests of reading share."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from functools import cache

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from devices.emrtd.ciphers import Suite
from devices.emrtd.dh_groups import GROUPS
from devices.emrtd.emulator.behaviour import HONEST, Behaviour
from devices.emrtd.emulator.chip import Chip, EmulatedLink
from devices.emrtd.emulator.issuing import ChipKeys, DhPrivateKey, Features, IssuedDocument, PaceOffer, issue
from devices.emrtd.emulator.personalisation import Personalisation, personalise
from devices.emrtd.emulator.writing import Face, write_dg2
from devices.emrtd.files import File
from devices.emrtd.keys import AccessKey, key_of_can, key_of_data, key_of_mrz
from devices.emrtd.mrz import parse
from devices.emrtd.public_keys import DhPublicKey
from devices.emrtd.reading import OPTIONS, Reading, ReadingOptions, World, read_document
from devices.emrtd.security_infos import Agreement, PaceMapping
from tests.devices.issued import HOLDER, keys, signer

CAN = "271828"
WRONG_KEY = key_of_data("ZZ7654321", "870325", "330501")
CURVES = {
    8: ec.SECP192R1,
    10: ec.SECP224R1,
    12: ec.SECP256R1,
    13: ec.BrainpoolP256R1,
    15: ec.SECP384R1,
    16: ec.BrainpoolP384R1,
    17: ec.BrainpoolP512R1,
    18: ec.SECP521R1,
}
"""The curves of the library, by their numbers among the standardized domain parameters."""
GM = PaceOffer(Agreement.ECDH, PaceMapping.GENERIC, Suite.AES_128, 12)
CAM = PaceOffer(Agreement.ECDH, PaceMapping.CHIP_AUTHENTICATION, Suite.AES_128, 12)


def photograph(count: int) -> bytes:
    """An EF.DG2 with so many bytes that nobody decodes."""
    return write_dg2([Face(b"\xff\xd8\xff" + hashlib.shake_256(b"photograph").digest(count - 3), 413, 531)])


@cache
def document(*pace: PaceOffer, photograph_bytes: int = 2_500, extended: bool = False) -> IssuedDocument:
    """A passport with all proofs of its chip and a small photograph."""
    lengths = (4096, 4096) if extended else None
    features = Features(pace=pace, dg2=photograph(photograph_bytes), extended_lengths=lengths)
    with_mapping = any(offer.mapping is PaceMapping.CHIP_AUTHENTICATION for offer in pace)
    chip_keys = keys() if with_mapping else replace(keys(), chip_mapping=None)
    return issue(HOLDER, signer(), chip_keys, features)


@cache
def document_with(chip_keys: ChipKeys, *pace: PaceOffer) -> IssuedDocument:
    """A passport whose chip has these keys."""
    return issue(HOLDER, signer(), chip_keys, Features(pace=pace, dg2=photograph(2_500)))


@cache
def rsa_key(bits: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65_537, bits)


@cache
def dh_key(number: int) -> DhPrivateKey:
    group = GROUPS[number]
    return DhPrivateKey(987654321, DhPublicKey(group, pow(group.g, 987654321, group.p)))


def key_of(issued: IssuedDocument) -> AccessKey:
    return key_of_mrz(parse(issued.mrz))


def can_key() -> AccessKey:
    return key_of_can(CAN)


def chip_of(
    issued: IssuedDocument, behaviour: Behaviour = HONEST, *, has_bac: bool = True, random_seed: bytes | None = None
) -> Chip:
    personalisation = personalise(issued, can=CAN, has_bac=has_bac)
    if random_seed is None:
        return Chip(personalisation, behaviour)
    return Chip(personalisation, behaviour, repeatable(random_seed))


def without(personalisation: Personalisation, *files: File) -> Personalisation:
    left = {file: content for file, content in personalisation.files.items() if file not in files}
    return replace(personalisation, files=left)


def repeatable(seed: bytes) -> Callable[[int], bytes]:
    """A source of the same random bytes for the same seed."""
    drawn = [0]

    def draw(count: int) -> bytes:
        drawn[0] += 1
        return hashlib.shake_256(seed + drawn[0].to_bytes(4)).digest(count)

    return draw


def read(
    chip: Chip, key: AccessKey | None = None, options: ReadingOptions = OPTIONS, world: World | None = None
) -> Reading:
    """Read a chip over the link in this process."""
    key = key or chip.personalisation.mrz_key
    return read_document(EmulatedLink(chip), key, options, world or World())
