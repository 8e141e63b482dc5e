"""Stories of a voter who stands at the wrong station, with the link up."""

from __future__ import annotations

from pollbook.asks import ClaimAnswer
from pollbook.permission import Lock, Refusal
from pollbook.store import asking, figures, moving
from pollbook.store.check import check_book
from pollbook.store.moving import Way
from pollbook.types import Channel
from register.checking import check_register
from tests.crossing.worlds import Laptop
from tests.register.stand_in import Centre


def answer(laptop: Laptop) -> ClaimAnswer | None:
    last = asking.claims(laptop.book)[-1].answer
    return None if last is None else last.answer


def sound(centre: Centre, *laptops: Laptop) -> None:
    for laptop in laptops:
        report = laptop.sync()
        assert report.failure is None, report.failure
        assert check_book(laptop.book).problems == ()
    with centre.database.read() as connection:
        assert check_register(connection, centre.centre).faults == ()


def test_an_unmarked_line_is_recalled_granted_and_marked_where_its_voter_stands(
    centre: Centre, here: Laptop, there: Laptop
) -> None:
    voter = there.voters[3]
    asking.claim_line(here.book, voter.pinfl, voter.document)
    here.sync()
    assert answer(here) is ClaimAnswer.RECALLED
    asked = asking.claims(here.book)[-1].answer
    assert asked is not None
    assert asked.precinct == there.book.header.precinct
    asked_before = there.register.requests
    there.sync()  # brings the recall, lets the line go, and sends the release at once
    assert there.register.requests - asked_before == 2
    assert there.book.mark(voter.line, Channel.STATION, there.operator) is Refusal.LINE_RELEASED
    here.sync()
    assert answer(here) is ClaimAnswer.GRANTED
    assert here.book.voter(voter.line) == voter
    assert here.book.find(voter.pinfl, 5).hits[0].line == voter.line
    # The acceptance went up at once: it is safe now (rule 4), and nobody waits for another poll.
    assert isinstance(here.book.mark(voter.line, Channel.STATION, here.operator), int)
    there.sync()
    assert moving.ready_releases(there.book) == ()
    assert (figures.counts(here.book).lines, figures.counts(there.book).lines) == (21, 19)
    sound(centre, here, there)


def test_a_line_that_is_marked_at_home_is_not_granted(centre: Centre, here: Laptop, there: Laptop) -> None:
    voter = there.voters[0]
    there.book.mark(voter.line, Channel.STATION, there.operator)
    there.sync()
    asking.claim_line(here.book, voter.pinfl, voter.document)
    here.sync()
    assert answer(here) is ClaimAnswer.ALREADY_MARKED
    sound(centre, here, there)


def test_a_mark_that_was_faster_than_the_recall_wins(centre: Centre, here: Laptop, there: Laptop) -> None:
    voter = there.voters[1]
    asking.claim_line(here.book, voter.pinfl, "")
    here.sync()
    there.book.mark(voter.line, Channel.STATION, there.operator)  # before it hears of the recall
    there.sync()
    there.sync()
    here.sync()
    assert answer(here) is ClaimAnswer.ALREADY_MARKED
    sound(centre, here, there)


def test_a_line_with_a_mobile_team_is_kept_and_comes_when_the_team_is_back(
    centre: Centre, here: Laptop, there: Laptop
) -> None:
    voter = there.voters[2]
    moving.set_lock(there.book, voter.line, Lock.TEAM)
    asking.claim_line(here.book, voter.pinfl, voter.document)
    here.sync()
    there.sync()
    there.sync()
    here.sync()
    assert answer(here) is ClaimAnswer.KEPT
    moving.set_lock(there.book, voter.line, None)
    there.sync()
    here.sync()
    assert answer(here) is ClaimAnswer.GRANTED
    sound(centre, here, there)


def test_nobody_a_stranger_and_the_station_s_own_voter_are_told_apart(
    centre: Centre, here: Laptop, there: Laptop
) -> None:
    for pinfl, expected in (
        ("31508859999999", ClaimAnswer.UNKNOWN_VOTER),
        (here.voters[0].pinfl, ClaimAnswer.HELD_HERE),
        (there.voters[0].pinfl, ClaimAnswer.RECALLED),
    ):
        asking.claim_line(here.book, pinfl, "")
        here.clock.advance(1)
        here.sync()
        assert answer(here) is expected
    sound(centre, here, there)


def test_the_voter_who_left_again_is_claimed_back_at_home(centre: Centre, here: Laptop, there: Laptop) -> None:
    voter = there.voters[4]
    asking.claim_line(here.book, voter.pinfl, "")
    here.sync()
    there.sync()
    there.sync()
    here.sync()
    here.sync()
    assert answer(here) is ClaimAnswer.GRANTED
    asking.claim_line(there.book, voter.pinfl, "")
    for laptop in (there, here, here, there, there):
        laptop.sync()
    assert answer(there) is ClaimAnswer.GRANTED
    assert isinstance(there.book.mark(voter.line, Channel.STATION, there.operator), int)
    assert here.book.mark(voter.line, Channel.STATION, here.operator) is Refusal.LINE_RELEASED
    sound(centre, here, there)


def test_a_release_on_paper_is_accepted_offline_once_and_only_where_it_is_addressed(
    centre: Centre, here: Laptop, there: Laptop
) -> None:
    line = there.line(5)
    sent = moving.release_lines(there.book, [line], here.name, Way.PAPER, there.operator)
    assert not isinstance(sent, Refusal)
    assert moving.ready_releases(there.book) == ()  # not before it is safe (rule 4)
    there.sync()
    assert [each.id for each in moving.ready_releases(there.book)] == [sent.id]
    again = moving.release_lines(there.book, [line], here.name, Way.PAPER, there.operator)
    assert not isinstance(again, Refusal)
    assert again.certificate == sent.certificate  # reprinting gives the same bytes (rule 3)
    assert moving.accept_release(there.book, sent.certificate, 0) is Refusal.RELEASE_OTHER_BOOK
    changed = sent.certificate[:-1] + bytes([sent.certificate[-1] ^ 1])
    assert moving.accept_release(here.book, changed, 0) is Refusal.RELEASE_INVALID
    number = moving.accept_release(here.book, sent.certificate, 0)
    assert isinstance(number, int)
    assert moving.accept_release(here.book, sent.certificate, 0) == number
    sound(centre, here, there)
    sound(centre, there, here)
    assert moving.ready_releases(there.book) == ()
