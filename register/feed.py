"""What the register tells a book: anomalies, and that it was revoked; each once."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from pollbook.effects import Anomaly
from pollbook.feed_items import FeedItem, FeedKind, LinesNamed, encode_content
from pollbook.register_entries import AnomalyFound
from pollbook.types import BookName, EntryNumber, LineId
from register.own_ledger import enter
from register.store import anomalies, books, feeds
from register.store.engine import Transaction
from register.store.stations import Station

logger = logging.getLogger(__name__)


def tell(connection: Transaction, station_id: int, item: FeedItem, at_s: int) -> None:
    """The item stands in the book's feed under the next number."""
    feeds.add_feed_items(connection, station_id, (item,), at_s)


def tell_anomaly(connection: Transaction, station: Station, kind: Anomaly, number: int, at_s: int) -> bool:
    """The anomaly is kept and stands in the book's feed; `number` 0 is the whole book. Whether it is new."""
    books.hold_book(connection, station.id)
    is_new = anomalies.add_anomaly(connection, station.id, kind, number, at_s)
    if is_new:
        enter(connection, AnomalyFound(station.book, kind.value, number, 1), at_s)
        tell(connection, station.id, FeedItem(0, FeedKind.ANOMALY, kind.value, number), at_s)
        logger.warning("anomaly kind=%s book=%s entry=%s", kind.value, station.book, number)
    return is_new


def tell_disputed(
    connection: Transaction, marks: Sequence[tuple[Station, EntryNumber]], line: LineId, at_s: int
) -> None:
    """These books marked one line: each mark is an anomaly, and the line disputed until a void or people resolve it."""
    found = [tell_anomaly(connection, station, Anomaly.SECOND_MARK, number, at_s) for station, number in marks]
    if any(found):
        content = encode_content(LinesNamed((line,)))
        for station, _ in marks:
            tell(connection, station.id, FeedItem(0, FeedKind.DISPUTED, "", 0, content), at_s)


def tell_resolved(connection: Transaction, station_id: int, line: LineId, kept: BookName, at_s: int) -> None:
    """The line is in dispute no longer: the mark of the book `kept` counts."""
    content = encode_content(LinesNamed((line,)))
    tell(connection, station_id, FeedItem(0, FeedKind.DISPUTE_RESOLVED, str(kept), 0, content), at_s)


def tell_quarantined(
    connection: Transaction, station: Station, first: int, found: Sequence[Anomaly | None], at_s: int
) -> None:
    """Those of the new entries that changed nothing are anomalies and stand in the book's feed (custody rule 14).

    `found` are the anomalies of the entries from the number `first` on, None for those that changed something.
    """
    anomalies.add_quarantined(connection, station.id, first, found, at_s)
    for kind, numbers in _by_kind(first, found).items():
        enter(connection, AnomalyFound(station.book, kind.value, numbers[0], len(numbers)), at_s)
    if count := sum(each is not None for each in found):
        logger.warning("quarantined count=%s book=%s", count, station.book)


def _by_kind(first: int, found: Sequence[Anomaly | None]) -> dict[Anomaly, list[int]]:
    """The numbers of the anomalous entries by kind; a fork is told once, when it is found."""
    numbers: dict[Anomaly, list[int]] = {}
    for number, kind in enumerate(found, first):
        if kind is not None and kind is not Anomaly.FORK:
            numbers.setdefault(kind, []).append(number)
    return numbers


def tell_revoked(connection: Transaction, station: Station, at_s: int) -> None:
    """The book's feed says that it was revoked, and why."""
    books.hold_book(connection, station.id)
    if not feeds.has_feed_item(connection, station.id, FeedKind.REVOKED):
        reason = station.revoked_reason or ""
        tell(connection, station.id, FeedItem(0, FeedKind.REVOKED, reason), at_s)
