"""The words of the trade as types: who, where, which. See docs/glossary.md."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

ElectionId = NewType("ElectionId", str)
PrecinctCode = NewType("PrecinctCode", str)
LineId = NewType("LineId", int)
"""A line's random number, 1 to 2^63-1; says nothing about the voter."""
PersonNumber = NewType("PersonNumber", int)
"""A person's place among the precinct's people, from 1; 0 is the machine itself."""
DeviceId = NewType("DeviceId", bytes)
"""The first 16 bytes of SHA-256 over a device's raw public key."""
EntryNumber = NewType("EntryNumber", int)
"""An entry's place in its ledger, from 1 without gaps; 0 is "before the first"."""

MACHINE = PersonNumber(0)
BEFORE_FIRST = EntryNumber(0)
"""The number before a ledger's first entry."""
LINE_ID_MAX = 2**63 - 1
_PRECINCT = re.compile(r"\d{4}-\d{4}", re.ASCII)
_BOOK = re.compile(r"[0-9a-f]{32}\.[1-9]\d{0,8}", re.ASCII)
_LINE_TEXT_LENGTH = 13


class Channel(StrEnum):
    """Where the voter received the ballots (DOMAIN §5: Gs, Gh, E)."""

    STATION = "station"
    HOME = "home"
    EARLY = "early"


CHANNELS = (Channel.STATION, Channel.HOME, Channel.EARLY)
"""By the numbers that entries have for them."""


class Role(StrEnum):
    """A person's office in the precinct commission."""

    CHAIR = "chair"
    DEPUTY_CHAIR = "deputy_chair"
    SECRETARY = "secretary"
    MEMBER = "member"
    OPERATOR = "operator"


OFFICER_ROLES = frozenset({Role.CHAIR, Role.DEPUTY_CHAIR, Role.SECRETARY})
"""Who may open the day and act as one of two: chair, deputy chair and secretary."""
OFFICERS_OF_AN_ACT = 2
"""An act takes so many officers, each with a key of their own."""


@dataclass(frozen=True, slots=True)
class BookName:
    """A book is named by its device and epoch; a new epoch fences the old one."""

    device: DeviceId
    epoch: int

    def __str__(self) -> str:
        return f"{self.device.hex()}.{self.epoch}"


@dataclass(frozen=True, slots=True)
class Person:
    """One member of the commission or operator, as the register names them.

    `key` is the register's stable name (`1708-0001-01`), `number` the place in this precinct's list.
    """

    number: PersonNumber
    key: str
    surname: str
    given_name: str
    role: Role

    @property
    def is_officer(self) -> bool:
        """Whether this person may be one of the two who open, void and take over."""
        return self.role in OFFICER_ROLES


def can_act(people: Iterable[Person]) -> bool:
    """Whether these people can open a day: officers enough for an act are among them."""
    return sum(person.is_officer for person in people) >= OFFICERS_OF_AN_ACT


def parse_book(untrusted_text: str) -> BookName | None:
    """The book that `str(BookName)` made this text of, or None where it has not that form."""
    device, _, epoch = untrusted_text.partition(".")
    if not _BOOK.fullmatch(untrusted_text):
        return None
    return BookName(DeviceId(bytes.fromhex(device)), int(epoch))


def is_precinct_code(text: str) -> bool:
    """Whether `text` has the form `1708-0001`."""
    return _PRECINCT.fullmatch(text) is not None


def line_text(line: LineId) -> str:
    """The 13 letters and digits (RFC 4648 base32) by which people and scripts name a line."""
    return base64.b32encode(line.to_bytes(8, "big")).decode("ascii").rstrip("=")


def parse_line(untrusted_text: str) -> LineId | None:
    """The line that `untrusted_text` names, or None where it has not the form of a line's name."""
    text = untrusted_text.strip().upper()
    if len(text) != _LINE_TEXT_LENGTH:
        return None
    try:
        number = int.from_bytes(base64.b32decode(text + "==="), "big")
    except ValueError:
        return None
    return LineId(number) if 1 <= number <= LINE_ID_MAX and line_text(LineId(number)) == text else None
