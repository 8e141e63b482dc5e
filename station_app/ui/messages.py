"""What the centre has told this station, in the operator's words; pure of any widget."""

from __future__ import annotations

from pollbook.asks import ClaimAnswer
from pollbook.effects import Anomaly
from pollbook.texts import Texts
from station_app.desk import Notice, NoticeKind

_STOPPING = {Anomaly.FORK, Anomaly.BOOK_CLOSED, Anomaly.MARKED_AFTER_TAKEOVER}
"""Of these the sentence says to stop marking; of all others, to go on."""
_SAYING_NO = {
    ClaimAnswer.ALREADY_MARKED,
    ClaimAnswer.HELD_BACK,
    ClaimAnswer.DISPUTED,
    ClaimAnswer.UNKNOWN_VOTER,
    ClaimAnswer.KEPT,
    ClaimAnswer.TOO_MANY,
    ClaimAnswer.RECOVERING,
}


def message_text(notice: Notice, texts: Texts) -> str:
    """What it is and what to do; a newer register's anomaly, which this program has no words for, by its name."""
    match notice.kind:
        case NoticeKind.NOTICE:
            return notice.text
        case NoticeKind.REVOKED:
            return texts("notice_revoked", reason=notice.text)
        case NoticeKind.ANOMALY:
            if notice.text in set(Anomaly):
                return texts("notice_" + notice.text)
            return texts("notice_not_known", name=notice.text)
        case NoticeKind.CLAIM_ANSWERED:
            answer = texts("claim_" + notice.text, **notice.facts)
            return texts("notice_claim_answered", name=notice.facts["name"], answer=answer)
        case NoticeKind.ADJUDICATED:
            return texts("notice_" + notice.text, **notice.facts)
        case _:
            return texts("notice_" + notice.kind.value, **notice.facts)


def message_place(notice: Notice, texts: Texts) -> str:
    """By which numbers the support line finds it."""
    if notice.entry:
        return texts("notice_place_entry", number=notice.number, entry=notice.entry)
    return texts("notice_place", number=notice.number)


def message_tone(notice: Notice) -> str:
    """Red only where marking must stop."""
    match notice.kind:
        case NoticeKind.REVOKED | NoticeKind.SUPERSEDED:
            return "stop"
        case NoticeKind.ANOMALY:
            return "stop" if notice.text in _STOPPING else "closer"
        case NoticeKind.DISPUTED:
            return "closer"
        case NoticeKind.CLAIM_ANSWERED:
            return "closer" if notice.text in _SAYING_NO else "plain"
        case _:
            return "plain"
