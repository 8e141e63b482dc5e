"""What the centre has told this station, in the operator's words; pure of any widget."""

from __future__ import annotations

from pollbook.custody import Anomaly
from pollbook.texts import Texts
from station_app.desk import Notice, NoticeKind

_STOPPING = {Anomaly.FORK}
"""Of these the sentence says to stop marking; of all others, to go on."""


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


def message_place(notice: Notice, texts: Texts) -> str:
    """By which numbers the support line finds it."""
    if notice.entry:
        return texts("notice_place_entry", number=notice.number, entry=notice.entry)
    return texts("notice_place", number=notice.number)


def message_tone(notice: Notice) -> str:
    """Red only where marking must stop."""
    if notice.kind is NoticeKind.REVOKED or (notice.kind is NoticeKind.ANOMALY and notice.text in _STOPPING):
        return "stop"
    return "closer" if notice.kind is NoticeKind.ANOMALY else "plain"
