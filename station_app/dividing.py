"""The list divided between the desks at opening: whole pages, each desk's run by its place among those that are there.

What a desk should have depends on the list and on the desks alone, never on what has moved already: dividing again,
after a crash or with everything done, gives only what is still missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pollbook.failures import Failure
from pollbook.releases import LINES_MAX
from pollbook.store import desks
from pollbook.types import BookName, LineId
from station_app.neighbours import StationNeighbour
from sync.cycle import BookAccess
from sync.lan.sharing import divide_pages


@dataclass(frozen=True, slots=True)
class DeskShare:
    """One desk's pages, first to last (both 0: none), the lines that were given to it now, and why not all were."""

    desk: int
    first_page: int
    last_page: int
    given: int = 0
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class _Planned:
    share: DeskShare
    lines: tuple[LineId, ...]


def divide(
    access: BookAccess, neighbour: StationNeighbour, own: int, others: Mapping[int, BookName]
) -> tuple[DeskShare, ...]:
    """Every desk in `others` is given its pages' lines that are here and free; all desks' shares, by desk.

    The releases are entered when this returns, and go out by themselves (`sync.lan.peer`).
    """
    plan = _plan(neighbour.free_lines(), access.step(desks.listed_pages), tuple(sorted({own, *others})))
    return tuple(
        planned.share if planned.share.desk == own else _give(neighbour, planned, others[planned.share.desk])
        for planned in plan
    )


def _plan(free: Mapping[LineId, int], pages: tuple[int, ...], every: tuple[int, ...]) -> list[_Planned]:
    runs = divide_pages(pages, len(every))
    planned: list[_Planned] = []
    for desk, run in zip(every, runs, strict=True):
        lines = tuple(sorted(line for line, page in free.items() if page in run))
        planned.append(_Planned(DeskShare(desk, run[0] if run else 0, run[-1] if run else 0), lines))
    return planned


def _give(neighbour: StationNeighbour, planned: _Planned, to: BookName) -> DeskShare:
    share, given = planned.share, 0
    for first in range(0, len(planned.lines), LINES_MAX):
        lines = planned.lines[first : first + LINES_MAX]
        refused = neighbour.give(lines, to)
        if refused is not None:
            return DeskShare(share.desk, share.first_page, share.last_page, given, refused.failure)
        given += len(lines)
    return DeskShare(share.desk, share.first_page, share.last_page, given)
