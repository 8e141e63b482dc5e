"""What is to be synthesised, and the precincts it comes to.

Precinct k follows from the plan's seed and from the precincts before k: asking for more precincts never
changes it. (With a total for the whole list, the mean itself depends on the number of precincts.)
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Self

from register.synthesis.randomness import stream
from register.synthesis.territory import REGION_WEIGHTS, District

ELECTION_DAY: Final = date(2026, 12, 20)
CONTESTS: Final = ("legislative_single", "legislative_party", "regional_council", "district_council")

PEOPLE_PER_BLOCK: Final = 4096
"""Each precinct takes whole blocks of PINFL serials; `identity` shares the serials out among blocks."""
BLOCKS_MAX: Final = 12_500

_FIRST_REGION: Final = "1708"  # a rehearsal's script may count on precinct 1708-0001
_SWING: Final = 0.4  # real precincts differ in size; the mean of 2 000 then goes from 1 200 to 2 800
_EXACT_PRECINCTS: Final = 2  # the first ones have the mean itself, so that a small rehearsal can be counted


class PlanRefused(ValueError):
    """The plan cannot be synthesised; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What to synthesise.

    Attributes:
        precincts: 1 or more.
        voters_each: The mean number of rows of a precinct, 1 or more.
        seed: Any number; the same plan gives the same bytes.
        election_day: People are 18 on it or older, but for the one of each precinct who is a day too young.
        contests: Codes that most voters are entitled to.
        newcomer_contests: Codes for the 2 % who moved in recently.
        voters_total: When given, the rows of all precincts come to exactly this.
    """

    precincts: int
    voters_each: int
    seed: int
    election_day: date = ELECTION_DAY
    contests: tuple[str, ...] = CONTESTS
    newcomer_contests: tuple[str, ...] = CONTESTS[:2]
    voters_total: int | None = None

    @classmethod
    def of_total(cls, *, precincts: int, voters: int, seed: int, election_day: date = ELECTION_DAY) -> Self:
        """Return the plan of a list with this many voters in all."""
        return cls(
            precincts=precincts,
            voters_each=voters // max(precincts, 1),
            seed=seed,
            election_day=election_day,
            voters_total=voters,
        )

    def __post_init__(self) -> None:
        """Refuse what cannot be synthesised.

        Raises:
            PlanRefused: The message says why.
        """
        if self.precincts < 1 or self.voters_each < 1:
            raise PlanRefused("a list needs at least one precinct and one voter in each")
        if (self.election_day.month, self.election_day.day) == (2, 29):
            raise PlanRefused("nobody turns 18 on 29 February; choose another election day")


@dataclass(frozen=True)
class Precinct:
    """One precinct of the plan and its share of the numbers that must be unique.

    Attributes:
        index: From 0 in the order of generation.
        code: As on the wire, `1708-0001`.
        voters: Rows in its list.
        first_row: Rows in all precincts before it.
        first_block: Blocks of PINFL serials taken before it.
    """

    index: int
    code: str
    district: District
    voters: int
    first_row: int
    first_block: int


def precincts(plan: Plan, districts: Mapping[str, Sequence[District]]) -> Iterator[Precinct]:
    """Yield the plan's precincts in order; regions take turns so that any prefix holds their shares.

    Raises:
        PlanRefused: More people than there are PINFL serials for (about 50 M, or 12 500 precincts).
    """
    counts = dict.fromkeys(REGION_WEIGHTS, 0)
    first_row = first_block = 0
    for index in range(plan.precincts):
        region = _next_region(counts, index)
        voters = _voters_in(plan, index)
        around = districts[region]
        yield Precinct(
            index=index,
            code=f"{region}-{counts[region] + 1:04}",
            district=around[counts[region] % len(around)],
            voters=voters,
            first_row=first_row,
            first_block=first_block,
        )
        counts[region] += 1
        first_row += voters
        first_block += -(-voters // PEOPLE_PER_BLOCK)
        if first_block > BLOCKS_MAX:
            raise PlanRefused(f"no PINFL serials left after {first_row} voters in {index + 1} precincts")


def _next_region(counts: Mapping[str, int], index: int) -> str:
    """Return the region furthest behind its share."""
    if index == 0:
        return _FIRST_REGION
    share = (index + 1) / sum(REGION_WEIGHTS.values())
    return max(counts, key=lambda region: REGION_WEIGHTS[region] * share - counts[region])


def _voters_in(plan: Plan, index: int) -> int:
    """Return a precinct's size: precincts 2 and 3, 4 and 5 … differ from the mean by the same, up and down."""
    voters = plan.voters_each
    is_unpaired_last = False
    if plan.voters_total is not None:
        voters += index < plan.voters_total % plan.precincts
        is_unpaired_last = index == plan.precincts - 1 and index % 2 == 0
    if index < _EXACT_PRECINCTS or is_unpaired_last:
        return voters
    swing = int(plan.voters_each * _SWING * stream(plan.seed, "size", index // 2).triangular(-1, 1))
    return voters - swing if index % 2 else voters + swing
