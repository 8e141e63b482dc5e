"""`uchastka book mirror` and `takeover`, as a person at the terminal meets them."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from pollbook.mirror_file import HEADER_NAME
from pollbook.signing import REGISTER_SUBJECT, SigningKey, device_id
from pollbook.store.home import StationHome
from pollbook.store.link import Link
from pollbook.store.spare import keep_spare
from station_app.__main__ import main
from tests.station_app.commands.conftest import Shell
from tests.sync.stations import CHAIR, PINS, SECRETARY

CODE = re.compile(r"[0-9A-Z]{4}(-[0-9A-Z]{4}){5}")


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    (tmp_path / "stick").mkdir()
    return tmp_path / "stick"


@pytest.fixture
def spare(rehearsal: Shell, tmp_path: Path) -> Shell:
    """A spare of the rehearsal's election, beside the rehearsal's station."""
    return make_spare(rehearsal, tmp_path / "spare")


def make_spare(station: Shell, path: Path) -> Shell:
    home, key, centre = StationHome(path), SigningKey.generate(), station.centre
    home.make()
    register = centre.authority.certify(REGISTER_SUBJECT, centre.key.public)
    device = centre.authority.certify(device_id(key.public).hex(), key.public)
    keep_spare(home, Link(station.register.url, centre.authority.pem.decode(), register, device, key))
    return Shell(path, centre, station.register, station.capsys)


def test_a_mirror_is_begun_with_a_code_that_is_shown_once(rehearsal: Shell, stick: Path) -> None:
    status, begun = rehearsal.run("book", "mirror", str(stick))
    assert (status, begun["state"], begun["failure"]) == (0, "following", None)
    assert CODE.fullmatch(str(begun["sealed_code"]))
    status, again = rehearsal.run("book", "mirror", str(stick))
    assert (status, "sealed_code" in again) == (0, False)
    status, told = rehearsal.run("book", "mirror", "status")
    assert (status, told["mirrored"], told["entries"]) == (0, told["entries"], begun["entries"])
    assert len(told["sticks"]) == 1  # type: ignore[arg-type]


def test_what_is_marked_is_on_the_mirror_before_the_command_answers(rehearsal: Shell, stick: Path) -> None:
    assert "mirror" not in rehearsal.run("book", "mark", rehearsal.line(0))[1]
    rehearsal.run("book", "mirror", str(stick))
    status, marked = rehearsal.run("book", "mark", rehearsal.line(1))
    assert (status, marked["outcome"], marked["mirror"]) == (0, "marked", "written")
    refused = rehearsal.run("book", "mark", rehearsal.line(1))[1]
    assert (refused["refusal"], "mirror" in refused) == ("already_marked", False)


def test_a_stick_that_is_not_there_is_said_and_the_mark_stands(rehearsal: Shell, stick: Path) -> None:
    rehearsal.run("book", "mirror", str(stick))
    stick.rename(stick.with_name("pulled out"))
    status, marked = rehearsal.run("book", "mark", rehearsal.line(1))
    assert (status, marked["outcome"], marked["mirror"]) == (0, "marked", "mirror_gone")
    assert "(M02)" in rehearsal.said
    status, told = rehearsal.run("book", "mirror", "status")
    assert (status, told["state"], told["failure"], told["code"]) == (4, "away", "mirror_gone", "M02")
    stick.with_name("pulled out").rename(stick)
    assert rehearsal.run("book", "mark", rehearsal.line(2))[1]["mirror"] == "written"


def test_the_mirror_is_stopped_and_its_status_says_so(rehearsal: Shell, stick: Path) -> None:
    rehearsal.run("book", "mirror", str(stick))
    assert rehearsal.run("book", "mirror", "stop") == (0, {"outcome": "stopped"})
    assert rehearsal.run("book", "mirror", "status")[1]["state"] == "off"
    assert "mirror" not in rehearsal.run("book", "mark", rehearsal.line(1))[1]


def test_a_new_code_begins_a_new_mirror(rehearsal: Shell, stick: Path) -> None:
    first = rehearsal.run("book", "mirror", str(stick))[1]["sealed_code"]
    second = rehearsal.run("book", "mirror", str(stick), "--new-code")[1]["sealed_code"]
    assert first != second
    assert len(list(stick.iterdir())) == 2


def test_a_place_that_is_not_there_or_is_of_another_book_is_refused(rehearsal: Shell, stick: Path) -> None:
    status, refused = rehearsal.run("book", "mirror", str(stick / "nowhere"))
    assert (status, refused["refusal"]) == (3, "file_unreadable")
    (stick / HEADER_NAME).write_bytes(b"of another book")
    status, refused = rehearsal.run("book", "mirror", str(stick))
    assert (status, refused["refusal"]) == (3, "mirror_other_book")
    assert rehearsal.run("book", "mirror", "status")[1]["state"] == "off"


def test_the_script_of_a_takeover(rehearsal: Shell, spare: Shell, stick: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = rehearsal.run("book", "mirror", str(stick))[1]["sealed_code"]
    rehearsal.run("book", "mark", rehearsal.line(0))
    monkeypatch.setenv("UCHASTKA_PIN_FILE", str(pins_of(rehearsal)))
    named = ("--officer", "chair", "--officer", "secretary")
    status, taken = spare.run("book", "takeover", str(stick), "--code", str(code), *named)
    assert (status, taken["outcome"], taken["old_mirror"], taken["mirror"]) == (0, "took_over", "told", "following")
    assert taken["unproven"] == int(str(taken["lines"])) - 1
    status, marked = spare.run("book", "mark", rehearsal.line(0))
    assert (status, marked["refusal"]) == (3, "already_marked")
    status, marked = spare.run("book", "mark", rehearsal.line(1))
    assert (status, marked["refusal"]) == (3, "line_unproven")
    status, checked = spare.run("book", "check")
    assert (status, checked["problems"]) == (0, [])
    # The old laptop comes back, and meets its stick.
    monkeypatch.delenv("UCHASTKA_PIN_FILE")
    status, refused = rehearsal.run("book", "mark", rehearsal.line(1))
    assert (status, refused["refusal"]) == (3, "book_superseded")


def pins_of(station: Shell) -> Path:
    table = json.loads((station.home / "training-pins.json").read_text("utf-8"))
    path = station.home.parent / "pins.toml"
    path.write_text("".join(f'"{key}" = "{person["pin"]}"\n' for key, person in table.items()), "utf-8")
    return path


def test_what_a_takeover_is_refused_for(rehearsal: Shell, spare: Shell, stick: Path, tmp_path: Path) -> None:
    code = str(rehearsal.run("book", "mirror", str(stick))[1]["sealed_code"])
    named = ("--officer", "chair", "--officer", "secretary")
    for words, failure in (
        ((str(tmp_path), "--code", code, *named), "mirror_not_there"),
        ((str(stick), "--code", "7H2K", *named), "mirror_code_wrong"),
        ((str(stick), "--code", code, "--officer", "chair", "--officer", "chair"), "same_officer_twice"),
        ((str(stick), "--code", code, "--officer", "chair", "--officer", "operator"), "not_an_officer"),
        ((str(stick), "--code", code, "--officer", "chair", "--officer", "Nobody"), "unknown_person"),
    ):
        spare.terminal.answers = ["000001", "000001"]
        status, refused = spare.run("book", "takeover", *words)
        assert (status, refused["refusal"]) == (3, failure), words
    spare.terminal.answers = ["000001", "000001"]
    status, refused = spare.run("book", "takeover", str(stick), "--code", code, *named)
    assert (status, refused["refusal"]) == (3, "wrong_pin")
    status, refused = rehearsal.run("book", "takeover", str(stick), "--code", code, *named)
    assert (status, refused["refusal"]) == (3, "already_enrolled")


def test_in_a_real_election_the_code_and_the_pins_are_typed_unseen(station: Shell, stick: Path, tmp_path: Path) -> None:
    code = str(station.run("book", "mirror", str(stick))[1]["sealed_code"])
    spare = make_spare(station, tmp_path / "spare")
    spare.terminal.answers = [code.lower(), PINS[CHAIR], PINS[SECRETARY]]
    status, taken = spare.run("book", "takeover", str(stick), "--officer", "chair", "--officer", "secretary")
    assert (status, taken["outcome"]) == (0, "took_over")
    assert len(spare.terminal.asked) == 3
    assert not any(code in asked or PINS[CHAIR] in asked for asked in spare.terminal.asked)


def test_the_words_for_a_person_name_the_code_and_what_comes_next(
    rehearsal: Shell, stick: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["book", "mirror", str(stick), "--home", os.fspath(rehearsal.home)], rehearsal.terminal) == 0
    assert CODE.search(capsys.readouterr().out)
