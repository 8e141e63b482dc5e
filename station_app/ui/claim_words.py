"""How far a request for a line is, in a sentence; pure of any widget."""

from __future__ import annotations

from datetime import tzinfo

from pollbook.texts import Texts
from station_app.moving import ClaimShown, ClaimState
from station_app.ui.formats import time_of_day

UNKNOWN = "\u2014"
TONES = {ClaimState.ARRIVED: "may", ClaimState.REFUSED: "stop"}
ICONS = {ClaimState.ARRIVED: "may_vote", ClaimState.REFUSED: "stop", ClaimState.WITHDRAWN: "undo"}


def claim_text(claim: ClaimShown, texts: Texts, zone: tzinfo) -> str:
    """The register's newest word, or that there is none yet."""
    if claim.state is ClaimState.ARRIVED:
        return texts("claim_arrived")
    if claim.state is ClaimState.WITHDRAWN:
        return texts("claim_withdrawn")
    if claim.answer is None:
        return texts("claim_none", time=time_of_day(claim.asked_at, zone))
    heard = time_of_day(claim.heard_at, zone) if claim.heard_at else UNKNOWN
    places = {"precinct": claim.precinct or UNKNOWN, "address": claim.address or UNKNOWN, "heard": heard}
    return texts("claim_" + claim.answer.value, **places)


def claim_tone(claim: ClaimShown) -> str:
    """Green when the line is here, red for a no, amber while there is something to wait for."""
    return "plain" if claim.state is ClaimState.WITHDRAWN else TONES.get(claim.state, "closer")


def claim_icon(claim: ClaimShown) -> str:
    """The sign beside the sentence."""
    return ICONS.get(claim.state, "wait")
