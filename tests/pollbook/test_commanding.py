from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from pollbook.commanding import Act, Answer, CommandParser, Console, Program, language_of, refused, run_command
from pollbook.failures import Failure, WeFailed, WorldFailed


def echo(arguments: argparse.Namespace, console: Console) -> Answer:
    console.tell("for people")
    return Answer({"home": str(arguments.home), "text": arguments.text})


def program(act: Act) -> Program:
    def parser() -> CommandParser:
        top = CommandParser(is_top=True, default_home=Path("usual"), prog="program")
        group = top.command("group", "some commands")
        group.command("say", "say it", act).add_argument("text")
        return top

    return Program(parser)


def run(act: Act, *argv: str) -> int:
    return run_command(program(act), argv)


def raises(error: BaseException) -> Act:
    def act(_arguments: argparse.Namespace, _console: Console) -> Answer:
        raise error

    return act


@pytest.mark.parametrize(
    "argv",
    [
        ("--home", "H", "--json", "group", "say", "x"),
        ("group", "--home", "H", "--json", "say", "x"),
        ("group", "say", "x", "--home", "H", "--json"),
        ("--json", "group", "say", "--home", "H", "x"),
        ("--home", "elsewhere", "--json", "group", "say", "--home", "H", "x"),
    ],
)
def test_home_and_json_stand_anywhere(argv: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(echo, *argv) == 0
    said = capsys.readouterr()
    assert json.loads(said.out) == {"home": "H", "text": "x"}
    assert said.err == "for people\n"


def test_without_json_the_answer_is_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(echo, "group", "say", "ʻoʻ") == 0
    assert capsys.readouterr().out == 'home: "usual"\ntext: "ʻoʻ"\n'


@pytest.mark.parametrize("argv", [(), ("group",), ("group", "say"), ("other",), ("group", "say", "x", "--unknown")])
def test_wrong_usage_is_2_and_one_object(argv: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(echo, *argv, "--json") == 2
    said = capsys.readouterr()
    assert json.loads(said.out) == {"failure": "wrong_usage", "code": "U01"}
    assert said.err
    assert run(echo, *argv) == 2
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("error", "status", "data"),
    [
        (WorldFailed(Failure.NOT_ENROLLED, path="P"), 3, {"refusal": "not_enrolled", "code": "S01", "path": "P"}),
        (WorldFailed(Failure.REGISTER_SLOW), 4, {"failure": "register_slow", "code": "L02"}),
        (WeFailed(Failure.LEDGER_BROKEN, entry=7), 1, {"failure": "ledger_broken", "code": "S08", "entry": 7}),
    ],
)
def test_a_failure_names_itself_on_both_channels(
    error: Exception, status: int, data: dict[str, object], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(raises(error), "group", "say", "x", "--json") == status
    said = capsys.readouterr()
    assert json.loads(said.out) == data
    assert f"({data['code']})" in said.err


def test_a_fault_leaves_a_file_with_places_but_no_values(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    secret = "KARIMOV 31210632040244"
    assert run(raises(KeyError(secret)), "group", "say", "x", "--json", "--home", str(tmp_path)) == 1
    said = capsys.readouterr()
    answer = json.loads(said.out)
    assert (answer["failure"], answer["code"]) == ("fault", "U99")
    log = Path(answer["log"])
    assert log.parent == tmp_path / "faults"
    text = log.read_text("utf-8")
    assert "builtins.KeyError" in text
    assert "test_commanding.py" in text
    assert secret not in text + said.err + said.out
    assert "Traceback" not in said.err


def test_an_interrupt_is_130(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(raises(KeyboardInterrupt()), "group", "say", "x") == 130
    assert capsys.readouterr().out == ""


def test_help_and_version_are_answers(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(echo, "--help") == 0
    assert run(echo, "group", "say", "--help") == 0
    assert run(echo, "--version") == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("program ")


def test_a_refusal_is_named_before_its_facts() -> None:
    answer = refused(Failure.ALREADY_MARKED, {"entry": 4}, line="L")
    assert list(answer.data.items()) == [("refusal", "already_marked"), ("code", "B01"), ("line", "L"), ("entry", 4)]
    assert answer.exit == 3


@pytest.mark.parametrize(
    ("environ", "language"),
    [
        ({"UCHASTKA_LANGUAGE": "kaa", "LANG": "ru_RU.UTF-8"}, "kaa"),
        ({"UCHASTKA_LANGUAGE": "nonsense", "LANG": "ru_RU.UTF-8"}, "ru"),
        ({"LANG": "uz_UZ.UTF-8"}, "uz_Latn"),
        ({"LANG": "uz_UZ.UTF-8@cyrillic"}, "uz_Cyrl"),
        ({"LC_ALL": "en_GB", "LANG": "ru_RU"}, "en"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "uz_Latn"),
        ({}, "en"),
    ],
)
def test_the_language_is_asked_for_or_the_locale_s(environ: dict[str, str], language: str) -> None:
    assert language_of(environ) == language


def test_the_words_follow_the_language(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    said = set()
    for language in ("uz_Latn", "uz_Cyrl", "kaa", "ru", "en"):
        monkeypatch.setenv("UCHASTKA_LANGUAGE", language)
        run(raises(WorldFailed(Failure.NOT_ENROLLED)), "group", "say", "x")
        said.add(capsys.readouterr().err)
    assert len(said) == 5


def test_a_list_of_things_is_read_a_line_a_thing(capsys: pytest.CaptureFixture[str]) -> None:
    people = [{"number": 1, "name": "Karimova Malika"}, {"number": 2, "name": "Usmonov Anvar"}]
    answer = Answer({"people": people, "lines": ["A", "B"], "notices": [], "open": True})
    assert run(lambda _arguments, _console: answer, "group", "say", "it") == 0
    assert capsys.readouterr().out.splitlines() == [
        "people:",
        '  number 1  name "Karimova Malika"',
        '  number 2  name "Usmonov Anvar"',
        'lines: ["A", "B"]',
        "notices: []",
        "open: true",
    ]
