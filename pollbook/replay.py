"""A book in memory, as its entries alone make it: what `ingest`, every `check` and the simulation apply rules to."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from pollbook import custody
from pollbook.book_view import Identity
from pollbook.clock import BEFORE_ALL, HybridTime
from pollbook.effects import Anomaly, Closed, DayChanged, Effect, KeyChanged, LinesChanged, NothingChanged
from pollbook.entries import Entry, Outcome
from pollbook.ledger import Head
from pollbook.line_state import LineState, Place, Proof
from pollbook.types import EntryNumber, LineId, Person, PersonNumber


@dataclass
class Replay:
    """A book as `custody.apply` looks at it.

    Attributes:
        states: The lines that the book knows; where only some are needed, those that its entries touch. A line that
            is not here is not the book's.
        days: The days that were opened, each YYYY-MM-DD.
        adjudications: What the register said of provisional lines.
        changed: The lines that an entry changed since this was made.
    """

    identity: Identity
    start: Head
    people: Mapping[PersonNumber, Person]
    states: dict[LineId, LineState]
    bound: dict[PersonNumber, bytes] = field(default_factory=dict)
    days: set[str] = field(default_factory=set)
    last_at: HybridTime = BEFORE_ALL
    is_closed: bool = False
    adjudications: Mapping[LineId, tuple[EntryNumber, Outcome]] = field(default_factory=dict)
    changed: set[LineId] = field(default_factory=set)
    keys_changed: set[PersonNumber] = field(default_factory=set)

    def line(self, line: LineId) -> LineState | None:
        return self.states.get(line)

    def held_unmarked(self) -> Iterable[tuple[LineId, LineState]]:
        return [
            (line, state) for line, state in self.states.items() if state.place is Place.HERE and state.mark is None
        ]

    def unproven(self) -> Iterable[tuple[LineId, LineState]]:
        return [(line, state) for line, state in self.states.items() if state.proof is not Proof.PROVEN]

    def bound_keys(self) -> Mapping[PersonNumber, bytes]:
        return self.bound

    def opened_days(self) -> Collection[str]:
        return self.days

    def adjudicated(self, line: LineId) -> tuple[EntryNumber, Outcome] | None:
        return self.adjudications.get(line)

    def take(self, number: EntryNumber, entry: Entry) -> Effect | Anomaly:
        """The entry's effect, which is part of the book now; or the anomaly for which it has none."""
        effect = custody.apply(self, number, entry)
        match effect:
            case Anomaly():
                return effect
            case LinesChanged(states):
                self.states.update(states)
                self.changed.update(line for line, _ in states)
            case KeyChanged(person, public_key):
                self.bound[person] = public_key
                self.keys_changed.add(person)
            case DayChanged(day):
                self.days.add(day)
            case Closed():
                self.is_closed = True
            case NothingChanged():
                pass
        self.last_at = entry.at
        return effect

    def succeed(self, identity: Identity, start: Head) -> None:
        """From here on the entries are a successor's, who takes over all that there is."""
        self.identity, self.start, self.is_closed = identity, start, False
