"""The dirt of a real list (DOMAIN §9), laid into clean rows, and the answers that tell it.

A row bears one kind of dirt at most; a hard case (a twin, a namesake …) may bear dirt besides.
"""

from collections.abc import Callable, Iterator
from functools import partial
from random import Random
from typing import Final

from register.synthesis.cyrillic import to_cyrillic
from register.synthesis.identity import old_document_number
from register.synthesis.plan import Precinct
from register.synthesis.randomness import pick, share_of
from register.synthesis.rows import Answer, Kind
from register.voter_rows import VoterRow

RATES: Final = {
    Kind.CYRILLIC_ROW: 0.02,
    Kind.WRONG_APOSTROPHE: 0.01,
    Kind.OLD_DOCUMENT: 0.005,
    Kind.MOVED: 0.005,
    Kind.NO_PATRONYMIC: 0.003,
    Kind.DECEASED: 0.001,
    Kind.BAD_CHECK_DIGIT: 0.0005,
}
DUPLICATE_RATE: Final = 0.002
"""Rows whose PINFL stands in the precinct before as well."""

_TRIES: Final = 64
_RIGHT_APOSTROPHES: Final = ("ʻ", "ʼ")
_WRONG_APOSTROPHES: Final = "'‘’`´′"


class Dirt:
    """Dirties the rows of one precinct in place."""

    def __init__(self, rng: Random, rows: list[VoterRow], seed: int, precinct: Precinct) -> None:
        self._rng = rng
        self._rows = rows
        self._seed = seed
        self._precinct = precinct
        self._old_documents = 0

    def lay(self, untouchable: set[int], moved_to: str) -> Iterator[tuple[int, Answer]]:
        """Dirty rows at the national rates and yield each one's place and what the key says of it.

        Args:
            untouchable: Places of rows to leave alone.
            moved_to: The precinct that voters moved to, or nothing when there is no other.
        """
        touched = set(untouchable)
        for kind, rate in RATES.items():
            for _ in range(share_of(self._rng, len(self._rows), rate)):
                place = self._find(touched, _FITS.get(kind, _fits_any))
                if place is None:
                    break
                touched.add(place)
                for answer in self._dirty(kind, place, moved_to):
                    yield place, answer

    def _find(self, touched: set[int], fits: Callable[[VoterRow], bool]) -> int | None:
        for _ in range(_TRIES):
            place = int(self._rng.random() * len(self._rows))
            if place not in touched and fits(self._rows[place]):
                return place
        return None

    def _dirty(self, kind: Kind, place: int, moved_to: str) -> list[Answer]:
        clean = self._rows[place]
        dirty = clean
        match kind:
            case Kind.CYRILLIC_ROW:
                dirty = _retyped(clean, to_cyrillic)
            case Kind.WRONG_APOSTROPHE:
                dirty = _retyped(clean, partial(_mistyped, glyph=pick(self._rng, _WRONG_APOSTROPHES)))
            case Kind.OLD_DOCUMENT:
                dirty = clean._replace(document=old_document_number(self._seed, self._precinct, self._old_documents))
                self._old_documents += 1
            case Kind.NO_PATRONYMIC:
                dirty = clean._replace(patronymic="")
            case Kind.BAD_CHECK_DIGIT:
                wrong = (int(clean.pinfl[-1]) + self._rng.randint(1, 9)) % 10
                dirty = clean._replace(pinfl=f"{clean.pinfl[:-1]}{wrong}")
            case Kind.MOVED:
                return [Answer(0, clean.pinfl, kind, "precinct", moved_to)]
            case _:
                return [Answer(0, clean.pinfl, kind)]
        self._rows[place] = dirty
        return [
            Answer(0, dirty.pinfl, kind, name, right)
            for name, right, wrong in zip(VoterRow._fields, clean, dirty, strict=True)
            if right != wrong and isinstance(right, str)
        ]


def _fits_any(_: VoterRow) -> bool:
    return True


def _has_apostrophe(row: VoterRow) -> bool:
    names = row.surname + row.given_name + row.patronymic
    return any(mark in names for mark in _RIGHT_APOSTROPHES)


def _has_patronymic(row: VoterRow) -> bool:
    return bool(row.patronymic)


_FITS: Final[dict[Kind, Callable[[VoterRow], bool]]] = {
    Kind.WRONG_APOSTROPHE: _has_apostrophe,
    Kind.NO_PATRONYMIC: _has_patronymic,
}


def _retyped(row: VoterRow, typing: Callable[[str], str]) -> VoterRow:
    """Return the row with the texts that a clerk typed changed."""
    return row._replace(
        surname=typing(row.surname),
        given_name=typing(row.given_name),
        patronymic=typing(row.patronymic),
        address=typing(row.address),
        mahalla=typing(row.mahalla),
    )


def _mistyped(text: str, glyph: str) -> str:
    for mark in _RIGHT_APOSTROPHES:
        text = text.replace(mark, glyph)
    return text
