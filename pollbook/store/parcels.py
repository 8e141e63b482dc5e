"""The book's queue of parcels: what goes to the register besides the ledger, and how far it has come there."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass

from pollbook.failures import InputInvalid
from pollbook.parcels import PARCEL_BYTES_MAX, ParcelKind, Piece, PieceAddress, parcel_id
from pollbook.store import engine
from pollbook.store.book import Book


@dataclass(frozen=True, slots=True)
class WaitingParcel:
    """A parcel that is not whole at the register yet."""

    id: bytes
    kind: ParcelKind
    size: int
    acknowledged: int


def queue_parcel(book: Book, kind: ParcelKind, content: bytes) -> bytes:
    """The parcel waits on the disk to be sent; returns its id. The same content again changes nothing.

    Raises:
        ValueError: Empty, or beyond `PARCEL_BYTES_MAX`.
    """
    if not 0 < len(content) <= PARCEL_BYTES_MAX:
        raise ValueError(f"a parcel of {len(content)} bytes")
    sha256 = hashlib.sha256(content).digest()
    name = parcel_id(kind, sha256)
    with book.writing():
        book.connection.exec_driver_sql(
            "INSERT OR IGNORE INTO parcel VALUES (?, ?, ?, ?, ?, 0, ?, 0)",
            (name, int(kind), len(content), sha256, content, int(book.clock.now().timestamp())),
        )
    return name


def drop_unbegun(book: Book, kind: ParcelKind) -> None:
    """Parcels of this kind of which the register has nothing yet are not sent: a newer one says more."""
    with book.writing():
        book.connection.exec_driver_sql("DELETE FROM parcel WHERE kind = ? AND acknowledged = 0", (int(kind),))


def waiting_parcels(book: Book) -> tuple[WaitingParcel, ...]:
    """What is not whole at the register, in the order of sending: by kind, then as they were queued."""
    with engine.translated():
        rows = book.connection.exec_driver_sql(
            "SELECT id, kind, size, acknowledged FROM parcel WHERE acknowledged < size AND refused = 0"
            " ORDER BY kind, queued_at_s, rowid"
        ).all()
    return tuple(WaitingParcel(row.id, ParcelKind(row.kind), row.size, row.acknowledged) for row in rows)


def next_piece(book: Book, kinds: Collection[ParcelKind], bytes_max: int) -> Piece | None:
    """What goes next: of the first waiting parcel of these kinds, the bytes after those that are acknowledged."""
    waiting = next((parcel for parcel in waiting_parcels(book) if parcel.kind in kinds), None)
    if waiting is None:
        return None
    with engine.translated():
        row = book.connection.exec_driver_sql(
            "SELECT sha256, substr(bytes, ?, ?) AS content FROM parcel WHERE id = ?",
            (waiting.acknowledged + 1, bytes_max, waiting.id),
        ).one()
    address = PieceAddress(book.name, waiting.id, waiting.acknowledged)
    return Piece(address, waiting.kind, waiting.size, row.sha256, row.content)


def note_parcel(book: Book, name: bytes, acknowledged: int) -> None:
    """The register has the first `acknowledged` bytes; once it has all, they are not kept here any longer.

    A whole parcel stays whole, whatever is said later: nothing is sent again after it was acknowledged.

    Raises:
        InputInvalid: More than there are, or no such parcel.
    """
    with book.writing():
        row = book.connection.exec_driver_sql("SELECT size FROM parcel WHERE id = ?", (name,)).one_or_none()
        if row is None or not 0 <= acknowledged <= row.size:
            raise InputInvalid("more of a parcel than there is")
        book.connection.exec_driver_sql(
            "UPDATE parcel SET acknowledged = ?, bytes = CASE WHEN ? = size THEN NULL ELSE bytes END"
            " WHERE id = ? AND acknowledged < size",
            (acknowledged, acknowledged, name),
        )


def note_refused_parcel(book: Book, name: bytes) -> None:
    """The register does not want this parcel: it stays here and is not sent any more."""
    with book.writing():
        book.connection.exec_driver_sql("UPDATE parcel SET refused = 1 WHERE id = ?", (name,))


def bytes_in_hour(book: Book, hour: int) -> int:
    """What went over the link in this hour since 1970, as far as it was noted."""
    with engine.translated():
        found = book.connection.exec_driver_sql(
            "SELECT bytes FROM link_use WHERE hour = ?", (hour,)
        ).scalar_one_or_none()
    return int(found or 0)


def note_bytes(book: Book, hour: int, count: int) -> None:
    """So many more bytes went over the link in this hour; earlier hours are forgotten after a day."""
    with book.writing():
        book.connection.exec_driver_sql(
            "INSERT INTO link_use VALUES (?, ?) ON CONFLICT (hour) DO UPDATE SET bytes = bytes + excluded.bytes",
            (hour, count),
        )
        book.connection.exec_driver_sql("DELETE FROM link_use WHERE hour < ?", (hour - 24,))
