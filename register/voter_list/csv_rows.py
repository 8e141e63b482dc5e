"""Rows of a CSV file, a chunk at a time; one line of the file is one row, whatever its quotes say.

A quote that is never closed would swallow every row up to the next quote. So lines are parsed in chunks at C's speed,
and where a chunk does not give one row a line, its lines are parsed one by one: only the broken ones are refused.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TextIO

from pollbook.failures import Failure, WorldFailed
from register.voter_rows import Reason, RowFault

LINE_CHARACTERS_MAX = 64 * 1024
"""Fourteen fields of 400 characters take a tenth of it; what is longer is refused without being kept."""
CHUNK_ROWS = 2000
_DELIMITERS = (",", ";", "\t")


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some rows of the file: `first` is the number of the first one; a row in `broken` has no cells to look at."""

    first: int
    rows: list[list[str]]
    broken: Mapping[int, RowFault] = field(default_factory=dict)


@dataclass(frozen=True)
class CsvRows:
    """An open CSV file past its header."""

    header: list[str]
    delimiter: str
    _file: TextIO
    _lines: Iterator[str]

    def chunks(self) -> Iterator[Chunk]:
        """All rows, in order; the first one after the header has the number 1."""
        first = 1
        while lines := list(islice(self._lines, CHUNK_ROWS)):
            yield _chunk(first, lines, self.delimiter)
            first += len(lines)

    def bytes_read(self) -> int:
        """How far into the file the reading is."""
        return self._file.buffer.tell()


@contextmanager
def open_csv(path: Path, encoding: str) -> Iterator[CsvRows]:
    """The file as rows. Bytes that the encoding does not have become lone surrogates, for the validator to refuse.

    Raises:
        WorldFailed: `FILE_UNREADABLE`, `LIST_UNREADABLE` where it has no header.
    """
    try:
        file = path.open(encoding=encoding, errors="surrogateescape", newline="")
    except OSError as error:
        raise WorldFailed(Failure.FILE_UNREADABLE, str(path), path=path) from error
    with file:
        lines = _lines(file)
        line = next(lines, "")
        delimiter = max(_DELIMITERS, key=line.count)
        header = _row(line, delimiter)
        if not isinstance(header, list) or len(header) < 2:
            raise WorldFailed(Failure.LIST_UNREADABLE, "no header", where="no header")
        yield CsvRows(header, delimiter, file, lines)


def _lines(file: TextIO) -> Iterator[str]:
    """The lines of the file, each cut at the longest a row may have."""
    read = file.readline
    while line := read(LINE_CHARACTERS_MAX):
        if len(line) == LINE_CHARACTERS_MAX and line[-1] not in "\r\n":
            while (rest := read(LINE_CHARACTERS_MAX)) and rest[-1] not in "\r\n":
                pass
        yield line


def _chunk(first: int, lines: list[str], delimiter: str) -> Chunk:
    rows: list[list[str]] = []
    if max(map(len, lines)) < LINE_CHARACTERS_MAX:
        with suppress(csv.Error):
            rows = list(csv.reader(lines, delimiter=delimiter, strict=True))
    if len(rows) == len(lines):
        return Chunk(first, rows)
    rows, broken = [], {}
    for index, line in enumerate(lines):
        row = _row(line, delimiter)
        if isinstance(row, RowFault):
            broken[index] = row
            row = []
        rows.append(row)
    return Chunk(first, rows, broken)


def _row(line: str, delimiter: str) -> list[str] | RowFault:
    if len(line) >= LINE_CHARACTERS_MAX:
        return RowFault("row", Reason.TOO_LONG)
    try:
        return next(csv.reader((line,), delimiter=delimiter, strict=True), [])
    except csv.Error:
        return RowFault("row", Reason.UNCLOSED_QUOTE)
