"""A sealed release as text: what its QR codes hold and what a keyboard-wedge scanner types.

    UCH1 2 3 7KQ4M2XA 2VVGKCX…  N5DWQ7A
    │    │ │ │        │         └ check of everything before it in this part: CRC-32, seven letters
    │    │ │ │        └ this part of the parcel in base32 (RFC 4648 §6, without padding)
    │    │ │ └ which parcel: the first 40 bits of its SHA-256, eight letters, the same in all parts
    │    │ └ so many parts
    │    └ which of them this is
    └ what it is, and version 1 of the form

Only capital letters and digits: a QR code holds them in its denser alphanumeric mode, and every keyboard has them. A
scanner types as if on a US keyboard whatever layout the system has, so a text that came through the Russian or the
Uzbek Cyrillic layout, or with Caps Lock, is turned back. Spaces, line ends and control characters that scanners add
around a code mean nothing.

The check is a CRC, so that a single changed letter, or two that changed places, is noticed for certain and not only
very probably; the hash binds the parts together. Neither is secrecy or proof: the parcel itself is sealed to its
receiver and signed (custody rules 3 and 15).
"""

from __future__ import annotations

import base64
import hashlib
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pollbook.failures import InputInvalid

PARCEL_BYTES_MAX: Final = 1640
PARTS_MAX: Final = 3
"""As many codes as stand beside each other on a page."""
PART_CHARACTERS_MAX: Final = 900
"""One part with everything around it: a QR code of version 19 at level M, which a laptop's camera reads off paper."""
TEXT_CHARACTERS_MAX: Final = 20_000
"""No honest scan is longer; more is not looked at."""

_MARK: Final = "UCH1"
_ID_LETTERS: Final = 8
_CHECK_LETTERS: Final = 7
_HEAD_LETTERS: Final = len(_MARK) + 2 + _ID_LETTERS
_BODY_LETTERS_MAX: Final = PART_CHARACTERS_MAX - _HEAD_LETTERS - _CHECK_LETTERS
# The base32 alphabet has no 1, so the mark stands nowhere within a part.
_PART_BEGINS: Final = re.compile(rf"{_MARK}(?=[1-9][1-9])")
_PART: Final = re.compile(rf"{_MARK}([1-9])([1-9])([A-Z2-7]{{{_ID_LETTERS}}})([A-Z2-7]+)([A-Z2-7]{{{_CHECK_LETTERS}}})")
_MEANINGLESS: Final = re.compile(r"[\s\x00-\x1f\x7f\ufeff-]+")

# What the key of each letter types on a Cyrillic layout. Uzbek has ў and қ where Russian has щ and ы.
_CYRILLIC_KEYS: Final = str.maketrans(
    {
        **dict(zip("ЙЦУКЕНГШЩЗФЫВАПРОЛДЯЧСМИТЬ", "QWERTYUIOPASDFGHJKLZXCVBNM", strict=True)),
        **dict(zip("ЎҚ", "OS", strict=True)),
        **dict(zip("İ", "I", strict=True)),
    }
)


@dataclass(frozen=True, slots=True)
class PartsSeen:
    """What a text holds of a release in parts.

    Attributes:
        count: So many parts make the whole; 0 where nothing of a release was found.
        there: The numbers of the whole parts.
        changed: The numbers of parts that came changed, 0 for a part whose number can't be told.
        mixed: There are parts of more than one release.
    """

    count: int
    there: frozenset[int]
    changed: frozenset[int]
    mixed: bool

    @property
    def missing(self) -> tuple[int, ...]:
        """The numbers of the parts that have not come yet, or have come changed only."""
        return tuple(number for number in range(1, self.count + 1) if number not in self.there)

    @property
    def is_whole(self) -> bool:
        """Whether all parts of one release are there; a changed copy beside a good one does no harm."""
        return self.count > 0 and not self.missing and not self.mixed


def write_release_text(parcel: bytes) -> tuple[str, ...]:
    """The parcel as texts of up to `PART_CHARACTERS_MAX` capital letters and digits, one for each QR code, in order.

    The same bytes give the same texts.

    Raises:
        ValueError: The parcel is empty or beyond `PARCEL_BYTES_MAX`.
    """
    if not 0 < len(parcel) <= PARCEL_BYTES_MAX:
        raise ValueError(f"a parcel of {len(parcel)} bytes")
    letters = _base32(parcel)
    count = -(-len(letters) // _BODY_LETTERS_MAX)
    size = -(-len(letters) // count)
    parcel_id = _parcel_id(parcel)
    return tuple(
        _with_check(f"{_MARK}{number}{count}{parcel_id}{letters[(number - 1) * size : number * size]}")
        for number in range(1, count + 1)
    )


def read_release_text(untrusted: str) -> bytes:
    """The parcel whose parts stand in this text, in any order, each at least once whole.

    Raises:
        InputInvalid: Not a release, or parts are missing, changed or of different releases; the message says which.
    """
    seen, bodies = _look(untrusted)
    if seen.count == 0:
        raise InputInvalid("not the text of a release")
    if seen.mixed:
        raise InputInvalid("parts of different releases")
    if seen.missing:
        changed = sorted(seen.changed.intersection(seen.missing))
        words = [f"part {number} of {seen.count} is {_state(number, seen)}" for number in seen.missing]
        if 0 in seen.changed and not changed:
            words.append("a part is changed")
        raise InputInvalid("; ".join(words))
    ((parcel_id, _), by_number), *_ = bodies.items()
    parcel = _from_base32("".join(by_number[number] for number in range(1, seen.count + 1)))
    if _parcel_id(parcel) != parcel_id:
        raise InputInvalid("the parts do not make the release they name")
    return parcel


def look_at_parts(untrusted: str) -> PartsSeen:
    """Which parts of a release the text holds: what a screen asks for next while codes are scanned one by one."""
    return _look(untrusted)[0]


def is_release_text(untrusted: str) -> bool:
    """Whether this is, or begins, the text of a release rather than a name, a number or a document's zone."""
    return _typed_on_us_keys(untrusted[:64]).startswith(_MARK)


_Bodies = Mapping[tuple[str, int], Mapping[int, str]]
"""The parts' letters by the parcel they name and its count of parts, then by number."""


def _typed_on_us_keys(untrusted: str) -> str:
    """The capital letters and digits that the scanner's keys have on a US keyboard."""
    return _MEANINGLESS.sub("", untrusted).upper().translate(_CYRILLIC_KEYS)


def _look(untrusted: str) -> tuple[PartsSeen, _Bodies]:
    text = _typed_on_us_keys(untrusted[:TEXT_CHARACTERS_MAX])
    begins = [found.start() for found in _PART_BEGINS.finditer(text)]
    if not begins:
        return PartsSeen(0, frozenset(), frozenset(), mixed=False), {}
    bodies: dict[tuple[str, int], dict[int, str]] = {}
    changed: set[int] = set()
    counts: list[int] = []
    if begins[0] > 0:
        changed.add(0)
    for begin, end in zip(begins, [*begins[1:], len(text)], strict=True):
        part = text[begin:end]
        number, count = int(part[len(_MARK)]), int(part[len(_MARK) + 1])
        fields = _PART.fullmatch(part)
        if fields is None or number > count or _with_check(part[:-_CHECK_LETTERS]) != part:
            changed.add(number)
            counts.append(count)
            continue
        of_parcel = bodies.setdefault((fields[3], count), {})
        if of_parcel.setdefault(number, fields[4]) != fields[4]:
            changed.add(number)
    whole = max(bodies, key=lambda key: len(bodies[key]), default=None)
    count = whole[1] if whole else max(counts)
    there = frozenset(bodies[whole]) if whole else frozenset[int]()
    return PartsSeen(count, there, frozenset(changed), mixed=len(bodies) > 1), bodies


def _state(number: int, seen: PartsSeen) -> str:
    return "changed" if number in seen.changed else "missing"


def _with_check(text: str) -> str:
    return text + _base32(zlib.crc32(text.encode("ascii")).to_bytes(4, "big"))


def _parcel_id(parcel: bytes) -> str:
    return _base32(hashlib.sha256(parcel).digest()[:5])


def _base32(content: bytes) -> str:
    return base64.b32encode(content).decode("ascii").rstrip("=")


def _from_base32(letters: str) -> bytes:
    try:
        content = base64.b32decode(letters + "=" * (-len(letters) % 8))
    except ValueError as error:
        raise InputInvalid("not base32") from error
    if _base32(content) != letters:
        raise InputInvalid("not the one base32 of its bytes")
    return content
