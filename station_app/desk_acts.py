"""Claims and acts at the book beyond marking: who must be there, and what they come to. Parts of `moving_desk`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from pollbook.annex_person import AnnexPerson
from pollbook.asks import DOCUMENT_CHARACTERS_MAX, PINFL_CHARACTERS_MAX, ClaimAnswer
from pollbook.failures import Failure, Refused
from pollbook.line_state import Place
from pollbook.permission import Refusal
from pollbook.store import annex, asking, closing, sign_in
from pollbook.store.asking import AskedClaim
from pollbook.store.book import Book
from pollbook.types import EntryNumber, LineId, PersonNumber
from station_app.moving import ClaimShown, ClaimState, OfficerPin, ProvisionalShown

_STATES = {
    None: ClaimState.ASKED,
    ClaimAnswer.RECALLED: ClaimState.HOLDER_ASKED,
    ClaimAnswer.KEPT: ClaimState.KEPT,
    ClaimAnswer.IN_FLIGHT: ClaimState.IN_FLIGHT,
    ClaimAnswer.GRANTED: ClaimState.IN_FLIGHT,
    ClaimAnswer.HELD_HERE: ClaimState.ARRIVED,
    ClaimAnswer.WITHDRAWN: ClaimState.WITHDRAWN,
}
"""What is in no place here is a refusal; a line that is granted is on its way until it is here."""


class AtTheBook:
    """Whoever is at the desk, over the book: what both parts need."""

    def __init__(
        self,
        book: Book,
        actor: Callable[[], PersonNumber],
        may_enter: Callable[[], Refused | None],
        write_mirror: Callable[[], Failure | None],
    ) -> None:
        """`write_mirror` puts what was entered on the mirror, and says why it could not."""
        self._book, self._actor, self._may_enter, self._write_mirror = book, actor, may_enter, write_mirror

    def _line_of(self, pinfl: str) -> LineId | None:
        if not pinfl:
            return None
        line = self._book.line_named(pinfl)
        return None if isinstance(line, Failure) else line

    def _time(self, at_s: int) -> datetime:
        return datetime.fromtimestamp(at_s, ZoneInfo(self._book.election.zone))


class Claiming(AtTheBook):
    """Lines that are asked for."""

    def claims(self) -> tuple[ClaimShown, ...]:
        """Every claim of this book, the newest first."""
        return tuple(self._claim(asked) for asked in reversed(asking.claims(self._book)))

    def claim_of(self, pinfl: str, document: str) -> ClaimShown | None:
        """The claim for this voter that is still open, else the newest."""
        fitting = [
            claim
            for claim in self.claims()
            if (pinfl and claim.pinfl == pinfl) or (not pinfl and claim.document == document)
        ]
        return max(fitting, key=lambda claim: (claim.is_open, claim.asked_at), default=None)

    def claim(self, pinfl: str, document: str, *, again: bool = False) -> ClaimShown | Refused:
        """The register is asked for this voter's line; `again`: also where it said no before."""
        if (refused := self._may_enter()) is not None:
            return refused
        pinfl, document = "".join(pinfl.split()), "".join(document.split()).upper()
        if not is_document_data(pinfl, document):
            return Refused(Failure.DOCUMENT_DATA_INVALID)
        here = self._line_of(pinfl)
        state = None if here is None else self._book.line(here)
        if state is not None and state.mark is not None:
            return Refused(Failure.ALREADY_MARKED)
        known = self.claim_of(pinfl, document)
        came = state is not None and state.place is Place.HERE
        if came and known is None:
            return Refused(Failure.LINE_HELD_HERE)
        is_answered = known is not None and known.state is not ClaimState.WITHDRAWN
        if known is not None and is_answered and (came or known.is_open or not again):
            return known
        asking.claim_line(self._book, pinfl, document)
        made = self.claim_of(pinfl, document)
        assert made is not None  # noqa: S101 - asked just now
        return made

    def withdraw(self, claim: bytes) -> ClaimShown | Refused:
        """The voter of this claim has left."""
        if all(asked.id != claim for asked in asking.claims(self._book)):
            return Refused(Failure.CLAIM_UNKNOWN)
        asking.withdraw_claim(self._book, claim)
        return next(shown for shown in self.claims() if shown.id == claim)

    def _claim(self, asked: AskedClaim) -> ClaimShown:
        answer = asked.answer
        line = self._line_of(asked.pinfl)
        state = None if line is None else self._book.line(line)
        is_here = state is not None and state.place is Place.HERE
        shown = _STATES.get(answer.answer if answer else None, ClaimState.REFUSED)
        if is_here:
            shown = ClaimState.ARRIVED
        elif not asked.is_open and answer is None:
            shown = ClaimState.WITHDRAWN
        return ClaimShown(
            id=asked.id,
            pinfl=asked.pinfl,
            document=asked.document,
            asked_at=self._time(asked.asked_at_s),
            state=shown,
            answer=answer.answer if answer else None,
            precinct=answer.precinct if answer else "",
            address=answer.address if answer else "",
            heard_at=self._time(answer.heard_at_s) if answer and answer.heard_at_s else None,
            line=line if is_here else None,
            is_open=asked.is_open and not is_here,
        )


class Annexing(AtTheBook):
    """The annex, and acts of two officers."""

    def admit(self, line: LineId) -> EntryNumber | Refused:
        """A voter whose line came here stands in the annex."""
        if (refused := self._may_enter()) is not None:
            return refused
        admitted = annex.admit(self._book, line, self._actor())
        self._write_mirror()
        return admitted

    def add_provisional(self, person: AnnexPerson, envelope: str) -> ProvisionalShown | Refused:
        """The voter's ballots are in a sealed envelope of this number."""
        if (refused := self._may_enter()) is not None:
            return refused
        if not is_person(person) or person.birth_date > self._book.election.day:
            return Refused(Failure.DOCUMENT_DATA_INVALID)
        line = self._line_of(person.pinfl)
        state = None if line is None else self._book.line(line)
        if state is not None and state.mark is not None:
            return Refused(Failure.ALREADY_MARKED)
        if state is not None and state.place is Place.HERE:
            return Refused(Failure.LINE_HELD_HERE)
        added = annex.add_provisional(self._book, person, envelope, self._actor())
        if isinstance(added, Refused):
            return added
        self._write_mirror()
        known = (person.pinfl, person.document)
        return next(shown for shown in self.provisionals() if (shown.person.pinfl, shown.person.document) == known)

    def provisionals(self) -> tuple[ProvisionalShown, ...]:
        """Every provisional voter of this book, by envelope."""
        return tuple(
            ProvisionalShown(
                kept.line,
                kept.person,
                kept.envelope,
                kept.adjudicated[1] if kept.adjudicated else None,
                kept.state.outcome,
            )
            for kept in annex.provisionals(self._book)
        )

    def resolve(self, line: LineId, first: OfficerPin, second: OfficerPin) -> ProvisionalShown | Refused:
        """Two officers did with the envelope what the register decided."""
        signers = sign_in.two_signers(self._book, first, second)
        if isinstance(signers, Refused):
            return signers
        done = annex.resolve(self._book, line, *signers, self._actor() or first[0])
        if isinstance(done, Refused):
            return done
        self._write_mirror()
        return next(shown for shown in self.provisionals() if shown.line == line)

    def see_row(self, line: LineId, first: OfficerPin, second: OfficerPin) -> EntryNumber | Refused:
        """Two officers saw the row of this unproven line unsigned."""
        if (refused := self._may_enter()) is not None:
            return refused
        signers = sign_in.two_signers(self._book, first, second)
        if isinstance(signers, Refused):
            return signers
        seen = closing.see_row(self._book, line, *signers, self._actor())
        self._write_mirror()
        return Refused(Failure[seen.name]) if isinstance(seen, Refusal) else seen

    def close_book(self, first: OfficerPin, second: OfficerPin) -> EntryNumber | Refused:
        """Two officers close the book: nothing more is marked or moved."""
        if (failure := stopped(self._book)) is not None:
            return Refused(failure)
        signers = sign_in.two_signers(self._book, first, second)
        if isinstance(signers, Refused):
            return signers
        closed = closing.close_book(self._book, *signers)
        self._write_mirror()
        return Refused(Failure[closed.name]) if isinstance(closed, Refusal) else closed


def stopped(book: Book) -> Failure | None:
    """Why nothing more is marked in this book, also that two officers closed it."""
    if book.stopped is not None:
        return Failure[book.stopped.name]
    return Failure.BOOK_CLOSED if book.is_closed else None


def is_document_data(pinfl: str, document: str) -> bool:
    """Whether this can be what a document says: a PINFL of 14 digits, or none but then the document's number.

    A check digit that is wrong is let through: registers hold PINFLs that were issued wrong (DOMAIN §6).
    """
    if len(document) > DOCUMENT_CHARACTERS_MAX or not (pinfl or document):
        return False
    return not pinfl or (len(pinfl) == PINFL_CHARACTERS_MAX and pinfl.isascii() and pinfl.isdigit())


def is_person(person: AnnexPerson) -> bool:
    """Whether a provisional voter's data are enough for the register to decide by."""
    return bool(person.surname.strip() and person.given_name.strip()) and is_document_data(
        person.pinfl, person.document
    )
