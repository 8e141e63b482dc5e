"""A book's ledger put to the rules of custody, entry by entry: what `ingest` applies, and `check` applies again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pollbook.effects import Anomaly
from pollbook.entries import Entry, decode_entry, lines_of
from pollbook.failures import InputInvalid
from pollbook.replay import Replay
from pollbook.types import EntryNumber, LineId


@dataclass
class Ingested(Replay):
    """A book as its entries so far leave it; of its lines only those that the new entries touch.

    Attributes:
        is_forked: The book is quarantined: its entries keep their numbers and bytes, and change nothing.
    """

    is_forked: bool = False

    def ingest(self, number: EntryNumber, entry: Entry | None) -> Anomaly | None:
        """The entry's effect is part of the view, or the anomaly for which it has none; None is no entry at all."""
        if entry is None:
            return Anomaly.ENTRY_INVALID
        if self.is_forked:
            return Anomaly.FORK
        effect = self.take(number, entry)
        return effect if isinstance(effect, Anomaly) else None


def decoded(contents: Iterable[bytes]) -> list[Entry | None]:
    """The entries that these bytes say; None for what is none."""
    return [_decoded(content) for content in contents]


def touched(entries: Iterable[Entry | None]) -> set[LineId]:
    """The lines that the entries are about."""
    return {line for entry in entries if entry is not None for line in lines_of(entry.fact)}


def _decoded(content: bytes) -> Entry | None:
    try:
        return decode_entry(content)
    except InputInvalid:
        return None
