from __future__ import annotations

import json
import shutil
import ssl
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from pollbook.clock import SystemClock
from pollbook.failures import Failure, WorldFailed
from pollbook.store.book import open_book
from pollbook.store.home import StationHome
from sync.__main__ import main
from tests.simulation.rarities import LEFT_OUT
from tests.sync import fake_register as fake
from tests.sync.centre import Centre
from tests.sync.fake_register import FakeRegister, response, sends
from tests.sync.stations import enrolled, mark, opened

ROOT = Path(__file__).parents[2]


def once(home: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, object], str]:
    status = main(["--once", "--home", str(home), "--json"])
    said = capsys.readouterr()
    (line,) = said.out.splitlines()
    return status, json.loads(line), said.err


def test_once_syncs_and_says_what_went_over_the_link(
    station: Path, centre: Centre, capsys: pytest.CaptureFixture[str]
) -> None:
    mark(station, centre, 0, 2)
    status, answer, said = once(station, capsys)
    assert (status, said) == (0, "")
    assert answer.keys() == {"acknowledged", "sent", "pending", "bytes_up", "bytes_down", "round_trips", "feed"}
    assert (answer["acknowledged"], answer["pending"], answer["feed"]) == (7, 0, [])
    assert len(centre.shelf.marked) == 2


@pytest.mark.parametrize(
    ("behaviour", "status", "name", "key"),
    [
        (sends(response(200, "text/html", b"<html>")), 4, "failure", "answer_not_understood"),
        (sends(response(500, "text/html", b"<html>")), 4, "failure", "register_in_trouble"),
        (fake.takes_it_and_answers_half, 4, "failure", "answer_not_understood"),
        (sends(fake.problem(Failure.BOOK_REVOKED)), 3, "refusal", "book_revoked"),
    ],
)
def test_a_failed_sync_names_its_failure_and_still_reports(
    station: Path,
    register: FakeRegister,
    capsys: pytest.CaptureFixture[str],
    behaviour: fake.Behaviour,
    status: int,
    name: str,
    key: str,
) -> None:
    register.then(behaviour)
    ended, answer, said = once(station, capsys)
    assert (ended, answer[name]) == (status, key)
    assert answer["pending"] == 4
    assert f"({answer['code']})" in said


def test_a_register_that_is_down_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with fake.serving(Centre()) as register:
        fake_station = tmp_path / "station"
        enrolled(fake_station, register)
    status, answer, said = once(fake_station, capsys)
    assert (status, answer["failure"], answer["code"]) == (4, "register_unreachable", "L01")
    assert "(L01)" in said


def test_without_a_station_it_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, answer, said = once(tmp_path, capsys)
    assert (status, answer["refusal"], answer["code"]) == (3, "not_enrolled", "S01")
    assert "(S01)" in said


def test_while_the_desktop_has_the_book_it_is_refused(station: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with opened(station):
        status, answer, _ = once(station, capsys)
    assert (status, answer["refusal"]) == (3, "book_in_use")


def test_a_book_of_an_earlier_release_is_brought_up_to_date_by_whoever_syncs_first(
    station: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with opened(station) as book, book.writing():
        for statement in LEFT_OUT:
            book.connection.exec_driver_sql(statement)
    with pytest.raises(WorldFailed) as raised:
        open_book(StationHome(station), SystemClock(), writer=False)
    assert raised.value.failure is Failure.BOOK_IN_USE
    status, answer, _ = once(station, capsys)
    assert (status, answer["pending"]) == (0, 0)


def test_a_copied_home_syncs_from_where_it_stands(
    station: Path, tmp_path: Path, centre: Centre, capsys: pytest.CaptureFixture[str]
) -> None:
    mark(station, centre, 0, 1)
    copied = tmp_path / "copied"
    shutil.copytree(station, copied)
    assert once(station, capsys)[0] == 0
    status, answer, _ = once(copied, capsys)
    assert (status, answer["acknowledged"]) == (0, 6)
    assert len(centre.shelf.marked) == 1


def test_wrong_usage_is_2_with_an_object_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--twice", "--json"]) == 2
    assert json.loads(capsys.readouterr().out) == {"failure": "wrong_usage", "code": "U01"}


def test_the_service_syncs_until_it_is_told_to_end(station: Path, centre: Centre, register: FakeRegister) -> None:
    mark(station, centre, 0, 3)
    arrived = threading.Event()

    def answers_and_tells(register: FakeRegister, connection: ssl.SSLSocket, request: fake.Request) -> None:
        connection.sendall(register.answer(request))
        arrived.set()

    register.then(answers_and_tells)
    service = subprocess.Popen(
        [sys.executable, "-m", "sync", "--home", str(station), "--json"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert arrived.wait(30)
        service.terminate()
        out, said = service.communicate(timeout=30)
    finally:
        service.kill()
    assert (service.returncode, json.loads(out)) == (0, {"stopped": True}), said
    assert len(centre.shelf.marked) == 3
