"""Which anomalies are still open: a second mark is none any more once only one mark is left on the line.

An anomaly that was found stays in the list for good. But two marks on one line may be an honest day that arrived in
another order: a register that was restored hears of the new holder's mark before it hears again of the old holder's
void. What the list then says is true, and over.
"""

from __future__ import annotations

from dataclasses import dataclass

from pollbook.effects import Anomaly
from pollbook.types import LineId, line_text
from register.settling import RESOLVE
from register.store import anomalies, decisions, differences, ledgers, marks, stations
from register.store.anomalies import FoundAnomaly
from register.store.engine import Transaction


@dataclass(frozen=True, slots=True)
class ListedAnomaly:
    """An anomaly, and whether it is settled: by a void that came later, or by two officers.

    `lines` are those that differed where a digest did.
    """

    found: FoundAnomaly
    is_settled: bool
    lines: tuple[LineId, ...] = ()


def listed_anomalies(connection: Transaction) -> list[ListedAnomaly]:
    """Every anomaly, oldest first."""
    open_marks = _open_marks(connection)
    return [
        ListedAnomaly(
            each,
            is_settled=each.kind == Anomaly.SECOND_MARK and (each.station, each.entry) not in open_marks,
            lines=tuple(differences.lines_at(connection, each.station, each.entry))
            if each.kind == Anomaly.DIGEST_DIFFERS
            else (),
        )
        for each in anomalies.found_anomalies(connection)
    ]


def _open_marks(connection: Transaction) -> set[tuple[int, int]]:
    """Station and number of each mark on a line with a second one, and of each second mark in one ledger.

    What a successor took over was the mark of the books before it, by which it was told.
    """
    before = {each.id: each.predecessor for each in stations.all_stations(connection)}
    found = ledgers.quarantined_entries(connection, Anomaly.SECOND_MARK)
    for line in marks.disputed_lines(connection):
        if decisions.has_decision(connection, RESOLVE, line_text(line)):
            continue
        for station, number in marks.marks_on(connection, line).items():
            named: int | None = station
            while named is not None:
                found.add((named, number))
                named = before[named]
    return found
