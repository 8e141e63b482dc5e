"""A still of a camera as it goes to the centre in a parcel: whose, when, the JPEG."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from pollbook import cbor
from pollbook.cbor import Fields
from pollbook.failures import InputInvalid

STILL_BYTES_MAX: Final = 64 * 1024
_SCHEMA: Final = 1
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,30}", re.ASCII)
_JPEG = b"\xff\xd8\xff"


@dataclass(frozen=True, slots=True)
class Still:
    """What a camera saw at `at_s` (Unix time), its masks applied."""

    camera: str
    at_s: int
    jpeg: bytes = field(repr=False)


def encode_still(still: Still) -> bytes:
    """The bytes that `decode_still` reads."""
    return cbor.encode([_SCHEMA, still.camera, still.at_s, still.jpeg])


def decode_still(untrusted: bytes) -> Still:
    """The still in a parcel.

    Raises:
        InputInvalid: Not a still, no such name, or not a JPEG.
    """
    fields = Fields(cbor.decode(untrusted, STILL_BYTES_MAX), 4)
    fields.take_int(_SCHEMA, _SCHEMA)
    name, at_s, jpeg = fields.take_text(31), fields.take_int(0), fields.take_bytes(4, STILL_BYTES_MAX)
    if not _NAME.fullmatch(name):
        raise InputInvalid("no name of a camera")
    if not jpeg.startswith(_JPEG):
        raise InputInvalid("no JPEG")
    return Still(name, at_s, jpeg)
