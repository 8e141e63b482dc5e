"""Rows of an XLSX file, a chunk at a time, guarded against files that unpack to more than they should.

A workbook is a zip of XML. Sheets are streamed, but shared texts and styles are held in memory by openpyxl, so their
unpacked sizes are bounded before anything is opened; `zipfile` reads no more of a member than the size it declares.
A list of more than some 300,000 voters belongs in a CSV.
"""

from __future__ import annotations

import zipfile
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from datetime import date, datetime
from itertools import islice, repeat
from pathlib import Path
from typing import IO, Any

from openpyxl import load_workbook
from openpyxl.worksheet._reader import WorkSheetParser

from pollbook.failures import Failure, WorldFailed
from register.voter_list.csv_rows import CHUNK_ROWS, Chunk
from register.voter_rows import Reason, RowFault

MEMBERS_MAX = 1000
SHARED_BYTES_MAX = 32 * 1024 * 1024
"""Of shared texts: they take up to four times as much in memory."""
OTHER_BYTES_MAX = 4 * 1024 * 1024
SHEET_BYTES_MAX = 2 * 1024 * 1024 * 1024
RATIO_MAX = 100
"""Sheets of voters shrink 5 to 20 times; a bomb, a thousand times."""
_RATIO_FROM_BYTES = 1024 * 1024
ROWS_MAX = 1_048_576
"""Of a sheet. Source: Excel specifications and limits."""
EMPTY_RUN_MAX = 10_000
"""Empty rows with a filled one below them: no list of voters has such a hole, a sheet with a stray cell does."""
_COLUMNS_MAX = 200


class XlsxRows:
    """The first sheet of an open workbook past its header."""

    def __init__(self, cells: Iterator[tuple[object, ...]], rows_announced: int, size: int) -> None:
        self._cells = cells
        self._size = size
        self._rows = max(rows_announced, 1)
        self._done = 0
        header = [_text(cell) for cell in next(self._cells, ())]
        while header and not header[-1]:
            header.pop()
        self.header = header

    def chunks(self) -> Iterator[Chunk]:
        """All rows, in order; the first one below the header has the number 1."""
        width = len(self.header)
        while rows := list(islice(self._cells, CHUNK_ROWS)):
            texts: list[list[str]] = []
            broken: dict[int, RowFault] = {}
            for index, row in enumerate(rows):
                cells = [_text(cell) for cell in row[:width]]
                if any(cell.startswith("=") for cell in cells):
                    broken[index] = RowFault("row", Reason.FORMULA)
                # A sheet's row ends at its last filled cell; one that is wholly empty is no row.
                texts.append([*cells, *[""] * (width - len(cells))] if any(cells) else [])
            first = self._done + 1
            self._done += len(rows)
            yield Chunk(first, texts, broken)

    def bytes_read(self) -> int:
        """How far the reading is, as a part of the file's size: rows done of the rows that the sheet announces."""
        return int(self._size * min(self._done / self._rows, 1.0))


@contextmanager
def open_xlsx(path: Path) -> Iterator[XlsxRows]:
    """The first sheet of the workbook as rows.

    Raises:
        WorldFailed: `FILE_UNREADABLE`; `LIST_UNREADABLE` where it is not a workbook, or one that unpacks too far.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise WorldFailed(Failure.FILE_UNREADABLE, str(path), path=path) from error
    with file:
        try:
            _guard(file)
            sheet: Any = load_workbook(file, read_only=True, data_only=False, keep_links=False).worksheets[0]
        except WorldFailed:
            raise
        except Exception as error:  # openpyxl lets errors of many families through
            raise _unreadable("not a workbook") from error
        with closing(_only_broken_sheets(_rows(sheet))) as guarded:
            yield XlsxRows(guarded, sheet.max_row or 1, path.stat().st_size)


def _rows(sheet: Any) -> Generator[tuple[object, ...]]:  # noqa: ANN401 - a sheet of openpyxl's, whose insides are read
    """The sheet's rows down to its last filled one; those that the file leaves out are empty.

    `sheet.iter_rows` believes the size that the sheet announces, leaves out a row whose number is not above the one
    before, and makes up as many rows as a far one asks for; each of them would lose voters or never end.

    Raises:
        WorldFailed: `LIST_UNREADABLE`.
    """
    book, given, last = sheet.parent, 0, 0
    formats = {"date_formats": book._date_formats, "timedelta_formats": book._timedelta_formats}  # noqa: SLF001
    with sheet._get_source() as source:  # noqa: SLF001
        parser = WorkSheetParser(source, sheet._shared_strings, epoch=book.epoch, **formats)  # noqa: SLF001
        for number, cells in parser.parse():
            if not last < number <= ROWS_MAX:
                raise _unreadable(f"row {number} after row {last}")
            last = number
            row = [None] * min(max((cell["column"] for cell in cells), default=0), _COLUMNS_MAX)
            for cell in cells:
                if cell["column"] <= _COLUMNS_MAX:
                    row[cell["column"] - 1] = cell["value"]
            if all(value is None for value in row):
                continue
            if number - given - 1 > EMPTY_RUN_MAX:
                raise _unreadable(f"{number - given - 1} empty rows above row {number}")
            yield from repeat((), number - given - 1)
            given = number
            yield tuple(row)


def _only_broken_sheets(cells: Iterator[tuple[object, ...]]) -> Generator[tuple[object, ...]]:
    """The same rows; whatever openpyxl raises while it parses them means that the sheet is broken."""
    while True:
        try:
            row = next(cells, None)
        except WorldFailed:
            raise
        except Exception as error:
            raise _unreadable("a broken sheet") from error
        if row is None:
            return
        yield row


def _guard(file: IO[bytes]) -> None:
    with zipfile.ZipFile(file) as archive:
        members = archive.infolist()
    if len(members) > MEMBERS_MAX:
        raise _unreadable("too many parts")
    for member in members:
        name = member.filename.lower()
        if name.endswith("sharedstrings.xml"):
            limit = SHARED_BYTES_MAX
        else:
            limit = SHEET_BYTES_MAX if "worksheets/" in name else OTHER_BYTES_MAX
        is_bomb = member.file_size > _RATIO_FROM_BYTES and member.file_size > RATIO_MAX * max(member.compress_size, 1)
        if member.file_size > limit or is_bomb:
            raise _unreadable("it unpacks to too much; save it as CSV")


def _unreadable(detail: str) -> WorldFailed:
    return WorldFailed(Failure.LIST_UNREADABLE, detail, where=detail)


def _text(cell: object) -> str:
    """A cell as a CSV would have it."""
    match cell:
        case None:
            return ""
        case str():
            return cell
        case bool():
            return str(cell)
        case float() if cell.is_integer():
            return str(int(cell))
        case datetime():
            return cell.date().isoformat()
        case date():
            return cell.isoformat()
        case _:
            return str(cell)
