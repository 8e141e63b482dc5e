"""One cycle of sync: what the register has not acknowledged goes up, its answer comes into the book.

1. The book is held for two short steps, to take what goes out and to put in what came back, and never in between: a
   mark does not wait for the network (docs/architecture.md).
2. One request a cycle; further ones only while more entries wait than the link carries in one, and at once after an
   answer that asked for a line or brought one: a voter stands at a table for it, here or there.
   A book of which the register has another ledger is locked, and sends its whole ledger, as evidence; once the answer
   says that all of it is there, only its newest head, by which a register that lost some of it is known.
3. Everything may be repeated. A request that was taken twice, an answer that got lost and a program that was ended
   between any two steps change nothing: (book, epoch, number) is an entry's identity, and what is acknowledged is
   what the register proves by the hash of its chain.
4. Each cycle ends by comparing digests, where both sides stand at the same entry. Where they differ, up to two further
   requests name the lines that do (`pollbook.differences`); the cycle ends with `DIGEST_DIFFERS` all the same.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Protocol, TypeVar

from pollbook.clock import Clock
from pollbook.commanding import software_name
from pollbook.failures import Failure, InputInvalid, UchastkaError, WeFailed, WorldFailed
from pollbook.feed_items import FeedItem, FeedKind
from pollbook.store import comparing
from pollbook.store.asking import claims
from pollbook.store.book import Book
from pollbook.store.link import Link
from pollbook.store.records import Outgoing, SyncStatus
from pollbook.store.syncing import (
    BATCH_BYTES_MAX,
    begin_again,
    is_evidence_due,
    note_evidence,
    note_sync_failure,
    outgoing,
    sync_status,
    take_answer,
    to_carry,
)
from pollbook.sync_answer import SyncAnswer, decode_sync_answer, is_signed_answer, is_sync_answer
from pollbook.sync_request import SyncRequest, encode_sync_request
from pollbook.types import BookName, EntryNumber, LineId, line_text
from sync.pace import HURRY_S, Traffic

COMPARISONS_MAX = 2
"""Further requests of a cycle whose digest differs: one to find the lines, one to name them to the register."""
REQUESTS_MAX = 500
"""In one cycle; more than the smallest batches need for a precinct's whole day."""

logger = logging.getLogger(__name__)
T = TypeVar("T")


class BookAccess(Protocol):
    """Short, exclusive access to the book: the desktop runs `action` on the book's thread, a command opens the book."""

    def step(self, action: Callable[[Book], T]) -> T:
        """What `action` returns, done on the book while nothing else is."""


class Register(Protocol):
    """The register as a cycle needs it; `client.RegisterClient` is the one over HTTP."""

    @property
    def traffic(self) -> Traffic:
        """What went over the link so far."""

    def batch_bytes(self) -> int:
        """How many bytes of entries the next request should carry."""

    def sync(self, book: BookName, first: EntryNumber, request: bytes) -> bytes:
        """The answer to a request, or `WorldFailed`."""


@dataclass(frozen=True, slots=True)
class CycleReport:
    """What a cycle did: the register has everything up to `acknowledged`, `sent` of it since this cycle.

    `failure` is why the cycle did not end well, with what the failure's texts say; `come_back_s` the register's wish.
    `digest_agreed` tells that both sides compared their digests at the newest entry and found the same, `differing` the
    lines in which the register has something else, as far as they are named; `is_asking` that a claim waits for the
    register's answer.
    """

    acknowledged: EntryNumber
    sent: int
    pending: int
    traffic: Traffic
    feed: tuple[FeedItem, ...]
    come_back_s: int | None = None
    failure: Failure | None = None
    facts: Mapping[str, object] = field(default_factory=dict)
    digest_agreed: bool = False
    is_asking: bool = False
    differing: tuple[LineId, ...] = ()

    def as_json(self) -> dict[str, object]:
        """The report as `uchastka-sync --json` prints it (DESIGN §9)."""
        return {
            "acknowledged": self.acknowledged,
            "sent": self.sent,
            "pending": self.pending,
            "bytes_up": self.traffic.bytes_up,
            "bytes_down": self.traffic.bytes_down,
            "round_trips": self.traffic.round_trips,
            "feed": [
                {"number": item.number, "kind": item.kind.name.lower(), "text": item.text, "entry": item.entry}
                for item in self.feed
            ],
            **({"differing": [line_text(line) for line in self.differing]} if self.differing else {}),
        }


@dataclass(frozen=True, slots=True)
class _Going:
    link: Link
    name: BookName
    out: Outgoing


@dataclass(frozen=True, slots=True)
class _Taken:
    status: SyncStatus
    feed: tuple[FeedItem, ...]
    failed: UchastkaError | None
    digest_agreed: bool = False
    is_asking: bool = False


def run_cycle(access: BookAccess, register: Register, clock: Clock) -> CycleReport:
    """Bring book and register together; a failure of the link or the register is noted in the book and reported.

    Raises:
        UchastkaError: The book itself could not be used (`BOOK_IN_USE`, `DISK_FULL`, …).
    """
    before = access.step(sync_status)
    traffic = register.traffic.copy()
    status, come_back_s = before, None
    feed: list[FeedItem] = []
    failed: UchastkaError | None = None
    times_behind, further = 0, COMPARISONS_MAX
    digest_agreed, is_asking = False, False
    if (carried := access.step(_carried)) is not None and (failed := _carry(carried, register, clock)) is not None:
        status = access.step(partial(_note, failure=failed.failure))
    for _ in range(REQUESTS_MAX if failed is None else 0):
        going = access.step(partial(_going, bytes_max=min(register.batch_bytes(), BATCH_BYTES_MAX)))
        try:
            answer = _exchange(going, register, clock)
        except WorldFailed as error:
            is_begun = error.failure is Failure.REQUEST_NOT_ACCEPTED and access.step(begin_again)
            failed = error
            status = access.step(partial(_note, failure=error.failure))
            if is_begun and (carried := access.step(_carried)) is not None:
                failed = _carry(carried, register, clock)
                if failed is None:
                    continue
                status = access.step(partial(_note, failure=failed.failure))
            break
        taken = access.step(partial(_take, going=going, answer=answer))
        status, come_back_s, failed = taken.status, answer.come_back_s, taken.failed
        feed += taken.feed
        digest_agreed, is_asking = taken.digest_agreed, taken.is_asking
        is_behind = answer.acknowledged.number < going.out.first - 1 and not going.out.is_evidence
        times_behind += is_behind
        if failed is None and times_behind > 1:  # once it was rolled back; twice it cannot keep what it takes
            failed = WorldFailed(Failure.REGISTER_BEHIND)
            status = access.step(partial(_note, failure=failed.failure))
        if going.out.is_evidence or (failed is not None and failed.failure is Failure.LEDGER_BROKEN):
            if access.step(is_evidence_due):
                continue
            break  # also where a restored register stands at this book's own head again, and nothing fails
        if failed is not None and failed.failure is Failure.DIGEST_DIFFERS and further:
            further -= 1
            if access.step(comparing.compare_further):
                continue
        if failed is not None or (going.out.digest is not None and not is_behind and not _is_urgent(taken)):
            break
    if failed is not None:
        logger.info("cycle failed code=%s detail=%s", failed.failure.code, failed.detail)
    return CycleReport(
        acknowledged=status.acknowledged,
        sent=max(0, status.acknowledged - before.acknowledged),
        pending=status.pending,
        traffic=register.traffic.since(traffic),
        feed=tuple(feed),
        come_back_s=come_back_s,
        failure=failed.failure if failed else None,
        facts=failed.facts if failed else {},
        digest_agreed=digest_agreed and failed is None,
        is_asking=is_asking,
        differing=access.step(_differing) if failed and failed.failure is Failure.DIGEST_DIFFERS else (),
    )


def _is_urgent(taken: _Taken) -> bool:
    """Whether the answer asked for a line, which may be let go now, or brought one, whose acceptance is to be safe."""
    return any(item.kind in {FeedKind.RECALLED, FeedKind.GRANTED} for item in taken.feed)


def _going(book: Book, bytes_max: int) -> _Going:
    return _Going(book.link, book.name, outgoing(book, bytes_max))


def _carried(book: Book) -> _Going | None:
    carried = to_carry(book)
    return None if carried is None else _Going(book.link, *carried)


def _carry(going: _Going, register: Register, clock: Clock) -> WorldFailed | None:
    """The register has the old book's entries up to the takeover, or why it could not be reached."""
    try:
        _ask(going, register, clock)
    except WorldFailed as error:
        if error.failure is not Failure.REQUEST_NOT_ACCEPTED:
            return error
        # What it refuses of the old book it says again, with its reason, of the successor's own request.
        logger.warning("carried entries not accepted book=%s", going.name)
    return None


def _exchange(going: _Going, register: Register, clock: Clock) -> SyncAnswer:
    try:
        return _ask(going, register, clock)
    except WorldFailed as error:
        if error.failure is not Failure.REQUEST_NOT_ACCEPTED or going.out.order is None:
            raise
    # Whatever the register has against places in the slice, the entries themselves must get through.
    logger.warning("places not accepted first=%s", going.out.first)
    return _ask(replace(going, out=replace(going.out, order=None)), register, clock)


def request_for(name: BookName, out: Outgoing, clock: Clock) -> SyncRequest:
    """The request that brings `out` to the register, sent now."""
    return SyncRequest(
        book=name,
        first=out.first,
        entries=out.entries,
        head=out.head,
        digest=out.digest,
        feed_cursor=out.feed_cursor,
        sent_at_s=int(clock.now().timestamp()),
        pending=out.pending - len(out.entries),
        software=software_name(),
        asks=out.asks,
        feed_check=out.feed_check,
    )


def _ask(going: _Going, register: Register, clock: Clock) -> SyncAnswer:
    out, key = going.out, going.link.device_key
    request = request_for(going.name, out, clock)
    sent = encode_sync_request(request, key, out.order)
    untrusted = register.sync(going.name, out.first, sent)
    try:
        register_key = going.link.register_key()
    except InputInvalid as error:
        raise WeFailed(Failure.BOOK_DAMAGED, str(error)) from error
    try:
        return decode_sync_answer(untrusted, request, sent, register_key)
    except InputInvalid as error:
        raise WorldFailed(_why_not(untrusted, sent, register_key), str(error)) from error


def _why_not(untrusted: bytes, sent: bytes, register_key: bytes) -> Failure:
    """Why an answer is none: bytes of something else, or an answer that the register did not sign."""
    if is_sync_answer(untrusted, sent) and not is_signed_answer(untrusted, sent, register_key):
        return Failure.ANSWER_NOT_SIGNED
    return Failure.ANSWER_NOT_UNDERSTOOD


def _take(book: Book, going: _Going, answer: SyncAnswer) -> _Taken:
    out, acknowledged = going.out, answer.acknowledged
    try:
        feed = take_answer(book, answer, out.asks)
    except WeFailed as error:  # the register's ledger is not ours
        note_evidence(book, out, answer)
        return _Taken(_note(book, error.failure), (), error)
    note_evidence(book, out, answer)
    failed: UchastkaError | None = None
    if out.digest is not None and acknowledged == out.head.head and answer.digest not in {None, out.digest}:
        failed = WeFailed(Failure.DIGEST_DIFFERS)
    elif out.entries and out.first - 1 == acknowledged.number and not out.is_evidence:
        failed = WorldFailed(Failure.REQUEST_NOT_ACCEPTED, "nothing was acknowledged")
    status = _note(book, failed.failure) if failed else sync_status(book)
    agreed = out.digest is not None and acknowledged == out.head.head and answer.digest == out.digest
    if agreed:
        comparing.note_agreed(book)
    asked_since_s = int(book.clock.now().timestamp()) - HURRY_S
    is_asking = any(claim.is_open and claim.asked_at_s >= asked_since_s for claim in claims(book))
    return _Taken(status, feed, failed, agreed, is_asking)


def _differing(book: Book) -> tuple[LineId, ...]:
    found = comparing.differing(book)
    return found.lines if found is not None else ()


def _note(book: Book, failure: Failure) -> SyncStatus:
    if failure is Failure.REQUEST_NOT_ACCEPTED:
        begin_again(book)
    note_sync_failure(book, failure)
    return sync_status(book)
