"""Birth days by age band, and the way they are written in a list and in a PINFL."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from random import Random
from typing import Final, NamedTuple

MALE: Final = "m"
FEMALE: Final = "f"
VOTING_AGE: Final = 18

BANDS: Final = (
    (18, 24, 15.0),
    (25, 34, 25.0),
    (35, 44, 22.0),
    (45, 54, 15.0),
    (55, 64, 13.0),
    (65, 74, 7.0),
    (75, 84, 2.5),
    (85, 99, 0.5),
)
"""First age, last age, percent of voters (DOMAIN §9; 75+ in two, so that the very old stay few)."""


class WrittenDay(NamedTuple):
    """A birth day as lists and PINFLs write it."""

    text: str
    code_male: str
    code_female: str
    year: int


@dataclass(frozen=True)
class Births:
    """The birth days of an electorate.

    Days are proleptic ordinals.

    Attributes:
        on_day: Who is born then turns 18 on election day and may vote.
        after_day: Who is born then turns 18 the day after, and may not.
    """

    first_day: int
    days: tuple[WrittenDay, ...]
    bands: tuple[range, ...]
    on_day: int
    after_day: int

    def written(self, day: int) -> WrittenDay:
        """Return a birth day as it is written."""
        return self.days[day - self.first_day]


@cache
def births_for(election_day: date) -> Births:
    """Return the birth days of people who are 18 to 99 on election day, and of the one a day too young."""
    on_day = _years_before(election_day, VOTING_AGE).toordinal()
    bands = tuple(
        range(
            _years_before(election_day, last + 1).toordinal() + 1,
            # The eighteenth birthday itself is left to the one voter a precinct who is there for it.
            _years_before(election_day, first).toordinal() + (first != VOTING_AGE),
        )
        for first, last, _ in BANDS
    )
    # A day is moved back when its serials run out; a month's slack can't be used up.
    first_day = bands[-1].start - 31
    days = tuple(_write(date.fromordinal(day)) for day in range(first_day, on_day + 2))
    return Births(first_day, days, bands, on_day, on_day + 1)


def draw_births(rng: Random, births: Births, count: int) -> list[list[int]]:
    """Return `count` birth days by band, youngest band first, each band's share exact to one person."""
    total = sum(weight for _, _, weight in BANDS)
    reached = 0.0
    offset = rng.random()
    drawn: list[list[int]] = []
    for band, (_, _, weight) in zip(births.bands, BANDS, strict=True):
        before = int(reached * count / total + offset)
        reached += weight
        people = int(reached * count / total + offset) - before
        drawn.append(_draw_days(rng, band, people))
    return drawn


def _draw_days(rng: Random, band: Sequence[int], count: int) -> list[int]:
    draw = rng.random
    days = len(band)
    first = band[0]
    return [first + int(draw() * days) for _ in range(count)]


def _write(day: date) -> WrittenDay:
    century = 3 if day.year < 2000 else 5
    digits = f"{day.day:02}{day.month:02}{day.year % 100:02}"
    text = f"{day.day:02}.{day.month:02}.{day.year}"
    return WrittenDay(text, f"{century}{digits}", f"{century + 1}{digits}", day.year)


def _years_before(day: date, years: int) -> date:
    """Return the same day of an earlier year; the election is never on 29 February."""
    return day.replace(year=day.year - years)
