from __future__ import annotations

import pytest

from pollbook import ledger
from pollbook.entries import Outcome
from pollbook.failures import Failure, WeFailed
from pollbook.feed_items import Adjudicated, FeedItem, FeedKind, encode_content
from pollbook.ledger import Head
from pollbook.permission import Refusal
from pollbook.store import feeding, figures, syncing
from pollbook.store.book import Book
from pollbook.store.check import _adjudications
from pollbook.sync_answer import SyncAnswer
from pollbook.types import Channel, EntryNumber, LineId
from pollbook.wire import short_digest
from tests.making import OPERATOR, Station


def answer(book: Book, number: int, *feed: FeedItem, hash_: bytes | None = None) -> SyncAnswer:
    if hash_ is None:
        rows = book.connection.exec_driver_sql("SELECT bytes FROM entry WHERE number <= ? ORDER BY number", (number,))
        hash_ = ledger.extend_all(book.start, [row.bytes for row in rows]).hash
    return SyncAnswer(Head(EntryNumber(number), hash_), feed, None, 0, 30)


def test_what_goes_up_is_chained_and_signed_up_to_its_last_entry(station: Station, book: Book) -> None:
    for voter in station.voters[:7]:
        book.mark(voter.line, Channel.STATION, OPERATOR)
    sent = syncing.outgoing(book)
    assert (sent.first, len(sent.entries), sent.pending) == (1, book.head.number, book.head.number)
    assert ledger.extend_all(book.start, sent.entries) == sent.head.head == book.head
    assert ledger.is_signed_head(book.start, sent.head, station.device_key.public)
    assert sent.digest == short_digest(syncing.book_digest(book))


def test_a_long_queue_goes_up_in_batches_without_a_gap(station: Station, book: Book) -> None:
    for voter in station.voters[:30]:
        book.mark(voter.line, Channel.STATION, OPERATOR)
    sent_numbers: list[int] = []
    while (sent := syncing.outgoing(book, bytes_max=200)).entries:
        sent_numbers += range(sent.first, sent.first + len(sent.entries))
        assert (sent.digest is None) == (sent.head.head.number < book.head.number)
        syncing.take_answer(book, answer(book, sent.head.head.number))
    assert sent_numbers == list(range(1, book.head.number + 1))
    assert syncing.sync_status(book).pending == 0


def test_an_entry_larger_than_the_batch_still_goes_up(book: Book) -> None:
    assert len(syncing.outgoing(book, bytes_max=1).entries) == 1


def test_the_register_s_first_word_on_an_envelope_holds_for_the_book_and_for_its_check(book: Book) -> None:
    line, said = LineId(5), [(7, Outcome.COUNTED), (9, Outcome.NOT_COUNTED)]
    for feed_number, (number, outcome) in enumerate(said, 1):
        content = encode_content(Adjudicated(line, outcome, EntryNumber(number)))
        item = FeedItem(feed_number, FeedKind.ADJUDICATED, "", 0, content)
        syncing.take_answer(book, answer(book, 3, item))
    assert book.adjudicated(line) == _adjudications(book)[line] == said[0]


def test_taking_an_answer_twice_changes_nothing_more(book: Book) -> None:
    item = FeedItem(1, FeedKind.NOTICE, "Salom")
    assert syncing.take_answer(book, answer(book, 3, item)) == (item,)
    assert syncing.take_answer(book, answer(book, 3, item)) == ()
    status = syncing.sync_status(book)
    assert (status.acknowledged, status.feed_cursor) == (3, 1)
    assert syncing.notices(book) == (item,)


def test_an_item_that_a_crash_cut_short_gives_way_to_another_that_a_restored_register_told_under_its_number(
    book: Book,
) -> None:
    lost, told = FeedItem(1, FeedKind.NOTICE, "lost"), FeedItem(1, FeedKind.NOTICE, "told")
    with book.writing():
        feeding.keep_item(book, lost)  # and the cursor has not moved
    assert syncing.take_answer(book, answer(book, 3, told)) == (told,)
    assert syncing.notices(book) == (told,)


def test_rule_8_a_register_with_another_ledger_under_this_name_stops_the_book(station: Station, book: Book) -> None:
    with pytest.raises(WeFailed) as caught:
        syncing.take_answer(book, answer(book, 3, hash_=bytes(32)))
    assert caught.value.failure is Failure.LEDGER_BROKEN
    assert syncing.sync_status(book).acknowledged == 0
    syncing.note_sync_failure(book, Failure.REGISTER_UNREACHABLE)
    assert book.mark(station.voters[0].line, Channel.STATION, OPERATOR) is Refusal.LEDGER_BROKEN


def test_rule_8_a_register_that_acknowledges_what_was_never_written_stops_the_book(
    station: Station, book: Book
) -> None:
    beyond = book.head.number + 1
    with pytest.raises(WeFailed):
        syncing.take_answer(book, answer(book, beyond, hash_=bytes(32)))
    assert book.mark(station.voters[0].line, Channel.STATION, OPERATOR) is Refusal.LEDGER_BROKEN


def test_rule_11_a_register_that_was_rolled_back_is_sent_the_rest_again_and_the_book_says_so(book: Book) -> None:
    syncing.take_answer(book, answer(book, 5))
    syncing.take_answer(book, answer(book, 2))
    assert syncing.sync_status(book).failure is Failure.REGISTER_BEHIND
    assert syncing.outgoing(book).first == 3


def test_marks_are_confirmed_when_the_register_has_acknowledged_them(station: Station, book: Book) -> None:
    number = book.mark(station.voters[0].line, Channel.STATION, OPERATOR)
    assert isinstance(number, int)
    syncing.take_answer(book, answer(book, number))
    assert figures.recent_marks(book, 1)[0].confirmed


def test_why_the_last_cycle_failed_is_remembered_until_one_succeeds(book: Book) -> None:
    syncing.note_sync_failure(book, Failure.REGISTER_UNREACHABLE)
    assert syncing.sync_status(book).failure is Failure.REGISTER_UNREACHABLE
    syncing.take_answer(book, answer(book, 1))
    status = syncing.sync_status(book)
    assert status.failure is None
    assert status.last_sync_s is not None


def test_rule_10_a_revoked_book_marks_no_more(station: Station, book: Book) -> None:
    syncing.take_answer(book, answer(book, 1, FeedItem(1, FeedKind.REVOKED, "almashtirildi")))
    assert book.mark(station.voters[0].line, Channel.STATION, OPERATOR) is Refusal.BOOK_REVOKED
