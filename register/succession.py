"""Books that took over from others: how the register comes to know them, and what it tells them of the old tail.

A successor's first request carries the entry by which it took over. The register proves it against its own copy of the
old ledger, by the rules and nothing else; where that copy is shorter than the mirror was, the successor brings the
missing entries first, vouched for by the old book's own head. A second successor of one book (a mirror that was copied)
is kept too, as a fork: its entries are stored and change nothing, and it is told that it is superseded.

What the old book did past the mirror comes in whenever it comes. It is stored, each mark of it is an anomaly at both
books, and the successor is told in the register's own signed words (custody rule 9).
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

from pollbook import acts
from pollbook import custody as custody_rules
from pollbook.book_view import Identity
from pollbook.clock import BEFORE_ALL
from pollbook.effects import Anomaly
from pollbook.entries import Entry, LineReleased, Marked, TookOver, decode_entry
from pollbook.failures import InputInvalid
from pollbook.feed_items import FeedItem, FeedKind, Superseded, Tail, encode_content
from pollbook.ledger import Head, successor_origin
from pollbook.line_state import digest
from pollbook.register_entries import Superseded as SupersededEntry
from pollbook.register_entries import TailClosed
from pollbook.sync_request import Address, SyncRequest, decode_sync_request, is_signed_request
from pollbook.tails import TAIL_LINES_MAX, TailChange, TailLine
from pollbook.types import MACHINE, BookName, EntryNumber
from register.centre import Centre
from register.evidence import is_kept, stored_head
from register.feed import tell, tell_anomaly, tell_disputed
from register.own_ledger import enter
from register.provisional import tell_successor
from register.replay import Ingested, decoded
from register.statuses import note_new_book
from register.store import books, custody, ledgers, marks, people, spares, stations
from register.store import states as line_states
from register.store.books import BookRecord
from register.store.engine import Transaction
from register.store.stations import Station

logger = logging.getLogger(__name__)


def identity_of(connection: Transaction, centre: Centre, station: Station) -> Identity:
    """The book as the rules compare it, with the books before it."""
    election, register_key = centre.election.id, centre.keys.key.public
    if station.predecessor is None:
        return Identity(election, station.book, station.public_key, register_key, station.slice_sha256)
    before = _predecessor(connection, station)
    earlier = identity_of(connection, centre, before)
    return _after(earlier, before, station.book, station.public_key)


def inherited(connection: Transaction, centre: Centre, station: Station) -> Ingested:
    """The book before its own first entry: its slice's lines, and what its predecessors' entries made of them."""
    if station.predecessor is None:
        states = dict.fromkeys(stations.issued_lines(connection, station.id), station.unmoved)
        named = {person.number: person for person in people.people_of(connection, station.precinct)}
        adjudications = custody.adjudications_at(connection, station.id)
        identity = identity_of(connection, centre, station)
        return Ingested(identity, station.start, named, states, adjudications=adjudications)
    before = _predecessor(connection, station)
    view = _replayed(connection, centre, before, _inherited_upto(connection, centre, before, station))
    view.succeed(identity_of(connection, centre, station), station.start)
    view.adjudications = custody.adjudications_at(connection, station.id)
    return view


def carrier_key(connection: Transaction, station: Station, address: Address, untrusted: bytes) -> bytes | None:
    """The key of the spare that signed a request for this station's book, None where none did.

    Whoever carries entries does not matter: the book's own head vouches for them.
    """
    for spare in spares.all_spares(connection):
        if spare.public_key != station.public_key and is_signed_request(untrusted, address, spare.public_key):
            return spare.public_key
    return None


def admit(connection: Transaction, centre: Centre, untrusted: bytes, address: Address, at_s: int) -> Station | None:
    """The successor that this request comes from, known from here on; None where it proves none.

    Raises:
        InputInvalid: A spare's request that does not prove a takeover.
    """
    spare = spares.find_spare(connection, address.book.device)
    if spare is None or not is_signed_request(untrusted, address, spare.public_key):
        return None
    request = decode_sync_request(untrusted, address, spare.public_key)
    if not request.entries:
        raise InputInvalid("a successor that does not say whom it took over from")
    first = decode_entry(request.entries[0])
    if not isinstance(first.fact, TookOver) or first.fact.head.number + 1 != request.first:
        raise InputInvalid("a successor's first entry is another one")
    before = stations.find_station(connection, first.fact.predecessor)
    if before is None:
        raise InputInvalid("a successor of a book of another election")
    new = _successor(centre, before, spare, request, first.fact)
    is_of_other_history = _is_of_other_history(connection, before, first.fact)
    view = _taken_over(connection, centre, before, new, first, first.fact)
    rival = stations.successor_of(connection, before.id)
    added = _add(connection, before, new, view, is_rival=rival is not None or is_of_other_history)
    if is_of_other_history:
        tell_anomaly(connection, added, Anomaly.FORK, request.first, at_s)
        return added
    named = Superseded(rival.book if rival else added.book, first.fact.head)
    loser = added if rival else before
    tell(connection, loser.id, FeedItem(0, FeedKind.SUPERSEDED, "", 0, encode_content(named)), at_s)
    if rival is not None:
        tell_anomaly(connection, added, Anomaly.FORK, request.first, at_s)
        tell_anomaly(connection, rival, Anomaly.FORK, rival.start.number + 1, at_s)
        return added
    marks.inherit(connection, before.id, added.id, first.fact.head.number)
    _count_what_was_voided_later(connection, added, view, at_s)
    enter(connection, SupersededEntry(before.book, added.book, first.fact.head), at_s)
    logger.warning("superseded book=%s successor=%s", before.book, added.book)
    tell_successor(connection, centre, before, added, at_s)
    follow_tail(connection, centre, before, books.load_book(connection, before.id), at_s, is_over=False)
    return added


def follow_tail(
    connection: Transaction, centre: Centre, old: Station, record: BookRecord, at_s: int, *, is_over: bool
) -> None:
    """What the old book did past the mirror is told to its successor.

    `is_over`: the old book knows that it was superseded, and has sent all that it has. Whatever comes all the same, of
    a copy of that laptop or after people wrote it off, is told too.
    """
    successor = stations.successor_of(connection, old.id)
    if successor is None:
        return
    said = books.tail_of(connection, old.id)
    since = max(said.number, successor.start.number)
    entries = [
        (number, decode_entry(content))
        for number, content in ledgers.accepted_entries(connection, old.id, since + 1, record.head.number).items()
    ]
    lines = [line for number, entry in entries for line in _tail_lines(number, entry)]
    if not lines and (said.is_complete or not is_over):
        return
    for line in lines:
        if line.change is TailChange.MARKED:
            tell_anomaly(connection, old, Anomaly.MARKED_AFTER_TAKEOVER, line.number, at_s)
    is_complete = is_over or said.is_complete
    _tell_tail(connection, centre, old, successor, record.head, lines, at_s, is_complete=is_complete)
    books.note_tail(connection, old.id, record.head.number, is_complete=is_complete)
    if is_over and not said.is_complete:
        enter(connection, TailClosed(old.book, record.head, 0), at_s)


def close_tail(connection: Transaction, centre: Centre, old: Station, decision: int, at_s: int) -> bool:
    """Two officers wrote off what may still come of this old book; False where that is settled already."""
    successor = stations.successor_of(connection, old.id)
    if successor is None or books.tail_of(connection, old.id).is_complete:
        return False
    head = books.load_book(connection, old.id).head
    _tell_tail(connection, centre, old, successor, head, [], at_s, is_complete=True)
    books.note_tail(connection, old.id, head.number, is_complete=True)
    enter(connection, TailClosed(old.book, head, decision), at_s)
    return True


def _tell_tail(
    connection: Transaction,
    centre: Centre,
    old: Station,
    successor: Station,
    head: Head,
    lines: Sequence[TailLine],
    at_s: int,
    *,
    is_complete: bool,
) -> None:
    pieces = [tuple(lines[at : at + TAIL_LINES_MAX]) for at in range(0, len(lines), TAIL_LINES_MAX)] or [()]
    for piece in pieces:
        ends = is_complete and piece is pieces[-1]
        message = acts.tail_bytes(centre.election.id, old.book, head, piece, ends)
        tail = Tail(head, piece, ends, centre.keys.key.sign(message))
        tell(connection, successor.id, FeedItem(0, FeedKind.TAIL, "", 0, encode_content(tail)), at_s)


def _tail_lines(number: EntryNumber, entry: Entry) -> list[TailLine]:
    match entry.fact:
        case Marked(line, channel):
            return [TailLine(line, TailChange.MARKED, number, channel)]
        case LineReleased(lines=lines):
            return [TailLine(each.line, TailChange.RELEASED, number, custody=each.custody) for each in lines]
        case _:
            return []


def _successor(centre: Centre, before: Station, spare: spares.Spare, request: SyncRequest, fact: TookOver) -> Station:
    return Station(
        id=0,
        book=request.book,
        public_key=spare.public_key,
        precinct=before.precinct,
        desk=before.desk,
        list_version=before.list_version,
        line_count=before.line_count,
        issued_at_s=before.issued_at_s,
        start=successor_origin(centre.election.id, request.book, before.slice_sha256, fact.head),
        revoked_at_s=None,
        revoked_reason=None,
        slice_sha256=before.slice_sha256,
        holds=before.holds,
        certificate=spare.certificate,
        box_key=spare.box_key,
        predecessor=before.id,
    )


def _taken_over(
    connection: Transaction, centre: Centre, before: Station, new: Station, first: Entry, fact: TookOver
) -> Ingested:
    """The old book as it was taken over, once the rules have taken the successor's first entry."""
    view = _replayed(connection, centre, before, fact.head.number)
    view.succeed(_after(view.identity, before, new.book, new.public_key), new.start)
    upto = _inherited_upto(connection, centre, before, new)
    if upto != fact.head.number:
        view.last_at = BEFORE_ALL  # what is stored says nothing of the time in the history that was taken over
    if isinstance(refused := custody_rules.apply(view, EntryNumber(fact.head.number + 1), first), Anomaly):
        raise InputInvalid(f"a takeover that the rules refuse: {refused}")
    if upto != fact.head.number:
        view = _replayed(connection, centre, before, upto)
        view.succeed(_after(view.identity, before, new.book, new.public_key), new.start)
    return view


def _inherited_upto(connection: Transaction, centre: Centre, before: Station, after: Station) -> EntryNumber:
    """How much of the stored ledger of `before` is what `after` took over: nothing where that is another history."""
    number = after.start.number
    if number <= books.load_book(connection, before.id).head.number:
        head = stored_head(connection, before, number)
        if successor_origin(centre.election.id, after.book, before.slice_sha256, head) == after.start:
            return number
    return before.start.number


def _is_of_other_history(connection: Transaction, before: Station, fact: TookOver) -> bool:
    """Whether the book was taken over in a history that is not the one stored, but kept beside it.

    The register cannot tell which of two the commission made: what the successor enters is stored and changes nothing.

    Raises:
        InputInvalid: Entries of the old book, up to the takeover, are missing here.
    """
    record = books.load_book(connection, before.id)
    if fact.head.number <= record.head.number and stored_head(connection, before, fact.head.number) == fact.head:
        return False
    if not is_kept(connection, before, record, fact.head):
        raise InputInvalid("entries of the old book are missing here")
    return True


def _count_what_was_voided_later(connection: Transaction, added: Station, view: Ingested, at_s: int) -> None:
    """Marks that the old book voided past the mirror stand in its successor, which knows nothing of the void."""
    own = {line: state.mark for line, state in view.states.items() if state.mark and state.mark.actor != MACHINE}
    known = marks.numbers_on(connection, added.id, list(own))
    lost = {line: mark.number for line, mark in own.items() if line not in known}
    for other in marks.add(connection, added.id, lost):
        found = stations.station_by_id(connection, other.station)
        both = [(added, lost[other.line]), *([(found, other.number)] if found is not None else [])]
        tell_disputed(connection, both, other.line, at_s)


def _add(connection: Transaction, before: Station, new: Station, view: Ingested, *, is_rival: bool) -> Station:
    lines = stations.issued_lines(connection, before.id)
    station_id = stations.add_station(connection, new, b"", lines)
    states = {line: state for line, state in view.states.items() if state != before.unmoved}
    line_states.save(connection, station_id, (), states)
    for person, key in view.bound.items():
        books.save_key(connection, station_id, person, key)
    note_new_book(connection, station_id, before.precinct)
    record = books.load_book(connection, station_id)
    record.digest, record.last_at = digest(states.items()), view.last_at
    record.day, record.forked = max(view.days, default=None), is_rival
    books.save_book(connection, station_id, record)
    added = stations.station_by_id(connection, station_id)
    assert added is not None  # noqa: S101 - added in this transaction
    return added


def _replayed(connection: Transaction, centre: Centre, station: Station, upto: int) -> Ingested:
    """The book as its entries up to number `upto` leave it."""
    view = inherited(connection, centre, station)
    stored = ledgers.entry_bytes(connection, station.id, station.start.number + 1, upto)
    numbers = sorted(stored)
    for number, entry in zip(numbers, decoded(stored[number] for number in numbers), strict=True):
        view.ingest(EntryNumber(number), entry)
    return view


def _after(earlier: Identity, before: Station, name: BookName, public_key: bytes) -> Identity:
    return replace(
        earlier,
        name=name,
        public_key=public_key,
        predecessor=before.book,
        predecessor_start=before.start,
        predecessor_key=before.public_key,
        ancestors=earlier.ancestors | {before.book},
    )


def _predecessor(connection: Transaction, station: Station) -> Station:
    before = stations.station_by_id(connection, station.predecessor or 0)
    assert before is not None  # noqa: S101 - a foreign key
    return before
