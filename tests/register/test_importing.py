from __future__ import annotations

import csv
import signal
import subprocess
import sys
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from openpyxl import Workbook

from pollbook.election import Election
from pollbook.failures import Failure, WorldFailed
from register.store import lists
from register.voter_list.importing import ImportFiles, import_list
from register.voter_list.validation import Validator
from register.voter_rows import COLUMNS, Reason, VoterRow
from tests.register.lists_of_voters import (
    OTHER,
    PRECINCT,
    Row,
    as_csv,
    pinfl,
    voter,
    voters,
    write_list,
    write_totals,
)
from tests.register.stand_in import Centre, enrolled_station, make_centre

EVERYTHING = ("line", "held_back", "precinct", "person", "import_run")


def content(centre: Centre) -> dict[str, list[tuple[object, ...]]]:
    return {table: sorted(centre.rows(f"SELECT * FROM {table}"), key=repr) for table in EVERYTHING}  # noqa: S608 - our own


def places(centre: Centre) -> Counter[int]:
    return Counter(place for (place,) in centre.rows("SELECT place FROM line"))  # type: ignore[misc]


def report(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def refusal(centre: Centre, *files: Path) -> Failure:
    before = content(centre)
    with pytest.raises(WorldFailed) as caught:
        centre.load(*files)
    assert content(centre) == before
    assert list(centre.home.reports.glob("*")) == []
    return caught.value.failure


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_clean_list_is_in_the_register_whole(centre: Centre, tmp_path: Path, encoding: str) -> None:
    done = centre.load(write_list(tmp_path / "voters.csv", voters(30) + voters(5, OTHER, 30), encoding))
    assert (done.imported, done.held_back, done.rejected, done.warnings) == (35, 0, 0, 0)
    assert report(done.report) == []
    with centre.database.read() as connection:
        assert [(count.code, count.loaded) for count in lists.precinct_counts(connection)] == [
            (PRECINCT, 30),
            (OTHER, 5),
        ]


def test_a_list_in_windows_1251_is_read(centre: Centre, tmp_path: Path) -> None:
    rows = [
        voter(number, surname="Каримов", patronymic="", address="ул. Навои", given_name="Ўктам") for number in range(3)
    ]
    done = centre.load(write_list(tmp_path / "voters.csv", rows, "cp1251"))
    assert done.imported == 3
    assert {row[8] for row in content(centre)["line"]} == {"Каримов"}


def test_a_workbook_is_read(centre: Centre, tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(list(COLUMNS))
    for number in range(30):
        row = voter(number)
        sheet.append([int(row[name]) if name in {"pinfl", "page", "row"} else row[name] for name in COLUMNS])
    sheet.append(["=A2", *list(voter(31).values())[1:]])
    book.save(tmp_path / "voters.xlsx")
    done = centre.load(tmp_path / "voters.xlsx")
    assert (done.imported, done.rejected) == (30, 1)
    assert report(done.report) == [{"row": "31", "field": "row", "reason": "formula", "severity": "error"}]


def test_another_header_in_another_order_is_read_through_a_mapping(centre: Centre, tmp_path: Path) -> None:
    names = {name: f"Устун {number}" for number, name in enumerate(COLUMNS)}
    rows = [{names[name]: value for name, value in row.items()} for row in voters(3)]
    (tmp_path / "voters.csv").write_text(as_csv(rows, reversed(list(names.values())), ";"), "utf-8")
    (tmp_path / "mapping.toml").write_text("".join(f'{ours} = "{theirs}"\n' for ours, theirs in names.items()), "utf-8")
    files = ImportFiles(tmp_path / "voters.csv", mapping=tmp_path / "mapping.toml")
    assert import_list(centre.home, centre.database, centre.election, files, centre.now).imported == 3


def test_bad_rows_are_reported_by_number_field_and_reason_and_leave_nothing(centre: Centre, tmp_path: Path) -> None:
    rows: list[Row] = voters(10)
    rows[2]["birth_date"] = "soon"
    rows[4]["surname"] = ""
    rows[4]["page"] = "x"
    rows[6]["pinfl"] = rows[6]["pinfl"][:13] + str((int(rows[6]["pinfl"][13]) + 1) % 10)
    done = centre.load(write_list(tmp_path / "voters.csv", rows))
    assert (done.imported, done.rejected, done.warnings) == (8, 2, 1)
    assert sorted(tuple(row.values()) for row in report(done.report)) == [
        ("3", "birth_date", "not_a_date", "error"),
        ("5", "page", "malformed", "error"),
        ("5", "surname", "missing", "error"),
        ("7", "pinfl", "check_digit", "warning"),
    ]
    assert places(centre) == {1: 8}


def test_the_report_tells_nothing_of_what_a_row_says(centre: Centre, tmp_path: Path) -> None:
    rows = [*voters(5), voter(5, birth_date="16.08.1985"), voter(6, page="x"), voter(7, pinfl=pinfl(1))]
    text = centre.load(write_list(tmp_path / "voters.csv", rows)).report.read_text("utf-8")
    assert len(text.splitlines()) == 1 + 4
    for row in rows:
        assert not any(row[name] in text for name in ("pinfl", "document", "surname", "given_name", "address"))


def test_rows_in_a_mixed_encoding_nul_bytes_and_wrong_widths_cost_themselves_only(
    centre: Centre, tmp_path: Path
) -> None:
    lines = as_csv(voters(8)).encode().split(b"\n")
    lines[2] = lines[2].replace("Toʻrayev".encode(), "Тураев".encode("cp1251"))
    lines[4] = lines[4].replace(b"Nurafshon", b"Nur\x00afshon")
    lines[5] += b",one,more"
    lines[6] = b"x"
    lines[8] = b'"' + lines[8]
    (tmp_path / "voters.csv").write_bytes(b"\n".join(lines))
    done = centre.load(tmp_path / "voters.csv")
    assert (done.imported, done.rejected) == (3, 5)
    assert [(row["row"], row["reason"]) for row in report(done.report)] == [
        ("2", "mixed_encoding"),
        ("4", "control_character"),
        ("5", "columns"),
        ("6", "columns"),
        ("8", "unclosed_quote"),
    ]


def test_a_pinfl_that_stands_twice_is_held_back_in_one_precinct_and_in_two(centre: Centre, tmp_path: Path) -> None:
    rows = [*voters(10), voter(10, pinfl=pinfl(3)), voter(11, OTHER, pinfl=pinfl(5)), voter(12, OTHER)]
    done = centre.load(write_list(tmp_path / "voters.csv", rows))
    assert (done.imported, done.held_back, done.rejected) == (9, 4, 0)
    held = [(row["row"], row["reason"], row["severity"]) for row in report(done.report)]
    assert held == [(number, "pinfl_twice", "warning") for number in ("4", "6", "11", "12")]
    assert places(centre) == {1: 9, 2: 4}


def test_voters_without_pinfl_are_held_back_each_by_itself(centre: Centre, tmp_path: Path) -> None:
    done = centre.load(write_list(tmp_path / "voters.csv", [*voters(3), voter(3, pinfl=""), voter(4, pinfl="")]))
    assert (done.imported, done.held_back) == (3, 2)
    assert {row["reason"] for row in report(done.report)} == {"no_pinfl"}


def test_two_voters_in_one_place_of_the_list_cannot_both_sign_there(centre: Centre, tmp_path: Path) -> None:
    done = centre.load(write_list(tmp_path / "voters.csv", [*voters(3), voter(9, page="1", row="2")]))
    assert (done.imported, done.rejected) == (3, 1)
    assert report(done.report) == [{"row": "4", "field": "row", "reason": "place_twice", "severity": "error"}]


def test_the_same_file_twice_is_refused(loaded: Centre, tmp_path: Path) -> None:
    before = content(loaded)
    with pytest.raises(WorldFailed) as caught:
        loaded.load(tmp_path / "voters.csv")
    assert caught.value.failure is Failure.LIST_ALREADY_IMPORTED
    assert content(loaded) == before


def test_a_second_list_joins_the_first_and_its_duplicates_hold_both_back(loaded: Centre, tmp_path: Path) -> None:
    rows = [*voters(500, OTHER, 100), voter(7, OTHER, page="90"), voter(8, OTHER, page="90")]
    done = loaded.load(write_list(tmp_path / "second.csv", rows))
    assert (done.imported, done.held_back) == (500, 2)
    assert places(loaded) == {1: 40 - 2 + 500, 2: 4}
    third = loaded.load(write_list(tmp_path / "third.csv", [voter(8, OTHER, page="91"), voter(9, OTHER, page="91")]))
    assert (third.imported, third.held_back) == (0, 2)
    assert places(loaded) == {1: 40 - 3 + 500, 2: 7}


def test_a_line_that_a_station_holds_already_stays_and_only_the_newcomer_is_held_back(
    loaded: Centre, tmp_path: Path
) -> None:
    enrolled_station(loaded, PRECINCT)
    done = loaded.load(write_list(tmp_path / "second.csv", [voter(7, OTHER, page="90")]))
    assert (done.imported, done.held_back) == (0, 1)
    assert places(loaded) == {1: 40, 2: 1}


@pytest.mark.parametrize("when", [1, 2])
def test_an_import_that_fails_anywhere_leaves_the_register_as_it_was(loaded: Centre, tmp_path: Path, when: int) -> None:
    path = write_list(tmp_path / "second.csv", voters(5000, OTHER, 100))
    before = content(loaded)
    told: list[int] = []

    def stop(rows: int, _share: float) -> None:
        told.append(rows)
        if len(told) == when:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_list(loaded.home, loaded.database, loaded.election, ImportFiles(path), loaded.now, stop)
    assert content(loaded) == before
    assert loaded.load(path).imported == 5000


def test_a_killed_import_leaves_the_register_as_it_was(loaded: Centre, tmp_path: Path) -> None:
    path = write_list(tmp_path / "second.csv", voters(20_000, OTHER, 100))
    before = content(loaded)
    script = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from datetime import datetime, UTC\n"
        "from register.home import RegisterHome\n"
        "from register.store import setup\n"
        "from register.store.engine import open_database\n"
        "from register.voter_list.importing import ImportFiles, import_list\n"
        "home = RegisterHome(Path(sys.argv[1]))\n"
        "database = open_database(home)\n"
        "with database.read() as connection: election = setup.election_of(connection)\n"
        "def kill(rows, share):\n"
        "    if rows >= 10000: os.kill(os.getpid(), signal.SIGKILL)\n"
        "import_list(home, database, election, ImportFiles(Path(sys.argv[2])), datetime.now(UTC), kill)\n"
    )
    ended = subprocess.run([sys.executable, "-c", script, str(loaded.home.path), str(path)], check=False)
    assert ended.returncode == -signal.SIGKILL
    assert content(loaded) == before
    assert loaded.load(path).imported == 20_000
    assert len(list(loaded.home.reports.glob("*"))) == 2
    assert not list(loaded.home.reports.glob(".*"))


@pytest.mark.parametrize("text", ["", "pinfl,surname\n1,2\n", ",".join(COLUMNS) + "\n", "\x00" * 100])
def test_files_that_are_no_list_are_refused(centre: Centre, tmp_path: Path, text: str) -> None:
    (tmp_path / "voters.csv").write_text(text, "utf-8")
    assert refusal(centre, tmp_path / "voters.csv") in {Failure.LIST_UNREADABLE, Failure.LIST_COLUMNS_MISSING}


def test_missing_columns_are_named(centre: Centre, tmp_path: Path) -> None:
    text = as_csv(voters(3)).replace("patronymic", "otasining ismi")
    (tmp_path / "voters.csv").write_text(text, "utf-8")
    with pytest.raises(WorldFailed) as caught:
        centre.load(tmp_path / "voters.csv")
    assert (caught.value.failure, caught.value.facts["columns"]) == (Failure.LIST_COLUMNS_MISSING, "patronymic")


def test_a_real_election_takes_no_synthetic_voters(tmp_path: Path, real_election: Election) -> None:
    (tmp_path / "officers.csv").write_text("surname,given_name\nA,B\nC,D\n", "utf-8")
    centre = make_centre(tmp_path / "real", real_election, tmp_path / "officers.csv")
    assert refusal(centre, write_list(tmp_path / "voters.csv", voters(3))) is Failure.LIST_SYNTHETIC
    centre.database.close()


def test_a_training_election_takes_synthetic_voters_only(centre: Centre, tmp_path: Path) -> None:
    rows = [*voters(5000), voter(5001, document="AA1234567")]
    assert refusal(centre, write_list(tmp_path / "voters.csv", rows)) is Failure.LIST_NOT_SYNTHETIC


def test_totals_are_compared_precinct_by_precinct(centre: Centre, tmp_path: Path) -> None:
    rows = [*voters(10), *voters(5, OTHER, 10), voter(15, OTHER, pinfl=pinfl(1)), voter(16, OTHER, page="x")]
    totals = write_totals(tmp_path / "totals.csv", p1708_0001=10, p1730_0001=7, p1703_0009=4)
    done = centre.load(write_list(tmp_path / "voters.csv", rows), totals)
    assert [(count.code, count.loaded, count.official) for count in done.differing] == [
        ("1703-0009", 0, 4),
        (OTHER, 6, 7),
    ]


def test_a_precinct_that_the_totals_do_not_name_differs(centre: Centre, tmp_path: Path) -> None:
    totals = write_totals(tmp_path / "totals.csv", p1708_0001=3)
    done = centre.load(write_list(tmp_path / "voters.csv", [*voters(3), *voters(2, OTHER, 3)]), totals)
    assert [(count.code, count.official) for count in done.differing] == [(OTHER, None)]


@pytest.mark.parametrize(
    "text",
    ["", "precinct\n1708-0001\n", "precinct,voters\n1708-0001,many\n", "precinct,voters\n17080001,3\n",
     "precinct,voters\n1708-0001,3\n1708-0001,4\n", "precinct,voters\n1708-0001,-3\n", "precinct,voters\n1708-0001\n"],
)  # fmt: skip
def test_wrong_totals_files_are_refused_whole(centre: Centre, tmp_path: Path, text: str) -> None:
    (tmp_path / "totals.csv").write_text(text, "utf-8")
    voters_file = write_list(tmp_path / "voters.csv", voters(3))
    assert refusal(centre, voters_file, tmp_path / "totals.csv") is Failure.TOTALS_UNREADABLE


@pytest.mark.parametrize(
    "text",
    [
        "precinct,person,surname,given_name,role\n1708-0001,a,A,B,chair\n",
        "precinct,person,surname,given_name,role\n1708-0001,a,A,B,chair\n1708-0001,a,A,B,secretary\n",
        "precinct,person,surname,given_name,role\n1708-0001,a,A,B,king\n",
        "precinct,person\n",
    ],
)
def test_wrong_officers_files_are_refused_whole(centre: Centre, tmp_path: Path, text: str) -> None:
    (tmp_path / "officers.csv").write_text(text, "utf-8")
    voters_file = write_list(tmp_path / "voters.csv", voters(3))
    totals = write_totals(tmp_path / "totals.csv", p1708_0001=3)
    assert refusal(centre, voters_file, totals, tmp_path / "officers.csv") is Failure.OFFICERS_UNREADABLE


def test_a_precinct_beyond_the_limit_is_told_at_import(tmp_path: Path, election: Election) -> None:
    centre = make_centre(tmp_path / "small", replace(election, lines_max=30))
    done = centre.load(write_list(tmp_path / "voters.csv", [*voters(31), *voters(30, OTHER, 31)]))
    assert [(count.code, count.loaded) for count in done.too_large] == [(PRECINCT, 31)]
    centre.database.close()


@pytest.mark.parametrize("is_same_place", [False, True], ids=["all held back", "all but one refused"])
def test_what_is_held_back_or_refused_is_told_without_being_kept(centre: Centre, is_same_place: bool) -> None:
    rows = 20_000
    reasons: Counter[Reason] = Counter()
    peak = 0

    def remark(_number: int, reason: Reason) -> None:
        nonlocal peak
        reasons[reason] += 1
        peak = max(peak, tracemalloc.get_traced_memory()[0])

    with centre.database.write() as connection:
        load = lists.begin_load(connection, b"x" * 32, 1, rows)
        for first in range(0, rows, 1000):
            chunk = [(number, nameless(0 if is_same_place else number)) for number in range(first, first + 1000)]
            lists.add_lines(connection, load, chunk)
        tracemalloc.start()
        try:
            loaded = lists.finish_load(connection, load, remark)
        finally:
            tracemalloc.stop()
    held = 1 if is_same_place else rows
    assert (loaded.imported, loaded.held_back) == (0, held)
    assert reasons == +Counter({Reason.NO_PINFL: held, Reason.PLACE_TWICE: rows - held})
    assert peak < 2_000_000


def nameless(place: int) -> VoterRow:
    """A voter without a PINFL at this place of the list."""
    cells = voter(place, pinfl="")
    return VoterRow(**{**cells, "page": place // 20 + 1, "row": place % 20 + 1})  # type: ignore[arg-type]


def test_long_cells_are_not_kept(election: Election) -> None:
    validate = Validator(election, "utf-8-sig")
    for number in range(3):
        row = validate(list(voter(number, address=f"{number} " + "x" * 300).values()))
        assert isinstance(row, VoterRow)
    assert not validate._caches["address"]


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("many") / "voters.csv"
    with path.open("w", encoding="utf-8") as file:
        file.write(",".join(COLUMNS) + "\n")
        for number in range(90_000):
            row = voter(number, f"1708-{number // 2000 + 1:04}", surname=f"Toʻrayev{number}")
            file.write('"' + '","'.join(row.values()) + '"\n')
    yield path
    path.unlink()


def test_a_large_list_is_streamed(centre: Centre, many: Path) -> None:
    script = (
        "import re, sys\n"
        "from pathlib import Path\n"
        "from register.__main__ import main\n"
        "sys.argv[0] = 'uchastka-register'\n"
        "status = main()\n"
        # Not ru_maxrss: that remembers how large the process was which started this one.
        "print(re.search(r'VmHWM:\\s+(\\d+)', Path('/proc/self/status').read_text())[1], file=sys.stderr)\n"
        "sys.exit(status)\n"
    )
    command = [sys.executable, "-c", script, "import", "--home", str(centre.home.path), str(many)]
    ended = subprocess.run(command, check=True, capture_output=True, text=True)
    assert "90,000 imported" in ended.stdout
    peak_kib = int(ended.stderr.split()[-1])
    assert peak_kib < 300 * 1024
