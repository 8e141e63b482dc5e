"""The book: one laptop's store, opened by one thread, with one writer at a time.

A mark is one transaction: the rule, the entry and the projection. `mark` returns when it is committed with
`synchronous=FULL`, that is on the disk. The statements on that way are plain SQL through SQLAlchemy's driver level:
they run once a voter and their cost is a figure (benchmarks/bench_mark.py).

Other actions have modules of their own, which use `Book.writing` and `Book.enter`: `moving` (lines), `annex`,
`closing`, `takeover`, `syncing`, `sign_in`. What the screens count stands in `figures`.
"""

from __future__ import annotations

import errno
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import date, datetime, timedelta
from types import TracebackType
from typing import Self

from filelock import FileLock, Timeout
from sqlalchemy import Connection

from pollbook import acts, custody, ledger, permission
from pollbook.acts import Signer
from pollbook.book_view import Identity
from pollbook.clock import Clock, HybridTime, tick
from pollbook.effects import Anomaly
from pollbook.election import Election
from pollbook.entries import (
    DayOpened,
    Entry,
    Fact,
    Marked,
    MarkVoided,
    Outcome,
    encode_entry,
)
from pollbook.failures import Failure, InputInvalid, WeFailed, WorldFailed
from pollbook.ledger import Head, SignedHead
from pollbook.line_state import ELSEWHERE, UNMARKED, LineState, Place, Proof
from pollbook.permission import Refusal, Safety
from pollbook.slice import SliceHeader, open_header
from pollbook.store import counter, engine, lines, migrating, search, standing, succession
from pollbook.store.digests import LineDigests
from pollbook.store.home import StationHome
from pollbook.store.keys import machine_opens
from pollbook.store.link import Link, read_link
from pollbook.store.projection import project
from pollbook.store.records import Found
from pollbook.store.standing import newest_entry
from pollbook.types import BookName, Channel, EntryNumber, LineId, Person, PersonNumber
from pollbook.voters import Voter

LOCK_WAIT_S = 2.0
"""A command waits this long for another program to finish its writing; the desktop holds the lock all day."""
TIDY_AFTER_ENTRIES = 100


def open_book(home: StationHome, clock: Clock, *, writer: bool) -> Book:
    """The book in `home`, opened by the machine's key.

    Raises:
        WorldFailed: `NOT_ENROLLED`, `BOOK_IN_USE`, `BOOK_NEWER`, `BOOK_DAMAGED`, `BOOK_KEY_MISSING`.
        WeFailed: `LEDGER_BROKEN`: the newest entry and its hash do not fit.
    """
    if not home.exists():
        raise WorldFailed(Failure.NOT_ENROLLED, path=home.path)
    return Book(home, machine_opens(home), clock, writer=writer)


class Book:
    """An open book. A context manager; everything on it belongs to the thread that uses it."""

    def __init__(
        self, home: StationHome, key: bytes, clock: Clock, *, writer: bool, connection: Connection | None = None
    ) -> None:
        """Open the book; see `open_book` for what may fail.

        `connection` is a database that is open already and that nobody else writes: it is used as it is, without the
        home's lock, and closed with the book.
        """
        self.home = home
        self.clock = clock
        self._lock = _take_lock(home) if writer and connection is None else None
        self._writer = writer
        self._digests: LineDigests | None = None
        # A database that was handed over open has no files beside it.
        self._counter_key = counter.counter_key(key) if connection is None else None
        try:
            self._connection = engine.connect(home, key, writer=writer) if connection is None else connection
            try:
                self._load()
            except BaseException:
                self._connection.close()
                raise
        except BaseException:
            if self._lock is not None:
                self._lock.release()
            raise

    def _load(self) -> None:
        if not migrating.is_current(self._connection):
            if not self._writer:
                raise WorldFailed(Failure.BOOK_IN_USE, "an older book must first be opened by its writer")
            migrating.migrate(self._connection)
        with engine.translated():
            self.link: Link = read_link(self._connection)
            slice_bytes = self._connection.exec_driver_sql("SELECT slice FROM issued").scalar_one()
        try:
            self.header: SliceHeader = open_header(slice_bytes, self.link.register_key())
        except InputInvalid as error:
            raise WorldFailed(Failure.BOOK_DAMAGED, str(error)) from error
        self.election: Election = self.header.election
        self.people: Mapping[PersonNumber, Person] = {person.number: person for person in self.header.people}
        self.chain = succession.read_chain(self._connection, self.header, self.link)
        self._head, self._last_at = newest_entry(self._connection, self.chain.start)
        self._standing = standing.read_standing(self._connection)
        self._tidied_at: int = self._head.number
        counted = None if self._counter_key is None else counter.read_counter(self.home, self._counter_key)
        if self._writer and standing.is_behind(self._connection, self._head, counted):
            self.stop(Refusal.BOOK_ROLLED_BACK)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """The newest head is signed (where this is the writer), the file closed and the lock given back.

        A disk that does not take the signature any more does not undo what was answered before: `check` tells of it.
        """
        try:
            if self._writer:
                with suppress(WorldFailed):
                    self.sign_head()
                    self.tidy()
                    self.count_head()
        finally:
            self._connection.close()
            if self._lock is not None:
                self._lock.release()

    @property
    def connection(self) -> Connection:
        """The open database, for the other modules of the store."""
        return self._connection

    @contextmanager
    def writing(self) -> Iterator[None]:
        """One transaction; the head is what the disk holds, whether it ends well or not."""
        if not self._writer:
            raise WorldFailed(Failure.BOOK_IN_USE, "opened for reading")
        try:
            with engine.transaction(self._connection):
                yield
        except BaseException:
            self._head, self._last_at = newest_entry(self._connection, self.start)
            self._digests = None
            self.read_standing()
            raise

    # What it knows.

    @property
    def identity(self) -> Identity:
        """Which book this is, as the rules compare it."""
        return self.chain.identity

    @property
    def name(self) -> BookName:
        """This book's own name; a successor's is not the one in its slice."""
        return self.chain.identity.name

    @property
    def start(self) -> Head:
        """The origin of this book's own ledger."""
        return self.chain.start

    @property
    def unmoved(self) -> LineState:
        """The state of a line of the slice to which nothing happened."""
        return UNMARKED if self.header.holds else ELSEWHERE

    @property
    def head(self) -> Head:
        """The newest entry's number and the chain's hash there."""
        return self._head

    @property
    def last_at(self) -> HybridTime:
        """The newest entry's time, 0 before the first."""
        return self._last_at

    @property
    def is_closed(self) -> bool:
        """Whether two officers closed the book."""
        return self._standing.is_closed

    def line(self, line: LineId) -> LineState | None:
        """The line's state, or None where this book has never heard of it."""
        found = lines.state_and_birth(self._connection, line, self.unmoved)
        return lines.state_without_voter(self._connection, line) if found is None else found[0]

    def held_unmarked(self) -> Iterable[tuple[LineId, LineState]]:
        """Every line that is here and unmarked."""
        return [pair for pair in self.states() if pair[1].place is Place.HERE and pair[1].mark is None]

    def unproven(self) -> Iterable[tuple[LineId, LineState]]:
        """Every line that a takeover left unproven."""
        return [pair for pair in self.states() if pair[1].proof is not Proof.PROVEN]

    def states(self) -> list[tuple[LineId, LineState]]:
        """Every line that the book knows, with its state."""
        return lines.all_states(self._connection, self.unmoved)

    def line_digests(self) -> LineDigests:
        """The digests of the lines as the newest entry leaves them."""
        if not self._writer:
            return LineDigests(self._connection)  # another program may write
        if self._digests is None:
            self._digests = LineDigests(self._connection)
        return self._digests

    def adjudicated(self, line: LineId) -> tuple[EntryNumber, Outcome] | None:
        """The register's entry on this provisional line, and what it says; None while there is none."""
        return lines.adjudicated(self._connection, line)

    def safety(self) -> Safety:
        """How far the entries are safe, and whether the station is on paper."""
        return self._standing.safety

    def note_mirrored(self, number: EntryNumber) -> None:
        """Entries up to `number` are on a mirror; what was known to be there stays so, wherever the stick goes.

        Kept on the disk with the next signed head: a book that forgot it only waits longer (custody rule 4).
        """
        safety = self._standing.safety
        self._standing = replace(self._standing, safety=replace(safety, mirrored=max(number, safety.mirrored)))

    def bound_keys(self) -> Mapping[PersonNumber, bytes]:
        """The public key bound to each person."""
        with engine.translated():
            rows = engine.look(self._connection, "SELECT person, public_key FROM bound_key")
        return {PersonNumber(person): public_key for person, public_key in rows}

    def opened_days(self) -> frozenset[str]:
        """The days that two officers have opened, each YYYY-MM-DD."""
        return self._standing.opened_days

    @property
    def stopped(self) -> Refusal | None:
        """Why this book may mark no more, or None."""
        return self._standing.stopped

    def voter(self, line: LineId) -> Voter | None:
        """The voter of a line, or None where this book has no such line."""
        return lines.voter(self._connection, line)

    def find(self, text: str, limit: int) -> Found:
        """Voters for whatever was typed: see `search`."""
        with engine.translated():
            return search.find(self._connection, text, limit, self.unmoved.status)

    def line_named(self, untrusted_text: str) -> LineId | Failure:
        """The line that a line's id or a PINFL names; `UNKNOWN_VOTER` or `SEVERAL_VOTERS` where it names not one."""
        return lines.line_named(self._connection, untrusted_text)

    def may_act(self, actor: PersonNumber) -> Refusal | None:
        """Why this person may not mark or void here, whatever the line, or None."""
        return permission.may_act(actor, self.opened_days(), self.stopped, is_closed=self.is_closed)

    # What it enters.

    def mark(self, line: LineId, channel: Channel, actor: PersonNumber) -> EntryNumber | Refusal:
        """The line is marked, on the disk, when a number comes back; a refusal has changed nothing."""
        with self.writing():
            state, birth_date = lines.state_and_birth(self._connection, line, self.unmoved) or (None, date.min)
            refusal = self.may_act(actor) or permission.may_mark(state, birth_date, self.election.day, self.safety())
            return refusal if refusal is not None else self.enter(actor, Marked(line, channel), state)

    def void(
        self, line: LineId, reason: str, first: Signer, second: Signer, actor: PersonNumber
    ) -> EntryNumber | Refusal:
        """The line's mark is undone by two officers, on the disk, when a number comes back."""
        with self.writing():
            state = self.line(line)
            refusal = self.may_act(actor) or permission.may_void(state)
            if refusal is not None or state is None or state.mark is None:
                return refusal or Refusal.NOT_MARKED
            message = acts.void_bytes(self.start, line, state.mark.number, reason)
            officers = acts.sign_act(message, first, second)
            return self.enter(actor, MarkVoided(line, state.mark.number, reason, officers), state)

    def open_the_day(self, day: date, first: Signer, second: Signer) -> EntryNumber:
        """The station is open for `day` by the act of two officers."""
        with self.writing():
            message = acts.opening_bytes(self.start, day.isoformat())
            number = self.enter(first[0], DayOpened(day.isoformat(), acts.sign_act(message, first, second)))
        self.read_standing()
        return number

    def stop(self, why: Refusal) -> None:
        """This book marks nothing more, also after it is opened again; only a new book goes on (rules 8, 9 and 10)."""
        with self.writing():
            self._connection.exec_driver_sql("UPDATE sync_state SET stopped = coalesce(stopped, ?)", (why.value,))
        self.read_standing()

    def sign_head(self) -> SignedHead:
        """The newest head carries the book's signature; signing what is signed already changes nothing."""
        return self.signed_head(self._head)

    def signed_head(self, head: Head) -> SignedHead:
        """The book's signature over `head`, kept once made."""
        with engine.translated():
            kept = engine.look(self._connection, "SELECT signature FROM signed_head WHERE number = ?", (head.number,))
        if kept:
            return SignedHead(head, kept[0][0])
        signed = ledger.sign_head(self.start, head, self.link.device_key)
        with self.writing():
            engine.look(self._connection, "INSERT INTO signed_head VALUES (?, ?)", (head.number, signed.signature))
            engine.look(self._connection, "UPDATE sync_state SET mirrored = ?", (self.safety().mirrored,))
        return signed

    def note_opened_record(self, line: LineId, person: PersonNumber) -> None:
        """The audit trail tells that `person` looked at this voter's record now."""
        with self.writing():
            self._connection.exec_driver_sql(
                "INSERT INTO opened_record (at_s, person, line) VALUES (?, ?, ?)",
                (int(self.clock.now().timestamp()), person, line),
            )

    def tidy(self) -> None:
        """What the write-ahead log holds is in the database file; run when nobody waits."""
        with engine.translated():
            self._connection.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)").all()
        self._tidied_at = self._head.number

    def count_head(self) -> None:
        """The counter outside the database says how far the ledger has come (custody rule 8); run when nobody waits."""
        if self._counter_key is None:
            return
        try:
            counter.write_counter(self.home, self._counter_key, self._head)
        except OSError as error:
            full = error.errno == errno.ENOSPC
            raise WorldFailed(Failure.DISK_FULL if full else Failure.DISK_FAILED, f"errno {error.errno}") from error

    def is_tidying_due(self) -> bool:
        """Whether enough has been written since the last `tidy` that the next idle moment should be used."""
        return self._head.number - self._tidied_at >= TIDY_AFTER_ENTRIES

    def enter(self, actor: PersonNumber, fact: Fact, state: LineState | None = None) -> EntryNumber:
        """The fact is an entry of the ledger with its effect; only inside `writing`, and after its refusals.

        `state` is that of the one line that the fact is about, where it was read already.

        Raises:
            WeFailed: `FAULT`: the rules refuse what this program wants to enter.
        """
        entry = Entry(tick(self._last_at, self.wall()), actor, fact)
        stored = encode_entry(entry)
        head = ledger.extend(self._head, stored)
        effect = custody.apply(self if state is None else _Entering(self, state), head.number, entry)
        if isinstance(effect, Anomaly):
            raise WeFailed(Failure.FAULT, f"own entry {head.number} refused: {effect}")
        with engine.translated():
            engine.look(self._connection, "INSERT INTO entry VALUES (?, ?, ?)", (head.number, stored, head.hash))
        project(self._connection, head.number, effect)
        self._head, self._last_at = head, entry.at
        if self._digests is not None:
            self._digests.change(effect)
        return head.number

    def wall(self) -> datetime:
        """The wall clock as the register would read it: this machine's, less what it was found to be ahead."""
        return self.clock.now() - timedelta(seconds=self._standing.clock_ahead_s)

    def read_standing(self) -> None:
        """What the book remembers of its own standing is as the tables have it; after they were written."""
        known = self._standing.safety.mirrored  # kept on the disk with the next signed head only
        read = standing.read_standing(self._connection)
        self._standing = replace(read, safety=replace(read.safety, mirrored=max(known, read.safety.mirrored)))


class _Entering:
    """The book as `custody.apply` sees it within one transaction, whose line has been read already."""

    def __init__(self, book: Book, state: LineState) -> None:
        self.identity, self.start, self.people, self.last_at = book.identity, book.start, book.people, book.last_at
        self.bound_keys, self.opened_days, self.is_closed = book.bound_keys, book.opened_days, book.is_closed
        self.held_unmarked, self.unproven, self.adjudicated = book.held_unmarked, book.unproven, book.adjudicated
        self._state = state

    def line(self, line: LineId) -> LineState | None:
        del line  # the fact names one line, and this is its state
        return self._state


def _take_lock(home: StationHome) -> FileLock:
    lock = FileLock(home.lock, timeout=LOCK_WAIT_S)
    try:
        lock.acquire()
    except Timeout as error:
        raise WorldFailed(Failure.BOOK_IN_USE, path=home.path) from error
    return lock
