"""Name forms: surnames of both sexes, and the patronymics that a man's children bear."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Final, NamedTuple, TypeVar

from register.synthesis import name_lists
from register.synthesis.randomness import pick

T = TypeVar("T")

KARAKALPAK_REGION: Final = "1735"
RUSSIAN_SHARE: Final = 0.05
KARAKALPAK_SHARE: Final = 0.60
"""Of the households of Qoraqalpogʻiston; the rest there bear Uzbek or Russian-style names."""

_SOFT_RUSSIAN: Final = frozenset({"Igor"})  # Игорь takes -evich for the soft sign that Latin drops
_EXPANDED_LENGTH: Final = 1024


class Surname(NamedTuple):
    """One family's name as its men and its women bear it."""

    man: str
    woman: str


class Man(NamedTuple):
    """A man's given name and the four patronymics his children may bear."""

    given_name: str
    son_formal: str
    daughter_formal: str
    son_folk: str
    daughter_folk: str


@dataclass(frozen=True)
class NameStock:
    """The names of one community; the frequent ones stand in a sequence several times."""

    surnames: Sequence[Surname]
    men: Sequence[Man]
    women: Sequence[str]


def patronymic(rng: Random, father: Man, is_male: bool, birth_year: int) -> str:
    """Return the father's given name as a patronymic; the folk style prevails since independence."""
    is_folk = rng.random() < (0.55 if birth_year > 1991 else 0.15)
    if is_folk:
        return father.son_folk if is_male else father.daughter_folk
    return father.son_formal if is_male else father.daughter_formal


def pick_stock(rng: Random, region: str) -> NameStock:
    """Return the names that one household of the region draws from."""
    chance = rng.random()
    if chance < RUSSIAN_SHARE:
        return russian()
    if region == KARAKALPAK_REGION and chance < RUSSIAN_SHARE + KARAKALPAK_SHARE:
        return karakalpak()
    return uzbek()


def pick_given_name(rng: Random, stock: NameStock, is_male: bool) -> str:
    """Return a given name of the sex asked for."""
    return pick(rng, stock.men).given_name if is_male else pick(rng, stock.women)


@cache
def uzbek() -> NameStock:
    """Return the Uzbek names."""
    return NameStock(
        _by_frequency(_surnames(name_lists.UZBEK_SURNAMES)),
        _by_frequency([_uzbek_man(name) for name in name_lists.words(name_lists.UZBEK_MEN)]),
        _by_frequency(name_lists.words(name_lists.UZBEK_WOMEN)),
    )


@cache
def karakalpak() -> NameStock:
    """Return the Karakalpak names."""
    return NameStock(
        _by_frequency(_surnames(name_lists.KARAKALPAK_SURNAMES)),
        _by_frequency([_karakalpak_man(name) for name in name_lists.words(name_lists.KARAKALPAK_MEN)]),
        _by_frequency(name_lists.words(name_lists.KARAKALPAK_WOMEN)),
    )


@cache
def russian() -> NameStock:
    """Return the Russian-style names, spelt in Uzbek Latin."""
    return NameStock(
        _by_frequency(_surnames(name_lists.RUSSIAN_SURNAMES)),
        _by_frequency([_russian_man(name) for name in name_lists.words(name_lists.RUSSIAN_MEN)]),
        _by_frequency(name_lists.words(name_lists.RUSSIAN_WOMEN)),
    )


def _by_frequency(names: Sequence[T]) -> tuple[T, ...]:
    """Repeat each name by about 1 / (rank + 40), so that an even draw is a natural one."""
    weights = [1 / (rank + 40) for rank in range(len(names))]
    scale = _EXPANDED_LENGTH / sum(weights)
    return tuple(
        name for name, weight in zip(names, weights, strict=True) for _ in range(max(1, round(weight * scale)))
    )


def _surnames(text: str) -> list[Surname]:
    return [Surname(name, _feminine(name)) for name in name_lists.words(text)]


def _feminine(surname: str) -> str:
    if surname.endswith("skiy"):
        return surname.removesuffix("iy") + "aya"
    return surname + "a" if surname.endswith(("ov", "ev", "in")) else surname


def _uzbek_man(name: str) -> Man:
    ending = "ev" if name[-1] == "y" else "yev" if name[-1] in "aeiou" else "ov"
    stem = name + ending
    return Man(name, stem + "ich", stem + "na", name + " oʻgʻli", name + " qizi")


def _karakalpak_man(name: str) -> Man:
    stem = name.removesuffix("y") + "ev" if name.endswith("y") else name + "ov"
    return Man(name, stem + "ich", stem + "na", name + " ulı", name + " qızı")


def _russian_man(name: str) -> Man:
    stem = name + ("ev" if name.endswith("y") or name in _SOFT_RUSSIAN else "ov")
    if name == "Pavel":
        stem = "Pavlov"
    return Man(name, stem + "ich", stem + "na", stem + "ich", stem + "na")
