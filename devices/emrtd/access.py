"""Opening the chip: PACE if it is offered, else BAC; never both in one session, and never BAC behind the caller's back.

Source: ICAO 9303-11 §4.2 (the order), DESIGN §7.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from devices.emrtd import bac, pace
from devices.emrtd.ciphers import Suite
from devices.emrtd.faults import (
    DowngradeRefused,
    KeyDoesNotFit,
    NotATravelDocument,
    ProtocolFailed,
)
from devices.emrtd.file_reading import BY_NAME, select
from devices.emrtd.files import LDS_APPLICATION
from devices.emrtd.key_agreement import Random, standardized_domain
from devices.emrtd.keys import AccessKey, PasswordKind
from devices.emrtd.pace import ChipProof, Offer
from devices.emrtd.secure_messaging import SecureTransport
from devices.emrtd.security_infos import Agreement, PaceInfo, PaceMapping, SecurityInfos, read_security_infos
from devices.emrtd.tlv import ContentInvalid
from devices.smartcard.transport import Transport


class AccessProtocol(Enum):
    """How a chip was opened."""

    NONE = "none"
    BAC = "BAC"
    PACE = "PACE"


class Downgrade(Enum):
    """Why a reading is protected less than the chip could; always shown."""

    PACE_FAILED = "PACE failed and BAC was used"
    PACE_UNKNOWN = "the chip offers PACE in a way that this program doesn't know, and BAC was used"
    CARD_ACCESS_INVALID = "EF.CardAccess can't be read, and BAC was used"
    NO_ACCESS_CONTROL = "the chip has no access control"


@dataclass(frozen=True, slots=True)
class Access:
    """How the chip was opened.

    Attributes:
        protocol: Which one.
        password: Of what key.
        pace: The offer that was taken, None without PACE.
    """

    protocol: AccessProtocol
    password: PasswordKind
    pace: PaceInfo | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """An open chip with its application selected."""

    access: Access
    transport: Transport
    chip_proof: ChipProof | None = None


_MAPPINGS: Final = (PaceMapping.CHIP_AUTHENTICATION, PaceMapping.GENERIC, PaceMapping.INTEGRATED)


def offers_in(infos: SecurityInfos) -> tuple[Offer, ...]:
    """Return the offers of PACE that this program knows, the one it likes best first.

    Curves before groups, chip authentication mapping before the others, AES before 3DES; else in the chip's order.
    """
    known = []
    for info in infos.pace:
        domain = None if info.parameter_id is None else standardized_domain(info.parameter_id)
        if domain is not None and domain.is_elliptic is (info.agreement is Agreement.ECDH):
            is_ambiguous = sum(other.oid == info.oid for other in infos.pace) > 1
            known.append(Offer(info, domain, is_ambiguous))
    return tuple(sorted(known, key=_liking))


def _liking(offer: Offer) -> tuple[bool, int, bool]:
    info = offer.info
    return info.agreement is Agreement.DH, _MAPPINGS.index(info.mapping), info.suite is Suite.TRIPLE_DES


@dataclass(frozen=True, slots=True)
class Plan:
    """What to try, and what is known to be missing.

    Attributes:
        offers: Of PACE; empty means BAC.
        downgrade: Why it is BAC though the chip can do better.
    """

    offers: tuple[Offer, ...]
    downgrade: Downgrade | None = None


def plan_access(untrusted_card_access: bytes | None, key: AccessKey, *, may_downgrade: bool) -> Plan:
    """Return how to open a chip that has this EF.CardAccess.

    Raises:
        DowngradeRefused: It offers PACE in no way that we know, and BAC isn't allowed instead.
        KeyDoesNotFit: Only BAC is left, and the key is a CAN.
    """
    plan = _plan(untrusted_card_access)
    if not plan.offers:
        if plan.downgrade is not None and not may_downgrade:
            raise DowngradeRefused(plan.downgrade.value)
        if key.kind is PasswordKind.CAN:
            raise KeyDoesNotFit("a card access number opens PACE only")
    return plan


def _plan(untrusted_card_access: bytes | None) -> Plan:
    if untrusted_card_access is None:
        return Plan(())
    try:
        infos = read_security_infos(untrusted_card_access)
    except ContentInvalid:
        return Plan((), Downgrade.CARD_ACCESS_INVALID)
    offers = offers_in(infos)
    return Plan(offers, Downgrade.PACE_UNKNOWN if infos.pace and not offers else None)


def select_application(transport: Transport) -> None:
    """The LDS application is the current one.

    Raises:
        NotATravelDocument: The chip has none.
        CardFault: As the transport.
    """
    response = select(transport, BY_NAME, LDS_APPLICATION)
    if not response.is_ok:
        raise NotATravelDocument(f"no application: status {response.status:04X}")


def open_by_pace(transport: Transport, offer: Offer, key: AccessKey, random: Random) -> Opened:
    """Return the chip opened by PACE.

    Raises:
        AccessDenied: The chip didn't accept the key.
        ProtocolFailed: It ended the protocol, or didn't prove itself.
        CardFault: As the transport.
    """
    opened = pace.authenticate(transport, offer, key, random)
    secure = SecureTransport(transport, opened.channel)
    select_application(secure)
    return Opened(Access(AccessProtocol.PACE, key.kind, offer.info), secure, opened.chip_proof)


_UNKNOWN_INSTRUCTION: Final = frozenset({0x6D00, 0x6E00})


def open_by_bac(transport: Transport, key: AccessKey, random: Random) -> Opened:
    """Return the chip opened by BAC, or found to have no access control at all.

    Raises:
        NotATravelDocument: The chip has no application for us.
        AccessDenied: The chip didn't accept the key.
        ProtocolFailed: It doesn't offer BAC, or didn't prove itself.
        CardFault: As the transport.
    """
    select_application(transport)
    try:
        channel = bac.authenticate(transport, key, random)
    except ProtocolFailed as error:
        if error.status in _UNKNOWN_INSTRUCTION:
            return Opened(Access(AccessProtocol.NONE, key.kind), transport)
        raise
    return Opened(Access(AccessProtocol.BAC, key.kind), SecureTransport(transport, channel))
