from __future__ import annotations

from pathlib import Path

import pytest

from pollbook.store.home import StationHome
from station_app.__main__ import main
from sync.alone import Knocks
from tests.station_app.commands.conftest import Shell
from tests.sync.stations import opened


def test_the_script_of_a_rehearsal_runs_unattended(rehearsal: Shell) -> None:
    run, line = rehearsal.run, rehearsal.line(0)
    assert run("book", "mark", line, "--channel", "station")[1]["outcome"] == "marked"
    status, answer = run("book", "mark", line)
    assert (status, answer["refusal"], answer["code"]) == (3, "already_marked", "B01")
    assert answer["line"] == line
    assert "(B01)" in rehearsal.said
    voided = run("book", "void", line, "--reason", "adashib", "--officer", "chair", "--officer", "Yo'ldoshev")[1]
    assert (voided["outcome"], voided["line"]) == ("voided", line)
    assert run("book", "mark", line, "--channel", "home")[0] == 0
    status, checked = run("book", "check")
    assert (status, checked["ok"], checked["problems"]) == (0, True, [])
    assert isinstance(checked["head"], str)
    assert len(checked["head"]) == 64
    assert rehearsal.terminal.asked == []


def test_mark_answers_entry_and_line_and_takes_a_pinfl(rehearsal: Shell) -> None:
    status, answer = rehearsal.run("book", "mark", rehearsal.centre.voters[3].pinfl, "--channel", "early")
    assert status == 0
    assert (answer["outcome"], answer["line"], answer["channel"]) == ("marked", rehearsal.line(3), "early")
    status, found = rehearsal.run("book", "status")
    assert (found["marked"], found["by_channel"]) == (1, {"station": 0, "home": 0, "early": 1})
    assert answer["entry"] == found["entries"]


def test_a_service_beside_hears_of_each_new_entry_and_of_nothing_else(rehearsal: Shell) -> None:
    rehearsal.run("book", "mark", rehearsal.line(0))
    knocks = Knocks(StationHome(rehearsal.home))
    rehearsal.run("book", "mark", rehearsal.line(1))
    assert knocks.heard()
    rehearsal.run("book", "mark", rehearsal.line(1))
    rehearsal.run("book", "find", "1979")
    assert not knocks.heard()
    rehearsal.run("book", "void", rehearsal.line(1), "--reason", "adashib", "--officer", "chair", "--officer", "2")
    assert knocks.heard()


def test_find_answers_hits_with_their_state(rehearsal: Shell) -> None:
    voter = rehearsal.centre.voters[0]
    rehearsal.run("book", "mark", rehearsal.line(0))
    status, answer = rehearsal.run("book", "find", f"{voter.surname} {voter.given_name} {voter.birth_date.year}")
    assert status == 0
    assert answer["more"] is False
    hit = answer["hits"][0]  # type: ignore[index]
    assert hit == {
        "line": rehearsal.line(0),
        "tier": "canonical",
        "surname": voter.surname,
        "given_name": voter.given_name,
        "birth_date": voter.birth_date.isoformat(),
        "page": voter.page,
        "row": voter.row,
        "state": "marked",
    }


def test_find_says_when_hits_were_left_out(rehearsal: Shell) -> None:
    _, answer = rehearsal.run("book", "find", "1979", "--limit", "2")
    assert (len(answer["hits"]), answer["more"]) == (2, True)  # type: ignore[arg-type]
    assert rehearsal.run("book", "find", "Nobody")[1] == {"hits": [], "more": False}


@pytest.mark.parametrize("name", ["99999999999999", "AAAAAAAAAAAAB", "", "🙂"])
def test_a_voter_that_is_not_in_the_book_is_refused(rehearsal: Shell, name: str) -> None:
    status, answer = rehearsal.run("book", "mark", name)
    assert (status, answer["refusal"], answer["code"]) == (3, "unknown_voter", "B03")


@pytest.mark.parametrize(
    ("officers", "key"),
    [
        (("chair", "chair"), "same_officer_twice"),
        (("chair", "3"), "not_an_officer"),
        (("chair", "nobody"), "unknown_person"),
    ],
)
def test_a_void_needs_two_different_officers(rehearsal: Shell, officers: tuple[str, str], key: str) -> None:
    rehearsal.run("book", "mark", rehearsal.line(0))
    first, second = officers
    words = ("book", "void", rehearsal.line(0), "--reason", "x", "--officer", first, "--officer", second)
    status, answer = rehearsal.run(*words)
    assert (status, answer["refusal"]) == (3, key)
    assert rehearsal.run("book", "status")[1]["marked"] == 1


def test_a_void_needs_a_reason_two_names_and_a_mark(rehearsal: Shell) -> None:
    two = ("--officer", "1", "--officer", "2")
    assert rehearsal.run("book", "void", rehearsal.line(0), *two)[0] == 2
    assert rehearsal.run("book", "void", rehearsal.line(0), "--reason", "x", "--officer", "1")[0] == 2
    assert rehearsal.run("book", "void", rehearsal.line(0), "--reason", "x", *two)[1]["refusal"] == "not_marked"
    rehearsal.run("book", "mark", rehearsal.line(0))
    assert rehearsal.run("book", "void", rehearsal.line(0), "--reason", " ", *two)[1]["refusal"] == "reason_missing"


def test_status_tells_who_where_and_how_far(rehearsal: Shell) -> None:
    status, answer = rehearsal.run("book", "status")
    assert status == 0
    assert (answer["election"], answer["precinct"], answer["desk"]) == ("test-2026", "1708-0001", 1)
    assert (answer["lines"], answer["marked"], answer["pending"]) == (12, 0, 4)
    assert (answer["acknowledged"], answer["last_sync_at"], answer["day_open"]) == (0, None, False)
    people = answer["people"]
    assert isinstance(people, list)
    assert [(person["role"], person["pin_set"]) for person in people] == [
        ("chair", True),
        ("secretary", True),
        ("operator", True),
    ]


def test_looking_needs_no_lock_and_writing_is_refused_while_the_desktop_has_the_book(rehearsal: Shell) -> None:
    with opened(rehearsal.home):
        assert rehearsal.run("book", "status")[0] == 0
        assert rehearsal.run("book", "find", "Karimov")[0] == 0
        assert rehearsal.run("book", "check")[0] == 0
        status, answer = rehearsal.run("book", "mark", rehearsal.line(0))
    assert (status, answer["refusal"]) == (3, "book_in_use")


def test_a_book_that_was_tampered_with_does_not_pass_the_check(rehearsal: Shell) -> None:
    rehearsal.run("book", "mark", rehearsal.line(0))
    with opened(rehearsal.home) as book, book.writing():
        book.connection.exec_driver_sql("UPDATE line_state SET mark = NULL, channel = NULL, at = NULL, actor = NULL")
    status, answer = rehearsal.run("book", "check")
    assert (status, answer["ok"], answer["failure"]) == (1, False, "ledger_broken")
    assert answer["problems"]
    assert "(S08)" in rehearsal.said


def test_without_a_station_every_command_is_refused(tmp_path: Path, rehearsal: Shell) -> None:
    rehearsal.home = tmp_path / "nothing"
    for words in (
        ("book", "status"),
        ("book", "find", "x"),
        ("book", "mark", "x"),
        ("book", "check"),
        ("people", "list"),
    ):
        status, answer = rehearsal.run(*words)
        assert (status, answer["refusal"], answer["code"]) == (3, "not_enrolled", "S01")


def test_wrong_usage_is_2(rehearsal: Shell) -> None:
    assert rehearsal.run("book", "mark", rehearsal.line(0), "--channel", "post")[0] == 2
    assert rehearsal.run("book", "find")[0] == 2
    assert rehearsal.run("book", "find", "x", "--limit", "0")[0] == 2
    assert rehearsal.run("book")[0] == 2
    assert rehearsal.run("boook")[0] == 2


def test_without_json_answers_are_words(rehearsal: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["book", "find", "Karimov", "--home", str(rehearsal.home)]) == 0
    assert rehearsal.line(5) in capsys.readouterr().out
    assert main(["people", "list", "--home", str(rehearsal.home)]) == 0
    assert "1708-0001-01" in capsys.readouterr().out


def test_a_lost_machine_key_is_a_fault_with_its_code(rehearsal: Shell) -> None:
    StationHome(rehearsal.home).machine_key.unlink()
    status, answer = rehearsal.run("book", "status")
    assert (status, answer["failure"], answer["code"]) == (1, "book_key_missing", "S05")
