"""Provisional ballots: one verdict a person, once the register owns the line or its holder has closed (rule 13)."""

from __future__ import annotations

import logging

from pollbook.annex_person import open_person
from pollbook.entries import AnnexAdded, Outcome
from pollbook.failures import InputInvalid
from pollbook.feed_items import Adjudicated as AdjudicatedItem
from pollbook.feed_items import FeedItem, FeedKind, encode_content
from pollbook.register_entries import Adjudicated
from pollbook.types import EntryNumber, LineId
from register.centre import Centre
from register.feed import tell
from register.moving import NO_CLAIM, recall
from register.own_ledger import enter
from register.store import custody, ledgers, own_ledger, stations
from register.store.custody import REGISTER_HOLDS, Holding, KeptProvisional
from register.store.engine import Transaction
from register.store.holders import Held, line_of_person, marked_by, where_is
from register.store.schema import LinePlace
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
            _say(connection, each, Outcome.NOT_COUNTED, at_s)
        return
    if held.is_with_register or (_is_closed(connection, held) if is_closed is None else is_closed):
        first, *others = waiting
        release = held.holding.release if held.holding else b""
        holder = REGISTER_HOLDS if held.is_with_register else held.station.id if held.station else None
        custody.save_holding(connection, Holding(line, held.number, holder, None, release, first.line))
        _say(connection, first, Outcome.COUNTED, at_s)
        for each in others:
            _say(connection, each, Outcome.NOT_COUNTED, at_s)
        return
    if held.station is not None and waiting[0].asked_of != held.station.id and not own_ledger.is_behind(connection):
        recall(connection, held, line, centre.book, NO_CLAIM, at_s)
        custody.note_asked(connection, waiting[0].line, held.station.id)


def consider_closed(connection: Transaction, centre: Centre, station: Station, at_s: int) -> None:
    """The station's book is closed: provisional voters whose lines it holds get their verdict."""
    lines = {each.real_line for each in custody.open_provisionals(connection) if each.real_line}
    for line in sorted(lines):
        held = where_is(connection, LineId(line))
        if held.station is not None and held.station.id == station.id:
            consider(connection, centre, LineId(line), at_s, is_closed=True)


def _is_closed(connection: Transaction, held: Held) -> bool:
    return held.station is not None and ledgers.load_book(connection, held.station.id).closed


def _say(connection: Transaction, of: KeptProvisional, outcome: Outcome, at_s: int) -> None:
    """The verdict is an entry, and both stations are told: the one with the envelope and the voter's own."""
    station = stations.station_by_id(connection, of.station)
    assert station is not None  # noqa: S101 - its book sent the entry
    number = enter(connection, Adjudicated(station.book, of.line, outcome, of.real_line), at_s)
    custody.set_outcome(connection, of.line, outcome, number)
    told = encode_content(AdjudicatedItem(of.line, outcome, number))
    tell(connection, of.station, FeedItem(0, FeedKind.ADJUDICATED, "", 0, told), at_s)
    home = where_is(connection, LineId(of.real_line)).station if of.real_line else None
    if home is not None and home.id != of.station:
        told = encode_content(AdjudicatedItem(LineId(of.real_line), outcome, number))
        tell(connection, home.id, FeedItem(0, FeedKind.ADJUDICATED, station.precinct, 0, told), at_s)
