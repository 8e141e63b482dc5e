"""The annex: voters added on election day, admitted with a line that came here, or provisional in an envelope."""

from __future__ import annotations

from dataclasses import dataclass
from secrets import randbits

from pollbook.acts import Signer, resolving_bytes, sign_act
from pollbook.annex_person import AnnexPerson, decode_person, encode_person, seal_person
from pollbook.entries import ENVELOPE_CHARACTERS_MAX, AnnexAdded, Outcome, ProvisionalResolved
from pollbook.failures import Failure, Refused
from pollbook.feed_items import Adjudicated, FeedKind, decode_content
from pollbook.line_state import LineState, Place
from pollbook.permission import Refusal
from pollbook.store import engine
from pollbook.store.book import Book
from pollbook.types import EntryNumber, LineId, PersonNumber


@dataclass(frozen=True, slots=True)
class Provisional:
    """A provisional voter of this book: who it is, the envelope, and what became of it."""

    line: LineId
    person: AnnexPerson
    envelope: str
    state: LineState
    adjudicated: tuple[EntryNumber, Outcome] | None


def admit(book: Book, line: LineId, actor: PersonNumber) -> EntryNumber | Refused:
    """A voter whose line came here stands in the annex; marking is an entry of its own."""
    with book.writing():
        if (refusal := book.may_act(actor)) is not None:
            return Refused(Failure[refusal.name])
        state = book.line(line)
        if state is None or state.place is not Place.HERE or state.since == 0:
            return Refused(Failure.LINE_NOT_ARRIVED)
        if state.is_annexed:
            return state.since
        return book.enter(actor, AnnexAdded(line, False, "", b""), state)


def add_provisional(book: Book, person: AnnexPerson, envelope: str, actor: PersonNumber) -> EntryNumber | Refused:
    """The voter's ballots are in a sealed envelope of this number; the register will say whether it counts."""
    envelope = " ".join(envelope.split())
    if not 0 < len(envelope) <= ENVELOPE_CHARACTERS_MAX:
        return Refused(Failure.ENVELOPE_MISSING, {"limit": ENVELOPE_CHARACTERS_MAX})
    with book.writing():
        if (refusal := book.may_act(actor)) is not None:
            return Refused(Failure[refusal.name])
        if _is_known(book, person):
            return Refused(Failure.ALREADY_PROVISIONAL)
        line = LineId(randbits(62) + 1)
        sealed = seal_person(person, book.header.box_key, book.link.device_key)
        number = book.enter(actor, AnnexAdded(line, True, envelope, sealed))
        book.connection.exec_driver_sql("INSERT INTO annex VALUES (?, ?, ?)", (line, encode_person(person), envelope))
    return number


def resolve(book: Book, line: LineId, first: Signer, second: Signer, actor: PersonNumber) -> EntryNumber | Refused:
    """Two officers did with the envelope what the register adjudicated."""
    with book.writing():
        refusal = book.stopped or (Refusal.NOT_SIGNED_IN if actor == 0 else None)
        if refusal is not None:
            return Refused(Failure[refusal.name])
        state, adjudicated = book.line(line), book.adjudicated(line)
        if state is None or state.place is not Place.PROVISIONAL or state.outcome is not None:
            return Refused(Failure.UNKNOWN_VOTER)
        if adjudicated is None:
            return Refused(Failure.NOT_ADJUDICATED)
        number, outcome = adjudicated
        officers = sign_act(resolving_bytes(book.start, line, outcome, number), first, second)
        word = _word_of(book, line, number)
        return book.enter(actor, ProvisionalResolved(line, outcome, number, officers, word), state)


def provisionals(book: Book) -> tuple[Provisional, ...]:
    """Every provisional voter of this book, by envelope."""
    with engine.translated():
        rows = book.connection.exec_driver_sql("SELECT * FROM annex ORDER BY envelope, line").all()
    return tuple(
        Provisional(
            LineId(row.line),
            decode_person(row.person),
            row.envelope,
            book.line(LineId(row.line)) or LineState(place=Place.PROVISIONAL),
            book.adjudicated(LineId(row.line)),
        )
        for row in rows
    )


def _word_of(book: Book, line: LineId, number: EntryNumber) -> bytes:
    """The register's signature under what it said; empty where a register of an earlier release said it."""
    rows = book.connection.exec_driver_sql("SELECT content FROM feed WHERE kind = ?", (int(FeedKind.ADJUDICATED),))
    said = [decode_content(FeedKind.ADJUDICATED, content) for content in rows.scalars().all()]
    words = [each.word for each in said if isinstance(each, Adjudicated) and (each.line, each.number) == (line, number)]
    return words[0] if words else b""


def _is_known(book: Book, person: AnnexPerson) -> bool:
    known = {(each.person.pinfl, each.person.document) for each in provisionals(book)}
    return any(
        (person.pinfl and person.pinfl == pinfl) or (not person.pinfl and person.document == document)
        for pinfl, document in known
    )
