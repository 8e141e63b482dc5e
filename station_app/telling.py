"""What the register has told this book, as the screens say it: kinds, numbers and the voters' names behind ids."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from pollbook.entries import Outcome
from pollbook.feed_items import (
    Adjudicated,
    Arrived,
    ClaimAnswered,
    Content,
    FeedItem,
    FeedKind,
    Granted,
    LinesNamed,
    ListChanged,
    Recalled,
    Superseded,
)
from pollbook.pinfl import mask
from pollbook.release_certificate import ProvenRelease
from pollbook.store import annex, asking, feeding, moving, whereabouts
from pollbook.store.book import Book
from pollbook.types import LineId, line_text
from station_app.desk import Notice, NoticeKind

_TOLD = tuple(FeedKind[kind.name] for kind in NoticeKind)
TOLD_MAX = 200
"""A list change may concern thousands of voters; the screens show the newest messages."""


def told(book: Book) -> tuple[Notice, ...]:
    """What people are told of the register's feed, oldest first, the newest `TOLD_MAX`.

    A register that was rolled back tells everything once more; people are told once.
    """
    every = {(item.kind, item.text, item.entry, item.content): item for item in whereabouts.items_of(book, *_TOLD)}
    items = sorted(every.values(), key=lambda item: item.number)[-TOLD_MAX:]
    return tuple(_notice(book, item) for item in items)


def _notice(book: Book, item: FeedItem) -> Notice:
    content = feeding.content_of(item)
    text, facts = (item.text, {}) if content is None else _words(book, content)
    return Notice(item.number, NoticeKind(item.kind.name.lower()), text, item.entry, facts)


def _words(book: Book, content: Content) -> tuple[str, Mapping[str, str]]:
    """Which text of its kind, and what fills it."""
    match content:
        case Recalled(line):
            return "", {"name": _name(book, line)}
        case Granted(_, certificate):
            proven = moving.prove_certificate(book, certificate)
            release = proven.certificate.release if isinstance(proven, ProvenRelease) else None
            return "", {"name": _names(book, [moved.line for moved in release.lines] if release else [])}
        case ClaimAnswered(claim, answer, precinct, address, heard_at_s):
            at = datetime.fromtimestamp(heard_at_s, ZoneInfo(book.election.zone))
            heard = f"{at:%H:%M}" if heard_at_s else "\u2014"
            facts = {"precinct": precinct or "\u2014", "address": address or "\u2014", "heard": heard}
            return answer.value, facts | {"name": _claimed(book, claim)}
        case ListChanged(voter, _, reason):
            return "", {"name": voter.full_name, "reason": reason}
        case Adjudicated(line, outcome):
            return ("counted" if outcome is Outcome.COUNTED else "not_counted"), {"envelope": _envelope(book, line)}
        case LinesNamed(lines):
            return "", {"name": _names(book, list(lines))}
        case Arrived(release):
            sent = whereabouts.sent_release(book, release)
            gone = whereabouts.released_by(book, sent.number).lines if sent else ()
            return "", {"name": _names(book, [moved.line for moved in gone])}
        case Superseded():
            return "", {}
        case _:
            return "", {}


def _names(book: Book, lines: list[LineId]) -> str:
    shown = [_name(book, line) for line in lines[:3]]
    return ", ".join(shown) + (f" (+{len(lines) - 3})" if len(lines) > 3 else "") or "\u2014"


def _name(book: Book, line: LineId) -> str:
    voter = book.voter(line)
    return voter.full_name if voter else line_text(line)


def _claimed(book: Book, claim: bytes) -> str:
    asked = next((asked for asked in asking.claims(book) if asked.id == claim), None)
    if asked is None:
        return "\u2014"
    line = book.line_named(asked.pinfl) if asked.pinfl else None
    voter = book.voter(line) if isinstance(line, int) else None
    return voter.full_name if voter else f"{asked.document} {mask(asked.pinfl) if asked.pinfl else ''}".strip()


def _envelope(book: Book, line: LineId) -> str:
    return next((kept.envelope for kept in annex.provisionals(book) if kept.line == line), line_text(line))
