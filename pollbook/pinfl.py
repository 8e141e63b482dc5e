"""The PINFL (JSHSHIR): a citizen's 14-digit number, ``C DDMMYY RRR SSS K``.

C tells sex and century, DDMMYY the birth date, K is the check digit. RRR is not a SOATO code, so
nothing is read from it. A wrong check digit is a warning to the operator, never a refusal: registers
hold numbers that were issued wrong.

Source: docs/DOMAIN.md §6.
"""

from datetime import date
from enum import Enum
from itertools import product
from typing import Final, Literal

Sex = Literal["m", "f"]

PINFL_DIGITS: Final = 14
MASK: Final = "•"

# C: 1 and 2 were born in 18xx, 3 and 4 in 19xx, 5 and 6 in 20xx; odd is male.
_CENTURY: Final = {"1": 1800, "2": 1800, "3": 1900, "4": 1900, "5": 2000, "6": 2000}
_SEX: Final[dict[str, Sex]] = {"1": "m", "2": "f", "3": "m", "4": "f", "5": "m", "6": "f"}

# The weights 7, 3, 1 repeat every three digits, so each group of three digits has one known weighted sum.
_GROUP_SUM: Final = {f"{a}{b}{c}": 7 * a + 3 * b + c for a, b, c in product(range(10), range(10), range(10))}
_SHOWN: Final = 4


class Disagreement(Enum):
    """A way in which a PINFL does not fit itself or the record beside it."""

    MALFORMED = "malformed"
    CHECK_DIGIT = "check_digit"
    IMPOSSIBLE_DATE = "impossible_date"
    BIRTH_DATE = "birth_date"
    SEX = "sex"


def check_digit(first13: str) -> int:
    """Return the check digit 0 to 9 that belongs after 13 digits.

    Raises:
        ValueError: `first13` is not 13 ASCII digits.

    Source: docs/DOMAIN.md §6, the sum of digit times 7, 3, 1 repeating, modulo 10.
    """
    if len(first13) != PINFL_DIGITS - 1:
        raise ValueError("a check digit is taken over 13 digits")
    try:
        total = (
            _GROUP_SUM[first13[0:3]]
            + _GROUP_SUM[first13[3:6]]
            + _GROUP_SUM[first13[6:9]]
            + _GROUP_SUM[first13[9:12]]
            + _GROUP_SUM[first13[12] + "00"]
        )
    except KeyError:
        raise ValueError("a check digit is taken over 13 digits") from None
    return total % 10


def is_well_formed(text: str) -> bool:
    """Tell whether `text` is 14 ASCII digits beginning with 1 to 6; date and check digit aren't looked at."""
    return len(text) == PINFL_DIGITS and text[0] in _CENTURY and text.isascii() and text.isdigit()


def has_right_check_digit(text: str) -> bool:
    """Tell whether `text` is well formed and its last digit is the check digit of the others."""
    return is_well_formed(text) and check_digit(text[:13]) == int(text[13])


def birth_date(pinfl: str) -> date | None:
    """Return the birth date that the PINFL states, or None if it is malformed or states no real day."""
    if not is_well_formed(pinfl):
        return None
    try:
        return date(_CENTURY[pinfl[0]] + int(pinfl[5:7]), int(pinfl[3:5]), int(pinfl[1:3]))
    except ValueError:
        return None


def sex(pinfl: str) -> Sex | None:
    """Return the sex that the PINFL states, or None if it is malformed."""
    return _SEX[pinfl[0]] if is_well_formed(pinfl) else None


def mask(pinfl: str) -> str:
    """Return `pinfl` with all but its last four characters as "•"; four or fewer are masked whole.

    Source: docs/DOMAIN.md §8.
    """
    hidden = len(pinfl) - _SHOWN
    return MASK * hidden + pinfl[hidden:] if hidden > 0 else MASK * len(pinfl)


def disagreements(pinfl: str, stated_birth_date: date | None, stated_sex: Sex | None) -> tuple[Disagreement, ...]:
    """Return what a PINFL contradicts, in the order of `Disagreement`; empty if all fits.

    Args:
        pinfl: As received.
        stated_birth_date: The record's; None is compared with nothing.
        stated_sex: The record's; None is compared with nothing.

    A malformed PINFL states nothing, so `MALFORMED` comes alone. One that names no real day yields
    `IMPOSSIBLE_DATE` instead of `BIRTH_DATE`.
    """
    if not is_well_formed(pinfl):
        return (Disagreement.MALFORMED,)
    found: list[Disagreement] = []
    if check_digit(pinfl[:13]) != int(pinfl[13]):
        found.append(Disagreement.CHECK_DIGIT)
    born = birth_date(pinfl)
    if born is None:
        found.append(Disagreement.IMPOSSIBLE_DATE)
    elif stated_birth_date is not None and born != stated_birth_date:
        found.append(Disagreement.BIRTH_DATE)
    if stated_sex is not None and _SEX[pinfl[0]] != stated_sex:
        found.append(Disagreement.SEX)
    return tuple(found)
