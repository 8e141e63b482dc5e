from __future__ import annotations

from pathlib import Path

import pytest

from pollbook.failures import Failure, UchastkaError
from pollbook.feed_items import FeedItem, FeedKind
from pollbook.ledger import Head
from pollbook.line_state import UNMARKED
from pollbook.permission import Refusal
from pollbook.sealed_bundle import Answered, Requests, read_requests, write_answers
from pollbook.sealing import box_key_of
from pollbook.signing import SigningKey
from pollbook.store import syncing
from pollbook.store.syncing import notices, sync_status
from pollbook.sync_answer import SyncAnswer, encode_sync_answer
from pollbook.types import BookName, EntryNumber
from sync.carrying import Exported, Imported, export_bundle, import_bundle
from tests.sync.centre import Centre
from tests.sync.stations import mark, opened
from tests.sync.test_cycle import EARLIER_ENTRIES, StraightRegister, assert_both_hold_the_same, cycle


def exported(path: Path, centre: Centre) -> Exported:
    with opened(path) as book:
        return export_bundle(book, box_key_of(centre.key).public)


def imported(path: Path, answer: bytes) -> Imported:
    with opened(path) as book:
        return import_bundle(book, answer)


def read(centre: Centre, content: bytes) -> Requests:
    def key_of(book: BookName) -> bytes:
        return centre.shelves[book].device_key

    return read_requests(content, centre.election.id, box_key_of(centre.key), key_of)


def taken(centre: Centre, content: bytes, requests_max: int = 100) -> bytes:
    """What the register does with a bundle; only the first `requests_max` requests arrive."""
    requests = read(centre, content)
    arrived = requests.carried[:requests_max]
    answered = [Answered(each, centre.sync(each.address, each.request)) for each in arrived]
    return write_answers(requests, answered, centre.key)


def why(path: Path, answer: bytes) -> Failure:
    with pytest.raises(UchastkaError) as caught:
        imported(path, answer)
    return caught.value.failure


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(syncing, "ENTRIES_MAX", 4)


def test_marks_go_up_by_hand_and_the_answer_acknowledges_them(station: Path, centre: Centre) -> None:
    mark(station, centre, 0, 5)
    bundle = exported(station, centre)
    assert (bundle.requests, bundle.entries, bundle.left) == (1, EARLIER_ENTRIES + 5, 0)
    answer = imported(station, taken(centre, bundle.content))
    assert (answer.acknowledged, answer.pending, answer.feed) == (EARLIER_ENTRIES + 5, 0, ())
    assert_both_hold_the_same(station, centre)


def test_the_same_bytes_go_by_hand_as_over_the_link(station: Path, centre: Centre) -> None:
    mark(station, centre, 0, 5)
    (carried,) = read(centre, exported(station, centre).content).carried
    request = centre.read_request(carried.address, carried.request)
    assert len(request.entries) == EARLIER_ENTRIES + 5
    assert request.digest is not None


@pytest.mark.usefixtures("small_batches")
def test_a_long_queue_goes_in_several_requests(station: Path, centre: Centre) -> None:
    mark(station, centre, 0, 10)
    bundle = exported(station, centre)
    assert (bundle.requests, bundle.entries, bundle.left) == (4, EARLIER_ENTRIES + 10, 0)
    assert imported(station, taken(centre, bundle.content)).pending == 0
    assert_both_hold_the_same(station, centre)


@pytest.mark.usefixtures("small_batches")
def test_a_bundle_that_arrived_in_part_acknowledges_that_part(station: Path, centre: Centre) -> None:
    mark(station, centre, 0, 10)
    answer = imported(station, taken(centre, exported(station, centre).content, requests_max=2))
    assert (answer.acknowledged, answer.pending) == (8, EARLIER_ENTRIES + 2)
    imported(station, taken(centre, exported(station, centre).content))
    assert_both_hold_the_same(station, centre)


def test_a_bundle_and_its_answer_taken_twice_change_nothing(station: Path, centre: Centre) -> None:
    mark(station, centre, 0, 5)
    bundle = exported(station, centre)
    answer = taken(centre, bundle.content)
    first = imported(station, answer)
    assert imported(station, answer) == first
    assert imported(station, taken(centre, bundle.content)) == first
    assert_both_hold_the_same(station, centre)


def test_without_news_a_bundle_still_fetches_what_the_register_has_to_say(station: Path, centre: Centre) -> None:
    cycle(station, StraightRegister(centre))
    told = FeedItem(1, FeedKind.NOTICE, "Come back at eight")
    centre.shelf.feed.append(told)
    bundle = exported(station, centre)
    assert (bundle.requests, bundle.entries) == (1, 0)
    answer = taken(centre, bundle.content)
    assert imported(station, answer).feed == (told,)
    assert imported(station, answer).feed == ()
    with opened(station) as book:
        assert notices(book) == (told,)


def test_a_sync_over_the_link_may_come_between(station: Path, centre: Centre) -> None:
    mark(station, centre, 0, 3)
    bundle = exported(station, centre)
    answer = taken(centre, bundle.content)
    mark(station, centre, 3, 3)
    centre.shelf.feed.append(FeedItem(1, FeedKind.NOTICE, "over the link"))
    assert cycle(station, StraightRegister(centre)).pending == 0
    late = imported(station, answer)
    assert (late.acknowledged, late.pending, late.feed) == (EARLIER_ENTRIES + 6, 0, ())
    with opened(station) as book:
        assert sync_status(book).failure is None
    assert_both_hold_the_same(station, centre)


def test_a_bundle_may_reach_the_register_after_a_sync(station: Path, centre: Centre) -> None:
    mark(station, centre, 0, 3)
    bundle = exported(station, centre)
    mark(station, centre, 3, 3)
    assert cycle(station, StraightRegister(centre)).pending == 0
    mark(station, centre, 6, 1)
    late = imported(station, taken(centre, bundle.content))
    assert (late.acknowledged, late.pending) == (EARLIER_ENTRIES + 6, 1)
    cycle(station, StraightRegister(centre))
    assert_both_hold_the_same(station, centre)


def test_two_bundles_may_arrive_in_the_other_order(station: Path, centre: Centre) -> None:
    mark(station, centre, 0, 3)
    first = exported(station, centre)
    mark(station, centre, 3, 3)
    second = exported(station, centre)
    answers = [taken(centre, bundle.content) for bundle in (second, first)]
    for answer in reversed(answers):
        imported(station, answer)
    assert_both_hold_the_same(station, centre)


def test_lines_that_differ_are_told_as_in_a_cycle(station: Path, centre: Centre) -> None:
    lines = mark(station, centre, 0, 3)
    bundle = exported(station, centre)
    requests = read(centre, bundle.content)
    (carried,) = requests.carried
    centre.sync(carried.address, carried.request)
    centre.shelf.lines[lines[0]] = UNMARKED
    answer = write_answers(requests, [Answered(carried, centre.sync(carried.address, carried.request))], centre.key)
    assert why(station, answer) is Failure.DIGEST_DIFFERS
    with opened(station) as book:
        assert sync_status(book).failure is Failure.DIGEST_DIFFERS


def test_an_answer_of_another_register_is_not_taken(station: Path, centre: Centre) -> None:
    mark(station, centre, 0, 3)
    requests = read(centre, exported(station, centre).content)
    answered = [Answered(each, centre.sync(each.address, each.request)) for each in requests.carried]
    forged = write_answers(requests, answered, SigningKey.generate())
    assert why(station, forged) is Failure.BUNDLE_NOT_SIGNED
    with opened(station) as book:
        assert sync_status(book).acknowledged == 0


def test_an_answer_to_what_this_book_never_sent_is_not_taken(station: Path, centre: Centre) -> None:
    mark(station, centre, 0, 3)
    requests = read(centre, exported(station, centre).content)
    (carried,) = requests.carried
    answer = centre.sync(carried.address, carried.request)
    changed = carried.request[:-1] + bytes([carried.request[-1] ^ 1])
    for request, said in ((changed, answer), (carried.request, answer[:-1] + bytes([answer[-1] ^ 1]))):
        item = Answered(type(carried)(carried.address, request), said)
        assert why(station, write_answers(requests, [item], centre.key)) is Failure.BUNDLE_NOT_SIGNED


def test_a_file_for_the_register_is_not_taken_at_the_station(station: Path, centre: Centre) -> None:
    assert why(station, exported(station, centre).content) is Failure.BUNDLE_OTHER_WAY


def test_a_damaged_answer_changes_nothing(station: Path, centre: Centre) -> None:
    mark(station, centre, 0, 3)
    answer = taken(centre, exported(station, centre).content)
    assert why(station, answer[:-1]) is Failure.BUNDLE_UNREADABLE
    assert why(station, b"") is Failure.BUNDLE_UNREADABLE
    with opened(station) as book:
        assert sync_status(book).acknowledged == 0


def test_a_key_that_nothing_can_be_sealed_to_is_told(station: Path) -> None:
    with opened(station) as book, pytest.raises(UchastkaError) as caught:
        export_bundle(book, bytes(32))
    assert caught.value.failure is Failure.BOOK_DAMAGED


def test_a_register_that_holds_another_ledger_stops_the_book(station: Path, centre: Centre) -> None:
    mark(station, centre, 0, 3)
    requests = read(centre, exported(station, centre).content)
    (carried,) = requests.carried
    request = centre.read_request(carried.address, carried.request)
    other = SyncAnswer(Head(EntryNumber(3), bytes(32)), (), None, request.sent_at_s, 30)
    answer = encode_sync_answer(other, request, carried.request, centre.key)
    assert why(station, write_answers(requests, [Answered(carried, answer)], centre.key)) is Failure.LEDGER_BROKEN
    with opened(station) as book:
        assert book.stopped is Refusal.LEDGER_BROKEN
