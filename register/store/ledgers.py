"""The books' ledgers in the store: entries as they came, and those of other histories, kept as evidence."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, insert, select

from pollbook.effects import Anomaly
from pollbook.types import EntryNumber
from register.store.schema.ledgers import entry, fork_entry
from register.store.schema.stations import OF_STATION
from register.store.statements import Statement

FORK_ENTRIES_MAX = 50_000
"""Kept as evidence of one station: many histories of a day; who signs ever more of them has proven the point."""
_BYTES = select(entry.c.number, entry.c.bytes).where(
    entry.c.station == OF_STATION, entry.c.number.between(bindparam("first"), bindparam("last"))
)
_ENTRY_BYTES = Statement(_BYTES)
_ACCEPTED = Statement(_BYTES.where(entry.c.quarantined.is_(None)).order_by(entry.c.number))
_ALL_ENTRIES = Statement(select(entry).where(entry.c.station == OF_STATION).order_by(entry.c.number))


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """An entry as received, and the anomaly for which it changed nothing."""

    number: EntryNumber
    content: bytes
    quarantined: Anomaly | None


def entry_bytes(connection: Connection, station_id: int, first: int, last: int) -> dict[int, bytes]:
    """The stored entries from `first` to `last`, by number."""
    rows = _ENTRY_BYTES.all(connection, station_id=station_id, first=first, last=last)
    return {number: bytes(content) for number, content in rows}


def accepted_entries(connection: Connection, station_id: int, first: int, last: int) -> dict[EntryNumber, bytes]:
    """The stored entries from `first` to `last` that changed something, by number in order."""
    rows = _ACCEPTED.all(connection, station_id=station_id, first=first, last=last)
    return {EntryNumber(number): bytes(content) for number, content in rows}


def all_entries(connection: Connection, station_id: int) -> Iterable[StoredEntry]:
    """The book's whole ledger in order."""
    for row in _ALL_ENTRIES.all(connection, station_id=station_id):
        quarantined = Anomaly(row.quarantined) if row.quarantined else None
        yield StoredEntry(EntryNumber(row.number), bytes(row.bytes), quarantined)


def add_fork(connection: Connection, station_id: int, entries: Mapping[int, bytes], at_s: int) -> None:
    """Keep, as evidence, entries that a book sent under numbers that others have already; each kept once."""
    hashes = {number: hashlib.sha256(content).digest() for number, content in entries.items()}
    query = select(fork_entry.c.number, fork_entry.c.sha256).where(fork_entry.c.station == station_id)
    known = {(row.number, bytes(row.sha256)) for row in connection.execute(query)}
    rows = [
        {"station": station_id, "number": number, "sha256": hashes[number], "received_at_s": at_s, "bytes": content}
        for number, content in entries.items()
        if (number, hashes[number]) not in known
    ][: max(FORK_ENTRIES_MAX - len(known), 0)]
    if rows:
        connection.execute(insert(fork_entry), rows)


def quarantined_entries(connection: Connection, kind: Anomaly) -> set[tuple[int, int]]:
    """Station and number of every entry that changed nothing for this reason."""
    query = select(entry.c.station, entry.c.number).where(entry.c.quarantined == kind.value)
    return {(row.station, row.number) for row in connection.execute(query)}
