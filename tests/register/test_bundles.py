from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from pollbook.failures import Failure, WorldFailed
from pollbook.sealed_bundle import Carried, Requests, read_answers, write_requests
from pollbook.sealing import box_key_of
from pollbook.signing import SigningKey
from pollbook.sync_request import Address
from pollbook.types import ElectionId, EntryNumber
from register.bundles import Taken, take_bundle
from register.log import bring_up_to_date, log_of
from register.store import anomalies as stored_anomalies
from register.store import books, marks, stations
from tests.register.stand_in import NOON, OPENING, Centre, Station
from tests.register.test_commands import Commands

HOURS_LATER = NOON + timedelta(hours=9)


def bundle(centre: Centre, station: Station, *cuts: int, election: ElectionId | None = None) -> bytes:
    """The station's entries in requests that end at each of `cuts` and at the newest."""
    carried, first = [], 1
    for last in (*cuts, len(station.entries)):
        address = Address(station.book, EntryNumber(first))
        carried.append(Carried(address, station.request(first, last)))
        first = last + 1
    reply_to = box_key_of(station.key).public
    requests = Requests(election or centre.election.id, station.book, reply_to, tuple(carried))
    return write_requests(requests, box_key_of(centre.keys.key).public, station.key)


def taken(centre: Centre, untrusted: bytes) -> Taken:
    return take_bundle(centre.database, centre.centre, untrusted, HOURS_LATER)


def why(centre: Centre, untrusted: bytes) -> Failure:
    with pytest.raises(WorldFailed) as caught:
        taken(centre, untrusted)
    return caught.value.failure


def acknowledged(centre: Centre, station: Station, answer: bytes) -> list[int]:
    key = centre.keys.key.public
    answers = read_answers(answer, centre.election.id, station.book, box_key_of(station.key), key)
    return [
        station.read_answer(each.answer, each.carried.request, each.carried.address.first).acknowledged.number
        for each in answers
    ]


def anomalies(centre: Centre) -> list[tuple[str, str, int, int]]:
    with centre.database.read() as connection:
        return stored_anomalies.anomalies(connection)


@pytest.fixture
def marked(station: Station) -> Station:
    for line in station.lines[:6]:
        station.mark(line)
    return station


def test_what_came_by_hand_is_stored_and_answered(loaded: Centre, marked: Station) -> None:
    told = taken(loaded, bundle(loaded, marked, 4, 6))
    assert (told.book, told.requests, told.answered, told.acknowledged) == (marked.book, 3, 3, OPENING + 6)
    assert told.refused is None
    assert acknowledged(loaded, marked, told.answer) == [4, 6, OPENING + 6]


def test_a_bundle_taken_twice_changes_nothing(loaded: Centre, marked: Station) -> None:
    untrusted = bundle(loaded, marked, 4)
    first = taken(loaded, untrusted)
    again = taken(loaded, untrusted)
    assert (again.answered, again.acknowledged) == (first.answered, first.acknowledged)
    with loaded.database.read() as connection:
        assert sum(marks.marks_by_station(connection).values()) == 6
    assert anomalies(loaded) == []


def test_a_bundle_beside_a_sync_over_the_link(loaded: Centre, marked: Station) -> None:
    early = bundle(loaded, marked)
    marked.mark(marked.lines[6])
    marked.sync(loaded)
    assert acknowledged(loaded, marked, taken(loaded, early).answer) == [OPENING + 7]
    assert anomalies(loaded) == []


def test_hours_on_the_way_are_no_skewed_clock_and_no_fresh_word(loaded: Centre, marked: Station) -> None:
    taken(loaded, bundle(loaded, marked))
    assert anomalies(loaded) == []
    with loaded.database.read() as connection:
        station = stations.find_station(connection, marked.book)
        assert station is not None
        assert books.load_book(connection, station.id).last_heard_at_s == int(NOON.timestamp())


def test_what_came_by_hand_is_in_the_log_like_anything_else(loaded: Centre, marked: Station) -> None:
    taken(loaded, bundle(loaded, marked))
    log = log_of(loaded.election.id, loaded.keys.key)
    assert bring_up_to_date(loaded.database, log, HOURS_LATER) == OPENING + 6 + 1  # and the station's enrolment


def test_a_request_with_a_hole_before_it_is_answered_and_takes_nothing(loaded: Centre, marked: Station) -> None:
    address = Address(marked.book, EntryNumber(5))
    requests = Requests(
        loaded.election.id,
        marked.book,
        box_key_of(marked.key).public,
        (Carried(address, marked.request(5)),),
    )
    untrusted = write_requests(requests, box_key_of(loaded.keys.key).public, marked.key)
    assert acknowledged(loaded, marked, taken(loaded, untrusted).answer) == [0]


def test_a_fork_that_comes_by_hand_is_found(loaded: Centre, marked: Station) -> None:
    marked.sync(loaded)
    marked.entries.pop()
    marked.mark(marked.lines[20])
    told = taken(loaded, bundle(loaded, marked))
    assert told.acknowledged == OPENING + 6
    assert [kind for kind, *_ in anomalies(loaded)] == ["fork"]


def test_where_one_request_is_refused_those_before_it_are_answered(loaded: Centre, marked: Station) -> None:
    first = Carried(Address(marked.book, EntryNumber(1)), marked.request(1, 4))
    wrong = Carried(Address(marked.book, EntryNumber(5)), marked.request(6))
    requests = Requests(loaded.election.id, marked.book, box_key_of(marked.key).public, (first, wrong, first))
    told = taken(loaded, write_requests(requests, box_key_of(loaded.keys.key).public, marked.key))
    assert (told.answered, told.acknowledged) == (1, 4)
    assert told.refused is not None
    assert told.refused.failure is Failure.REQUEST_NOT_ACCEPTED
    assert acknowledged(loaded, marked, told.answer) == [4]


def test_where_the_first_request_is_refused_so_is_the_bundle(loaded: Centre, marked: Station) -> None:
    wrong = Carried(Address(marked.book, EntryNumber(1)), marked.request(2))
    requests = Requests(loaded.election.id, marked.book, box_key_of(marked.key).public, (wrong,))
    untrusted = write_requests(requests, box_key_of(loaded.keys.key).public, marked.key)
    assert why(loaded, untrusted) is Failure.REQUEST_NOT_ACCEPTED


def test_a_bundle_of_a_book_that_was_never_enrolled_here_is_refused(loaded: Centre, marked: Station) -> None:
    marked.key = SigningKey.generate()
    assert why(loaded, bundle(loaded, marked)) is Failure.BUNDLE_NOT_SIGNED


def test_a_bundle_of_another_election_is_refused(loaded: Centre, marked: Station) -> None:
    untrusted = bundle(loaded, marked, election=ElectionId("other-2026"))
    assert why(loaded, untrusted) is Failure.BUNDLE_OTHER_ELECTION


def test_a_reply_key_that_nothing_can_be_sealed_to_is_refused(loaded: Centre, marked: Station) -> None:
    carried = Carried(Address(marked.book, EntryNumber(1)), marked.request(1))
    requests = Requests(loaded.election.id, marked.book, bytes(32), (carried,))
    untrusted = write_requests(requests, box_key_of(loaded.keys.key).public, marked.key)
    assert why(loaded, untrusted) is Failure.BUNDLE_UNREADABLE


@pytest.fixture
def commands(loaded: Centre, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Commands:
    monkeypatch.setenv("UCHASTKA_LANGUAGE", "en")
    return Commands(loaded.home.path, capsys, monkeypatch)


def test_the_command_takes_a_file_and_writes_the_answer(
    commands: Commands, loaded: Centre, marked: Station, tmp_path: Path
) -> None:
    (tmp_path / "up").write_bytes(bundle(loaded, marked))
    said = commands.run("bundle", "take", tmp_path / "up", "--answer", tmp_path / "down")
    assert (said.status, said.data["acknowledged"], said.data["answered"]) == (0, OPENING + 6, 1)
    assert acknowledged(loaded, marked, (tmp_path / "down").read_bytes()) == [OPENING + 6]
    assert json.dumps(said.data)


def test_the_command_names_why_a_part_was_not_taken(
    commands: Commands, loaded: Centre, marked: Station, tmp_path: Path
) -> None:
    first = Carried(Address(marked.book, EntryNumber(1)), marked.request(1, 4))
    wrong = Carried(Address(marked.book, EntryNumber(5)), marked.request(6))
    requests = Requests(loaded.election.id, marked.book, box_key_of(marked.key).public, (first, wrong))
    (tmp_path / "up").write_bytes(write_requests(requests, box_key_of(loaded.keys.key).public, marked.key))
    said = commands.run("bundle", "take", tmp_path / "up", "--answer", tmp_path / "down")
    assert (said.status, said.data["refusal"], said.data["answered"]) == (3, "request_not_accepted", 1)
    assert "(L08)" in said.err
    assert acknowledged(loaded, marked, (tmp_path / "down").read_bytes()) == [4]


def test_files_that_cannot_be_read_or_written_are_told(
    commands: Commands, loaded: Centre, marked: Station, tmp_path: Path
) -> None:
    said = commands.run("bundle", "take", tmp_path / "nowhere", "--answer", tmp_path / "down")
    assert (said.status, said.data["refusal"]) == (3, "file_unreadable")
    (tmp_path / "up").write_bytes(bundle(loaded, marked))
    said = commands.run("bundle", "take", tmp_path / "up", "--answer", tmp_path / "nowhere" / "down")
    assert (said.status, said.data["refusal"]) == (3, "file_unreadable")
    (tmp_path / "up").write_bytes(b"something else")
    said = commands.run("bundle", "take", tmp_path / "up", "--answer", tmp_path / "down")
    assert (said.status, said.data["refusal"], said.data["code"]) == (3, "bundle_unreadable", "K01")
