"""What goes onto a mirror: the header that a spare needs, and the records of the journal, a piece at a time."""

from __future__ import annotations

from collections.abc import Iterator

from pollbook import cbor, ledger
from pollbook.entries import AnnexAdded, KeyBound, LineAccepted, LineReleased, decode_entry
from pollbook.ledger import Head
from pollbook.mirror_file import MirrorHeader, Record, RecordKind
from pollbook.sealing import box_key_of
from pollbook.store import engine
from pollbook.store.book import Book
from pollbook.store.follower import Held
from pollbook.store.succession import pack_takeover
from pollbook.types import EntryNumber

FRAME_ENTRIES_MAX = 1000
FRAME_CONTENT_BYTES_MAX = 128 * 1024
VOTER_COLUMNS = (
    "line, pinfl, document, surname, given_name, patronymic, birth_date, sex, address, mahalla, district_soato,"
    " page, row, contests"
)


def header_of(book: Book) -> MirrorHeader:
    """What a spare needs of this book besides its journal."""
    with engine.translated():
        slice_bytes = book.connection.exec_driver_sql("SELECT slice FROM issued").scalar_one()
        earlier_seeds = book.connection.exec_driver_sql("SELECT seed FROM earlier_box ORDER BY epoch DESC").scalars()
    link = book.link
    return MirrorHeader(
        slice=slice_bytes,
        url=link.url,
        authority_pem=link.authority_pem,
        register_certificate=link.register_certificate,
        device_key=link.device_key.public,
        device_certificate=link.device_certificate,
        box_seeds=(box_key_of(link.device_key).seed, *earlier_seeds),
        made_at_s=int(book.clock.now().timestamp()),
        succession=tuple(pack_takeover(takeover) for takeover in book.chain.takeovers),
    )


def first_entries(book: Book, count: int) -> list[bytes]:
    """The book's entries up to number `count`."""
    with engine.translated():
        rows = book.connection.exec_driver_sql("SELECT bytes FROM entry WHERE number <= ? ORDER BY number", (count,))
        return list(rows.scalars())


def records_after(book: Book, held: Held) -> tuple[list[Record], Held]:
    """The next piece that a mirror with `held` does not have, and what it holds with it; no records where it has all.

    With an entry goes what was kept with it: the key that it binds, wrapped under the PIN. The piece ends with the
    book's signature over the head there.
    """
    with engine.translated():
        rows = book.connection.exec_driver_sql(
            "SELECT number, bytes, hash FROM entry WHERE number > ? ORDER BY number LIMIT ?",
            (held.number, FRAME_ENTRIES_MAX),
        ).all()
        items = book.connection.exec_driver_sql(
            "SELECT * FROM feed WHERE number > ? ORDER BY number LIMIT ?", (held.feed, FRAME_ENTRIES_MAX)
        ).all()
    records: list[Record] = []
    size, feed, head = 0, held.feed, None
    for item in items:
        record = Record(RecordKind.FEED, item.number, cbor.encode(list(item)))
        size += len(record.content)
        if records and size > FRAME_CONTENT_BYTES_MAX:
            break
        records.append(record)
        feed = item.number
    for row in rows:
        piece = [Record(RecordKind.ENTRY, row.number, row.bytes), *_beside(book, row.number, row.bytes)]
        size += sum(len(record.content) for record in piece)
        if head is not None and size > FRAME_CONTENT_BYTES_MAX:
            break
        records += piece
        head = Head(EntryNumber(row.number), row.hash)
    if head is None:
        return records, Held(held.number, feed)
    # Not kept in the book: its own signed heads cost a transaction each, and this one is on the stick.
    signature = ledger.sign_head(book.start, head, book.link.device_key).signature
    records.append(Record(RecordKind.HEAD, head.number, signature))
    return records, Held(head.number, feed)


def _beside(book: Book, number: int, entry: bytes) -> Iterator[Record]:
    """What the book keeps with this entry and a successor could not make again."""
    fact = decode_entry(entry).fact
    match fact:
        case KeyBound(person):
            yield from _rows(book, RecordKind.PIN, person, "SELECT wrapped_key FROM pin WHERE person = ?", person)
        case LineReleased():
            query = "SELECT id, way, certificate FROM sent_release WHERE entry = ?"
            yield from _rows(book, RecordKind.RELEASE, number, query, number)
        case AnnexAdded(line):
            query = "SELECT person, envelope FROM annex WHERE line = ?"
            yield from _rows(book, RecordKind.ANNEX, line, query, line)
        case LineAccepted(release):
            # Those of the slice are in the header; they come first in the table.
            query = f"SELECT {VOTER_COLUMNS} FROM voter WHERE line = ? AND id > {book.header.line_count}"  # noqa: S608
            for moved in release.lines:
                yield from _rows(book, RecordKind.VOTER, moved.line, query, moved.line)
        case _:
            pass


def _rows(book: Book, kind: RecordKind, number: int, query: str, key: int) -> Iterator[Record]:
    with engine.translated():
        rows = book.connection.exec_driver_sql(query, (key,)).all()
    for row in rows:
        yield Record(kind, number, cbor.encode(list(row)))
