"""Writes a synthetic list to a folder: the only module of the package that touches the disk."""

import csv
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple, TextIO

from register.synthesis.officers import officers_of
from register.synthesis.plan import Plan, Precinct, precincts
from register.synthesis.precinct import PrecinctList, duplicates, precinct_list
from register.synthesis.rows import Answer, OfficerRow, TotalRow
from register.synthesis.territory import read_districts
from register.voter_rows import COLUMNS

VOTERS: Final = "voters.csv"
TOTALS: Final = "totals.csv"
ANSWERS: Final = "answers.csv"
OFFICERS: Final = "officers.csv"
MARKER: Final = "SYNTHETIC.txt"

_COLUMNS: Final = {
    VOTERS: COLUMNS,
    TOTALS: TotalRow._fields,
    ANSWERS: Answer._fields,
    OFFICERS: OfficerRow._fields,
}

Report = Callable[[int, int], None]


@dataclass(frozen=True)
class Synthesised:
    """What was written."""

    precincts: int
    voters: int
    answers: int
    folder: Path


class _Table(NamedTuple):
    """A file being written under a passing name."""

    path: Path
    file: TextIO
    write: Callable[[Iterable[Iterable[Any]]], object]


def synthesise(plan: Plan, folder: Path, report: Report | None = None) -> Synthesised:
    """Write voters.csv, totals.csv, answers.csv and officers.csv, UTF-8 with LF, into the folder.

    Files of these names there are replaced once all are whole; until then they stand as `NAME.part`. Beside
    them `SYNTHETIC.txt` says what they are and how to make them again.

    Args:
        plan: What to synthesise; the same plan gives the same bytes.
        folder: Made when missing.
        report: Told after each precinct how many voters of how many are written.

    Raises:
        PlanRefused: The plan asks for more people than there are numbers; nothing was written.
        OSError: The folder cannot be written.
    """
    districts = read_districts()
    total = sum(precinct.voters for precinct in precincts(plan, districts))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARKER).write_text(_marker(plan, total), encoding="utf-8", newline="\n")
    with ExitStack() as files:
        tables = {name: _open(files, folder, name) for name in _COLUMNS}
        answers = _write_precincts(plan, precincts(plan, districts), tables, total, report)
    for name, table in tables.items():
        table.path.replace(folder / name)
    return Synthesised(plan.precincts, total, answers, folder)


def _write_precincts(
    plan: Plan,
    ordered: Iterable[Precinct],
    tables: dict[str, _Table],
    total: int,
    report: Report | None,
) -> int:
    """Write precinct after precinct; a list's answers wait for the next list, which may repeat its people."""
    answers_written = 0
    before: PrecinctList | None = None
    waiting: list[Answer] = []

    def write_waiting() -> int:
        waiting.sort(key=lambda answer: answer.row)
        tables[ANSWERS].write(waiting)
        return len(waiting)

    for precinct in ordered:
        listed = precinct_list(plan, precinct, before.precinct if before else None)
        of_before, of_listed = duplicates(before, listed) if before else ([], [])
        waiting += of_before
        answers_written += write_waiting()
        waiting = listed.answers + of_listed
        tables[VOTERS].write(listed.rows)
        tables[TOTALS].write([TotalRow(precinct.code, len(listed.rows))])
        tables[OFFICERS].write(officers_of(plan, precinct))
        before = listed
        if report:
            report(precinct.first_row + len(listed.rows), total)
    return answers_written + write_waiting()


def _open(files: ExitStack, folder: Path, name: str) -> _Table:
    path = folder / f"{name}.part"
    file = files.enter_context(path.open("w", encoding="utf-8", newline="", buffering=1 << 20))
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(_COLUMNS[name])
    return _Table(path, file, writer.writerows)


def _marker(plan: Plan, total: int) -> str:
    return (
        "SYNTHETIC\n"
        "The people in these files do not exist: document series ZZ, PINFL area codes 900-999.\n"
        f"precincts={plan.precincts} voters={total} seed={plan.seed} election_day={plan.election_day}\n"
    )
