"""`uchastka camera …` on a real book, with halls that are not there and a real stream."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from devices.camera import folder
from pollbook.clock import SystemClock
from pollbook.store.book import open_book
from pollbook.store.home import StationHome
from station_app.__main__ import main
from tests.devices.camera.servers import answering, says_nothing
from tests.station_app.commands.conftest import Shell


def root_of(shell: Shell) -> Path:
    with open_book(StationHome(shell.home), SystemClock(), writer=False) as book:
        return shell.home / "recordings" / book.election.id


def test_a_camera_is_set_up_recorded_proven_exported_and_taken_out(rehearsal: Shell, tmp_path: Path) -> None:
    status, added = rehearsal.run("camera", "add", "hall", "scene:5", "--size", "640x480", "--rate", "5")
    assert (status, added["outcome"], added["address"]) == (0, "added", "scene:5")
    status, probed = rehearsal.run("camera", "probe", "hall")
    assert (status, probed["codec"], probed["width"], probed["copied"]) == (0, "jpeg", 640, False)
    status, recorded = rehearsal.run("camera", "record", "--seconds", "6")
    assert status == 0, rehearsal.said
    hall = recorded["cameras"]["hall"]  # type: ignore[index, call-overload]
    assert (hall["segments"], hall["alarms"]) == (1, {})
    assert hall["frames"] >= 5
    assert recorded["folder"] == str(root_of(rehearsal))
    status, checked = rehearsal.run("camera", "check")
    assert (status, checked["ok"], checked["authority_is_this_elections"]) == (0, True, True)
    out = tmp_path / "complaint"
    words = ("camera", "export", "hall", "--from", "2020-01-01T00:00", "--to", "2100-01-01T00:00", "--out", str(out))
    status, exported = rehearsal.run(*words)
    assert (status, exported["segments"], (out / "index.html").is_file()) == (0, 1, True)
    assert (out / "play" / "hall-00000001.js").read_text("ascii").startswith('FRAMES["hall-00000001.mjpeg"]')
    status, removed = rehearsal.run("camera", "remove", "hall")
    assert (status, removed["outcome"]) == (0, "removed")
    assert rehearsal.run("camera", "check")[1]["ok"], "its recordings stay"


def test_a_segment_that_was_changed_is_found_by_check(rehearsal: Shell) -> None:
    rehearsal.run("camera", "add", "hall", "scene:5")
    rehearsal.run("camera", "record", "--seconds", "5")
    path = folder.segment_files(root_of(rehearsal), "hall")[1][0]
    content = bytearray(path.read_bytes())
    content[500] ^= 1
    path.write_bytes(content)
    status, checked = rehearsal.run("camera", "check")
    assert (status, checked["ok"], checked["failure"]) == (1, False, "segment_changed")
    assert "V41" in rehearsal.said
    status, elsewhere = rehearsal.run("camera", "check", str(root_of(rehearsal)))
    assert (status, elsewhere["failure"]) == (1, "segment_changed")


def test_a_password_is_asked_for_kept_sealed_and_never_taken_from_the_command_line(rehearsal: Shell) -> None:
    rehearsal.terminal.answers = ["hard-to-guess"]
    status, added = rehearsal.run("camera", "add", "hall", "rtsp://127.0.0.1:9/main", "--user", "guard")
    assert (status, added["has_password"]) == (0, True)
    status, listed = rehearsal.run("camera", "list")
    assert "hard-to-guess" not in json.dumps(listed)
    assert "guard" not in json.dumps(listed)
    status, refused = rehearsal.run("camera", "add", "door", "rtsp://guard:seen-by-all@127.0.0.1:9/main")
    assert (status, refused["code"]) == (2, "U01")
    assert "seen-by-all" not in rehearsal.said
    for path in rehearsal.home.rglob("*"):
        if path.is_file():
            assert b"hard-to-guess" not in path.read_bytes()


@pytest.mark.parametrize(
    ("words", "status", "refusal"),
    [
        (("camera", "record"), 3, "no_cameras"),
        (("camera", "rehearse"), 3, "no_cameras"),
        (("camera", "probe", "door"), 3, "camera_unknown"),
        (("camera", "remove", "door"), 3, "camera_unknown"),
        (("camera", "add", "hall", "ftp://10.0.0.1/"), 3, "camera_address_invalid"),
        (("camera", "probe", "usb:97"), 4, "camera_unplugged"),
        (("camera", "probe", "rtsp://127.0.0.1:9/main"), 4, "camera_unreachable"),
    ],
)
def test_what_cannot_be_done_is_refused(rehearsal: Shell, words: tuple[str, ...], status: int, refusal: str) -> None:
    found, answer = rehearsal.run(*words)
    assert (found, answer.get("refusal", answer.get("failure"))) == (status, refusal)


def test_a_camera_is_replaced_under_its_name_and_keeps_its_masks_only_with_its_address(rehearsal: Shell) -> None:
    rehearsal.run("camera", "add", "hall", "scene:5", "--mask", "0,0,100,100")
    mask = {"left": 0, "top": 0, "width": 100, "height": 100}
    status, changed = rehearsal.run("camera", "add", "hall", "scene:5", "--size", "640x480", "--replace")
    assert (status, changed["outcome"], changed["masks"]) == (0, "changed", [mask])
    status, changed = rehearsal.run("camera", "add", "hall", "scene:6", "--replace")
    assert (status, changed["address"], changed["masks"]) == (0, "scene:6", [])
    assert rehearsal.run("camera", "add", "door", "scene:7", "--replace")[1]["outcome"] == "added"


def test_the_room_for_recordings_is_told_set_and_kept(rehearsal: Shell) -> None:
    status, told = rehearsal.run("camera", "limit")
    assert (status, told["quota_gb"], told["keep_days"], told["used_bytes"]) == (0, None, 365, 0)
    status, told = rehearsal.run("camera", "limit", "--quota", "20", "--keep", "400")
    assert (status, told["quota_gb"], told["keep_days"], told["short"]) == (0, 20, 400, True)
    assert "V17" in rehearsal.said, "at 4 Mbit/s that is less than a day"
    assert rehearsal.run("camera", "add", "hall", "scene:5")[0] == 0
    assert rehearsal.run("camera", "limit", "--keep", "500")[1]["quota_gb"] == 20
    assert rehearsal.run("camera", "limit", "--quota", "none")[1]["quota_gb"] is None


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (("--quota", "0"), "quota_unfit"),
        (("--quota", "-3"), "quota_unfit"),
        (("--quota", "lots"), "quota_unfit"),
        (("--keep", "3"), "keeping_unfit"),
        (("--keep", "forever"), "keeping_unfit"),
    ],
)
def test_limits_that_nobody_may_set_are_refused(rehearsal: Shell, words: tuple[str, ...], refusal: str) -> None:
    status, answer = rehearsal.run("camera", "limit", *words)
    assert (status, answer["refusal"]) == (3, refusal)
    assert rehearsal.run("camera", "limit")[1]["quota_gb"] is None


def test_a_second_camera_of_the_same_name_is_refused(rehearsal: Shell) -> None:
    rehearsal.run("camera", "add", "hall", "scene:5")
    assert rehearsal.run("camera", "add", "hall", "scene:6")[1]["refusal"] == "camera_exists"


def test_a_rehearsal_prints_which_cameras_are_ready_and_what_to_do_about_the_others(
    rehearsal: Shell, tmp_path: Path
) -> None:
    with answering(says_nothing) as port:
        rehearsal.run("camera", "add", "hall", "scene:5")
        rehearsal.run("camera", "add", "door", f"rtsp://127.0.0.1:{port}/main")
        sheet = tmp_path / "sheet.pdf"
        status, answer = rehearsal.run("camera", "rehearse", "--seconds", "9", "--pdf", str(sheet))
    assert (status, answer["ready"]) == (4, False)
    hall, door = answer["cameras"]  # type: ignore[misc]
    assert (hall["ready"], hall["light"], door["ready"]) == (True, "green", False)
    assert set(door["failures"]) & {"camera_silent", "camera_lost"}
    assert sheet.read_bytes().startswith(b"%PDF")
    assert list((rehearsal.home / "recordings").rglob("*")) == [], "nothing is recorded"


def test_a_folder_without_a_book_is_proven_by_itself(
    rehearsal: Shell, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rehearsal.run("camera", "add", "hall", "scene:5")
    rehearsal.run("camera", "record", "--seconds", "5")
    elsewhere = str(tmp_path / "inspector")
    assert main(["camera", "check", str(root_of(rehearsal)), "--home", elsewhere, "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["ok"], answer["authority_is_this_elections"], len(answer["authorities"])) == (True, False, 1)
