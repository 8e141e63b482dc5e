from __future__ import annotations

import zipfile
from datetime import datetime
from pathlib import Path

import pytest
from openpyxl import Workbook

from pollbook.failures import Failure, WorldFailed
from register.voter_list.columns import find_columns, read_mapping
from register.voter_list.csv_rows import Chunk, open_csv
from register.voter_list.encoding import UTF_8, WINDOWS_1251, survey
from register.voter_list.xlsx_rows import open_xlsx
from register.voter_rows import COLUMNS, Reason

HEADER = "a,b\n"


def read(path: Path, encoding: str = UTF_8) -> list[Chunk]:
    with open_csv(path, encoding) as rows:
        return list(rows.chunks())


def written(tmp_path: Path, content: bytes | str) -> Path:
    path = tmp_path / "list.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (b"a,b\nAli,Vali\n", UTF_8),
        ("a,b\nЎктам,Oʻktam\n".encode(), UTF_8),
        ("a,b\nЎктам,2\n".encode("utf-8-sig"), UTF_8),
        ("a,b\nКаримов,2\n".encode("cp1251"), WINDOWS_1251),
        (b"a,b\n" + b"x,y\n" * 400_000 + "Каримов,2\n".encode("cp1251"), WINDOWS_1251),
        (("a,b\n" + "Ўктам,Oʻktam\n" * 3).encode() + "Каримов,2\n".encode("cp1251"), UTF_8),
    ],
    ids=["ascii", "utf-8", "bom", "cp1251", "cp1251 in the last of many lines", "mostly utf-8"],
)
def test_the_encoding_is_decided_on_the_whole_file(tmp_path: Path, content: bytes, encoding: str) -> None:
    surveyed = survey(written(tmp_path, content))
    assert surveyed.encoding == encoding
    assert surveyed.size == len(content)


def test_a_byte_order_mark_is_no_part_of_the_first_column(tmp_path: Path) -> None:
    path = written(tmp_path, "a,b\n1,2\n".encode("utf-8-sig"))
    with open_csv(path, survey(path).encoding) as rows:
        assert rows.header == ["a", "b"]


def test_an_empty_file_and_a_file_without_header_are_refused(tmp_path: Path) -> None:
    with pytest.raises(WorldFailed) as caught:
        survey(written(tmp_path, b""))
    assert caught.value.failure is Failure.LIST_UNREADABLE
    with pytest.raises(WorldFailed) as caught:
        read(written(tmp_path, b"\n\n"))
    assert caught.value.failure is Failure.LIST_UNREADABLE


def test_utf_16_is_refused_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(WorldFailed, match="UTF-16"):
        survey(written(tmp_path, "a,b\n1,2\n".encode("utf-16")))


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WorldFailed) as caught:
        survey(tmp_path / "none.csv")
    assert caught.value.failure is Failure.FILE_UNREADABLE


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_is_that_of_the_header(tmp_path: Path, delimiter: str) -> None:
    path = written(tmp_path, f"a{delimiter}b\n1{delimiter}2\n")
    assert read(path)[0].rows == [["1", "2"]]


def test_an_unclosed_quote_costs_its_own_row_only(tmp_path: Path) -> None:
    path = written(tmp_path, HEADER + '1,2\n"3,4\n5,6\n7,"8"\n9,"x"y\n10,11\n')
    (chunk,) = read(path)
    assert {index: fault.reason for index, fault in chunk.broken.items()} == {
        1: Reason.UNCLOSED_QUOTE,
        4: Reason.UNCLOSED_QUOTE,
    }
    assert [row for index, row in enumerate(chunk.rows) if index not in chunk.broken] == [
        ["1", "2"],
        ["5", "6"],
        ["7", "8"],
        ["10", "11"],
    ]


def test_a_field_of_ten_megabytes_costs_its_own_row_only(tmp_path: Path) -> None:
    path = written(tmp_path, HEADER + "1,2\n" + "x" * 10_000_000 + ",4\n5,6\n")
    (chunk,) = read(path)
    assert {index: fault.reason for index, fault in chunk.broken.items()} == {1: Reason.TOO_LONG}
    assert chunk.rows[2] == ["5", "6"]
    assert survey(path).encoding == UTF_8


def test_ten_megabytes_of_cyrillic_without_a_line_end_do_not_change_the_encoding(tmp_path: Path) -> None:
    assert survey(written(tmp_path, HEADER + "ў" * 5_000_000)).encoding == UTF_8


def test_rows_are_numbered_through_all_chunks(tmp_path: Path) -> None:
    path = written(tmp_path, HEADER + "".join(f"{number},x\n" for number in range(1, 4502)))
    assert [(chunk.first, chunk.rows[0][0]) for chunk in read(path)] == [(1, "1"), (2001, "2001"), (4001, "4001")]


def test_missing_and_doubled_columns_are_named() -> None:
    header = [*COLUMNS[1:], "row"]
    with pytest.raises(WorldFailed) as caught:
        find_columns(header, COLUMNS, {})
    assert caught.value.failure is Failure.LIST_COLUMNS_MISSING
    assert caught.value.facts["columns"] == "pinfl, row"


def test_a_mapping_finds_columns_under_other_names_and_in_another_order(tmp_path: Path) -> None:
    mapping_file = tmp_path / "mapping.toml"
    mapping_file.write_text('surname = "Фамилияси"\n', "utf-8")
    mapping = read_mapping(mapping_file)
    header = ["extra", *reversed(COLUMNS)]
    header[header.index("surname")] = " ФАМИЛИЯСИ "
    found = find_columns(header, COLUMNS, mapping)
    assert [header[place] for place in found][2] == " ФАМИЛИЯСИ "


def test_a_mapping_of_an_unknown_column_is_refused(tmp_path: Path) -> None:
    mapping_file = tmp_path / "mapping.toml"
    mapping_file.write_text('shoe_size = "x"\n', "utf-8")
    with pytest.raises(WorldFailed) as caught:
        read_mapping(mapping_file)
    assert caught.value.failure is Failure.LIST_COLUMNS_MISSING


def workbook(tmp_path: Path, rows: list[list[object]]) -> Path:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    path = tmp_path / "list.xlsx"
    book.save(path)
    return path


def test_a_workbooks_cells_read_as_a_csv_would_have_them(tmp_path: Path) -> None:
    day = datetime(1985, 8, 15)  # noqa: DTZ001 - a workbook knows no zones
    path = workbook(tmp_path, [["a", "b", "c"], [31508859000075, 1.0, day], ["Ўктам", None, "x"], [], [1, 2, 3]])
    with open_xlsx(path) as rows:
        assert rows.header == ["a", "b", "c"]
        (chunk,) = rows.chunks()
    assert chunk.rows == [["31508859000075", "1", "1985-08-15"], ["Ўктам", "", "x"], [], ["1", "2", "3"]]
    assert survey(path).is_zip


def test_a_formula_is_refused_with_its_row(tmp_path: Path) -> None:
    with open_xlsx(workbook(tmp_path, [["a", "b"], ["x", "=1+1"], ["y", "z"]])) as rows:
        (chunk,) = rows.chunks()
    assert {index: fault.reason for index, fault in chunk.broken.items()} == {0: Reason.FORMULA}


def bomb(tmp_path: Path, name: str, content: bytes) -> Path:
    whole = workbook(tmp_path, [["a", "b"], ["1", "2"]])
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for member in {*source.namelist(), name}:
            target.writestr(member, content if member == name else source.read(member))
    return path


@pytest.mark.parametrize("name", ["xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/styles.xml"])
def test_a_workbook_that_unpacks_to_too_much_is_refused_before_it_is_opened(tmp_path: Path, name: str) -> None:
    path = bomb(tmp_path, name, b"<x>" + b" " * 40_000_000)
    assert path.stat().st_size < 100_000
    with pytest.raises(WorldFailed, match="unpacks to too much"), open_xlsx(path):
        pass


@pytest.mark.parametrize("content", [b"PK\x03\x04 and no more", b"<worksheet><sheetData><row><c t='s'><v>99"])
def test_a_broken_workbook_is_refused(tmp_path: Path, content: bytes) -> None:
    path = bomb(tmp_path, "xl/worksheets/sheet1.xml", content)
    if content.startswith(b"PK"):
        path.write_bytes(content)
    with pytest.raises(WorldFailed) as caught, open_xlsx(path) as rows:
        list(rows.chunks())
    assert caught.value.failure is Failure.LIST_UNREADABLE


def test_entities_in_a_workbook_are_refused(tmp_path: Path) -> None:
    entities = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
    sheet = f'<?xml version="1.0"?>{entities}<worksheet><sheetData><row><c><v>&b;</v></c></row></sheetData></worksheet>'
    path = bomb(tmp_path, "xl/worksheets/sheet1.xml", sheet.encode())
    with pytest.raises(WorldFailed) as caught, open_xlsx(path) as rows:
        list(rows.chunks())
    assert caught.value.failure is Failure.LIST_UNREADABLE
