from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from pollbook.bundle import resource_path
from pollbook.enrol_file import read_enrol_file
from pollbook.entries import REASON_CHARACTERS_MAX
from register import __main__ as program
from register.commands import setup as setup_commands
from register.home import RegisterHome
from register.making import make_register
from register.store.engine import open_database
from tests.register.lists_of_voters import OTHER, PRECINCT, pinfl, voter, voters, write_list, write_totals
from tests.register.stand_in import CHEAP, Centre, Station


@dataclass
class Said:
    """What a command said and how it ended."""

    status: int
    data: dict[str, object]
    err: str


@dataclass
class Commands:
    """The register's commands, run in this process with `--json` in a folder."""

    home: Path
    capsys: pytest.CaptureFixture[str]
    monkeypatch: pytest.MonkeyPatch

    def run(self, *words: object) -> Said:
        argv = ["uchastka-register", *map(str, words), "--home", str(self.home), "--json"]
        self.monkeypatch.setattr("sys.argv", argv)
        status = program.main()
        out, err = self.capsys.readouterr()
        return Said(status, json.loads(out) if out else {}, err)


@pytest.fixture
def commands(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Commands:
    monkeypatch.setenv("UCHASTKA_LANGUAGE", "en")
    monkeypatch.setattr(setup_commands, "make_register", partial(make_register, cost=CHEAP))
    return Commands(tmp_path / "register", capsys, monkeypatch)


@pytest.fixture
def made(commands: Commands) -> Commands:
    assert commands.run("init", "--training").status == 0
    return commands


def test_a_training_register_prints_its_pins_once_and_keeps_them(commands: Commands) -> None:
    said = commands.run("init", "--training")
    assert (said.status, said.data["election"], said.data["training"]) == (0, "training-2026", True)
    pins = json.loads((commands.home / "training-pins.json").read_text("utf-8"))
    assert said.data["officers"] == [1, 2, 3]
    assert not any(name in str(said.data) for name in pins)
    assert all(name in said.err for name in pins)
    assert all(pin in said.err for pin in pins.values())
    again = commands.run("init", "--training")
    assert (again.status, again.data["refusal"]) == (3, "register_exists")
    assert "(R02)" in again.err


def test_an_election_of_ones_own_is_read_from_its_file(commands: Commands, tmp_path: Path) -> None:
    text = resource_path("elections", "training.toml").read_text("utf-8").replace("training-2026", "exam-2027")
    (tmp_path / "election.toml").write_text(text, "utf-8")
    assert commands.run("init", "--election", tmp_path / "election.toml").data["election"] == "exam-2027"


@pytest.mark.parametrize(
    ("text", "refusal"),
    [("", "election_invalid"), ("[election]\nid = 1", "election_invalid"), (None, "file_unreadable")],
)
def test_an_election_file_that_is_none_is_refused(
    commands: Commands, tmp_path: Path, text: str | None, refusal: str
) -> None:
    if text is not None:
        (tmp_path / "election.toml").write_text(text, "utf-8")
    said = commands.run("init", "--election", tmp_path / "election.toml")
    assert (said.status, said.data["refusal"]) == (3, refusal)
    assert not commands.home.exists()


def test_every_command_needs_a_register(commands: Commands, tmp_path: Path) -> None:
    for words in (
        ("status",),
        ("check",),
        ("line", "--pinfl", "1"),
        ("import", tmp_path / "x"),
        ("enrol", "--precinct", PRECINCT, "--out", tmp_path / "x"),
        ("serve", "--port", "0"),
        ("revoke", "--station", "x", "--reason", "y"),
    ):
        said = commands.run(*words)
        assert (said.status, said.data["refusal"]) == (3, "register_not_there"), words
    assert not commands.home.exists()


@pytest.mark.parametrize(
    "words", [(), ("nonsense",), ("init",), ("serve", "--port", "70000"), ("enrol", "--precinct", "x", "--desk", "0")]
)
def test_wrong_usage_is_told_with_status_2(commands: Commands, words: tuple[str, ...]) -> None:
    assert commands.run(*words).status == 2


def test_a_rehearsal_up_to_the_enrol_file(made: Commands, tmp_path: Path) -> None:
    out = tmp_path / "lists"
    said = made.run("synthesise", "--precincts", 2, "--voters", 300, "--seed", 7, "--out", out)
    assert (said.status, said.data["voters"]) == (0, 600)
    words = ("--totals", out / "totals.csv", "--officers", out / "officers.csv")
    said = made.run("import", out / "voters.csv", *words)
    counts = [said.data[name] for name in ("imported", "held_back", "rejected")]
    assert (said.status, sum(map(int, map(str, counts))), said.data["totals"]) == (0, 600, [])
    assert Path(str(said.data["report"])).is_file()
    again = made.run("import", out / "voters.csv", *words)
    assert (again.status, again.data["refusal"]) == (3, "list_already_imported")
    said = made.run("enrol", "--precinct", PRECINCT, "--out", tmp_path / "s1.enrol")
    enrol_file = read_enrol_file((tmp_path / "s1.enrol").read_bytes())
    assert (said.status, enrol_file.precinct, enrol_file.url) == (0, PRECINCT, "https://127.0.0.1:8443")
    assert (tmp_path / "s1.enrol").stat().st_mode & 0o077 == 0
    status = made.run("status").data
    assert (status["marks"], status["lines"], status["held_back"]) == (0, counts[0], counts[1])
    assert (status["stations"], status["anomalies"], status["totals"]) == ([], [], [])
    assert made.run("check").data == {
        "ok": True,
        "entries": 0,
        "books": 0,
        "decisions": 0,
        "leaves": 0,
        "heads": 0,
        "faults": [],
    }


def test_a_list_may_be_ordered_by_its_total(made: Commands, tmp_path: Path) -> None:
    words = ("synthesise", "--precincts", 7, "--out", tmp_path / "lists")
    said = made.run(*words, "--total", 1003)
    assert (said.status, said.data["precincts"], said.data["voters"]) == (0, 7, 1003)
    assert made.run(*words, "--total", 6).status == 2
    assert made.run(*words, "--total", 1003, "--voters", 9).status == 2
    assert made.run(*words).status == 2


def test_a_difference_is_told_refused_and_accepted(made: Commands, tmp_path: Path) -> None:
    totals = write_totals(tmp_path / "totals.csv", p1708_0001=4)
    said = made.run("import", write_list(tmp_path / "voters.csv", voters(3)), "--totals", totals)
    expected = [{"precinct": PRECINCT, "loaded": 3, "official": 4, "accepted": False}]
    assert (said.status, said.data["totals"]) == (0, expected)
    assert "(E11)" in said.err
    enrol = ("enrol", "--precinct", PRECINCT, "--out", tmp_path / "x.enrol")
    said = made.run(*enrol)
    assert (said.status, said.data["refusal"], said.data["official"]) == (3, "totals_differ", 4)
    assert not (tmp_path / "x.enrol").exists()
    accept = ("accept-totals", "--precinct", PRECINCT, "--reason", "one moved away")
    assert made.run(*accept, "--officer", "1").status == 2
    assert made.run(*accept, "--officer", "1", "--officer", "2").status == 0
    assert made.run(*enrol).status == 0
    assert made.run("status").data["totals"] == [expected[0] | {"accepted": True}]


def test_a_duplicate_is_shown_decided_and_gone(made: Commands, tmp_path: Path) -> None:
    rows = [*voters(3), voter(3, OTHER, pinfl=pinfl(1))]
    made.run("import", write_list(tmp_path / "voters.csv", rows))
    waiting = made.run("status").data["waiting"]
    assert waiting == [
        {"place": f"{PRECINCT}:1:2", "reason": "pinfl_twice", "group": 1},
        {"place": f"{OTHER}:1:4", "reason": "pinfl_twice", "group": 1},
    ]
    assert made.run("line", "--pinfl", pinfl(1)).data["state"] == "held_back"
    decide = ("decide", "--pinfl", pinfl(1), "--reason", "moved", "--officer", "1", "--officer", "2", "--keep")
    assert made.run(*decide, "here").status == 2
    assert made.run(*decide, f"{OTHER}:9:9").data["refusal"] == "nothing_to_decide"
    assert made.run(*decide, f"{OTHER}:1:4").data == {"decided": 2, "kept": f"{OTHER}:1:4"}
    assert made.run("status").data["held_back"] == 0
    found = made.run("line", "--pinfl", pinfl(1)).data
    assert (found["state"], found["precinct"], found["holder"], found["custody"]) == ("held", OTHER, None, [])


def test_a_precinct_too_large_is_told_at_import_and_at_enrolment(made: Commands, tmp_path: Path) -> None:
    said = made.run("import", write_list(tmp_path / "voters.csv", voters(3001)))
    assert (said.status, said.data["too_large"]) == (0, [{"precinct": PRECINCT, "lines": 3001}])
    assert "(E10)" in said.err
    said = made.run("enrol", "--precinct", PRECINCT, "--out", tmp_path / "x.enrol")
    assert (said.status, said.data["refusal"]) == (3, "slice_too_large")


def test_status_line_and_check_tell_what_a_station_did(commands: Commands, loaded: Centre, station: Station) -> None:
    station.mark(station.lines[2])
    station.void(station.lines[2])
    station.mark(station.lines[3])
    station.sync(loaded)
    status = commands.run("status").data
    assert status["marks"] == 1
    row = status["stations"][0]  # type: ignore[index]
    assert row["book"] == str(station.book)
    assert [row[name] for name in ("precinct", "desk", "entries", "acknowledged", "marks", "revoked")] == [
        PRECINCT, 1, 7, 7, 1, False,
    ]  # fmt: skip
    assert row["last_heard_at"] == "2026-12-20T07:00:00+00:00"
    voided = commands.run("line", "--pinfl", station.slice.voters[2].pinfl).data
    assert (voided["state"], voided["holder"]) == ("held", str(station.book))
    assert [(event["event"], event.get("entry")) for event in voided["custody"]] == [  # type: ignore[attr-defined]
        ("issued", None),
        ("marked", 5),
        ("voided", 6),
    ]
    marked = commands.run("line", "--pinfl", station.slice.voters[3].pinfl).data
    assert (marked["state"], marked["custody"][-1]["channel"]) == ("marked", "station")  # type: ignore[index]
    assert commands.run("line", "--pinfl", "31508859999999").data["refusal"] == "unknown_voter"
    assert commands.run("check").data["ok"] is True


def test_a_station_is_revoked_once(commands: Commands, loaded: Centre, station: Station) -> None:
    revoke = ("revoke", "--reason", "stolen", "--station")
    assert commands.run(*revoke, "nothing").data["refusal"] == "nothing_to_decide"
    assert commands.run(*revoke, station.book).data["book"] == str(station.book)
    assert commands.run(*revoke, station.book).data["refusal"] == "book_revoked"
    assert commands.run("revoke", "--station", station.book, "--reason", " ").data["refusal"] == "reason_missing"
    said = commands.run("revoke", "--station", station.book, "--reason", "x" * (REASON_CHARACTERS_MAX + 1))
    assert (said.data["refusal"], said.data["limit"]) == ("reason_too_long", REASON_CHARACTERS_MAX)
    assert commands.run("status").data["stations"][0]["revoked"] is True  # type: ignore[index]
    assert commands.run("line", "--pinfl", station.slice.voters[0].pinfl).data["holder"] is None
    assert [item.text for item in station.sync(loaded).feed] == ["stolen"]


def test_a_register_that_does_not_hold_together_is_a_fault(
    commands: Commands, loaded: Centre, station: Station
) -> None:
    station.mark(station.lines[0])
    station.sync(loaded)
    loaded.change("DELETE FROM effective_mark")
    said = commands.run("check")
    assert (said.status, said.data["ok"]) == (1, False)
    assert "(S08)" in said.err


def test_nothing_of_a_voter_is_logged(commands: Commands, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    commands.run("init", "--training")
    commands.run("import", write_list(tmp_path / "voters.csv", voters(30)))
    commands.run("line", "--pinfl", pinfl(3))
    assert not any(secret in caplog.text for secret in (pinfl(3), "Toʻrayev", "Navoiy", "ZZ0000003"))


def test_an_import_is_refused_while_another_one_runs(made: Commands, tmp_path: Path) -> None:
    with RegisterHome(made.home).only_one("import"):
        said = made.run("import", write_list(tmp_path / "voters.csv", voters(3)))
    assert (said.status, said.data["refusal"]) == (3, "register_in_use")
    open_database(RegisterHome(made.home)).close()
