"""What must hold once everybody has talked: the four promises of DESIGN §1, and that every fraud came to light.

Looked at from outside: the ledgers' bytes are read from the disks and folded here by a small model of its own, so that
a rule that went wrong in book and register alike is still seen. A book is suspect where its laptop was cloned or put
back to an old image: such a book need not keep what it told, but every second history must have become an anomaly.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pollbook.clock import HybridTime
from pollbook.effects import Anomaly
from pollbook.entries import Marked
from pollbook.failures import Failure
from pollbook.feed_items import FeedKind
from pollbook.line_state import Place
from pollbook.store import asking
from pollbook.store.check import check_book
from pollbook.store.syncing import book_digest, notices, sync_status
from pollbook.types import BookName, LineId
from register.checking import check_register
from register.disputes import listed_anomalies
from register.store import books, feeds, ledgers, stations
from register.store.schema.ledgers import fork_entry
from tests.simulation.model import contradictions, decode_entry, folded, in_flight
from tests.simulation.moves import couriers_carry
from tests.simulation.rarities import wrong_envelopes

if TYPE_CHECKING:
    from tests.simulation.station import SimulatedStation
    from tests.simulation.world import World


@dataclass(frozen=True)
class Broken:
    """A promise that did not hold, and where."""

    promise: str
    where: str


@dataclass
class AtRegister:
    """What the register has of one book."""

    entries: dict[int, bytes] = field(default_factory=dict)
    record: books.BookRecord | None = None
    told: set[object] = field(default_factory=set)
    evidence: set[tuple[int, bytes]] = field(default_factory=set)
    anomalies: set[str] = field(default_factory=set)
    second_marks: set[int] = field(default_factory=set)


def broken_promises(world: World) -> list[Broken]:
    """Everything that does not hold at the end of this world."""
    register = _register(world)
    was_restored = world.log.faults["register restored from a backup"] > 0
    broken = [
        *_order(world),
        *_custody(world),
        *_told_of_others(world),
        *_frauds(world, register),
        *_second_marks(world, register),
    ]
    contested = _contested(world)
    for station in world.stations:
        if station.is_suspect:
            broken += _suspect(station, register[station.prepared.book])
        else:
            broken += _durable(station, register[station.prepared.book], contested, was_restored=was_restored)
            broken += _agrees(station, register[station.prepared.book])
    return broken + list(_checks(world))


def _register(world: World) -> dict[BookName, AtRegister]:
    found = {}
    with world.centre.database().read() as connection:
        anomalies = [each.found for each in listed_anomalies(connection) if not each.is_settled]
        for station in stations.all_stations(connection):
            evidence = connection.execute(fork_entry.select().where(fork_entry.c.station == station.id))
            found[station.book] = AtRegister(
                {each.number: each.content for each in ledgers.all_entries(connection, station.id)},
                books.load_book(connection, station.id),
                set(feeds.feed_after(connection, station.id, 0)),
                {(row.number, bytes(row.bytes)) for row in evidence},
                {each.kind for each in anomalies if each.book == str(station.book)},
                {each.entry for each in anomalies if (each.book, each.kind) == (str(station.book), _SECOND)},
            )
    return found


def _ledger(station: SimulatedStation) -> dict[int, bytes]:
    return dict(station.disk.look("SELECT number, bytes FROM entry ORDER BY number"))


def _order(world: World) -> Iterator[Broken]:
    """Order comes from the numbers, and no clock turns it back."""
    for station in world.stations:
        last_at = HybridTime(0)
        for number, content in _ledger(station).items():
            at = decode_entry(content).at
            if at <= last_at:
                yield Broken("no clock turns the order back", f"{station.name} entry {number}")
            last_at = at


def _custody(world: World) -> Iterator[Broken]:
    """(1) At most one effective mark a line, and one holder, among the honest books; and the books show it."""
    models = []
    for station in world.stations:
        model = folded(station.prepared.book, station.prepared.lines, _ledger(station))
        if not station.is_suspect:
            models.append(model)
        rows = station.disk.look("SELECT line, mark, place FROM line_state")
        shown = {line: (mark, place == Place.HERE) for line, mark, place in rows}
        told = {line: (model.marks.get(line), line in model.here) for line in model.touched}
        if shown != told and not station.is_poisoned:
            yield Broken("the book shows what its entries say", station.name)
    for what in contradictions(models):
        yield Broken("one holder and one effective mark a line", what)
    for what in world.violations:
        yield Broken("rules hold while the day goes on", what)
    for what in wrong_envelopes(world):
        yield Broken("an envelope counts only where its voter was marked nowhere", what)
    if couriers_carry(world):
        yield Broken("a release is sent again until it arrives", "between two desks that can act")
    world.said["lines in flight at the end"] += len(in_flight(models))


def _told_of_others(world: World) -> Iterator[Broken]:
    """Who let a line go is told where it was marked, and of no mark that there is none of."""
    if any(station.is_suspect for station in world.stations):
        return
    marked: dict[LineId, str] = {}
    for station in world.stations:
        model = folded(station.prepared.book, station.prepared.lines, _ledger(station))
        marked |= dict.fromkeys(model.marks, station.prepared.precinct)
    for station in world.stations:
        gone = {row[0] for row in station.disk.look("SELECT line FROM line_state WHERE place = 2")}
        rows = station.disk.look("SELECT line, precinct FROM elsewhere WHERE marked = 1")
        told = {line: precinct for line, precinct in rows if line in gone}
        world.said["lines known to be marked elsewhere"] += len(told)
        if told != {line: marked[line] for line in gone & marked.keys()} and not station.is_revoked:
            yield Broken("a book is told where the lines that it let go are marked", station.name)


def _contested(world: World) -> set[LineId]:
    """The lines that a laptop marked which was cloned, put back or taken over: an honest mark of one is a dispute."""
    facts = [
        decode_entry(content).fact
        for station in world.stations
        if station.is_suspect
        for content in _ledger(station).values()
    ]
    return {fact.line for fact in facts if isinstance(fact, Marked)}


def _durable(
    station: SimulatedStation, register: AtRegister, contested: set[LineId], *, was_restored: bool
) -> Iterator[Broken]:
    """(2) and (4) What an operator was told is done stands in the book and at the register, byte for byte."""
    held = _ledger(station)
    for number, content in station.told:
        if held.get(number) != content:
            yield Broken("what was told done stays in the book", f"{station.name} entry {number}")
        if register.entries.get(number) != content:
            yield Broken("what was told done reaches the register", f"{station.name} entry {number}")
    if register.entries != held:
        yield Broken("both hold the same ledger", f"{station.name} {len(held)} there {len(register.entries)}")
    # What a restored register is sent again comes in another order: a mark before the void that made room for it. Such
    # a second mark is settled by the void.
    told = {Anomaly.CLOCK_SKEWED} | ({Anomaly.REGISTER_ROLLED_BACK} if was_restored else set())
    if register.second_marks:
        marked = [decode_entry(held[number]).fact for number in register.second_marks if number in held]
        told |= {_SECOND} if all(isinstance(fact, Marked) and fact.line in contested for fact in marked) else set()
    if wrong := register.anomalies - told:
        yield Broken("an honest book is no anomaly", f"{station.name} {sorted(wrong)}")


def _agrees(station: SimulatedStation, register: AtRegister) -> Iterator[Broken]:
    """(3) Book and register stand in the same state, and know it."""
    book = station.book
    expected = {None, Failure.BOOK_REVOKED} if station.is_revoked else {None}
    if book is None or station.last_failure not in expected or not station.is_at_rest():
        yield Broken("everybody gets through after healing", f"{station.name} {station.last_failure}")
        return
    if register.record.head != book.head or register.record.digest != book_digest(book):
        yield Broken("both reach the same state", station.name)
    if sync_status(book).acknowledged != book.head.number:
        yield Broken("the book knows what the register has", station.name)
    if not station.is_revoked and (
        open_claims := [each for each in asking.claims(book) if each.is_open and each.answer is None]
    ):
        yield Broken("every claim is answered", f"{station.name} {len(open_claims)}")
    # A restored register tells again, under new numbers, what the book may have missed. A revoked book hears too what
    # became of its envelopes, in its own time.
    heard = {replace(item, number=0) for item in notices(book)}
    if missing := {replace(item, number=0) for item in register.told} - heard:
        yield Broken("the book hears what the register tells", f"{station.name} {len(missing)} items")


def _suspect(station: SimulatedStation, register: AtRegister) -> Iterator[Broken]:
    """Of a book with two histories, each is kept whole, and the one that is not the register's marks no more."""
    held = _ledger(station)
    differing = {number for number, content in held.items() if register.entries.get(number, content) != content}
    if differing and Anomaly.FORK not in register.anomalies:
        yield Broken("a second history becomes an anomaly", f"{station.name} from {min(differing)}")
    other = {(number, content) for number, content in held.items() if differing and number >= min(differing)}
    lacking = {number for number, content in other - register.evidence if register.entries.get(number) != content}
    if lacking:
        yield Broken("a second history is kept as evidence", f"{station.name} {len(lacking)} from {min(lacking)}")
    if other and other.isdisjoint(register.evidence):
        yield Broken("a second history leaves evidence", station.name)
    if not station.is_at_rest():
        yield Broken("everybody gets through after healing", f"{station.name} {station.last_failure}")
    elif differing and station.book is not None and station.book.stopped is None:
        yield Broken("a second history marks no more", station.name)


def _second_marks(world: World, register: dict[BookName, AtRegister]) -> Iterator[Broken]:
    """Of two marks on one line in books of two names, at least one book is told of."""
    found: dict[LineId, dict[BookName, tuple[int, bytes]]] = {}
    for station in world.stations:
        ledger, name = _ledger(station), station.prepared.book
        for line, number in folded(name, station.prepared.lines, ledger).marks.items():
            found.setdefault(line, {})[name] = (number, ledger.get(number, b""))
    for line, marks in found.items():
        told = {kind for name in marks for kind in register[name].anomalies} if len(marks) > 1 else _FOUND
        if len(set(marks.values())) > 1 and not told & _FOUND:
            yield Broken("every second mark is found", f"line {line} in {' and '.join(map(str, marks))}")


_SECOND = Anomaly.SECOND_MARK
_FOUND = {Anomaly.SECOND_MARK, Anomaly.MARKED_AFTER_TAKEOVER, Anomaly.FORK}


def _frauds(world: World, register: dict[BookName, AtRegister]) -> Iterator[Broken]:
    """What could not be missed was not missed, and nothing was found that there was not.

    A register put back to a backup may have forgotten a wrong clock that is right again: the book that had it was told.
    """
    was_restored = world.log.faults["register restored from a backup"] > 0
    for station in world.stations:
        found = set(register[station.prepared.book].anomalies)
        if not was_restored and Anomaly.REGISTER_ROLLED_BACK in found:
            yield Broken("a register that was not restored was not rolled back", station.name)
        if was_restored and station.book is not None:
            found |= {item.text for item in notices(station.book) if item.kind is FeedKind.ANOMALY}
        if station.was_skewed and Anomaly.CLOCK_SKEWED not in found and not (was_restored and station.is_suspect):
            yield Broken("a wrong clock becomes an anomaly", station.name)


def _checks(world: World) -> Iterator[Broken]:
    """The product's own `check` finds nothing, on either side."""
    with world.centre.database().read() as connection:
        for fault in check_register(connection, world.centre.centre).faults:
            yield Broken("the register's check is clean", f"{fault.where}: {fault.what}")
    for station in world.stations:
        if station.book is not None and not station.is_poisoned:
            for problem in check_book(station.book).problems:
                yield Broken("the book's check is clean", f"{station.name}: {problem}")
