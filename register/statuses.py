"""Telling books of lines that others have: where they are now, and whether they are marked there.

Whom a line concerns besides the book that has it: the books of the precinct in whose list the line stands, for their
screens show every line of it, and the books elsewhere that had it once and let it go. What they are told:

* it is marked, at which precinct and desk;
* else it is at, or on its way to, another precinct than its own;
* else nothing any more, where something was told before. Which desk of a precinct has an unmarked line, the desks tell
  each other on their own network.

A change is noted here and told with the book's next sync, all of them in one item (`pollbook.statuses`). An item that
got lost is sent again under its number until the book's cursor is past it, and then never again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from pollbook.feed_items import FeedItem, FeedKind, encode_content
from pollbook.packing import SliceOrder
from pollbook.statuses import LINES_IN_STATUSES_MAX, LineStatus, statuses_of
from pollbook.types import LineId, PrecinctCode
from register.feed import tell
from register.store import stations, statuses
from register.store.custody import Holding
from register.store.engine import Transaction
from register.store.holders import newest_named, newest_of
from register.store.stations import Station


def note_changed(connection: Transaction, by: Station, lines: Collection[LineId], own: Collection[LineId] = ()) -> None:
    """Whoever is concerned is to be told of these lines, which an entry of the book `by` changed.

    `own` are further ones that certainly stand in the list of its own precinct and never moved.
    """
    if not lines and not own:
        return
    moved = sorted(lines)
    at_home = statuses.precincts_of(connection, moved)
    by_precinct: dict[PrecinctCode, list[LineId]] = {by.precinct: list(own)}
    for line, precinct in at_home.items():
        by_precinct.setdefault(precinct, []).append(line)
    for precinct, concerned in by_precinct.items():
        for station in stations.current_at(connection, precinct) if concerned else ():
            if station.id != by.id:
                statuses.make_due(connection, station.id, concerned)
    for station_id, watched in statuses.watchers(connection, moved).items():
        found = stations.station_by_id(connection, station_id)
        if found is not None and (now := newest_of(connection, found)).id != by.id:
            statuses.make_due(connection, now.id, watched)


def note_released(connection: Transaction, by: Station, lines: Collection[LineId]) -> None:
    """The book `by` let these lines go: it is told of those that stand in another precinct's list from here on."""
    at_home = statuses.precincts_of(connection, sorted(lines))
    statuses.watch(connection, by.id, (line for line, precinct in at_home.items() if precinct != by.precinct))


def note_new_book(connection: Transaction, station_id: int, precinct: PrecinctCode) -> None:
    """A book of this precinct that begins now is to be told of every line there that was marked or has moved."""
    statuses.make_due(connection, station_id, statuses.changed_lines(connection, precinct))


def tell_statuses(connection: Transaction, station: Station, at_s: int) -> None:
    """What the station is still to be told stands in its feed, as one item; up to `LINES_IN_STATUSES_MAX` lines."""
    lines = statuses.take_due(connection, station.id, LINES_IN_STATUSES_MAX)
    if not lines:
        return
    order = SliceOrder.of(stations.issued_lines(connection, station.id))
    content = statuses_of(_statuses(connection, station, lines), order)
    tell(connection, station.id, FeedItem(0, FeedKind.STATUSES, "", 0, encode_content(content)), at_s)


def _statuses(connection: Transaction, of: Station, lines: list[LineId]) -> Mapping[LineId, LineStatus | None]:
    """What the station is told of each of these lines now."""
    marked = statuses.marked_by(connection, lines)
    places = _Places(connection)
    told: dict[LineId, LineStatus | None] = dict.fromkeys(lines)
    for line, by in marked.items():
        marker = places.of_id(by)
        if marker is not None and marker.id != of.id:
            told[line] = LineStatus(marker.precinct, marker.desk, is_marked=True)
    for line, holding in statuses.holdings(connection, [line for line in lines if line not in marked]).items():
        at = _now_at(connection, holding, places)
        if at is not None and at.precinct != of.precinct:
            told[line] = LineStatus(at.precinct, at.desk, is_marked=False)
    return told


def _now_at(connection: Transaction, holding: Holding, places: _Places) -> Station | None:
    """The book that holds the line or is to get it; None where that is the register."""
    if holding.receiver is not None:
        return newest_named(connection, holding.receiver)
    return places.of_id(holding.holder) if holding.holder else None


class _Places:
    """Stations by id, each looked up once, as the newest of their lines of succession."""

    def __init__(self, connection: Transaction) -> None:
        self._connection = connection
        self._known: dict[int, Station | None] = {}

    def of_id(self, station_id: int) -> Station | None:
        """The last book of this one's line of succession."""
        if station_id not in self._known:
            found = stations.station_by_id(self._connection, station_id)
            self._known[station_id] = None if found is None else newest_of(self._connection, found)
        return self._known[station_id]
