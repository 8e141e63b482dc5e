"""Public keys as certificates, DG14 and DG15 hold them: RSA, elliptic curves named or written out, Diffie-Hellman.

A key on a curve that this program does not know is `KeyUnknown`: nothing is wrong with the bytes, but nothing can be
proven with them either.

Source: RFC 5280 §4.1.2.7, RFC 3279 §2.3, RFC 4055 §1.2, ICAO 9303-12 §4.4, BSI TR-03110-3 A.2.
"""

from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from devices.emrtd import der
from devices.emrtd.curves import BY_OID, BY_STANDARDIZED_ID, Curve, DomainParameters, named_curve
from devices.emrtd.der import DerInvalid
from devices.emrtd.dh_groups import GROUPS, Group
from devices.emrtd.tlv import ContentInvalid, Tlv, encode, read_one

RSA_ENCRYPTION: Final = "1.2.840.113549.1.1.1"
RSA_PSS: Final = "1.2.840.113549.1.1.10"
EC_PUBLIC_KEY: Final = "1.2.840.10045.2.1"
STANDARDIZED_PARAMETERS: Final = "0.4.0.127.0.7.1.2"
_DH_PUBLIC_NUMBER: Final = "1.2.840.10046.2.1"
_DH_KEY_AGREEMENT: Final = "1.2.840.113549.1.3.1"
_PRIME_FIELD: Final = "1.2.840.10045.1.1"
_RSA_BITS: Final = range(1024, 8193)
_DH_BITS: Final = range(1024, 8193)


class KeyUnknown(ContentInvalid):
    """A key of an algorithm, size or curve that this program cannot compute with."""


@dataclass(frozen=True, slots=True)
class DhPublicKey:
    """A public key of Diffie-Hellman: the group and y."""

    group: Group
    y: int


PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey | DhPublicKey


def _domain_parameters(written_out: Tlv) -> DomainParameters:
    """The numbers of a SpecifiedECDomain (X9.62): version, field, curve, base, order and cofactor."""
    _, field, curve, base, order, *rest = der.sequence(written_out, 5)
    field_kind, prime, *_ = der.sequence(field, 2)
    if der.object_identifier(field_kind) != _PRIME_FIELD:
        raise KeyUnknown("a curve over another than a prime field")
    p = der.integer(prime)
    a, b, *_ = (int.from_bytes(der.octets(one)) for one in der.sequence(curve, 2)[:2])
    generator = der.octets(base)
    # the cofactor may be left out; a curve of prime order has none but 1
    cofactor = der.integer(rest[0]) if rest and rest[0].tag == der.INTEGER else 1
    width = (p.bit_length() + 7) // 8
    if not generator or len(generator) > 1 + 2 * width or p <= 0:
        raise DerInvalid("a generator that is no point")
    if generator[0] == 4 and len(generator) == 1 + 2 * width:
        x, y = int.from_bytes(generator[1 : 1 + width]), int.from_bytes(generator[1 + width :])
    elif generator[0] in {2, 3} and len(generator) == 1 + width:
        x = int.from_bytes(generator[1:])
        y = _compressed_y(p, x, generator[0] & 1)
    else:
        raise DerInvalid("a generator that is no point")
    return DomainParameters(p, a, b, x, y, der.integer(order), cofactor)


def _compressed_y(p: int, x: int, parity: int) -> int:
    """The y of a known curve's generator with this x; no root is taken in a field of somebody's own choosing."""
    for curve in BY_OID.values():
        d = curve.parameters
        if (d.p, d.x) == (p, x) and d.y & 1 == parity:
            return d.y
    raise KeyUnknown("a curve that this program does not know")


def _curve_of(parameters: Tlv) -> Curve:
    match parameters.tag:
        case der.OBJECT_IDENTIFIER:
            curve = BY_OID.get(der.object_identifier(parameters))
        case der.INTEGER:
            curve = BY_STANDARDIZED_ID.get(der.small_integer(parameters))
        case der.SEQUENCE:
            curve = named_curve(_domain_parameters(parameters))
        case _:
            raise DerInvalid("parameters that name no curve")
    if curve is None:
        raise KeyUnknown("a curve that this program does not know")
    return curve


def curve_of_key(spki: bytes) -> Curve:
    """Return the curve of a SubjectPublicKeyInfo of an elliptic curve.

    Raises:
        KeyUnknown: It is of another algorithm or of an unknown curve.
        ContentInvalid: It is none.
    """
    algorithm, _ = _parts(spki)
    oid, parameters = algorithm
    if oid not in {EC_PUBLIC_KEY, STANDARDIZED_PARAMETERS} or parameters is None:
        raise KeyUnknown("no key of an elliptic curve")
    return _curve_of(parameters)


def _parts(spki: bytes) -> tuple[tuple[str, Tlv | None], bytes]:
    algorithm, key, *_ = der.sequence(read_one(spki), 2)
    oid, *parameters = der.sequence(algorithm, 1)
    return (der.object_identifier(oid), parameters[0] if parameters else None), der.bits(key)


def _rsa_key(content: bytes) -> rsa.RSAPublicKey:
    modulus, exponent, *_ = der.sequence(read_one(content), 2)
    n, e = der.integer(modulus), der.integer(exponent)
    if n.bit_length() not in _RSA_BITS or e.bit_length() > 64:
        raise KeyUnknown("an RSA key of an unusual size")
    try:
        return rsa.RSAPublicNumbers(e, n).public_key()
    except ValueError:
        raise DerInvalid("no RSA key") from None


def ec_key(curve: Curve, point: bytes) -> ec.EllipticCurvePublicKey:
    """Return the key that a point written as bytes is.

    Raises:
        DerInvalid: It does not lie on the curve.
    """
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(curve.library, point)
    except ValueError:
        raise DerInvalid("no point of the curve") from None


def _dh_key(parameters: Tlv, content: bytes, has_order: bool) -> DhPublicKey:
    y = der.integer(read_one(content))
    if parameters.tag == der.INTEGER:
        number = der.small_integer(parameters)
        if number >= len(GROUPS):
            raise KeyUnknown("a group that this program does not know")
        group = GROUPS[number]
    else:
        p, g, *rest = (der.integer(one) for one in der.sequence(parameters, 2)[:3])
        if p.bit_length() not in _DH_BITS:
            raise KeyUnknown("a group of an unusual size")
        known = next((one for one in GROUPS if (one.p, one.g) == (p, g)), None)
        # without its order a subgroup can't be checked, so only a known one is taken
        if known is None and not (has_order and rest):
            raise KeyUnknown("a group that this program does not know")
        group = known or Group(p, g, rest[0])
    if not 1 < y < group.p - 1 or not 1 < group.g < group.p - 1 or not 1 < group.q < group.p:
        raise DerInvalid("no key of the group")
    return DhPublicKey(group, y)


def read_public_key(spki: bytes) -> PublicKey:
    """Return the key of a SubjectPublicKeyInfo.

    Raises:
        KeyUnknown: Its algorithm, size, curve or group is none that this program computes with.
        ContentInvalid: It is no key.
    """
    (oid, parameters), content = _parts(spki)
    if oid in {RSA_ENCRYPTION, RSA_PSS}:
        return _rsa_key(content)
    if parameters is None:
        raise KeyUnknown("a key without parameters")
    if oid == STANDARDIZED_PARAMETERS and der.small_integer(parameters) < len(GROUPS):
        return _dh_key(parameters, content, has_order=True)
    if oid in {EC_PUBLIC_KEY, STANDARDIZED_PARAMETERS}:
        return ec_key(_curve_of(parameters), content)
    if oid in {_DH_PUBLIC_NUMBER, _DH_KEY_AGREEMENT}:
        return _dh_key(parameters, content, oid == _DH_PUBLIC_NUMBER)
    raise KeyUnknown("a key of another algorithm")


def write_algorithm(oid: str, *parameters: bytes) -> bytes:
    """Return an AlgorithmIdentifier."""
    return der.write_sequence(der.write_object_identifier(oid), *parameters)


def write_domain_parameters(curve: Curve) -> bytes:
    """Return the numbers of a curve as a SpecifiedECDomain, which ICAO 9303-12 §4.4 asks States to write out."""
    d, width = curve.parameters, curve.field_bytes
    return der.write_sequence(
        der.write_integer(1),
        der.write_sequence(der.write_object_identifier(_PRIME_FIELD), der.write_integer(d.p)),
        der.write_sequence(
            encode(der.OCTET_STRING, d.a.to_bytes(width)), encode(der.OCTET_STRING, d.b.to_bytes(width))
        ),
        encode(der.OCTET_STRING, b"\x04", d.x.to_bytes(width), d.y.to_bytes(width)),
        der.write_integer(d.n),
        der.write_integer(d.h),
    )


def write_public_key(key: PublicKey, *, written_out: bool = False) -> bytes:
    """Return a key as SubjectPublicKeyInfo; `written_out` puts the numbers of a curve in place of its name.

    A key of Diffie-Hellman is written with its group's numbers, as X9.42 has them.
    """
    match key:
        case DhPublicKey(group, y):
            numbers = der.write_sequence(*(der.write_integer(number) for number in (group.p, group.g, group.q)))
            return der.write_sequence(write_algorithm(_DH_PUBLIC_NUMBER, numbers), der.write_bits(der.write_integer(y)))
        case ec.EllipticCurvePublicKey():
            curve = next(one for one in BY_OID.values() if one.library.name == key.curve.name)
            named = der.write_object_identifier(curve.oid)
            parameters = write_domain_parameters(curve) if written_out else named
            point = key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
            return der.write_sequence(write_algorithm(EC_PUBLIC_KEY, parameters), der.write_bits(point))
        case rsa.RSAPublicKey():
            return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
