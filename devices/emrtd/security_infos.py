"""SecurityInfos: what a chip says it can do, in EF.CardAccess, DG14 and EF.CardSecurity.

Each SecurityInfo keeps its bytes as they came: they are compared and hashed so, since chips exist whose sets are in no
order and whose numbers are written at length (FACTS §4, rows 12 and 17). Kinds that this program has no use for are
kept as `raw` only.

Source: ICAO Doc 9303-11 §9.2, BSI TR-03110-3 A.1.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from devices.emrtd import der
from devices.emrtd.ciphers import Suite
from devices.emrtd.der import DerInvalid
from devices.emrtd.tlv import ContentInvalid, Limits, Tlv, encode, read_one

_BSI: Final = "0.4.0.127.0.7.2.2"
_KEY_DH: Final = f"{_BSI}.1.1"
_KEY_ECDH: Final = f"{_BSI}.1.2"
_CHIP_AUTHENTICATION: Final = f"{_BSI}.3"
_PACE: Final = f"{_BSI}.4"
_ACTIVE_AUTHENTICATION: Final = "2.23.136.1.1.5"
_LIMITS: Final = Limits(value_bytes_max=65_536, siblings_max=64)


class Agreement(Enum):
    """How two sides come to a secret."""

    DH = "DH"
    ECDH = "ECDH"


class PaceMapping(Enum):
    """How PACE turns the nonce into a generator (Part 11 §4.4.3.3)."""

    GENERIC = "GM"
    INTEGRATED = "IM"
    CHIP_AUTHENTICATION = "CAM"


_SUITES: Final = {1: Suite.TRIPLE_DES, 2: Suite.AES_128, 3: Suite.AES_192, 4: Suite.AES_256}
# Part 11 §9.2.3
_PACE_ARCS: Final = {
    1: (Agreement.DH, PaceMapping.GENERIC),
    2: (Agreement.ECDH, PaceMapping.GENERIC),
    3: (Agreement.DH, PaceMapping.INTEGRATED),
    4: (Agreement.ECDH, PaceMapping.INTEGRATED),
    6: (Agreement.ECDH, PaceMapping.CHIP_AUTHENTICATION),
}
_CHIP_AUTHENTICATION_ARCS: Final = {1: Agreement.DH, 2: Agreement.ECDH}


@dataclass(frozen=True, slots=True)
class PaceInfo:
    """An offer of PACE.

    Attributes:
        oid: As it stands in MSE:Set AT.
        agreement: DH or ECDH.
        mapping: Of the nonce.
        suite: Of the channel that it opens.
        parameter_id: Standardized domain parameters; None where the chip wrote out its own, which are refused.
        raw: As it came.
    """

    oid: str
    agreement: Agreement
    mapping: PaceMapping
    suite: Suite
    parameter_id: int | None
    raw: bytes


@dataclass(frozen=True, slots=True)
class ChipAuthenticationInfo:
    """An offer of chip authentication; `key_id` names its key when there are several."""

    oid: str
    agreement: Agreement
    suite: Suite
    key_id: int | None
    raw: bytes


@dataclass(frozen=True, slots=True)
class ChipAuthenticationKey:
    """A key of the chip, for chip authentication or PACE with chip authentication mapping.

    Attributes:
        agreement: DH or ECDH.
        spki: SubjectPublicKeyInfo, as `public_keys.read_public_key` takes it.
        key_id: None where the chip has one key only.
        raw: The whole info as it came.
    """

    agreement: Agreement
    spki: bytes
    key_id: int | None
    raw: bytes


@dataclass(frozen=True, slots=True)
class ActiveAuthenticationInfo:
    """How the chip signs in active authentication on an elliptic curve: a signature algorithm in dotted form."""

    signature_oid: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class OtherInfo:
    """A kind that this program has no use for, such as terminal authentication."""

    oid: str
    raw: bytes


SecurityInfo = PaceInfo | ChipAuthenticationInfo | ChipAuthenticationKey | ActiveAuthenticationInfo | OtherInfo


@dataclass(frozen=True, slots=True)
class SecurityInfos:
    """All infos of one file, in the order they came; `raw` is the whole set."""

    infos: tuple[SecurityInfo, ...]
    raw: bytes

    @property
    def pace(self) -> tuple[PaceInfo, ...]:
        return tuple(info for info in self.infos if isinstance(info, PaceInfo))

    @property
    def chip_authentication(self) -> tuple[ChipAuthenticationInfo, ...]:
        return tuple(info for info in self.infos if isinstance(info, ChipAuthenticationInfo))

    @property
    def chip_authentication_keys(self) -> tuple[ChipAuthenticationKey, ...]:
        return tuple(info for info in self.infos if isinstance(info, ChipAuthenticationKey))

    @property
    def active_authentication(self) -> ActiveAuthenticationInfo | None:
        return next((info for info in self.infos if isinstance(info, ActiveAuthenticationInfo)), None)


def _arcs_below(oid: str, above: str) -> tuple[int, ...] | None:
    return tuple(map(int, oid[len(above) + 1 :].split("."))) if oid.startswith(f"{above}.") else None


def _integer_or_none(parts: tuple[Tlv, ...], at: int) -> int | None:
    return der.small_integer(parts[at]) if len(parts) > at and parts[at].tag == der.INTEGER else None


def _pace(oid: str, parts: tuple[Tlv, ...], raw: bytes) -> SecurityInfo:
    arcs = _arcs_below(oid, _PACE)
    if arcs is None or len(arcs) != 2 or arcs[0] not in _PACE_ARCS or arcs[1] not in _SUITES:
        # two arcs less are PACEDomainParameterInfo: parameters of the chip's own
        return OtherInfo(oid, raw)
    agreement, mapping = _PACE_ARCS[arcs[0]]
    return PaceInfo(oid, agreement, mapping, _SUITES[arcs[1]], _integer_or_none(parts, 1), raw)


def _chip_authentication(oid: str, parts: tuple[Tlv, ...], raw: bytes) -> SecurityInfo:
    arcs = _arcs_below(oid, _CHIP_AUTHENTICATION)
    if arcs is None or len(arcs) != 2 or arcs[0] not in _CHIP_AUTHENTICATION_ARCS or arcs[1] not in _SUITES:
        return OtherInfo(oid, raw)
    agreement = _CHIP_AUTHENTICATION_ARCS[arcs[0]]
    return ChipAuthenticationInfo(oid, agreement, _SUITES[arcs[1]], _integer_or_none(parts, 1), raw)


def _info(one: Tlv) -> SecurityInfo:
    identifier, *rest = der.sequence(one, 1, _LIMITS)
    oid, parts = der.object_identifier(identifier), tuple(rest)
    if oid.startswith(f"{_PACE}."):
        return _pace(oid, parts, one.raw)
    if oid.startswith(f"{_CHIP_AUTHENTICATION}."):
        return _chip_authentication(oid, parts, one.raw)
    if oid in {_KEY_DH, _KEY_ECDH} and parts:
        agreement = Agreement.DH if oid == _KEY_DH else Agreement.ECDH
        return ChipAuthenticationKey(
            agreement, der.expect(parts[0], der.SEQUENCE).raw, _integer_or_none(parts, 1), one.raw
        )
    if oid == _ACTIVE_AUTHENTICATION and len(parts) > 1:
        return ActiveAuthenticationInfo(der.object_identifier(parts[1]), one.raw)
    return OtherInfo(oid, one.raw)


def read_security_infos(untrusted: bytes) -> SecurityInfos:
    """Return the infos of a SET OF SecurityInfo, as EF.CardAccess holds it and DG14 within its tag.

    Raises:
        ContentInvalid: It is no such set, or one of its infos is none.
    """
    whole = read_one(untrusted, _LIMITS)
    if whole.tag != der.SET:
        raise DerInvalid(f"the tag is {whole.tag:X} instead of {der.SET:X}")
    return SecurityInfos(tuple(map(_info, whole.children(_LIMITS))), whole.raw)


def read_dg14(untrusted: bytes) -> SecurityInfos:
    """Return the infos of EF.DG14.

    Raises:
        ContentInvalid: It is no such file.
    """
    whole = read_one(untrusted, _LIMITS)
    if whole.tag != 0x6E:
        raise DerInvalid(f"the tag is {whole.tag:X} instead of 6E")
    return read_security_infos(whole.value)


def offers_pace_alike(signed: SecurityInfos, claimed: SecurityInfos) -> bool:
    """Tell whether the unsigned EF.CardAccess offered exactly the PACE that the signed file does, byte for byte.

    Fewer offers would be a downgrade by somebody between chip and reader. Infos of other kinds may stand in one of
    the two only: nothing is decided by them before the session is open.

    Source: ICAO 9303-11 §4.4 (the reader compares EF.CardAccess to DG14 once the session is open).
    """
    return _pace_infos(signed) == _pace_infos(claimed)


def _pace_infos(infos: SecurityInfos) -> frozenset[bytes]:
    return frozenset(
        info.raw
        for info in infos.infos
        if isinstance(info, PaceInfo) or (isinstance(info, OtherInfo) and info.oid.startswith(f"{_PACE}."))
    )


def key_for(infos: SecurityInfos, info: ChipAuthenticationInfo) -> ChipAuthenticationKey | None:
    """Return the key that an offer of chip authentication is for.

    By its key id; where ids don't match or are absent, the only key of that agreement (FACTS §4, row 17).
    """
    keys = [key for key in infos.chip_authentication_keys if key.agreement is info.agreement]
    matching = [key for key in keys if key.key_id == info.key_id]
    if matching:
        return matching[0]
    return keys[0] if len(keys) == 1 else None


def offers_of(infos: SecurityInfos) -> tuple[tuple[ChipAuthenticationInfo, ChipAuthenticationKey], ...]:
    """Return each offer of chip authentication with its key.

    A chip that has a key and no info of it means the oldest suite, 3DES (TR-03110-3 A.1.1.2 makes the info optional).
    """
    if infos.chip_authentication:
        return tuple((info, key) for info in infos.chip_authentication if (key := key_for(infos, info)) is not None)
    return tuple(
        (
            ChipAuthenticationInfo(
                chip_authentication_oid(key.agreement, Suite.TRIPLE_DES),
                key.agreement,
                Suite.TRIPLE_DES,
                key.key_id,
                b"",
            ),
            key,
        )
        for key in infos.chip_authentication_keys[:1]
    )


def _suite_arc(suite: Suite) -> int:
    return next(arc for arc, one in _SUITES.items() if one is suite)


def chip_authentication_oid(agreement: Agreement, suite: Suite) -> str:
    """Return the object identifier of chip authentication."""
    return f"{_CHIP_AUTHENTICATION}.{1 if agreement is Agreement.DH else 2}.{_suite_arc(suite)}"


def pace_oid(agreement: Agreement, mapping: PaceMapping, suite: Suite) -> str:
    """Return the object identifier of a protocol of PACE.

    Raises:
        ContentInvalid: There is none: chip authentication mapping runs over elliptic curves with AES only.
    """
    arc = next((arc for arc, pair in _PACE_ARCS.items() if pair == (agreement, mapping)), None)
    if arc is None or (mapping is PaceMapping.CHIP_AUTHENTICATION and suite is Suite.TRIPLE_DES):
        raise ContentInvalid("no such protocol of PACE")
    return f"{_PACE}.{arc}.{_suite_arc(suite)}"


def write_pace_info(agreement: Agreement, mapping: PaceMapping, suite: Suite, parameter_id: int) -> bytes:
    """Return a PACEInfo of version 2."""
    oid = der.write_object_identifier(pace_oid(agreement, mapping, suite))
    return der.write_sequence(oid, der.write_integer(2), der.write_integer(parameter_id))


def write_chip_authentication_info(agreement: Agreement, suite: Suite, key_id: int | None = None) -> bytes:
    """Return a ChipAuthenticationInfo of version 1."""
    oid = der.write_object_identifier(chip_authentication_oid(agreement, suite))
    return der.write_sequence(oid, der.write_integer(1), *_written_id(key_id))


def write_chip_authentication_key(agreement: Agreement, spki: bytes, key_id: int | None = None) -> bytes:
    """Return a ChipAuthenticationPublicKeyInfo."""
    oid = der.write_object_identifier(_KEY_DH if agreement is Agreement.DH else _KEY_ECDH)
    return der.write_sequence(oid, spki, *_written_id(key_id))


def write_active_authentication_info(signature_oid: str) -> bytes:
    """Return an ActiveAuthenticationInfo of version 1."""
    oids = map(der.write_object_identifier, (_ACTIVE_AUTHENTICATION, signature_oid))
    return der.write_sequence(next(oids), der.write_integer(1), next(oids))


def _written_id(key_id: int | None) -> tuple[bytes, ...]:
    return () if key_id is None else (der.write_integer(key_id),)


def write_security_infos(*infos: bytes) -> bytes:
    """Return a SET OF SecurityInfo, in DER's order: the content of EF.CardAccess."""
    return der.write_set(*infos)


def write_dg14(*infos: bytes) -> bytes:
    """Return an EF.DG14."""
    return encode(0x6E, write_security_infos(*infos))
