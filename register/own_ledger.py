"""The register's own ledger: everything that the centre does to books and lines is an entry, chained like a book's."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

from pollbook.clock import tick
from pollbook.failures import InputInvalid
from pollbook.ledger import Head, extend, origin
from pollbook.register_entries import RegisterEntry, RegisterFact, decode_register_entry, encode_register_entry
from pollbook.types import EntryNumber
from register.centre import Centre
from register.store import own_ledger
from register.store.engine import Transaction

_SEED = hashlib.sha256(b"uchastka register ledger 1").digest()
"""Where a book has its slice's hash."""


def start_of(centre: Centre) -> Head:
    """The origin of this register's ledger."""
    return origin(centre.election.id, centre.book, _SEED)


def begin(connection: Transaction, centre: Centre) -> None:
    """The ledger of a new register is there, without an entry."""
    own_ledger.begin(connection, start_of(centre))


def enter(connection: Transaction, fact: RegisterFact, at_s: int) -> EntryNumber:
    """The fact is an entry of the register's ledger; its number."""
    held = own_ledger.hold_head(connection)
    at = tick(held.at, datetime.fromtimestamp(at_s, UTC))
    content = encode_register_entry(RegisterEntry(at, fact))
    head = extend(held.head, content)
    own_ledger.add_entry(connection, head, at, content, at_s)
    return head.number


def check_own_ledger(connection: Transaction, centre: Centre) -> tuple[list[RegisterEntry], list[str]]:
    """The register's entries, and what does not hold of their chain."""
    head = start_of(centre)
    entries: list[RegisterEntry] = []
    faults: list[str] = []
    for number, content, stored_hash in own_ledger.own_entries(connection):
        head = extend(head, content)
        if (number, stored_hash) != (head.number, head.hash):
            return entries, [*faults, f"entry {number}: the chain does not hold"]
        try:
            entry = decode_register_entry(content)
        except InputInvalid as error:
            return entries, [*faults, f"entry {number}: {error}"]
        if entries and entry.at <= entries[-1].at:
            faults.append(f"entry {number}: its time went back")
        entries.append(entry)
    if own_ledger.newest(connection, start_of(centre)) != head:
        faults.append("the chain does not lead to the stored head")
    return entries, faults
