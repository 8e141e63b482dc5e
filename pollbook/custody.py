"""Who may mark a line, who holds it, and what an entry does to it: the rules, pure, with no store and no clock.

`apply` is run by the book before it writes, by the register when it ingests, and by every `check`. What it answers
with an `Anomaly` two honest programs cannot produce; what a person may ask in vain is a `Refusal` (`permission.py`).

The rules of custody (DESIGN §1), and where each is kept:

1. One line per person: the register issues one line per PINFL; a book knows the lines of its slice and those that it
   accepted. (`register/voter_list`, the register's unique index)
2. A line never moves by time-out: a line that was released is held by nobody until its receiver accepts it; no rule
   here looks at a clock. The release is sent again until acknowledged. (`apply`, the store's outbox)
3. A release names one receiver and a custody number, and proves itself; only that book, or its successor, accepts
   it, once: an acceptance must carry a higher custody number than the line has here. (`_released`, `_accepted`)
4. Nothing leaves before it is safe: a release leaves, and an accepted line may be marked, once that entry is on the
   mirror or acknowledged. (`permission.may_mark`, the store's outbox)
5. Order of safety: disk, mirror, "done"; the mirror catches up before the next mark. (the store's mirror)
6. A line open at a table, with a mobile team, or of a book on paper isn't released. (`permission.may_release`)
7. Void: only the book that made the mark, or its successor; the line stays until the void is acknowledged.
   (`_voided`, `permission.may_release`)
8. Rollback: a book behind the mirror, the register or its counter locks. (the store; `permission.may_act`)
9. Takeover: lines are unproven until the old ledger is complete at the register; till then they are marked only
   after two officers saw the row unsigned, and never released. (`_took_over`, `_row_seen`, `_tail_received`)
10. Revocation freezes lines; late entries are always stored. (`permission.may_act`, the register's ingest)
11. The register can be rolled back too; books send again what it lost, and it grants nothing until then.
    (the store's `syncing`, the register's ingest)
12. List changes alter a voter's data, never a line. No entry here makes, removes or moves a line but by release and
    acceptance. (the feed's `LIST_CHANGED`)
13. Provisional ballots stay in their envelopes: a provisional line is never marked, and is resolved once, as the
    register's adjudication says, which it signed. (`_annexed`, `_resolved`)
14. A poisoned entry keeps its number and changes nothing; it never stops marking at the station. (`apply` answers
    with an anomaly, the caller goes on)
15. Marking needs an officer's or operator's unlock, on a day that two officers opened. (`_cannot_enter`)
"""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from pollbook import acts
from pollbook.book_view import BookView
from pollbook.effects import Anomaly, Closed, DayChanged, Effect, KeyChanged, LineChanged, LinesChanged, NothingChanged
from pollbook.entries import (
    AnnexAdded,
    BookClosed,
    DayOpened,
    Entry,
    KeyBound,
    LineAccepted,
    LineReleased,
    Marked,
    MarkVoided,
    ProvisionalResolved,
    RowSeen,
    SliceReceived,
    TailReceived,
    TookOver,
)
from pollbook.ledger import SignedHead, is_signed_head
from pollbook.line_state import ELSEWHERE, LineState, Mark, Place, Proof
from pollbook.releases import is_release
from pollbook.signing import is_signature
from pollbook.tails import TailChange, TailLine
from pollbook.types import MACHINE, EntryNumber, LineId

_AFTER_CLOSING = (ProvisionalResolved, KeyBound, TailReceived)
_NEEDS_SOMEBODY = (Marked, MarkVoided, AnnexAdded, ProvisionalResolved, RowSeen)


def apply(view: BookView, number: EntryNumber, entry: Entry) -> Effect | Anomaly:
    """What the entry with this number changes, or why no honest book can have entered it."""
    if (anomaly := _cannot_enter(view, number, entry)) is not None:
        return anomaly
    fact = entry.fact
    match fact:
        case Marked(line, channel):
            return _marked(view, line, Mark(number, channel, entry.at, entry.actor))
        case MarkVoided():
            return _voided(view, number, fact)
        case LineReleased():
            return _released(view, fact)
        case LineAccepted():
            return _accepted(view, number, fact)
        case AnnexAdded():
            return _annexed(view, fact)
        case ProvisionalResolved():
            return _resolved(view, fact)
        case RowSeen():
            return _row_seen(view, fact)
        case TailReceived():
            return _tail_received(view, entry, fact)
        case SliceReceived():
            is_ours = fact.slice_sha256 == view.identity.slice_sha256 and view.identity.predecessor is None
            return NothingChanged() if is_ours else Anomaly.OUT_OF_PLACE
        case TookOver():
            return _took_over(view, fact)
        case BookClosed(officers):
            proven = acts.is_act(acts.closing_bytes(view.start), officers, view.people, view.bound_keys())
            return Closed() if proven else Anomaly.OFFICERS_NOT_PROVEN
        case KeyBound():
            return _key_bound(view, fact)
        case DayOpened(day, officers):
            proven = acts.is_act(acts.opening_bytes(view.start, day), officers, view.people, view.bound_keys())
            return DayChanged(day) if proven else Anomaly.OFFICERS_NOT_PROVEN
        case _:
            assert_never(fact)


def _cannot_enter(view: BookView, number: EntryNumber, entry: Entry) -> Anomaly | None:
    fact = entry.fact
    if entry.at <= view.last_at:
        return Anomaly.TIME_WENT_BACK
    if entry.actor != MACHINE and entry.actor not in view.people:
        return Anomaly.UNKNOWN_PERSON
    if isinstance(fact, SliceReceived | TookOver) != (number == view.start.number + 1):
        return Anomaly.OUT_OF_PLACE
    if view.is_closed and not isinstance(fact, _AFTER_CLOSING):
        return Anomaly.BOOK_CLOSED
    if not isinstance(fact, _NEEDS_SOMEBODY):
        return None
    if entry.actor == MACHINE:
        return Anomaly.NOBODY_SIGNED_IN
    return None if view.opened_days() else Anomaly.DAY_NOT_OPEN


def _marked(view: BookView, line: LineId, mark: Mark) -> Effect | Anomaly:
    state = view.line(line)
    if state is None:
        return Anomaly.UNKNOWN_LINE
    if state.mark is not None:
        return Anomaly.SECOND_MARK
    if state.place is not Place.HERE:
        return Anomaly.LINE_NOT_HERE
    if state.proof is Proof.UNPROVEN:
        return Anomaly.LINE_UNPROVEN
    return LineChanged(line, replace(state, mark=mark))


def _voided(view: BookView, number: EntryNumber, fact: MarkVoided) -> Effect | Anomaly:
    state = view.line(fact.line)
    if state is None:
        return Anomaly.UNKNOWN_LINE
    if state.mark is None or state.mark.number != fact.mark:
        return Anomaly.VOID_WITHOUT_MARK
    message = acts.void_bytes(view.start, fact.line, fact.mark, fact.reason)
    if not acts.is_act(message, fact.officers, view.people, view.bound_keys()):
        return Anomaly.OFFICERS_NOT_PROVEN
    return LineChanged(fact.line, replace(state, mark=None, voids=(*state.voids, number)))


def _released(view: BookView, fact: LineReleased) -> Effect | Anomaly:
    identity = view.identity
    if identity.is_addressed(fact.receiver):
        return Anomaly.RELEASE_NOT_OURS
    changed: list[tuple[LineId, LineState]] = []
    for moved in fact.lines:
        state = view.line(moved.line)
        if state is None:
            return Anomaly.UNKNOWN_LINE
        if state.place is not Place.HERE or state.mark is not None:
            return Anomaly.LINE_NOT_HERE
        if state.proof is not Proof.PROVEN:
            return Anomaly.LINE_UNPROVEN
        if moved.custody != state.custody + 1:
            return Anomaly.CUSTODY_BROKEN
        gone = replace(state, place=Place.RELEASED, custody=moved.custody, released_to=fact.receiver, is_annexed=False)
        changed.append((moved.line, gone))
    if not is_release(identity.election, fact.release(identity.name), identity.public_key):
        return Anomaly.RELEASE_NOT_PROVEN
    return LinesChanged(tuple(changed))


def _accepted(view: BookView, number: EntryNumber, fact: LineAccepted) -> Effect | Anomaly:
    release = fact.release
    if not view.identity.is_addressed(release.receiver):
        return Anomaly.RELEASE_NOT_OURS
    changed: list[tuple[LineId, LineState]] = []
    for moved in release.lines:
        state = view.line(moved.line) or ELSEWHERE
        # A line that was marked and released cannot come back marked: it is released unmarked only.
        if state.place in {Place.HERE, Place.PROVISIONAL} or state.mark is not None or moved.custody <= state.custody:
            return Anomaly.CUSTODY_BROKEN
        here = replace(
            state, place=Place.HERE, custody=moved.custody, since=number, proof=Proof.PROVEN, released_to=None
        )
        changed.append((moved.line, here))
    if not is_release(view.identity.election, release, fact.sender_key):
        return Anomaly.RELEASE_NOT_PROVEN
    return LinesChanged(tuple(changed))


def _annexed(view: BookView, fact: AnnexAdded) -> Effect | Anomaly:
    state = view.line(fact.line)
    if fact.is_provisional:
        return Anomaly.CUSTODY_BROKEN if state else LineChanged(fact.line, LineState(place=Place.PROVISIONAL))
    if state is None:
        return Anomaly.UNKNOWN_LINE
    # Only a line that came here is admitted; those of the slice stand in the main list.
    if state.place is not Place.HERE or state.since == 0 or state.is_annexed:
        return Anomaly.LINE_NOT_HERE
    return LineChanged(fact.line, replace(state, is_annexed=True))


def _resolved(view: BookView, fact: ProvisionalResolved) -> Effect | Anomaly:
    state = view.line(fact.line)
    if state is None or state.place is not Place.PROVISIONAL or state.outcome is not None:
        return Anomaly.UNKNOWN_LINE
    if fact.word:  # a register that was put back to a backup may have said something else since: its own word stands
        said = acts.adjudication_bytes(view.identity.election, fact.line, fact.outcome, fact.adjudication)
        is_said = is_signature(view.identity.register_key, said, fact.word)
    else:
        is_said = view.adjudicated(fact.line) == (fact.adjudication, fact.outcome)
    if not is_said:
        return Anomaly.NOT_ADJUDICATED
    message = acts.resolving_bytes(view.start, fact.line, fact.outcome, fact.adjudication)
    if not acts.is_act(message, fact.officers, view.people, view.bound_keys()):
        return Anomaly.OFFICERS_NOT_PROVEN
    return LineChanged(fact.line, replace(state, outcome=fact.outcome))


def _took_over(view: BookView, fact: TookOver) -> Effect | Anomaly:
    identity = view.identity
    if identity.predecessor is None or identity.predecessor_start is None or fact.predecessor != identity.predecessor:
        return Anomaly.OUT_OF_PLACE
    signed = SignedHead(fact.head, fact.signature)
    if fact.head.number != view.start.number or not is_signed_head(
        identity.predecessor_start, signed, identity.predecessor_key
    ):
        return Anomaly.TAKEOVER_NOT_PROVEN
    message = acts.takeover_bytes(view.start, fact.predecessor, fact.head)
    if not acts.is_act(message, fact.officers, view.people, view.bound_keys()):
        return Anomaly.OFFICERS_NOT_PROVEN
    return LinesChanged(tuple((line, replace(state, proof=Proof.UNPROVEN)) for line, state in view.held_unmarked()))


def _row_seen(view: BookView, fact: RowSeen) -> Effect | Anomaly:
    state = view.line(fact.line)
    if state is None or state.place is not Place.HERE or state.proof is not Proof.UNPROVEN or state.mark is not None:
        return Anomaly.LINE_NOT_HERE
    message = acts.row_seen_bytes(view.start, fact.line)
    if not acts.is_act(message, fact.officers, view.people, view.bound_keys()):
        return Anomaly.OFFICERS_NOT_PROVEN
    return LineChanged(fact.line, replace(state, proof=Proof.SEEN))


def _tail_received(view: BookView, entry: Entry, fact: TailReceived) -> Effect | Anomaly:
    identity = view.identity
    if identity.predecessor is None:
        return Anomaly.OUT_OF_PLACE
    message = acts.tail_bytes(identity.election, identity.predecessor, fact.head, fact.lines, fact.is_complete)
    if not is_signature(identity.register_key, message, fact.signature):
        return Anomaly.TAIL_NOT_PROVEN
    changed: dict[LineId, LineState] = {}
    for each in fact.lines:
        state = changed.get(each.line) or view.line(each.line)
        if state is not None:
            changed[each.line] = _after_tail(state, each, entry)
    if fact.is_complete:
        for line, state in view.unproven():
            changed.setdefault(line, replace(state, proof=Proof.PROVEN))
    return LinesChanged(tuple(changed.items()))


def _after_tail(state: LineState, tail: TailLine, entry: Entry) -> LineState:
    """What the old book did past the mirror holds, unless the successor has marked the line: that is a dispute."""
    if state.mark is not None or state.place is not Place.HERE:
        return replace(state, proof=Proof.PROVEN)
    match tail.change:
        case TailChange.MARKED:
            # The time and the person are in the old book's entry, which this book may not have.
            mark = Mark(tail.number, tail.channel, entry.at, MACHINE)
            return replace(state, mark=mark, proof=Proof.PROVEN)
        case TailChange.RELEASED:
            return replace(state, place=Place.RELEASED, custody=tail.custody, proof=Proof.PROVEN)


def _key_bound(view: BookView, fact: KeyBound) -> Effect | Anomaly:
    person, public_key, officers = fact.person, fact.public_key, fact.officers
    if person not in view.people:
        return Anomaly.UNKNOWN_PERSON
    message = acts.key_bytes(view.start, person, public_key)
    # Once the day is open a first key needs two officers as well, or a laptop could make officers of its own.
    is_first = person not in view.bound_keys() and not view.opened_days()
    proven = is_first if officers is None else acts.is_act(message, officers, view.people, view.bound_keys())
    return KeyChanged(person, public_key) if proven else Anomaly.OFFICERS_NOT_PROVEN
