from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from devices.emrtd import mrz
from pollbook.failures import Failure
from pollbook.feed_items import FeedItem, FeedKind
from pollbook.store import syncing
from pollbook.store.book import Book
from pollbook.sync_answer import SyncAnswer
from pollbook.types import Channel, LineId
from pollbook.voters import Voter
from station_app.desk import MarkShown, Notice, NoticeKind, Refused, Verdict
from station_app.station_desk import StationDesk
from tests.making import CHAIR, DEPUTY, MEMBER, OPERATOR, PINS, Station, make_station


@pytest.fixture
def desk(book: Book) -> StationDesk:
    """A desk on an open day with the operator signed in."""
    desk = StationDesk(book)
    assert desk.open_day(CHAIR, PINS[CHAIR], DEPUTY, PINS[DEPUTY]) is None
    desk.sign_in(OPERATOR, PINS[OPERATOR])
    return desk


def td3(voter: Voter, **changes: str) -> str:
    """The MRZ of a passport whose bearer is this voter, with fields changed as the test wants them."""
    fields = {
        "number": voter.document,
        "born": f"{voter.birth_date:%y%m%d}",
        "sex": "M",
        "pinfl": voter.pinfl,
        **changes,
    }
    first = "P<UZBKARIMOV<<ALISHER".ljust(44, "<")
    number, born, expiry = fields["number"].ljust(9, "<"), fields["born"], "300101"
    head = number + mrz.check_digit(number) + "UZB" + born + mrz.check_digit(born) + fields["sex"]
    head += expiry + mrz.check_digit(expiry) + fields["pinfl"] + mrz.check_digit(fields["pinfl"])
    composite = head[0:10] + head[13:20] + head[21:43]
    return f"{first}\n{head}{mrz.check_digit(composite)}"


def test_nobody_works_before_two_officers_have_opened_the_day(tmp_path: Path) -> None:
    station = make_station(tmp_path / "shut", day_opened=False)
    with station.open() as book:
        nobody_works_before_the_day_is_open(StationDesk(book), station.voters[0].line)


def nobody_works_before_the_day_is_open(desk: StationDesk, line: LineId) -> None:
    assert desk.mark(line, Channel.STATION) == Refused(Failure.DAY_NOT_OPEN)
    assert desk.sign_in(OPERATOR, PINS[OPERATOR]) == Refused(Failure.DAY_NOT_OPEN)
    assert desk.open_day(CHAIR, PINS[CHAIR], CHAIR, PINS[CHAIR]) == Refused(Failure.SAME_OFFICER_TWICE)
    assert desk.open_day(CHAIR, PINS[CHAIR], MEMBER, PINS[MEMBER]) == Refused(Failure.NOT_AN_OFFICER)
    assert desk.open_day(CHAIR, PINS[CHAIR], DEPUTY, PINS[DEPUTY]) is None
    assert desk.mark(line, Channel.STATION) == Refused(Failure.NOT_SIGNED_IN)


def test_opening_an_open_day_enters_nothing_more(desk: StationDesk, book: Book) -> None:
    head = book.head
    assert desk.open_day(CHAIR, PINS[CHAIR], DEPUTY, PINS[DEPUTY]) is None
    assert book.head == head


def test_the_next_day_must_be_opened_again(desk: StationDesk, station: Station) -> None:
    station.clock.advance(86400)
    assert desk.mark(station.voters[0].line, Channel.STATION) == Refused(Failure.DAY_NOT_OPEN)


def test_a_day_opened_by_a_clock_that_was_wrong_does_not_hinder_the_right_one(book: Book, station: Station) -> None:
    desk = StationDesk(book)
    station.clock.advance(400 * 86400)
    desk.open_day(CHAIR, PINS[CHAIR], DEPUTY, PINS[DEPUTY])
    station.clock.advance(-399 * 86400)
    assert desk.sign_in(OPERATOR, PINS[OPERATOR]) == Refused(Failure.DAY_NOT_OPEN)
    assert desk.open_day(CHAIR, PINS[CHAIR], DEPUTY, PINS[DEPUTY]) is None
    head = book.head
    assert desk.open_day(CHAIR, PINS[CHAIR], DEPUTY, PINS[DEPUTY]) is None
    assert book.head == head
    assert not isinstance(desk.sign_in(OPERATOR, PINS[OPERATOR]), Refused)
    assert isinstance(desk.mark(station.voters[0].line, Channel.STATION), MarkShown)


def test_a_reason_that_is_too_long_is_refused_not_cut(desk: StationDesk, station: Station) -> None:
    line = station.voters[0].line
    desk.mark(line, Channel.STATION)
    refused = desk.void(line, "x" * 301, CHAIR, PINS[CHAIR], DEPUTY, PINS[DEPUTY])
    assert refused == Refused(Failure.REASON_TOO_LONG, {"limit": 300})


def test_the_register_s_notices_are_told_with_their_kind(desk: StationDesk, book: Book) -> None:
    feed = (FeedItem(1, FeedKind.ANOMALY, "clock_skewed", 0), FeedItem(2, FeedKind.NOTICE, "Salom"))
    syncing.take_answer(book, SyncAnswer(book.head, feed, None, 0, 30))
    assert desk.status().notices == (
        Notice(1, NoticeKind.ANOMALY, "clock_skewed", 0),
        Notice(2, NoticeKind.NOTICE, "Salom", 0),
    )


def test_a_mark_answers_when_where_and_by_whom(desk: StationDesk, station: Station) -> None:
    voter = station.voters[0]
    assert desk.card(voter.line).verdict is Verdict.MAY_VOTE
    assert len(desk.card(voter.line).ballots) == 4
    marked = desk.mark(voter.line, Channel.STATION)
    assert isinstance(marked, MarkShown)
    assert (marked.page, marked.row, marked.actor) == (voter.page, voter.row, "Operatorova Lola")
    assert f"{marked.at:%H:%M}" == "08:00"
    assert desk.mark(voter.line, Channel.STATION) == Refused(Failure.ALREADY_MARKED)
    card = desk.card(voter.line)
    assert (card.verdict, card.mark) == (Verdict.ALREADY_MARKED, marked)
    assert desk.recent_marks() == (marked,)


def test_after_signing_out_nothing_is_marked(desk: StationDesk, station: Station) -> None:
    desk.sign_out()
    assert desk.mark(station.voters[0].line, Channel.STATION) == Refused(Failure.NOT_SIGNED_IN)


def test_a_void_needs_a_mark_a_reason_and_two_officers(desk: StationDesk, station: Station) -> None:
    line = station.voters[0].line
    two = (CHAIR, PINS[CHAIR], DEPUTY, PINS[DEPUTY])
    assert desk.void(line, "adashib", *two) == Refused(Failure.NOT_MARKED)
    desk.mark(line, Channel.STATION)
    assert desk.void(line, " \n ", *two) == Refused(Failure.REASON_MISSING)
    refused = desk.void(line, "adashib", CHAIR, PINS[CHAIR], DEPUTY, "000001")
    assert refused == Refused(Failure.WRONG_PIN, {"wait_s": 0, "person": DEPUTY})
    assert desk.void(LineId(5), "adashib", *two) == Refused(Failure.LINE_NOT_HELD)
    voided = desk.void(line, "adashib", *two)
    assert isinstance(voided, MarkShown)
    assert voided.voided
    assert desk.card(line).verdict is Verdict.MAY_VOTE


def test_a_passport_s_mrz_finds_the_voter_by_pinfl(desk: StationDesk, station: Station) -> None:
    voter = station.voters[4]
    for text in (td3(voter), td3(voter).replace("\n", ""), td3(voter).lower().replace("\n", "\r\n")):
        found = desk.find(text)
        assert [hit.line for hit in found.hits] == [voter.line]
        assert found.differences == ()
        assert desk.card(voter.line).verdict is Verdict.MAY_VOTE


def test_a_renewed_passport_finds_the_voter_and_asks_to_look_closer(desk: StationDesk, station: Station) -> None:
    voter = station.voters[4]
    found = desk.find(td3(voter, number="ZZ9999999"))
    assert [hit.line for hit in found.hits] == [voter.line]
    card = desk.card(voter.line)
    assert (card.verdict, card.differences) == (Verdict.LOOK_CLOSER, ("document",))
    assert isinstance(desk.mark(voter.line, Channel.STATION), MarkShown)


def test_a_document_whose_birth_date_and_sex_differ_from_the_list_asks_to_look_closer(
    desk: StationDesk, station: Station
) -> None:
    voter = station.voters[4]
    desk.find(td3(voter, born="610203", sex="F"))
    assert desk.card(voter.line).differences == ("birth_date", "sex")
    desk.find("karimov")
    assert desk.card(voter.line).differences == ()


def test_a_document_of_somebody_who_is_not_listed_finds_nobody(desk: StationDesk, station: Station) -> None:
    stranger = td3(station.voters[4], number="ZZ9999999", pinfl="31210632040244")
    assert desk.find(stranger).hits == ()


def test_an_anomaly_from_the_register_makes_the_line_disputed(desk: StationDesk, book: Book, station: Station) -> None:
    line = station.voters[0].line
    marked = desk.mark(line, Channel.STATION)
    assert isinstance(marked, MarkShown)
    feed = (FeedItem(1, FeedKind.ANOMALY, "line_not_here", marked.number),)
    syncing.take_answer(book, SyncAnswer(book.head, feed, None, 0, 30))
    assert desk.card(line).verdict is Verdict.DISPUTED
    assert desk.card(station.voters[1].line).verdict is Verdict.MAY_VOTE


def test_a_revoked_book_marks_nothing(desk: StationDesk, book: Book, station: Station) -> None:
    feed = (FeedItem(1, FeedKind.REVOKED, "almashtirildi"),)
    syncing.take_answer(book, SyncAnswer(book.head, feed, None, 0, 30))
    assert desk.mark(station.voters[0].line, Channel.STATION) == Refused(Failure.BOOK_REVOKED)


def test_looking_at_a_record_is_in_the_audit_trail_once_a_visit(
    desk: StationDesk, book: Book, station: Station
) -> None:
    first, second = (voter.line for voter in station.voters[:2])
    for line in (first, first, second, first):
        desk.card(line)
    rows = book.connection.exec_driver_sql("SELECT person, line FROM opened_record ORDER BY id").all()
    assert [tuple(row) for row in rows] == [(OPERATOR, first), (OPERATOR, second), (OPERATOR, first)]


def test_a_disk_that_takes_nothing_still_shows_who_was_marked(desk: StationDesk, book: Book, station: Station) -> None:
    first, second = (voter.line for voter in station.voters[:2])
    desk.mark(first, Channel.STATION)
    book.connection.exec_driver_sql("PRAGMA query_only = ON")
    assert desk.card(first).verdict is Verdict.ALREADY_MARKED
    assert desk.card(second).verdict is Verdict.MAY_VOTE
    book.connection.exec_driver_sql("PRAGMA query_only = OFF")


def test_the_counters_tell_channels_voids_and_hours(desk: StationDesk, station: Station) -> None:
    for voter, channel in zip(station.voters, [Channel.STATION, Channel.STATION, Channel.HOME], strict=False):
        desk.mark(voter.line, channel)
    status = desk.status()
    assert (status.lines, status.marked, status.by_channel[Channel.HOME], status.voided) == (40, 3, 1, 0)
    assert status.by_hour == (3,)
    station.clock.advance(2 * 3600)
    assert desk.status().by_hour == (3, 0, 0)


def test_keeping_signs_the_newest_head(desk: StationDesk, book: Book, station: Station) -> None:
    desk.mark(station.voters[0].line, Channel.STATION)
    desk.keep()
    newest = book.connection.exec_driver_sql("SELECT max(number) FROM signed_head").scalar_one()
    assert newest == book.head.number


@pytest.fixture(autouse=True)
def no_names_in_logs(caplog: pytest.LogCaptureFixture, station: Station) -> Iterator[None]:
    yield
    assert not any(voter.pinfl in caplog.text or voter.surname in caplog.text for voter in station.voters)
