"""What a sync takes from the book and brings to it; both are short, so a mark never waits for the network.

Rule 11 of custody: the register can be rolled back too. Where it acknowledges less than it did before, the book
sends the rest again (it keeps every entry) and says so.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from pollbook.asks import Ask
from pollbook.entries import TookOver, decode_entry
from pollbook.failures import Failure, WeFailed, WorldFailed
from pollbook.feed_items import FeedItem, FeedKind, next_feed_check
from pollbook.ledger import Head, SignedHead
from pollbook.packing import RUN_MIN, packed_size
from pollbook.permission import Refusal
from pollbook.store import asking, elsewhere, engine, feeding, moving
from pollbook.store.book import Book
from pollbook.store.records import Outgoing, SyncStatus
from pollbook.sync_answer import SyncAnswer
from pollbook.sync_request import ENTRIES_MAX
from pollbook.types import MACHINE, BookName, EntryNumber
from pollbook.wire import short_digest

BATCH_BYTES_MAX = 256 * 1024
"""Entries in one request, packed; what the link carries in about five seconds is asked for by the sync engine."""


def sync_status(book: Book) -> SyncStatus:
    """Where the book stands with the register."""
    with engine.translated():
        ((acknowledged, cursor, last_sync_s, name),) = engine.look(
            book.connection, "SELECT acknowledged, feed_cursor, last_sync_s, failure FROM sync_state"
        )
    failure = Failure[name] if name in Failure.__members__ else None
    return SyncStatus(book.head, EntryNumber(acknowledged), cursor, last_sync_s, failure)


def outgoing(book: Book, bytes_max: int = BATCH_BYTES_MAX, after: EntryNumber | None = None) -> Outgoing:
    """The entries that the register has not acknowledged, at least one if any, up to `bytes_max` bytes packed.

    Lines that the register asks for and that may go are let go first, so that they go up with this. `after` stands
    for what will be acknowledged by then, where several requests are made ahead of their answers.
    """
    kept = moving.answer_recalls(book, MACHINE)
    status = sync_status(book)
    since = _evidence_since(book) if after is None else None
    is_evidence = since is not None
    after = since if after is None else after
    if after is not None:
        status = replace(status, acknowledged=after)
    first = EntryNumber(status.acknowledged + 1)
    with engine.translated():
        rows = engine.look(
            book.connection,
            "SELECT number, bytes, hash FROM entry WHERE number >= ? ORDER BY number LIMIT ?",
            (first, ENTRIES_MAX),
        )
    entries: list[bytes] = []
    size = 0
    head = _head_at(book, status.acknowledged)
    for number, content, reached in rows:
        size += packed_size(content)
        if entries and size > bytes_max:
            break
        entries.append(content)
        head = Head(EntryNumber(number), reached)
    reaches_newest = head.number == book.head.number
    is_new = bool(book.chain.takeovers) and status.acknowledged == book.start.number
    return Outgoing(
        first=first,
        entries=tuple(entries),
        head=book.signed_head(head),
        digest=short_digest(book_digest(book)) if reaches_newest and not is_evidence else None,
        feed_cursor=status.feed_cursor,
        pending=status.pending,
        # The register does not know yet whose order a new successor would speak of.
        order=elsewhere.slice_order(book.connection) if len(entries) >= RUN_MIN and not is_new else None,
        asks=asking.outgoing_asks(book, kept),
        feed_check=_feed_check(book),
        is_evidence=is_evidence,
    )


def confirmed(book: Book) -> EntryNumber:
    """The newest entry that the register has for sure.

    Of what a successor took over nobody here knows how much its predecessor had sent; it is there once the register has
    anything of the successor's own, which comes after it.
    """
    acknowledged = sync_status(book).acknowledged
    if not book.chain.takeovers or acknowledged != book.start.number:
        return acknowledged
    _, start = book.chain.earlier[-1]
    return start.number


def _feed_check(book: Book) -> bytes:
    with engine.translated():
        ((check,),) = engine.look(book.connection, "SELECT feed_check FROM sync_state")
    return bytes(check)


def _evidence_since(book: Book) -> EntryNumber | None:
    """Where the register has another ledger: the entry after which the evidence goes on; None where it has not.

    Once all of it went up, no entry goes with the newest head: the answer says whether all of it is still there.
    """
    with engine.translated():
        ((evidence, evidence_at),) = engine.look(book.connection, "SELECT evidence, evidence_at FROM sync_state")
    if evidence_at is None and book.stopped is not Refusal.LEDGER_BROKEN:
        return None
    return EntryNumber(book.start.number if evidence is None else min(evidence, book.head.number))


def is_evidence_due(book: Book) -> bool:
    """Whether more of the ledger is to go up as evidence."""
    since = _evidence_since(book)
    return since is not None and since < book.head.number


def note_evidence(book: Book, out: Outgoing, answer: SyncAnswer) -> None:
    """The register has what went out; where it no longer has all that did before, everything goes up once more."""
    if not out.is_evidence:
        return
    head = out.head.head
    is_kept = answer.acknowledged == head or answer.digest == short_digest(head.hash)
    with book.writing():
        sent = head.number if out.entries or is_kept else None
        book.connection.exec_driver_sql("UPDATE sync_state SET evidence = ?", (sent,))


def to_carry(book: Book) -> tuple[BookName, Outgoing] | None:
    """What a successor brings of its predecessor's ledger before anything of its own; None where there is nothing.

    The register may know none of it: the old book's own signature under the head vouches for all.
    """
    if not book.chain.takeovers or sync_status(book).acknowledged != book.start.number:
        return None
    _, start = book.chain.earlier[-1]
    with engine.translated():
        own = book.connection.exec_driver_sql(
            "SELECT bytes FROM entry WHERE number = ?", (book.start.number + 1,)
        ).scalar_one()
        rows = book.connection.exec_driver_sql(
            "SELECT bytes FROM entry WHERE number > ? AND number <= ? ORDER BY number",
            (start.number, book.start.number),
        ).scalars()
        entries = tuple(rows)
    fact = decode_entry(own).fact
    assert isinstance(fact, TookOver)  # noqa: S101 - the first entry of every successor
    head = SignedHead(fact.head, fact.signature)
    return fact.predecessor, Outgoing(EntryNumber(start.number + 1), entries, head, None, 0, len(entries))


def take_answer(book: Book, answer: SyncAnswer, asks: tuple[Ask, ...] = ()) -> tuple[FeedItem, ...]:
    """What the register acknowledged and sent is in the book; the new feed items come back. Harmless when repeated.

    `asks` are those that the request carried. A book that the register has revoked, or that another one took over
    from, is stopped by the item that says so (rules 9 and 10).

    Raises:
        WeFailed: `LEDGER_BROKEN`: the register holds another ledger under this book's name, or entries that this
            book never wrote (it was rolled back or copied). Nothing of the answer was taken, and the book is
            stopped (rule 8).
        WorldFailed: `REGISTER_BEHIND`: the register knows nothing yet of the takeover by which this book began.
            Nothing of the answer was taken.
    """
    now_s = int(book.clock.now().timestamp())
    return _take(book, answer, asks, _Heard(now_s, now_s - answer.register_at_s))


def take_late_answer(book: Book, answer: SyncAnswer, asks: tuple[Ask, ...] = ()) -> tuple[FeedItem, ...]:
    """As `take_answer`, for an answer that was long on its way.

    What was acknowledged since then stays acknowledged, and it says nothing of either clock.

    Raises:
        WeFailed: As `take_answer`.
    """
    known, earlier = sync_status(book), answer.acknowledged
    if earlier.number < known.acknowledged and _is_ours(book, earlier):
        answer = replace(answer, acknowledged=_head_at(book, known.acknowledged))
    with engine.translated():
        ahead_s = book.connection.exec_driver_sql("SELECT clock_ahead_s FROM sync_state").scalar_one()
    return _take(book, answer, asks, _Heard(max(known.last_sync_s or 0, answer.register_at_s), ahead_s))


@dataclass(frozen=True, slots=True)
class _Heard:
    """When the register was heard last, and by how much this clock is ahead of the register's, where that is known."""

    at_s: int
    clock_ahead_s: int | None


def _take(book: Book, answer: SyncAnswer, asks: tuple[Ask, ...], heard: _Heard) -> tuple[FeedItem, ...]:
    acknowledged = answer.acknowledged
    if acknowledged.number < book.start.number:  # a register from before the takeover: it is sent again (rule 11)
        raise WorldFailed(Failure.REGISTER_BEHIND, "from before the takeover")
    if not _is_ours(book, acknowledged):
        book.stop(Refusal.LEDGER_BROKEN)
        with book.writing():  # beside why it was stopped: it may have been revoked before
            book.connection.exec_driver_sql("UPDATE sync_state SET evidence_at = ?", (acknowledged.number,))
        raise WeFailed(Failure.LEDGER_BROKEN, f"the register's entry {acknowledged.number}", entry=acknowledged.number)
    status = sync_status(book)
    fresh = tuple(item for item in answer.feed if item.number > status.feed_cursor)
    failure = Failure.REGISTER_BEHIND.name if acknowledged.number < status.acknowledged else None
    with book.writing():
        asking.note_sent(book, asks)
        for item in fresh:
            feeding.keep_item(book, item)
        engine.look(
            book.connection,
            "UPDATE sync_state SET acknowledged = ?, last_sync_s = ?, failure = ?, clock_ahead_s = ?",
            (acknowledged.number, heard.at_s, failure, heard.clock_ahead_s),
        )
    book.read_standing()
    if fresh:
        # The cursor moves last: what a crash cuts short here is sent, kept and acted on once more.
        feeding.act_on(book, fresh)
        with book.writing():
            newest, check = max(item.number for item in fresh), _feed_check(book)
            for item in fresh:
                check = next_feed_check(check, item)
            book.connection.exec_driver_sql("UPDATE sync_state SET feed_cursor = ?, feed_check = ?", (newest, check))
    return fresh


def begin_again(book: Book) -> bool:
    """A successor that the register refuses sends its takeover, and what came before it, once more; whether it will.

    A register that was put back to a backup from before the takeover knows nothing of it (rule 11).
    """
    if not book.chain.takeovers or sync_status(book).acknowledged <= book.start.number:
        return False
    with book.writing():
        book.connection.exec_driver_sql("UPDATE sync_state SET acknowledged = ?", (book.start.number,))
    book.read_standing()
    return True


def note_sync_failure(book: Book, failure: Failure) -> None:
    """The book remembers why the last cycle failed, for status lines and commands."""
    with book.writing():
        book.connection.exec_driver_sql("UPDATE sync_state SET failure = ?", (failure.name,))


def notices(book: Book) -> tuple[FeedItem, ...]:
    """What the register has told this book, oldest first."""
    with engine.translated():
        rows = book.connection.exec_driver_sql("SELECT * FROM feed ORDER BY number").all()
    return tuple(FeedItem(row.number, FeedKind(row.kind), row.text, row.entry, row.content) for row in rows)


def book_digest(book: Book) -> bytes:
    """The digest over all lines as the newest entry leaves them."""
    return book.line_digests().whole


def _head_at(book: Book, number: EntryNumber) -> Head:
    if number == book.start.number:
        return book.start
    with engine.translated():
        ((found,),) = engine.look(book.connection, "SELECT hash FROM entry WHERE number = ?", (number,))
    return Head(number, found)


def _is_ours(book: Book, head: Head) -> bool:
    """Whether the ledger went through this head."""
    return book.start.number <= head.number <= book.head.number and _head_at(book, head.number) == head
