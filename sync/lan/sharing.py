"""Who gets which lines: by whole pages at opening, a few at a time afterwards. Pure.

1. At opening the pages of the list are divided into as many runs as there are desks, each as long as the next or one
   page longer, in the order of the desks: a voter finds his desk by his page, as on paper.
2. During the day a desk that has served clearly fewer voters than the busiest asks that one for lines, so that voters
   can be called over; it asks the busiest only, and one desk at a time.
3. Lines don't wander: after lines have moved, the two desks leave each other alone for a while, and lines go back the
   other way only when the difference has turned by as much again.
4. The giver has the last word: unmarked lines only, never one that is open at its table or locked, and never more
   than a quarter of what it still has.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from pollbook.types import LineId

BUSIER_BY = 10
"""Voters served in the last ten minutes: fewer than one a minute more isn't worth walking over for."""
REST_S = 300.0
"""Between two movements of lines of the same two desks."""
TURN_S = 1800.0
"""So long lines don't go back the other way, unless the difference is twice as large as it must be otherwise."""
SHARE_MAX = 200
"""Lines in one sharing: about ten pages of a printed list, and far below a frame."""
GIVEN_AT_MOST = 4
"""One line of so many that the giver still has."""


@dataclass(frozen=True, slots=True)
class Load:
    """One desk: the unmarked lines it holds, and the voters it has served in the last ten minutes."""

    unmarked: int
    queue: int


@dataclass(frozen=True, slots=True)
class Moved:
    """Lines went from one desk to another at this moment of a steady clock."""

    giver: int
    receiver: int
    at_s: float


@dataclass(frozen=True, slots=True)
class Request:
    """This desk should ask desk `giver` for `count` lines."""

    giver: int
    count: int


def divide_pages(pages: Iterable[int], desks: int) -> tuple[range, ...]:
    """Each desk's pages, first desk first, as runs of the page numbers that exist: `range(first, last + 1)`.

    Every page is in exactly one run; the numbers of pages differ by at most one; a desk too many gets an empty run.
    """
    ordered = sorted(set(pages))
    cuts = [index * len(ordered) // desks for index in range(desks + 1)]
    runs = (ordered[first:last] for first, last in pairwise(cuts))
    return tuple(range(run[0], run[-1] + 1) if run else range(0) for run in runs)


def request_for(own: int, loads: Mapping[int, Load], moved: Sequence[Moved], now_s: float) -> Request | None:
    """Whom desk `own` should ask for how many lines now, or None; `loads` are the desks that are there, its own too."""
    if own not in loads or len(loads) < 2:
        return None
    busiest = max(loads, key=lambda desk: (loads[desk].queue, -desk))
    quietest = min(loads, key=lambda desk: (loads[desk].queue, desk))
    if own != quietest or busiest == own:
        return None
    surplus = loads[busiest].queue - loads[own].queue
    if surplus < BUSIER_BY or _must_rest(own, busiest, surplus, moved, now_s):
        return None
    count = _count(loads[busiest], surplus)
    return Request(busiest, count) if count else None


def may_give(own: int, asking: int, moved: Sequence[Moved], now_s: float) -> bool:
    """Whether desk `own` gives to desk `asking` now: not before both have rested, whatever that one says of itself."""
    return not any({each.giver, each.receiver} == {own, asking} and now_s - each.at_s < REST_S for each in moved)


def lines_to_give(count: int, page_of: Mapping[LineId, int], kept: Collection[LineId]) -> tuple[LineId, ...]:
    """Which of a desk's unmarked lines go when another asks for `count`: from the last page backwards.

    `page_of` are the unmarked lines that it holds, `kept` those that are open at its table, locked, or out with a team.
    Whole pages are given as long as they fit, so that a voter's page still says which desk.
    """
    may_go = [line for line in page_of if line not in kept]
    limit = min(count, SHARE_MAX, len(page_of) // GIVEN_AT_MOST)
    ordered = sorted(may_go, key=lambda line: (-page_of[line], line))
    given: list[LineId] = ordered[:limit]
    if len(ordered) > limit and given and page_of[ordered[limit]] == page_of[given[-1]]:
        whole = [line for line in given if page_of[line] != page_of[given[-1]]]
        given = whole or given
    return tuple(given)


def _count(giver: Load, surplus: int) -> int:
    """Half of the difference as a share of what the busiest desk still has."""
    share = giver.unmarked * surplus // (2 * giver.queue) if giver.queue else 0
    return min(SHARE_MAX, giver.unmarked // GIVEN_AT_MOST, share)


def _must_rest(own: int, other: int, surplus: int, moved: Sequence[Moved], now_s: float) -> bool:
    for movement in moved:
        # What was given away because this desk was busy isn't asked back at the first calm moment.
        if movement.giver == own and now_s - movement.at_s < TURN_S and surplus < 2 * BUSIER_BY:
            return True
    return not may_give(own, other, moved, now_s)
