"""Small synthetic lists for the tests of the register, written as the ministry would."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from pathlib import Path

from pollbook.pinfl import check_digit
from register.voter_rows import COLUMNS

Row = dict[str, str]
PRECINCT = "1708-0001"
OTHER = "1730-0001"


def pinfl(number: int) -> str:
    """A sound synthetic PINFL of a man born on 15.08.1985; `number` from 0 to 99,999."""
    first13 = f"3150885{900_000 + number:06}"
    return f"{first13}{check_digit(first13)}"


def voter(number: int, precinct: str = PRECINCT, **changes: str) -> Row:
    """A sound row; each `number` is another voter at another place of the list."""
    row: Row = {
        "pinfl": pinfl(number),
        "document": f"ZZ{number:07}",
        "surname": "Toʻrayev",
        "given_name": "Ulugʻbek",
        "patronymic": "Anvar oʻgʻli",
        "birth_date": "15.08.1985",
        "sex": "m",
        "address": f"Navoiy koʻchasi, {number}-uy",
        "mahalla": "Nurafshon MFY",
        "district_soato": "1708201",
        "precinct": precinct,
        "page": str(number // 20 + 1),
        "row": str(number % 20 + 1),
        "contests": "legislative_single;legislative_party",
    }
    return row | changes


def voters(count: int, precinct: str = PRECINCT, first: int = 0) -> list[Row]:
    """`count` sound rows of one precinct."""
    return [voter(number, precinct) for number in range(first, first + count)]


def as_csv(rows: Iterable[Mapping[str, str]], header: Iterable[str] = COLUMNS, delimiter: str = ",") -> str:
    """The rows under their header."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(header), lineterminator="\n", delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def write_list(path: Path, rows: Iterable[Mapping[str, str]], encoding: str = "utf-8") -> Path:
    """A CSV file of the rows."""
    path.write_bytes(as_csv(rows).encode(encoding))
    return path


def write_totals(path: Path, **totals: int) -> Path:
    """A totals file; keywords are precincts with `p` before and `_` for the hyphen."""
    lines = [f"{name.removeprefix('p').replace('_', '-')},{count}" for name, count in totals.items()]
    path.write_text("precinct,voters\n" + "\n".join(lines) + "\n", "utf-8")
    return path
