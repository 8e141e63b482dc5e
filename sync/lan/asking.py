"""One line asked of every desk at once: only one can hold it, so the first that sends it is right. No socket.

Whoever does not hold the line says so, or how it stands there; when all have answered, or their time is over, the most
telling refusal is the answer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from pollbook.clock import HybridTime
from pollbook.failures import Failure, Refused
from pollbook.types import EntryNumber, LineId
from sync.lan.conversation import Answer
from sync.lan.messages import Refusal, Standing, Statuses

_TELLING = (
    Failure.ALREADY_MARKED,
    Failure.LINE_OPEN_ELSEWHERE,
    Failure.LINE_WITH_TEAM,
    Failure.LINE_UNPROVEN,
    Failure.NOT_SAFE_YET,
    Failure.NEIGHBOUR_SLOW,
    Failure.NEIGHBOUR_AWAY,
    Failure.LINE_RELEASED,
    Failure.LINE_NOT_HELD,
)
"""The most telling first; a failure that isn't named here comes before `LINE_RELEASED`."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """The line is here now, by this entry; `desk` is where it came from."""

    line: LineId
    entry: EntryNumber
    desk: int


@dataclass(frozen=True, slots=True)
class NotFetched:
    """Why the line is not here; `desk` is the one that says so or that holds it (0: none), `at` when it was marked."""

    refused: Refused
    desk: int
    at: HybridTime | None = None


@dataclass
class LineAsk:
    """A line that is being asked for; `tell` is called once, with what came of it."""

    line: LineId
    tell: Callable[[Fetched | NotFetched], None]
    _open: set[int] = field(default_factory=set)
    _refusals: list[NotFetched] = field(default_factory=list)
    _is_told: bool = False

    def begin(self, asked: tuple[int, ...], away: tuple[int, ...]) -> None:
        """These desks are asked; those in `away` are believed to hold the line's page and are not there."""
        self._open = set(asked)
        self._refusals += [_refusal(Failure.NEIGHBOUR_AWAY, desk) for desk in away]
        self._end_if_all_have_answered()

    def answered(self, desk: int, answer: Answer) -> None:
        """Desk `desk` has answered, or will not."""
        self._open.discard(desk)
        match answer:
            case Failure():
                self._refusals.append(_refusal(answer, desk))
            case Refusal():
                self._refusals.append(_told(answer, desk))
            case Statuses():
                self._refusals.append(_refusal(Failure.NEIGHBOUR_NOT_UNDERSTOOD, desk))
            case _ if self.line in answer.lines:
                self._end(Fetched(self.line, answer.entry, desk))
            case _:
                self._refusals.append(_refusal(Failure.NEIGHBOUR_NOT_UNDERSTOOD, desk))
        self._end_if_all_have_answered()

    def _end_if_all_have_answered(self) -> None:
        if not self._open:
            self._end(min(self._refusals, key=_rank, default=_refusal(Failure.LINE_NOT_HELD, 0)))

    def _end(self, outcome: Fetched | NotFetched) -> None:
        if not self._is_told:
            self._is_told = True
            self.tell(outcome)


def _refusal(failure: Failure, desk: int, at: HybridTime | None = None) -> NotFetched:
    return NotFetched(Refused(failure, {"desk": desk} if desk else {}), desk, at)


def _told(refusal: Refusal, desk: int) -> NotFetched:
    failure, standing = refusal.failure, refusal.standing
    if failure is Failure.LINE_OPEN:
        failure = Failure.LINE_OPEN_ELSEWHERE
    if standing is None:
        return _refusal(failure, desk)
    if standing.standing is Standing.RELEASED and standing.desk:
        return _refusal(failure, standing.desk)
    return _refusal(failure, desk, standing.at or None)


def _rank(refusal: NotFetched) -> float:
    failure = refusal.refused.failure
    return _TELLING.index(failure) if failure in _TELLING else len(_TELLING) - 2.5
