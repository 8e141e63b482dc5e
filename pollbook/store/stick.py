"""One mirror on one medium: its two files, written so that whatever happens the medium holds a whole journal.

`StickFolder` is the only place that writes to the medium. It raises `OSError` as the system does, and `StickChanged`
where the medium is no longer as it was left; `failure_of` says what a person can do about a system's error.
"""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pollbook.failures import Failure
from pollbook.files import sync_folder, write_secret
from pollbook.mirror_file import HEADER_NAME, JOURNAL_NAME, TAIL_BYTES
from pollbook.store.media import HEADER_BYTES_MAX, JOURNAL_BYTES_MAX

_GONE = frozenset(
    {errno.ENOENT, errno.ENODEV, errno.ENXIO, errno.ENOTDIR, errno.ENOTCONN, getattr(errno, "ESTALE", errno.ENOENT)}
)
_FULL = frozenset({errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)})


class StickChanged(Exception):
    """The journal is not as it was left: another stick, an older copy, or somebody wrote to it. Read it again."""


@dataclass(frozen=True, slots=True)
class Files:
    """A mirror's two files as they were read."""

    header: bytes
    journal: bytes


class Stick(Protocol):
    """What a mirror needs of its medium; every method may wait for as long as the medium does."""

    @property
    def folder(self) -> Path:
        """Where it is."""

    def make(self, header: bytes) -> None:
        """The folder holds this header and an empty journal, on the medium."""

    def read(self) -> Files:
        """Both files."""

    def append(self, at: int, tail: bytes, frame: bytes) -> None:
        """The journal of `at` bytes, which ends with `tail`, is on the medium with `frame` after it."""

    def cut(self, at: int) -> None:
        """The journal has `at` bytes, on the medium."""


class StickFolder:
    """A mirror in a folder. See `Stick`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def _journal(self) -> Path:
        return self.folder / JOURNAL_NAME

    def make(self, header: bytes) -> None:
        """The folder holds this header and an empty journal, on the medium.

        Raises:
            OSError: The medium did not take it; a folder without a header holds nothing.
        """
        self.folder.mkdir(exist_ok=True)
        with self._journal.open("wb") as file:
            file.flush()
            os.fsync(file.fileno())
        write_secret(self.folder / HEADER_NAME, header)  # last: a mirror begins with its header
        sync_folder(self.folder.parent)

    def read(self) -> Files:
        """Both files.

        Raises:
            OSError: The medium is not there, or doesn't read.
            StickChanged: A file is larger than any mirror's.
        """
        with (self.folder / HEADER_NAME).open("rb") as file:
            header = file.read(HEADER_BYTES_MAX + 1)
        with self._journal.open("rb") as file:
            journal = file.read(JOURNAL_BYTES_MAX + 1)
        if len(header) > HEADER_BYTES_MAX or len(journal) > JOURNAL_BYTES_MAX:
            raise StickChanged
        return Files(header, journal)

    def append(self, at: int, tail: bytes, frame: bytes) -> None:
        """The journal of `at` bytes, which ends with `tail`, is on the medium with `frame` after it.

        Raises:
            OSError: The medium did not take it; the journal may end with a part of `frame`.
            StickChanged: It has another length or another end; nothing was written.
        """
        with self._journal.open("r+b", buffering=0) as file:
            if file.seek(0, os.SEEK_END) != at:
                raise StickChanged
            file.seek(max(0, at - TAIL_BYTES))
            if file.read(TAIL_BYTES) != tail:
                raise StickChanged
            left = memoryview(frame)
            while left:  # a nearly full medium takes a part before it says that it is full
                left = left[file.write(left) :]
            os.fsync(file.fileno())

    def cut(self, at: int) -> None:
        """The journal has `at` bytes, on the medium.

        Raises:
            OSError: The medium did not take it.
        """
        with self._journal.open("r+b", buffering=0) as file:
            file.truncate(at)
            os.fsync(file.fileno())


def failure_of(error: OSError) -> Failure:
    """What a person can do about a medium that failed so."""
    if error.errno in _GONE:
        return Failure.MIRROR_GONE
    return Failure.MIRROR_FULL if error.errno in _FULL else Failure.MIRROR_FAILED
