"""The pages for people say what the programs do: links, commands, options, failure codes and modules are there."""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from development import checks, commands
from pollbook.commanding import CommandParser, WrongUsage
from pollbook.failures import Failure
from register.__main__ import parser as register_parser
from station_app.__main__ import _parser as station_parser
from station_app.commands.terminal import SystemTerminal
from sync.__main__ import _parser as sync_parser

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
GUIDES = sorted((ROOT / "docs" / "guide").glob("*.md"))
PAGES = [README, ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
PARSERS = {
    "uchastka": station_parser(SystemTerminal()),
    "uchastka-sync": sync_parser(),
    "uchastka-register": register_parser(),
    "dev.py": commands._parser(),
}
LINK = re.compile(r"\[[^\]]*\]\((?P<to>[^)\s]+)\)")
FENCE = re.compile(r"^```\w*\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`(?P<text>(?:python3 dev\.py|uchastka(?:-sync|-register)?) [^`]+)`")
SHOWN_OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
CODE = re.compile(r"(?<![\w+-])[BDPELNSRGKTUVW]\d\d(?!\d)")
MODULE_ROW = re.compile(r"^\| (?P<modules>`[^|]+`) \|", re.MULTILINE)
SOMEBODYS_MACHINE = re.compile(r"(?<![\w~.-])/(?:home|Users|root|work|mnt)/\w|[A-Z]:\\\\?Users", re.ASCII)
FIRST_SCREENFUL = 24


def named(page: Path) -> str:
    return str(page.relative_to(ROOT))


every_page = pytest.mark.parametrize("page", PAGES, ids=named)


def prose(text: str) -> str:
    return FENCE.sub("", text)


def anchors(page: Path) -> set[str]:
    """The places within a page that a link may name, as the web shows of repositories make them of headings."""
    headings = re.findall(r"^#+ (.+)$", prose(page.read_text("utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def commands_in(text: str) -> Iterator[list[str]]:
    """The command lines of the code blocks, as words from the program's name on; an option in brackets is one too."""
    for block in FENCE.finditer(text):
        for line in block["text"].splitlines():
            shown = re.sub(r"[\[\]]", "", re.sub(r"\s+&?\s*(#.*)?$", "", line))
            words = shlex.split(shown)
            if words[:1] == ["python3"]:
                words = words[1:]
            if words and words[0] in PARSERS:
                yield words


def parser_and_rest(words: list[str]) -> tuple[argparse.ArgumentParser, list[str]]:
    """The parser of the innermost command that the words name, and what follows it."""
    parser: argparse.ArgumentParser = PARSERS[words[0]]
    rest = words[1:]
    while rest:
        groups = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
        if not groups or rest[0].startswith("-"):
            break
        assert rest[0] in groups[0].choices, f"{words}: {parser.prog} has no command {rest[0]}"
        parser, rest = groups[0].choices[rest[0]], rest[1:]
    return parser, rest


# --- links


@every_page
def test_every_link_and_picture_is_there(page: Path) -> None:
    for link in LINK.finditer(prose(page.read_text("utf-8"))):
        if re.match(r"[a-z]+:", link["to"]):
            continue
        path, _, place = link["to"].partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link["to"]
        if place:
            assert place in anchors(target), link["to"]


def test_every_page_for_people_is_reached_from_the_readme() -> None:
    reached, new = set[Path](), {README}
    while new:
        reached |= new
        links = {
            (page.parent / link["to"].partition("#")[0]).resolve()
            for page in new
            for link in LINK.finditer(page.read_text("utf-8"))
        }
        inside = {inner for target in links if target.is_dir() for inner in target.glob("*.md")}
        new = {target for target in links | inside if target.suffix == ".md" and target.is_file()} - reached
    assert [named(page) for page in PAGES if page not in reached] == []


# --- commands


@every_page
def test_command_lines_are_taken_by_the_programs(page: Path) -> None:
    for words in commands_in(page.read_text("utf-8")):
        try:
            PARSERS[words[0]].parse_args(words[1:])
        except (WrongUsage, SystemExit) as error:
            pytest.fail(f"{shlex.join(words)}: {error}")


@every_page
def test_commands_and_options_named_in_sentences_exist(page: Path) -> None:
    for shown in INLINE.finditer(prose(page.read_text("utf-8"))):
        text = re.sub(r"[\[\]…]", "", shown["text"].removeprefix("python3 "))
        words = text.split()
        parser, rest = parser_and_rest([word for word in words if not word.isupper()])
        known = set(parser._option_string_actions)
        if words[:2] == ["dev.py", "simulate"]:
            known |= set(SHOWN_OPTION.findall((ROOT / "tests" / "simulation" / "__main__.py").read_text("utf-8")))
        if words[:2] == ["dev.py", "soak"]:  # a soak parses its own options
            known |= set(SHOWN_OPTION.findall((ROOT / "tests" / "soak" / f"{words[2]}.py").read_text("utf-8")))
        assert {option for option in rest if SHOWN_OPTION.fullmatch(option)} <= known, shown["text"]


@pytest.mark.parametrize("page", GUIDES, ids=named)
def test_options_that_a_guide_names_alone_belong_to_some_command(page: Path) -> None:
    named_alone = set(re.findall(r"`(--[a-z][a-z-]*)[^`]*`", prose(page.read_text("utf-8"))))
    assert named_alone <= {option for parser in PARSERS.values() for option in options_of(parser)}


def options_of(parser: argparse.ArgumentParser) -> set[str]:
    found = set(parser._option_string_actions)
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            found = found.union(*(options_of(inner) for inner in action.choices.values()))
    return found


def test_every_command_of_the_station_and_the_register_stands_in_some_guide() -> None:
    guides = "\n".join(page.read_text("utf-8") for page in (README, *GUIDES))
    for program in ("uchastka", "uchastka-register"):
        for path in commands_of(PARSERS[program]):
            assert re.search(rf"{program} {path}\b", guides), f"{program} {path}"


def commands_of(parser: argparse.ArgumentParser, before: str = "") -> Iterator[str]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, inner in action.choices.items():
                assert isinstance(inner, CommandParser)
                deeper = list(commands_of(inner, f"{before}{name} "))
                yield from deeper or [f"{before}{name}"]


def test_the_readme_begins_with_the_two_commands() -> None:
    screenful = "\n".join(README.read_text("utf-8").splitlines()[:FIRST_SCREENFUL])
    shown = ["dev.py run", "dev.py test"]
    assert [" ".join(words) for words in commands_in(screenful)] == shown


# --- failures, languages, modules


@every_page
def test_every_failure_code_named_exists(page: Path) -> None:
    codes = {failure.code for failure in Failure}
    assert set(CODE.findall(page.read_text("utf-8"))) <= codes


@pytest.mark.parametrize("english", [page for page in GUIDES if ".en." in page.name], ids=named)
def test_the_uzbek_guide_names_the_same_commands_and_codes(english: Path) -> None:
    uzbek = english.with_name(english.name.replace(".en.", ".uz."))
    ours, theirs = english.read_text("utf-8"), uzbek.read_text("utf-8")
    assert list(commands_in(ours)) == list(commands_in(theirs))
    assert sorted(set(CODE.findall(ours))) == sorted(set(CODE.findall(theirs)))
    assert len(re.findall("^## ", ours, re.MULTILINE)) == len(re.findall("^## ", theirs, re.MULTILINE))


ROOMS = (
    "pollbook",
    "pollbook/store",
    "sync",
    "devices/smartcard",
    "devices/emrtd",
    "devices/camera",
    "station_app",
    "station_app/live",
    "register",
)


@pytest.mark.parametrize("room", ROOMS)
def test_the_house_names_every_module_of_a_room_and_no_other(room: str) -> None:
    house = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    section = re.search(rf"^## `{room}`\n(.*?)(?=^## )", house, re.MULTILINE | re.DOTALL)
    assert section, room
    said = [name for row in MODULE_ROW.finditer(section[1]) for name in re.findall(r"`(\w+)`", row["modules"])]
    there = {
        path.stem
        for path in (ROOT / room).iterdir()
        if path.suffix == ".py" or (path.is_dir() and any(path.glob("*.py")))
    }
    assert sorted(said) == sorted(there - {"__init__"})


# --- nothing of somebody's own


def test_no_page_names_a_registry() -> None:
    assert checks.find_addresses(ROOT, PAGES) == []


@every_page
def test_no_page_names_a_path_of_somebodys_machine(page: Path) -> None:
    assert SOMEBODYS_MACHINE.findall(page.read_text("utf-8")) == []
