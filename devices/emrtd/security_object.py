"""EF.SOD: the issuer's signature over the hashes of all data groups; and EF.CardSecurity, signed alike.

Source: ICAO 9303-10 §4.6.2 (EF.SOD), §3.11.4 (EF.CardSecurity), 9303-11 §9.2.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from devices.emrtd import der
from devices.emrtd.der import DerInvalid
from devices.emrtd.files import DATA_GROUPS, File
from devices.emrtd.security_infos import SecurityInfos, read_security_infos
from devices.emrtd.signatures import hash_name, read_algorithm
from devices.emrtd.signed_data import DATA, SIGNED_DATA_LIMITS, SignedData, read_signed_data
from devices.emrtd.tlv import Tlv, TlvInvalid, read_file, read_one

LDS_SECURITY_OBJECT: Final = "2.23.136.1.1.1"
SECURITY_OBJECT_TYPES: Final = frozenset({LDS_SECURITY_OBJECT, DATA})
"""Of EF.SOD's content; some issuers call it plain data (FACTS §4, row 10)."""
CARD_SECURITY_TYPES: Final = frozenset({"0.4.0.127.0.7.3.2.1"})
"""Of EF.CardSecurity's content (id-SecurityObject)."""


@dataclass(frozen=True, slots=True)
class SecurityObject:
    """What the issuer signed: a hash of each data group.

    Attributes:
        digest: The hash, as hashlib names it.
        hashes: By file.
        lds_version: "0107" and the like; None in older ones.
        signed: The envelope.
    """

    digest: str
    hashes: Mapping[File, bytes]
    lds_version: str | None
    signed: SignedData

    def has_hash_of(self, file: File, untrusted: bytes) -> bool | None:
        """Tell whether a file's bytes are those that were signed; None if no such file was."""
        expected = self.hashes.get(file)
        return None if expected is None else hashlib.new(self.digest, untrusted).digest() == expected


def _hashes(listed: Tlv) -> dict[File, bytes]:
    found: dict[File, bytes] = {}
    for one in der.sequence(listed):
        number, value, *_ = der.sequence(one, 2)
        file = DATA_GROUPS.get(der.small_integer(number))
        if file is None or file in found:
            raise DerInvalid("a data group that does not exist or is there twice")
        found[file] = der.octets(value)
    return found


def read_security_object(untrusted: bytes) -> SecurityObject:
    """Return what EF.SOD holds; nothing is proven by that.

    Raises:
        ContentInvalid: It is no such file, or its hash is unknown (`KeyUnknown`).
    """
    signed = read_signed_data(read_file(untrusted, File.SOD.tag, SIGNED_DATA_LIMITS).value)
    _, algorithm, listed, *rest = der.sequence(read_one(signed.content, SIGNED_DATA_LIMITS), 3)
    version: str | None = None
    if rest and rest[0].tag == der.SEQUENCE:
        version = der.sequence(rest[0], 1)[0].value.decode("ascii", "replace")
    return SecurityObject(hash_name(read_algorithm(algorithm)), _hashes(listed), version, signed)


def read_card_security(untrusted: bytes) -> tuple[SignedData, SecurityInfos]:
    """Return the envelope and the infos of EF.CardSecurity; nothing is proven by that.

    Raises:
        ContentInvalid: It is no such file.
    """
    signed = read_signed_data(untrusted)
    if signed.content_type not in CARD_SECURITY_TYPES:
        raise TlvInvalid("the content is no security infos")
    return signed, read_security_infos(signed.content)
