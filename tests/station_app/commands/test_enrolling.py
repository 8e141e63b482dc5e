from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from station_app.__main__ import main
from tests.station_app.commands.conftest import Shell, TypedAnswers
from tests.sync.centre import Centre
from tests.sync.fake_register import FakeRegister, response, sends, serving
from tests.sync.stations import invitation


def unrolled(tmp_path: Path, capsys: pytest.CaptureFixture[str], *, training: bool) -> Iterator[Shell]:
    centre = Centre(training=training)
    with serving(centre) as register:
        (tmp_path / "s1.enrol").write_bytes(invitation(register))
        yield Shell(tmp_path / "S1", centre, register, capsys)


@pytest.fixture
def rehearsing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Shell]:
    yield from unrolled(tmp_path, capsys, training=True)


@pytest.fixture
def real(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Shell]:
    yield from unrolled(tmp_path, capsys, training=False)


def test_a_training_station_enrols_unattended_and_shows_its_pins_once(rehearsing: Shell, tmp_path: Path) -> None:
    status, answer = rehearsing.run("enrol", str(tmp_path / "s1.enrol"))
    assert (status, answer["outcome"], answer["training"], answer["lines"]) == (0, "enrolled", True, 12)
    people = answer["people"]
    assert isinstance(people, list)
    kept = json.loads((rehearsing.home / "training-pins.json").read_text("utf-8"))
    assert {person["key"]: person["pin"] for person in people} == {key: value["pin"] for key, value in kept.items()}
    assert stat.S_IMODE(rehearsing.home.stat().st_mode) == 0o700
    assert rehearsing.run("enrol", str(tmp_path / "s1.enrol"))[1]["refusal"] == "already_enrolled"
    assert rehearsing.run("book", "mark", rehearsing.line(0))[0] == 0


def test_in_words_the_pins_stand_below_the_word_training(
    rehearsing: Shell, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["enrol", str(tmp_path / "s1.enrol"), "--home", str(rehearsing.home)], TypedAnswers()) == 0
    said = capsys.readouterr().out
    assert "TRAINING" in said
    assert said.count("(1708-0001-") == 3


def test_a_real_station_asks_each_person_twice_and_two_officers_must_choose(real: Shell, tmp_path: Path) -> None:
    real.terminal.answers = ["", "111111", "482915", "482915", "593026", "593026", ""]
    status, answer = real.run("enrol", str(tmp_path / "s1.enrol"))
    assert (status, answer["training"]) == (0, False)
    assert "482915" not in json.dumps(answer)
    assert real.said.count("(P08)") == 2
    people = real.run("people", "list")[1]["people"]
    assert isinstance(people, list)
    assert [person["pin_set"] for person in people] == [True, True, False]
    assert not (real.home / "training-pins.json").exists()


def test_a_file_that_is_not_there_or_none_is_told_with_its_path(rehearsing: Shell, tmp_path: Path) -> None:
    status, answer = rehearsing.run("enrol", str(tmp_path / "other"))
    assert (status, answer["refusal"], answer["path"]) == (3, "file_unreadable", str(tmp_path / "other"))
    (tmp_path / "s1.enrol").write_bytes(b"\x00" * 100_000)
    status, answer = rehearsing.run("enrol", str(tmp_path / "s1.enrol"))
    assert (status, answer["refusal"], answer["path"]) == (3, "enrol_file_invalid", str(tmp_path / "s1.enrol"))
    assert "(E05)" in rehearsing.said


def test_a_register_that_answers_html_is_not_there(rehearsing: Shell, tmp_path: Path) -> None:
    rehearsing.register.then(sends(response(200, "text/html", b"<html>")))
    status, answer = rehearsing.run("enrol", str(tmp_path / "s1.enrol"))
    assert (status, answer["failure"]) == (4, "answer_not_understood")
    assert rehearsing.run("enrol", str(tmp_path / "s1.enrol"))[0] == 0


def test_a_code_that_does_not_hold_is_refused(rehearsing: Shell, tmp_path: Path) -> None:
    (tmp_path / "s1.enrol").write_bytes(invitation(rehearsing.register, code="WRONG"))
    status, answer = rehearsing.run("enrol", str(tmp_path / "s1.enrol"))
    assert (status, answer["refusal"], answer["code"]) == (3, "code_wrong", "E01")


def test_the_register_of_another_election_is_not_trusted(rehearsing: Shell, tmp_path: Path) -> None:
    other = FakeRegister(Centre())
    try:
        pem = rehearsing.centre.authority.pem
        (tmp_path / "s1.enrol").write_bytes(invitation(other, authority_pem=pem))
        status, answer = rehearsing.run("enrol", str(tmp_path / "s1.enrol"))
    finally:
        other.close()
    assert (status, answer["failure"], answer["code"]) == (4, "register_not_trusted", "L03")
