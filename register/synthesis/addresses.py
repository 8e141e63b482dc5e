"""Addresses in the order of the paper list: mahalla by mahalla, street by street, house by house."""

from collections.abc import Iterator
from itertools import count
from random import Random
from typing import Final, NamedTuple

from register.synthesis import name_lists

_STREETS: Final = name_lists.phrases(name_lists.STREETS)
_MAHALLAS: Final = name_lists.phrases(name_lists.MAHALLAS)
_STREETS_A_MAHALLA: Final = 16
_HOUSE_LISTED: Final = 0.9  # the others have no voters
_BLOCK_OF_FLATS: Final = 0.2  # of the houses of a town


class Place(NamedTuple):
    """Where one household lives."""

    mahalla: str
    address: str


def walk(rng: Random, is_town: bool) -> Iterator[Place]:
    """Yield places without end, none of them twice, as a member of the commission would walk them."""
    names = rng.sample(_MAHALLAS, len(_MAHALLAS))
    for round_number in count():
        for name in names:
            mahalla = f"{name} MFY" if round_number == 0 else f"{name}-{round_number + 1} MFY"
            for street in sorted(rng.sample(_STREETS, _STREETS_A_MAHALLA)):
                for address in _street(rng, street, is_town):
                    yield Place(mahalla, address)


def _street(rng: Random, street: str, is_town: bool) -> Iterator[str]:
    for house in range(1, rng.randint(20, 60)):
        if rng.random() > _HOUSE_LISTED:
            continue
        if is_town and rng.random() < _BLOCK_OF_FLATS:
            for flat in range(1, rng.randint(12, 60)):
                yield f"{street} koʻchasi, {house}-uy, {flat}-xonadon"
        else:
            yield f"{street} koʻchasi, {house}-uy"
