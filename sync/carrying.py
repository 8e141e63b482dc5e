"""Sync without a link: what the next cycle would send, written for a stick, and the answers taken when they come back.

The same requests as over the link (`cycle`), several where the register's one answer could not cover them. An answer
that was carried may be older than what came over the link since; it then brings nothing back. Nothing here waits for
anybody, so the book is held all the while.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pollbook.failures import Failure, InputInvalid, WeFailed, WorldFailed
from pollbook.feed_items import FeedItem
from pollbook.sealed_bundle import REQUESTS_MAX, Answered, Carried, Requests, read_answers, write_requests
from pollbook.sealing import box_key_of
from pollbook.store.book import Book
from pollbook.store.syncing import note_sync_failure, outgoing, sync_status, take_late_answer
from pollbook.sync_answer import SyncAnswer, decode_sync_answer
from pollbook.sync_request import SyncRequest, decode_sync_request, encode_sync_request
from pollbook.types import EntryNumber
from sync.cycle import request_for


@dataclass(frozen=True, slots=True)
class Exported:
    """A bundle for the register: `content` brings it `entries` entries, `left` are still not in it."""

    content: bytes
    requests: int
    entries: int
    left: int


@dataclass(frozen=True, slots=True)
class Imported:
    """What an answer brought: the register has everything up to `acknowledged`, and told `feed`."""

    acknowledged: EntryNumber
    pending: int
    feed: tuple[FeedItem, ...]


def export_bundle(book: Book, register_box: bytes) -> Exported:
    """What the next sync would carry, for the register with this box key.

    Raises:
        WeFailed: `BOOK_DAMAGED` where the key is none.
    """
    link, name = book.link, book.name
    out = outgoing(book)
    going = [out]
    while out.digest is None and len(going) < REQUESTS_MAX:
        out = outgoing(book, after=out.head.head.number)
        going.append(out)
    carried = []
    for each in going:
        request = request_for(name, each, book.clock)
        # Without places in the slice: bytes are free here, and a register that knows no such order could not ask again.
        carried.append(Carried(request.address, encode_sync_request(request, link.device_key)))
    reply_to = box_key_of(link.device_key).public
    requests = Requests(book.header.election.id, name, reply_to, tuple(carried))
    try:
        content = write_requests(requests, register_box, link.device_key)
    except InputInvalid as error:
        raise WeFailed(Failure.BOOK_DAMAGED, "the register's key for what is sealed to it") from error
    entries = sum(len(each.entries) for each in going)
    return Exported(content, len(going), entries, sync_status(book).pending - entries)


def import_bundle(book: Book, untrusted: bytes) -> Imported:
    """The answers in the bundle are in the book, as if they had come over the link. Harmless when repeated.

    Raises:
        WorldFailed: As `sealed_bundle.read_answers`.
        WeFailed: `LEDGER_BROKEN`, `DIGEST_DIFFERS` as in a cycle; `BOOK_DAMAGED`.
    """
    link = book.link
    try:
        register_key = link.register_key()
    except InputInvalid as error:
        raise WeFailed(Failure.BOOK_DAMAGED, str(error)) from error
    election, name = book.header.election.id, book.name
    answered = read_answers(untrusted, election, name, box_key_of(link.device_key), register_key)
    exchanges = _exchanges(book, answered, register_key)
    feed: list[FeedItem] = []
    for request, answer in exchanges:
        try:
            feed += take_late_answer(book, answer, request.asks)
            _compare(request, answer)
        except WeFailed as error:
            note_sync_failure(book, error.failure)
            raise
    status = sync_status(book)
    return Imported(status.acknowledged, status.pending, tuple(feed))


def _exchanges(book: Book, answered: Sequence[Answered], register_key: bytes) -> list[tuple[SyncRequest, SyncAnswer]]:
    """The requests, proven to be this book's own, with their answers, proven to be the register's; all or none."""
    own_key = book.link.device_key.public
    exchanges = []
    for each in answered:
        sent, address = each.carried.request, each.carried.address
        try:
            request = decode_sync_request(sent, address, own_key)
            exchanges.append((request, decode_sync_answer(each.answer, request, sent, register_key)))
        except InputInvalid as error:
            raise WorldFailed(Failure.BUNDLE_NOT_SIGNED, str(error)) from error
    return exchanges


def _compare(request: SyncRequest, answer: SyncAnswer) -> None:
    is_same_place = answer.acknowledged == request.head.head
    if request.digest is not None and is_same_place and answer.digest not in {None, request.digest}:
        raise WeFailed(Failure.DIGEST_DIFFERS)
