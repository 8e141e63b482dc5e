"""The real desk where lines move: what a card says, what holds a line, and how the feed's words reach people."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pollbook.annex_person import AnnexPerson
from pollbook.asks import ClaimAnswer
from pollbook.entries import Outcome
from pollbook.failures import Failure, Refused
from pollbook.feed_items import (
    Adjudicated,
    Arrived,
    ClaimAnswered,
    Content,
    FeedItem,
    FeedKind,
    Granted,
    Intake,
    LinesNamed,
    ListChanged,
    Recalled,
    Superseded,
    encode_content,
)
from pollbook.ledger import Head
from pollbook.packing import SliceOrder
from pollbook.permission import Lock, Refusal
from pollbook.release_certificate import ReleaseCertificate, encode_certificate, seal_certificate
from pollbook.releases import MovedLine, sign_release
from pollbook.sealing import box_key_of
from pollbook.signing import SigningKey, device_id
from pollbook.statuses import LineStatus, statuses_of
from pollbook.store import asking, elsewhere, moving, syncing, whereabouts
from pollbook.store.book import Book
from pollbook.store.moving import Way
from pollbook.sync_answer import SyncAnswer
from pollbook.types import BookName, Channel, EntryNumber, LineId, PrecinctCode
from pollbook.voters import Voter
from station_app.desk import MarkShown, NoticeKind, Verdict
from station_app.moving import Accepted, ClaimShown, ClaimState, LineWhere, ProvisionalShown, ReleaseShown, Whereabouts
from station_app.station_desk import StationDesk
from tests.making import CHAIR, DEPUTY, OPERATOR, PINS, Station

ELSEWHERE = PrecinctCode("1708-0002")
TWO = ((CHAIR, PINS[CHAIR]), (DEPUTY, PINS[DEPUTY]))
NEIGHBOUR = SigningKey.generate()
NAME = BookName(device_id(NEIGHBOUR.public), 1)
INTAKE = Intake(ELSEWHERE, "Nukus, 4-litsey", NAME, box_key_of(NEIGHBOUR).public)


@pytest.fixture
def desk(book: Book) -> StationDesk:
    """A desk on an open day with the operator signed in."""
    desk = StationDesk(book)
    desk.sign_in(OPERATOR, PINS[OPERATOR])
    return desk


def tell(book: Book, *contents: tuple[FeedKind, Content], text: str = "") -> None:
    """The register acknowledges everything and says this."""
    cursor = syncing.sync_status(book).feed_cursor
    items = tuple(
        FeedItem(cursor + number, kind, text, 0, encode_content(content))
        for number, (kind, content) in enumerate(contents, 1)
    )
    syncing.take_answer(book, SyncAnswer(book.head, items, None, int(book.clock.now().timestamp()), 30))


def order(book: Book) -> SliceOrder:
    return elsewhere.slice_order(book.connection)


def visiting(station: Station) -> Voter:
    return replace(station.voters[0], line=LineId(4242), pinfl="31210799000017", surname="Mehmonov", page=3, row=7)


def certificate(book: Book, station: Station, voter: Voter) -> bytes:
    """A release of the neighbour's to this book."""
    release = sign_release(book.election.id, NAME, book.name, (MovedLine(voter.line, 1),), NEIGHBOUR)
    certified = station.authority.certify(NAME.device.hex(), NEIGHBOUR.public)
    return encode_certificate(ReleaseCertificate(release, certified, (voter,)), NEIGHBOUR)


def released(desk: StationDesk, book: Book, line: LineId) -> ReleaseShown:
    tell(book, (FeedKind.INTAKE, INTAKE))
    release = desk.moving.release([line], ELSEWHERE, Way.PAPER)
    assert isinstance(release, ReleaseShown)
    return release


# Cards


def test_a_line_that_was_let_go_says_to_which_precinct(desk: StationDesk, book: Book, station: Station) -> None:
    line = station.voters[0].line
    released(desk, book, line)
    card = desk.card(line)
    assert card.verdict is Verdict.LINE_NOT_HELD
    assert card.where is not None
    assert (card.where.kind, card.where.precinct, card.where.address) == (
        Whereabouts.RELEASED, ELSEWHERE, "Nukus, 4-litsey",
    )  # fmt: skip
    assert desk.mark(line, Channel.STATION) == Refused(Failure.LINE_RELEASED)


def test_a_line_that_another_desk_marked_is_red(desk: StationDesk, book: Book, station: Station) -> None:
    line = station.voters[0].line
    released(desk, book, line)
    tell(book, (FeedKind.STATUSES, statuses_of({line: LineStatus(ELSEWHERE, 2, is_marked=True)}, order(book))))
    card = desk.card(line)
    assert (card.verdict, card.mark) == (Verdict.ALREADY_MARKED, None)
    assert card.where == LineWhere(Whereabouts.MARKED_ELSEWHERE, ELSEWHERE, "Nukus, 4-litsey", 2)
    tell(book, (FeedKind.STATUSES, statuses_of({line: None}, order(book))))
    assert desk.card(line).verdict is Verdict.LINE_NOT_HELD


def test_a_line_that_the_register_knows_to_be_marked_elsewhere_is_not_marked_here(
    desk: StationDesk, book: Book, station: Station
) -> None:
    line, other = station.voters[0].line, station.voters[1].line
    told: dict[LineId, LineStatus | None] = {
        line: LineStatus(ELSEWHERE, 1, is_marked=True),
        other: LineStatus(ELSEWHERE, 1, is_marked=False),
    }
    tell(book, (FeedKind.STATUSES, statuses_of(told, order(book))))
    assert desk.card(line).verdict is Verdict.ALREADY_MARKED
    assert desk.mark(line, Channel.STATION) == Refused(Failure.ALREADY_MARKED)
    assert isinstance(desk.mark(other, Channel.STATION), MarkShown), "a line that is here may be marked"


def test_statuses_of_another_slice_change_nothing(desk: StationDesk, book: Book, station: Station) -> None:
    line = station.voters[0].line
    other = SliceOrder.of(order(book).lines[1:])
    tell(book, (FeedKind.STATUSES, statuses_of({line: LineStatus(ELSEWHERE, 1, is_marked=True)}, other)))
    assert desk.card(line).verdict is Verdict.MAY_VOTE


def test_a_line_that_came_waits_until_it_is_safe_and_is_marked_in_the_annex(
    desk: StationDesk, book: Book, station: Station
) -> None:
    voter = visiting(station)
    accepted = desk.moving.accept(certificate(book, station, voter))
    assert isinstance(accepted, Accepted)
    assert not accepted.is_safe
    card = desk.card(voter.line)
    assert (card.verdict, card.is_visitor) == (Verdict.ARRIVING, True)
    assert desk.mark(voter.line, Channel.STATION) == Refused(Failure.LINE_ARRIVING)
    assert not book.line(voter.line).is_annexed, "what is refused has entered nothing"  # type: ignore[union-attr]
    tell(book)
    assert desk.card(voter.line).verdict is Verdict.MAY_VOTE
    assert isinstance(desk.mark(voter.line, Channel.STATION), MarkShown)
    assert book.line(voter.line).is_annexed  # type: ignore[union-attr]


def test_a_disputed_line_is_red_until_people_have_resolved_it(desk: StationDesk, book: Book, station: Station) -> None:
    line, other = station.voters[0].line, station.voters[1].line
    tell(book, (FeedKind.DISPUTED, LinesNamed((line, other))))
    assert desk.card(line).verdict is Verdict.DISPUTED
    marked = book.mark(line, Channel.STATION, OPERATOR)
    assert isinstance(marked, int)
    item = FeedItem(syncing.sync_status(book).feed_cursor + 1, FeedKind.ANOMALY, "second_mark", marked)
    syncing.take_answer(book, SyncAnswer(book.head, (item,), None, int(book.clock.now().timestamp()), 30))
    assert desk.recent_marks()[0].disputed
    tell(book, (FeedKind.DISPUTE_RESOLVED, LinesNamed((line,))))
    assert desk.card(line).verdict is Verdict.ALREADY_MARKED
    assert not desk.recent_marks()[0].disputed
    assert desk.card(other).verdict is Verdict.DISPUTED


def test_a_line_with_the_mobile_team_is_not_offered_for_a_mark(desk: StationDesk, station: Station) -> None:
    line = station.voters[0].line
    assert desk.moving.set_team(line, is_out=True) is None
    assert desk.card(line).verdict is Verdict.WITH_TEAM
    assert desk.moving.standing().with_team == (line,)
    desk.leave()
    assert desk.moving.standing().with_team == (line,), "leaving the card does not bring the team back"
    assert desk.moving.set_team(line, is_out=False) is None
    assert desk.card(line).verdict is Verdict.MAY_VOTE


def test_a_closed_book_says_so_on_every_card_but_the_marked_ones(desk: StationDesk, station: Station) -> None:
    marked, other = station.voters[0].line, station.voters[1].line
    desk.mark(marked, Channel.STATION)
    assert not isinstance(desk.moving.close_book(*TWO), Refused)
    assert desk.card(marked).verdict is Verdict.ALREADY_MARKED
    card = desk.card(other)
    assert (card.verdict, card.stopped) == (Verdict.STOPPED, Failure.BOOK_CLOSED)
    assert desk.moving.close_book(*TWO) == Refused(Failure.BOOK_CLOSED)
    assert desk.moving.claim("31210799000017", "") == Refused(Failure.BOOK_CLOSED)


def test_a_superseded_book_stops_every_card(desk: StationDesk, book: Book, station: Station) -> None:
    tell(book, (FeedKind.SUPERSEDED, Superseded(NAME, Head(EntryNumber(3), bytes(32)))))
    card = desk.card(station.voters[0].line)
    assert (card.verdict, card.stopped) == (Verdict.STOPPED, Failure.BOOK_SUPERSEDED)
    assert desk.moving.standing().stopped is Failure.BOOK_SUPERSEDED


# What holds a line


def test_rule_6_an_open_card_holds_its_line_until_it_is_left(desk: StationDesk, book: Book, station: Station) -> None:
    first, second = (voter.line for voter in station.voters[:2])
    desk.card(first)
    assert moving.lock_of(book, first) is Lock.OPEN
    assert moving.may_release_line(book, first, book.line(first)) is Refusal.LINE_OPEN
    desk.card(second)
    assert (moving.lock_of(book, first), moving.lock_of(book, second)) == (None, Lock.OPEN)
    desk.leave()
    assert moving.lock_of(book, second) is None
    desk.card(second)
    desk.sign_out()
    assert moving.lock_of(book, second) is None


def test_the_voter_at_this_table_can_have_the_line_let_go_while_the_card_is_open(
    desk: StationDesk, book: Book, station: Station
) -> None:
    first, second = (voter.line for voter in station.voters[:2])
    desk.card(first)
    tell(book, (FeedKind.INTAKE, INTAKE))
    assert isinstance(desk.moving.release([first], ELSEWHERE, Way.PAPER), ReleaseShown)
    desk.mark(second, Channel.STATION)
    desk.card(second)
    desk.moving.set_team(first, is_out=False)
    desk.card(station.voters[2].line)
    refused = desk.moving.release([station.voters[2].line, second], ELSEWHERE, Way.PAPER)
    assert isinstance(refused, Refused)
    assert moving.lock_of(book, station.voters[2].line) is Lock.OPEN, "what was refused is as before"


def test_a_card_that_a_crash_left_open_holds_nothing_after_the_next_opening(
    desk: StationDesk, book: Book, station: Station
) -> None:
    line, out = station.voters[0].line, station.voters[1].line
    desk.card(line)
    desk.moving.set_team(out, is_out=True)
    whereabouts.close_open_cards(book)
    assert moving.lock_of(book, line) is None
    assert moving.lock_of(book, out) is Lock.TEAM, "the team is still out"


# Claims and releases


def test_a_claim_that_was_granted_is_here(desk: StationDesk, book: Book, station: Station) -> None:
    voter = visiting(station)
    claim = desk.moving.claim(voter.pinfl, voter.document)
    assert isinstance(claim, ClaimShown)
    assert (claim.state, claim.is_open) == (ClaimState.ASKED, True)
    tell(book, (FeedKind.GRANTED, Granted(claim.id, certificate(book, station, voter))))
    (shown,) = desk.moving.claims()
    assert (shown.state, shown.line) == (ClaimState.ARRIVED, voter.line)
    assert desk.moving.claim(voter.pinfl, voter.document) == shown, "asked again it is the same answer"


def test_a_card_shows_the_request_for_its_line(desk: StationDesk, book: Book, station: Station) -> None:
    voter = station.voters[0]
    released(desk, book, voter.line)
    desk.moving.claim(voter.pinfl, voter.document)
    (asked,) = asking.claims(book)
    tell(book, (FeedKind.CLAIM_ANSWERED, ClaimAnswered(asked.id, ClaimAnswer.KEPT, ELSEWHERE, "Nukus", 1_797_750_000)))
    claim = desk.card(voter.line).claim
    assert claim is not None
    assert (claim.state, claim.precinct, claim.is_open) == (ClaimState.KEPT, ELSEWHERE, True)
    assert claim.heard_at is not None


def test_a_release_of_several_lines_goes_as_a_file_not_on_paper(
    desk: StationDesk, book: Book, station: Station
) -> None:
    tell(book, (FeedKind.INTAKE, INTAKE))
    release = desk.moving.release([voter.line for voter in station.voters[:2]], ELSEWHERE, Way.FILE)
    assert isinstance(release, ReleaseShown)
    assert desk.moving.release_file(release.id) == Refused(Failure.NOT_SAFE_YET, {"entry": release.number})
    tell(book)
    assert isinstance(desk.moving.release_file(release.id), bytes)
    assert desk.moving.release_paper(release.id, ["en"]) == Refused(Failure.RELEASE_NOT_FOR_PAPER)
    assert desk.moving.release_file(bytes(8)) == Refused(Failure.RELEASE_INVALID)


def test_nobody_at_the_desk_moves_nothing(book: Book, station: Station) -> None:
    desk, line = StationDesk(book), station.voters[0].line
    nobody = Refused(Failure.NOT_SIGNED_IN)
    assert desk.moving.claim("31210799000017", "") == nobody
    assert desk.moving.release([line], ELSEWHERE, Way.PAPER) == nobody
    assert desk.moving.accept(b"x") == nobody
    assert desk.moving.set_paper(is_on_paper=True) == nobody
    assert desk.moving.set_team(line, is_out=True) == nobody
    assert desk.moving.see_row(line, *TWO) == nobody


# The feed in words


def test_every_kind_that_people_are_told_of_has_its_facts(desk: StationDesk, book: Book, station: Station) -> None:
    voter, other = station.voters[0], visiting(station)
    release = released(desk, book, voter.line)
    claim = desk.moving.claim(other.pinfl, other.document)
    assert isinstance(claim, ClaimShown)
    person = AnnexPerson("", "ZZ7777777", "Saidov", "Aziz", "", voter.birth_date, "")
    added = desk.moving.add_provisional(person, "7")
    assert isinstance(added, ProvisionalShown)
    tell(
        book,
        (FeedKind.RECALLED, Recalled(station.voters[1].line, NAME, bytes(8))),
        (FeedKind.CLAIM_ANSWERED, ClaimAnswered(claim.id, ClaimAnswer.RECALLED, ELSEWHERE, "Nukus", 0)),
        (FeedKind.GRANTED, Granted(claim.id, certificate(book, station, other))),
        (FeedKind.LIST_CHANGED, ListChanged(station.voters[2], "court", "typing error")),
        (FeedKind.ADJUDICATED, Adjudicated(added.line, Outcome.NOT_COUNTED, EntryNumber(4))),
        (FeedKind.DISPUTED, LinesNamed((voter.line,))),
        (FeedKind.DISPUTE_RESOLVED, LinesNamed((voter.line,))),
        (FeedKind.ARRIVED, Arrived(release.id)),
        (FeedKind.SUPERSEDED, Superseded(NAME, Head(EntryNumber(3), bytes(32)))),
    )
    told = {notice.kind: notice for notice in desk.status().notices}
    assert told[NoticeKind.RECALLED].facts == {"name": station.voters[1].full_name}
    assert told[NoticeKind.CLAIM_ANSWERED].text == "recalled"
    assert told[NoticeKind.CLAIM_ANSWERED].facts["heard"] == "\u2014"
    assert told[NoticeKind.GRANTED].facts == {"name": other.full_name}
    assert told[NoticeKind.LIST_CHANGED].facts["reason"] == "typing error"
    assert (told[NoticeKind.ADJUDICATED].text, told[NoticeKind.ADJUDICATED].facts) == ("not_counted", {"envelope": "7"})
    assert told[NoticeKind.ARRIVED].facts == {"name": voter.full_name}
    assert NoticeKind.SUPERSEDED in told
    assert len(told) == 9


def test_a_changed_release_and_one_for_another_laptop_have_codes_apart(
    desk: StationDesk, book: Book, station: Station
) -> None:
    encoded = certificate(book, station, visiting(station))
    ours = box_key_of(book.link.device_key).public
    sealed = seal_certificate(encoded, ours, NEIGHBOUR)
    assert not isinstance(desk.moving.look_at_release(sealed), Refused)
    for at in (0, 1, 40, len(sealed) // 2, len(sealed) - 6, len(sealed) - 1):
        changed = sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]
        assert desk.moving.look_at_release(changed) == Refused(Failure.RELEASE_INVALID), at
    for cut in (0, 7, 9, len(sealed) - 1):
        assert desk.moving.look_at_release(sealed[:cut]) == Refused(Failure.RELEASE_INVALID)
    others = seal_certificate(encoded, box_key_of(NEIGHBOUR).public, NEIGHBOUR)
    assert desk.moving.look_at_release(others) == Refused(Failure.RELEASE_OTHER_BOOK)


def test_what_was_sealed_to_the_laptop_before_this_one_is_opened(
    desk: StationDesk, book: Book, station: Station
) -> None:
    before = box_key_of(SigningKey.generate())
    sealed = seal_certificate(certificate(book, station, visiting(station)), before.public, NEIGHBOUR)
    assert desk.moving.look_at_release(sealed) == Refused(Failure.RELEASE_OTHER_BOOK)
    with book.writing():
        book.connection.exec_driver_sql("INSERT INTO earlier_box VALUES (1, ?)", (before.seed,))
    assert isinstance(desk.moving.accept(sealed), Accepted)
