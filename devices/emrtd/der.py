"""The types of ASN.1 that certificates, signed data and security infos are made of, read from and written as DER.

Reading tolerates BER where documents are known to use it (longer lengths, sets out of order, octet strings in
pieces); what was signed or hashed is always taken as it came, never written again.

Source: ISO/IEC 8825-1, RFC 5280 §4.1.2.5 (times).
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from devices.emrtd.tlv import LIMITS, ContentInvalid, Limits, Objects, Tlv, encode

BOOLEAN: Final = 0x01
INTEGER: Final = 0x02
BIT_STRING: Final = 0x03
OCTET_STRING: Final = 0x04
NULL: Final = 0x05
OBJECT_IDENTIFIER: Final = 0x06
UTF8_STRING: Final = 0x0C
PRINTABLE_STRING: Final = 0x13
UTC_TIME: Final = 0x17
GENERALIZED_TIME: Final = 0x18
SEQUENCE: Final = 0x30
SET: Final = 0x31
_OCTET_STRING_IN_PIECES: Final = 0x24
# 16 384 bits: no key, serial number or group of a document is larger.
_INTEGER_BYTES_MAX: Final = 2048
_OID_BYTES_MAX: Final = 32


class DerInvalid(ContentInvalid):
    """A value is not of the ASN.1 type that must stand there."""


def expect(one: Tlv, tag: int) -> Tlv:
    """Return `one`, whose tag must be this one.

    Raises:
        DerInvalid: It has another tag.
    """
    if one.tag != tag:
        raise DerInvalid(f"the tag is {one.tag:X} instead of {tag:X}")
    return one


def sequence(one: Tlv, count_min: int = 0, limits: Limits = LIMITS) -> Objects:
    """Return what a SEQUENCE holds, `count_min` objects or more.

    Raises:
        DerInvalid: It is none, or holds fewer.
        TlvInvalid: Its content is no run of objects.
    """
    children = expect(one, SEQUENCE).children(limits)
    if len(children) < count_min:
        raise DerInvalid(f"a sequence of {len(children)} instead of {count_min}")
    return children


def integer(one: Tlv) -> int:
    """Return the value of an INTEGER, which may be negative.

    Raises:
        DerInvalid: It is none, empty or of over 2048 bytes.
    """
    value = expect(one, INTEGER).value
    if not 0 < len(value) <= _INTEGER_BYTES_MAX:
        raise DerInvalid("an integer of no bytes or of too many")
    return int.from_bytes(value, signed=True)


def small_integer(one: Tlv) -> int:
    """Return the value of an INTEGER from 0 to 2³¹-1, such as a version or a number of something.

    Raises:
        DerInvalid: It is none, negative or larger.
    """
    value = integer(one)
    if not 0 <= value < 1 << 31:
        raise DerInvalid("an integer out of its range")
    return value


def boolean(one: Tlv) -> bool:
    """Return the value of a BOOLEAN.

    Raises:
        DerInvalid: It is none.
    """
    return any(expect(one, BOOLEAN).value)


def octets(one: Tlv, limits: Limits = LIMITS) -> bytes:
    """Return the content of an OCTET STRING, put together when it comes in pieces.

    Raises:
        DerInvalid: It is none.
    """
    if one.tag == _OCTET_STRING_IN_PIECES:
        return b"".join(octets(piece, limits) for piece in one.children(limits))
    return expect(one, OCTET_STRING).value


def bits(one: Tlv) -> bytes:
    """Return the content of a BIT STRING of whole bytes.

    Raises:
        DerInvalid: It is none, or its bits are no whole bytes.
    """
    value = expect(one, BIT_STRING).value
    if not value or value[0]:
        raise DerInvalid("a bit string that is no whole bytes")
    return value[1:]


def named_bits(one: Tlv) -> frozenset[int]:
    """Return the numbers of the bits set in a BIT STRING; bit 0 is the first.

    Raises:
        DerInvalid: It is none.
    """
    value = expect(one, BIT_STRING).value
    if not 0 < len(value) <= 5 or value[0] > 7:
        raise DerInvalid("a string of named bits of no bytes or of too many")
    return frozenset(8 * at + bit for at, byte in enumerate(value[1:]) for bit in range(8) if byte & 0x80 >> bit)


def object_identifier(one: Tlv) -> str:
    """Return an OBJECT IDENTIFIER in dotted form.

    Raises:
        DerInvalid: It is none, or isn't whole.
    """
    value = expect(one, OBJECT_IDENTIFIER).value
    if not 0 < len(value) <= _OID_BYTES_MAX or value[-1] & 0x80:
        raise DerInvalid("an object identifier that is not whole")
    arcs: list[int] = []
    arc = 0
    for byte in value:
        arc = arc << 7 | byte & 0x7F
        if not byte & 0x80:
            arcs.append(arc)
            arc = 0
    first = min(arcs[0] // 40, 2)
    return ".".join(map(str, (first, arcs[0] - 40 * first, *arcs[1:])))


_TIME: Final = re.compile(rb"(?P<digits>(?:\d\d)?\d{10}(?:\d\d)?)(?:\.\d+)?(?:Z|(?P<sign>[+-])(?P<h>\d\d)(?P<m>\d\d))")


def time(one: Tlv) -> datetime:
    """Return a UTCTime or GeneralizedTime; seconds may be absent, and an offset in place of the Z.

    Raises:
        DerInvalid: It is neither, or no moment.
    """
    found = _TIME.fullmatch(one.value) if len(one.value) <= 24 else None
    if one.tag not in {UTC_TIME, GENERALIZED_TIME} or found is None:
        raise DerInvalid("no time in UTC")
    digits = found["digits"].decode("ascii")
    if one.tag == UTC_TIME:
        # RFC 5280 §4.1.2.5.1
        digits = ("19" if digits[:2] >= "50" else "20") + digits
    try:
        parts = [int(digits[:4]), *(int(digits[at : at + 2]) for at in range(4, len(digits), 2))]
        moment = datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc] # between five and six numbers
        if found["sign"]:
            ahead = timedelta(hours=int(found["h"]), minutes=int(found["m"]))
            moment += -ahead if found["sign"] == b"+" else ahead
    except (ValueError, TypeError, OverflowError):
        raise DerInvalid("no moment in time") from None
    return moment


def write_integer(value: int) -> bytes:
    """Return an INTEGER."""
    return encode(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, signed=True))


def write_object_identifier(dotted: str) -> bytes:
    """Return an OBJECT IDENTIFIER, given in dotted form."""
    first, second, *rest = map(int, dotted.split("."))
    content = b""
    for arc in (40 * first + second, *rest):
        groups = [arc & 0x7F]
        while arc := arc >> 7:
            groups.append(arc & 0x7F | 0x80)
        content += bytes(reversed(groups))
    return encode(OBJECT_IDENTIFIER, content)


def write_sequence(*parts: bytes) -> bytes:
    """Return a SEQUENCE of what is already written."""
    return encode(SEQUENCE, *parts)


def write_set(*parts: bytes) -> bytes:
    """Return a SET OF what is already written, in DER's order."""
    return encode(SET, *sorted(parts))


def write_bits(content: bytes) -> bytes:
    """Return a BIT STRING of whole bytes."""
    return encode(BIT_STRING, b"\0", content)


def write_time(moment: datetime) -> bytes:
    """Return a time as certificates write it: two digits of the year until 2049, then four (RFC 5280 §4.1.2.5)."""
    utc = moment.astimezone(UTC)
    if 1950 <= utc.year < 2050:
        return encode(UTC_TIME, f"{utc:%y%m%d%H%M%SZ}".encode())
    return encode(GENERALIZED_TIME, f"{utc:%Y%m%d%H%M%SZ}".encode())
