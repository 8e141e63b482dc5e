"""Lines that move at the demo desk: the same answers as over a real book, and a register that says what it is told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from pollbook.annex_person import AnnexPerson
from pollbook.asks import ClaimAnswer
from pollbook.failures import Failure, Refused
from pollbook.store.moving import Way
from pollbook.types import EntryNumber, LineId
from pollbook.voters import Voter
from station_app.desk_acts import is_document_data, is_person
from station_app.moving import (
    Accepted,
    ClaimShown,
    ClaimState,
    OfficerPin,
    ProvisionalShown,
    ReleaseSeen,
    ReleaseShown,
    Standing,
)

INTAKES = {"1708-0002": "Jizzax, 2-maktab", "3510-0142": "Nukus, Dosnazarov koʻchasi, 98"}
PAPER = b"%PDF-demo"


class DemoMoving:
    """See `station_app.moving.MovingDesk`."""

    def __init__(
        self,
        voters: dict[LineId, Voter],
        now: Callable[[], datetime],
        may_enter: Callable[[], Refused | None],
        two: Callable[[OfficerPin, OfficerPin], Refused | None],
    ) -> None:
        self._voters, self._now, self._may_enter, self._two = voters, now, may_enter, two
        self.state = Standing()
        self.gone: dict[LineId, str] = {}
        self.is_safe = True
        self.unproven: set[LineId] = set()
        self.arriving: Voter | None = None

    def standing(self) -> Standing:
        return self.state

    def claim(self, pinfl: str, document: str, *, again: bool = False) -> ClaimShown | Refused:
        pinfl, document = "".join(pinfl.split()), "".join(document.split()).upper()
        if (refused := self._may_enter()) is not None:
            return refused
        if not is_document_data(pinfl, document):
            return Refused(Failure.DOCUMENT_DATA_INVALID)
        here = next((voter.line for voter in self._voters.values() if pinfl and voter.pinfl == pinfl), None)
        if here is not None and here not in self.gone:
            return Refused(Failure.LINE_HELD_HERE)
        known = self.claim_of(pinfl)
        if known is not None and (known.is_open or not again):
            return known
        made = ClaimShown(
            bytes([len(self.state.claims) + 1]) * 8, pinfl, document, self._now(), ClaimState.ASKED,
            None, "", "", None, None, is_open=True,
        )  # fmt: skip
        self.state = replace(self.state, claims=(made, *self.state.claims))
        return made

    def claim_of(self, pinfl: str) -> ClaimShown | None:
        return next((claim for claim in self.state.claims if claim.pinfl == pinfl), None)

    def answer(self, answer: ClaimAnswer, state: ClaimState, **changes: object) -> None:
        """The register's word on the newest claim."""
        newest, *others = self.state.claims
        is_open = state in {ClaimState.HOLDER_ASKED, ClaimState.KEPT, ClaimState.IN_FLIGHT}
        said = replace(newest, answer=answer, state=state, is_open=is_open, **changes)  # type: ignore[arg-type]
        self.state = replace(self.state, claims=(said, *others))

    def withdraw(self, claim: bytes) -> ClaimShown | Refused:
        found = next((shown for shown in self.state.claims if shown.id == claim), None)
        if found is None:
            return Refused(Failure.CLAIM_UNKNOWN)
        gone = replace(found, state=ClaimState.WITHDRAWN, is_open=False)
        claims = tuple(gone if shown.id == claim else shown for shown in self.state.claims)
        self.state = replace(self.state, claims=claims)
        return gone

    def release(self, lines: Sequence[LineId], precinct: str, way: Way) -> ReleaseShown | Refused:
        if (refused := self._may_enter()) is not None:
            return refused
        if precinct not in INTAKES:
            return Refused(Failure.INTAKE_UNKNOWN, {"precinct": precinct})
        for line in lines:
            self.gone[line] = precinct
        made = ReleaseShown(bytes(8), EntryNumber(9), tuple(lines), precinct, way, self.is_safe)
        self.state = replace(self.state, releases=(*self.state.releases, made))
        return made

    def release_paper(self, release: bytes, languages: Sequence[str]) -> bytes | Refused:
        del release, languages
        return PAPER if self.is_safe else Refused(Failure.NOT_SAFE_YET)

    def release_file(self, release: bytes) -> bytes | Refused:
        del release
        return PAPER if self.is_safe else Refused(Failure.NOT_SAFE_YET)

    def look_at_release(self, untrusted: bytes | str) -> ReleaseSeen | Refused:
        del untrusted
        voter = self.arriving
        if voter is None:
            return Refused(Failure.RELEASE_OTHER_BOOK)
        return ReleaseSeen(b"x", (voter.full_name,), (voter.line,))

    def accept(self, untrusted: bytes | str) -> Accepted | Refused:
        del untrusted
        if (refused := self._may_enter()) is not None:
            return refused
        voter = self.arriving
        if voter is None:
            return Refused(Failure.RELEASE_OTHER_BOOK)
        self._voters[voter.line] = voter
        return Accepted(EntryNumber(9), (voter.line,), self.is_safe)

    def admit(self, line: LineId) -> EntryNumber | Refused:
        del line
        return self._may_enter() or Refused(Failure.LINE_NOT_ARRIVED)

    def add_provisional(self, person: AnnexPerson, envelope: str) -> ProvisionalShown | Refused:
        if (refused := self._may_enter()) is not None:
            return refused
        if not is_person(person):
            return Refused(Failure.DOCUMENT_DATA_INVALID)
        if not envelope:
            return Refused(Failure.ENVELOPE_MISSING, {"limit": 20})
        added = ProvisionalShown(LineId(9000 + len(self.state.provisionals)), person, envelope, None, None)
        self.state = replace(self.state, provisionals=(*self.state.provisionals, added))
        return added

    def resolve(self, line: LineId, first: OfficerPin, second: OfficerPin) -> ProvisionalShown | Refused:
        if (refused := self._two(first, second)) is not None:
            return refused
        (kept,) = (kept for kept in self.state.provisionals if kept.line == line)
        if kept.adjudicated is None:
            return Refused(Failure.NOT_ADJUDICATED)
        done = replace(kept, resolved=kept.adjudicated)
        provisionals = tuple(done if each.line == line else each for each in self.state.provisionals)
        self.state = replace(self.state, provisionals=provisionals)
        return done

    def see_row(self, line: LineId, first: OfficerPin, second: OfficerPin) -> EntryNumber | Refused:
        if (refused := self._may_enter() or self._two(first, second)) is not None:
            return refused
        self.unproven.discard(line)
        return EntryNumber(9)

    def close_book(self, first: OfficerPin, second: OfficerPin) -> EntryNumber | Refused:
        if self.state.stopped is not None:
            return Refused(self.state.stopped)
        if (refused := self._two(first, second)) is not None:
            return refused
        self.state = replace(self.state, stopped=Failure.BOOK_CLOSED)
        return EntryNumber(9)

    def set_paper(self, *, is_on_paper: bool) -> Refused | None:
        if (refused := self._may_enter()) is not None:
            return refused
        self.state = replace(self.state, paper_since=self._now() if is_on_paper else None)
        return None

    def set_team(self, line: LineId, *, is_out: bool) -> Refused | None:
        if (refused := self._may_enter()) is not None:
            return refused
        team = set(self.state.with_team)
        (team.add if is_out else team.discard)(line)
        self.state = replace(self.state, with_team=tuple(sorted(team)))
        return None
