"""A book's ledger put to the rules of custody, entry by entry: what `ingest` applies, and `check` applies again."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from pollbook import custody
from pollbook.clock import BEFORE_ALL, HybridTime
from pollbook.custody import Anomaly, DayChanged, KeyChanged, LineChanged, LineState
from pollbook.entries import Entry, Marked, MarkVoided, decode_entry
from pollbook.failures import InputInvalid
from pollbook.ledger import Head
from pollbook.types import EntryNumber, LineId, Person, PersonNumber


@dataclass
class Replay:
    """A book as `custody.apply` looks at it: the lines that its entries touch, read beforehand.

    Attributes:
        states: The lines of the book among those touched; a line that is not here is not the book's.
        day: The day that was opened last, YYYY-MM-DD; the register keeps no earlier ones.
        is_forked: The book is quarantined: its entries keep their numbers and bytes, and change nothing.
    """

    start: Head
    people: Mapping[PersonNumber, Person]
    states: dict[LineId, LineState]
    bound: dict[PersonNumber, bytes] = field(default_factory=dict)
    last_at: HybridTime = BEFORE_ALL
    day: str | None = None
    is_forked: bool = False
    changed: set[LineId] = field(default_factory=set)
    keys_changed: set[PersonNumber] = field(default_factory=set)

    def line(self, line: LineId) -> LineState | None:
        return self.states.get(line)

    def bound_keys(self) -> Mapping[PersonNumber, bytes]:
        return self.bound

    def opened_days(self) -> Collection[str]:
        return () if self.day is None else (self.day,)

    def take(self, number: EntryNumber, entry: Entry | None) -> Anomaly | None:
        """The entry's effect is part of the view, or the anomaly for which it has none; None is no entry at all."""
        if entry is None:
            return Anomaly.ENTRY_INVALID
        if self.is_forked:
            return Anomaly.FORK
        effect = custody.apply(self, number, entry)
        match effect:
            case Anomaly():
                return effect
            case LineChanged(line, state):
                self.states[line] = state
                self.changed.add(line)
            case KeyChanged(person, public_key):
                self.bound[person] = public_key
                self.keys_changed.add(person)
            case DayChanged(day):
                self.day = day
        self.last_at = entry.at
        return None


def decoded(contents: Iterable[bytes]) -> list[Entry | None]:
    """The entries that these bytes say; None for what is none."""
    return [_decoded(content) for content in contents]


def touched(entries: Iterable[Entry | None]) -> set[LineId]:
    """The lines that the entries are about."""
    return {entry.fact.line for entry in entries if entry is not None and isinstance(entry.fact, Marked | MarkVoided)}


def _decoded(content: bytes) -> Entry | None:
    try:
        return decode_entry(content)
    except InputInvalid:
        return None
