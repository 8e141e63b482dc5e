"""Families made of a precinct's birth days, so that ages come out exactly as drawn.

From the oldest band to the youngest, each remaining person heads a household, perhaps with a spouse of the same
band, and takes grown children from the band three below: parents are then 21 to 44 years older. A married son
brings his wife. The shares below were chosen so that every band is used up at about 2.5 voters a household and
women come to 51 %.
"""

from collections.abc import Iterator
from random import Random
from typing import Final, NamedTuple

from register.synthesis.births import FEMALE, MALE, Births
from register.synthesis.names import Man, NameStock, Surname, patronymic, pick_given_name, pick_stock
from register.synthesis.randomness import pick
from register.synthesis.rows import Kind

_GENERATION: Final = 3  # bands between parents and children
_MARRIED: Final = (0.0, 0.75, 0.85, 0.85, 0.8, 0.75, 0.5, 0.2)
"""Chance that a head of household of the band has a spouse among the voters."""
_CHILDREN: Final = ((), (), (), (1, 1, 2, 2, 3), (0, 1, 1, 2, 3), (0, 1, 1, 1, 2), (0, 1, 1, 1, 2), (0, 1))
_SON_MARRIED: Final = (0.0, 0.7, 0.9, 0.9, 0.9)
_SON: Final = 0.6  # grown daughters marry into other houses
_HUSBAND_OLDER: Final = 0.75
_LONE_WOMAN: Final = 0.53
_TWINS: Final = 0.012
_DOUBLE_SURNAME: Final = 0.008


class Person(NamedTuple):
    """A voter before numbers are given out; `birth` is a proleptic ordinal."""

    sex: str
    birth: int
    surname: str
    given_name: str
    patronymic: str


class Tie(NamedTuple):
    """A hard case in a household: whom it concerns by place in it, and perhaps together with whom."""

    kind: Kind
    member: int
    other: int | None = None


class Household(NamedTuple):
    """People at one address, the head first."""

    members: list[Person]
    ties: list[Tie]


class Families:
    """Makes the households of one precinct."""

    def __init__(self, rng: Random, births: Births, region: str) -> None:
        self._rng = rng
        self._births = births
        self._region = region

    def compose(self, bands: list[list[int]]) -> Iterator[Household]:
        """Yield households until every birth day of every band (youngest first) is used up."""
        for band in reversed(range(len(bands))):
            children = bands[band - _GENERATION] if band >= _GENERATION else []
            while bands[band]:
                yield self._household(band, bands[band], children)

    def lone_person(self, birth: int, is_male: bool) -> Person:
        """Return a person without family in the list."""
        stock = pick_stock(self._rng, self._region)
        return self._stranger(stock, pick(self._rng, stock.surnames), birth, is_male)

    def _household(self, band: int, peers: list[int], children: list[int]) -> Household:
        rng = self._rng
        stock = pick_stock(rng, self._region)
        surname = pick(rng, stock.surnames)
        members: list[Person] = []
        ties: list[Tie] = []
        father = pick(rng, stock.men)
        birth = peers.pop()
        if peers and rng.random() < _MARRIED[band]:
            spouse_birth = peers.pop()
            older, younger = min(birth, spouse_birth), max(birth, spouse_birth)
            is_husband_older = rng.random() < _HUSBAND_OLDER
            members.append(self._man(stock, surname, father, older if is_husband_older else younger))
            self._add_wife(members, ties, stock, surname, younger if is_husband_older else older)
        elif rng.random() < _LONE_WOMAN:
            members.append(self._stranger(stock, surname, birth, is_male=False))
        else:
            members.append(self._man(stock, surname, father, birth))
        if children:
            self._add_children(members, ties, stock, surname, father, children, band)
        return Household(members, ties)

    def _add_children(
        self,
        members: list[Person],
        ties: list[Tie],
        stock: NameStock,
        surname: Surname,
        father: Man,
        births: list[int],
        band: int,
    ) -> None:
        rng = self._rng
        son_married = _SON_MARRIED[band - _GENERATION]
        has_father = members[0].sex == MALE
        sibling = -1
        for _ in range(pick(rng, _CHILDREN[band])):
            if not births:
                break
            birth = births.pop()
            if sibling >= 0 and rng.random() < _TWINS:
                birth = self._twin_birth(members[sibling].birth, birth)
            is_male = rng.random() < _SON
            child = self._child(stock, surname, father, birth, is_male)
            place = len(members)
            if sibling >= 0 and birth == members[sibling].birth:
                while child.given_name == members[sibling].given_name:
                    child = self._child(stock, surname, father, birth, is_male)
                ties += (Tie(Kind.TWIN, sibling, place), Tie(Kind.TWIN, place, sibling))
            if has_father and is_male and child.given_name == father.given_name:
                ties.append(Tie(Kind.FATHER_AND_SON_SAME_NAME, 0, place))
                ties.append(Tie(Kind.FATHER_AND_SON_SAME_NAME, place, 0))
            members.append(child)
            sibling = place
            if is_male and births and rng.random() < son_married:
                self._add_wife(members, ties, stock, surname, births.pop())

    def _twin_birth(self, first: int, second: int) -> int:
        """Return the first's birth day, but leave alone the one voter for each birthday around the election."""
        return first if max(first, second) < self._births.on_day else second

    def _add_wife(self, members: list[Person], ties: list[Tie], stock: NameStock, surname: Surname, birth: int) -> None:
        wife = self._stranger(stock, surname, birth, is_male=False)
        if self._rng.random() < _DOUBLE_SURNAME:
            maiden = pick(self._rng, stock.surnames).woman
            if maiden != surname.woman:
                wife = wife._replace(surname=f"{maiden}-{surname.woman}")
                ties.append(Tie(Kind.DOUBLE_SURNAME, len(members)))
        members.append(wife)

    def _man(self, stock: NameStock, surname: Surname, name: Man, birth: int) -> Person:
        rng = self._rng
        year = self._births.written(birth).year
        fathers_name = patronymic(rng, pick(rng, stock.men), is_male=True, birth_year=year)
        return Person(MALE, birth, surname.man, name.given_name, fathers_name)

    def _stranger(self, stock: NameStock, surname: Surname, birth: int, is_male: bool) -> Person:
        return self._child(stock, surname, pick(self._rng, stock.men), birth, is_male)

    def _child(self, stock: NameStock, surname: Surname, father: Man, birth: int, is_male: bool) -> Person:
        rng = self._rng
        given_name = pick_given_name(rng, stock, is_male)
        fathers_name = patronymic(rng, father, is_male, self._births.written(birth).year)
        if is_male:
            return Person(MALE, birth, surname.man, given_name, fathers_name)
        return Person(FEMALE, birth, surname.woman, given_name, fathers_name)
