"""The desk over a real book: what the screens may do, and who must be there for it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from pollbook import permission
from pollbook.clock import wall_time
from pollbook.documents import DOUBTS, NAMES, Comparison, DocumentSays, compare, find_keys
from pollbook.entries import REASON_CHARACTERS_MAX
from pollbook.failures import Failure, Refused, WeFailed, WorldFailed
from pollbook.line_state import LineState, Place
from pollbook.permission import Lock, Refusal
from pollbook.store import annex, figures, moving, sign_in, syncing, whereabouts
from pollbook.store.book import Book
from pollbook.store.mirror import Mirror, NotMirrored
from pollbook.store.records import MirrorStatus, RecentMark
from pollbook.types import MACHINE, Channel, EntryNumber, LineId, Person, PersonNumber
from pollbook.voters import Voter
from station_app.desk import DeskStatus, FoundVoters, MarkShown, Notice, Station, Verdict, VoterCard
from station_app.desk_acts import stopped
from station_app.document_says import read_zone, says_of_zone
from station_app.moving import Whereabouts
from station_app.moving_desk import StationMoving
from station_app.telling import told

_VERDICTS = {
    None: Verdict.MAY_VOTE,
    Refusal.ALREADY_MARKED: Verdict.ALREADY_MARKED,
    Refusal.LINE_NOT_HELD: Verdict.LINE_NOT_HELD,
    Refusal.LINE_RELEASED: Verdict.LINE_NOT_HELD,
    Refusal.LINE_UNPROVEN: Verdict.UNPROVEN,
    Refusal.LINE_ARRIVING: Verdict.ARRIVING,
    Refusal.NOT_OLD_ENOUGH: Verdict.NOT_OLD_ENOUGH,
}


class StationDesk:
    """See `desk.Desk`. Marking needs an open day and somebody signed in; an act of two officers needs both PINs."""

    def __init__(self, book: Book, signed_in: Person | None = None, mirror: Mirror | None = None) -> None:
        """`signed_in` is set by the commands, whose session the book itself keeps; they also write their own mirror."""
        self._book = book
        self._mirror = mirror
        self._signed_in = signed_in
        self._beside: dict[LineId, Comparison] = {}
        self._counts_names = False
        self._record_noted: LineId | None = None
        self._open_line: LineId | None = None
        self._told: tuple[int, tuple[Notice, ...]] = (-1, ())
        self.moving = StationMoving(book, lambda: self._actor, self._may_enter, self._write_mirror)
        """The part of the desk where lines move."""

    @property
    def open_line(self) -> LineId | None:
        """The line whose card was opened last at this table: it isn't given to another desk (custody rule 6)."""
        return self._open_line

    @property
    def station(self) -> Station:
        """The station's unchanging facts."""
        header = self._book.header
        return Station(header.election, header.precinct, header.precinct_name, header.desk, header.people)

    @property
    def signed_in(self) -> Person | None:
        """Who is at the desk."""
        return self._signed_in

    def today(self) -> date:
        """The date in the station's own time zone."""
        return self._book.clock.now().astimezone(ZoneInfo(self._book.election.zone)).date()

    def is_day_open(self) -> bool:
        """Whether two officers have opened today."""
        return self.today().isoformat() in self._book.opened_days()

    def open_day(self, first: PersonNumber, first_pin: str, second: PersonNumber, second_pin: str) -> Refused | None:
        """Two officers open the day; opening an open day changes nothing."""
        signers = sign_in.two_signers(self._book, (first, first_pin), (second, second_pin))
        if isinstance(signers, Refused):
            return signers
        if not self.is_day_open():
            self._book.open_the_day(self.today(), *signers)
            self._write_mirror()
        return None

    def sign_in(self, person: PersonNumber, pin: str) -> Person | Refused:
        """A person takes the desk; only while the day is open."""
        if not self.is_day_open():
            return Refused(Failure.DAY_NOT_OPEN)
        key = sign_in.try_pin(self._book, person, pin)
        if isinstance(key, Refused):
            return key
        self._signed_in = self._book.people[person]
        return self._signed_in

    def sign_out(self) -> None:
        """Nobody is at the desk."""
        self.leave()
        self._signed_in = None
        self.forget_document()
        self._record_noted = None

    def find(self, text: str, limit: int = 50) -> FoundVoters:
        """Voters for whatever was typed or scanned; an MRZ finds by PINFL first, then by the document's number.

        Names in scanned lines are shown beside the list's, but don't ask to look closer: they are transliterated.
        """
        self.forget_document()
        zone = read_zone(text)
        if zone is None:
            found = self._book.find(text, limit)
            return FoundVoters(found.hits, found.more)
        return self._find_document(says_of_zone(zone, self.today()), limit)

    def find_document(self, says: DocumentSays) -> FoundVoters:
        """The voter of a document whose chip was read; whatever differs, a name too, asks to look closer."""
        self.forget_document()
        self._counts_names = True
        return self._find_document(says, 50)

    def forget_document(self) -> None:
        """What a document said is gone."""
        self._beside.clear()
        self._counts_names = False

    def card(self, line: LineId) -> VoterCard:
        """The voter's card as it stands now; the audit trail tells who looked.

        Raises:
            WeFailed: The line is not in this book; the screens only name lines that the desk gave them.
        """
        voter, state = self._book.voter(line), self._book.line(line)
        if voter is None or state is None:
            raise WeFailed(Failure.UNKNOWN_VOTER)
        if self._signed_in is not None and self._record_noted != line:
            # A disk that is full must not hide who has received ballots already; nothing can be marked on it either.
            with suppress(WorldFailed):
                self._book.note_opened_record(line, self._signed_in.number)
                self._record_noted = line
        team = self._hold(line, state)
        election = self._book.election
        ballots = tuple(contest for code in voter.contests if (contest := election.contest(code)) is not None)
        differences = self._differences(line)
        verdict = self._verdict(voter, state, differences, is_with_team=team)
        where = self.moving.where(line, state)
        if where is not None and where.kind is Whereabouts.MARKED_ELSEWHERE:
            verdict = Verdict.ALREADY_MARKED
        return VoterCard(
            voter,
            verdict,
            ballots,
            self._mark_of(voter, state),
            differences,
            where,
            self.moving.claim_of(voter.pinfl, voter.document) if where else None,
            stopped(self._book),
            whereabouts.is_visitor(self._book, line),
            self._beside.get(line),
        )

    def leave(self) -> None:
        """No card is open any more: its line may go."""
        line, self._open_line = self._open_line, None
        if line is not None:
            with suppress(WorldFailed):
                if moving.lock_of(self._book, line) is Lock.OPEN:
                    moving.set_lock(self._book, line, None)

    def _hold(self, line: LineId, state: LineState) -> bool:
        """The line stays here while its card is open; whether a mobile team has it."""
        if self._open_line != line:
            self.leave()
        self._open_line = line
        lock = moving.lock_of(self._book, line)
        if lock is None and self._signed_in is not None and state.place is Place.HERE and state.mark is None:
            # A disk that is full hides no card; the mark itself would be refused by it.
            with suppress(WorldFailed):
                moving.set_lock(self._book, line, Lock.OPEN)
        return lock is Lock.TEAM

    def mark(self, line: LineId, channel: Channel) -> MarkShown | Refused:
        """Mark the line; on the disk when this returns, and on the mirror unless `unmirrored` says why not.

        Asked again it refuses with `ALREADY_MARKED`.
        """
        if (refused := self._may_enter()) is not None:
            return refused
        if (refused := self._admit(line)) is not None:
            return refused
        outcome = self._book.mark(line, channel, self._actor)
        unmirrored = None if isinstance(outcome, Refusal) else self._write_mirror()
        answer = self._answer(line, outcome)
        return answer if isinstance(answer, Refused) else replace(answer, unmirrored=unmirrored)

    def _admit(self, line: LineId) -> Refused | None:
        """Nobody is marked whom the register knows to be marked elsewhere; a visitor is entered in the annex first."""
        state = self._book.line(line)
        where = None if state is None else self.moving.where(line, state)
        if where is not None and where.kind is Whereabouts.MARKED_ELSEWHERE:
            return Refused(Failure.ALREADY_MARKED)
        if state is None or state.is_annexed or not whereabouts.is_visitor(self._book, line):
            return None
        voter = self._book.voter(line)
        if voter is None or permission.may_mark(state, voter.birth_date, self._book.election.day, self._book.safety()):
            return None  # the mark itself is refused, with the reason
        admitted = annex.admit(self._book, line, self._actor)
        return admitted if isinstance(admitted, Refused) else None

    def void(
        self, line: LineId, reason: str, first: PersonNumber, first_pin: str, second: PersonNumber, second_pin: str
    ) -> MarkShown | Refused:
        """Undo the line's mark by two officers with a reason."""
        if (refused := self._may_enter()) is not None:
            return refused
        if len(reason) > REASON_CHARACTERS_MAX:
            return Refused(Failure.REASON_TOO_LONG, {"limit": REASON_CHARACTERS_MAX})
        if not (reason := " ".join(reason.split())):
            return Refused(Failure.REASON_MISSING)
        voter, before = self._book.voter(line), self._book.line(line)
        if voter is None or before is None:
            return Refused(Failure.LINE_NOT_HELD)
        undone = self._mark_of(voter, before)
        if undone is None:
            return Refused(Failure.NOT_MARKED)
        signers = sign_in.two_signers(self._book, (first, first_pin), (second, second_pin))
        if isinstance(signers, Refused):
            return signers
        outcome = self._book.void(line, reason, *signers, self._actor)
        if isinstance(outcome, Refusal):
            return Refused(Failure[outcome.name])
        return replace(undone, voided=True, unmirrored=self._write_mirror())

    def recent_marks(self, limit: int = 20) -> tuple[MarkShown, ...]:
        """The newest marks, newest first, voided ones included."""
        return tuple(
            self._show(mark, voter)
            for mark in figures.recent_marks(self._book, limit)
            if (voter := self._book.voter(mark.line))
        )

    def status(self) -> DeskStatus:
        """The counters now."""
        counts, sync = figures.counts(self._book), syncing.sync_status(self._book)
        zone = ZoneInfo(self._book.election.zone)
        list_at = datetime.fromtimestamp(self._book.header.issued_at_s, zone)
        return DeskStatus(
            counts.lines,
            counts.marked,
            counts.by_channel,
            counts.voided,
            sync.pending,
            list_at,
            self._notices(sync.feed_cursor),
            self._by_hour(),
            self.follow_mirror(),
            self.moving.standing(),
        )

    def _notices(self, cursor: int) -> tuple[Notice, ...]:
        """What was told up to this place of the feed, put into words once."""
        if self._told[0] != cursor:
            self._told = (cursor, told(self._book))
        return self._told[1]

    def follow_mirror(self) -> MirrorStatus | None:
        """One piece of what the mirror lacks is on its way; None at a desk that keeps no mirror."""
        return None if self._mirror is None else self._mirror.step()

    def keep(self) -> None:
        """The newest head is signed and counted, and the write-ahead log folded in where that is due."""
        self._book.sign_head()
        self._book.count_head()
        if self._book.is_tidying_due():
            self._book.tidy()

    def _write_mirror(self) -> Failure | None:
        """Why the newest entry is not on a mirror, or None where it is, or where this desk keeps none."""
        outcome = None if self._mirror is None else self._mirror.write()
        return outcome.why if isinstance(outcome, NotMirrored) else None

    def _by_hour(self) -> tuple[int, ...]:
        zone = ZoneInfo(self._book.election.zone)
        opened = datetime.combine(self.today(), self._book.election.opens, zone)
        hours = int((self._book.clock.now() - opened).total_seconds() // 3600)
        marks = figures.marks_by_hour(self._book, int(opened.timestamp()))
        return tuple(marks.get(hour, 0) for hour in range(hours + 1))

    def _may_enter(self) -> Refused | None:
        """Besides the book's own rule it is today that must be open, by the clock of the station."""
        refusal = self._book.may_act(self._actor)
        if refusal in {None, Refusal.NOT_SIGNED_IN} and not self.is_day_open():
            refusal = Refusal.DAY_NOT_OPEN
        return None if refusal is None else Refused(Failure[refusal.name])

    @property
    def _actor(self) -> PersonNumber:
        return self._signed_in.number if self._signed_in else MACHINE

    def _answer(self, line: LineId, outcome: EntryNumber | Refusal) -> MarkShown | Refused:
        if isinstance(outcome, Refusal):
            return Refused(Failure[outcome.name])
        voter, state = self._book.voter(line), self._book.line(line)
        shown = self._mark_of(voter, state) if voter and state else None
        if shown is None:
            raise WeFailed(Failure.FAULT, "a mark that is not there")
        return shown

    def _verdict(self, voter: Voter, state: LineState, differences: tuple[str, ...], *, is_with_team: bool) -> Verdict:
        if voter.line in whereabouts.disputed_lines(self._book) or (
            state.mark is not None and state.mark.number in whereabouts.disputed_entries(self._book)
        ):
            return Verdict.DISPUTED
        verdict = _VERDICTS[permission.may_mark(state, voter.birth_date, self._book.election.day, self._book.safety())]
        if verdict is Verdict.ALREADY_MARKED:
            return verdict
        if stopped(self._book) is not None:
            return Verdict.STOPPED
        if verdict is Verdict.MAY_VOTE and is_with_team:
            return Verdict.WITH_TEAM
        return Verdict.LOOK_CLOSER if verdict is Verdict.MAY_VOTE and differences else verdict

    def _mark_of(self, voter: Voter, state: LineState) -> MarkShown | None:
        if state.mark is None:
            return None
        confirmed = state.mark.number <= syncing.confirmed(self._book)
        mark = state.mark
        recent = RecentMark(
            mark.number, voter.line, mark.at, mark.channel, mark.actor, voided=False, confirmed=confirmed
        )
        return self._show(recent, voter)

    def _show(self, mark: RecentMark, voter: Voter) -> MarkShown:
        person = self._book.people.get(mark.actor)
        return MarkShown(
            number=mark.number,
            line=mark.line,
            at=wall_time(mark.at).astimezone(ZoneInfo(self._book.election.zone)),
            channel=mark.channel,
            actor=f"{person.surname} {person.given_name}" if person else "",
            full_name=voter.full_name,
            page=voter.page,
            row=voter.row,
            confirmed=mark.confirmed,
            voided=mark.voided,
            disputed=mark.line in whereabouts.disputed_lines(self._book)
            or mark.number in whereabouts.disputed_entries(self._book),
        )

    def _find_document(self, says: DocumentSays, limit: int) -> FoundVoters:
        hits = next((hits for key in find_keys(says) if (hits := self._book.find(key, limit).hits)), ())
        for hit in hits:
            if (voter := self._book.voter(hit.line)) is not None:
                self._beside[hit.line] = compare(says, voter, self.today())
        return FoundVoters(hits, more=False, differences=self._differences(hits[0].line) if len(hits) == 1 else ())

    def _differences(self, line: LineId) -> tuple[str, ...]:
        """What asks to look closer in this line beside the document."""
        beside = self._beside.get(line)
        if beside is None:
            return ()
        fields = (field for field in beside.differing if self._counts_names or field not in NAMES)
        doubts = (remark for remark in beside.remarks if remark in DOUBTS)
        return (*fields, *doubts)
