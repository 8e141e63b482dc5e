from __future__ import annotations

import io

import pytest

from pollbook.failures import Failure, WorldFailed
from station_app.commands.terminal import SystemTerminal


def test_questions_go_to_stderr_and_answers_come_from_stdin(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(" chair \n482915\n"))
    assert SystemTerminal().ask("Who") == "chair"
    assert SystemTerminal().ask_secret("PIN") == "482915"
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "Who: PIN: ")


def test_where_nobody_answers_nobody_is_signed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    with pytest.raises(WorldFailed) as caught:
        SystemTerminal().ask_secret("PIN")
    assert caught.value.failure is Failure.NOT_SIGNED_IN
