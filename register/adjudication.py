"""What a book's entries come to by voter: after they were stored by book, from what was stored, and harmless twice."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from pollbook.entries import AnnexAdded, BookClosed, Entry, LineAccepted, LineReleased
from pollbook.types import EntryNumber, LineId
from register import claims, moving, provisional
from register.centre import Centre
from register.store import custody
from register.store.engine import Transaction
from register.store.stations import Station


def follow(
    connection: Transaction,
    centre: Centre,
    station: Station,
    entries: Iterable[tuple[EntryNumber, Entry]],
    marked: Collection[LineId],
    at_s: int,
) -> None:
    """Lines move, claims are answered and provisional voters adjudicated as these accepted entries of a book say.

    `marked` are the lines that entries of this book mark; plain marks need not be among the entries.
    """
    waited = custody.lines_waited_for(connection)
    for number, entry in entries:
        fact = entry.fact
        match fact:
            case LineReleased():
                owned = moving.follow_release(connection, centre, station, number, fact.release(station.book), at_s)
                for line in owned:
                    provisional.consider(connection, centre, line, at_s)
            case LineAccepted():
                for line in moving.follow_acceptance(connection, station, number, fact, at_s):
                    provisional.consider(connection, centre, line, at_s)
            case AnnexAdded(is_provisional=True):
                provisional.receive(connection, centre, station, number, fact, at_s)
            case BookClosed():
                provisional.consider_closed(connection, centre, station, at_s)
            case _:
                pass
    waiting = sorted(waited.intersection(marked))
    claims.answer_marked(connection, station, waiting, at_s)
    for line in waiting:
        provisional.consider(connection, centre, line, at_s)
