"""One import: the whole list, its totals and its people in one transaction, or nothing of them.

The report tells every row that was refused, held back or remarked upon by its number (the first voter's is 1), field
and reason. It holds nothing of what the row says, so it may be sent to whoever made the list.
"""

from __future__ import annotations

import csv
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from pathlib import Path
from typing import IO, TYPE_CHECKING

from pollbook.election import Election
from pollbook.failures import Failure, WorldFailed
from register.home import RegisterHome, make_folder
from register.store import lists, people
from register.store.engine import Database
from register.synthesis.territory import read_districts
from register.voter_list.columns import find_columns, read_mapping
from register.voter_list.csv_rows import Chunk, CsvRows, open_csv
from register.voter_list.encoding import Survey, survey
from register.voter_list.tables import read_officers, read_totals
from register.voter_list.validation import Flawed, Validator
from register.voter_rows import COLUMNS, Reason, RowFault, Severity, VoterRow, warning

if TYPE_CHECKING:
    from register.voter_list.xlsx_rows import XlsxRows

BYTES_A_ROW = 150
"""Of a CSV; only to say how far an import is and whether it is large."""
_REPORT_HEADER = ("row", "field", "reason", "severity")
_REFUSES_ALL = {
    Reason.SYNTHETIC: Failure.LIST_SYNTHETIC,
    Reason.NOT_SYNTHETIC: Failure.LIST_NOT_SYNTHETIC,
}

logger = logging.getLogger(__name__)
Progress = Callable[[int, float], None]
"""Told the rows read and the share of the file, 0 to 1."""


@dataclass(frozen=True, slots=True)
class ImportFiles:
    """What is to be imported together."""

    voters: Path
    totals: Path | None = None
    officers: Path | None = None
    mapping: Path | None = None


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import came to; `imported + held_back + rejected` is the number of rows."""

    imported: int
    held_back: int
    rejected: int
    warnings: int
    report: Path
    differing: tuple[lists.PrecinctCount, ...]
    too_large: tuple[lists.PrecinctCount, ...]


@dataclass
class _Report:
    """The report under way: counts, and the file it is written to."""

    file: IO[str]
    warnings: int = 0
    rejected: int = 0

    def __post_init__(self) -> None:
        self._writer = csv.writer(self.file, lineterminator="\n")
        self._writer.writerow(_REPORT_HEADER)

    def add(self, number: int, faults: Sequence[RowFault]) -> None:
        for fault in faults:
            self._writer.writerow((number, fault.field, fault.reason.value, fault.severity.value))
        if any(fault.severity is Severity.ERROR for fault in faults):
            self.rejected += 1
        else:
            self.warnings += 1

    def remark(self, number: int, reason: Reason) -> None:
        """A row that the register looked at beside others: refused for its place, or held back for its PINFL."""
        is_refused = reason is Reason.PLACE_TWICE
        self.add(number, [RowFault("row", reason) if is_refused else warning("pinfl", reason)])


def import_list(
    home: RegisterHome,
    database: Database,
    election: Election,
    files: ImportFiles,
    now: datetime,
    progress: Progress = lambda _rows, _share: None,
) -> Imported:
    """The list's voters, the totals and the people are in the register.

    Raises:
        WorldFailed: `FILE_UNREADABLE`, `LIST_UNREADABLE`, `LIST_COLUMNS_MISSING`, `LIST_ALREADY_IMPORTED`,
            `LIST_NOT_SYNTHETIC`, `LIST_SYNTHETIC`, `TOTALS_UNREADABLE`, `OFFICERS_UNREADABLE`, or what
            `Database.write` raises; the register is as it was.
    """
    mapping = read_mapping(files.mapping) if files.mapping else {}
    totals = read_totals(files.totals) if files.totals else {}
    officers = read_officers(files.officers) if files.officers else {}
    surveyed = survey(files.voters)
    report_path = home.reports / f"import-{now:%Y%m%dT%H%M%SZ}-{surveyed.sha256.hex()[:8]}.csv"
    with _report_at(report_path) as report, database.write() as connection:
        if lists.is_imported(connection, surveyed.sha256):
            raise WorldFailed(Failure.LIST_ALREADY_IMPORTED, str(files.voters), path=files.voters)
        load = lists.begin_load(connection, surveyed.sha256, int(now.timestamp()), surveyed.size // BYTES_A_ROW)
        validate = Validator(election, surveyed.encoding)
        for chunk, share in _chunks(files.voters, surveyed, mapping):
            lists.add_lines(connection, load, _sound_rows(chunk, validate, report))
            progress(chunk.first + len(chunk.rows) - 1, share)
        loaded = lists.finish_load(connection, load, report.remark)
        if not loaded.imported + loaded.held_back + report.rejected:
            raise WorldFailed(Failure.LIST_UNREADABLE, "a header and no rows", path=files.voters)
        lists.set_totals(connection, totals)
        lists.name_precincts(connection, district_names())
        people.set_people(connection, officers)
        lists.note_load(connection, load, loaded, report.rejected, str(report_path))
        too_large = tuple(lists.precincts_beyond(connection, election.lines_max))
        differing = tuple(lists.differing_counts(connection, training=election.training))
    logger.info("import run=%s imported=%s rejected=%s", load.run, loaded.imported, report.rejected)
    return Imported(
        loaded.imported,
        loaded.held_back,
        report.rejected,
        report.warnings,
        report_path,
        differing,
        too_large,
    )


def district_names() -> dict[str, str]:
    """The districts' names by their SOATO codes."""
    return {district.soato: district.name for districts in read_districts().values() for district in districts}


def _opened(path: Path, surveyed: Survey) -> AbstractContextManager[CsvRows | XlsxRows]:
    if not surveyed.is_zip:
        return open_csv(path, surveyed.encoding)
    # The reader of spreadsheets takes a tenth of a second to load; no other list needs it.
    from register.voter_list.xlsx_rows import open_xlsx  # noqa: PLC0415 - as above

    return open_xlsx(path)


def _chunks(path: Path, surveyed: Survey, mapping: Mapping[str, str]) -> Iterator[tuple[Chunk, float]]:
    """The rows, their cells in the order of `COLUMNS`, with the share of the file that is read."""
    with _opened(path, surveyed) as rows:
        places = find_columns(rows.header, COLUMNS, mapping)
        width = len(rows.header)
        is_ours = places == tuple(range(width))
        pick = itemgetter(*places)
        for chunk in rows.chunks():
            broken = dict(chunk.broken)
            cells = chunk.rows
            for index, row in enumerate(cells):
                if len(row) != width:
                    broken.setdefault(index, RowFault("row", Reason.COLUMNS))
                elif not is_ours:
                    cells[index] = pick(row)
            yield Chunk(chunk.first, cells, broken), min(rows.bytes_read() / surveyed.size, 1.0)


def _sound_rows(chunk: Chunk, validate: Validator, report: _Report) -> list[tuple[int, VoterRow]]:
    """The chunk's rows that may enter the register; the faults of the others are in the report."""
    sound: list[tuple[int, VoterRow]] = []
    add = sound.append
    broken = chunk.broken
    for index, cells in enumerate(chunk.rows):
        number = chunk.first + index
        if index in broken:
            if cells or broken[index].reason is not Reason.COLUMNS:  # an empty line is no row
                report.add(number, [broken[index]])
            continue
        found = validate(cells)
        if type(found) is VoterRow:
            add((number, found))
        elif isinstance(found, Flawed):
            refusal = next((_REFUSES_ALL[fault.reason] for fault in found.faults if fault.reason in _REFUSES_ALL), None)
            if refusal is not None:
                raise WorldFailed(refusal, f"row {number}", row=number)
            report.add(number, found.faults)
            if found.row is not None:
                add((number, found.row))
    return sound


@contextmanager
def _report_at(path: Path) -> Iterator[_Report]:
    """A report that stands at `path` once the block has ended well; until then, and where it fails, beside it."""
    make_folder(path.parent)
    for left in path.parent.glob(".*.part"):
        left.unlink(missing_ok=True)
    passing = path.with_name(f".{path.name}.part")
    try:
        with passing.open("w", encoding="utf-8", newline="") as file:
            yield _Report(file)
        passing.replace(path)
    finally:
        passing.unlink(missing_ok=True)
