"""What two officers of the register settle about books and lines: tails, a recovery, disputes, and a voter's data."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from pollbook.failures import Failure, WorldFailed
from pollbook.feed_items import FeedItem, FeedKind, encode_content
from pollbook.feed_items import ListChanged as ListChangedItem
from pollbook.register_entries import DisputeResolved, ListChanged, Revoked
from pollbook.types import LineId, line_text
from pollbook.voters import Voter
from register.centre import Centre
from register.feed import tell, tell_resolved, tell_revoked
from register.officers import ProvenAct, decide, signed_decision
from register.own_ledger import enter
from register.provisional import consider_all
from register.statuses import note_changed
from register.store import books, marks, own_ledger, stations, voters
from register.store.engine import Transaction
from register.store.holders import voters_of, where_is
from register.store.stations import Station
from register.succession import close_tail

WRITE_OFF, RECOVERED, RESOLVE, CHANGE = "write_off", "recovered", "resolve", "change"
CHANGEABLE = ("document", "surname", "given_name", "patronymic", "birth_date", "address", "mahalla")
"""What a change may alter. Never a line's existence, place or holder (custody rule 12), nor the PINFL."""


def revoke(connection: Transaction, station: Station, reason: str, at_s: int) -> None:
    """The station's book is revoked: its lines stay where they are, what it still sends is stored, and it is told."""
    stations.revoke(connection, station.id, reason, at_s)
    enter(connection, Revoked(station.book, reason), at_s)
    revoked = stations.station_by_id(connection, station.id)
    if revoked is not None:
        tell_revoked(connection, revoked, at_s)


def write_off(connection: Transaction, centre: Centre, old: Station, act: ProvenAct) -> None:
    """Nothing more is expected of this book that was taken over: what its successor holds is proven (rule 9).

    Raises:
        WorldFailed: `NOTHING_TO_DECIDE`: it was not taken over, or its ledger is complete already.
    """
    decision = decide(connection, signed_decision(centre.election, act, WRITE_OFF, ["", str(old.book)]))
    if not close_tail(connection, centre, old, decision, act.at_s):
        raise WorldFailed(Failure.NOTHING_TO_DECIDE, str(old.book))


def note_recovered(connection: Transaction, centre: Centre, act: ProvenAct) -> None:
    """The register has what its books have seen of it again, and grants lines (rule 11).

    Raises:
        WorldFailed: `NOTHING_TO_DECIDE`: it was not behind.
    """
    if not own_ledger.is_behind(connection):
        raise WorldFailed(Failure.NOTHING_TO_DECIDE, "the register is not behind its books")
    decide(connection, signed_decision(centre.election, act, RECOVERED, ["", "register"]))
    recover(connection, centre, act.at_s)


def recover(connection: Transaction, centre: Centre, at_s: int) -> None:
    """The register grants again, and what waited for that is looked at now."""
    own_ledger.set_behind(connection, None)
    consider_all(connection, centre, at_s)


def resolve_dispute(connection: Transaction, centre: Centre, line: LineId, keep: Station, act: ProvenAct) -> None:
    """Of the marks that two books made on this line, that of `keep` counts; both records stay, both are told.

    Raises:
        WorldFailed: `NOTHING_TO_DECIDE`: there is no dispute, or that book did not mark the line.
    """
    disputing = marks.marks_on(connection, line)
    if len(disputing) < 2 or keep.id not in disputing:
        raise WorldFailed(Failure.NOTHING_TO_DECIDE, line_text(line))
    decision = decide(connection, signed_decision(centre.election, act, RESOLVE, [str(keep.book), line_text(line)]))
    marks.prefer(connection, line, keep.id)
    note_changed(connection, keep, [line])
    enter(connection, DisputeResolved(line, keep.book, disputing[keep.id], decision), act.at_s)
    for station_id in disputing:
        tell_resolved(connection, station_id, line, keep.book, act.at_s)


def change_voter(
    connection: Transaction, centre: Centre, pinfl: str, changes: Mapping[str, str], source: str, act: ProvenAct
) -> LineId:
    """The data of the voter with this PINFL are these now, here and at every station that has the line (rule 12).

    Raises:
        WorldFailed: `UNKNOWN_VOTER`; `LIST_COLUMNS_MISSING`: a field that may not be changed, or an unreadable date.
    """
    found = [record for record in voters.lines_with_pinfl(connection, pinfl) if record.is_active]
    if len(found) != 1:
        raise WorldFailed(Failure.UNKNOWN_VOTER)
    if not changes or not set(changes) <= set(CHANGEABLE):
        raise WorldFailed(Failure.LIST_COLUMNS_MISSING, columns=", ".join(CHANGEABLE))
    line = found[0].line
    (voter,) = voters_of(connection, [line])
    now = _changed(voter, changes)
    decide(connection, signed_decision(centre.election, act, CHANGE, [source, line_text(line)]))
    voters.change_line(connection, line, dict(changes))
    content = encode_content(ListChangedItem(now, source, act.reason))
    enter(connection, ListChanged(line, hashlib.sha256(content).digest(), source, act.reason), act.at_s)
    for station in _who_know(connection, line, found[0].precinct):
        books.hold_book(connection, station.id)
        tell(connection, station.id, FeedItem(0, FeedKind.LIST_CHANGED, source, 0, content), act.at_s)
    return line


def _changed(voter: Voter, changes: Mapping[str, str]) -> Voter:
    try:
        born = date.fromisoformat(changes.get("birth_date", voter.birth_date.isoformat()))
    except ValueError as error:
        raise WorldFailed(Failure.LIST_COLUMNS_MISSING, columns="birth_date YYYY-MM-DD") from error
    return replace(
        voter,
        document=changes.get("document", voter.document),
        surname=changes.get("surname", voter.surname),
        given_name=changes.get("given_name", voter.given_name),
        patronymic=changes.get("patronymic", voter.patronymic),
        birth_date=born,
        address=changes.get("address", voter.address),
        mahalla=changes.get("mahalla", voter.mahalla),
    )


def _who_know(connection: Transaction, line: LineId, precinct: str) -> list[Station]:
    """The stations of the line's precinct, and the one that holds it now."""
    holder = where_is(connection, line).station
    at_home = [each for each in stations.all_stations(connection) if each.precinct == precinct]
    others = [holder] if holder is not None and holder.precinct != precinct else []
    return [each for each in (*at_home, *others) if stations.successor_of(connection, each.id) is None]
