"""Synthetic people, authorities and documents that tests of documents share; keys are made once a process."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import cache

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from devices.emrtd.ciphers import Suite
from devices.emrtd.emulator.authorities import Authority, Scheme, make_authority, make_signer
from devices.emrtd.emulator.issuing import ChipKeys, Features, IssuedDocument, PaceOffer, issue
from devices.emrtd.emulator.writing import Holder
from devices.emrtd.mrz_layouts import Form
from devices.emrtd.security_infos import Agreement, PaceMapping

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
HOLDER = Holder(
    surname="UMAROVA",
    given_names="DILNOZA",
    document_number="ZZ1234567",
    personal_number="42503879004418",
    birth_date=date(1987, 3, 25),
    sex="F",
    expiry_date=date(2033, 5, 1),
)
GM = PaceOffer(Agreement.ECDH, PaceMapping.GENERIC, Suite.AES_128, 12)


@cache
def authority() -> Authority:
    return make_authority("UZ")


@cache
def _signer(scheme: Scheme) -> Authority:
    return make_signer(authority(), scheme)


def signer(scheme: Scheme = Scheme.ECDSA) -> Authority:
    return _signer(scheme)


@cache
def keys() -> ChipKeys:
    return ChipKeys(
        chip_authentication=ec.generate_private_key(ec.BrainpoolP256R1()),
        active_authentication=rsa.generate_private_key(65_537, 2048),
        chip_mapping=ec.generate_private_key(ec.SECP256R1()),
    )


def passport(scheme: Scheme = Scheme.ECDSA) -> IssuedDocument:
    return _passport(scheme)


@cache
def _passport(scheme: Scheme) -> IssuedDocument:
    return issue(HOLDER, signer(scheme), keys(), Features(pace=(GM,), extended_lengths=(4096, 4096)))


@cache
def identity_card() -> IssuedDocument:
    return issue(HOLDER, signer(), features=Features(form=Form.TD1))
