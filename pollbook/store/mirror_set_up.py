"""Whether a book is mirrored, under which key, and where: what the book keeps of that."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from pollbook.failures import InputInvalid
from pollbook.mirror_file import (
    HEADER_NAME,
    SealedCode,
    decode_header,
    keys_of,
    mirror_id_of,
    new_code,
    new_key,
    wrap_key,
)
from pollbook.store import engine
from pollbook.store.book import Book


def set_up(book: Book, code: str | None = None) -> SealedCode:
    """The book has a new mirror key; the code that opens it is told this once, for the sealed envelope.

    `code` is one that lies in an envelope already: a successor's mirrors open by its predecessor's. Mirrors made under
    an earlier key stay as they are; new ones are begun beside them.
    """
    key, code = new_key(), code or new_code()
    with book.writing():
        book.connection.exec_driver_sql(
            "INSERT OR REPLACE INTO mirror_key VALUES (1, ?, ?)", (key, wrap_key(key, code))
        )
    header = book.header
    return SealedCode(header.precinct, header.precinct_name, header.desk, str(book.name), code)


def is_set_up(book: Book) -> bool:
    """Whether this book is to be mirrored."""
    return mirror_keys(book) is not None


def name_place(book: Book, root: Path) -> None:
    """The mirror is kept on this medium or in this folder as well, whatever else is there."""
    with book.writing():
        book.connection.exec_driver_sql("INSERT OR IGNORE INTO mirror_place VALUES (?)", (os.fspath(root),))


def named_places(book: Book) -> tuple[Path, ...]:
    """The places that a person named for the mirror."""
    with engine.translated():
        paths = book.connection.exec_driver_sql("SELECT path FROM mirror_place ORDER BY path").scalars().all()
    return tuple(Path(path) for path in paths)


def is_own_folder(book: Book, folder: Path) -> bool:
    """Whether the mirror in `folder` is one that this book made under its present code."""
    keys = mirror_keys(book)
    try:
        header = (folder / HEADER_NAME).read_bytes()
    except OSError:
        return False
    return keys is not None and is_under(keys.key, header)


def stop_mirroring(book: Book) -> None:
    """The book is mirrored no more; what is on the sticks stays there, and its code opens it still."""
    with book.writing():
        book.connection.exec_driver_sql("DELETE FROM mirror_key")
        book.connection.exec_driver_sql("DELETE FROM mirror_place")


@dataclass(frozen=True, slots=True)
class MirrorKeys:
    """The key that mirrors are written under, and the same wrapped under the code in the envelope."""

    key: bytes
    wrapped: bytes


def mirror_keys(book: Book) -> MirrorKeys | None:
    """The key that this book is mirrored under, None where it is not to be mirrored."""
    with engine.translated():
        row = book.connection.exec_driver_sql("SELECT key, wrapped FROM mirror_key").one_or_none()
    return None if row is None else MirrorKeys(row.key, row.wrapped)


def is_under(key: bytes, untrusted_header: bytes) -> bool:
    """Whether this is the header of a mirror that was made under this key."""
    try:
        decode_header(untrusted_header, keys_of(key, mirror_id_of(untrusted_header)))
    except InputInvalid:
        return False
    return True
