from __future__ import annotations

from pathlib import Path

from tests.station_app.commands.conftest import Shell
from tests.station_app.papers.seeing import words_of
from tests.sync.stations import opened


def test_the_printed_list_carries_the_marks_of_the_moment(rehearsal: Shell, tmp_path: Path) -> None:
    rehearsal.run("book", "mark", rehearsal.line(2), "--channel", "home")
    file = tmp_path / "list.pdf"
    status, answer = rehearsal.run("book", "print-list", str(file), "--language", "en")
    assert (status, answer["file"], answer["lines"], answer["marked"]) == (0, str(file), 12, 1)
    assert answer["last_sync_at"] is None
    words = words_of(file.read_bytes())
    assert "1 of 12 voters marked" in words
    assert words.count("✓ at home") == 1
    assert "has not talked with the register yet" in words
    assert all(voter.full_name in words for voter in rehearsal.centre.voters)
    assert file.stat().st_mode & 0o077 == 0


def test_it_prints_while_the_desktop_has_the_book_and_replaces_an_older_list(rehearsal: Shell, tmp_path: Path) -> None:
    file = tmp_path / "list.pdf"
    file.write_bytes(b"older")
    with opened(rehearsal.home):
        status, _ = rehearsal.run("book", "print-list", str(file))
    assert status == 0
    assert file.read_bytes().startswith(b"%PDF")


def test_a_voided_mark_is_not_on_the_list(rehearsal: Shell, tmp_path: Path) -> None:
    rehearsal.run("book", "mark", rehearsal.line(0))
    rehearsal.run("book", "void", rehearsal.line(0), "--reason", "x", "--officer", "chair", "--officer", "Yo'ldoshev")
    assert rehearsal.run("book", "print-list", str(tmp_path / "list.pdf"))[1]["marked"] == 0


def test_a_folder_that_is_not_there_is_named(rehearsal: Shell, tmp_path: Path) -> None:
    status, answer = rehearsal.run("book", "print-list", str(tmp_path / "nowhere" / "list.pdf"))
    assert (status, answer["refusal"]) == (3, "file_unreadable")
    assert "nowhere" in rehearsal.said
