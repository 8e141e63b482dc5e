"""Provisional ballots: one verdict a person, once the register owns the line or its holder has closed (rule 13).

A verdict is signed. Two officers do with the envelope what it says, once, and their entry carries it; so a register
that was put back to a backup from before takes its own word from them, whatever it would say now. While it is behind
its books it lets no envelope count (rule 11): another one of the same voter may do so already.
"""

from __future__ import annotations

import logging

from pollbook.acts import adjudication_bytes
from pollbook.annex_person import open_person
from pollbook.effects import Anomaly
from pollbook.entries import AnnexAdded, Outcome, ProvisionalResolved
from pollbook.failures import InputInvalid
from pollbook.feed_items import Adjudicated as AdjudicatedItem
from pollbook.feed_items import FeedItem, FeedKind, encode_content
from pollbook.register_entries import Adjudicated
from pollbook.types import EntryNumber, LineId
from register.centre import Centre
from register.feed import tell, tell_anomaly
from register.moving import NO_CLAIM, recall
from register.own_ledger import enter
from register.store import books, custody, own_ledger, stations
from register.store.custody import REGISTER_HOLDS, Holding, KeptProvisional
from register.store.engine import Transaction
from register.store.holders import Held, line_of_person, marked_by, newest_of, where_is
from register.store.schema.lists import LinePlace
from register.store.stations import Station

logger = logging.getLogger(__name__)


def receive(
    connection: Transaction, centre: Centre, station: Station, number: EntryNumber, fact: AnnexAdded, at_s: int
) -> None:
    """A provisional voter is known here, and adjudicated where that can be done now."""
    try:
        person = open_person(fact.sealed, centre.box_key)
    except InputInvalid:
        logger.warning("provisional voter not read book=%s entry=%s", station.book, number)
        found = None
    else:
        found = line_of_person(connection, person.pinfl, person.document)
    real_line = found[0] if found is not None and found[1] is LinePlace.ACTIVE else 0
    new = KeptProvisional(fact.line, station.id, number, real_line, None, 0, at_s)
    if custody.add_provisional(connection, new) and real_line:
        consider(connection, centre, LineId(real_line), at_s)


def consider(
    connection: Transaction, centre: Centre, line: LineId, at_s: int, *, is_closed: bool | None = None
) -> None:
    """Provisional voters of this line get their verdict, if it can be given now; else the line is asked for.

    `is_closed`: whether the holder's book is closed, None where that is to be looked up.
    """
    waiting = [each for each in custody.provisionals_of(connection, line) if each.outcome is None]
    if not waiting:
        return
    held = where_is(connection, line)
    is_used = held.holding is not None and held.holding.used_by != 0
    if is_used or marked_by(connection, line) is not None:
        for each in waiting:
            _say(connection, centre, each, Outcome.NOT_COUNTED, at_s)
        return
    if own_ledger.is_behind(connection):
        return  # `consider_all` once it is recovered
    if held.is_with_register or (_is_closed(connection, held) if is_closed is None else is_closed):
        first, *others = waiting
        custody.save_holding(connection, _used(held, line, first.line))
        _say(connection, centre, first, Outcome.COUNTED, at_s)
        for each in others:
            _say(connection, centre, each, Outcome.NOT_COUNTED, at_s)
        return
    if held.station is not None and waiting[0].asked_of != held.station.id:
        recall(connection, held, line, centre.book, NO_CLAIM, at_s)
        custody.note_asked(connection, waiting[0].line, held.station.id)


def consider_all(connection: Transaction, centre: Centre, at_s: int) -> None:
    """Every provisional voter who waits gets a verdict, where it can be given now: the register is recovered."""
    for line in sorted({each.real_line for each in custody.open_provisionals(connection) if each.real_line}):
        consider(connection, centre, LineId(line), at_s)


def follow_resolved(
    connection: Transaction, station: Station, number: EntryNumber, fact: ProvisionalResolved, at_s: int
) -> None:
    """Two officers did with an envelope what this register said: that is its word, also where it has lost it since.

    Where the register has let the voter's right be used otherwise meanwhile, that is an anomaly for people to see.
    """
    kept = custody.find_provisional(connection, fact.line)
    if kept is None or (kept.outcome, kept.adjudication) == (fact.outcome, fact.adjudication):
        return
    if kept.outcome is not fact.outcome:
        of = stations.station_by_id(connection, kept.station) or station
        enter(connection, Adjudicated(of.book, fact.line, fact.outcome, kept.real_line), at_s)
    custody.take_word_back(connection, fact.line, fact.outcome, fact.adjudication)
    if fact.outcome is not Outcome.COUNTED or not kept.real_line:
        return
    line = LineId(kept.real_line)
    held = where_is(connection, line)
    used_by = held.holding.used_by if held.holding else 0
    if used_by not in {0, fact.line} or marked_by(connection, line) is not None:
        tell_anomaly(connection, station, Anomaly.NOT_ADJUDICATED, number, at_s)
    elif not used_by:
        custody.save_holding(connection, _used(held, line, fact.line))


def tell_successor(connection: Transaction, centre: Centre, before: Station, successor: Station, at_s: int) -> None:
    """A spare that took over hears what the register said to the books before it; its mirror may be older than that."""
    every = custody.adjudicated(connection)
    book: Station | None = before
    while book is not None:
        for kept in every:
            if kept.station == book.id and kept.outcome is not None:
                _tell_verdict(
                    connection, centre, successor, kept.line, kept.outcome, EntryNumber(kept.adjudication), at_s
                )
        book = stations.station_by_id(connection, book.predecessor) if book.predecessor else None


def consider_closed(connection: Transaction, centre: Centre, station: Station, at_s: int) -> None:
    """The station's book is closed: provisional voters whose lines it holds get their verdict."""
    lines = {each.real_line for each in custody.open_provisionals(connection) if each.real_line}
    for line in sorted(lines):
        held = where_is(connection, LineId(line))
        if held.station is not None and held.station.id == station.id:
            consider(connection, centre, LineId(line), at_s, is_closed=True)


def _is_closed(connection: Transaction, held: Held) -> bool:
    return held.station is not None and books.load_book(connection, held.station.id).closed


def _used(held: Held, line: LineId, by: LineId) -> Holding:
    """Where the line is, its voter's right used up by the envelope `by`."""
    release = held.holding.release if held.holding else b""
    holder = REGISTER_HOLDS if held.is_with_register else held.station.id if held.station else None
    return Holding(line, held.number, holder, held.receiver, release, by)


def _say(connection: Transaction, centre: Centre, of: KeptProvisional, outcome: Outcome, at_s: int) -> None:
    """The verdict is an entry, and both stations are told: the one with the envelope and the voter's own.

    A spare that took over has the envelope; the book before it acts no more.
    """
    station = stations.station_by_id(connection, of.station)
    assert station is not None  # noqa: S101 - its book sent the entry
    number = enter(connection, Adjudicated(station.book, of.line, outcome, of.real_line), at_s)
    custody.set_outcome(connection, of.line, outcome, number)
    at = newest_of(connection, station)
    _tell_verdict(connection, centre, at, of.line, outcome, number, at_s)
    home = where_is(connection, LineId(of.real_line)).station if of.real_line else None
    if home is not None and home.id != at.id:
        told = encode_content(AdjudicatedItem(LineId(of.real_line), outcome, number))
        tell(connection, home.id, FeedItem(0, FeedKind.ADJUDICATED, station.precinct, 0, told), at_s)


def _tell_verdict(
    connection: Transaction,
    centre: Centre,
    station: Station,
    line: LineId,
    outcome: Outcome,
    number: EntryNumber,
    at_s: int,
) -> None:
    word = centre.keys.key.sign(adjudication_bytes(centre.election.id, line, outcome, number))
    told = encode_content(AdjudicatedItem(line, outcome, number, word))
    tell(connection, station.id, FeedItem(0, FeedKind.ADJUDICATED, "", 0, told), at_s)
