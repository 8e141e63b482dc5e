from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pollbook.clock import SystemClock
from pollbook.store.home import StationHome
from pollbook.types import line_text
from station_app.__main__ import main
from sync.enrolment import enrol
from tests.sync.centre import Centre
from tests.sync.fake_register import FakeRegister, serving
from tests.sync.stations import CHEAP, choose, ignore, invitation


@dataclass
class TypedAnswers:
    """A terminal at which these answers are typed, in this order; it keeps what was asked."""

    answers: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def ask(self, question: str) -> str:
        self.asked.append(question)
        return self.answers.pop(0)

    def ask_secret(self, question: str) -> str:
        return self.ask(question)


@dataclass
class Shell:
    """Runs `uchastka … --home … --json` and reads its one object."""

    home: Path
    centre: Centre
    register: FakeRegister
    capsys: pytest.CaptureFixture[str]
    terminal: TypedAnswers = field(default_factory=TypedAnswers)
    said: str = ""

    def run(self, *words: str) -> tuple[int, dict[str, object]]:
        status = main([*words, "--home", str(self.home), "--json"], self.terminal)
        captured = self.capsys.readouterr()
        (line,) = captured.out.splitlines()
        self.said = captured.err
        answer = json.loads(line)
        assert isinstance(answer, dict)
        return status, answer

    def line(self, place: int) -> str:
        """The name of the line at a place of the voters' list."""
        return line_text(self.centre.voters[place].line)


def make(path: Path, capsys: pytest.CaptureFixture[str], *, training: bool) -> Iterator[Shell]:
    centre = Centre(training=training)
    with serving(centre) as register:
        enrol(StationHome(path), invitation(register), SystemClock(), choose, ignore, CHEAP)
        yield Shell(path, centre, register, capsys)


@pytest.fixture
def rehearsal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Shell]:
    """A station of a training election."""
    yield from make(tmp_path / "station", capsys, training=True)


@pytest.fixture
def station(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Shell]:
    """A station of a real election, whose people have the PINs of `stations.PINS`."""
    yield from make(tmp_path / "station", capsys, training=False)
