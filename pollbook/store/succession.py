"""Which book this is: the one its slice names, or one that took over from it, maybe through others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Row

from pollbook import cbor, ledger
from pollbook.book_view import Identity
from pollbook.cbor import Fields
from pollbook.ledger import HEAD_BYTES, Head
from pollbook.releases import KEY_BYTES, pack_book, take_book
from pollbook.slice import SliceHeader
from pollbook.store import engine
from pollbook.store.link import Link
from pollbook.types import BookName, DeviceId, EntryNumber

_TAKEOVER_BYTES_MAX = 4096


@dataclass(frozen=True, slots=True)
class Takeover:
    """One step: `successor` goes on from `head`, the last entry that it took over from `predecessor`."""

    successor: BookName
    predecessor: BookName
    predecessor_key: bytes
    head: Head


@dataclass(frozen=True, slots=True)
class Chain:
    """The book's identity, its ledger's origin, and the identities and origins of the books before it, oldest first."""

    identity: Identity
    start: Head
    earlier: tuple[tuple[Identity, Head], ...]
    takeovers: tuple[Takeover, ...]


def read_chain(connection: Connection, header: SliceHeader, link: Link) -> Chain:
    """The chain of books that ends with the one in this database."""
    with engine.translated():
        rows = connection.exec_driver_sql("SELECT * FROM succession ORDER BY epoch").all()
    return chain_of(header, tuple(_takeover(row) for row in rows), link.device_key.public, link.register_key())


def chain_of(header: SliceHeader, takeovers: Sequence[Takeover], own_key: bytes, register_key: bytes) -> Chain:
    """The chain of books from the one that `header` was issued to, through `takeovers`, oldest first."""
    election, sha256 = header.election.id, header.sha256
    keys = [takeover.predecessor_key for takeover in takeovers] + [own_key]
    identity = Identity(election, header.book, keys[0], register_key, sha256)
    start = ledger.origin(election, header.book, sha256)
    earlier: list[tuple[Identity, Head]] = []
    for takeover, key in zip(takeovers, keys[1:], strict=True):
        earlier.append((identity, start))
        ancestors = identity.ancestors | {identity.name}
        identity = Identity(
            election,
            takeover.successor,
            key,
            register_key,
            sha256,
            identity.name,
            start,
            identity.public_key,
            ancestors,
        )
        start = ledger.successor_origin(election, takeover.successor, sha256, takeover.head)
    return Chain(identity, start, tuple(earlier), tuple(takeovers))


def write_takeover(connection: Connection, takeover: Takeover) -> None:
    """The database belongs to the successor from now on; only inside a transaction."""
    connection.exec_driver_sql(
        "INSERT INTO succession (epoch, device, old_device, old_epoch, old_key, head_number, head_hash)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            takeover.successor.epoch,
            takeover.successor.device,
            takeover.predecessor.device,
            takeover.predecessor.epoch,
            takeover.predecessor_key,
            takeover.head.number,
            takeover.head.hash,
        ),
    )


def pack_takeover(takeover: Takeover) -> bytes:
    """The takeover as a mirror's header has it."""
    books = (takeover.successor, takeover.predecessor)
    head = takeover.head
    return cbor.encode([*map(pack_book, books), takeover.predecessor_key, head.number, head.hash])


def take_takeover(untrusted: bytes) -> Takeover:
    """The takeover that `pack_takeover` packed.

    Raises:
        InputInvalid: Anything else.
    """
    fields = Fields(cbor.decode(untrusted, _TAKEOVER_BYTES_MAX), 5)
    successor, predecessor = take_book(fields.take_array(2)), take_book(fields.take_array(2))
    key = fields.take_bytes(KEY_BYTES, KEY_BYTES)
    return Takeover(
        successor, predecessor, key, Head(EntryNumber(fields.take_int()), fields.take_bytes(HEAD_BYTES, HEAD_BYTES))
    )


def _takeover(row: Row[tuple[object, ...]]) -> Takeover:
    return Takeover(
        BookName(DeviceId(row.device), row.epoch),
        BookName(DeviceId(row.old_device), row.old_epoch),
        row.old_key,
        Head(EntryNumber(row.head_number), row.head_hash),
    )
