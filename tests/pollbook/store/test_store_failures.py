from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pollbook.clock import SystemClock
from pollbook.failures import Failure, UchastkaError, WeFailed, WorldFailed
from pollbook.store import creation, engine, figures, keys
from pollbook.store.book import Book, open_book
from pollbook.store.check import check_book
from pollbook.store.home import StationHome
from pollbook.store.keys import machine_opens, officers_open
from pollbook.store.link import read_link
from pollbook.types import Channel
from tests.making import CHAIR, CHEAP, DEPUTY, OPERATOR, PEOPLE, PINS, Station, make_station

KEYS = {person.number: person.key for person in PEOPLE}


def failure_of_opening(home: StationHome) -> Failure:
    with pytest.raises(UchastkaError) as caught:
        open_book(home, SystemClock(), writer=True)
    return caught.value.failure


def test_a_home_without_a_book_is_not_enrolled(tmp_path: Path) -> None:
    assert failure_of_opening(StationHome(tmp_path)) is Failure.NOT_ENROLLED


def test_a_second_program_on_the_same_book_is_told_so(station: Station, book: Book) -> None:
    assert book.head.number > len(PEOPLE)
    program = (
        "import sys; from pathlib import Path\n"
        "from pollbook.clock import SystemClock\n"
        "from pollbook.failures import WorldFailed\n"
        "from pollbook.store.book import open_book\n"
        "from pollbook.store.home import StationHome\n"
        "try: open_book(StationHome(Path(sys.argv[1])), SystemClock(), writer=True)\n"
        "except WorldFailed as error: print(error.failure.name)\n"
    )
    ran = subprocess.run([sys.executable, "-c", program, station.home.path], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "BOOK_IN_USE"


def test_a_book_from_a_newer_version_is_refused_and_left_alone(station: Station) -> None:
    connection = engine.connect(station.home, machine_opens(station.home), writer=True)
    connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    assert failure_of_opening(station.home) is Failure.BOOK_NEWER
    connection = engine.connect(station.home, machine_opens(station.home), writer=False)
    assert connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one() == "9999"
    connection.close()


@pytest.fixture(scope="module")
def closed_book(tmp_path_factory: pytest.TempPathFactory) -> Station:
    station = make_station(tmp_path_factory.mktemp("flipped") / "station", 12)
    with station.open() as opened:
        for voter in station.voters:
            opened.mark(voter.line, Channel.STATION, OPERATOR)
    return station


def what_is_found(station: Station) -> Failure | str:
    try:
        with station.open(writer=False) as damaged:
            return "nothing" if check_book(damaged).ok else "check"
    except UchastkaError as error:
        return error.failure


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_book_with_a_byte_flipped_is_found_out(closed_book: Station, data: st.DataObject) -> None:
    whole = closed_book.home.book.read_bytes()
    place = data.draw(st.integers(0, len(whole) - 1))
    flipped = bytearray(whole)
    flipped[place] ^= data.draw(st.integers(1, 255))
    closed_book.home.book.write_bytes(flipped)
    try:
        found = what_is_found(closed_book)
    finally:
        closed_book.home.book.write_bytes(whole)
    assert found in {"check", Failure.BOOK_DAMAGED, Failure.LEDGER_BROKEN}


def test_without_its_key_the_file_says_nothing(station: Station) -> None:
    whole = station.home.book.read_bytes()
    for voter in station.voters[:10]:
        assert voter.pinfl.encode() not in whole
        assert voter.surname.encode() not in whole
    with pytest.raises(WorldFailed) as caught:
        engine.connect(station.home, bytes(32), writer=False)
    assert caught.value.failure is Failure.BOOK_DAMAGED


def test_a_full_disk_in_the_middle_of_a_mark_loses_nothing_and_the_next_mark_works(tmp_path: Path) -> None:
    station = make_station(tmp_path / "station", 600)
    with station.open() as book:
        book.mark(station.voters[0].line, Channel.STATION, OPERATOR)
        pages = book.connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        book.connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(WorldFailed) as caught:  # noqa: PT012  (which mark it is depends on the pages)
            for voter in station.voters[1:-1]:
                head = book.head
                book.mark(voter.line, Channel.STATION, OPERATOR)
        assert caught.value.failure is Failure.DISK_FULL
        assert book.head == head
        marked = figures.counts(book).marked
        book.connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
        assert check_book(book).ok
        assert isinstance(book.mark(station.voters[-1].line, Channel.STATION, OPERATOR), int)
        assert figures.counts(book).marked == marked + 1
        assert check_book(book).ok


def test_a_disk_that_takes_nothing_more_after_the_mark_does_not_take_the_answer_back(station: Station) -> None:
    with station.open() as book:
        number = book.mark(station.voters[0].line, Channel.STATION, OPERATOR)
        book.connection.exec_driver_sql("PRAGMA query_only = ON")
        with pytest.raises(WorldFailed):
            book.sign_head()
    with station.open(writer=False) as again:
        state = again.line(station.voters[0].line)
        assert state is not None
        assert state.mark is not None
        assert state.mark.number == number


def test_a_lost_machine_key_is_said_and_two_officers_open_the_book(station: Station) -> None:
    station.home.machine_key.unlink()
    assert failure_of_opening(station.home) is Failure.BOOK_KEY_MISSING
    wrong = officers_open(station.home, (KEYS[CHAIR], PINS[CHAIR]), (KEYS[DEPUTY], "000000"))
    assert wrong is None
    assert failure_of_opening(station.home) is Failure.BOOK_KEY_MISSING
    assert officers_open(station.home, (KEYS[DEPUTY], PINS[DEPUTY]), (KEYS[CHAIR], PINS[CHAIR])) is not None
    with station.open() as book:
        assert check_book(book).ok


def test_one_officer_alone_or_an_operator_opens_nothing(station: Station) -> None:
    station.home.machine_key.unlink()
    assert officers_open(station.home, (KEYS[CHAIR], PINS[CHAIR]), (KEYS[CHAIR], PINS[CHAIR])) is None
    assert officers_open(station.home, (KEYS[CHAIR], PINS[CHAIR]), (KEYS[OPERATOR], PINS[OPERATOR])) is None


@pytest.mark.parametrize("content", [b"", b"garbage", b"\x83\x01\x40\x80"])
def test_a_key_file_that_is_garbage_is_said(station: Station, content: bytes) -> None:
    station.home.keys.write_bytes(content)
    assert failure_of_opening(station.home) is Failure.BOOK_KEY_MISSING


def test_secret_files_are_for_their_owner_alone(station: Station) -> None:
    for path in (station.home.keys, station.home.machine_key):
        assert path.stat().st_mode & 0o077 == 0
    assert station.home.path.stat().st_mode & 0o077 == 0


def test_a_changed_newest_entry_stops_the_book(station: Station) -> None:
    with station.open() as book:
        book.mark(station.voters[0].line, Channel.STATION, OPERATOR)
        book.connection.exec_driver_sql("UPDATE entry SET hash = zeroblob(32) WHERE number = ?", (book.head.number,))
    with pytest.raises(WeFailed) as caught:
        station.open()
    assert caught.value.failure is Failure.LEDGER_BROKEN


TAMPERING = {
    "an entry removed": "DELETE FROM entry WHERE number = 7",
    "an entry changed": "UPDATE entry SET bytes = (SELECT bytes FROM entry WHERE number = 8) WHERE number = 7",
    "a mark added to the projection": (
        "INSERT INTO line_state SELECT line, 7, 'station', 1, 5, '', 0, 0, 0, 0, 0, '', NULL FROM voter WHERE id = 30"
    ),
    "a mark removed from the projection": "DELETE FROM line_state WHERE mark = 8",
    "a voter changed": "UPDATE voter SET surname = 'Boshqayev' WHERE id = 3",
    "a voter removed": "DELETE FROM voter WHERE id = 3",
    "a person's key changed": "UPDATE bound_key SET public_key = zeroblob(32) WHERE person = 1",
    "a day added": "INSERT INTO opened_day VALUES ('2026-12-21', 1)",
    "a signature changed": "UPDATE signed_head SET signature = zeroblob(64)",
    "an acknowledgement beyond the ledger": "UPDATE sync_state SET acknowledged = 999",
}


@pytest.mark.parametrize("statement", TAMPERING.values(), ids=TAMPERING)
def test_check_finds_tampering_by_somebody_with_the_key(station: Station, statement: str) -> None:
    with station.open() as book:
        for voter in station.voters[:5]:
            book.mark(voter.line, Channel.STATION, OPERATOR)
        book.sign_head()
        assert check_book(book).ok
        book.connection.exec_driver_sql(statement)
        report = check_book(book)
        book.connection.exec_driver_sql("DELETE FROM signed_head")
    assert not report.ok
    assert not any(
        voter.pinfl in problem or voter.surname in problem for problem in report.problems for voter in station.voters
    )


def test_a_creation_that_breaks_off_leaves_no_book_and_can_be_repeated(
    tmp_path: Path, station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    with station.open(writer=False) as book:
        link = read_link(book.connection)
    issued = creation.Slice(book.header, station.voters)
    home = StationHome(tmp_path / "second")

    class PowerCut(Exception):
        pass

    def cut(*_: object) -> None:
        raise PowerCut

    for step in ("make_keys", "fill", "set_first_pin", "sync_folder"):
        with monkeypatch.context() as patch:
            patch.setattr(creation, step, cut)
            with pytest.raises(PowerCut):
                creation.create_book(home, link, station.slice_bytes, issued, PINS, station.clock, CHEAP)
        if step != "sync_folder":
            assert not home.exists()
            creation.create_book(home, link, station.slice_bytes, issued, PINS, station.clock, CHEAP)
        with open_book(home, station.clock, writer=True) as made:
            assert check_book(made).ok
        shutil.rmtree(home.path)


def test_a_home_that_has_a_book_takes_no_second_one(station: Station) -> None:
    with station.open(writer=False) as book:
        link = read_link(book.connection)
    issued = creation.Slice(book.header, station.voters)
    with pytest.raises(WorldFailed) as caught:
        creation.create_book(station.home, link, station.slice_bytes, issued, PINS, station.clock, CHEAP)
    assert caught.value.failure is Failure.ALREADY_ENROLLED


@pytest.mark.parametrize(
    ("pins", "failure"),
    [
        ({CHAIR: "111111", DEPUTY: "739102"}, Failure.PIN_TOO_SIMPLE),
        ({CHAIR: "739103"}, Failure.NOT_AN_OFFICER),
        ({CHAIR: "739103", OPERATOR: "739102"}, Failure.NOT_AN_OFFICER),
    ],
)
def test_a_book_needs_two_officers_with_fair_pins(
    tmp_path: Path, station: Station, pins: dict[keys.StationHome, str], failure: Failure
) -> None:
    with station.open(writer=False) as book:
        link = read_link(book.connection)
    issued = creation.Slice(book.header, station.voters)
    home = StationHome(tmp_path / "second")
    with pytest.raises(WorldFailed) as caught:
        creation.create_book(home, link, station.slice_bytes, issued, pins, station.clock, CHEAP)  # type: ignore[arg-type]
    assert caught.value.failure is failure
    assert not home.exists()
