"""The machine readable zone (MRZ) of a travel document, read from text.

TD1 (three lines of 30), TD2 (two of 36) and TD3 (two of 44) by ICAO Doc 9303 parts 3 to 6, as a keyboard-wedge
scanner or the chip's DG1 gives them. A line and column here are the standard's: lines are upper, middle and
lower, counted from 1, and so are character positions.

What cannot be an MRZ raises `MrzInvalid`. What is one, but with a wrong check digit or content, is returned with
`Mrz.failures`, each located by data element: the operator corrects or types what the scanner misread. Visas
(Part 7) are refused. Names are transliterated (Part 3 §6) and never decide identity.

Nothing here prints or logs the contents: neither `repr(Mrz)` nor an exception's message has any.
"""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Final

from devices.emrtd.mrz_layouts import LAYOUT_OF, Form, Layout, Place
from devices.emrtd.tlv import ContentInvalid

FILLER: Final = "<"
_LINE_LENGTHS: Final = {90: (30, 30, 30), 72: (36, 36), 88: (44, 44)}
_LENGTH_MAX: Final = 90
# No text worth looking at is longer: 90 characters, and what separates and surrounds three lines.
TEXT_CHARACTERS_MAX: Final = 128


class MrzInvalid(ContentInvalid):
    """The text is no MRZ of TD1, TD2 or TD3.

    Attributes:
        reason: What is wrong, without the text.
        position: Where, counted from 0 in the text without its line ends; for a wrong length, the length.
    """


class Element(Enum):
    """A data element of the MRZ (Parts 4 to 6 §4.2.2)."""

    DOCUMENT_CODE = "document code"
    ISSUER = "issuing State or organization"
    NAME = "name"
    DOCUMENT_NUMBER = "document number"
    NATIONALITY = "nationality"
    BIRTH_DATE = "date of birth"
    SEX = "sex"
    EXPIRY_DATE = "date of expiry"
    OPTIONAL_DATA = "optional data"
    COMPOSITE = "composite"


class Fault(Enum):
    """What is wrong with a data element."""

    CHECK_DIGIT = "check digit"
    CONTENT = "content"


@dataclass(frozen=True, slots=True)
class FieldFailure:
    """A data element that does not hold; line and column are those of its check digit or its first character."""

    element: Element
    fault: Fault
    line: int
    column: int


@dataclass(frozen=True, slots=True, repr=False)
class Mrz:
    """The data elements of one MRZ, fillers at their ends removed.

    Attributes:
        form: Its size.
        lines: As printed: capitals, digits and fillers, without line ends.
        document_type: The document code, one or two letters (P, PM, I, ID, AC).
        issuer: One to three letters (UZB, D).
        document_number: With all characters of a long number (Part 5 §4.2.2 note j).
        nationality: One to three letters, or empty.
        birth_date: YYMMDD as printed, fillers for what is unknown (Part 3 §4.8).
        sex: "M", "F" or "<" for unspecified.
        expiry_date: YYMMDD as printed.
        optional_data: Of TD3 (the personal number), TD2 or the upper line of TD1; what a long document number took
            of it is left out.
        optional_data_2: Of the middle line of TD1; else empty.
        surname: The primary identifier, words parted by spaces (Part 3 §4.6).
        given_names: The secondary identifier, words parted by spaces; may be empty.
        name_fills_field: The last position of the name isn't a filler, so it must be
            treated as cut (Parts 4 to 6 §4.2.3).
        failures: In the order of the lines; empty if all check digits and contents hold.
    """

    form: Form
    lines: tuple[str, ...]
    document_type: str
    issuer: str
    document_number: str
    nationality: str
    birth_date: str
    sex: str
    expiry_date: str
    optional_data: str
    optional_data_2: str
    surname: str
    given_names: str
    name_fills_field: bool
    failures: tuple[FieldFailure, ...]

    def __repr__(self) -> str:
        return f"Mrz({self.form.value}, failures={len(self.failures)})"

    def birth_day(self, today: date) -> date | None:
        """Return the birth date in the latest century that does not put it after `today`; None if incomplete.

        Two digits of a year can't tell a bearer of over a hundred from an infant; the PINFL or the record can.
        """
        born = _day(self.birth_date, today.year // 100 * 100)
        if born is not None and born <= today:
            return born
        return _day(self.birth_date, today.year // 100 * 100 - 100)

    def expiry_day(self, today: date) -> date | None:
        """Return the date of expiry in the century that puts its year from 50 before to 49 after `today`'s."""
        if not _is_digits(self.expiry_date):
            return None
        first_year = today.year - 50
        year = first_year + (int(self.expiry_date[:2]) - first_year) % 100
        return _day(self.expiry_date, year - year % 100)


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _day(yymmdd: str, century: int) -> date | None:
    if not _is_digits(yymmdd):
        return None
    try:
        return date(century + int(yymmdd[:2]), int(yymmdd[2:4]), int(yymmdd[4:]))
    except ValueError:
        return None


_VALUES: Final = {c: value for value, c in enumerate("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")} | {FILLER: 0}
_WEIGHTS: Final = (7, 3, 1) * (_LENGTH_MAX // 3)


def check_digit(characters: str) -> str:
    """Return the check digit "0" to "9" of up to 90 characters of an MRZ.

    Raises:
        KeyError: A character is none of A-Z, 0-9 and "<".

    Source: ICAO 9303-3 §4.9: weights 7, 3, 1; A is 10, Z is 35, a filler 0; modulus 10.
    """
    return str(sum(_VALUES[c] * w for c, w in zip(characters, _WEIGHTS, strict=False)) % 10)


# What a scanner may put between or after the lines.
_LINE_END: Final = re.compile(r"[\r\n\t]+")
_NOT_MRZ: Final = re.compile("[^A-Z0-9<]")


def _split(text: str) -> tuple[str, ...]:
    if len(text) > TEXT_CHARACTERS_MAX:
        raise MrzInvalid("longer than any MRZ", len(text))
    printed = [line for line in _LINE_END.split(text.strip().upper()) if line]
    run = "".join(printed)
    wrong = _NOT_MRZ.search(run)
    if wrong is not None:
        raise MrzInvalid("a character that no MRZ has", wrong.start())
    lengths = _LINE_LENGTHS.get(len(run))
    if lengths is None:
        raise MrzInvalid("not of the length of TD1, TD2 or TD3", len(run))
    if len(printed) > 1:
        position = 0
        for line, length in zip(printed, lengths, strict=False):
            position += len(line)
            if len(line) != length:
                raise MrzInvalid("a line of the wrong length", position)
    if run[0] == "V":
        raise MrzInvalid("a visa (Part 7), not a document of its bearer", 0)
    width = lengths[0]
    return tuple(run[start : start + width] for start in range(0, len(run), width))


_LETTERS: Final = re.compile("[A-Z]{1,3}<*")
_CODE: Final = re.compile("[A-Z][A-Z<]")
_NUMBER: Final = re.compile("[A-Z0-9<]*[A-Z0-9]<*")
_NAME: Final = re.compile("[A-Z][A-Z<]*")
_SEX: Final = re.compile("[MF<]")
_NATIONALITY: Final = re.compile("[A-Z]{1,3}<*|<<<")


def _may_be_date(yymmdd: str) -> bool:
    """Tell whether a date is possible in some century; unknown parts are fillers (Part 3 §4.8)."""
    year, month, day = yymmdd[:2], yymmdd[2:4], yymmdd[4:]
    if any(part != FILLER * 2 and not _is_digits(part) for part in (year, month, day)):
        return False
    if month != FILLER * 2 and not 1 <= int(month) <= 12:
        return False
    if day == FILLER * 2:
        return True
    # 2000 was a leap year and 1900 wasn't, so 29 February of a year 00 is possible
    leap_or_any = 2000 + int(year) if year != FILLER * 2 else 2000
    days = 31 if month == FILLER * 2 else monthrange(leap_or_any, int(month))[1]
    return 1 <= int(day) <= days


@dataclass(frozen=True, slots=True)
class _Number:
    """A document number, the check digit printed for it and where, and the optional data that it leaves."""

    characters: str
    printed: str
    line: int
    column: int
    optional: str


def _document_number(layout: Layout, lines: tuple[str, ...]) -> _Number:
    """Read the document number, long or not.

    Of a number over nine characters the first nine stand in its place with a filler instead of the check digit;
    the rest opens the optional data, then its check digit, then a filler. The filler counts for no check digit but
    the composite's.

    Source: ICAO 9303-5 §4.2.2 note j, 9303-6 §4.2.2 note j, 9303-11 Appendix D.2.
    """
    place = layout.number
    first_nine = place.of(lines)
    printed = lines[place.line - 1][place.last]
    optional = layout.optional.of(lines)
    if layout.number_may_be_long and printed == FILLER:
        rest, filler, remaining = optional.partition(FILLER)
        if len(rest) > 1 and filler:
            column = layout.optional.first + len(rest) - 1
            return _Number(first_nine + rest[:-1], rest[-1], layout.optional.line, column, remaining)
    return _Number(first_nine, printed, place.line, place.last + 1, optional)


def _failures(layout: Layout, lines: tuple[str, ...], number: _Number) -> tuple[FieldFailure, ...]:
    found: list[FieldFailure] = []

    def content(element: Element, place: Place, holds: bool) -> None:
        if not holds:
            found.append(FieldFailure(element, Fault.CONTENT, place.line, place.first))

    def digit(element: Element, over: str, printed: str, line: int, column: int) -> None:
        # an element that is all fillers may have a filler for its check digit too (FACTS §4, row 15)
        if check_digit(over) != printed and (printed != FILLER or over.strip(FILLER)):
            found.append(FieldFailure(element, Fault.CHECK_DIGIT, line, column))

    def pattern(element: Element, place: Place, wanted: re.Pattern[str]) -> None:
        content(element, place, wanted.fullmatch(place.of(lines)) is not None)

    def dated(element: Element, place: Place) -> None:
        yymmdd = place.of(lines)
        content(element, place, _may_be_date(yymmdd))
        digit(element, yymmdd, lines[place.line - 1][place.last], place.line, place.last + 1)

    pattern(Element.DOCUMENT_CODE, layout.code, _CODE)
    pattern(Element.ISSUER, layout.issuer, _LETTERS)
    pattern(Element.NAME, layout.name, _NAME)
    pattern(Element.DOCUMENT_NUMBER, layout.number, _NUMBER)
    digit(Element.DOCUMENT_NUMBER, number.characters, number.printed, number.line, number.column)
    pattern(Element.NATIONALITY, layout.nationality, _NATIONALITY)
    dated(Element.BIRTH_DATE, layout.birth)
    pattern(Element.SEX, layout.sex, _SEX)
    dated(Element.EXPIRY_DATE, layout.expiry)
    if layout.optional_has_check_digit:
        optional, place = layout.optional.of(lines), layout.optional
        printed = lines[place.line - 1][place.last]
        # Part 4 §4.2.2, line 2, position 43: with no personal number the check digit may be 0 or a filler.
        digit(Element.OPTIONAL_DATA, optional, printed, place.line, place.last + 1)
    over = "".join(place.of(lines) for place in layout.composite_over)
    composite = layout.composite
    digit(Element.COMPOSITE, over, composite.of(lines), composite.line, composite.first)
    return tuple(sorted(found, key=lambda failure: (failure.line, failure.column)))


def parse(text: str) -> Mrz:
    """Return the MRZ that `text` holds.

    Args:
        text: All lines in one run of 88, 72 or 90 characters, or ended by CR, LF, CR LF or a tab; in any case.

    Raises:
        MrzInvalid: The length, a character or the form of document isn't one of TD1, TD2, TD3.

    Source: ICAO 9303-3 §4, 9303-4 §4.2, 9303-5 §4.2, 9303-6 §4.2.
    """
    lines = _split(text)
    layout = LAYOUT_OF[len(lines[0])]
    number = _document_number(layout, lines)
    name = layout.name.of(lines)
    primary, _, secondary = name.partition(FILLER * 2)
    return Mrz(
        form=layout.form,
        lines=lines,
        document_type=layout.code.of(lines).rstrip(FILLER),
        issuer=layout.issuer.of(lines).rstrip(FILLER),
        document_number=number.characters.rstrip(FILLER),
        nationality=layout.nationality.of(lines).rstrip(FILLER),
        birth_date=layout.birth.of(lines),
        sex=layout.sex.of(lines),
        expiry_date=layout.expiry.of(lines),
        optional_data=number.optional.rstrip(FILLER),
        optional_data_2=layout.optional_2.of(lines).rstrip(FILLER) if layout.optional_2 else "",
        surname=" ".join(filter(None, primary.split(FILLER))),
        given_names=" ".join(filter(None, secondary.split(FILLER))),
        name_fills_field=name[-1] != FILLER,
        failures=_failures(layout, lines, number),
    )


PINFL_DIGITS: Final = 14
_PINFL: Final = re.compile("[0-9]{14}")
ISSUER_WITH_PINFL: Final = "UZB"


def personal_number(mrz: Mrz) -> str | None:
    """Return the 14 digits of the personal number in a document of Uzbekistan, or None.

    A passport (TD3) has it in line 2, positions 29-42, an ID card (TD1) in line 1, positions 16-29. Other States
    use these positions for numbers of their own, so another issuer's is None. Whether its check digits hold is
    told by `Mrz.failures`.
    """
    if mrz.issuer != ISSUER_WITH_PINFL or mrz.form is Form.TD2:
        return None
    found = _PINFL.fullmatch(mrz.optional_data)
    return found[0] if found else None


def mrz_information(mrz: Mrz) -> str:
    """Return what the document basic access keys are derived from: number, birth and expiry with check digits.

    The check digits are computed, not the printed ones. A number under nine characters is filled up to nine.

    Source: ICAO 9303-11 §4.3 and Appendix D.2.
    """
    number = mrz.document_number.ljust(9, FILLER)
    return "".join(part + check_digit(part) for part in (number, mrz.birth_date, mrz.expiry_date))


# A document code and an issuer, then only characters of an MRZ. A, C, I, P, V open a document code (Parts 4 to 7).
_OPENING: Final = re.compile(r"[ACIPVacipv][A-Za-z<][A-Za-z<]{3}[A-Za-z0-9<\r\n\t]*")
_OURS: Final = re.compile("[PIpi][A-Za-z<][Uu][Zz][Bb]")


def looks_like_mrz(text: str) -> bool:
    """Tell whether `text` can't be but the beginning of an MRZ, or a whole one; cheap enough for each keystroke.

    A passport or ID card of Uzbekistan is known at the fifth character, another State's at its first filler after
    that. A name, a PINFL or a document number typed by hand is never taken for one. It doesn't tell that `parse`
    will succeed.
    """
    if len(text) < 5 or text[0] not in "ACIPVacipv \r\n\t":
        return False
    text = text.strip()
    if len(text) > TEXT_CHARACTERS_MAX or _OPENING.fullmatch(text) is None:
        return False
    return FILLER in text or _OURS.match(text) is not None
