"""One suite for both desks, so that what the screens are tried on keeps the rules of what they run on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pytest

from pollbook.documents import DocumentSays, NameSaid, Remark
from pollbook.entries import REASON_CHARACTERS_MAX
from pollbook.failures import Failure, Refused, WeFailed
from pollbook.feed_items import FeedItem, FeedKind
from pollbook.line_state import Status
from pollbook.store import syncing
from pollbook.sync_answer import SyncAnswer
from pollbook.transliteration import to_cyrillic
from pollbook.types import Channel, LineId, Person, PersonNumber, Role
from pollbook.voters import Voter
from station_app.desk import Desk, MarkShown, Notice, NoticeKind, Verdict
from station_app.station_desk import StationDesk
from tests import making
from tests.station_app.ui.demo_desk import PIN, DemoDesk, FakeClock


@dataclass(frozen=True)
class Place:
    """A desk in the morning: the day not open, nobody there."""

    desk: Desk
    voters: tuple[Voter, ...]
    minor: LineId
    pins: dict[PersonNumber, str]
    advance: Callable[[float], None]
    tell: Callable[[Notice], object]

    def who(self, role: Role) -> PersonNumber:
        return next(person.number for person in self.desk.station.people if person.role is role)

    def two(
        self, first: Role = Role.CHAIR, second: Role = Role.SECRETARY
    ) -> tuple[PersonNumber, str, PersonNumber, str]:
        one, other = self.who(first), self.who(second)
        return one, self.pins[one], other, self.pins[other]

    def open(self) -> None:
        assert self.desk.open_day(*self.two()) is None
        operator = self.who(Role.OPERATOR)
        assert isinstance(self.desk.sign_in(operator, self.pins[operator]), Person)

    def mark(self, line: LineId, channel: Channel = Channel.STATION) -> MarkShown:
        marked = self.desk.mark(line, channel)
        assert isinstance(marked, MarkShown)
        return marked


@pytest.fixture(params=["demo", "real"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    if request.param == "demo":
        clock = FakeClock()
        demo = DemoDesk(clock)
        voters = tuple(demo.voters.values())
        minor = next(voter.line for voter in voters if voter.birth_date.year == 2008)
        pins = {person.number: PIN for person in demo.station.people}

        def tell(notice: Notice) -> None:
            demo.notices = (*demo.notices, notice)

        yield Place(demo, voters, minor, pins, clock.advance, tell)
        return
    listed = making.make_voters(40)
    listed = (*listed[:-1], replace(listed[-1], birth_date=date(2008, 12, 21)))
    station = making.make_station(tmp_path / "real", voters=listed, day_opened=False)
    with station.open() as book:

        def send(notice: Notice) -> None:
            item = FeedItem(notice.number, FeedKind[notice.kind.name], notice.text, notice.entry)
            syncing.take_answer(book, SyncAnswer(book.head, (item,), None, 0, 30))

        yield Place(StationDesk(book), listed, listed[-1].line, making.PINS, station.clock.advance, send)


@pytest.fixture
def opened(place: Place) -> Place:
    place.open()
    return place


# The day and who is there


def test_before_the_day_is_open_nobody_signs_in_and_nothing_is_marked(place: Place) -> None:
    desk, line = place.desk, place.voters[0].line
    assert not desk.is_day_open()
    assert desk.sign_in(place.who(Role.OPERATOR), place.pins[place.who(Role.OPERATOR)]) == Refused(Failure.DAY_NOT_OPEN)
    assert desk.mark(line, Channel.STATION) == Refused(Failure.DAY_NOT_OPEN)
    assert desk.void(line, "why", *place.two()) == Refused(Failure.DAY_NOT_OPEN)
    assert desk.signed_in is None


def test_the_day_is_opened_by_two_different_officers_with_their_pins(place: Place) -> None:
    desk = place.desk
    chair, pin = place.who(Role.CHAIR), place.pins[place.who(Role.CHAIR)]
    assert desk.open_day(chair, pin, chair, pin) == Refused(Failure.SAME_OFFICER_TWICE)
    assert desk.open_day(*place.two(Role.CHAIR, Role.MEMBER)) == Refused(Failure.NOT_AN_OFFICER)
    deputy = place.who(Role.DEPUTY_CHAIR)
    refused = desk.open_day(chair, pin, deputy, "000000")
    assert refused == Refused(Failure.WRONG_PIN, {"wait_s": 0, "person": deputy})
    assert not desk.is_day_open()
    assert desk.open_day(*place.two()) is None
    assert desk.is_day_open()
    assert desk.open_day(*place.two()) is None


def test_the_next_day_must_be_opened_again(opened: Place) -> None:
    opened.advance(86400)
    assert not opened.desk.is_day_open()
    assert opened.desk.mark(opened.voters[0].line, Channel.STATION) == Refused(Failure.DAY_NOT_OPEN)


def test_marking_needs_somebody_at_the_desk(opened: Place) -> None:
    assert opened.desk.signed_in is not None
    assert opened.desk.signed_in.role is Role.OPERATOR
    opened.desk.sign_out()
    assert opened.desk.signed_in is None
    assert opened.desk.mark(opened.voters[0].line, Channel.STATION) == Refused(Failure.NOT_SIGNED_IN)
    assert opened.desk.void(opened.voters[0].line, "why", *opened.two()) == Refused(Failure.NOT_SIGNED_IN)


def test_after_three_wrong_pins_a_person_waits_and_nobody_else_does(opened: Place) -> None:
    desk, member, operator = opened.desk, opened.who(Role.MEMBER), opened.who(Role.OPERATOR)
    assert [desk.sign_in(member, "000000") for _ in range(4)] == [
        Refused(Failure.WRONG_PIN, {"wait_s": 0}),
        Refused(Failure.WRONG_PIN, {"wait_s": 0}),
        Refused(Failure.WRONG_PIN, {"wait_s": 30}),
        Refused(Failure.TOO_MANY_TRIES, {"wait_s": 30}),
    ]
    assert isinstance(desk.sign_in(operator, opened.pins[operator]), Person)
    opened.advance(10)
    assert desk.sign_in(member, opened.pins[member]) == Refused(Failure.TOO_MANY_TRIES, {"wait_s": 20})
    opened.advance(20)
    assert isinstance(desk.sign_in(member, opened.pins[member]), Person)
    assert desk.sign_in(PersonNumber(99), "271828") == Refused(Failure.UNKNOWN_PERSON)


# Finding


def test_a_voter_is_found_by_name_in_either_script_number_document_and_place(opened: Place) -> None:
    voter = opened.voters[0]
    name = f"{voter.surname} {voter.given_name} {voter.birth_date:%d.%m.%Y}"
    for text in (name, to_cyrillic(name), name.upper(), voter.pinfl, voter.document, f"{voter.page}/{voter.row}"):
        assert [hit.line for hit in opened.desk.find(text).hits] == [voter.line], text


def test_a_list_that_is_longer_than_wanted_says_so_and_one_that_is_not_does_not(opened: Place) -> None:
    start = opened.voters[0].surname[:5]
    everybody = opened.desk.find(start)
    assert not everybody.more
    assert len(everybody.hits) > 2
    some = opened.desk.find(start, 2)
    assert some.more
    assert len(some.hits) == 2


def test_nobody_is_found_for_what_fits_nobody(opened: Place) -> None:
    for text in ("", "zzzzqqqq", "31203799999999", "999/99"):
        assert opened.desk.find(text).hits == (), text


def test_a_hit_tells_that_the_voter_is_marked(opened: Place) -> None:
    voter = opened.voters[0]
    assert opened.desk.find(voter.pinfl).hits[0].status is Status.HELD
    opened.mark(voter.line)
    assert opened.desk.find(voter.pinfl).hits[0].status is Status.MARKED


# Finding by a document's chip


def says(voter: Voter, **changes: object) -> DocumentSays:
    said = DocumentSays(
        issuer="UZB",
        number=voter.document,
        pinfl=voter.pinfl,
        names=(NameSaid(voter.surname.upper(), voter.given_name.upper()),),
        birth_dates=(f"{voter.birth_date:%y%m%d}",),
        sex=voter.sex,
        expires_on=date(2020, 1, 1),
    )
    return replace(said, **changes)  # type: ignore[arg-type] - fields by name


def test_a_chip_finds_its_voter_and_the_card_says_field_by_field_what_it_says(opened: Place) -> None:
    voter = opened.voters[0]
    found = opened.desk.find_document(says(voter))
    assert ([hit.line for hit in found.hits], found.differences) == ([voter.line], ())
    card = opened.desk.card(voter.line)
    assert card.verdict is Verdict.MAY_VOTE
    assert card.beside is not None
    assert card.beside.remarks == (Remark.EXPIRED,)
    assert card.beside.differing == ()


def test_a_chip_that_differs_asks_to_look_closer_and_never_refuses(opened: Place) -> None:
    voter = opened.voters[0]
    other = says(voter, names=(NameSaid("BOSHQA", "KISHI"),), number="ZZ9999998", doubts=(Remark.CONTRADICTS_ITSELF,))
    assert [hit.line for hit in opened.desk.find_document(other).hits] == [voter.line]
    card = opened.desk.card(voter.line)
    assert card.verdict is Verdict.LOOK_CLOSER
    assert card.differences == ("document", "surname", "given_name", "contradicts_itself")
    opened.mark(voter.line)


def test_another_state_s_chip_finds_nobody(opened: Place) -> None:
    assert opened.desk.find_document(says(opened.voters[0], issuer="UTO")).hits == ()


def test_what_a_chip_said_is_forgotten_with_the_next_search_the_next_person_and_on_demand(opened: Place) -> None:
    voter = opened.voters[0]
    forgets: tuple[Callable[[], object], ...] = (
        lambda: opened.desk.find(voter.pinfl),
        opened.desk.forget_document,
        opened.desk.sign_out,
    )
    for forget in forgets:
        opened.desk.find_document(says(voter))
        assert opened.desk.card(voter.line).beside is not None
        forget()
        assert opened.desk.card(voter.line).beside is None


# The card


def test_the_card_says_who_may_vote_who_has_and_who_is_too_young(opened: Place) -> None:
    line = opened.voters[0].line
    card = opened.desk.card(line)
    assert (card.voter, card.verdict, card.mark) == (opened.voters[0], Verdict.MAY_VOTE, None)
    assert [contest.code for contest in card.ballots] == list(card.voter.contests)
    marked = opened.mark(line)
    card = opened.desk.card(line)
    assert (card.verdict, card.mark) == (Verdict.ALREADY_MARKED, marked)
    assert opened.desk.card(opened.minor).verdict is Verdict.NOT_OLD_ENOUGH


def test_a_line_that_is_not_there_has_no_card_and_is_neither_marked_nor_undone(opened: Place) -> None:
    with pytest.raises(WeFailed):
        opened.desk.card(LineId(5))
    assert opened.desk.mark(LineId(5), Channel.STATION) == Refused(Failure.LINE_NOT_HELD)
    assert opened.desk.void(LineId(5), "why", *opened.two()) == Refused(Failure.LINE_NOT_HELD)


# Marking and undoing


def test_a_voter_is_marked_once(opened: Place) -> None:
    voter = opened.voters[0]
    marked = opened.mark(voter.line, Channel.HOME)
    assert (marked.line, marked.channel, marked.page, marked.row) == (voter.line, Channel.HOME, voter.page, voter.row)
    assert (marked.full_name, marked.confirmed, marked.voided) == (voter.full_name, False, False)
    who = opened.desk.signed_in
    assert who is not None
    assert marked.actor == f"{who.surname} {who.given_name}"
    assert opened.desk.mark(voter.line, Channel.STATION) == Refused(Failure.ALREADY_MARKED)
    assert opened.desk.mark(opened.minor, Channel.STATION) == Refused(Failure.NOT_OLD_ENOUGH)
    assert opened.desk.recent_marks() == (marked,)


def test_two_officers_and_a_reason_undo_a_mark_and_the_voter_may_vote_again(opened: Place) -> None:
    desk, line = opened.desk, opened.voters[0].line
    assert desk.void(line, "why", *opened.two()) == Refused(Failure.NOT_MARKED)
    marked = opened.mark(line)
    chair, pin = opened.who(Role.CHAIR), opened.pins[opened.who(Role.CHAIR)]
    deputy = opened.who(Role.DEPUTY_CHAIR)
    assert desk.void(line, " \n ", *opened.two()) == Refused(Failure.REASON_MISSING)
    long = "x" * (REASON_CHARACTERS_MAX + 1)
    assert desk.void(line, long, *opened.two()) == Refused(Failure.REASON_TOO_LONG, {"limit": REASON_CHARACTERS_MAX})
    assert desk.void(line, "why", chair, pin, chair, pin) == Refused(Failure.SAME_OFFICER_TWICE)
    assert desk.void(line, "why", *opened.two(Role.CHAIR, Role.OPERATOR)) == Refused(Failure.NOT_AN_OFFICER)
    wrong = desk.void(line, "why", chair, pin, deputy, "000000")
    assert wrong == Refused(Failure.WRONG_PIN, {"wait_s": 0, "person": deputy})
    assert desk.card(line).verdict is Verdict.ALREADY_MARKED
    assert desk.void(line, "why", *opened.two()) == replace(marked, voided=True)
    assert desk.card(line).verdict is Verdict.MAY_VOTE
    assert [mark.voided for mark in desk.recent_marks()] == [True]
    again = opened.mark(line)
    assert desk.recent_marks() == (again, replace(marked, voided=True))
    assert desk.recent_marks(1) == (again,)


def test_the_counters_follow(opened: Place) -> None:
    first, second, third = (voter.line for voter in opened.voters[:3])
    opened.mark(first)
    opened.mark(second, Channel.EARLY)
    opened.mark(third)
    opened.desk.void(third, "why", *opened.two())
    status = opened.desk.status()
    assert (status.lines, status.marked, status.voided) == (len(opened.voters), 2, 1)
    assert status.by_channel == {Channel.STATION: 1, Channel.HOME: 0, Channel.EARLY: 1}
    assert status.pending > 0


# The register's words


def test_notices_are_told_in_order_with_their_numbers(opened: Place) -> None:
    told = (
        Notice(1, NoticeKind.ANOMALY, "clock_skewed", 0),
        Notice(2, NoticeKind.NOTICE, "Salom", 0),
        Notice(3, NoticeKind.NOTICE, "Rahmat", 0),
    )
    for notice in told:
        opened.tell(notice)
    assert opened.desk.status().notices == told


def test_an_anomaly_about_a_mark_makes_its_line_disputed_and_stops_no_other(opened: Place) -> None:
    first, second = (voter.line for voter in opened.voters[:2])
    marked = opened.mark(first)
    opened.tell(Notice(1, NoticeKind.ANOMALY, "line_not_here", marked.number))
    assert opened.desk.card(first).verdict is Verdict.DISPUTED
    assert opened.desk.card(second).verdict is Verdict.MAY_VOTE
    opened.mark(second)


def test_a_revoked_book_marks_and_undoes_nothing(opened: Place) -> None:
    first, second = (voter.line for voter in opened.voters[:2])
    opened.mark(first)
    opened.tell(Notice(1, NoticeKind.REVOKED, "lost", 0))
    assert opened.desk.mark(second, Channel.STATION) == Refused(Failure.BOOK_REVOKED)
    assert opened.desk.void(first, "why", *opened.two()) == Refused(Failure.BOOK_REVOKED)
