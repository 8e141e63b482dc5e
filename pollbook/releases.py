"""A release: the signed half of a move that lets lines go to one named book (custody rule 3).

It is signed by itself, over the election, both books with their epochs, and each line with the custody number under
which the receiver will hold it. So it proves itself wherever it comes from: the register, the LAN, a USB stick, paper.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from itertools import pairwise

from pollbook import cbor
from pollbook.cbor import Fields
from pollbook.failures import InputInvalid
from pollbook.signing import DEVICE_ID_BYTES, SigningKey, device_id, is_signature
from pollbook.types import LINE_ID_MAX, BookName, DeviceId, ElectionId, LineId

LINES_MAX = 200
"""In one release, so that its entry stays below `entries.ENTRY_BYTES_MAX`: a desk's share goes in a few of them."""
CUSTODY_NUMBER_MAX = 9999
EPOCH_MAX = 9999
SIGNATURE_BYTES = 64
KEY_BYTES = 32
RELEASE_ID_BYTES = 8


@dataclass(frozen=True, slots=True)
class MovedLine:
    """A line and the custody number under which its receiver will hold it: how often it has moved by then."""

    line: LineId
    custody: int


@dataclass(frozen=True, slots=True)
class Release:
    """`sender` lets `lines` (in the order of their ids) go to `receiver`, and to nobody else."""

    sender: BookName
    receiver: BookName
    lines: tuple[MovedLine, ...]
    signature: bytes

    @property
    def id(self) -> bytes:
        """8 bytes by which desks and the register speak of this release."""
        return hashlib.sha256(self.signature).digest()[:RELEASE_ID_BYTES]


def sign_release(
    election: ElectionId, sender: BookName, receiver: BookName, lines: tuple[MovedLine, ...], key: SigningKey
) -> Release:
    """The release of `lines`, signed by the sender's own key; the same call gives the same bytes."""
    ordered = tuple(sorted(lines, key=lambda moved: moved.line))
    return Release(sender, receiver, ordered, key.sign(_signed_bytes(election, sender, receiver, ordered)))


def is_release(election: ElectionId, untrusted: Release, sender_key: bytes) -> bool:
    """Whether the holder of `sender_key`, who is the sender that it names, signed this release for this election."""
    return untrusted.sender.device == device_id(sender_key) and is_signature(
        sender_key,
        _signed_bytes(election, untrusted.sender, untrusted.receiver, untrusted.lines),
        untrusted.signature,
    )


def pack_book(name: BookName) -> list[object]:
    """A book's name as a CBOR array of two."""
    return [name.device, name.epoch]


def take_book(untrusted: object) -> BookName:
    """The book's name in a CBOR array of two.

    Raises:
        InputInvalid: Anything else.
    """
    fields = Fields(untrusted, 2)
    return BookName(DeviceId(fields.take_bytes(DEVICE_ID_BYTES, DEVICE_ID_BYTES)), fields.take_int(1, EPOCH_MAX))


def pack_lines(lines: tuple[MovedLine, ...]) -> list[object]:
    """Moved lines as a CBOR array of pairs."""
    return [[moved.line, moved.custody] for moved in lines]


def take_lines(untrusted: list[object]) -> tuple[MovedLine, ...]:
    """Moved lines, at least one, each once and in the order of their ids.

    Raises:
        InputInvalid: Anything else.
    """
    lines = tuple(_moved(Fields(item, 2)) for item in untrusted)
    if not lines or any(one.line >= other.line for one, other in pairwise(lines)):
        raise InputInvalid("lines that are not in order, or none")
    return lines


def pack_release(release: Release) -> list[object]:
    """The whole release as a CBOR array."""
    return [
        pack_book(release.sender),
        pack_book(release.receiver),
        pack_lines(release.lines),
        release.signature,
    ]


def take_release(untrusted: object) -> Release:
    """The release that `pack_release` made this array of; its signature is not looked at.

    Raises:
        InputInvalid: Anything else.
    """
    fields = Fields(untrusted, 4)
    sender, receiver = take_book(fields.take_array(2)), take_book(fields.take_array(2))
    lines = take_lines(fields.take_array(LINES_MAX))
    return Release(sender, receiver, lines, fields.take_bytes(SIGNATURE_BYTES, SIGNATURE_BYTES))


def _moved(fields: Fields) -> MovedLine:
    return MovedLine(LineId(fields.take_int(1, LINE_ID_MAX)), fields.take_int(1, CUSTODY_NUMBER_MAX))


def _signed_bytes(election: ElectionId, sender: BookName, receiver: BookName, lines: tuple[MovedLine, ...]) -> bytes:
    return b"uchastka release 1\0" + cbor.encode([election, pack_book(sender), pack_book(receiver), pack_lines(lines)])
