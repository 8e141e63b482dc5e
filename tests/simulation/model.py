"""A model of the ledgers of its own: what entries say, folded without the product's rules.

Where a rule went wrong in book and register alike, this still sees it: a mark of a line that was not here, a line that
two books hold, a release accepted twice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from pollbook import entries
from pollbook.entries import (
    AnnexAdded,
    LineAccepted,
    LineReleased,
    Marked,
    MarkVoided,
    ProvisionalResolved,
    RowSeen,
    TailReceived,
    TookOver,
)
from pollbook.tails import TailChange
from pollbook.types import BookName, LineId

decode_entry = lru_cache(maxsize=4096)(entries.decode_entry)

Move = tuple[LineId, int]
"""A line, and the custody number under which its receiver holds it."""


@dataclass
class BookModel:
    """One book's lines as its entries alone leave them."""

    name: BookName
    here: set[LineId]
    marks: dict[LineId, int] = field(default_factory=dict)
    touched: set[LineId] = field(default_factory=set)
    unproven: set[LineId] = field(default_factory=set)
    released: dict[Move, BookName] = field(default_factory=dict)
    accepted: list[tuple[Move, BookName]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def take(self, number: int, content: bytes) -> None:  # noqa: C901, PLR0912 - one case a kind of entry
        """One more entry."""
        fact = decode_entry(content).fact
        match fact:
            case Marked(line, _):
                self.touched.add(line)
                if line not in self.here:
                    self.wrong.append(f"entry {number} marks a line that is not here")
                if line in self.marks:
                    self.wrong.append(f"entry {number} marks a marked line")
                if line in self.unproven:
                    self.wrong.append(f"entry {number} marks a line that nobody has proven unmarked")
                self.marks[line] = number
            case MarkVoided(line, mark):
                if self.marks.get(line) != mark:
                    self.wrong.append(f"entry {number} voids no effective mark")
                self.marks.pop(line, None)
            case LineReleased(receiver, lines):
                for moved in lines:
                    self.touched.add(moved.line)
                    if moved.line not in self.here or moved.line in self.marks or moved.line in self.unproven:
                        self.wrong.append(f"entry {number} releases a line that is not here or marked")
                    self.here.discard(moved.line)
                    self.released[moved.line, moved.custody] = receiver
            case LineAccepted(release):
                for moved in release.lines:
                    self.touched.add(moved.line)
                    if moved.line in self.here:
                        self.wrong.append(f"entry {number} accepts a line that is here")
                    self.here.add(moved.line)
                    self.accepted.append(((moved.line, moved.custody), release.sender))
            case AnnexAdded(line) | ProvisionalResolved(line):
                self.touched.add(line)
            case TookOver():
                self.unproven = self.here - self.marks.keys()
                self.touched |= self.unproven
            case RowSeen(line):
                self.unproven.discard(line)
            case TailReceived(_, lines, is_complete):
                for tail in lines:
                    self._follow(tail.line, tail.number if tail.change is TailChange.MARKED else None)
                if is_complete:
                    self.unproven.clear()
            case _:
                pass

    def _follow(self, line: LineId, mark: int | None) -> None:
        """What the predecessor did past the mirror holds, unless the line is marked here."""
        self.unproven.discard(line)
        if line in self.here and line not in self.marks:
            self.touched.add(line)
            if mark is None:
                self.here.discard(line)
            else:
                self.marks[line] = mark


def folded(name: BookName, lines: Iterable[LineId], ledger: Mapping[int, bytes]) -> BookModel:
    """The book that began with these lines and wrote this ledger."""
    model = BookModel(name, set(lines))
    for number in sorted(ledger):
        model.take(number, ledger[number])
    return model


def contradictions(models: Iterable[BookModel]) -> Iterator[str]:
    """What honest books cannot say together."""
    honest = list(models)
    by_name = {model.name: model for model in honest}
    marks: dict[LineId, list[str]] = defaultdict(list)
    holders: dict[LineId, list[str]] = defaultdict(list)
    taken: dict[Move, list[BookName]] = defaultdict(list)
    for model in honest:
        yield from (f"{model.name} {what}" for what in model.wrong)
        for line in model.marks:
            marks[line].append(str(model.name))
        for line in model.here:
            holders[line].append(str(model.name))
        for move, sender in model.accepted:
            taken[move].append(model.name)
            if sender in by_name and by_name[sender].released.get(move) != model.name:
                yield f"{model.name} accepted custody {move[1]} of a line that nobody released to it"
    yield from (f"a line is marked in {' and '.join(where)}" for where in marks.values() if len(where) > 1)
    yield from (f"a line is held by {' and '.join(where)}" for where in holders.values() if len(where) > 1)
    yield from (f"custody {move[1]} was accepted {len(who)} times" for move, who in taken.items() if len(who) > 1)


def in_flight(models: Iterable[BookModel]) -> dict[Move, BookName]:
    """What was released and accepted nowhere: held by nobody."""
    every = list(models)
    arrived = {move for model in every for move, _ in model.accepted}
    return {move: to for model in every for move, to in model.released.items() if move not in arrived}
