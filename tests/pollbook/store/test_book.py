from __future__ import annotations

from pathlib import Path

import pytest

from pollbook.failures import Failure, Refused, WorldFailed
from pollbook.permission import Refusal
from pollbook.store import figures, sign_in
from pollbook.store.book import Book
from pollbook.store.check import check_book
from pollbook.types import MACHINE, Channel, LineId, line_text
from tests.making import CHAIR, DEPUTY, OPERATOR, PEOPLE, PINS, Station, make_station


def test_a_new_book_holds_every_line_of_its_slice(station: Station, book: Book) -> None:
    assert figures.counts(book).lines == 40
    assert all(book.voter(voter.line) == voter for voter in station.voters)
    assert figures.counts(book).marked == 0
    assert book.head.number == len(PEOPLE) + 2  # the slice received, each person's key bound, the day opened


def test_a_mark_is_there_after_the_book_is_closed_and_opened_again(station: Station) -> None:
    line = station.voters[3].line
    with station.open() as first:
        number = first.mark(line, Channel.HOME, OPERATOR)
    with station.open() as again:
        state = again.line(line)
        assert state is not None
        assert state.mark is not None
        assert (state.mark.number, state.mark.channel, state.mark.actor) == (number, Channel.HOME, OPERATOR)
        assert figures.counts(again).by_channel[Channel.HOME] == 1


def test_a_second_mark_is_refused_and_nothing_is_entered(station: Station, book: Book) -> None:
    line = station.voters[0].line
    book.mark(line, Channel.STATION, OPERATOR)
    head = book.head
    assert book.mark(line, Channel.STATION, OPERATOR) is Refusal.ALREADY_MARKED
    assert book.head == head


def test_rule_15_nobody_marks_who_is_not_signed_in_nor_before_the_day_is_opened(tmp_path: Path) -> None:
    station = make_station(tmp_path / "station", day_opened=False)
    with station.open() as book:
        head = book.head
        assert book.mark(station.voters[0].line, Channel.STATION, OPERATOR) is Refusal.DAY_NOT_OPEN
        signers = sign_in.two_signers(book, (CHAIR, PINS[CHAIR]), (DEPUTY, PINS[DEPUTY]))
        assert not isinstance(signers, Refused)
        assert book.void(station.voters[0].line, "adashib", *signers, OPERATOR) is Refusal.DAY_NOT_OPEN
        assert book.head == head
        book.open_the_day(station.clock.now().date(), *signers)
        assert book.mark(station.voters[0].line, Channel.STATION, MACHINE) is Refusal.NOT_SIGNED_IN
        assert isinstance(book.mark(station.voters[0].line, Channel.STATION, OPERATOR), int)


def test_rule_8_a_stopped_book_stays_stopped(station: Station) -> None:
    with station.open() as book:
        book.stop(Refusal.LEDGER_BROKEN)
        book.stop(Refusal.BOOK_REVOKED)
    with station.open() as book:
        assert book.stopped is Refusal.LEDGER_BROKEN
        assert book.mark(station.voters[0].line, Channel.STATION, OPERATOR) is Refusal.LEDGER_BROKEN
        assert check_book(book).ok


def test_a_line_of_another_book_is_not_marked(book: Book) -> None:
    assert book.mark(LineId(12345), Channel.STATION, OPERATOR) is Refusal.LINE_NOT_HELD


def test_a_void_by_two_officers_frees_the_line_and_is_counted(station: Station, book: Book) -> None:
    line = station.voters[0].line
    book.mark(line, Channel.STATION, OPERATOR)
    signers = sign_in.two_signers(book, (CHAIR, PINS[CHAIR]), (DEPUTY, PINS[DEPUTY]))
    assert not isinstance(signers, Refused)
    assert isinstance(book.void(line, "adashib", *signers, OPERATOR), int)
    assert book.void(line, "adashib", *signers, OPERATOR) is Refusal.NOT_MARKED
    assert (figures.counts(book).marked, figures.counts(book).voided) == (0, 1)
    assert isinstance(book.mark(line, Channel.STATION, OPERATOR), int)
    assert check_book(book).ok


def test_recent_marks_come_newest_first_and_tell_what_was_voided(station: Station, book: Book) -> None:
    for voter in station.voters[:25]:
        book.mark(voter.line, Channel.STATION, OPERATOR)
    signers = sign_in.two_signers(book, (CHAIR, PINS[CHAIR]), (DEPUTY, PINS[DEPUTY]))
    assert not isinstance(signers, Refused)
    book.void(station.voters[23].line, "adashib", *signers, OPERATOR)
    recent = figures.recent_marks(book, 10)
    assert [mark.line for mark in recent] == [voter.line for voter in reversed(station.voters[15:25])]
    assert [mark.voided for mark in recent] == [False, True, *[False] * 8]
    assert not any(mark.confirmed for mark in recent)
    assert len(figures.recent_marks(book, 100)) == 25


def test_a_line_is_named_by_its_id_or_by_the_pinfl(station: Station, book: Book) -> None:
    voter = station.voters[5]
    assert book.line_named(line_text(voter.line)) == voter.line
    assert book.line_named(f" {line_text(voter.line).lower()} ") == voter.line
    assert book.line_named(voter.pinfl) == voter.line
    for unknown in ("", "00000000000000", line_text(LineId(77)), "' OR 1=1 --", "😀"):
        assert book.line_named(unknown) is Failure.UNKNOWN_VOTER


def test_times_in_the_ledger_go_forward_when_the_wall_clock_is_set_back(station: Station, book: Book) -> None:
    book.mark(station.voters[0].line, Channel.STATION, OPERATOR)
    station.clock.advance(-86400)
    book.mark(station.voters[1].line, Channel.STATION, OPERATOR)
    station.clock.advance(2 * 86400)
    book.mark(station.voters[2].line, Channel.STATION, OPERATOR)
    times = [mark.at for mark in reversed(figures.recent_marks(book, 3))]
    assert times == sorted(set(times))
    assert check_book(book).ok


def test_closing_signs_the_newest_head_and_check_tells_of_an_unsigned_tail(station: Station) -> None:
    with station.open() as opened:
        opened.mark(station.voters[0].line, Channel.STATION, OPERATOR)
        assert check_book(opened).unsigned == 1
    with station.open(writer=False) as closed:
        assert check_book(closed).unsigned == 0


def test_a_reader_sees_what_the_writer_commits_and_writes_nothing(station: Station, book: Book) -> None:
    with station.open(writer=False) as reader:
        book.mark(station.voters[0].line, Channel.STATION, OPERATOR)
        assert figures.counts(reader).marked == 1
        with pytest.raises(WorldFailed) as caught:
            reader.mark(station.voters[1].line, Channel.STATION, OPERATOR)
        assert caught.value.failure is Failure.BOOK_IN_USE
    assert figures.counts(book).marked == 1


def test_marks_are_counted_by_the_hour_only(station: Station, book: Book) -> None:
    opened_s = int(station.clock.now().timestamp())
    for hour, voter in enumerate(station.voters[:3]):
        book.mark(voter.line, Channel.STATION, OPERATOR)
        station.clock.advance(3600 if hour else 600)
    assert figures.marks_by_hour(book, opened_s) == {0: 2, 1: 1}
