"""What a document says of its holder, held against the voter's line: field by field, nothing decided.

1. The PINFL finds the voter, else the document's number; a name or a date never does.
2. Only a document of Uzbekistan finds anybody: another State's numbers may happen to be those of somebody else.
3. A field is the same, differs, or is not in the document. Names are the same when they can be (`spellings`).
4. An expired document, another State's, and one that contradicts itself are told. None of them refuses a voter.

Nothing here prints what a document says: `repr` of its values tells no name and no number.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from pollbook.spellings import contains, is_same_name, is_same_patronymic, without
from pollbook.voters import Voter

ISSUER: Final = "UZB"
_UNKNOWN: Final = "<"


class Field(StrEnum):
    """What document and list are compared in, in the order of the screens."""

    PINFL = "pinfl"
    DOCUMENT = "document"
    SURNAME = "surname"
    GIVEN_NAME = "given_name"
    PATRONYMIC = "patronymic"
    BIRTH_DATE = "birth_date"
    SEX = "sex"


NAMES: Final = frozenset({Field.SURNAME, Field.GIVEN_NAME, Field.PATRONYMIC})


class Likeness(StrEnum):
    """How one field of the document stands to the list's."""

    SAME = "same"
    DIFFERS = "differs"
    ABSENT = "absent"
    """The document doesn't say it, or the list doesn't."""


class Remark(StrEnum):
    """What is told of a document besides its fields."""

    EXPIRED = "expired"
    OTHER_STATE = "other_state"
    CHECK_DIGIT = "check_digit"
    """A check digit of the machine readable zone is wrong: misread, or altered."""
    CONTRADICTS_ITSELF = "contradicts_itself"
    """Two places of the document say different things: the printed lines and the chip, or two files of the chip."""
    ALTERED = "altered"
    """What the chip says is not what its State signed."""
    ISSUER_FALSE = "issuer_false"
    """Its signer's certificate does not hold."""
    REVOKED = "revoked"
    """Its signer's certificate was withdrawn by its State."""
    COPIED = "copied"
    """The chip could not prove that it is the one that was issued."""


DOUBTS: Final = frozenset(Remark) - {Remark.EXPIRED, Remark.OTHER_STATE}
"""Those that ask to look closer; a voter with an expired document still votes."""


@dataclass(frozen=True, slots=True, repr=False)
class NameSaid:
    """A name as one place of the document writes it; `given_names` may hold the patronymic too."""

    surname: str
    given_names: str
    is_cut: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class DocumentSays:
    """What a document says of its holder; each text may be empty, and is as the document has it.

    Attributes:
        issuer: The issuing State, one to three letters of ICAO 9303-3.
        number: The document's number.
        pinfl: Fourteen digits, or empty.
        names: As each place writes it: the machine readable zone, the chip's full name.
        birth_dates: YYMMDD or YYYYMMDD, with fillers for what is unknown.
        sex: m, f or empty.
        expires_on: The last day on which it is valid; None where it says none.
        doubts: What is wrong with it in itself.
    """

    issuer: str = ""
    number: str = ""
    pinfl: str = ""
    names: tuple[NameSaid, ...] = ()
    birth_dates: tuple[str, ...] = ()
    sex: str = ""
    expires_on: date | None = None
    doubts: tuple[Remark, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class FieldCompared:
    """One field, what both sides say, and how they stand to each other."""

    field: Field
    likeness: Likeness
    said: str
    listed: str


@dataclass(frozen=True, slots=True, repr=False)
class Comparison:
    """A document beside a voter's line."""

    fields: tuple[FieldCompared, ...]
    remarks: tuple[Remark, ...]
    expires_on: date | None = None

    @property
    def differing(self) -> tuple[Field, ...]:
        """The fields in which the two differ."""
        return tuple(each.field for each in self.fields if each.likeness is Likeness.DIFFERS)


def find_keys(says: DocumentSays) -> tuple[str, ...]:
    """What to look the voter up by, the better first: PINFL, document number. Empty for another State's document."""
    if says.issuer != ISSUER:
        return ()
    return tuple(key for key in (says.pinfl, says.number) if key)


def compare(says: DocumentSays, voter: Voter, today: date) -> Comparison:
    """The document beside the voter's line, each field once and in order."""
    fields = (
        _compared(Field.PINFL, says.pinfl, voter.pinfl, says.pinfl == voter.pinfl),
        _compared(Field.DOCUMENT, says.number, voter.document, says.number == voter.document),
        _named(Field.SURNAME, says, voter),
        _named(Field.GIVEN_NAME, says, voter),
        _named(Field.PATRONYMIC, says, voter),
        _born(says, voter),
        _compared(Field.SEX, says.sex, voter.sex, says.sex == voter.sex),
    )
    return Comparison(fields, remarks(says, today), says.expires_on)


def remarks(says: DocumentSays, today: date) -> tuple[Remark, ...]:
    """What is told of the document itself, in the order of `Remark`."""
    told = set(says.doubts)
    if says.expires_on is not None and says.expires_on < today:
        told.add(Remark.EXPIRED)
    if says.issuer and says.issuer != ISSUER:
        told.add(Remark.OTHER_STATE)
    return tuple(remark for remark in Remark if remark in told)


def _compared(field: Field, said: str, listed: str, is_same: bool) -> FieldCompared:
    likeness = Likeness.ABSENT if not said or not listed else Likeness.SAME if is_same else Likeness.DIFFERS
    return FieldCompared(field, likeness, said, listed)


def _named(field: Field, says: DocumentSays, voter: Voter) -> FieldCompared:
    """The first place whose spelling fits; else the first that says anything of it."""
    listed = {
        Field.SURNAME: voter.surname,
        Field.GIVEN_NAME: voter.given_name,
        Field.PATRONYMIC: voter.patronymic,
    }[field]
    found = [_name_in(field, name, voter, listed) for name in says.names]
    for wanted in (Likeness.SAME, Likeness.DIFFERS):
        for each in found:
            if each.likeness is wanted:
                return each
    return FieldCompared(field, Likeness.ABSENT, next((each.said for each in found if each.said), ""), listed)


def _name_in(field: Field, name: NameSaid, voter: Voter, listed: str) -> FieldCompared:
    if field is Field.SURNAME:
        is_cut = name.is_cut and not name.given_names
        return _compared(field, name.surname, listed, is_same_name(listed, name.surname, is_cut=is_cut))
    if field is Field.GIVEN_NAME:
        said = name.given_names
        return _compared(field, said, listed, contains(said, listed, is_cut=name.is_cut))
    said = without(name.given_names, voter.given_name)
    if not contains(name.given_names, voter.given_name):
        said = ""
    return _compared(field, said, listed, is_same_patronymic(listed, said, is_cut=name.is_cut))


def _born(says: DocumentSays, voter: Voter) -> FieldCompared:
    listed = f"{voter.birth_date:%Y%m%d}"
    told = [each for each in says.birth_dates if each.strip(_UNKNOWN)]
    differing = [each for each in told if not _may_be(each, listed)]
    fullest = max(differing or told, key=lambda each: (len(each), -each.count(_UNKNOWN)), default="")
    return _compared(Field.BIRTH_DATE, fullest, listed, not differing)


def _may_be(said: str, listed: str) -> bool:
    """Whether a day with or without its century, and with unknown parts, can be the listed one."""
    return all(a in {_UNKNOWN, b} for a, b in zip(reversed(said), reversed(listed), strict=False))
