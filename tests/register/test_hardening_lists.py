from __future__ import annotations

import re
import zipfile
from datetime import date
from pathlib import Path

import pytest
from openpyxl import Workbook

from pollbook.failures import Failure, WorldFailed
from register.voter_list.validation import _dates
from register.voter_list.xlsx_rows import EMPTY_RUN_MAX, ROWS_MAX, open_xlsx
from register.voter_rows import Reason

SHEET = "xl/worksheets/sheet1.xml"


def sheet_of(tmp_path: Path, rows: str, dimension: str = "") -> Path:
    """A workbook whose only sheet has these rows, written by hand."""
    whole, path = tmp_path / "whole.xlsx", tmp_path / "list.xlsx"
    Workbook().save(whole)
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(path, "w") as target:
        for member in source.namelist():
            content = source.read(member)
            if member == SHEET:
                text = re.sub(r"<dimension[^>]*/>", dimension, content.decode())
                content = re.sub(r"<sheetData\s*/>|<sheetData></sheetData>", lambda _: data(rows), text).encode()
            target.writestr(member, content)
    return path


def data(rows: str) -> str:
    return f"<sheetData>{rows}</sheetData>"


def row(number: int, value: int | None = None) -> str:
    cell = f'<c r="A{number}"><v>{number if value is None else value}</v></c>'
    return f'<row r="{number}">{cell}</row>'


def read(path: Path) -> list[list[str]]:
    with open_xlsx(path) as rows:
        return [row for chunk in rows.chunks() for row in chunk.rows]


@pytest.mark.parametrize(
    "dimension", ["", '<dimension ref="A1:A2"/>', '<dimension ref="A1"/>', '<dimension ref="A3:B4"/>']
)
def test_a_sheet_that_announces_a_wrong_size_loses_nobody(tmp_path: Path, dimension: str) -> None:
    path = sheet_of(tmp_path, "".join(map(row, range(1, 6))), dimension)
    assert read(path) == [["2"], ["3"], ["4"], ["5"]]


@pytest.mark.parametrize("dimension", ["", '<dimension ref="A1:A1048576"/>'])
@pytest.mark.parametrize("number", [EMPTY_RUN_MAX + 4, ROWS_MAX, ROWS_MAX + 1, 4_000_000_000])
def test_a_far_row_is_refused_instead_of_filled_up_to(tmp_path: Path, dimension: str, number: int) -> None:
    path = sheet_of(tmp_path, row(1) + row(2) + row(number), dimension)
    with pytest.raises(WorldFailed) as caught:
        read(path)
    assert caught.value.failure is Failure.LIST_UNREADABLE


@pytest.mark.parametrize("numbers", [(1, 2, 2), (1, 3, 2), (1, 0)])
def test_rows_out_of_order_are_refused_and_none_is_dropped(tmp_path: Path, numbers: tuple[int, ...]) -> None:
    with pytest.raises(WorldFailed) as caught:
        read(sheet_of(tmp_path, "".join(map(row, numbers))))
    assert caught.value.failure is Failure.LIST_UNREADABLE


def test_rows_keep_their_numbers_over_a_small_hole_and_empty_ones_at_the_end_are_none(tmp_path: Path) -> None:
    path = sheet_of(tmp_path, row(1) + row(4) + "".join(f'<row r="{number}"/>' for number in range(5, 30_000)))
    assert read(path) == [[], [], ["4"]]


@pytest.mark.parametrize("text", ["1999-W01-1", "19990101  ", "1999-001", "１999-01-01"])
def test_only_a_plain_date_is_a_birth_date(text: str) -> None:
    assert _dates(date(2026, 12, 20))(text) is Reason.NOT_A_DATE
    assert _dates(date(2026, 12, 20))("1999-01-01") == "1999-01-01"
