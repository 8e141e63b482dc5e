"""What a document says it holds, and how long its answers may be; read before anything is proven."""

from collections.abc import Callable
from contextlib import suppress
from typing import Final

from devices.emrtd.files import File
from devices.emrtd.lds import read_atr_info, read_com
from devices.emrtd.security_object import read_security_object
from devices.emrtd.tlv import ContentInvalid

_HISTORICAL_COUNT: Final = 0x0F
_CAPABILITIES, _EXTENDED = 0x7, 0x40
# Extended length is announced, but not how long; every such chip takes this (TR-03110 profiles ask for 1 KB).
_UNTOLD_BYTES: Final = 1024


def listed_files(untrusted_com: bytes | None, untrusted_sod: bytes | None) -> frozenset[File] | None:
    """Return the data groups that EF.COM or EF.SOD lists; None if neither can tell, so that each has to be asked for.

    EF.SOD's list is what the issuer signed. A chip that hides one of its files from EF.COM is asked for it
    nonetheless, so a copy can't leave out the key that it would have to prove.
    """
    found: set[File] = set()
    known = False
    with suppress(ContentInvalid):
        if untrusted_com is not None:
            found.update(read_com(untrusted_com).data_groups)
            known = True
    with suppress(ContentInvalid):
        if untrusted_sod is not None:
            found.update(read_security_object(untrusted_sod).hashes)
            known = True
    return frozenset(found) if known else None


def announced_bytes(atr: bytes, read_announcement: Callable[[], bytes | None]) -> int | None:
    """Return the longest answer of a chip that announces extended length, in bytes; None if it doesn't.

    Args:
        atr: Its historical bytes may say so; if they say the contrary, EF.ATR/INFO isn't read.
        read_announcement: Returns EF.ATR/INFO, None if there is none.

    Source: ISO/IEC 7816-4 §12.1.1.9 (card capabilities), §12.7.1 (extended length information).
    """
    said = _said_by(atr)
    if said is False:
        return None
    content = read_announcement()
    if content is None:
        return _UNTOLD_BYTES if said else None
    try:
        told = read_atr_info(content)
    except ContentInvalid:
        return _UNTOLD_BYTES if said else None
    if told.response_bytes_max is not None:
        return told.response_bytes_max
    return _UNTOLD_BYTES if said or told.has_extended_lengths else None


def _said_by(atr: bytes) -> bool | None:
    """What the historical bytes say about extended length; None if nothing."""
    historical = _historical_bytes(atr)
    if historical[:1] != b"\x80":
        return None
    at = 1
    while at < len(historical):
        tag, size = historical[at] >> 4, historical[at] & 0x0F
        value = historical[at + 1 : at + 1 + size]
        if tag == _CAPABILITIES and size == 3 and len(value) == 3:
            return bool(value[2] & _EXTENDED)
        at += 1 + size
    return None


def _historical_bytes(atr: bytes) -> bytes:
    """ISO/IEC 7816-3 §8.2: interface bytes come before them, in rounds that each tell what follows."""
    if len(atr) < 2:
        return b""
    count, follows, at = atr[1] & _HISTORICAL_COUNT, atr[1] >> 4, 2
    while follows and at < len(atr):
        at += follows.bit_count()
        follows = atr[at - 1] >> 4 if follows & 0x8 and at <= len(atr) else 0
    return atr[at : at + count]
