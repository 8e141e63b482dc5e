"""PINFLs and document numbers that no two people share, without remembering whom they were given to.

A PINFL `C DDMMYY RRR SSS K` leaves 100 × 1000 numbers (area 900-999, serial 000-999) to one sex and birth day.
They are dealt out eight to a block of 4 096 people, so that people of different blocks cannot meet, and within
a block a count per sex and birth day is enough: 0.14 people expected on the fullest day. The eighth number is
kept for people who stand in two precincts, whom the next precinct must be able to name unseen.

Documents have ten million numbers, fewer than the nation has voters: they are unique up to 9.8 M rows, then come
round again.
"""

from typing import Final

from pollbook.pinfl import check_digit
from register.synthesis.births import MALE, Births
from register.synthesis.marks import AREA_CODE_MIN, DOCUMENT_SERIES
from register.synthesis.plan import PEOPLE_PER_BLOCK, Precinct

_NUMBERS_PER_BLOCK: Final = 8
_TRANSFER_NUMBER: Final = 7
_SERIALS: Final = 100_000
_DOCUMENTS: Final = 10_000_000

# Odd and no multiple of 5, so prime to a power of ten: multiplying permutes the numbers, and hides their order.
_SERIAL_STRIDE: Final = 38_197
_DOCUMENT_STRIDE: Final = 6_180_339
_DAY_STRIDE: Final = 61_837  # each birth day begins elsewhere, else a precinct's PINFLs would all end alike


class Identities:
    """The numbers of one precinct's people, given out in order."""

    def __init__(self, precinct: Precinct, births: Births, seed: int, transfers: int) -> None:
        """Begin a precinct, of whose people the first `transfers` have their numbers already."""
        self._births = births
        self._seed = seed
        self._block = precinct.first_block
        self._in_block = 0
        self._given: dict[str, int] = {}
        self._next_person = precinct.first_row + transfers

    def issue(self, sex: str, birth: int) -> tuple[str, str, int]:
        """Return PINFL, document number and birth day of the next person.

        The day is the one asked for, or an earlier one when the block has no number left for it (once in
        some thousand nations).
        """
        if self._in_block == PEOPLE_PER_BLOCK:
            self._block += 1
            self._in_block = 0
            self._given = {}
        self._in_block += 1
        code = _day_code(self._births, sex, birth)
        while (given := self._given.get(code, 0)) == _TRANSFER_NUMBER:
            birth -= 1
            code = _day_code(self._births, sex, birth)
        self._given[code] = given + 1
        document = document_number(self._seed, self._next_person)
        self._next_person += 1
        number = self._block * _NUMBERS_PER_BLOCK + given
        return _pinfl(code, number, self._seed + birth * _DAY_STRIDE), document, birth


def transfer_pinfl(precinct: Precinct, births: Births, seed: int, sex: str, birth: int) -> str:
    """Return the PINFL of a person who stands in this precinct and the next, one per sex and birth day."""
    number = precinct.first_block * _NUMBERS_PER_BLOCK + _TRANSFER_NUMBER
    return _pinfl(_day_code(births, sex, birth), number, seed + birth * _DAY_STRIDE)


def document_number(seed: int, person: int) -> str:
    """Return the document of the person with this number from 0 in the whole list."""
    return f"{DOCUMENT_SERIES}{(person * _DOCUMENT_STRIDE + seed) % _DOCUMENTS:07}"


def old_document_number(seed: int, precinct: Precinct, place: int) -> str:
    """Return a document that nobody holds now; `place` from 0, below 1 % of the precinct's voters.

    They are counted down from the last number, in the precinct's own range.
    """
    return document_number(seed, -1 - (precinct.first_row // 100 + precinct.index + place))


def _day_code(births: Births, sex: str, birth: int) -> str:
    day = births.written(birth)
    return day.code_male if sex == MALE else day.code_female


def _pinfl(code: str, number: int, offset: int) -> str:
    serial = (number * _SERIAL_STRIDE + offset) % _SERIALS
    first13 = f"{code}{AREA_CODE_MIN * 1000 + serial}"
    return f"{first13}{check_digit(first13)}"
