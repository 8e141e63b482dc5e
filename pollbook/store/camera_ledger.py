"""The camera ledger on the disk: a file of signed batches, added to by whoever records, read by anybody.

    file    = batch*
    batch   = length (4 bytes, big-endian) || extract        (`pollbook.camera_entries`)

Each batch is an extract that vouches for itself and begins where the one before ended. A batch that a crash tore is
cut off when the file is next opened for writing. The same bytes stand beside the recordings, so that a folder can be
proven on another machine.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from filelock import FileLock, Timeout

from pollbook import ledger
from pollbook.camera_entries import (
    CameraEntry,
    CameraFact,
    Extract,
    camera_origin,
    decode_camera_entry,
    decode_extract,
    encode_camera_entry,
    encode_extract,
    is_whole,
)
from pollbook.failures import Failure, InputInvalid, WeFailed, WorldFailed
from pollbook.files import write_secret
from pollbook.ledger import Head
from pollbook.parcels import PARCEL_BYTES_MAX, ParcelKind
from pollbook.signing import SigningKey
from pollbook.store.book import Book
from pollbook.store.parcels import queue_parcel
from pollbook.types import EntryNumber

BATCH_BYTES_MAX = 8 * 1024 * 1024
_LENGTH_BYTES = 4


@dataclass(frozen=True, slots=True)
class LedgerRead:
    """What a ledger's bytes hold as far as they hold: `broken_after` is the last good entry where something broke."""

    start: Head
    batches: tuple[Extract, ...]
    entries: tuple[CameraEntry, ...]
    whole_bytes: int
    broken_after: EntryNumber | None

    @property
    def head(self) -> Head:
        """The head after the last good entry."""
        return self.batches[-1].signed.head if self.batches else self.start


def read_ledger(untrusted: bytes, start: Head, public_key: bytes) -> LedgerRead:
    """The ledger in these bytes, proven batch by batch: a torn last batch is left out, a false one is told."""
    head, at = start, 0
    batches, entries = list[Extract](), list[CameraEntry]()
    while at < len(untrusted):
        length = int.from_bytes(untrusted[at : at + _LENGTH_BYTES], "big")
        end = at + _LENGTH_BYTES + length
        if len(untrusted) - at < _LENGTH_BYTES or (end > len(untrusted) and length <= BATCH_BYTES_MAX):
            return LedgerRead(start, tuple(batches), tuple(entries), at, None)
        try:
            batch = decode_extract(untrusted[at + _LENGTH_BYTES : end], BATCH_BYTES_MAX)
            if batch.before != head or not is_whole(batch, start, public_key):
                raise InputInvalid("a batch that does not hold")
            entries += [decode_camera_entry(entry) for entry in batch.entries]
        except InputInvalid:
            return LedgerRead(start, tuple(batches), tuple(entries), at, head.number)
        batches.append(batch)
        head, at = batch.signed.head, end
    return LedgerRead(start, tuple(batches), tuple(entries), at, None)


class CameraLedger:
    """The ledger of a home, open for adding. A context manager; one program at a time has it."""

    def __init__(self, book: Book) -> None:
        """Open the ledger of the book's device, which needs the book no longer; a torn end is cut off.

        Raises:
            WorldFailed: `CAMERAS_IN_USE`, `DISK_FAILED`.
            WeFailed: `CAMERA_LEDGER_BROKEN`.
        """
        self._path, self._start = book.home.camera_ledger(book.name), start_of(book)
        self._key: SigningKey = book.link.device_key
        self._lock = FileLock(book.home.camera_lock)
        try:
            self._lock.acquire(timeout=0)
        except Timeout as error:
            raise WorldFailed(Failure.CAMERAS_IN_USE, path=book.home.path) from error
        try:
            self._read = read_ledger(_content(self._path), self._start, self._key.public)
            if self._read.broken_after is not None:
                raise WeFailed(Failure.CAMERA_LEDGER_BROKEN, str(self._read.broken_after))
            if self._path.exists():
                os.truncate(self._path, self._read.whole_bytes)
        except OSError as error:
            self._lock.release()
            raise WorldFailed(Failure.DISK_FAILED) from error
        except BaseException:
            self._lock.release()
            raise
        self._head = self._read.head

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Another program may have it."""
        self._lock.release()

    @property
    def head(self) -> Head:
        """The head after the last entry."""
        return self._head

    @property
    def entries(self) -> Sequence[CameraEntry]:
        """What it held when it was opened."""
        return self._read.entries

    def add(self, facts: Sequence[CameraFact], now_ms: int) -> Head:
        """The facts are entries, in order and signed, and on the disk.

        Raises:
            WorldFailed: `DISK_FULL`, `DISK_FAILED`; nothing was added.
        """
        if not facts:
            return self._head
        entries = tuple(encode_camera_entry(CameraEntry(now_ms, fact)) for fact in facts)
        head = ledger.extend_all(self._head, entries)
        batch = encode_extract(Extract(self._head, entries, ledger.sign_head(self._start, head, self._key)))
        before = self._path.stat().st_size if self._path.exists() else 0
        try:
            _append(self._path, len(batch).to_bytes(_LENGTH_BYTES, "big") + batch)
        except OSError as error:
            with suppress(OSError):
                os.truncate(self._path, before)
            raise WorldFailed(Failure.DISK_FULL, f"errno {error.errno}") from error
        self._head = head
        return head

    def copy_to(self, beside: Path) -> None:
        """The file `beside` holds the same bytes.

        Raises:
            OSError: Its disk didn't take them.
        """
        content = self._path.read_bytes() if self._path.exists() else b""
        there = beside.read_bytes() if beside.exists() else b""
        if content.startswith(there):
            if content != there:
                _append(beside, content[len(there) :])
        else:
            write_secret(beside, content)


def ledger_of(book: Book) -> LedgerRead:
    """The camera ledger of the book's home, as it is on the disk at this moment."""
    return read_ledger(_content(book.home.camera_ledger(book.name)), start_of(book), book.link.device_key.public)


def start_of(book: Book) -> Head:
    """Where the camera ledger of the book's device begins."""
    return camera_origin(book.election.id, book.name)


def queue_camera_ledger(book: Book) -> bool:
    """What the camera ledger has and the register was not sent is a parcel: hashes and times, no picture."""
    path, marker = book.home.camera_ledger(book.name), book.home.camera_ledger_sent(book.name)
    size = path.stat().st_size if path.exists() else 0
    sent = int(marker.read_text("ascii")) if marker.exists() else 0
    if size <= sent:
        return False
    content = _content(path)[sent:]
    whole = whole_bytes(content[:PARCEL_BYTES_MAX])
    if not whole:
        return False
    queue_parcel(book, ParcelKind.CAMERA_LEDGER, content[:whole])
    write_secret(marker, str(sent + whole).encode())
    return True


def whole_bytes(content: bytes) -> int:
    """How many of the bytes are whole batches."""
    at = 0
    while True:
        end = at + _LENGTH_BYTES + int.from_bytes(content[at : at + _LENGTH_BYTES], "big")
        if len(content) - at < _LENGTH_BYTES or end > len(content):
            return at
        at = end


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise WorldFailed(Failure.DISK_FAILED, f"errno {error.errno}") from error


def _append(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0), 0o600)
    try:
        if os.write(descriptor, content) < len(content):
            raise OSError(28, "the disk took a part")
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
