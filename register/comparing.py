"""Naming the lines in which a book and the register differ: the register's part (`pollbook.differences`)."""

from __future__ import annotations

import logging

from pollbook.asks import CompareLines, NameLines
from pollbook.differences import compared
from pollbook.effects import Anomaly
from pollbook.feed_items import FeedItem, FeedKind, encode_content
from pollbook.line_state import line_digest
from register.feed import tell
from register.store import anomalies, books, differences, feeds, states, stations
from register.store.engine import Transaction
from register.store.stations import Station

logger = logging.getLogger(__name__)


def answer_comparison(connection: Transaction, station: Station, ask: CompareLines, at_s: int) -> None:
    """The lines of the buckets that differ stand in the book's feed, once, if the register stands at that entry too."""
    if not _differs_at(connection, station, ask.number) or feeds.is_told(
        connection, station.id, FeedKind.LINES_COMPARED, ask.id.hex()
    ):
        return
    known = states.all_states(connection, station.id)
    digests = {line: line_digest(line, state) for line, state in known.items()}
    content = encode_content(compared(ask.number, digests, ask.buckets))
    tell(connection, station.id, FeedItem(0, FeedKind.LINES_COMPARED, ask.id.hex(), ask.number, content), at_s)


def note_lines(connection: Transaction, station: Station, ask: NameLines) -> None:
    """The lines that the book found to differ are kept beside the anomaly, if they are lines of this book."""
    if not _differs_at(connection, station, ask.number):
        return
    known = stations.issued_lines(connection, station.id) | states.all_states(connection, station.id).keys()
    lines = [line for line in ask.lines if line in known]
    differences.add_lines(connection, station.id, ask.number, lines)
    logger.warning("lines differ count=%s book=%s entry=%s", len(lines), station.book, ask.number)


def _differs_at(connection: Transaction, station: Station, number: int) -> bool:
    """Whether both stand at this entry, and their digests were found to differ there."""
    head = books.load_book(connection, station.id).head
    return head.number == number and anomalies.has_anomaly(connection, station.id, Anomaly.DIGEST_DIFFERS, number)
