from __future__ import annotations

import os
from pathlib import Path

import pytest
from sqlalchemy import text

from pollbook.commanding import Program, run_command
from pollbook.failures import Failure, WorldFailed
from pollbook.signing import SigningKey
from register import __main__ as program
from register import settling
from register.checking import check_register
from register.store import ledgers, stations
from tests.register import test_commands
from tests.register.lists_of_voters import OTHER, PRECINCT, voters, write_list
from tests.register.stand_in import Centre, Station, enrol_request, enrolled_station
from tests.register.test_commands import Commands

commands = test_commands.commands
OFFICERS = ("--officer", "1", "--officer", "2")


def enrol(tmp_path: Path, *more: str) -> tuple[object, ...]:
    return ("enrol", "--precinct", PRECINCT, "--out", tmp_path / "s.enrol", *more)


@pytest.fixture
def revoked(commands: Commands, station: Station) -> Station:
    """The station, revoked."""
    assert commands.run("revoke", "--station", station.book, "--reason", "stolen").status == 0
    return station


@pytest.mark.parametrize(
    ("reason", "refusal"),
    [("x" * 301, "reason_too_long"), ("a\x1b[2Jb", "reason_missing"), ("a\u202eb", "reason_missing")],
)
def test_a_station_is_revoked_for_a_reason_that_it_can_show(
    commands: Commands, loaded: Centre, station: Station, reason: str, refusal: str
) -> None:
    assert commands.run("revoke", "--station", station.book, "--reason", reason).data["refusal"] == refusal
    assert commands.run("status").data["stations"][0]["revoked"] is False  # type: ignore[index]
    assert station.sync(loaded).feed == ()


def test_after_a_revoked_station_another_one_takes_two_officers(
    commands: Commands, loaded: Centre, revoked: Station, tmp_path: Path
) -> None:
    said = commands.run(*enrol(tmp_path))
    assert (said.status, said.data["refusal"], said.data["book"]) == (3, "already_enrolled", str(revoked.book))
    assert commands.run(*enrol(tmp_path, "--reissue", "--reason", "stolen", "--officer", "1")).status == 2
    assert commands.run(*enrol(tmp_path, "--reissue", *OFFICERS)).data["refusal"] == "reason_missing"
    assert not (tmp_path / "s.enrol").exists()
    assert commands.run(*enrol(tmp_path, "--reissue", "--reason", "stolen", *OFFICERS)).status == 0
    assert commands.run(*enrol(tmp_path)).status == 0
    assert commands.run("check").data["decisions"] == 1
    second = enrolled_station(loaded, PRECINCT)
    assert commands.run("revoke", "--station", second.book, "--reason", "lost").status == 0
    assert commands.run(*enrol(tmp_path)).data["book"] == str(second.book)


def test_a_code_from_before_the_revocation_enrols_nobody(loaded: Centre) -> None:
    first_code = loaded.code(PRECINCT)
    first = enrol_request(first_code, SigningKey.generate())
    loaded.enrol(first)
    with loaded.database.write() as connection:
        (only,) = stations.all_stations(connection)
        connection.exec_driver_sql("UPDATE enrolment_code SET station = NULL")
        settling.revoke(connection, only, "lost", 1)
    with pytest.raises(WorldFailed) as caught:
        loaded.enrol(enrol_request(first_code, SigningKey.generate()))
    assert caught.value.failure is Failure.ALREADY_ENROLLED


@pytest.mark.parametrize("precinct", [PRECINCT, OTHER])
def test_there_is_nothing_to_reissue_where_nobody_was_revoked(
    commands: Commands, loaded: Centre, station: Station, tmp_path: Path, precinct: str
) -> None:
    loaded.load(write_list(tmp_path / "more.csv", voters(3, OTHER, 80)))
    words = ("enrol", "--precinct", precinct, "--out", tmp_path / "s.enrol", "--reissue", "--reason", "x", *OFFICERS)
    expected = "already_enrolled" if station.slice.header.precinct == precinct else "nothing_to_decide"
    assert commands.run(*words).data["refusal"] == expected
    assert commands.run("enrol", "--precinct", OTHER, "--out", tmp_path / "s", "--reason", "x").status == 2


def test_the_next_book_holds_the_lines_that_it_was_issued_and_no_others(
    commands: Commands, loaded: Centre, station: Station
) -> None:
    sent, unsent = station.lines[0], station.lines[1]
    station.mark(sent)
    station.sync(loaded)
    station.mark(unsent)
    assert commands.run("revoke", "--station", station.book, "--reason", "stolen").status == 0
    loaded.let_reissue(PRECINCT)
    second = enrolled_station(loaded, PRECINCT)
    assert set(second.lines) == set(station.lines) - {sent}
    station.sync(loaded)  # the mark that came late takes nothing from the second book
    number = second.mark(sent)
    second.mark(unsent)
    second.sync(loaded)
    with loaded.database.read() as connection:
        found = stations.find_station(connection, second.book)
        assert found is not None
        assert stations.issued_lines(connection, found.id) == set(second.lines)
        stored = {each.number: each.quarantined for each in ledgers.all_entries(connection, found.id)}
        assert check_register(connection, loaded.centre).faults == ()
    assert [entry for entry, quarantined in stored.items() if quarantined] == [number]
    events = commands.run("line", "--pinfl", station.slice.voters[0].pinfl).data["custody"]
    assert {event["book"] for event in events} == {str(station.book)}  # type: ignore[attr-defined]


@pytest.mark.usefixtures("loaded")
def test_a_registers_folder_is_closed_to_others(commands: Commands) -> None:
    commands.home.chmod(0o755)
    before = os.umask(0o022)
    try:
        assert commands.run("status").status == 0
        assert commands.home.stat().st_mode & 0o777 == 0o700
        assert os.umask(0o077) == 0o077
    finally:
        os.umask(before)


def test_what_a_station_calls_itself_cannot_speak_to_the_terminal(
    commands: Commands, loaded: Centre, station: Station, capsys: pytest.CaptureFixture[str]
) -> None:
    station.sync(loaded)
    with loaded.database.write() as connection:  # as an older program took it in
        connection.execute(text("UPDATE book SET software = :name"), {"name": "\x1b[2J\x9b31m\u202esoft"})
    argv = ["status", "--home", str(commands.home)]
    assert run_command(Program(program.parser), argv) == 0
    out = capsys.readouterr().out
    assert "?[2J?31m?soft" in out
    assert out.replace("\n", "").isprintable()
