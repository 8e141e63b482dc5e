"""Proves a book from its first byte to its last: file, slice, chain, signatures, rules and projection.

Everything that can be derived is derived again, from the slice and the entries alone, and compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from sqlalchemy import Row

from pollbook import ledger
from pollbook.effects import Anomaly
from pollbook.entries import Outcome, decode_entry
from pollbook.failures import InputInvalid, WorldFailed
from pollbook.feed_items import Adjudicated, ListChanged
from pollbook.ledger import Head, SignedHead
from pollbook.line_state import digest
from pollbook.replay import Replay
from pollbook.slice import Expected, Slice, read_slice
from pollbook.store import comparing, engine, feeding
from pollbook.store.book import Book
from pollbook.store.creation import sort_key
from pollbook.store.projection import line_state, voter_of
from pollbook.store.syncing import notices, sync_status
from pollbook.types import EntryNumber, LineId
from pollbook.voters import Voter

PROBLEMS_MAX = 50


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What a check found; `problems` name places and numbers, never people.

    `unsigned` counts the entries after the last signed head: they are chained, but the book has not vouched for them.
    `differing` are the lines in which the register had something else when digests were last compared: which of the two
    programs is wrong, the two checks tell.
    """

    entries: int
    head: bytes
    problems: tuple[str, ...]
    unsigned: int
    differing: tuple[LineId, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether everything held."""
        return not self.problems


def check_book(book: Book) -> CheckReport:
    """What is wrong with the book, or that nothing is; the book is not changed."""
    problems = [*_file(book)]
    try:
        issued = _issued(book)
    except (InputInvalid, WorldFailed) as error:
        return CheckReport(book.head.number, book.head.hash, (*problems, f"slice: {error}"), 0)
    problems += _voters(book, issued)
    identity, start = [*book.chain.earlier, (book.identity, book.start)][0]
    states = {voter.line: book.unmoved for voter in issued.voters}
    replay = Replay(identity, start, book.people, states, adjudications=_adjudications(book))
    heads, found = _entries(book, replay)
    problems += found
    problems += _projection(book, replay)
    signed, found = _signed_heads(book, heads)
    problems += found
    if sync_status(book).acknowledged > book.head.number:
        problems.append("acknowledged: beyond the newest entry")
    if book.line_digests().whole != digest(replay.states.items()):
        problems.append("digest: it is not that of the lines' states")
    found_differing = comparing.differing(book)
    return CheckReport(
        book.head.number,
        book.head.hash,
        tuple(problems[:PROBLEMS_MAX]),
        book.head.number - signed,
        found_differing.lines if found_differing else (),
    )


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
    expected += [_arrived(book, row) for row in rows[len(expected) :]]
    changed = _changed(book)
    if len(rows) != len(expected):
        yield f"voters: {len(rows)} where the slice has {len(expected)}"
        return
    for row, voter in zip(rows, expected, strict=True):
        now = changed.get(voter.line, voter)
        if voter_of(row) != replace(now, page=voter.page, row=voter.row):
            yield f"voters: place {row.id} is not the slice's"


def _arrived(book: Book, row: Row[tuple[object, ...]]) -> Voter:
    """A voter beyond the slice's: one whose line came here, which is an entry."""
    voter, state = voter_of(row), book.line(LineId(row.line))
    return voter if state is not None and state.custody > 0 else replace(voter, surname="")


def _changed(book: Book) -> dict[LineId, Voter]:
    """The newest data of each voter whose data the register changed."""
    contents = (feeding.content_of(item) for item in notices(book))
    return {content.voter.line: content.voter for content in contents if isinstance(content, ListChanged)}


def _adjudications(book: Book) -> dict[LineId, tuple[EntryNumber, Outcome]]:
    """The register's first word on each provisional line, which holds: a restored register may say it again."""
    found: dict[LineId, tuple[EntryNumber, Outcome]] = {}
    for content in (feeding.content_of(item) for item in notices(book)):
        if isinstance(content, Adjudicated):
            found.setdefault(content.line, (content.number, content.outcome))
    return found


def _entries(book: Book, replay: Replay) -> tuple[dict[EntryNumber, bytes], list[str]]:
    head, problems = replay.start, []
    heads = {head.number: head.hash}
    steps = {takeover.head.number: takeover.head for takeover in book.chain.takeovers}
    chains = iter([*book.chain.earlier[1:], (book.identity, book.start)])
    with engine.translated():
        rows = book.connection.exec_driver_sql("SELECT number, bytes, hash FROM entry ORDER BY number").all()
    for row in rows:
        if head.number in steps:
            if head != steps[head.number]:
                problems.append(f"entry {head.number}: not the one that was taken over")
            identity, start = next(chains)
            replay.succeed(identity, start)
            head = start
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
        effect = replay.take(head.number, entry)
        if isinstance(effect, Anomaly):
            problems.append(f"entry {row.number}: {effect}")
            replay.last_at = entry.at
    return heads, problems


def _projection(book: Book, replay: Replay) -> Iterator[str]:
    with engine.translated():
        states = {row.line: line_state(row) for row in book.connection.exec_driver_sql("SELECT * FROM line_state")}
        days = {row.day for row in book.connection.exec_driver_sql("SELECT day FROM opened_day")}
    unmoved = book.unmoved
    for line in sorted(states.keys() | replay.states.keys()):
        if states.get(line, unmoved) != replay.states.get(line, unmoved):
            yield "projection: a line's state is not what its entries say"
    if book.bound_keys() != replay.bound:
        yield "projection: the bound keys are not what the entries say"
    if days != replay.days:
        yield "projection: the opened days are not what the entries say"
    if book.is_closed != replay.is_closed:
        yield "projection: that the book is closed is not what the entries say"


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
