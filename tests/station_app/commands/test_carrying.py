from __future__ import annotations

from pathlib import Path

import pytest

from pollbook.sealed_bundle import Answered, read_requests, write_answers
from pollbook.sealing import box_key_of
from tests.station_app.commands.conftest import Shell


def taken(shell: Shell, up: Path, down: Path) -> None:
    """What the register does with the station's file."""
    centre = shell.centre
    key = box_key_of(centre.key)
    requests = read_requests(up.read_bytes(), centre.election.id, key, lambda book: centre.shelves[book].device_key)
    answered = [Answered(each, centre.sync(each.address, each.request)) for each in requests.carried]
    down.write_bytes(write_answers(requests, answered, centre.key))


def test_a_mark_goes_up_by_hand_and_is_acknowledged(rehearsal: Shell, tmp_path: Path) -> None:
    rehearsal.run("book", "mark", rehearsal.line(0))
    up, down = tmp_path / "up", tmp_path / "down"
    status, written = rehearsal.run("book", "export", str(up))
    assert (status, written["out"], written["requests"], written["left"]) == (0, str(up), 1, 0)
    assert written["bytes"] == up.stat().st_size
    _, before = rehearsal.run("book", "status")
    assert before["pending"] == written["entries"]
    taken(rehearsal, up, down)
    status, brought = rehearsal.run("book", "import", str(down))
    assert (status, brought) == (0, {"acknowledged": written["entries"], "pending": 0, "feed": []})
    assert [state for state in rehearsal.centre.shelf.lines.values() if state.mark is not None]


def test_only_the_owner_may_read_what_is_written(rehearsal: Shell, tmp_path: Path) -> None:
    rehearsal.run("book", "export", str(tmp_path / "up"))
    assert (tmp_path / "up").stat().st_mode & 0o077 == 0


def test_an_export_that_cannot_be_written_is_told(rehearsal: Shell, tmp_path: Path) -> None:
    status, said = rehearsal.run("book", "export", str(tmp_path / "nowhere" / "up"))
    assert (status, said["refusal"]) == (3, "file_unreadable")


@pytest.mark.parametrize(
    ("content", "refusal"), [(None, "file_unreadable"), (b"", "bundle_unreadable"), (b"a photo", "bundle_unreadable")]
)
def test_a_file_that_is_no_answer_is_told(
    rehearsal: Shell, tmp_path: Path, content: bytes | None, refusal: str
) -> None:
    down = tmp_path / "down"
    if content is not None:
        down.write_bytes(content)
    status, said = rehearsal.run("book", "import", str(down))
    assert (status, said["refusal"]) == (3, refusal)


def test_the_stations_own_file_is_not_its_answer(rehearsal: Shell, tmp_path: Path) -> None:
    up = tmp_path / "up"
    rehearsal.run("book", "export", str(up))
    status, said = rehearsal.run("book", "import", str(up))
    assert (status, said["refusal"], said["code"]) == (3, "bundle_other_way", "K07")
