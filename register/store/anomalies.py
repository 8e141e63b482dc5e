"""What books sent that honest ones cannot have: each anomaly kept once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, insert, select

from pollbook.effects import Anomaly
from pollbook.feed_items import FeedItem, FeedKind
from register.store.feeds import add_feed_items
from register.store.schema.ledgers import anomaly
from register.store.schema.stations import OF_STATION, station
from register.store.statements import Statement

_ANOMALY = Statement(
    select(anomaly.c.id).where(
        anomaly.c.station == OF_STATION, anomaly.c.kind == bindparam("of_kind"), anomaly.c.entry == bindparam("number")
    )
)


def has_anomaly(connection: Connection, station_id: int, kind: Anomaly, number: int) -> bool:
    """Whether this anomaly is known."""
    return _ANOMALY.first(connection, station_id=station_id, of_kind=kind.value, number=number) is not None


def add_anomaly(connection: Connection, station_id: int, kind: Anomaly, number: int, at_s: int) -> bool:
    """Keep an anomaly; False where this one is known already."""
    if has_anomaly(connection, station_id, kind, number):
        return False
    connection.execute(insert(anomaly).values(station=station_id, kind=kind.value, entry=number, at_s=at_s))
    return True


def add_quarantined(
    connection: Connection, station_id: int, first: int, kinds: Sequence[Anomaly | None], at_s: int
) -> None:
    """Keep and tell the anomalies of the entries from `first` on that changed nothing, however many they are.

    A fork is told once, when it is found; what comes after it says nothing new.
    """
    found = [
        (number, kind.value)
        for number, kind in enumerate(kinds, first)
        if kind is not None and kind is not Anomaly.FORK
    ]
    if not found:
        return
    rows = [{"station": station_id, "kind": kind, "entry": number, "at_s": at_s} for number, kind in found]
    connection.execute(insert(anomaly), rows)
    items = [FeedItem(0, FeedKind.ANOMALY, kind_text, number) for number, kind_text in found]
    add_feed_items(connection, station_id, items, at_s)


def anomalies(connection: Connection) -> list[tuple[str, str, int, int]]:
    """All anomalies: kind, book, entry, time, oldest first."""
    return [(each.kind, each.book, each.entry, each.at_s) for each in found_anomalies(connection)]


@dataclass(frozen=True, slots=True)
class FoundAnomaly:
    """An anomaly of a book, at one of its entries or (0) the whole book."""

    kind: str
    station: int
    book: str
    entry: int
    at_s: int


def found_anomalies(connection: Connection) -> list[FoundAnomaly]:
    """All anomalies, oldest first."""
    query = (
        select(anomaly, station.c.device, station.c.epoch)
        .join(station, station.c.id == anomaly.c.station)
        .order_by(anomaly.c.id)
    )
    return [
        FoundAnomaly(row.kind, row.station, f"{bytes(row.device).hex()}.{row.epoch}", row.entry, row.at_s)
        for row in connection.execute(query)
    ]
