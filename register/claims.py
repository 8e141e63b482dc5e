"""What books ask of the register: claims, intake books, and why a recalled line stays.

A claim is answered in the feed, yes or no, where the line stands and when its book was last heard; it is rate-limited,
and what was asked is neither kept nor logged with a PINFL (custody rule 15).
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

from pollbook.asks import Ask, Claim, ClaimAnswer, CompareLines, IntakeAsk, KeepLine, NameLines, WithdrawClaim
from pollbook.feed_items import ClaimAnswered, FeedItem, FeedKind, Intake, encode_content
from pollbook.types import LineId
from register.centre import Centre
from register.comparing import answer_comparison, note_lines
from register.feed import tell
from register.moving import grant_own, recall, tell_claim
from register.store import books, custody, own_ledger, stations
from register.store.custody import ClaimState, KeptClaim
from register.store.engine import Transaction
from register.store.holders import Held, intake_at, line_of_person, marked_by, where_is
from register.store.schema.lists import LinePlace
from register.store.stations import Station

CLAIMS_AN_HOUR = 120
"""Of one station; a precinct sees a handful of strangers in an hour, and who asks for everybody is told to stop."""

logger = logging.getLogger(__name__)


def answer_asks(connection: Transaction, centre: Centre, station: Station, asks: Iterable[Ask], at_s: int) -> None:
    """Each ask is answered in the station's feed, once however often it comes."""
    for ask in asks:
        match ask:
            case Claim():
                _claim(connection, centre, station, ask, at_s)
            case WithdrawClaim(claim_id):
                kept = custody.find_claim(connection, station.id, claim_id)
                if kept is not None and kept.state is ClaimState.RECALLED:
                    custody.set_claim(connection, kept, ClaimState.WITHDRAWN)
            case IntakeAsk():
                _intake(connection, station, ask, at_s)
            case KeepLine():
                _kept(connection, station, ask, at_s)
            case CompareLines():
                answer_comparison(connection, station, ask, at_s)
            case NameLines():
                note_lines(connection, station, ask)


def answer_marked(connection: Transaction, station: Station, lines: Iterable[LineId], at_s: int) -> None:
    """Claims for lines that their holder has marked are answered so."""
    for line in lines:
        for claim in custody.waiting_claims(connection, line):
            custody.set_claim(connection, claim, ClaimState.REFUSED)
            answer = ClaimAnswered(claim.id, ClaimAnswer.ALREADY_MARKED, station.precinct)
            tell_claim(connection, claim.station, answer, at_s)


def _claim(connection: Transaction, centre: Centre, station: Station, ask: Claim, at_s: int) -> None:
    if custody.find_claim(connection, station.id, ask.id) is not None:
        return
    if custody.claims_since(connection, station.id, at_s - 3600) >= CLAIMS_AN_HOUR:
        _answer(connection, station, ask, 0, ClaimAnswered(ask.id, ClaimAnswer.TOO_MANY), at_s)
        return
    found = line_of_person(connection, ask.pinfl, ask.document)
    if found is None:
        _answer(connection, station, ask, 0, ClaimAnswered(ask.id, ClaimAnswer.UNKNOWN_VOTER), at_s)
        return
    line, place = found
    if place is not LinePlace.ACTIVE:
        _answer(connection, station, ask, line, ClaimAnswered(ask.id, ClaimAnswer.HELD_BACK), at_s)
        return
    held = where_is(connection, line)
    if (said := _refusal(connection, station, ask, line, held)) is not None:
        _answer(connection, station, ask, line, said, at_s)
        return
    # Kept first: passing the line on answers the claims that wait for it.
    custody.add_claim(connection, KeptClaim(station.id, ask.id, line, ClaimState.RECALLED, at_s))
    if held.station is None:
        grant_own(connection, centre, held, line, station, at_s)
        return
    recall(connection, held, line, station.book, ask.id, at_s)
    tell_claim(connection, station.id, _where(connection, ask.id, ClaimAnswer.RECALLED, held.station), at_s)


def _refusal(connection: Transaction, station: Station, ask: Claim, line: LineId, held: Held) -> ClaimAnswered | None:
    marked = marked_by(connection, line)
    if marked is not None:
        return _where(connection, ask.id, ClaimAnswer.ALREADY_MARKED, marked)
    if held.holding is not None and held.holding.used_by:
        return ClaimAnswered(ask.id, ClaimAnswer.ALREADY_MARKED)
    if held.receiver is not None:
        is_ours = held.receiver == station.book
        return ClaimAnswered(ask.id, ClaimAnswer.GRANTED if is_ours else ClaimAnswer.IN_FLIGHT, str(station.precinct))
    if held.station is not None and held.station.id == station.id:
        return ClaimAnswered(ask.id, ClaimAnswer.HELD_HERE, station.precinct)
    if own_ledger.is_behind(connection):
        return ClaimAnswered(ask.id, ClaimAnswer.RECOVERING)
    return None


def _answer(connection: Transaction, station: Station, ask: Claim, line: int, said: ClaimAnswered, at_s: int) -> None:
    custody.add_claim(connection, KeptClaim(station.id, ask.id, line, ClaimState.REFUSED, at_s))
    tell_claim(connection, station.id, said, at_s)
    logger.info("claim book=%s answer=%s", station.book, said.answer)


def _where(connection: Transaction, claim: bytes, answer: ClaimAnswer, holder: Station) -> ClaimAnswered:
    heard = books.load_book(connection, holder.id).last_heard_at_s or 0
    named = stations.precinct_row(connection, holder.precinct)
    return ClaimAnswered(claim, answer, holder.precinct, named[0] if named else "", heard)


def _kept(connection: Transaction, station: Station, ask: KeepLine, at_s: int) -> None:
    for claim in custody.waiting_claims(connection, ask.line):
        if not claim.told_kept:
            tell_claim(connection, claim.station, _where(connection, claim.id, ClaimAnswer.KEPT, station), at_s)
            custody.note_told_kept(connection, claim)


def _intake(connection: Transaction, station: Station, ask: IntakeAsk, at_s: int) -> None:
    first = intake_at(connection, ask.precinct)
    named = stations.precinct_row(connection, ask.precinct)
    if first is None or named is None:
        return
    content = Intake(ask.precinct, named[0], first.book, first.box_key)
    tell(connection, station.id, FeedItem(0, FeedKind.INTAKE, "", 0, encode_content(content)), at_s)
