"""Lines that move, over a real book: what may be asked, and who must be there for it (see `moving.MovingDesk`)."""

from __future__ import annotations

from collections.abc import Sequence

from pollbook.failures import Failure, InputInvalid, Refused
from pollbook.line_state import LineState, Place
from pollbook.permission import Lock, Refusal
from pollbook.release_certificate import ProvenRelease, is_sealed_to, is_whole, open_certificate, seal_certificate
from pollbook.releases import LINES_MAX
from pollbook.sealing import BoxKey, box_key_of
from pollbook.store import asking, elsewhere, engine, moving, syncing, whereabouts
from pollbook.store.book import Book
from pollbook.store.moving import SentRelease, Way
from pollbook.types import LineId, PrecinctCode, is_precinct_code
from station_app.desk_acts import Annexing, Claiming, stopped
from station_app.moving import Accepted, LineWhere, ReleaseSeen, ReleaseShown, Standing, Whereabouts


class StationMoving(Claiming, Annexing):
    """See `moving.MovingDesk`."""

    def standing(self) -> Standing:
        """How the book stands now."""
        book = self._book
        safety = book.safety()
        return Standing(
            stopped=stopped(book),
            paper_since=None if safety.paper_since_s is None else self._time(safety.paper_since_s),
            claims=self.claims(),
            releases=tuple(self._release(sent) for sent in whereabouts.releases_in_flight(book)),
            provisionals=self.provisionals(),
            recalls=tuple(recall.line for recall in moving.recalls(book)),
            with_team=whereabouts.lines_with_team(book),
        )

    # Lines that go

    def release(self, lines: Sequence[LineId], precinct: str, way: Way) -> ReleaseShown | Refused:
        """These lines are let go to that precinct's intake book; asked again it answers the same release."""
        book = self._book
        if (refused := self._may_enter()) is not None:
            return refused
        if not is_precinct_code(precinct) or not 0 < len(set(lines)) <= LINES_MAX:
            return Refused(Failure.UNKNOWN_PRECINCT)
        intake = asking.intake_of(book, PrecinctCode(precinct))
        if intake is None:
            asking.ask_for_intake(book, PrecinctCode(precinct))
            return Refused(Failure.INTAKE_UNKNOWN, {"precinct": precinct})
        if any(self._is_here(line) for line in lines) and self._is_cut_off():
            return Refused(Failure.NOT_SAFE_YET)
        # The card of the voter who asks is open at this very table; rule 6 keeps the line from everybody else.
        at_the_table = [line for line in lines if moving.lock_of(book, line) is Lock.OPEN]
        for line in at_the_table:
            moving.set_lock(book, line, None)
        sent = moving.release_lines(book, lines, intake.book, way, self._actor())
        if isinstance(sent, Refusal):
            for line in at_the_table:
                moving.set_lock(book, line, Lock.OPEN)
            return Refused(Failure[sent.name], {"precinct": precinct, "address": intake.address})
        self._write_mirror()
        return self._release(sent)

    def release_paper(self, release: bytes, languages: Sequence[str]) -> bytes | Refused:
        """The certificate of a release of one line as a PDF, once it is safe to leave."""
        # Half a second that nothing else pays.
        from station_app.papers.from_book import release_paper  # noqa: PLC0415
        from station_app.papers.release_certificate import release_certificate  # noqa: PLC0415

        parcel = self.release_file(release)
        sent = whereabouts.sent_release(self._book, release)
        if isinstance(parcel, Refused) or sent is None:
            return parcel if isinstance(parcel, Refused) else Refused(Failure.RELEASE_INVALID)
        paper = release_paper(self._book, sent, parcel)
        if paper is None:
            return Refused(Failure.RELEASE_NOT_FOR_PAPER)
        return release_certificate(paper, languages)

    def release_file(self, release: bytes) -> bytes | Refused:
        """The sealed certificate of a release, once it is safe to leave."""
        book = self._book
        sent = whereabouts.sent_release(book, release)
        if sent is None:
            return Refused(Failure.RELEASE_INVALID)
        intake = whereabouts.intake_named(book, whereabouts.released_by(book, sent.number).receiver)
        if intake is None:
            return Refused(Failure.INTAKE_UNKNOWN)
        if sent.number > book.safety().safe:
            return Refused(Failure.NOT_SAFE_YET, {"entry": sent.number})
        return seal_certificate(sent.certificate, intake.box_key, book.link.device_key)

    def _release(self, sent: SentRelease) -> ReleaseShown:
        release = whereabouts.released_by(self._book, sent.number)
        intake = whereabouts.intake_named(self._book, release.receiver)
        return ReleaseShown(
            id=sent.id,
            number=sent.number,
            lines=tuple(moved.line for moved in release.lines),
            precinct=intake.precinct if intake else "",
            way=sent.way,
            is_safe=sent.number <= self._book.safety().safe,
        )

    def _is_here(self, line: LineId) -> bool:
        state = self._book.line(line)
        return state is not None and state.place is Place.HERE

    def _is_cut_off(self) -> bool:
        """No mirror, and the last try to reach the register failed: what is entered now may stay unsafe for hours."""
        return not self._book.safety().mirrored and syncing.sync_status(self._book).failure is not None

    # Lines that come

    def look_at_release(self, untrusted: bytes | str) -> ReleaseSeen | Refused:
        """Whose lines a sealed certificate, or the text of its QR codes, brings here; nothing is accepted yet."""
        opened = self._opened(untrusted)
        if isinstance(opened, Refused):
            return opened
        encoded, proven = opened
        release = proven.certificate.release
        if not self._book.identity.is_addressed(release.receiver):
            return Refused(Failure.RELEASE_OTHER_BOOK)
        lines = tuple(moved.line for moved in release.lines)
        named = {voter.line: voter for voter in proven.certificate.voters}
        voters = [self._book.voter(line) or named.get(line) for line in lines]
        return ReleaseSeen(encoded, tuple(voter.full_name for voter in voters if voter), lines)

    def accept(self, untrusted: bytes | str) -> Accepted | Refused:
        """The lines of the certificate are held here; a release that was accepted before is answered as before."""
        if (refused := self._may_enter()) is not None:
            return refused
        opened = self._opened(untrusted)
        if isinstance(opened, Refused):
            return opened
        encoded, proven = opened
        number = moving.accept_release(self._book, encoded, self._actor())
        if isinstance(number, Refusal):
            return Refused(Failure[number.name])
        self._write_mirror()
        lines = tuple(moved.line for moved in proven.certificate.release.lines)
        return Accepted(number, lines, number <= self._book.safety().safe)

    def _opened(self, untrusted: bytes | str) -> tuple[bytes, ProvenRelease] | Refused:
        """The certificate, taken out of what it was sealed in, and proven; whom it is for is not asked."""
        sealed = untrusted
        if isinstance(sealed, str):
            from station_app.papers.release_text import read_release_text  # noqa: PLC0415 - papers are rare

            try:
                sealed = read_release_text(sealed)
            except InputInvalid:
                return Refused(Failure.RELEASE_INVALID)
        encoded = next((plain for key in box_keys(self._book) if (plain := _unsealed(sealed, key)) is not None), None)
        if encoded is None:
            proven = moving.prove_certificate(self._book, sealed)  # as it travels where nobody else reads along
            if isinstance(proven, ProvenRelease):
                return sealed, proven
            keys = {key.public for key in box_keys(self._book)}
            is_others = is_whole(sealed) and not any(is_sealed_to(sealed, key) for key in keys)
            return Refused(Failure.RELEASE_OTHER_BOOK if is_others else Failure.RELEASE_INVALID)
        proven = moving.prove_certificate(self._book, encoded)
        return Refused(Failure[proven.name]) if isinstance(proven, Refusal) else (encoded, proven)

    def set_paper(self, *, is_on_paper: bool) -> Refused | None:
        """The station works on paper, or what was written on paper is keyed in."""
        if (refused := self._may_enter()) is not None:
            return refused
        if (self._book.safety().paper_since_s is not None) != is_on_paper:
            moving.set_paper(self._book, is_on_paper=is_on_paper)
        return None

    def set_team(self, line: LineId, *, is_out: bool) -> Refused | None:
        """The line is out with a mobile team, or the team is back."""
        if (refused := self._may_enter()) is not None:
            return refused
        state = self._book.line(line)
        if is_out and (state is None or state.place is not Place.HERE):
            return Refused(Failure.LINE_NOT_HELD)
        if is_out and state is not None and state.mark is not None:
            return Refused(Failure.ALREADY_MARKED)
        moving.set_lock(self._book, line, Lock.TEAM if is_out else None)
        return None

    def where(self, line: LineId, state: LineState) -> LineWhere | None:
        """Where a line is that is not here, or that another book has marked; None for one that is here."""
        if state.mark is not None or state.place is Place.PROVISIONAL:
            return None
        told = elsewhere.status_of(self._book, line, state)
        if told is not None and told.is_marked:
            return LineWhere(Whereabouts.MARKED_ELSEWHERE, told.precinct, self._address_of(told.precinct), told.desk)
        if state.place is Place.HERE:
            return None
        if told is not None:
            return LineWhere(Whereabouts.RELEASED, told.precinct, self._address_of(told.precinct), told.desk)
        if state.place is Place.RELEASED and state.released_to is not None:
            intake = whereabouts.intake_named(self._book, state.released_to)
            return LineWhere(Whereabouts.RELEASED, intake.precinct if intake else "", intake.address if intake else "")
        if not whereabouts.is_visitor(self._book, line):
            return LineWhere(Whereabouts.OTHER_DESK, self._book.header.precinct)
        return LineWhere(Whereabouts.UNKNOWN)

    def _address_of(self, precinct: PrecinctCode) -> str:
        """Where that precinct is, as far as the register ever named its intake book."""
        intake = asking.intake_of(self._book, precinct)
        return intake.address if intake else ""


def box_keys(book: Book) -> tuple[BoxKey, ...]:
    """The keys to which what is for this book may be sealed: its own, and those of the books it took over from."""
    with engine.translated():
        seeds = book.connection.exec_driver_sql("SELECT seed FROM earlier_box ORDER BY epoch DESC").scalars().all()
    return (box_key_of(book.link.device_key), *map(BoxKey.from_seed, seeds))


def _unsealed(untrusted: bytes, key: BoxKey) -> bytes | None:
    try:
        return open_certificate(untrusted, key)
    except InputInvalid:
        return None
