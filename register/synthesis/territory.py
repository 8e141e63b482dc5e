"""Where voters live: regions by their share of the nation, and the districts within them."""

import csv
from dataclasses import dataclass
from typing import Final

from pollbook.bundle import resource_path

REGION_WEIGHTS: Final = {
    "1730": 12.5,
    "1718": 10.9,
    "1727": 9.9,
    "1703": 9.7,
    "1710": 9.5,
    "1714": 8.2,
    "1726": 7.1,
    "1722": 6.8,
    "1735": 5.2,
    "1706": 5.2,
    "1733": 5.1,
    "1708": 4.5,
    "1712": 3.0,
    "1724": 2.5,
}
"""Percent of voters by region (DOMAIN §9); they come to 100.1 and are used as proportions."""

_CAPITAL: Final = "1726"


@dataclass(frozen=True)
class District:
    """A district or a city of regional standing."""

    soato: str
    name: str

    @property
    def region(self) -> str:
        return self.soato[:4]

    @property
    def is_town(self) -> bool:
        """Whether people live in flats: the capital's districts and the cities (SOATO RRRR4NN)."""
        return self.region == _CAPITAL or self.soato[4] == "4"


def read_districts() -> dict[str, tuple[District, ...]]:
    """Read the shipped districts, by their region's code.

    Raises:
        OSError: The shipped file is not there.
    """
    path = resource_path("territory", "soato_districts.csv")
    by_region: dict[str, list[District]] = {region: [] for region in REGION_WEIGHTS}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            district = District(row["soato"], row["uz"])
            by_region[district.region].append(district)
    return {region: tuple(districts) for region, districts in by_region.items()}
