"""Claims, releases, provisionals and a line's whereabouts as the JSON of every command has them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from pollbook.entries import Outcome
from pollbook.store.book import Book
from pollbook.types import LineId, line_text
from station_app.moving import ClaimShown, ProvisionalShown, ReleaseShown, Standing
from station_app.moving_desk import StationMoving


def standing_fields(standing: Standing, book: Book) -> dict[str, object]:
    """How the book stands beyond its counters, for `book status`."""
    return {
        "mirrored": book.safety().mirrored,
        "paper_since": _text_of(standing.paper_since),
        "recalls": [line_text(line) for line in standing.recalls],
        "with_team": [line_text(line) for line in standing.with_team],
        "claims": [claim_fields(claim) for claim in standing.claims if claim.is_open],
        "releases": [release_fields(release) for release in standing.releases],
        "provisionals": [provisional_fields(kept) for kept in standing.provisionals],
    }


def claim_fields(claim: ClaimShown) -> dict[str, object]:
    """A claim: the register's newest word, and where the line is where that is known."""
    return {
        "claim": claim.id.hex(),
        "state": claim.state.value,
        "answer": claim.answer.value if claim.answer else None,
        "asked_at": _text_of(claim.asked_at),
        "precinct": claim.precinct or None,
        "address": claim.address or None,
        "heard_at": _text_of(claim.heard_at),
        "line": line_text(claim.line) if claim.line else None,
    }


def release_fields(release: ReleaseShown) -> dict[str, object]:
    """A release: its lines, where they go, and whether it may leave."""
    return {
        "release": release.id.hex(),
        "entry": release.number,
        "lines": [line_text(line) for line in release.lines],
        "precinct": release.precinct or None,
        "way": release.way.value,
        "safe": release.is_safe,
    }


def provisional_fields(kept: ProvisionalShown) -> dict[str, object]:
    """A provisional voter by line and envelope; who it is stays in the book."""
    return {
        "line": line_text(kept.line),
        "envelope": kept.envelope,
        "adjudicated": _outcome(kept.adjudicated),
        "resolved": _outcome(kept.resolved),
    }


def where_fields(moving: StationMoving, book: Book, line: LineId) -> Mapping[str, object]:
    """Where a line that is not here is, for a refusal; empty for one that is."""
    state = book.line(line)
    where = moving.where(line, state) if state is not None else None
    if where is None:
        return {}
    return {"where": where.kind.value, "precinct": where.precinct or None, "address": where.address or None}


def _outcome(outcome: Outcome | None) -> str | None:
    return None if outcome is None else outcome.name.lower()


def _text_of(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
