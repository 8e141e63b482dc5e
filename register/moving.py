"""Lines on their way: what a book's releases and acceptances come to by voter, and the register's own part in it.

The register moves nothing by itself. It asks a holder (`recall`), passes a release on (`pass_on`), and lets go what it
holds itself (`grant_own`); each is an entry of its own ledger.
"""

from __future__ import annotations

import logging

from pollbook.asks import ASK_ID_BYTES, ClaimAnswer
from pollbook.effects import Anomaly
from pollbook.entries import LineAccepted
from pollbook.feed_items import Arrived, ClaimAnswered, FeedItem, FeedKind, encode_content
from pollbook.feed_items import Granted as GrantedItem
from pollbook.feed_items import Recalled as RecalledItem
from pollbook.register_entries import Granted, Recalled
from pollbook.release_certificate import ReleaseCertificate, encode_certificate
from pollbook.releases import MovedLine, Release, sign_release
from pollbook.types import BookName, EntryNumber, LineId
from register.centre import Centre
from register.feed import tell, tell_anomaly
from register.own_ledger import enter
from register.statuses import note_changed, note_released
from register.store import custody
from register.store.custody import REGISTER_HOLDS, ClaimState, Holding
from register.store.engine import Transaction
from register.store.holders import Held, newest_named, precinct_of, voters_of
from register.store.stations import Station, find_station

NO_CLAIM = bytes(ASK_ID_BYTES)

logger = logging.getLogger(__name__)


def follow_release(
    connection: Transaction, centre: Centre, station: Station, number: EntryNumber, release: Release, at_s: int
) -> list[LineId]:
    """A book let lines go: they are in flight, and on to their receiver; those that came to the register come back."""
    moved = [each for each in release.lines if _is_news(connection, station, number, release, each, at_s)]
    if not moved:
        return []
    receiver = None if release.receiver == centre.book else release.receiver
    for each in moved:
        holder, known = REGISTER_HOLDS if receiver is None else None, custody.holding_of(connection, each.line)
        used_by = known.used_by if known else 0
        custody.save_holding(connection, Holding(each.line, each.custody, holder, receiver, release.id, used_by))
    lines = [each.line for each in moved]
    note_released(connection, station, lines)
    if receiver is None:
        note_changed(connection, station, lines)
        return [each.line for each in moved]
    to = newest_named(connection, receiver)
    if to is None:
        tell_anomaly(connection, station, Anomaly.RELEASE_NOT_OURS, number, at_s)
        return []
    if to.precinct != station.precinct:
        note_changed(connection, station, lines)
    pass_on(connection, centre, release, station.certificate, to, at_s)
    return []


def follow_acceptance(
    connection: Transaction, station: Station, number: EntryNumber, fact: LineAccepted, at_s: int
) -> list[LineId]:
    """A book holds lines that were let go to it; the sender is told. Returns the lines whose place is news."""
    release = fact.release
    arrived: list[LineId] = []
    for each in release.lines:
        known = custody.holding_of(connection, each.line)
        if known is not None and known.number >= each.custody:
            if known.number == each.custody and known.release != release.id:
                tell_anomaly(connection, station, Anomaly.CUSTODY_BROKEN, number, at_s)
                continue
            if known.number > each.custody or known.holder is not None:
                continue
        used_by = known.used_by if known else 0
        custody.save_holding(connection, Holding(each.line, each.custody, station.id, None, release.id, used_by))
        arrived.append(each.line)
    sender = find_station(connection, release.sender)
    if sender is None or sender.precinct != station.precinct:
        note_changed(connection, station, arrived)
    if arrived and sender is not None:
        _tell(connection, newest_named(connection, sender.book) or sender, FeedKind.ARRIVED, Arrived(release.id), at_s)
    return arrived


def recall(connection: Transaction, held: Held, line: LineId, receiver: BookName, claim: bytes, at_s: int) -> None:
    """The holder is asked for the line, for `receiver`."""
    assert held.station is not None  # noqa: S101 - the caller looked
    enter(connection, Recalled(line, held.station.book, receiver), at_s)
    _tell(connection, held.station, FeedKind.RECALLED, RecalledItem(line, receiver, claim), at_s)
    logger.info("recalled book=%s", held.station.book)


def grant_own(connection: Transaction, centre: Centre, held: Held, line: LineId, to: Station, at_s: int) -> None:
    """The register, which holds the line, lets it go to `to`."""
    moved = (MovedLine(line, held.number + 1),)
    release = sign_release(centre.election.id, centre.book, to.book, moved, centre.keys.key)
    used_by = held.holding.used_by if held.holding else 0
    custody.save_holding(connection, Holding(line, held.number + 1, None, to.book, release.id, used_by))
    note_changed(connection, to, [line])
    pass_on(connection, centre, release, centre.keys.certificate, to, at_s)


def pass_on(
    connection: Transaction, centre: Centre, release: Release, sender_certificate: bytes, to: Station, at_s: int
) -> None:
    """The release is in the receiver's feed with the voters' data, and claims for its lines are answered."""
    enter(connection, Granted(release), at_s)
    lines = [moved.line for moved in release.lines]
    strangers = any(precinct_of(connection, line) != to.precinct for line in lines)
    voters = voters_of(connection, lines) if strangers else ()
    certificate = encode_certificate(ReleaseCertificate(release, sender_certificate, voters), centre.keys.key)
    claims = [claim for line in lines for claim in custody.waiting_claims(connection, line)]
    ours = next((claim.id for claim in claims if claim.station == to.id), NO_CLAIM)
    _tell(connection, to, FeedKind.GRANTED, GrantedItem(ours, certificate), at_s)
    for claim in claims:
        is_granted = claim.station == to.id
        custody.set_claim(connection, claim, ClaimState.GRANTED if is_granted else ClaimState.REFUSED)
        answer = ClaimAnswer.GRANTED if is_granted else ClaimAnswer.IN_FLIGHT
        tell_claim(connection, claim.station, ClaimAnswered(claim.id, answer, to.precinct), at_s)


def tell_claim(connection: Transaction, station_id: int, answer: ClaimAnswered, at_s: int) -> None:
    """The station's feed has this answer to its claim."""
    item = FeedItem(0, FeedKind.CLAIM_ANSWERED, "", 0, encode_content(answer))
    tell(connection, station_id, item, at_s)


def _tell(
    connection: Transaction, station: Station, kind: FeedKind, content: GrantedItem | RecalledItem | Arrived, at_s: int
) -> None:
    tell(connection, station.id, FeedItem(0, kind, "", 0, encode_content(content)), at_s)


def _is_news(
    connection: Transaction, station: Station, number: EntryNumber, release: Release, moved: MovedLine, at_s: int
) -> bool:
    known = custody.holding_of(connection, moved.line)
    if known is None or known.number < moved.custody:
        return True
    if known.number == moved.custody and known.release != release.id:
        tell_anomaly(connection, station, Anomaly.CUSTODY_BROKEN, number, at_s)
    return False
