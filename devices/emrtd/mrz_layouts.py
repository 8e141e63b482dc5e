"""Where the data elements of TD1, TD2 and TD3 stand in their machine readable lines.

Lines and positions are the standard's, both counted from 1.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final


class Form(Enum):
    """The size of a document, which tells the layout of its MRZ (Parts 4 to 6 §4.2)."""

    TD1 = "TD1"
    TD2 = "TD2"
    TD3 = "TD3"


@dataclass(frozen=True, slots=True)
class Place:
    """Positions `first` to `last` of a line, both included and counted from 1, as the standard writes them."""

    line: int
    first: int
    last: int

    def of(self, lines: tuple[str, ...]) -> str:
        return lines[self.line - 1][self.first - 1 : self.last]


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the data elements of one form are; a check digit follows its element but for the composite's."""

    form: Form
    code: Place
    issuer: Place
    name: Place
    number: Place
    nationality: Place
    birth: Place
    sex: Place
    expiry: Place
    optional: Place
    optional_2: Place | None
    optional_has_check_digit: bool
    number_may_be_long: bool
    composite: Place
    composite_over: tuple[Place, ...]


# Part 5 §4.2.2 and §4.2.4
_TD1: Final = Layout(
    form=Form.TD1,
    code=Place(1, 1, 2),
    issuer=Place(1, 3, 5),
    name=Place(3, 1, 30),
    number=Place(1, 6, 14),
    nationality=Place(2, 16, 18),
    birth=Place(2, 1, 6),
    sex=Place(2, 8, 8),
    expiry=Place(2, 9, 14),
    optional=Place(1, 16, 30),
    optional_2=Place(2, 19, 29),
    optional_has_check_digit=False,
    number_may_be_long=True,
    composite=Place(2, 30, 30),
    composite_over=(Place(1, 6, 30), Place(2, 1, 7), Place(2, 9, 15), Place(2, 19, 29)),
)
# Part 6 §4.2.2 and §4.2.4
_TD2: Final = Layout(
    form=Form.TD2,
    code=Place(1, 1, 2),
    issuer=Place(1, 3, 5),
    name=Place(1, 6, 36),
    number=Place(2, 1, 9),
    nationality=Place(2, 11, 13),
    birth=Place(2, 14, 19),
    sex=Place(2, 21, 21),
    expiry=Place(2, 22, 27),
    optional=Place(2, 29, 35),
    optional_2=None,
    optional_has_check_digit=False,
    number_may_be_long=True,
    composite=Place(2, 36, 36),
    composite_over=(Place(2, 1, 10), Place(2, 14, 20), Place(2, 22, 35)),
)
# Part 4 §4.2.2 and §4.2.4
_TD3: Final = Layout(
    form=Form.TD3,
    code=Place(1, 1, 2),
    issuer=Place(1, 3, 5),
    name=Place(1, 6, 44),
    number=Place(2, 1, 9),
    nationality=Place(2, 11, 13),
    birth=Place(2, 14, 19),
    sex=Place(2, 21, 21),
    expiry=Place(2, 22, 27),
    optional=Place(2, 29, 42),
    optional_2=None,
    optional_has_check_digit=True,
    number_may_be_long=False,
    composite=Place(2, 44, 44),
    composite_over=(Place(2, 1, 10), Place(2, 14, 20), Place(2, 22, 43)),
)
LAYOUT_OF: Final = {30: _TD1, 36: _TD2, 44: _TD3}
