"""Whether stations' books and their register say the same, read beside all programs and without their rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pollbook.clock import SystemClock
from pollbook.entries import Marked, MarkVoided, decode_entry
from pollbook.line_state import Place
from pollbook.store.book import open_book
from pollbook.store.home import StationHome
from pollbook.types import EntryNumber, LineId, line_text
from register.home import RegisterHome
from register.store import ledgers, stations
from register.store.engine import open_database

_HERE = """
SELECT line FROM voter WHERE line NOT IN (SELECT line FROM line_state)
UNION ALL SELECT line FROM line_state WHERE place = ?
"""


@dataclass
class Agreement:
    """What was found; each list is empty where all is well."""

    entries: int = 0
    marks: int = 0
    moved: int = 0
    lost: list[str] = field(default_factory=list)
    differing: list[str] = field(default_factory=list)
    twice_marked: list[str] = field(default_factory=list)
    twice_held: list[str] = field(default_factory=list)
    nowhere: list[str] = field(default_factory=list)

    def wrongs(self) -> list[str]:
        """Everything that is wrong, in words."""
        named = ("lost", "differing", "twice_marked", "twice_held", "nowhere")
        return [f"{name}: {what}" for name in named for what in getattr(self, name)]


def agreement(register: Path, homes: Sequence[Path], told: Sequence[Sequence[Sequence[str]]]) -> Agreement:
    """Compare the stations in `homes` with the register, and with what the tables had `told` (words of each line)."""
    found = Agreement()
    marked: Counter[LineId] = Counter()
    held: Counter[LineId] = Counter()
    every: set[LineId] = set()
    database = open_database(RegisterHome(register))
    try:
        for home, said in zip(homes, told, strict=True):
            with open_book(StationHome(home), SystemClock(), writer=False) as book:
                query = book.connection.exec_driver_sql
                ledger = {EntryNumber(row.number): bytes(row.bytes) for row in query("SELECT number, bytes FROM entry")}
                marked.update(row.line for row in query("SELECT line FROM line_state WHERE mark IS NOT NULL"))
                held.update(row.line for row in query(_HERE, (int(Place.HERE),)))
                every.update(row.line for row in query("SELECT line FROM voter"))
                found.moved += len(query("SELECT 1 FROM line_state WHERE custody > 0 AND place = 0").fetchall())
                with database.read() as connection:
                    station = stations.find_station(connection, book.name)
                    stored = ledgers.entry_bytes(connection, station.id, 1, len(ledger) + 1) if station else {}
            found.entries += len(ledger)
            if {number: bytes(content) for number, content in stored.items()} != ledger:
                found.differing.append(f"{home.name}: {len(ledger)} here, {len(stored)} there")
            found.lost += [f"{home.name} {' '.join(words)}" for words in said if not _is_in(ledger, words)]
    finally:
        database.close()
    found.marks = marked.total()
    found.twice_marked = [line_text(line) for line, count in marked.items() if count > 1]
    found.twice_held = [line_text(line) for line, count in held.items() if count > 1]
    found.nowhere = [line_text(line) for line in sorted(every - held.keys())]
    return found


def _is_in(ledger: dict[EntryNumber, bytes], words: Sequence[str]) -> bool:
    """Whether the book has what a table said; a line that was cut off by a kill says nothing."""
    if len(words) != 3 or words[0] not in {"done", "voided"}:
        return True
    number, line = EntryNumber(int(words[1])), words[2]
    if words[0] == "voided":
        facts = (decode_entry(content).fact for content in ledger.values())
        return any(
            isinstance(fact, MarkVoided) and (fact.mark, line_text(fact.line)) == (number, line) for fact in facts
        )
    fact = decode_entry(ledger[number]).fact if number in ledger else None
    return isinstance(fact, Marked) and line_text(fact.line) == line
