"""The book: one laptop's store, opened by one thread, with one writer at a time.

A mark is one transaction: the rule, the entry and the projection. `mark` returns when it is committed with
`synchronous=FULL`, that is on the disk. The statements on that way are plain SQL through SQLAlchemy's driver level:
they run once a voter and their cost is a figure (benchmarks/bench_mark.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from types import TracebackType
from typing import Self

from filelock import FileLock, Timeout
from sqlalchemy import Connection

from pollbook import acts, custody, ledger
from pollbook.acts import Signer
from pollbook.clock import BEFORE_ALL, COUNTER_BITS, Clock, HybridTime, tick
from pollbook.custody import Anomaly, LineState, Refusal
from pollbook.election import Election
from pollbook.entries import (
    DayOpened,
    Entry,
    Fact,
    KeyBound,
    Marked,
    MarkVoided,
    TwoOfficers,
    decode_entry,
    encode_entry,
)
from pollbook.failures import Failure, InputInvalid, WeFailed, WorldFailed
from pollbook.ledger import Head, SignedHead
from pollbook.slice import SliceHeader, open_header
from pollbook.store import engine, migrating, search
from pollbook.store.home import StationHome
from pollbook.store.keys import machine_opens
from pollbook.store.link import Link, read_link
from pollbook.store.projection import line_state, project, voter_of
from pollbook.store.records import Counts, Found, RecentMark
from pollbook.types import MACHINE, Channel, EntryNumber, LineId, Person, PersonNumber, parse_line
from pollbook.voters import Voter

LOCK_WAIT_S = 2.0
"""A command waits this long for another program to finish its writing; the desktop holds the lock all day."""
TIDY_AFTER_ENTRIES = 100
_MARKABLE_SQL = """
    SELECT v.birth_date, s.mark, s.channel, s.at, s.actor, coalesce(s.voids, '') AS voids
    FROM voter v LEFT JOIN line_state s ON s.line = v.line WHERE v.line = ?"""


@dataclass(frozen=True, slots=True)
class _MarkableLine:
    state: LineState
    birth_date: date


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
        self.start: Head = ledger.origin(self.election.id, self.header.book, self.header.sha256)
        self._head, self._last_at = self._newest()
        self._opened_days, self._stopped = self._read_standing()
        self._tidied_at: int = self._head.number

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
            self._head, self._last_at = self._newest()
            self._opened_days, self._stopped = self._read_standing()
            raise

    # What it knows.

    @property
    def head(self) -> Head:
        """The newest entry's number and the chain's hash there."""
        return self._head

    @property
    def last_at(self) -> HybridTime:
        """The newest entry's time, 0 before the first."""
        return self._last_at

    def line(self, line: LineId) -> LineState | None:
        """The line's state, or None where this book has no such line."""
        found = self._markable(line)
        return None if found is None else found.state

    def bound_keys(self) -> Mapping[PersonNumber, bytes]:
        """The public key bound to each person."""
        with engine.translated():
            rows = self._connection.exec_driver_sql("SELECT person, public_key FROM bound_key")
            return {PersonNumber(row.person): row.public_key for row in rows}

    def opened_days(self) -> frozenset[str]:
        """The days that two officers have opened, each YYYY-MM-DD."""
        return self._opened_days

    @property
    def stopped(self) -> Refusal | None:
        """Why this book may mark no more, or None."""
        return self._stopped

    def voter(self, line: LineId) -> Voter | None:
        """The voter of a line, or None where this book has no such line."""
        with engine.translated():
            row = self._connection.exec_driver_sql("SELECT * FROM voter WHERE line = ?", (line,)).one_or_none()
        return None if row is None else voter_of(row)

    def find(self, text: str, limit: int) -> Found:
        """Voters for whatever was typed: see `search`."""
        with engine.translated():
            return search.find(self._connection, text, limit)

    def line_named(self, untrusted_text: str) -> LineId | Failure:
        """The line that a line's id or a PINFL names; `UNKNOWN_VOTER` or `SEVERAL_VOTERS` where it names not one."""
        text = untrusted_text.strip()
        line = parse_line(text)
        with engine.translated():
            column, value = ("pinfl", text) if line is None else ("line", line)
            rows = self._connection.exec_driver_sql(f"SELECT line FROM voter WHERE {column} = ?", (value,)).all()  # noqa: S608  (two constants)
        if len(rows) == 1:
            return LineId(rows[0].line)
        return Failure.SEVERAL_VOTERS if rows else Failure.UNKNOWN_VOTER

    def may_act(self, actor: PersonNumber) -> Refusal | None:
        """Why this person may not mark or void here, whatever the line, or None."""
        return custody.may_act(actor, self._opened_days, self._stopped)

    def counts(self) -> Counts:
        """How many lines there are and what happened to them."""
        with engine.translated():
            lines = self._connection.exec_driver_sql("SELECT count(*) FROM voter").scalar_one()
            rows = self._connection.exec_driver_sql(
                "SELECT channel, count(*) AS lines FROM line_state WHERE mark IS NOT NULL GROUP BY channel"
            ).all()
            voids = self._connection.exec_driver_sql("SELECT voids FROM line_state WHERE voids <> ''").all()
        by_channel = dict.fromkeys(Channel, 0) | {Channel(row.channel): row.lines for row in rows}
        return Counts(lines, sum(by_channel.values()), by_channel, sum(len(row.voids.split(",")) for row in voids))

    def marks_by_hour(self, opened_s: int) -> Mapping[int, int]:
        """Effective marks in each hour since `opened_s` (seconds since 1970): coarse on purpose (DOMAIN §4)."""
        with engine.translated():
            rows = self._connection.exec_driver_sql(
                f"SELECT ((at >> {COUNTER_BITS}) - ?) / 3600 AS hour, count(*) AS lines FROM line_state"  # noqa: S608
                f" WHERE mark IS NOT NULL AND (at >> {COUNTER_BITS}) >= ? GROUP BY hour",
                (opened_s, opened_s),
            )
            return {row.hour: row.lines for row in rows}

    def recent_marks(self, limit: int) -> tuple[RecentMark, ...]:
        """The newest marks, newest first, voided ones included."""
        marks: list[RecentMark] = []
        with engine.translated():
            acknowledged = self._connection.exec_driver_sql("SELECT acknowledged FROM sync_state").scalar_one()
            before = self._head.number + 1
            voided: set[int] = set()
            while len(marks) < limit and before > 1:
                rows = self._connection.exec_driver_sql(
                    "SELECT number, bytes FROM entry WHERE number < ? ORDER BY number DESC LIMIT ?", (before, 4 * limit)
                ).all()
                for number, stored in rows:
                    entry = decode_entry(stored)
                    if isinstance(entry.fact, MarkVoided):
                        voided.add(entry.fact.mark)
                    elif isinstance(entry.fact, Marked) and len(marks) < limit:
                        fact = entry.fact
                        marks.append(
                            RecentMark(
                                EntryNumber(number),
                                fact.line,
                                entry.at,
                                fact.channel,
                                entry.actor,
                                number in voided,
                                number <= acknowledged,
                            )
                        )
                before = rows[-1].number if rows else 1
        return tuple(marks)

    # What it enters.

    def mark(self, line: LineId, channel: Channel, actor: PersonNumber) -> EntryNumber | Refusal:
        """The line is marked, on the disk, when a number comes back; a refusal has changed nothing."""
        with self.writing():
            found = self._markable(line)
            state, birth_date = (None, date.min) if found is None else (found.state, found.birth_date)
            refusal = self.may_act(actor) or custody.may_mark(state, birth_date, self.election.day)
            return refusal if refusal is not None else self._enter(actor, Marked(line, channel), state)

    def void(
        self, line: LineId, reason: str, first: Signer, second: Signer, actor: PersonNumber
    ) -> EntryNumber | Refusal:
        """The line's mark is undone by two officers, on the disk, when a number comes back."""
        with self.writing():
            state = self.line(line)
            refusal = self.may_act(actor) or custody.may_void(state)
            if refusal is not None or state is None or state.mark is None:
                return refusal or Refusal.NOT_MARKED
            message = acts.void_bytes(self.start, line, state.mark.number, reason)
            officers = acts.sign_act(message, first, second)
            return self._enter(actor, MarkVoided(line, state.mark.number, reason, officers), state)

    def open_the_day(self, day: date, first: Signer, second: Signer) -> EntryNumber:
        """The station is open for `day` by the act of two officers."""
        with self.writing():
            message = acts.opening_bytes(self.start, day.isoformat())
            number = self._enter(first[0], DayOpened(day.isoformat(), acts.sign_act(message, first, second)))
        self._opened_days |= {day.isoformat()}
        return number

    def bind_key(
        self, person: PersonNumber, public_key: bytes, wrapped_key: bytes, officers: tuple[Signer, Signer] | None
    ) -> EntryNumber:
        """`person` signs with this key from here on; its private half is kept wrapped under the person's PIN."""
        with self.writing():
            acted: TwoOfficers | None = None
            if officers is not None:
                acted = acts.sign_act(acts.key_bytes(self.start, person, public_key), *officers)
            self._connection.exec_driver_sql("INSERT OR REPLACE INTO pin VALUES (?, ?, 0, 0)", (person, wrapped_key))
            return self._enter(MACHINE, KeyBound(person, public_key, acted))

    def stop(self, why: Refusal) -> None:
        """This book marks nothing more, also after it is opened again; only a new book goes on (rules 8 and 10)."""
        with self.writing():
            self._connection.exec_driver_sql("UPDATE sync_state SET stopped = coalesce(stopped, ?)", (why.value,))
        self._stopped = self._stopped or why

    def sign_head(self) -> SignedHead:
        """The newest head carries the book's signature; signing what is signed already changes nothing."""
        return self.signed_head(self._head)

    def signed_head(self, head: Head) -> SignedHead:
        """The book's signature over `head`, kept once made."""
        with engine.translated():
            kept = self._connection.exec_driver_sql(
                "SELECT signature FROM signed_head WHERE number = ?", (head.number,)
            ).scalar_one_or_none()
        if kept is not None:
            return SignedHead(head, kept)
        signed = ledger.sign_head(self.start, head, self.link.device_key)
        with self.writing():
            self._connection.exec_driver_sql("INSERT INTO signed_head VALUES (?, ?)", (head.number, signed.signature))
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

    def is_tidying_due(self) -> bool:
        """Whether enough has been written since the last `tidy` that the next idle moment should be used."""
        return self._head.number - self._tidied_at >= TIDY_AFTER_ENTRIES

    def _enter(self, actor: PersonNumber, fact: Fact, state: LineState | None = None) -> EntryNumber:
        entry = Entry(tick(self._last_at, self.clock.now()), actor, fact)
        stored = encode_entry(entry)
        head = ledger.extend(self._head, stored)
        effect = custody.apply(_Entering(self, state), head.number, entry)
        if isinstance(effect, Anomaly):
            raise WeFailed(Failure.FAULT, f"own entry {head.number} refused: {effect}")
        self._connection.exec_driver_sql("INSERT INTO entry VALUES (?, ?, ?)", (head.number, stored, head.hash))
        project(self._connection, head.number, effect)
        self._head, self._last_at = head, entry.at
        return head.number

    def _markable(self, line: LineId) -> _MarkableLine | None:
        with engine.translated():
            row = self._connection.exec_driver_sql(_MARKABLE_SQL, (line,)).one_or_none()
        return None if row is None else _MarkableLine(line_state(row), date.fromisoformat(row.birth_date))

    def _read_standing(self) -> tuple[frozenset[str], Refusal | None]:
        with engine.translated():
            days = self._connection.exec_driver_sql("SELECT day FROM opened_day").scalars().all()
            stopped = self._connection.exec_driver_sql("SELECT stopped FROM sync_state").scalar_one_or_none()
        return frozenset(days), None if stopped is None else Refusal(stopped)

    def _newest(self) -> tuple[Head, HybridTime]:
        with engine.translated():
            rows = self._connection.exec_driver_sql(
                "SELECT number, bytes, hash FROM entry ORDER BY number DESC LIMIT 2"
            ).all()
        if not rows:
            return self.start, BEFORE_ALL
        newest = rows[0]
        before = Head(EntryNumber(rows[1].number), rows[1].hash) if len(rows) > 1 else self.start
        head = Head(EntryNumber(newest.number), newest.hash)
        if ledger.extend(before, newest.bytes) != head:
            raise WeFailed(Failure.LEDGER_BROKEN, f"entry {newest.number}", entry=newest.number)
        return head, decode_entry(newest.bytes).at


class _Entering:
    """The book as `custody.apply` sees it within one transaction, whose line has been read already."""

    def __init__(self, book: Book, state: LineState | None) -> None:
        self.start, self.people, self.last_at = book.start, book.people, book.last_at
        self.bound_keys, self.opened_days = book.bound_keys, book.opened_days
        self._state = state

    def line(self, line: LineId) -> LineState | None:
        del line  # an entry names one line, and this is its state
        return self._state


def _take_lock(home: StationHome) -> FileLock:
    lock = FileLock(home.lock, timeout=LOCK_WAIT_S)
    try:
        lock.acquire()
    except Timeout as error:
        raise WorldFailed(Failure.BOOK_IN_USE, path=home.path) from error
    return lock
