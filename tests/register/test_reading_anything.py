"""Whatever bytes a file holds, a reader gives rows and faults, or fails with a failure of its own."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from pollbook.failures import Failure, WorldFailed
from pollbook.slice import PEOPLE_MAX, TEXT_MAX
from pollbook.types import can_act, is_precinct_code
from register.officers import read_register_officers
from register.voter_list.columns import read_mapping
from register.voter_list.csv_rows import CHUNK_ROWS, LINE_CHARACTERS_MAX, Chunk, open_csv
from register.voter_list.encoding import UTF_8, WINDOWS_1251, survey
from register.voter_list.tables import read_officers, read_totals
from register.voter_list.xlsx_rows import open_xlsx
from register.voter_rows import COLUMNS

READ = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
LIST_FAILURES = {Failure.FILE_UNREADABLE, Failure.LIST_UNREADABLE}

CELLS = st.one_of(
    st.sampled_from(
        ["", "1708-0001", "12", "-1", "1e9", "a-1", "Aliyev", "Ўктам", "chair", "secretary", "\x00", "\ud7ff"]
    ),
    st.text(max_size=12),
)
SEPARATORS = st.sampled_from([",", ",", ",", ";", "\t", "\n", "\n", "\r\n", "\r", '"', "\x00", "\x85", "\u2028"])


def files(header: str) -> st.SearchStrategy[bytes]:
    """Garbage, and what begins as such a file should: in both encodings, cut off and with bytes changed."""
    body = st.lists(st.one_of(CELLS, SEPARATORS), max_size=40).map("".join)
    texts = st.builds(lambda begin, rest: begin + rest, st.sampled_from([header, header + "\n", ""]), body)
    encoded = st.builds(
        lambda text, encoding: text.encode(encoding, "replace"),
        texts,
        st.sampled_from(["utf-8", "utf-8-sig", "cp1251", "utf-16", "latin-1"]),
    )
    spoilt = st.builds(
        lambda content, place, byte: (
            content[: place % (len(content) + 1)] + byte + content[place % (len(content) + 1) :]
        ),
        encoded,
        st.integers(0, 500),
        st.binary(max_size=3),
    )
    return st.one_of(st.binary(max_size=300), encoded, spoilt)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "file"


def failure_of(read: Callable[[], object]) -> Failure | None:
    """Why the reading was refused, if it was; any other exception ends the test."""
    try:
        read()
    except WorldFailed as error:
        return error.failure
    return None


def check_chunks(chunks: list[Chunk]) -> None:
    first = 1
    for chunk in chunks:
        assert chunk.first == first
        assert 0 < len(chunk.rows) <= CHUNK_ROWS
        assert all(0 <= index < len(chunk.rows) for index in chunk.broken)
        assert all(len(cell) < LINE_CHARACTERS_MAX for row in chunk.rows for cell in row)
        first += len(chunk.rows)


def read_csv_chunks(path: Path) -> None:
    surveyed = survey(path)
    assert surveyed.size == path.stat().st_size
    assert surveyed.encoding in {UTF_8, WINDOWS_1251}
    with open_csv(path, surveyed.encoding) as rows:
        check_chunks(list(rows.chunks()))
        assert 0 <= rows.bytes_read() <= surveyed.size


@READ
@given(files(",".join(COLUMNS)))
@example(b"a,b\n" + b"x" * (LINE_CHARACTERS_MAX + 5) + b",2\n3,4")
@example(b'a,b\n"' + b"x\n" * 5000)
def test_a_csv_of_any_bytes(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    assert failure_of(lambda: read_csv_chunks(path)) in {None, *LIST_FAILURES}


@READ
@given(files("precinct,voters"))
@example(b"precinct,voters\n1708-0001,\xd9\xa1\n")
def test_totals_of_any_bytes(path: Path, content: bytes) -> None:
    path.write_bytes(content)

    def read() -> None:
        for code, count in read_totals(path).items():
            assert is_precinct_code(code)
            assert 0 <= count <= 10_000_000

    assert failure_of(read) in {None, Failure.FILE_UNREADABLE, Failure.TOTALS_UNREADABLE}


@READ
@given(files("precinct,person,surname,given_name,role"))
@example(b"precinct,person,surname,given_name,role\n1708-0001,a,A,B,chair\n1708-0001,b,C,D,secretary\n")
def test_precincts_officers_of_any_bytes(path: Path, content: bytes) -> None:
    path.write_bytes(content)

    def read() -> None:
        for code, people in read_officers(path).items():
            assert is_precinct_code(code)
            assert can_act(people)
            assert len(people) <= PEOPLE_MAX
            assert all(0 < len(text) <= TEXT_MAX for each in people for text in (each.surname, each.given_name))

    assert failure_of(read) in {None, Failure.FILE_UNREADABLE, Failure.OFFICERS_UNREADABLE}


@READ
@given(files("surname,given_name"))
@example(b"surname,given_name\nA,B\nC,D\n")
@example(b"")
@example(b"surname,name\nA,B\n")
def test_the_registers_officers_of_any_bytes(path: Path, content: bytes) -> None:
    path.write_bytes(content)

    def read() -> None:
        names = read_register_officers(path)
        assert len(names) >= 2
        assert all(0 < len(name) <= TEXT_MAX and name.isprintable() for name in names)

    assert failure_of(read) in {None, Failure.FILE_UNREADABLE, Failure.OFFICERS_UNREADABLE}


@READ
@given(st.one_of(st.binary(max_size=200), st.text(max_size=60).map(str.encode), files('surname = "Familiyasi"')))
@example(b'surname = "x"\n[pinfl]\na = 1\n')
@example(b"a = " + b"[" * 5000)
@example(b"pinfl = " + b"9" * 5000)
def test_a_mapping_of_any_bytes(path: Path, content: bytes) -> None:
    path.write_bytes(content)

    def read() -> None:
        for ours, theirs in read_mapping(path).items():
            assert ours in COLUMNS
            assert isinstance(theirs, str)

    assert failure_of(read) in {None, Failure.FILE_UNREADABLE, Failure.LIST_COLUMNS_MISSING}


def workbook() -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["a", "b", "c"], [31508859000075, 1.5, "x"], ["Ўктам", None, "=1+1"], [True, "y", 3]):
        sheet.append(row)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


WORKBOOK = workbook()
with zipfile.ZipFile(io.BytesIO(WORKBOOK)) as _archive:
    PARTS = {name: _archive.read(name) for name in _archive.namelist()}


def spoilt(content: bytes, changes: list[tuple[int, bytes]]) -> bytes:
    """The content with these bytes written over it."""
    changed = bytearray(content)
    for place, byte in changes:
        at = place % max(len(changed), 1)
        changed[at : at + len(byte)] = byte
    return bytes(changed)


def packed(parts: dict[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return content.getvalue()


CHANGES = st.lists(st.tuples(st.integers(0, 100_000), st.binary(min_size=1, max_size=4)), min_size=1, max_size=6)
MARKUP = st.sampled_from(
    [
        b"<v>99</v>",
        b't="s"',
        b't="d"',
        b'r="A9"',
        b'r="ZZZ1"',
        b'r="0"',
        b"<row/>",
        b"&a;",
        b"<c>",
        b"NaN",
        b"1e400",
        b"-5",
    ]
)
ZIPS = st.one_of(
    st.binary(max_size=200).map(lambda rest: b"PK\x03\x04" + rest),
    CHANGES.map(lambda changes: spoilt(WORKBOOK, changes)),
    st.integers(0, len(WORKBOOK)).map(lambda length: WORKBOOK[:length]),
    st.builds(
        lambda name, changes: packed(PARTS | {name: spoilt(PARTS[name], changes)}),
        st.sampled_from(sorted(PARTS)),
        st.one_of(CHANGES, st.lists(st.tuples(st.integers(0, 100_000), MARKUP), min_size=1, max_size=3)),
    ),
    st.sampled_from(sorted(PARTS)).map(lambda gone: packed({n: part for n, part in PARTS.items() if n != gone})),
)


@READ
@pytest.mark.filterwarnings("ignore::UserWarning:openpyxl", "ignore::UserWarning:zipfile")
@given(ZIPS)
def test_a_workbook_of_any_bytes(path: Path, content: bytes) -> None:
    path.write_bytes(content)

    def read() -> None:
        with open_xlsx(path) as rows:
            check_chunks(list(rows.chunks()))

    assert failure_of(read) in {None, *LIST_FAILURES}
