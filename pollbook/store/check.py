"""Proves a book from its first byte to its last: file, slice, chain, signatures, rules and projection.

Everything that can be derived is derived again, from the slice and the entries alone, and compared.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from pollbook import custody, ledger
from pollbook.clock import BEFORE_ALL, HybridTime
from pollbook.custody import UNMARKED, Anomaly, DayChanged, Effect, KeyChanged, LineChanged, LineState
from pollbook.entries import decode_entry
from pollbook.failures import InputInvalid, WorldFailed
from pollbook.ledger import Head, SignedHead
from pollbook.slice import Expected, Slice, read_slice
from pollbook.store import engine
from pollbook.store.book import Book
from pollbook.store.creation import sort_key
from pollbook.store.projection import line_state, voter_of
from pollbook.store.syncing import sync_status
from pollbook.types import EntryNumber, LineId, Person, PersonNumber

PROBLEMS_MAX = 50


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What a check found; `problems` name places and numbers, never people.

    `unsigned` counts the entries after the last signed head: they are chained, but the book has not vouched for them.
    """

    entries: int
    head: bytes
    problems: tuple[str, ...]
    unsigned: int

    @property
    def ok(self) -> bool:
        """Whether everything held."""
        return not self.problems


@dataclass
class _Replay:
    """The book as its entries alone make it."""

    start: Head
    people: Mapping[PersonNumber, Person]
    lines: dict[LineId, LineState]
    keys: dict[PersonNumber, bytes] = field(default_factory=dict)
    days: set[str] = field(default_factory=set)
    last_at: HybridTime = BEFORE_ALL

    def line(self, line: LineId) -> LineState | None:
        return self.lines.get(line)

    def bound_keys(self) -> Mapping[PersonNumber, bytes]:
        return self.keys

    def opened_days(self) -> Collection[str]:
        return self.days

    def take(self, effect: Effect) -> None:
        match effect:
            case LineChanged(line, state):
                self.lines[line] = state
            case KeyChanged(person, public_key):
                self.keys[person] = public_key
            case DayChanged(day):
                self.days.add(day)


def check_book(book: Book) -> CheckReport:
    """What is wrong with the book, or that nothing is; the book is not changed."""
    problems = [*_file(book)]
    try:
        issued = _issued(book)
    except (InputInvalid, WorldFailed) as error:
        return CheckReport(book.head.number, book.head.hash, (*problems, f"slice: {error}"), 0)
    problems += _voters(book, issued)
    replay = _Replay(book.start, book.people, {voter.line: UNMARKED for voter in issued.voters})
    heads, found = _entries(book, replay)
    problems += found
    problems += _projection(book, replay)
    signed, found = _signed_heads(book, heads)
    problems += found
    if sync_status(book).acknowledged > book.head.number:
        problems.append("acknowledged: beyond the newest entry")
    return CheckReport(book.head.number, book.head.hash, tuple(problems[:PROBLEMS_MAX]), book.head.number - signed)


def _file(book: Book) -> Iterator[str]:
    with engine.translated():
        for (broken,) in book.connection.exec_driver_sql("PRAGMA cipher_integrity_check"):
            yield f"file: {broken}"
        for (said,) in book.connection.exec_driver_sql("PRAGMA integrity_check"):
            if said != "ok":
                yield f"file: {said}"


def _issued(book: Book) -> Slice:
    with engine.translated():
        stored = book.connection.exec_driver_sql("SELECT slice FROM issued").scalar_one()
    register_key = book.link.register_key()
    return read_slice(stored, register_key, Expected(book.election.id, book.header.book, book.header.precinct))


def _voters(book: Book, issued: Slice) -> Iterator[str]:
    with engine.translated():
        rows = book.connection.exec_driver_sql("SELECT * FROM voter ORDER BY id").all()
    expected = sorted(issued.voters, key=sort_key)
    if len(rows) != len(expected):
        yield f"voters: {len(rows)} where the slice has {len(expected)}"
        return
    for row, voter in zip(rows, expected, strict=True):
        if voter_of(row) != voter:
            yield f"voters: place {row.id} is not the slice's"


def _entries(book: Book, replay: _Replay) -> tuple[dict[EntryNumber, bytes], list[str]]:
    head, heads, problems = book.start, {EntryNumber(0): book.start.hash}, []
    with engine.translated():
        rows = book.connection.exec_driver_sql("SELECT number, bytes, hash FROM entry ORDER BY number").all()
    for row in rows:
        head = ledger.extend(head, row.bytes)
        heads[head.number] = head.hash
        if (row.number, row.hash) != (head.number, head.hash):
            problems.append(f"entry {row.number}: the chain does not hold")
            break
        try:
            entry = decode_entry(row.bytes)
        except InputInvalid as error:
            problems.append(f"entry {row.number}: {error}")
            break
        effect = custody.apply(replay, head.number, entry)
        if isinstance(effect, Anomaly):
            problems.append(f"entry {row.number}: {effect}")
        else:
            replay.take(effect)
        replay.last_at = entry.at
    return heads, problems


def _projection(book: Book, replay: _Replay) -> Iterator[str]:
    with engine.translated():
        states = {row.line: line_state(row) for row in book.connection.exec_driver_sql("SELECT * FROM line_state")}
        days = {row.day for row in book.connection.exec_driver_sql("SELECT day FROM opened_day")}
    touched = {line: state for line, state in replay.lines.items() if state != UNMARKED}
    for line in sorted(states.keys() | touched.keys()):
        if states.get(line) != touched.get(line):
            yield "projection: a line's state is not what its entries say"
    if book.bound_keys() != replay.keys:
        yield "projection: the bound keys are not what the entries say"
    if days != replay.days:
        yield "projection: the opened days are not what the entries say"


def _signed_heads(book: Book, heads: Mapping[EntryNumber, bytes]) -> tuple[int, list[str]]:
    public_key = book.link.device_key.public
    last, problems = 0, []
    with engine.translated():
        rows = book.connection.exec_driver_sql("SELECT number, signature FROM signed_head ORDER BY number").all()
    for row in rows:
        known = heads.get(EntryNumber(row.number))
        signed = known and SignedHead(Head(EntryNumber(row.number), known), row.signature)
        if not signed or not ledger.is_signed_head(book.start, signed, public_key):
            problems.append(f"signed head {row.number}: the signature does not hold")
        else:
            last = row.number
    return last, problems
