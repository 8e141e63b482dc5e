"""The README's rehearsal with the real programs: init to check, a mark, a void, syncs, a register that is killed."""

from __future__ import annotations

import csv
import json
import os
import re
import select
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

BIN = Path(sys.executable).parent
BUNDLE = os.environ.get("UCHASTKA_BUNDLE")
"""Where set, the station's two programs are those of this bundle (`dev.py installer` rehearses with it)."""
WITHIN_S = 60
FIRST, SECOND = "1708-0001", "1730-0001"
VOTERS_EACH = 300
ADDRESS = re.compile(r"https://127\.0\.0\.1:(\d+)")
HEX_HASH = re.compile(r"[0-9a-f]{64}")

Json = dict[str, Any]
Row = dict[str, str]


def folder_of(program: str) -> Path:
    """Where a program of ours lies."""
    return Path(BUNDLE) if BUNDLE and program != "uchastka-register" else BIN


@dataclass(frozen=True)
class Rehearsal:
    """A folder with a register, its lists and stations, and the programs that work in it."""

    folder: Path

    @property
    def register(self) -> Path:
        return self.folder / "R"

    def run(self, program: str, *words: str | Path, ends: int = 0) -> Json:
        """The one JSON object that the program prints; there is nothing else on stdout."""
        ran = subprocess.run(
            [folder_of(program) / program, *words, "--json"],
            check=False,
            cwd=self.folder,
            env=environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=WITHIN_S,
        )
        assert ran.returncode == ends, (program, words, ran.stdout, ran.stderr)
        (line,) = ran.stdout.splitlines()
        answer = json.loads(line)
        assert isinstance(answer, dict)
        return answer

    def centre(self, command: str, *words: str | Path, ends: int = 0) -> Json:
        return self.run("uchastka-register", command, "--home", self.register, *words, ends=ends)

    def station(self, name: str, *words: str | Path, ends: int = 0) -> Json:
        return self.run("uchastka", *words, "--home", self.folder / name, ends=ends)

    def sync(self, name: str, ends: int = 0) -> Json:
        return self.run("uchastka-sync", "--once", "--home", self.folder / name, ends=ends)

    def enrol(self, name: str, precinct: str) -> Json:
        """A station of the precinct: the centre's file, carried to it, and used."""
        invited = self.centre("enrol", "--precinct", precinct, "--out", self.folder / f"{name}.enrol")
        assert (invited["precinct"], invited["desk"]) == (precinct, 1)
        assert ADDRESS.fullmatch(invited["url"]), "the address last served"
        return self.station(name, "enrol", self.folder / f"{name}.enrol")

    def voters(self) -> list[Row]:
        return read_rows(self.folder / "DIR" / "voters.csv")

    def import_lists(self) -> Json:
        lists = self.folder / "DIR"
        tables = ("--totals", lists / "totals.csv", "--officers", lists / "officers.csv")
        return self.centre("import", lists / "voters.csv", *tables)

    @contextmanager
    def serving(self, port: int = 0) -> Iterator[Served]:
        """The register as a process that listens; it has ended afterwards, by SIGKILL where nothing else ended it."""
        with (self.folder / "register.log").open("ab") as log:
            process = subprocess.Popen(
                [BIN / "uchastka-register", "serve", "--home", self.register, "--port", str(port)],
                cwd=self.folder,
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                encoding="utf-8",
            )
        assert process.stdout is not None
        with process.stdout:
            try:
                assert select.select([process.stdout], [], [], WITHIN_S)[0], "the register does not say that it listens"
                line = process.stdout.readline()
                named = ADDRESS.search(line)
                assert named, (line, (self.folder / "register.log").read_text("utf-8"))
                yield Served(process, named[0], int(named[1]))
            finally:
                process.kill()
                process.wait(WITHIN_S)
            assert process.stdout.read() == "", "the register prints one line"


@dataclass(frozen=True)
class Served:
    """A register that listens."""

    process: subprocess.Popen[str]
    url: str
    port: int

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(WITHIN_S)


def together(*asked: Callable[[], Json]) -> list[Json]:
    """The answers of programs that run at the same time."""
    with ThreadPoolExecutor() as pool:
        return [answer.result() for answer in [pool.submit(ask) for ask in asked]]


def environment() -> dict[str, str]:
    foreign = {"UCHASTKA_PIN_FILE", "UCHASTKA_LANGUAGE"}
    return {name: value for name, value in os.environ.items() if name not in foreign}


def read_rows(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write_rows(path: Path, rows: list[Row]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def adult_of(rows: list[Row], precinct: str, number: int) -> Row:
    """A voter of the precinct who is of age in any election of these years; `number` tells them apart."""
    adults = [row for row in rows if row["precinct"] == precinct and int(row["birth_date"][-4:]) < 2000]
    return adults[number]


@pytest.fixture(scope="module")
def beginning(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which a training register and made-up lists have been made."""
    made = Rehearsal(tmp_path_factory.mktemp("beginning"))
    answer = made.centre("init", "--training")
    assert answer["training"] is True
    assert len(answer["officers"]) >= 2
    words = ("--precincts", "2", "--voters", str(VOTERS_EACH), "--seed", "7", "--out", made.folder / "DIR")
    assert made.run("uchastka-register", "synthesise", *words)["voters"] == 2 * VOTERS_EACH
    return made.folder


@pytest.fixture
def rehearsal(beginning: Path, tmp_path: Path) -> Rehearsal:
    """A folder of this test's own that begins like that one."""
    return Rehearsal(shutil.copytree(beginning, tmp_path / "rehearsal"))


def test_the_rehearsal_of_the_readme(rehearsal: Rehearsal) -> None:
    rows = rehearsal.voters()
    imported = rehearsal.import_lists()
    assert imported.keys() >= {"imported", "held_back", "rejected", "report"}
    assert (imported["imported"], imported["held_back"], imported["rejected"]) == (2 * VOTERS_EACH, 0, 0)
    assert (rehearsal.folder / imported["report"]).read_text("utf-8").splitlines() == ["row,field,reason,severity"]

    with rehearsal.serving() as served:
        enrolled = rehearsal.enrol("S1", FIRST)
        assert (enrolled["outcome"], enrolled["lines"], enrolled["training"]) == ("enrolled", VOTERS_EACH, True)
        line = finds_a_karimov(rehearsal)
        mark = marks_and_is_refused_a_second_time(rehearsal, line)
        entries = voids_and_marks_another(rehearsal, line, mark, adult_of(rows, FIRST, 0)["pinfl"])
        book = enrolled["book"]
        syncs_twice_and_checks(rehearsal, book, entries, served.url)
        the_register_tells_the_same(rehearsal, book, entries, adult_of(rows, FIRST, 0)["pinfl"])
        served.kill()

    survives_the_registers_end(rehearsal, served.port, entries, adult_of(rows, FIRST, 1)["pinfl"])


def finds_a_karimov(rehearsal: Rehearsal) -> str:
    found = rehearsal.station("S1", "book", "find", "Karimov 1979")
    assert found.keys() == {"hits", "more"}
    best = found["hits"][0]
    assert best.keys() == {"line", "tier", "surname", "given_name", "birth_date", "page", "row", "state"}
    assert best["surname"] in {"Karimov", "Karimova"}
    assert best["birth_date"].startswith("1979-")
    assert (best["tier"], best["state"]) == ("canonical", "held")
    return str(best["line"])


def marks_and_is_refused_a_second_time(rehearsal: Rehearsal, line: str) -> int:
    mark = ("book", "mark", line, "--channel", "station")
    marked = rehearsal.station("S1", *mark)
    assert (marked["outcome"], marked["line"], marked["channel"]) == ("marked", line, "station")
    refused = rehearsal.station("S1", *mark, ends=3)
    assert (refused["refusal"], refused["code"]) == ("already_marked", "B01")
    assert refused["entry"] == marked["entry"], "the refusal names the mark that is there"
    return int(marked["entry"])


def voids_and_marks_another(rehearsal: Rehearsal, line: str, mark: int, other_pinfl: str) -> int:
    by_two = ("--officer", "chair", "--officer", "secretary")
    voided = rehearsal.station("S1", "book", "void", line, "--reason", "the wrong card", *by_two)
    assert (voided["outcome"], voided["mark"], voided["entry"]) == ("voided", mark, mark + 1)
    other = rehearsal.station("S1", "book", "mark", other_pinfl)
    assert (other["outcome"], other["entry"]) == ("marked", mark + 2)
    assert other["line"] != line
    return int(other["entry"])


def syncs_twice_and_checks(rehearsal: Rehearsal, book: str, entries: int, url: str) -> None:
    first = rehearsal.sync("S1")
    wanted = {"acknowledged", "pending", "bytes_up", "bytes_down", "round_trips", "feed"}
    assert first.keys() == wanted | {"sent"}
    assert (first["acknowledged"], first["sent"], first["pending"], first["feed"]) == (entries, entries, 0, [])
    assert min(first["bytes_up"], first["bytes_down"], first["round_trips"]) > 0
    second = rehearsal.sync("S1")
    assert (second["acknowledged"], second["sent"], second["pending"]) == (entries, 0, 0)
    assert second["bytes_up"] < first["bytes_up"]

    checked, status = together(
        lambda: rehearsal.station("S1", "book", "check"), lambda: rehearsal.station("S1", "book", "status")
    )
    assert checked.keys() >= {"ok", "entries", "head"}
    assert (checked["ok"], checked["entries"]) == (True, entries)
    assert HEX_HASH.fullmatch(checked["head"])
    assert (status["book"], status["register"], status["head"]) == (book, url, checked["head"])
    assert (status["marked"], status["voided"]) == (1, 1)
    assert (status["entries"], status["pending"], status["last_failure"]) == (entries, 0, None)


def the_register_tells_the_same(rehearsal: Rehearsal, book: str, entries: int, marked_pinfl: str) -> None:
    status, line, checked = together(
        lambda: rehearsal.centre("status"),
        lambda: rehearsal.centre("line", "--pinfl", marked_pinfl),
        lambda: rehearsal.centre("check"),
    )
    assert status.keys() >= {"marks", "stations", "anomalies"}
    assert (status["marks"], status["lines"], status["anomalies"]) == (1, 2 * VOTERS_EACH, [])
    (station,) = status["stations"]
    assert (station["book"], station["precinct"], station["lines"]) == (book, FIRST, VOTERS_EACH)
    assert (station["acknowledged"], station["pending"], station["marks"]) == (entries, 0, 1)

    assert line.keys() >= {"state", "holder", "custody"}
    assert (line["state"], line["holder"]) == ("marked", book)
    assert [(event["event"], event["book"]) for event in line["custody"]] == [("issued", book), ("marked", book)]
    assert (line["custody"][1]["entry"], line["custody"][1]["channel"]) == (entries, "station")
    assert (checked["ok"], checked["entries"], checked["books"], checked["faults"]) == (True, entries, 1, [])


def survives_the_registers_end(rehearsal: Rehearsal, port: int, entries: int, pinfl: str) -> None:
    assert rehearsal.station("S1", "book", "mark", pinfl, "--channel", "home")["entry"] == entries + 1
    away = rehearsal.sync("S1", ends=4)
    assert (away["failure"], away["code"]) == ("register_unreachable", "L01")
    assert (away["acknowledged"], away["pending"]) == (entries, 1)
    with rehearsal.serving(port) as served:
        assert served.port == port
        again = rehearsal.sync("S1")
    assert (again["acknowledged"], again["sent"], again["pending"]) == (entries + 1, 1, 0)
    checked = rehearsal.centre("check")
    assert (checked["ok"], checked["entries"]) == (True, entries + 1)


def test_two_stations_and_a_person_in_both_lists_who_is_decided_by_two_officers(rehearsal: Rehearsal) -> None:
    rows = rehearsal.voters()
    twice = adult_of(rows, FIRST, 5)
    also = {**twice, "precinct": SECOND, "page": "99", "row": "1"}
    write_rows(rehearsal.folder / "DIR" / "voters.csv", [*rows, also])
    totals = {FIRST: str(VOTERS_EACH), SECOND: str(VOTERS_EACH + 1)}
    write_rows(
        rehearsal.folder / "DIR" / "totals.csv", [{"precinct": code, "voters": count} for code, count in totals.items()]
    )
    imported = rehearsal.import_lists()
    assert (imported["imported"], imported["held_back"]) == (2 * VOTERS_EACH - 1, 2)
    assert imported["totals"] == [], "a total counts held-back rows too"

    decides_which_row_stays(rehearsal, twice["pinfl"], f"{SECOND}:99:1")

    with rehearsal.serving():
        first, second = together(lambda: rehearsal.enrol("S1", FIRST), lambda: rehearsal.enrol("S2", SECOND))
        assert (first["lines"], second["lines"]) == (VOTERS_EACH - 1, VOTERS_EACH + 1)
        elsewhere, there = together(
            lambda: rehearsal.station("S1", "book", "mark", twice["pinfl"], ends=3),
            lambda: rehearsal.station("S2", "book", "mark", twice["pinfl"], "--channel", "early"),
        )
        assert (elsewhere["refusal"], there["outcome"], there["page"]) == ("unknown_voter", "marked", 99)
        assert rehearsal.station("S1", "book", "mark", adult_of(rows, FIRST, 0)["pinfl"])["outcome"] == "marked"
        synced = together(lambda: rehearsal.sync("S1"), lambda: rehearsal.sync("S2"))
        assert [each["pending"] for each in synced] == [0, 0]

    status, line, checked = together(
        lambda: rehearsal.centre("status"),
        lambda: rehearsal.centre("line", "--pinfl", twice["pinfl"]),
        lambda: rehearsal.centre("check"),
    )
    assert (status["marks"], status["held_back"], status["anomalies"]) == (2, 0, [])
    assert {(station["precinct"], station["marks"]) for station in status["stations"]} == {(FIRST, 1), (SECOND, 1)}
    assert (line["state"], line["holder"], line["precinct"]) == ("marked", second["book"], SECOND)
    assert (checked["ok"], checked["books"], checked["decisions"]) == (True, 2, 1)


def decides_which_row_stays(rehearsal: Rehearsal, pinfl: str, place: str) -> None:
    waiting = rehearsal.centre("status")["waiting"]
    assert place in {each["place"] for each in waiting}
    assert {each["reason"] for each in waiting} == {"pinfl_twice"}
    one, other = list(json.loads((rehearsal.register / "training-pins.json").read_text("utf-8")))[:2]
    decide = ("--pinfl", pinfl, "--keep", place, "--reason", "moved in August")
    decided = rehearsal.centre("decide", *decide, "--officer", one, "--officer", other)
    assert decided == {"decided": 2, "kept": place}


def test_a_laptop_dies_and_a_spare_goes_on_from_its_mirror_without_the_centre(rehearsal: Rehearsal) -> None:
    rows = rehearsal.voters()
    rehearsal.import_lists()
    stick = rehearsal.folder / "stick"
    stick.mkdir()
    with rehearsal.serving() as served:
        port = served.port
        old = rehearsal.enrol("S1", FIRST)["book"]
        invited = rehearsal.centre("enrol", "--spare", "--out", rehearsal.folder / "spare.enrol")
        assert (invited["spare"], "precinct" in invited) == (True, False)
        spare = rehearsal.station("S9", "enrol", rehearsal.folder / "spare.enrol")
        assert (spare["outcome"], spare["spare"]) == ("enrolled", True)
    code = rehearsal.station("S1", "book", "mirror", stick)["sealed_code"]
    for number in range(3):
        marked = rehearsal.station("S1", "book", "mark", adult_of(rows, FIRST, number)["pinfl"])
        assert (marked["outcome"], marked["mirror"]) == ("marked", "written")

    past = past_the_mirror(rehearsal, stick, adult_of(rows, FIRST, 7)["pinfl"])

    # No register is there. The PINs are those that the officers had on the laptop that died.
    shutil.copy(rehearsal.folder / "S1" / "training-pins.json", rehearsal.folder / "S9" / "training-pins.json")
    words = ("book", "takeover", stick, "--code", code, "--officer", "chair", "--officer", "secretary")
    taken = rehearsal.station("S9", *words)
    assert (taken["outcome"], taken["precinct"], taken["predecessor"]) == ("took_over", FIRST, old)
    assert (taken["entries"], taken["lines"], taken["unproven"]) == (marked["entry"], VOTERS_EACH, VOTERS_EACH - 3)
    assert (taken["old_mirror"], taken["mirror"]) == ("told", "following")
    again = rehearsal.station("S9", "book", "mark", adult_of(rows, FIRST, 0)["pinfl"], ends=3)
    unproven = rehearsal.station("S9", "book", "mark", adult_of(rows, FIRST, 5)["pinfl"], ends=3)
    assert (again["refusal"], unproven["refusal"]) == ("already_marked", "line_unproven")
    checked = rehearsal.station("S9", "book", "check")
    assert (checked["ok"], checked["problems"]) == (True, [])

    with rehearsal.serving(port):
        first = rehearsal.sync("S9")
        assert (first["acknowledged"], first["pending"]) == (taken["entries"] + 1, 0)
        assert rehearsal.centre("status")["marks"] == 3
        the_old_laptop_comes_back(rehearsal, past, adult_of(rows, FIRST, 6)["pinfl"])
        told = rehearsal.sync("S9")
        assert "tail" in {item["kind"] for item in told["feed"]}
        assert rehearsal.sync("S9")["pending"] == 0
        assert rehearsal.station("S9", "book", "mark", past, ends=3)["refusal"] == "already_marked"
        proven = rehearsal.station("S9", "book", "mark", adult_of(rows, FIRST, 5)["pinfl"])
        assert proven["outcome"] == "marked"
        assert rehearsal.sync("S9")["pending"] == 0

    status, checked, book = together(
        lambda: rehearsal.centre("status"),
        lambda: rehearsal.centre("check"),
        lambda: rehearsal.station("S9", "book", "check"),
    )
    assert status["marks"] == 5
    assert {anomaly["kind"] for anomaly in status["anomalies"]} == {"marked_after_takeover"}
    for number in (0, 5, 7):  # marked before, after and past the mirror: by one book each
        line = rehearsal.centre("line", "--pinfl", adult_of(rows, FIRST, number)["pinfl"])
        assert (line["state"], line["holder"]) == ("marked", taken["book"])
    assert (checked["ok"], checked["faults"], checked["books"]) == (True, [], 2)
    assert (book["ok"], book["problems"]) == (True, [])


def past_the_mirror(rehearsal: Rehearsal, stick: Path, pinfl: str) -> str:
    """A mark that the laptop made when its stick was away, and that nobody else has."""
    stick.rename(rehearsal.folder / "in a pocket")
    marked = rehearsal.station("S1", "book", "mark", pinfl)
    assert (marked["outcome"], marked["mirror"]) == ("marked", "mirror_gone")
    (rehearsal.folder / "in a pocket").rename(stick)
    return pinfl


def the_old_laptop_comes_back(rehearsal: Rehearsal, past: str, other: str) -> None:
    """It brings what it did past the mirror, learns that it was taken over, and locks."""
    back = rehearsal.sync("S1")
    assert (back["pending"], back["feed"][0]["kind"]) == (0, "superseded")
    refused = rehearsal.station("S1", "book", "mark", other, ends=3)
    assert refused["refusal"] == "book_superseded"
    assert rehearsal.station("S1", "book", "mark", past, ends=3)["refusal"] == "book_superseded"
    assert rehearsal.sync("S1")["pending"] == 0  # it knows, and says that this was all
