"""The register's log of accepted entries: a Merkle tree that only grows, with signed heads (DESIGN §4).

1. *What is acknowledged is what waits.* A book's entry is accepted where the transaction that stores it moves the
   book's watermark over it. The log has a watermark of its own for each book; the difference is the queue. Ingest
   writes nothing for the log, waits for nobody, and cannot forget to queue. So wait the register's own entries, too.
2. *One appends at a time.* Who appends holds the log's one row, takes what waits in the order in which it came, a few
   thousand entries in one short transaction, and lets go. However many processes run it, it is the same log.
3. *A head is published at most once a quarter of an hour*, covers what was in the log when the quarter began, and says
   nothing of time (custody rule 15).
4. *The log names nobody.* A leaf is a commitment under a key of its own, made of the register's key.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from pollbook.checkpoint import Checkpoint, Inclusion, log_origin, open_checkpoint, sign_checkpoint
from pollbook.failures import Failure, InputInvalid, UchastkaError, WeFailed, WorldFailed
from pollbook.merkle import (
    append,
    consistency_proof,
    frontier_of,
    inclusion_proof,
    leaf_commitment,
    leaf_key,
)
from pollbook.signing import SigningKey, device_id
from pollbook.types import BookName, ElectionId, EntryNumber
from register.store import log as store
from register.store import stations
from register.store.engine import Database, Transaction
from register.store.log import KeptHead, LogState, Run

QUARTER_S = 900
"""Custody rule 15: public heads are no finer in time."""
ENTRIES_AT_ONCE = 4096
"""In one transaction: some 50 ms, which a writer of the embedded database waits at most."""
BOOKS_AT_ONCE = 256
TICK_S = 1.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Log:
    """The log of one register: its name and the register's key, from which the leaves' keys are made."""

    origin: str
    key: SigningKey
    secret: bytes = field(repr=False)

    @property
    def own_book(self) -> BookName:
        """The name of the register's own ledger, whose entries are in the log as well."""
        return BookName(device_id(self.key.public), 1)

    def leaf(self, book: BookName, number: EntryNumber, entry: bytes) -> bytes:
        """The leaf that stands for this entry."""
        key = leaf_key(self.secret, book, number)
        return leaf_commitment(key, book, number, hashlib.sha256(entry).digest())


def log_of(election: ElectionId, key: SigningKey) -> Log:
    """The log of the register with this signing key. Source: RFC 5869 for the secret of the leaves' keys."""
    return Log(log_origin(election), key, HKDF(SHA256(), 32, salt=None, info=b"uchastka log key 1").derive(key.seed))


def bring_up_to_date(database: Database, log: Log, now: datetime) -> int:
    """Everything accepted so far is in the log, and a head is published where it is time; returns how many were new.

    Raises:
        WorldFailed, WeFailed: As `Database.change_book`.
    """
    at_s, total = int(now.timestamp()), 0
    while True:
        with database.read() as connection:
            if not _has_work(connection, log, at_s):
                return total
        # Like a change of one book: it holds one row, and waits for no import.
        total += database.change_book(lambda connection: advance(connection, log, at_s))


def advance(connection: Transaction, log: Log, at_s: int) -> int:
    """Publish a head where it is time, then append what waits, `ENTRIES_AT_ONCE` at most; returns how many."""
    state = store.hold_log(connection)
    quarter = at_s // QUARTER_S
    if quarter > state.quarter:
        _publish(connection, log, state, quarter)
    else:
        quarter = state.quarter
    frontier, count = state.frontier, 0
    for waiting in store.waiting(connection, log.own_book, BOOKS_AT_ONCE):
        last = min(waiting.last, waiting.first + ENTRIES_AT_ONCE - count - 1)
        entries = store.accepted_entries(connection, waiting.station_id, waiting.first, last)
        if len(entries) != last - waiting.first + 1:
            raise WeFailed(Failure.LEDGER_BROKEN, f"an entry of {waiting.book} is missing")
        leaves = (
            log.leaf(waiting.book, EntryNumber(number), entry) for number, entry in enumerate(entries, waiting.first)
        )
        run = Run(frontier.size, waiting.station_id, waiting.book, waiting.first, len(entries), waiting.start)
        frontier, stored = append(frontier, leaves)
        store.add_hashes(connection, stored)
        store.add_run(connection, run)
        count += len(entries)
        if count >= ENTRIES_AT_ONCE:
            break
    store.save_log(connection, LogState(frontier, quarter))
    return count


def keep_log(database: Database, log: Log, now: Callable[[], datetime], stop: threading.Event) -> None:
    """Bring the log up to date each second until `stop` is set; a failure is logged and tried again."""
    while True:
        try:
            bring_up_to_date(database, log, now())
        except UchastkaError as error:  # the log comes after; serving goes on
            logger.warning("log failure=%s detail=%s", error.failure.key, error.detail)
        except Exception as error:  # noqa: BLE001 - as above; a message may hold what a line holds, so the kind only
            logger.error("log fault kind=%s", type(error).__name__)  # noqa: TRY400 - as above
        if stop.wait(TICK_S):
            return


@dataclass(frozen=True, slots=True)
class Proven:
    """What `log prove` tells: the leaf of one entry, what opens it, and the proof to the newest published head."""

    book: BookName
    number: EntryNumber
    entry_sha256: bytes
    leaf: bytes
    inclusion: Inclusion
    checkpoint: Checkpoint


def newest_checkpoint(connection: Transaction, log: Log) -> tuple[Checkpoint, bytes]:
    """The head that was published last, and its note.

    Raises:
        WorldFailed: `LOG_NOT_PUBLISHED` where none was.
        WeFailed: `LEDGER_BROKEN` where it is not this register's.
    """
    head = store.newest_head(connection)
    if head is None:
        raise WorldFailed(Failure.LOG_NOT_PUBLISHED)
    try:
        return open_checkpoint(head.note, log.origin, log.key.public), head.note
    except InputInvalid as error:
        raise WeFailed(Failure.LEDGER_BROKEN, str(error)) from error


def prove_entry(connection: Transaction, log: Log, book: BookName, number: int) -> Proven:
    """The proof that an entry stands in the newest published head.

    Raises:
        WorldFailed: `LOG_ENTRY_UNKNOWN`: no such entry was accepted. `LOG_NOT_PUBLISHED`: no head covers it yet.
    """
    station_id = _station_id(connection, log, book)
    entries = [] if station_id is None else store.accepted_entries(connection, station_id, number, number)
    if station_id is None or not entries:
        raise WorldFailed(Failure.LOG_ENTRY_UNKNOWN, f"{book} {number}")
    checkpoint, note = newest_checkpoint(connection, log)
    index = store.leaf_of(connection, station_id, number)
    if index is None or index >= checkpoint.size:
        raise WorldFailed(Failure.LOG_NOT_PUBLISHED, f"{book} {number}")
    proof = inclusion_proof(store.hashes_of(connection), index, checkpoint.size)
    own = EntryNumber(number)
    return Proven(
        book=book,
        number=own,
        entry_sha256=hashlib.sha256(entries[0]).digest(),
        leaf=log.leaf(book, own, entries[0]),
        inclusion=Inclusion(index, tuple(proof), note, leaf_key(log.secret, book, own)),
        checkpoint=checkpoint,
    )


@dataclass(frozen=True, slots=True)
class Consistent:
    """What `log consistency` tells: the roots at two sizes, and the proof that the first tree begins the second."""

    first_root: bytes
    second_root: bytes
    proof: tuple[bytes, ...]


def prove_consistency(connection: Transaction, log: Log, first: int, second: int) -> Consistent:
    """The proof between two sizes of the log that published heads cover.

    Raises:
        WorldFailed: `LOG_SIZE_UNKNOWN`: not two sizes from 1 on, the first not above the second, both published.
            `LOG_NOT_PUBLISHED`: no head at all was.
    """
    checkpoint, _ = newest_checkpoint(connection, log)
    if not 0 < first <= second <= checkpoint.size:
        raise WorldFailed(Failure.LOG_SIZE_UNKNOWN, f"{first} {second}", limit=checkpoint.size)
    hashes = store.hashes_of(connection)
    first_root, second_root = (frontier_of(hashes, size).root for size in (first, second))
    return Consistent(first_root, second_root, tuple(consistency_proof(hashes, first, second)))


def _station_id(connection: Transaction, log: Log, book: BookName) -> int | None:
    if book == log.own_book:
        return store.OWN
    station = stations.find_station(connection, book)
    return None if station is None else station.id


def _has_work(connection: Transaction, log: Log, at_s: int) -> bool:
    if store.waiting(connection, log.own_book, 1):
        return True
    state = store.log_state_of(connection)
    newest = store.newest_head(connection)
    return at_s // QUARTER_S > state.quarter and state.frontier.size > (newest.size if newest else 0)


def _publish(connection: Transaction, log: Log, state: LogState, quarter: int) -> None:
    newest = store.newest_head(connection)
    frontier = state.frontier
    if frontier.size > (newest.size if newest else 0):
        note = sign_checkpoint(Checkpoint(log.origin, frontier.size, frontier.root), log.key)
        store.add_head(connection, KeptHead(frontier.size, quarter, note))
