"""The register's own ledger in the store: its entries as they were made, and the newest head."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, insert, select, update

from pollbook.clock import HybridTime
from pollbook.ledger import Head
from pollbook.types import EntryNumber
from register.store.schema.centre import own_entry, own_head
from register.store.statements import Statement


@dataclass(frozen=True, slots=True)
class OwnHead:
    """Where the ledger stands; `at` is the time of its newest entry."""

    head: Head
    at: HybridTime


def begin(connection: Connection, start: Head) -> None:
    """The ledger of a new register is there, without an entry."""
    connection.execute(insert(own_head).values(id=1, number=0, hash=start.hash, at=0))


def hold_head(connection: Connection) -> OwnHead:
    """The newest head, locked until the transaction ends, so that entries follow each other."""
    row = _HELD.one(connection)
    return OwnHead(Head(EntryNumber(row.number), bytes(row.hash)), HybridTime(row.at))


def add_entry(connection: Connection, head: Head, at: HybridTime, content: bytes, at_s: int) -> None:
    """The entry that leads to `head` is stored; only after `hold_head` in the same transaction."""
    _ADD.run(connection, number=head.number, hash=head.hash, bytes=content, at_s=at_s)
    _GO_ON.run(connection, new_number=head.number, new_hash=head.hash, new_at=at)


_HELD = Statement(select(own_head).where(own_head.c.id == 1).with_for_update())
_ADD = Statement(insert(own_entry), ("number", "hash", "bytes", "at_s"))
_GO_ON = Statement(
    update(own_head)
    .where(own_head.c.id == 1)
    .values(number=bindparam("new_number"), hash=bindparam("new_hash"), at=bindparam("new_at"))
)
_BEHIND = Statement(select(own_head.c.id).where(own_head.c.id == 1, own_head.c.behind_since_s.is_not(None)))


def own_entries(connection: Connection) -> Iterable[tuple[int, bytes, bytes]]:
    """Every entry in order: number, bytes, and the chain's hash after it."""
    for row in connection.execute(select(own_entry).order_by(own_entry.c.number)):
        yield row.number, bytes(row.bytes), bytes(row.hash)


def newest(connection: Connection, start: Head) -> Head:
    """The newest head, not locked."""
    row = connection.execute(select(own_head).where(own_head.c.id == 1)).first()
    return start if row is None else Head(EntryNumber(row.number), bytes(row.hash))


def is_behind(connection: Connection) -> bool:
    """Whether a book has known more of this register than it does itself, and nobody has said that it is recovered."""
    return _BEHIND.first(connection) is not None


def set_behind(connection: Connection, since_s: int | None) -> None:
    """The register is behind its books since then, or is recovered; only after `hold_head` in the same transaction."""
    connection.execute(update(own_head).where(own_head.c.id == 1).values(behind_since_s=since_s))
